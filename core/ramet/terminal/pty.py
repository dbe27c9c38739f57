"""Runs a program on a pseudo-terminal: starts it, collects what it prints, passes on what is typed, and ends it.

Nothing runs between fork and exec: a program with threads may not do that. The session's controlling terminal is taken by a
`/bin/sh` that opens the terminal by its name and then becomes the program.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pty
import re
import selectors
import signal
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ramet.errors import RametError

_BECOME = 'exec <>"$0" >&0 2>&0 && exec "$@"'
"""Opening a terminal makes it the controlling one of a session leader that has none."""
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""Variables with other names, such as functions that bash exports, do not survive some implementations of sh."""
_IUTF8 = 0x4000
"""The line discipline erases whole characters; the same bit on Linux and macOS, and not named by `termios`."""
_READ_BYTES = 65_536
_MOST_PENDING = 1_048_576
"""Bytes that wait to be taken; with more the program is not read from, so that it waits."""
_LAST_WORDS_SECONDS = 0.05
"""Silence after the end of the program that ends the terminal, although others still have it open."""
_MOST_LAST_WORDS_SECONDS = 1.0
"""How long others may go on printing after the end of the program."""
_PATIENCE_SECONDS = 0.5
"""How long a program may take to follow SIGHUP, and then SIGTERM."""
_MOST_CELLS = 65_535
"""What the kernel can be told of a width or height."""


