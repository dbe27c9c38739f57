"""`ramet shell`: the user's own shell, with everything that runs in it recorded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ramet.cli.keeping import Keeper, may_record
from ramet.cli.pass_through import pass_through, terminal_size
from ramet.cli.session import Session
from ramet.errors import UsageError
from ramet.models import CommandRecording
from ramet.paths import path_to_text
from ramet.terminal.pty import spawn
from ramet.terminal.recorder import CommandFinished, Recorder, TerminalEvent
from ramet.terminal.shell_launch import RECORDED_SHELLS, ShellLaunch, is_recorded, launch_shell, user_shell

_NAME = "shell"
"""Of the terminal, in what is recorded."""


def run(session: Session) -> int:
    """Run the command and return the exit code, which is that of the shell."""
    options, console = session.options, session.console
    if is_recorded(session.environment):
        raise UsageError("The commands of this terminal are recorded already.", "Use it as it is, or open another terminal.")
    if not (os.isatty(0) and os.isatty(1)):
        raise UsageError("`ramet shell` needs a terminal.", "To record one command in a script: ramet run -- COMMAND.")
    launch = launch_shell(user_shell(session.environment, options.shell), session.environment, _NAME, is_login=options.login)
    if not launch.nonce:
        known = ", ".join(RECORDED_SHELLS)
        raise UsageError(f"{launch.shell} cannot tell which commands it runs.", f"Give one that can with --shell: {known}.")
    records = may_record(session)
    if not records:
        console.note("Nothing is recorded in this shell.")
    keeper = Keeper(session)
    try:
        return run_shell(launch, _NAME, session.folder, keeper.keep if records else None)
    finally:
        keeper.close(console)


def run_shell(launch: ShellLaunch, name: str, folder: Path, keep: Callable[[CommandRecording], None] | None) -> int:
    """Run a shell that tells of its commands in front of the user, and return its exit code.

    Args:
        name: Of the terminal, in what is recorded.
        keep: Gets each command when it is over; None where nothing is recorded.
    """
    recorder = Recorder(name, launch.nonce, shell=launch.shell, folder=path_to_text(os.fsencode(folder)))
    process, master = spawn(launch.command, folder, launch.environment, *terminal_size())

    def shown(data: bytes) -> bytes:
        return without_events(recorder.feed(data))

    def without_events(parts: Iterator[bytes | TerminalEvent]) -> bytes:
        pieces = []
        for part in parts:
            if isinstance(part, bytes):
                pieces.append(part)
            elif keep is not None and isinstance(part, CommandFinished) and part.recording is not None:
                keep(part.recording)
        return b"".join(pieces)

    try:
        return pass_through(process, master, shown)
    finally:
        without_events(recorder.finish())
