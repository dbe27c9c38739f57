"""Connects the terminal of this process with a program on a terminal of its own, byte by byte."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import termios
import tty
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from ramet.terminal.pty import exit_code_of, resize

_READ_BYTES = 65_536
_MOST_TYPED = 65_536
"""Bytes that wait for a program that does not read; then nothing more is read from the keyboard."""
_LAST_WORDS_SECONDS = 0.05
"""Silence after the end of the program that ends the connection, although others still have its terminal open."""
_INPUT, _OUTPUT = 0, 1
_PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2)

Handler = Callable[[int, FrameType | None], object]


def terminal_size() -> tuple[int, int]:
    """Return columns and rows of the terminal of this process."""
    size = os.get_terminal_size(_OUTPUT)
    return size.columns, size.lines


def pass_through(process: subprocess.Popen[bytes], master: int, shown: Callable[[bytes], bytes]) -> int:
    """Carry bytes until the program has ended; return its exit code. `shown` gets its output and returns what is printed.

    The terminal is restored whatever happens. Closes `master`.
    """

    def fit(number: int, frame: FrameType | None) -> None:
        resize(master, *terminal_size())

    def pass_on(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)

    os.set_blocking(master, False)
    handlers: dict[int, Handler] = {signal.SIGWINCH: fit, **dict.fromkeys(_PASSED_ON, pass_on)}
    try:
        with _raw_terminal(), handling(handlers), _waking() as wake:
            fit(0, None)  # it may have changed since the start
            _carry(process, master, shown, wake)
    finally:
        os.close(master)  # hangs up what still runs there
        code = process.wait()
    return exit_code_of(code)


@contextmanager
def _raw_terminal() -> Iterator[None]:
    saved = termios.tcgetattr(_INPUT)
    tty.setraw(_INPUT, termios.TCSADRAIN)
    try:
        yield
    finally:
        termios.tcsetattr(_INPUT, termios.TCSADRAIN, saved)


@contextmanager
def handling(handlers: Mapping[int, Handler | int]) -> Iterator[None]:
    """Handle signals for a while as given; afterwards as before."""
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _waking() -> Iterator[int]:
    """Give a descriptor that becomes readable with a signal, the end of a child included."""
    reading, writing = os.pipe()
    for descriptor in (reading, writing):
        os.set_blocking(descriptor, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        with handling({signal.SIGCHLD: lambda number, frame: None}):
            yield reading
    finally:
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)


def _carry(process: subprocess.Popen[bytes], master: int, shown: Callable[[bytes], bytes], wake: int) -> None:
    typed = bytearray()
    has_keyboard = True
    while True:
        has_ended = process.poll() is not None
        reading = [master, wake, *([_INPUT] if has_keyboard and len(typed) < _MOST_TYPED else [])]
        ready, writable, _ = select.select(reading, [master] if typed else [], [], _LAST_WORDS_SECONDS if has_ended else None)
        if wake in ready:
            os.read(wake, _READ_BYTES)
        if master in ready:
            output, is_over = _available(master)
            if output:
                _print(shown(output))
            if is_over:
                return
        elif has_ended:
            return
        if _INPUT in ready:
            keys = _keys()
            typed += keys
            if not keys:  # the terminal is gone
                has_keyboard = False
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGHUP)
        if writable:
            with contextlib.suppress(OSError):  # at its end, reading tells
                del typed[: os.write(master, typed)]


def _available(master: int) -> tuple[bytes, bool]:
    """Return what can be read at once, and whether that is all there will ever be."""
    pieces: list[bytes] = []
    size = 0
    while size < _READ_BYTES:
        try:
            piece = os.read(master, _READ_BYTES)
        except BlockingIOError:
            break
        except OSError:  # nobody has the terminal open any more
            return b"".join(pieces), True
        if not piece:
            return b"".join(pieces), True
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces), False


def _keys() -> bytes:
    """Return what was typed; empty when the terminal is gone."""
    try:
        return os.read(_INPUT, _READ_BYTES)
    except OSError:
        return b""


def _print(data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(_OUTPUT, view) :]
        except BlockingIOError:  # somebody shares the terminal and made it so
            select.select([], [_OUTPUT], [])
