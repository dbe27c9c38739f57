"""Which shell the terminal runs, and what that finds in its environment."""

from __future__ import annotations

import contextlib
import os
import pwd
from collections.abc import Iterator, Mapping

from ramet.errors import UsageError
from ramet.terminal.shell_launch import ShellLaunch, launch_shell, user_shell

_OUTER_TEXT = """
COLUMNS LINES TMUX TMUX_PANE STY TERM_PROGRAM TERM_PROGRAM_VERSION TERMCAP VTE_VERSION WINDOWID LC_TERMINAL LC_TERMINAL_VERSION
ITERM_SESSION_ID KITTY_WINDOW_ID KITTY_PID WEZTERM_PANE ALACRITTY_WINDOW_ID WT_SESSION
"""
_OF_THE_OUTER_TERMINAL = frozenset(_OUTER_TEXT.split())
"""What tells programs about the terminal that the app itself runs in, whose tricks this one does not know."""


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
