"""Asks a local Ollama which models it has; standard library only, because this runs before anything heavy is imported."""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

_PROBE_SECONDS = 0.5
"""A local server answers within milliseconds; a user without Ollama should not feel the question."""
_DETAIL_SECONDS = 2.0
_EMBEDDING_NAMES = ("embed", "minilm", "bge-", "rerank")
_CODE_BONUS = 1.5
"""A code model counts as half as big again as it is."""


class OllamaDetails(Struct, frozen=True):
    """What Ollama says about one model."""

    context_length: int | None
    supports_tools: bool


def ollama_url(configured: str, environment: Mapping[str, str]) -> str:
    """Return the base URL of Ollama: OLLAMA_HOST in the forms that Ollama takes it, else the configured one."""
    host = environment.get("OLLAMA_HOST", "").strip().rstrip("/")
    if not host:
        return configured.rstrip("/")
    if "://" not in host:
        host = f"http://{host}"
    scheme, _, rest = host.partition("://")
    address, slash, path = rest.partition("/")
    if not re.search(r":\d+$", address):
        address += ":11434" if scheme == "http" else ":443"
    return f"{scheme}://{address.replace('0.0.0.0', '127.0.0.1')}{slash}{path}"  # noqa: S104 (Ollama's listen-everywhere)


def installed_models(url: str) -> list[str] | None:
    """Return the chat models of a running Ollama, the most capable-looking first; None when none answers."""
    answer = _get_json(f"{url}/api/tags", None, _PROBE_SECONDS)
    if answer is None:
        return None
    models = answer.get("models")
    entries = [entry for entry in models if isinstance(entry, dict)] if isinstance(models, list) else []
    chat = [entry for entry in entries if _is_local_chat_model(entry)]
    return [str(entry["name"]) for entry in sorted(chat, key=_capability, reverse=True)]


def all_models(url: str) -> list[str] | None:
    """Return the names of all models of a running Ollama, embedding models included; None when none answers."""
    answer = _get_json(f"{url}/api/tags", None, _PROBE_SECONDS)
    models = answer.get("models") if answer is not None else None
    if answer is None:
        return None
    return [str(entry.get("name")) for entry in models if isinstance(entry, dict)] if isinstance(models, list) else []


def model_details(url: str, model: str) -> OllamaDetails | None:
    """Return context length and tool support of a model; None when Ollama does not say."""
    answer = _get_json(f"{url}/api/show", {"model": model}, _DETAIL_SECONDS)
    if answer is None:
        return None
    info = answer.get("model_info")
    lengths = [value for key, value in info.items() if key.endswith(".context_length")] if isinstance(info, dict) else []
    capabilities = answer.get("capabilities")
    return OllamaDetails(
        context_length=lengths[0] if lengths and isinstance(lengths[0], int) else None,
        supports_tools=isinstance(capabilities, list) and "tools" in capabilities,
    )


def _is_local_chat_model(entry: dict[str, Any]) -> bool:
    """Cloud models are left out: picking one on its own would send code off the machine."""
    name = entry.get("name")
    if not isinstance(name, str) or not name or entry.get("remote_host") or name.endswith("cloud"):
        return False
    details = entry.get("details")
    family = str(details.get("family", "")) if isinstance(details, dict) else ""
    return "bert" not in family and not any(part in name.lower() for part in _EMBEDDING_NAMES)


def _capability(entry: dict[str, Any]) -> tuple[float, str]:
    details = entry.get("details")
    size = str(details.get("parameter_size", "")) if isinstance(details, dict) else ""
    match = re.match(r"([\d.]+)\s*([BM])", size, re.IGNORECASE)
    billions = 0.0
    if match and match[1].count(".") <= 1 and match[1] != ".":
        billions = float(match[1]) / (1 if match[2].upper() == "B" else 1000)
    name = str(entry["name"])
    return billions * (_CODE_BONUS if "cod" in name.lower() else 1.0), name


def _get_json(url: str, body: dict[str, str] | None, timeout: float) -> dict[str, Any] | None:
    """Return a JSON object (Any: Ollama's answers are read defensively); None when there is no good answer."""
    if not url.startswith(("http://", "https://")):
        return None
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 (scheme checked above)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:  # noqa: S310 (scheme checked above)
            answer = json.loads(response.read())
    except (OSError, ValueError, http.client.HTTPException, urllib.error.URLError):
        return None
    return answer if isinstance(answer, dict) else None
