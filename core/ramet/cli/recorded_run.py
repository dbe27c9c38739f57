"""Runs one command of the user's in front of the user, and keeps what it printed."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from msgspec import Struct

from ramet.cli.pass_through import Handler, handling, pass_through, terminal_size
from ramet.terminal.pty import exit_code_of, spawn
from ramet.terminal.recorder import CommandOutput

NOT_FOUND = 127
NOT_EXECUTABLE = 126
"""What a shell exits with when it cannot run a command."""
_READ_BYTES = 65_536
_PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


class Ran(Struct, frozen=True):
    """A command that is over."""

    exit_code: int
    output: CommandOutput
    started: float
    """Seconds since the epoch."""
    duration: float
    """In seconds."""


def run_recorded(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], *, shows: bool = True) -> Ran:
    """Run a command to its end: on a terminal of its own where this process has one, else with its two outputs apart.

    Args:
        shows: Print what it prints; else it is only kept.
    """
    output = CommandOutput()
    started, begun = time.time(), time.monotonic()
    given = list(arguments)
    if shows and all(os.isatty(descriptor) for descriptor in (0, 1, 2)):
        code = pass_through(*spawn(given, folder, dict(environment), *terminal_size()), output.feed)
    else:
        code = _piped(given, folder, dict(environment), output, shows=shows)
    return Ran(code, output, started, time.monotonic() - begun)


def why_not(program: str, folder: Path, path: str | None) -> tuple[str, int] | None:
    """Return why a program cannot be run, and the exit code for it; None when it can."""
    place = folder / program
    if os.sep in program:
        if not place.exists():
            return "no such file", NOT_FOUND
        return None if os.access(place, os.X_OK) and not place.is_dir() else ("not executable", NOT_EXECUTABLE)
    return None if shutil.which(program, path=path) else ("command not found", NOT_FOUND)


def _piped(arguments: list[str], folder: Path, environment: dict[str, str], output: CommandOutput, *, shows: bool) -> int:
    """Run a command without a terminal: its two streams stay apart, and what they carry is recorded as it comes."""
    process = subprocess.Popen(arguments, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)

    def pass_on(number: int, frame: FrameType | None) -> None:
        process.send_signal(number)

    handlers: dict[int, Handler | int] = dict.fromkeys(_PASSED_ON, pass_on)
    # The terminal sends its interrupt to both; elsewhere only this process gets it.
    handlers[signal.SIGINT] = signal.SIG_IGN if _has_terminal() else pass_on
    with handling(handlers):
        _copy(process, output, shows=shows)
        return exit_code_of(process.wait())


def _copy(process: subprocess.Popen[bytes], output: CommandOutput, *, shows: bool) -> None:
    """Keep what a command prints until it has closed both of its outputs, and print it."""
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
                if not piece or (shows and not _written(key.data, piece)):
                    selector.unregister(key.fileobj)
                    streams[key.data].close()  # so that the command notices


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
