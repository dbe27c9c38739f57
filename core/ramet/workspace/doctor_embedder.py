"""What the doctor says about the embedder: which it is, where the text goes, whether it is there, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ramet.config import Config
from ramet.inert import inert_line
from ramet.models import Finding
from ramet.paths import UserDirectories

if TYPE_CHECKING:
    from ramet.embed.connection import EmbedderConnection

_AREA = "embedder"
_MILLION = 1_000_000


def embedder_findings(config: Config, environment: Mapping[str, str], directories: UserDirectories) -> list[Finding]:
    """Say what computes the vectors, whether it can, and what that costs. Raises ConfigError."""
    from ramet.embed.factory import make_embedder
    from ramet.embed.names import embedder_name

    name = embedder_name(config)
    if name.kind == "hosted":
        return _hosted(name.model, config, environment)
    embedder = make_embedder(config, environment, directories)
    if name.kind == "table":
        sentence = f"Vectors of {embedder.dimensions} numbers are computed by {embedder.identity} on this machine, for free."
        return [Finding(_AREA, "ok", sentence)]
    chosen = Finding(_AREA, "ok", f"Vectors are computed by {inert_line(name.text)} on this machine, for free.")
    if name.folder is not None or getattr(embedder, "is_downloaded", False):
        return [chosen]
    sentence = f"{inert_line(name.model)} is not on this machine yet: the next index run fetches it from the Hugging Face hub."
    return [chosen, Finding(_AREA, "note", sentence)]


def _hosted(model: str, config: Config, environment: Mapping[str, str]) -> list[Finding]:
    from ramet.embed.connection import connection_of
    from ramet.embed.names import embedder_name

    connection = connection_of(embedder_name(config), config, environment)
    destination = inert_line(connection.destination)
    sentence = f"Vectors are computed by {inert_line(model)}: the text of chunks and questions goes to {destination}."
    found = [Finding(_AREA, "ok", sentence)]
    if connection.lacks_key:
        variable = connection.service.variables[0]
        advice = (
            f"Set {variable} in the environment, or store it with `ramet key set {variable}`; until then search goes by words."
        )
        found.append(Finding(_AREA, "problem", f"{connection.service.title} needs a key, and there is none.", advice))
    else:
        found += _reachability(connection, model, environment)
    return [*found, _price(model, connection.is_here or connection.is_ollama, config)]


def _reachability(connection: EmbedderConnection, model: str, environment: Mapping[str, str]) -> list[Finding]:
    from ramet.providers.ollama import all_models
    from ramet.workspace.doctor_services import host_findings, ollama_finding, server_finding

    base = connection.api_base
    if base and connection.is_ollama:
        return [ollama_finding(_AREA, base, model.partition("/")[2], all_models(base))]
    if base:
        return [server_finding(_AREA, base, connection.key, "embedder_api_base")]
    host = connection.service.host
    return host_findings(_AREA, host, environment) if host else []


def _price(model: str, is_own: bool, config: Config) -> Finding:
    from ramet.embed.services import price_per_token
    from ramet.providers.litellm_library import litellm_library

    price = price_per_token(model, litellm_library().model_cost)
    if price is not None:
        limit = f"a run that would cost more than ${config.embed_budget_usd:,.2f} sends nothing"
        return Finding(_AREA, "ok", f"A million tokens cost about ${price * _MILLION:,.2f}; {limit}.")
    if is_own:
        return Finding(_AREA, "ok", "It is taken to cost nothing, since it is a server of your own.")
    sentence = f"Its price is unknown; a run that needs more than {config.embed_budget_tokens:,} tokens sends nothing."
    return Finding(_AREA, "note", sentence, "`embed_budget_tokens` in config.toml is that limit.")