def spawn(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], columns: int, rows: int
) -> tuple[subprocess.Popen[bytes], int]:
    """Start a program on a new terminal of a size; return it and the terminal's other end, which the caller closes.

    Raises RametError. A program that cannot be executed says so on the terminal and exits with 126 or 127.
    """
    try:
        master, slave = pty.openpty()
    except OSError as error:
        raise RametError(f"No terminal could be opened: {error.strerror or error}.", "Close some terminals.") from error
    try:
        os.set_inheritable(master, False)
        resize(master, columns, rows)
        attributes = termios.tcgetattr(slave)
        attributes[0] |= _IUTF8
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        odd = [f"{name}={value}" for name, value in environment.items() if not _PLAIN_NAME.fullmatch(name)]
        prefix = ["env", *odd] if odd else []
        process = subprocess.Popen(
            ["/bin/sh", "-c", _BECOME, os.ttyname(slave), *prefix, *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
        )
    except (OSError, termios.error, ValueError) as error:
        os.close(master)
        reason = (error.strerror if isinstance(error, OSError) else "") or error
        raise RametError(f"{command[0]} could not be started in {folder}: {reason}.", "Check the folder.") from error
    except BaseException:
        os.close(master)
        raise
    finally:
        os.close(slave)
    return process, master


def resize(terminal: int, columns: int, rows: int) -> None:
    """Tell a terminal its size, of which its programs hear by SIGWINCH; a size out of range is cut to it."""
    size = (min(max(rows, 1), _MOST_CELLS), min(max(columns, 1), _MOST_CELLS))
    with contextlib.suppress(OSError, termios.error):  # the terminal is going
        termios.tcsetwinsize(terminal, size)


def exit_code_of(returncode: int) -> int:
    """Return an exit code as shells tell it: 128 and the number of the signal for a program that a signal ended."""
    return returncode if returncode >= 0 else 128 - returncode


class Pty:
    """A program on a terminal of its own. Owns the process, the terminal and two threads; any thread may call.

    `on_ready` is called from a thread, once per batch: when something can be read after nothing could, and when it is over.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        *,
        columns: int,
        rows: int,
        on_ready: Callable[[], None],
    ) -> None:
        """Start the program. Raises RametError."""
        self._process, self._master = spawn(command, folder, environment, columns, rows)
        os.set_blocking(self._master, False)
        self._on_ready = on_ready
        self._guard = threading.Lock()
        self._collected: list[bytes] = []
        self._pending = 0
        self._typed = bytearray()
        self._is_closing = False
        self._exited = float("inf")
        """When the program ended, by the monotonic clock."""
        self._is_over = threading.Event()
        self._waking, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._waking, False)
        self._is_awake = True
        """Whether the pipe of the wake-up is open."""
        self._thread = threading.Thread(target=self._serve, name="pty", daemon=True)
        self._waiter = threading.Thread(target=self._wait, name="pty-wait", daemon=True)
        self._thread.start()
        self._waiter.start()

    @property
    def pid(self) -> int:
        """The process id of the program, which is also its session and process group."""
        return self._process.pid

    @property
    def is_over(self) -> bool:
        """Whether the program has ended and nothing more will be read than what waits."""
        return self._is_over.is_set()

    @property
    def exit_code(self) -> int | None:
        """How the program ended, as a shell tells it; None while it runs."""
        code = self._process.returncode
        return None if code is None else exit_code_of(code)

    @property
    def is_busy(self) -> bool:
        """Whether something other than the program itself has the foreground of the terminal."""
        with self._guard:
            if not self._is_awake:
                return False
            with contextlib.suppress(OSError):
                return os.tcgetpgrp(self._master) not in (self._process.pid, 0)
        return False

    def read(self) -> bytes:
        """Take all that was printed since the last call; empty when there is nothing."""
        with self._guard:
            batch, self._collected = self._collected, []
            was_full = self._pending >= _MOST_PENDING
            self._pending = 0
        if was_full:
            self._poke()
        return b"".join(batch)

    def write(self, data: bytes) -> None:
        """Type something; never blocks, and is ignored when the program has ended."""
        with self._guard:
            self._typed += data
        self._poke()

    def resize(self, columns: int, rows: int) -> None:
        """Change the size."""
        with self._guard:
            if self._is_awake:
                resize(self._master, columns, rows)

    def close(self) -> None:
        """End the program: hang up, and insist where that does not help. Returns at once; `join` waits."""
        self._is_closing = True
        self._poke()

    def join(self, timeout: float | None = None) -> bool:
        """Wait until it is over; False when it is not within `timeout` seconds."""
        return self._is_over.wait(timeout)

    def _poke(self) -> None:
        with self._guard:
            if self._is_awake:
                with contextlib.suppress(BlockingIOError):  # it is awake anyway
                    os.write(self._wake, b"!")

    def _wait(self) -> None:
        self._process.wait()
        self._exited = time.monotonic()
        self._poke()

    def _serve(self) -> None:
        """Carry bytes until the program has ended, then release everything."""
        try:
            self._carry()
            if self._is_closing:
                self._hang_up()
        finally:
            with self._guard:
                self._is_awake = False
                for descriptor in (self._master, self._waking, self._wake):
                    os.close(descriptor)
            self._process.wait()
            self._is_over.set()
            self._on_ready()

    def _carry(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._waking, selectors.EVENT_READ)
            watched = 0
            while not self._is_closing:
                wanted = (selectors.EVENT_READ if self._pending < _MOST_PENDING else 0) | (
                    selectors.EVENT_WRITE if self._typed else 0
                )
                if wanted != watched:
                    self._watch(selector, watched, wanted)
                    watched = wanted
                overtime = time.monotonic() - self._exited
                ready = selector.select(_LAST_WORDS_SECONDS if overtime >= 0 else None)
                if watched & selectors.EVENT_READ and (not ready or overtime > _MOST_LAST_WORDS_SECONDS):
                    return  # it has ended, and others merely have its terminal open
                for key, events in ready:
                    if key.fd == self._waking:
                        os.read(self._waking, _READ_BYTES)
                        continue
                    if events & selectors.EVENT_WRITE:
                        self._send()
                    if events & selectors.EVENT_READ and not self._collect():
                        return

    def _watch(self, selector: selectors.BaseSelector, watched: int, wanted: int) -> None:
        if not wanted:
            selector.unregister(self._master)
        elif watched:
            selector.modify(self._master, wanted)
        else:
            selector.register(self._master, wanted)

    def _collect(self) -> bool:
        """Take what is there, up to the limit; False at the end."""
        while True:
            try:
                piece = os.read(self._master, _READ_BYTES)
            except BlockingIOError:
                return True
            except OSError as error:
                if error.errno == errno.EIO:  # nobody has the terminal open any more
                    return False
                raise
            if not piece:
                return False
            with self._guard:
                is_first = not self._collected
                self._collected.append(piece)
                self._pending += len(piece)
                is_full = self._pending >= _MOST_PENDING
            if is_first:
                self._on_ready()
            if is_full or self._is_closing or self._typed:
                return True

    def _send(self) -> None:
        with self._guard:
            waiting = bytes(self._typed[:_READ_BYTES])
        try:
            sent = os.write(self._master, waiting)
        except BlockingIOError:
            return
        except OSError:  # the program has ended; reading tells
            sent = len(waiting)
        with self._guard:
            del self._typed[:sent]

    def _hang_up(self) -> None:
        """End the program and what runs in the foreground of its terminal."""
        groups = {self._process.pid}
        with contextlib.suppress(OSError):
            foreground = os.tcgetpgrp(self._master)
            if foreground > 1:
                groups.add(foreground)
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
            for group in groups:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(group, number)
                    os.killpg(group, signal.SIGCONT)  # a stopped program cannot follow
            if self._has_ended_within(_PATIENCE_SECONDS):
                return

    def _has_ended_within(self, seconds: float) -> bool:
        """Wait for the program; what it still prints is dropped, so that it does not wait for a reader."""
        until = time.monotonic() + seconds
        while self._exited > (now := time.monotonic()) and now < until:
            with contextlib.suppress(OSError):
                while os.read(self._master, _READ_BYTES):
                    pass
            self._waiter.join(0.01)
        return self._exited <= time.monotonic()
