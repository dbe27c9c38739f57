"""Which shell a terminal runs, what that finds in its environment, and starting it."""

from __future__ import annotations

import contextlib
import os
import pwd
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from ramet.errors import UsageError
from ramet.paths import path_to_text
from ramet.terminal.pty import Pty
from ramet.terminal.recorder import Recorder
from ramet.terminal.shell_launch import ShellLaunch, launch_shell, user_shell

_OUTER_TEXT = """
COLUMNS LINES TMUX TMUX_PANE STY TERM_PROGRAM TERM_PROGRAM_VERSION TERMCAP VTE_VERSION WINDOWID LC_TERMINAL LC_TERMINAL_VERSION
ITERM_SESSION_ID KITTY_WINDOW_ID KITTY_PID WEZTERM_PANE ALACRITTY_WINDOW_ID WT_SESSION
"""
_OF_THE_OUTER_TERMINAL = frozenset(_OUTER_TEXT.split())
"""What tells programs about the terminal that the app itself runs in, whose tricks this one does not know."""


class ShellTerminal(Protocol):
    """What a session needs of a program on a terminal: see `ramet.terminal.pty.Pty`."""

    @property
    def is_over(self) -> bool:
        """Whether the program has ended and nothing more will be read than what waits."""

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""

    @property
    def is_busy(self) -> bool:
        """Whether something other than the program itself has the foreground."""

    def read(self) -> bytes:
        """Take what was printed; empty when there is nothing."""

    def write(self, data: bytes) -> None:
        """Type something."""

    def resize(self, columns: int, rows: int) -> None:
        """Change the size."""

    def close(self) -> None:
        """Hang up."""

    def join(self, timeout: float | None = None) -> bool:
        """Wait until it is over."""


class OpenedShell(NamedTuple):
    """A shell that runs."""

    terminal: ShellTerminal
    recorder: Recorder
    shell: str
    """`bash`, `zsh`, ..."""
    is_recordable: bool
    """Whether it can tell of its commands."""


class ShellPlace(NamedTuple):
    """Where and how a shell starts."""

    folder: Path
    environment: Mapping[str, str]
    launcher: tuple[str, ...] = ()
    """A command that starts the shell given after it, where the shell needs one."""


ShellOpener = Callable[[str, ShellPlace, int, int, Callable[[], None]], OpenedShell]
"""Starts a shell: name of the terminal, place, columns, rows, and what a thread calls when there is output.

Blocks. Raises RametError.
"""


def open_shell(name: str, place: ShellPlace, columns: int, rows: int, on_ready: Callable[[], None]) -> OpenedShell:
    """Start the user's shell; a `ShellOpener`."""
    start = launch(place.environment, name)
    recorder = Recorder(name, start.nonce, shell=start.shell, folder=path_to_text(os.fsencode(place.folder)))
    command = (*place.launcher, *start.command)
    terminal = Pty(command, place.folder, start.environment, columns=columns, rows=rows, on_ready=on_ready)
    return OpenedShell(terminal, recorder, start.shell, bool(start.nonce))


def launch(environment: Mapping[str, str], terminal: str) -> ShellLaunch:
    """Return how to start the user's shell in the terminal of that name. Raises UsageError when there is none at all."""
    given = {name: value for name, value in environment.items() if name not in _OF_THE_OUTER_TERMINAL}
    given |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "TERM_PROGRAM": "ramet"}
    return launch_shell(_shell(given), given, terminal)


def _shell(environment: Mapping[str, str]) -> str:
    for name in _candidates(environment):
        try:
            return user_shell(environment, name)
        except UsageError:
            continue
    raise UsageError("No shell was found to run in the terminal.", "Set SHELL to the path of one.")


def _candidates(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what may be a shell: the one of the environment, the one of the account, then the usual ones."""
    if environment.get("SHELL"):
        yield environment["SHELL"]
    with contextlib.suppress(KeyError):  # an account without an entry, as in many containers
        yield pwd.getpwuid(os.getuid()).pw_shell or "bash"
    yield from ("bash", "/bin/sh")
