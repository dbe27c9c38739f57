"""API keys: from the environment, else from the system keyring; never from a file, never logged, never shown."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from ramet.errors import ConfigError, UsageError

SERVICE = "ramet"
"""The keyring's name for everything stored here; the user name of an entry is the variable."""
_INDEX = "stored-keys"
"""Entry with the names of the stored keys: no keyring can list what it holds."""
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{1,99}")
_REST_SECONDS = 30.0
"""After a failure the keyring is left alone for so long: a locked one may ask for its password at every single look-up."""

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class _Rest:
    """When a failing keyring may be asked again; one per process, because the keyring is one per process."""

    until = 0.0


def api_key(variable: str, environment: Mapping[str, str]) -> str | None:
    """Return a key: the environment's, else the system keyring's, else None; a keyring that fails is one without keys."""
    value = environment.get(variable, "").strip()
    return value or _read(variable)


def store_key(variable: str, key: str) -> None:
    """Store a key in the system keyring. Raises UsageError for a bad name or key, ConfigError when there is no keyring."""
    check_name(variable)
    key = key.strip()
    if not key or any(char.isspace() or not char.isprintable() for char in key):
        raise UsageError("The key is empty or holds spaces, line breaks or control characters.", "Paste the key alone.")
    _Rest.until = 0.0
    try:
        import keyring

        keyring.set_password(SERVICE, variable, key)
        is_stored = keyring.get_password(SERVICE, variable) == key
    except Exception as error:  # a backend may raise anything: D-Bus, Keychain and third-party errors share no base
        raise _no_keyring(variable, type(error).__name__) from error
    if not is_stored:
        raise _no_keyring(variable, "nothing was stored")
    _write_index(_index() | {variable})


def delete_key(variable: str) -> bool:
    """Remove a key from the system keyring; False when it was not there. Raises ConfigError when the keyring refuses."""
    check_name(variable)
    _Rest.until = 0.0
    if _read(variable) is None:
        return False
    try:
        import keyring

        keyring.delete_password(SERVICE, variable)
    except Exception as error:  # see store_key
        what = f"The system keyring did not remove {variable} ({type(error).__name__})."
        raise ConfigError(what, f"Remove it with your system's keyring program (service {SERVICE}).") from error
    _write_index(_index() - {variable})
    return True


def stored_keys(candidates: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the sorted names of the keys in the keyring: those stored by Ramet, and those of `candidates` that are there."""
    return tuple(sorted(name for name in _index() | set(candidates) if _read(name) is not None))


def check_name(variable: str) -> None:
    """Raise UsageError when this cannot be the name of an environment variable that holds a key."""
    if not _VARIABLE.fullmatch(variable):
        raise UsageError(
            f"{variable!r} is not the name of an environment variable.",
            "Give the variable's name, such as ANTHROPIC_API_KEY; the key itself is asked for.",
        )


def _read(name: str) -> str | None:
    return _attempt(lambda: _password(name))


def _password(name: str) -> str | None:
    import keyring

    return (keyring.get_password(SERVICE, name) or "").strip() or None


def _index() -> frozenset[str]:
    return frozenset((_read(_INDEX) or "").split())


def _write_index(names: frozenset[str]) -> None:
    def write() -> None:
        import keyring

        keyring.set_password(SERVICE, _INDEX, " ".join(sorted(names)))

    _attempt(write)


def _attempt(action: Callable[[], _T]) -> _T | None:
    """Return what an action on the keyring returns; None, and a rest for the keyring, when it fails in any way."""
    if time.monotonic() < _Rest.until:
        return None
    try:
        return action()
    except Exception as error:  # see store_key; the message is left out, it might quote what was stored
        _log.debug("the system keyring failed with %s", type(error).__name__)
        _Rest.until = time.monotonic() + _REST_SECONDS
        return None


def _no_keyring(variable: str, detail: str) -> ConfigError:
    return ConfigError(
        f"The key was not stored: this machine has no usable system keyring ({detail}).",
        f"Set {variable} in the environment instead, or unlock or install a keyring (Keychain, GNOME Keyring, KWallet).",
    )
