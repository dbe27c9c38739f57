"""Processes that parse, forked before they are needed: they have loaded what parsing needs, and share it with their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import IO

_WAIT_SECONDS = 0.005
"""Between two looks whether a process that is ending has ended."""


class ForkedProcess:
    """A process without a program of its own, with what the pool uses of `subprocess.Popen`."""

    def __init__(self, main: Callable[[], None]) -> None:
        """Fork; the child runs `main` with pipes as standard input and output, and keeps nothing else of its parent open.

        Only for a process without threads: another thread may hold a lock that the child would wait for without end.
        """
        batches_out, batches_in = os.pipe()
        replies_out, replies_in = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _become(main, batches_out, replies_in)
        os.close(batches_out)
        os.close(replies_in)
        self.stdin: IO[bytes] | None = os.fdopen(batches_in, "wb")
        self.stdout: IO[bytes] | None = os.fdopen(replies_out, "rb")
        self._code: int | None = None
        self._guard = threading.Lock()

    def kill(self) -> None:
        """End it at once; harmless when it has ended."""
        with self._guard:
            # Until it was waited for, nobody else gets its number.
            if self._code is None:
                os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended, as `subprocess` says it. Raises TimeoutExpired after some seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self._ended()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("a process that parses", timeout or 0.0)
            time.sleep(_WAIT_SECONDS)
        return code

    def _ended(self) -> int | None:
        with self._guard:
            if self._code is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                self._code = os.waitstatus_to_exitcode(status) if pid else None
            return self._code


def _become(main: Callable[[], None], batches: int, replies: int) -> None:
    """Run `main` in a forked child and never return."""
    try:
        # Out of the reach of Ctrl-C and of a terminal that is closed.
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for source, target in ((batches, 0), (replies, 1), (nothing, 2)):
            os.dup2(source, target)
        # Whatever stayed open here would not seem closed to those at its other end.
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        main()
    finally:
        os._exit(1)


class SpareParsers:
    """Forked processes that nobody has taken yet; a run that parses takes them before it starts others."""

    def __init__(self, spare: Iterable[ForkedProcess] = ()) -> None:
        self._spare = list(spare)

    def fork(self, count: int) -> None:
        """Fork processes; for a process without threads. Few are no error, since others can be started."""
        from ramet.embed.table import TableEmbedder
        from ramet.index.parse_worker import main

        TableEmbedder()  # loads the table, which all of them and the searches of this process then share
        with suppress(OSError):
            for _ in range(count):
                self._spare.append(ForkedProcess(main))

    def take(self) -> ForkedProcess | None:
        """Return a process, which belongs to the caller then; None when there are no more."""
        with suppress(IndexError):
            return self._spare.pop()
        return None

    def close(self) -> None:
        """End those that nobody took."""
        while (process := self.take()) is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
