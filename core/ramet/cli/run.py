"""`ramet run`: one command, recorded, as if it had been started without Ramet."""

from __future__ import annotations

import os
import selectors
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import FrameType

from ramet.cli.keeping import Keeper, may_record
from ramet.cli.pass_through import pass_through, terminal_size
from ramet.cli.session import Session
from ramet.errors import UsageError
from ramet.models import CommandRecording
from ramet.paths import path_to_text
from ramet.terminal.pty import exit_code_of, spawn
from ramet.terminal.recorder import CommandOutput
from ramet.terminal.shell_launch import is_recorded, recorded_environment

_NAME = "run"
"""Of the terminal, in what is recorded."""
NOT_FOUND = 127
NOT_EXECUTABLE = 126
"""What a shell exits with when it cannot run a command."""
_READ_BYTES = 65_536
_PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def run(session: Session) -> int:
    """Run the command and return its exit code."""
    arguments: list[str] = session.options.arguments
    if arguments[:1] == ["--"]:
        arguments = arguments[1:]
    if not arguments:
        raise UsageError("There is no command to run.", "Give one: ramet run -- make test")
    folder = session.folder
    environment = recorded_environment(session.environment, _NAME)
    problem = _problem(arguments[0], folder, environment.get("PATH"))
    if problem is not None:
        session.console.error(f"{arguments[0]}: {problem[0]}.")
        return problem[1]
    if is_recorded(session.environment) or not may_record(session):
        os.chdir(folder)
        os.execvpe(arguments[0], arguments, session.environment)  # noqa: S606  - the user's own command
    output = CommandOutput()
    started, begun = time.time(), time.monotonic()
    if all(os.isatty(descriptor) for descriptor in (0, 1, 2)):
        code = pass_through(*spawn(arguments, folder, environment, *terminal_size()), output.feed)
    else:
        code = _piped(arguments, folder, environment, output)
    kept = output.output.kept()
    keeper = Keeper(session)
    keeper.keep(
        CommandRecording(
            terminal=_NAME,
            command=shlex.join(arguments),
            folder=path_to_text(os.fsencode(folder)),
            exit_code=code,
            started=started,
            duration=time.monotonic() - begun,
            head=kept.head,
            tail=kept.tail,
            omitted=kept.omitted,
            omitted_lines=kept.omitted_lines,
            is_full_screen=output.is_full_screen,
        )
    )
    keeper.close(session.console)
    return code


def _problem(program: str, folder: Path, path: str | None) -> tuple[str, int] | None:
    """Return why a program cannot be run, and the exit code for it; None when it can."""
    place = folder / program
    if os.sep in program:
        if not place.exists():
            return "no such file", NOT_FOUND
        return None if os.access(place, os.X_OK) and not place.is_dir() else ("not executable", NOT_EXECUTABLE)
    return None if shutil.which(program, path=path) else ("command not found", NOT_FOUND)


def _piped(arguments: list[str], folder: Path, environment: dict[str, str], output: CommandOutput) -> int:
    """Run a command without a terminal: its two streams stay apart, and what they carry is recorded as it comes."""
    process = subprocess.Popen(arguments, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)

    def pass_on(number: int, frame: FrameType | None) -> None:
        process.send_signal(number)

    for number in _PASSED_ON:
        signal.signal(number, pass_on)
    # The terminal sends its interrupt to both; elsewhere only this process gets it.
    signal.signal(signal.SIGINT, signal.SIG_IGN if _has_terminal() else pass_on)
    assert process.stdout is not None
    assert process.stderr is not None
    streams = {1: process.stdout, 2: process.stderr}
    with selectors.DefaultSelector() as selector:
        for descriptor, stream in streams.items():
            selector.register(stream, selectors.EVENT_READ, descriptor)
        while selector.get_map():
            for key, _ in selector.select():
                piece = os.read(key.fd, _READ_BYTES)
                output.feed(piece)
                if not piece or not _written(key.data, piece):
                    selector.unregister(key.fileobj)
                    streams[key.data].close()  # so that the command notices
    return exit_code_of(process.wait())


def _written(descriptor: int, data: bytes) -> bool:
    """Pass on what a command printed; False when nobody reads it any more."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except BrokenPipeError:
        return False
    return True


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC))
    except OSError:
        return False
    return True
