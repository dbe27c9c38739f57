"""How a shell is started so that its commands can be recorded."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from ramet.errors import UsageError

SHELLS = Path(__file__).parent / "shells"
"""The scripts; read by the shells themselves."""
RECORDED_SHELLS = ("bash", "zsh", "fish")
"""Those that can tell of their commands."""
TERMINAL_VARIABLE = "RAMET_TERMINAL"
"""Set in a recorded terminal to its name, so that nothing records its commands twice."""
MULTIPLEXER_VARIABLE = "RAMET_TERMINAL_TMUX"
"""Set beside it to the TMUX of the recorder: a tmux that is started in a recorded terminal has terminals of its own."""
_FALLBACK = "/bin/sh"


class ShellLaunch(Struct, frozen=True):
    """A command to run on a terminal, and what its recorder must know."""

    command: tuple[str, ...]
    environment: dict[str, str]
    shell: str
    """The name of the shell: `bash`, `zsh`, `fish`, ..."""
    nonce: str
    """Empty where the shell cannot tell of its commands."""


def is_recorded(environment: Mapping[str, str]) -> bool:
    """Whether the terminal of a process with this environment is recorded already."""
    is_same = environment.get("TMUX", "") == environment.get(MULTIPLEXER_VARIABLE, "")
    return bool(environment.get(TERMINAL_VARIABLE)) and is_same


def recorded_environment(environment: Mapping[str, str], terminal: str) -> dict[str, str]:
    """Return the environment of what runs in a recorded terminal of that name."""
    return {**environment, TERMINAL_VARIABLE: terminal, MULTIPLEXER_VARIABLE: environment.get("TMUX", "")}


def user_shell(environment: Mapping[str, str], name: str = "") -> str:
    """Return the path of the shell to run: the one of that name or path, else the user's. Raises UsageError."""
    wanted = name or environment.get("SHELL", "") or _FALLBACK
    found = shutil.which(wanted, path=environment.get("PATH"))
    if found is None:
        raise UsageError(f"There is no shell {wanted!r}.", "Give another one: bash, zsh or fish.")
    return str(Path(found).absolute())


def launch_shell(shell: str, environment: Mapping[str, str], terminal: str, *, is_login: bool = False) -> ShellLaunch:
    """Return how to start a shell, given by its path, in a terminal of that name.

    The user's own files are read as ever, as those of a login shell where wanted. A shell that is not one of `RECORDED_SHELLS` is
    started as it is.
    """
    name = os.path.basename(shell).removeprefix("-")  # noqa: PTH119  - a text is wanted
    given = recorded_environment(environment, terminal)
    login = ("-l",) if is_login else ()
    if name not in RECORDED_SHELLS:
        return ShellLaunch((shell, *login), given, name, "")
    nonce = secrets.token_hex(16)
    given |= {"RAMET_NONCE": nonce, "RAMET_SHELLS": str(SHELLS)}
    if name == "bash":
        # A login shell of bash takes no other file, so that ours reads what a login shell would.
        given["RAMET_LOGIN"] = "1" if is_login else ""
        return ShellLaunch((shell, "--rcfile", str(SHELLS / "bash" / "rc.bash"), "-i"), given, name, nonce)
    if name == "zsh":
        if "ZDOTDIR" in given:
            given["RAMET_ZDOTDIR"] = given["ZDOTDIR"]
        given["ZDOTDIR"] = str(SHELLS / "zsh")
        return ShellLaunch((shell, "-i", *login), given, name, nonce)
    return ShellLaunch((shell, "-i", *login, "-C", 'source "$RAMET_SHELLS/fish/marks.fish"'), given, name, nonce)
