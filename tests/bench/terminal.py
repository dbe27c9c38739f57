"""A program in a pseudo-terminal, watched from outside: when its output shows something, and how fast it answers a key."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


class TerminalProgram:
    """A program with a terminal of its own; `close` ends it."""

    def __init__(
        self, command: Sequence[str | Path], folder: Path, environment: Mapping[str, str], columns: int = 120, rows: int = 40
    ) -> None:
        self.started = time.perf_counter()
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=dict(environment),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._seen = b""

    def read(self, deadline: float) -> bytes:
        """Return the next output, or nothing when there is none before the deadline (of time.perf_counter)."""
        left = max(0.0, deadline - time.perf_counter())
        if not select.select([self._ours], [], [], left)[0]:
            return b""
        try:
            return os.read(self._ours, 1 << 16)
        except OSError:  # Linux reports the end of a pseudo-terminal as EIO
            return b""

    def wait_for(self, text: str, timeout: float = 60.0) -> float:
        """Return the seconds from start until the output held `text` in one style. Raises TimeoutError."""
        deadline = time.perf_counter() + timeout
        wanted = text.encode()
        while wanted not in self._seen:
            piece = self.read(deadline)
            if not piece:
                message = f"{text!r} did not appear in {timeout} s; the output ends in {self._seen[-500:]!r}"
                raise TimeoutError(message)
            self._seen += piece
        return time.perf_counter() - self.started

    def quiet(self, pause: float = 0.3, timeout: float = 10.0) -> None:
        """Read until nothing has come for `pause` seconds."""
        end = time.perf_counter() + timeout
        while time.perf_counter() < end and self.read(time.perf_counter() + pause):
            pass

    def answer_time(self, key: bytes, timeout: float = 5.0) -> float:
        """Send a key and return the seconds until the program printed something that holds it."""
        start = time.perf_counter()
        os.write(self._ours, key)
        seen = b""
        while key not in seen:
            piece = self.read(start + timeout)
            if not piece:
                message = f"no answer to {key!r} in {timeout} s"
                raise TimeoutError(message)
            seen += piece
        return time.perf_counter() - start

    def send(self, keys: bytes) -> None:
        """Type."""
        os.write(self._ours, keys)

    def close(self) -> None:
        """Kill the program and release the terminal."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._ours)
