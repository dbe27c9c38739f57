"""Which environment variables a front end hands to the engine, and which the engine inherits when it is started.

A key belongs to the front end that has it, not to whichever front end happened to start the engine, so none is inherited. How
the network is reached is both: libraries in the engine read it from the environment of their process.
"""

from __future__ import annotations

from collections.abc import Mapping

_OF_THE_NETWORK = frozenset(
    {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"}
)
_CARRIED_BEGINNINGS = ("AWS_", "AZURE_", "GOOGLE_", "OLLAMA_", "RAMET_", "VERTEX", "WATSONX_")
_CARRIED_ENDINGS = ("_API_BASE", "_API_KEY", "_API_VERSION", "_BASE_URL")
_OF_THE_PROCESS = frozenset({"RAMET_DATA_DIR", "RAMET_CONFIG_DIR", "RAMET_RUNTIME_DIR", "RAMET_ENGINE_IDLE_MINUTES"})
"""They decide which engine it is, and how long it stays."""
_OF_ONE_REPOSITORY = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
)
"""Set while git runs a hook or an alias; they would bind an engine that serves many repositories to one."""
_SECRET_WORDS = ("CREDENTIAL", "KEY", "PASSWORD", "SECRET", "TOKEN")


def _is_carried(name: str) -> bool:
    upper = name.upper()
    return upper in _OF_THE_NETWORK or upper.startswith(_CARRIED_BEGINNINGS) or upper.endswith(_CARRIED_ENDINGS)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def carried(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the front end sends with its `hello`: keys, model settings, proxies."""
    return {name: value for name, value in environment.items() if _is_carried(name) and _is_utf8(name + value)}


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment that the engine is started with."""
    return {
        name: value
        for name, value in environment.items()
        if name in _OF_THE_PROCESS or name.upper() in _OF_THE_NETWORK or not (_is_carried(name) or name in _OF_ONE_REPOSITORY)
    }


def secrets(environment: Mapping[str, str]) -> set[str]:
    """Return the values that must not appear in a log."""
    return {
        value for name, value in environment.items() if len(value) >= 6 and any(word in name.upper() for word in _SECRET_WORDS)
    }
