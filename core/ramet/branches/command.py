"""Runs a command in a branch for somebody at a terminal, or for a script, and keeps the end of what it printed."""

from __future__ import annotations

import fcntl
import os
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import tty
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TextIO

from ramet.models import BranchRun

_KEPT_BYTES = 64 * 1024
"""The end of the output that is kept."""
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
"""Exit codes as a shell gives them."""


class Tail:
    """The end of an output, from several threads."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._lock = threading.Lock()
        self.omitted = 0

    def add(self, data: bytes) -> None:
        """Take the next piece."""
        with self._lock:
            self._bytes += data
            extra = len(self._bytes) - _KEPT_BYTES
            if extra > 0:
                del self._bytes[:extra]
                self.omitted += extra

    def text(self) -> str:
        """Return the end as plain text: without escape sequences, each line as it was left."""
        text = _ESCAPES.sub("", bytes(self._bytes).decode("utf-8", "replace")).replace("\r\n", "\n")
        return "\n".join(line.rpartition("\r")[2] for line in text.split("\n"))


def run_command(
    words: Sequence[str], folder: Path, environment: Mapping[str, str], shown: str = "", *, shows: bool = True
) -> BranchRun:
    """Run a command to its end, with the standard streams of this process, and return what there is to remember.

    `shown` is the command as people wrote it; without `shows` its output is only remembered.
    """
    tail = Tail()
    started = time.time()
    clock = time.monotonic()
    try:
        if shows and _is_terminal():
            code = _in_terminal(words, folder, environment, tail)
        else:
            code = _piped(words, folder, environment, tail, shows=shows)
    except FileNotFoundError:
        code = _NOT_FOUND
        sys.stderr.write(f"ramet: There is no command {words[0]!r}.\n")
    except PermissionError:
        code = _NOT_EXECUTABLE
        sys.stderr.write(f"ramet: {words[0]!r} cannot be run.\n")
    return BranchRun(
        command=shown or shlex.join(words),
        exit_code=code if code >= 0 else None,
        started=started,
        duration=time.monotonic() - clock,
        output=tail.text(),
        omitted=tail.omitted,
    )


def command_environment(inherited: Mapping[str, str], added: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the variables of a command in a branch: those of the caller, without what leads git to another repository."""
    found = {name: value for name, value in inherited.items() if not name.startswith("GIT_") and name != "OLDPWD"}
    for name, value in added.items():
        is_path = name == "PYTHONPATH" and name in found
        found[name] = f"{value}{os.pathsep}{found[name]}" if is_path else value
    return {**found, "PWD": str(folder)}


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def _piped(words: Sequence[str], folder: Path, environment: Mapping[str, str], tail: Tail, *, shows: bool) -> int:
    """Pass both outputs on as they come."""
    with subprocess.Popen(
        words, cwd=folder, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=None
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        pairs = ((process.stdout, sys.stdout), (process.stderr, sys.stderr))
        threads = [
            threading.Thread(target=_copy, args=(source, target if shows else None, tail), daemon=True)
            for source, target in pairs
        ]
        for thread in threads:
            thread.start()
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            code = process.wait()
        for thread in threads:
            thread.join()
    return code


def _copy(source: IO[bytes], target: TextIO | None, tail: Tail) -> None:
    if target is not None:
        target.flush()
    while data := os.read(source.fileno(), 65_536):
        tail.add(data)
        if target is None:
            continue
        with suppress(OSError, ValueError):
            target.buffer.write(data)
            target.buffer.flush()


def _in_terminal(words: Sequence[str], folder: Path, environment: Mapping[str, str], tail: Tail) -> int:
    """Give the command a terminal of its own, which this one shows."""
    handle, inner = os.openpty()

    def resize(*_: object) -> None:
        with suppress(OSError):
            size = fcntl.ioctl(0, termios.TIOCGWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
            fcntl.ioctl(handle, termios.TIOCSWINSZ, size)

    resize()
    before = signal.signal(signal.SIGWINCH, resize)
    try:
        with subprocess.Popen(
            words, cwd=folder, env=dict(environment), stdin=inner, stdout=inner, stderr=inner, start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509  # this program has no threads that hold locks here
        ) as process:  # fmt: skip
            os.close(inner)
            inner = -1
            _show(handle, tail)
            return process.wait()
    finally:
        signal.signal(signal.SIGWINCH, before)
        os.close(handle)
        if inner >= 0:
            os.close(inner)


def _take_terminal() -> None:
    """Make standard input the terminal from which signals come, in the new process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _show(handle: int, tail: Tail) -> None:
    """Pass keys and output on until the command has closed its terminal."""
    mode = termios.tcgetattr(0)
    tty.setraw(0)
    sources = [handle, 0]
    try:
        while True:
            ready, _, _ = select.select(sources, [], [])
            if handle in ready:
                data = os.read(handle, 65_536)
                if not data:
                    return
                tail.add(data)
                _write_all(1, data)
            if 0 in ready:
                keys = os.read(0, 4_096)
                if keys:
                    _write_all(handle, keys)
                else:
                    sources.remove(0)
    except OSError:
        return  # Linux says so when the last process has closed the terminal
    finally:
        termios.tcsetattr(0, termios.TCSAFLUSH, mode)


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]
