"""Decides which chat model answers and with which key and URL; never imports litellm to do so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from msgspec import Struct

from ramet.config import Config
from ramet.errors import ModelNotConfigured
from ramet.keys import api_key
from ramet.models import ModelChoice
from ramet.providers.ollama import installed_models, ollama_url
from ramet.providers.table import OLLAMA_PREFIX, PROVIDERS, provider_of, with_prefix

KEYLESS = "no-key-needed"
"""Sent as the key to a server of the user's own that asks for none; the OpenAI client insists on one."""


class Connection(Struct, frozen=True):
    """How to reach a chosen model."""

    api_key: str | None
    """None lets litellm find the credentials itself, as for Bedrock or Vertex AI."""
    api_base: str | None

    def __repr__(self) -> str:
        return f"Connection(api_key={'set' if self.api_key else None}, api_base={self.api_base!r})"


async def choose_model(requested: str, config: Config, environment: Mapping[str, str]) -> ModelChoice | None:
    """Return the model to ask: the requested one, RAMET_MODEL, the configured one, the first with a key, Ollama, else None.

    Raises ModelNotConfigured when a model was named that cannot be used as things are.
    """
    named = ((requested, "--model"), (environment.get("RAMET_MODEL", ""), "RAMET_MODEL"), (config.model, "config.toml"))
    for name, origin in named:
        if name.strip():
            choice = ModelChoice(_full_name(name.strip(), config), origin)
            await asyncio.to_thread(connection, choice, config, environment)
            return choice
    return await asyncio.to_thread(_first_available, config, environment)


def connection(choice: ModelChoice, config: Config, environment: Mapping[str, str]) -> Connection:
    """Return key and URL for a model. Raises ModelNotConfigured when its provider needs a key and there is none."""
    if choice.name.startswith(f"{OLLAMA_PREFIX}/"):
        return Connection(None, ollama_url(config.ollama_url, environment))
    provider = provider_of(choice.name)
    base = _api_base(choice.name, config, environment)
    keys = (api_key(variable, environment) for variable in provider.variables) if provider else iter(())
    key = next((found for found in keys if found), None)
    if provider and not key and not base:
        variable = provider.variables[0]
        raise ModelNotConfigured(
            f"The model {choice.name} ({choice.origin}) needs a key of {provider.title}, and there is none.",
            f"Set {variable} in the environment, or store it with `ramet key set {variable}`.",
        )
    return Connection(key or (KEYLESS if base else None), base)


def _full_name(name: str, config: Config) -> str:
    """Return the name with its provider, in the spelling that litellm and Ollama want."""
    if name.startswith("ollama/"):
        return f"{OLLAMA_PREFIX}/{name.removeprefix('ollama/')}"
    full = with_prefix(name)
    if "/" not in full:
        if config.api_base:
            return f"openai/{name}"
        raise ModelNotConfigured(
            f"The model name {name!r} does not say which provider it belongs to.",
            f"Write it as provider/model, such as {PROVIDERS[0].model}, ollama_chat/{name} or openrouter/VENDOR/{name}.",
        )
    return full


def _api_base(name: str, config: Config, environment: Mapping[str, str]) -> str | None:
    """A configured URL belongs to the configured model, and to other models of the same OpenAI-compatible server."""
    is_openai = name.startswith("openai/")
    if config.api_base and (is_openai or (config.model and name == _full_name(config.model, config))):
        return config.api_base
    if is_openai:
        return environment.get("OPENAI_BASE_URL") or environment.get("OPENAI_API_BASE") or None
    return None


def _first_available(config: Config, environment: Mapping[str, str]) -> ModelChoice | None:
    variables = [(variable, provider) for provider in PROVIDERS for variable in provider.variables]
    for variable, provider in variables:
        if environment.get(variable, "").strip():
            return ModelChoice(provider.model, f"{variable} is set")
    for variable, provider in variables:
        if api_key(variable, environment):
            return ModelChoice(provider.model, f"{variable} is in the keyring")
    models = installed_models(ollama_url(config.ollama_url, environment))
    return ModelChoice(f"{OLLAMA_PREFIX}/{models[0]}", "Ollama is running") if models else None
