"""`ramet key`: the only place where a key passes through the command line, and it is never printed."""

from __future__ import annotations

import sys

from ramet.cli.session import Session
from ramet.embed.services import key_variables
from ramet.errors import UsageError
from ramet.keys import check_name, delete_key, store_key, stored_keys
from ramet.providers.table import PROVIDERS

_MOST_CHARACTERS = 10_000


def run(session: Session) -> int:
    """Run the command and return the exit code."""
    action = {"set": _set, "delete": _delete, "list": _list}[session.options.action]
    return action(session)


def _known_variables() -> tuple[str, ...]:
    of_models = (variable for provider in PROVIDERS for variable in provider.variables)
    return tuple(dict.fromkeys((*of_models, *key_variables())))


def _set(session: Session) -> int:
    variable, console = session.options.variable, session.console
    check_name(variable)
    store_key(variable, _read_key(variable))
    console.line(f"{variable} is stored in the system keyring.")
    if variable not in _known_variables():
        import difflib

        near = difflib.get_close_matches(variable, _known_variables(), n=1)
        console.note(f"No provider that Ramet knows uses {variable}.{f' Did you mean {near[0]}?' if near else ''}")
    if session.environment.get(variable):
        console.note(f"{variable} is also set in the environment, which wins.")
    return 0


def _read_key(variable: str) -> str:
    """Ask for a key on the terminal without showing it, or read it from a pipe."""
    if sys.stdin is None:
        raise UsageError("There is no standard input to read the key from.", f"Pipe it in: COMMAND | ramet key set {variable}.")
    if not sys.stdin.isatty():
        return sys.stdin.readline(_MOST_CHARACTERS)
    import getpass

    try:
        return getpass.getpass(f"{variable}: ")
    except EOFError as error:
        raise UsageError("No key was given; nothing was stored.") from error


def _delete(session: Session) -> int:
    variable = session.options.variable
    if not delete_key(variable):
        session.console.error(f"{variable} is not in the system keyring.", "`ramet key list` names the stored keys.")
        return 1
    session.console.line(f"{variable} is removed from the system keyring.")
    return 0


def _list(session: Session) -> int:
    names = stored_keys(_known_variables())
    for name in names:
        session.console.line(name)
    if not names:
        session.console.note("No key is stored; `ramet key set VARIABLE` stores one.")
    return 0
