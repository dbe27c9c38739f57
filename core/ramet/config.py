"""What the user configured: values only, and how they are put together from files, environment and flags."""

from __future__ import annotations

from msgspec import Struct


class IndexLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """Which files are too much to index."""

    max_file_bytes: int = 2_000_000
    """Larger files are skipped and reported."""
    max_line_bytes: int = 5_000
    """A file whose lines are longer than this on average is minified: skipped and reported."""


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """All settings with their defaults."""

    model: str = ""
    """litellm's name of the chat model; empty chooses one, see `ramet.llm.choice`."""
    api_base: str = ""
    """URL of an OpenAI-compatible server for `model`."""
    ollama_url: str = "http://localhost:11434"
    embedder: str = "hashed"
    chroma_url: str = ""
    """URL of a Chroma server for vectors; empty keeps them in the user's data directory."""
    context_tokens: int = 12_000
    """Budget for retrieved sources in a request."""
    answer_timeout: float = 60.0
    """Seconds without a token after which an answer is given up."""
    tool_rounds: int = 8
    """How often the model may ask for tools in one answer."""
    engine_idle_minutes: float = 30.0
    """The engine leaves after this long without a front end."""
    theme: str = ""
    limits: IndexLimits = IndexLimits()
