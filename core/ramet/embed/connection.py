"""Decides with which key and at which URL a hosted embedder is reached; never imports litellm to do so."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import Struct

from ramet.config import Config, without_credentials
from ramet.embed.names import EmbedderName
from ramet.embed.services import OLLAMA, Service, service_of
from ramet.keys import api_key
from ramet.providers.ollama import ollama_url

_KEYLESS = "no-key-needed"
"""Sent as the key to a server of the user's own that asks for none; the OpenAI client insists on one."""
_SALT = secrets.token_bytes(16)
"""Of this process, so that a digest of a key says nothing elsewhere."""
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class EmbedderConnection(Struct, frozen=True):
    """How a hosted embedder is reached."""

    service: Service
    key: str | None
    """None lets litellm find the credentials itself."""
    api_base: str | None
    api_version: str | None = None

    def __repr__(self) -> str:
        return f"EmbedderConnection({self.service.prefix!r}, key={'set' if self.key else None}, api_base={self.api_base!r})"

    @property
    def lacks_key(self) -> bool:
        """Whether the service wants a key and there is none."""
        return bool(self.service.variables) and not self.key

    @property
    def is_here(self) -> bool:
        """Whether it is a server on this machine."""
        return self.api_base is not None and urlsplit(self.api_base).hostname in _HERE

    @property
    def destination(self) -> str:
        """Who gets the texts, for people."""
        if self.api_base is None:
            return self.service.title
        server = without_credentials(self.api_base)
        return f"{self.service.title} at {server}" if self.is_ollama else server

    @property
    def is_ollama(self) -> bool:
        """Whether it is Ollama."""
        return self.service.prefix == OLLAMA.prefix

    @property
    def digest(self) -> str:
        """Equal for equal credentials within this process; says nothing about them."""
        said = repr((self.key, self.api_base, self.api_version)).encode()
        return hashlib.blake2b(said, key=_SALT, digest_size=16).hexdigest()


def connection_of(name: EmbedderName, config: Config, environment: Mapping[str, str]) -> EmbedderConnection:
    """Return how to reach a hosted embedder; may ask the keyring."""
    service = service_of(name.model)
    if service.prefix == OLLAMA.prefix:
        return EmbedderConnection(service, None, config.embedder_api_base or ollama_url(config.ollama_url, environment))
    base, version = config.embedder_api_base or None, None
    if not base and service.prefix == "openai":
        base = environment.get("OPENAI_BASE_URL") or environment.get("OPENAI_API_BASE") or None
    if service.prefix == "azure":
        base, version = base or environment.get("AZURE_API_BASE") or None, environment.get("AZURE_API_VERSION") or None
    key = next((found for variable in service.variables if (found := api_key(variable, environment))), None)
    return EmbedderConnection(service, key or (_KEYLESS if base else None), base, version)
