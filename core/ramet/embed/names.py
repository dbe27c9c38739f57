"""Reads the name of an embedder; imports nothing heavy and looks at no file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from msgspec import Struct

from ramet.config import Config
from ramet.errors import ConfigError

Kind = Literal["table", "hosted", "model2vec", "sentence-transformers"]

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[\w.-]+)?")
_BARE_NAMES = (
    ("text-embedding-3", "openai"),
    ("text-embedding-ada", "openai"),
    ("voyage-", "voyage"),
    ("embed-", "cohere"),
    ("gemini-embedding", "gemini"),
    ("mistral-embed", "mistral"),
    ("codestral-embed", "mistral"),
    ("jina-", "jina_ai"),
)
"""Beginnings of model names that are commonly written without their provider."""
HOW_TO_NAME = (
    'Write `embedder = "table"`, a provider and a model such as "voyage/voyage-code-3" or "ollama/nomic-embed-text", '
    '"model2vec:FOLDER" or "sentence-transformers:FOLDER".'
)


class EmbedderName(Struct, frozen=True):
    """Which embedder is meant."""

    kind: Kind
    model: str = ""
    """litellm's full name, an absolute folder, or the name of a model on the Hugging Face hub."""
    revision: str = ""
    """Of a model on the hub; empty means its main branch."""

    @property
    def folder(self) -> Path | None:
        """The folder of a local model; None for everything else."""
        is_local = self.kind in ("model2vec", "sentence-transformers") and self.model.startswith("/")
        return Path(self.model) if is_local else None

    @property
    def text(self) -> str:
        """The name as a user may write it."""
        if self.kind in ("table", "hosted"):
            return self.model or self.kind
        return f"{self.kind}:{self.model}{'@' if self.revision else ''}{self.revision}"


def embedder_name(config: Config) -> EmbedderName:
    """Return which embedder a configuration means. Raises ConfigError when that cannot be told."""
    written = config.embedder.strip()
    kind, colon, model = written.partition(":")
    if written == "table":
        return EmbedderName("table")
    if colon and kind == "model2vec":
        return _local("model2vec", model.strip())
    if colon and kind == "sentence-transformers":
        return _local("sentence-transformers", model.strip())
    return EmbedderName("hosted", _full_name(written, config))


def _local(kind: Kind, model: str) -> EmbedderName:
    if model.startswith(("/", "~")):
        try:
            return EmbedderName(kind, str(Path(model).expanduser()))
        except RuntimeError as error:
            raise ConfigError(f"`embedder` names {model}, whose home folder is unknown.", "Write the path in full.") from error
    name, _, revision = model.partition("@")
    if not _HUB_NAME.fullmatch(name):
        what = f"`embedder` names {model!r}, which is neither a path in full nor the name of a model."
        raise ConfigError(what, f"Write {kind}:/PATH/TO/FOLDER, or {kind}:OWNER/NAME for a model on the Hugging Face hub.")
    return EmbedderName(kind, name, revision)


def _full_name(written: str, config: Config) -> str:
    provider, slash, model = written.partition("/")
    if provider == "ollama_chat":
        provider = "ollama"
    if slash:
        return f"{provider}/{model}"
    found = next((prefix for beginning, prefix in _BARE_NAMES if written.lower().startswith(beginning)), "")
    if not found and config.embedder_api_base and written:
        found = "openai"
    if not found:
        raise ConfigError(f"There is no embedder called '{written}'.", HOW_TO_NAME)
    return f"{found}/{written}"
