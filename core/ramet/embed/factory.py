"""Chooses the embedder that the configuration names."""

from __future__ import annotations

from ramet.config import Config
from ramet.embed.protocol import Embedder
from ramet.errors import ConfigError


def make_embedder(config: Config) -> Embedder:
    """Return the configured embedder. Raises ConfigError when there is none of that name."""
    if config.embedder == "table":
        from ramet.embed.table import TableEmbedder

        return TableEmbedder()
    raise ConfigError(f"There is no embedder called '{config.embedder}'.", 'Set `embedder = "table"`, or leave it out.')
