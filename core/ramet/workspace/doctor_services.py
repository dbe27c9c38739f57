"""The part of the doctor that asks other programs and machines whether they are there; each with a short timeout."""

from __future__ import annotations

import asyncio
import base64
import http.client
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import IO

from ramet.config import Config, without_credentials
from ramet.errors import ModelError
from ramet.inert import inert_line
from ramet.models import Finding, ModelChoice

_TIMEOUT = 3.0
"""Seconds for one server to answer."""
_HOSTS = {
    "anthropic": "api.anthropic.com",
    "openai": "api.openai.com",
    "gemini": "generativelanguage.googleapis.com",
    "openrouter": "openrouter.ai",
    "mistral": "api.mistral.ai",
    "deepseek": "api.deepseek.com",
    "groq": "api.groq.com",
    "xai": "api.x.ai",
    "cohere_chat": "api.cohere.com",
    "together_ai": "api.together.xyz",
    "fireworks_ai": "api.fireworks.ai",
    "cerebras": "api.cerebras.ai",
    "moonshot": "api.moonshot.ai",
    "zai": "api.z.ai",
    "dashscope": "dashscope-intl.aliyuncs.com",
}
"""Where each provider's API is; only a connection is opened, nothing is sent."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to another host."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Follow nothing."""


async def model_findings(config: Config, environment: Mapping[str, str]) -> list[Finding]:
    """Say which model answers and why, where its key is, and whether it can be reached."""
    from ramet.llm.choice import choose_model
    from ramet.providers.table import HOW_TO_SET_A_MODEL

    try:
        choice = await choose_model("", config, environment)
    except ModelError as error:
        return [Finding("model", "problem", error.what, error.advice)]
    if choice is None:
        sentence = "No chat model is configured: a question is answered by an extract of the best places."
        return [Finding("model", "note", sentence, HOW_TO_SET_A_MODEL)]
    chosen = Finding("model", "ok", f"Questions go to {inert_line(choice.name)} ({inert_line(choice.origin)}).")
    return [chosen, *await asyncio.to_thread(_reachability, choice, config, environment)]


def _reachability(choice: ModelChoice, config: Config, environment: Mapping[str, str]) -> list[Finding]:
    from ramet.llm.choice import connection
    from ramet.providers.ollama import installed_models
    from ramet.providers.table import OLLAMA_PREFIX

    found = connection(choice, config, environment)
    prefix, _, model = choice.name.partition("/")
    if prefix == OLLAMA_PREFIX:
        return [ollama_finding("model", found.api_base or "", model, installed_models(found.api_base or ""))]
    if found.api_base:
        return [server_finding("model", found.api_base, found.api_key, "api_base")]
    host = _HOSTS.get(prefix)
    return host_findings("model", host, environment) if host is not None else []


def host_findings(area: str, host: str, environment: Mapping[str, str]) -> list[Finding]:
    """Say whether a provider's machine accepts connections; nothing is sent to it."""
    if any(environment.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return [Finding(area, "note", f"Whether {host} can be reached was not tried: a proxy is set.")]
    if _accepts_connections(host, 443):
        return [Finding(area, "ok", f"{host} can be reached.")]
    return [Finding(area, "problem", f"{host} cannot be reached.", "Check the network, a firewall, or HTTPS_PROXY.")]


def ollama_finding(area: str, url: str, model: str, models: list[str] | None) -> Finding:
    """Say whether Ollama answers and has a model; `models` are those it named, None when it did not answer."""
    shown = without_credentials(url)
    if models is None:
        return Finding(area, "problem", f"Ollama does not answer at {shown}.", "Start it with `ollama serve`.")
    if model not in models and f"{model}:latest" not in models:
        return Finding(area, "problem", f"Ollama at {shown} does not have {inert_line(model)}.", f"Run `ollama pull {model}`.")
    return Finding(area, "ok", f"Ollama answers at {shown} and has {inert_line(model)}.")


def server_finding(area: str, api_base: str, key: str | None, setting: str) -> Finding:
    """Say whether a server of the user's own answers; `setting` is where its address comes from."""
    shown = without_credentials(api_base)
    answer = http_status(f"{api_base.rstrip('/')}/models", {"Authorization": f"Bearer {key}"} if key else {})
    if answer in (401, 403):
        return Finding(area, "problem", f"{shown} refuses the key.", "Check the key; `ramet key list` names the stored ones.")
    if isinstance(answer, str):
        return Finding(area, "problem", f"{shown} cannot be reached: {answer}.", f"Start the server, or correct `{setting}`.")
    return Finding(area, "ok", f"{shown} answers.")


def vector_findings(config: Config) -> list[Finding]:
    """Say where vectors are kept and whether that can be reached."""
    if not config.chroma_url:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return [Finding("vectors", "ok", f"Vectors are kept by Chroma {version('chromadb')} in the data directory.")]
        except PackageNotFoundError:
            advice = "Install ramet again with its dependencies; until then search goes by words."
            return [Finding("vectors", "problem", "Chroma is not installed.", advice)]
    shown = without_credentials(config.chroma_url)
    answer = http_status(f"{config.chroma_url.rstrip('/')}/api/v2/heartbeat", {})
    if answer == http.client.OK:
        return [Finding("vectors", "ok", f"The Chroma server at {shown} answers.")]
    reason = answer if isinstance(answer, str) else f"it answers with status {answer}"
    advice = "Start it with `chroma run`, or correct `chroma_url`; until then search goes by words."
    return [Finding("vectors", "problem", f"The Chroma server at {shown} cannot be used: {reason}.", advice)]


def http_status(url: str, headers: Mapping[str, str], timeout: float = _TIMEOUT) -> int | str:
    """Return the status of a GET, without following redirects, or in words why there is none."""
    if not url.startswith(("http://", "https://")):
        return "it is no http URL"
    try:
        user, place = _split_user(url)
        sent = ({"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"} if user else {}) | dict(headers)
        request = urllib.request.Request(place, headers=sent)  # noqa: S310 (scheme checked above)
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=timeout) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except urllib.error.URLError as error:
        return _reason(error.reason)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return _reason(error)


def _split_user(url: str) -> tuple[str, str]:
    """Return `user:password` of a URL, and the URL without it, as urllib wants it."""
    parts = urllib.parse.urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    return urllib.parse.unquote(user), parts._replace(netloc=host).geturl()


def _reason(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return f"no answer within {_TIMEOUT:g} s"
    if isinstance(reason, OSError) and reason.strerror:
        return inert_line(reason.strerror)
    return type(reason).__name__


def _accepts_connections(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=_TIMEOUT):
            return True
    except OSError:
        return False
