"""Chooses the embedder that the configuration names."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ramet.config import Config
from ramet.embed.connection import connection_of
from ramet.embed.names import embedder_name
from ramet.embed.protocol import Embedder
from ramet.paths import UserDirectories


class EmbedderKey(Struct, frozen=True):
    """Equal for two configurations, within this process, exactly when they may share an embedder."""

    name: str
    dimensions: int = 0
    credentials: str = ""
    """A digest of key and address, so that nobody embeds at another one's expense; empty for what runs here."""


def embedder_key(config: Config, environment: Mapping[str, str]) -> EmbedderKey:
    """Return who may share the configured embedder; may ask the keyring. Raises ConfigError."""
    name = embedder_name(config)
    if name.kind == "table":
        return EmbedderKey(name.text)
    credentials = connection_of(name, config, environment).digest if name.kind == "hosted" else ""
    return EmbedderKey(name.text, config.embedder_dimensions, credentials)


def make_embedder(config: Config, environment: Mapping[str, str], directories: UserDirectories) -> Embedder:
    """Return the configured embedder; sends nothing. Raises ConfigError when it cannot be told, or is not installed."""
    name = embedder_name(config)
    match name.kind:
        case "table":
            from ramet.embed.table import TableEmbedder

            return TableEmbedder()
        case "hosted":
            from ramet.embed.hosted import LitellmEmbedder
            from ramet.embed.learned import LearnedDimensions

            learned = LearnedDimensions(directories.data / "embedders.json")
            connection = connection_of(name, config, environment)
            return LitellmEmbedder(name.model, connection, learned, config.embedder_dimensions)
        case "model2vec":
            from ramet.embed.local import LocalModelEmbedder
            from ramet.embed.model2vec_library import Model2vecLibrary

            return LocalModelEmbedder(Model2vecLibrary(), name, config.embedder_dimensions)
        case "sentence-transformers":
            from ramet.embed.local import LocalModelEmbedder
            from ramet.embed.sentence_transformers_library import SentenceTransformersLibrary

            return LocalModelEmbedder(SentenceTransformersLibrary(), name, config.embedder_dimensions)
