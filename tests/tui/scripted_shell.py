"""A shell that prints a script and never changes its mind: for pictures, which must not depend on times or installed programs."""

from __future__ import annotations

from collections.abc import Callable

from ramet.terminal.recorder import Recorder
from ramet_tui.widgets.terminal.environment import OpenedShell, ShellPlace

NONCE = "5eed"
PROMPT = "\x1b[36morchard\x1b[m \x1b[1;32m»\x1b[m "


def _mark(*fields: str) -> str:
    return f"\x1b]7717;{';'.join((NONCE, *fields))}\x07"


def prompt() -> str:
    """Return what a shell prints when it waits for a command."""
    return _mark("P", "/orchard") + PROMPT


def command(line: str, output: str, code: int = 0) -> str:
    """Return a prompt, a command line and what it printed; lines end in line feeds."""
    printed = output.replace("\n", "\r\n")
    return f"{started(line)}{printed}{_mark('D', str(code))}"


def started(line: str) -> str:
    """Return a prompt and a command that has begun."""
    encoded = line.replace("%", "%25").replace(";", "%3B")
    return f"{prompt()}{line}\r\n{_mark('C', '/orchard', encoded)}"


class ScriptedShell:
    """A `ShellOpener` and the terminal that it opens. Each command takes the next of `seconds`."""

    def __init__(self, script: str, *seconds: float, exit_code: int | None = None) -> None:
        self._script = script.encode()
        self._unread = b""
        self._clock = [0.0]
        for duration in seconds:
            self._clock += [self._clock[-1] + duration] * 2
        self.exit_code = exit_code
        self.is_busy = False
        self.typed = bytearray()

    def __call__(self, name: str, place: ShellPlace, columns: int, rows: int, on_ready: Callable[[], None]) -> OpenedShell:
        self._unread = self._script
        times = iter(self._clock)
        last = self._clock[-1]
        recorder = Recorder(name, NONCE, shell="zsh", folder="/orchard", stopwatch=lambda: next(times, last))
        return OpenedShell(self, recorder, "zsh", is_recordable=True)

    @property
    def is_over(self) -> bool:
        return self.exit_code is not None

    def read(self) -> bytes:
        unread, self._unread = self._unread, b""
        return unread

    def write(self, data: bytes) -> None:
        self.typed += data

    def resize(self, columns: int, rows: int) -> None:
        pass

    def close(self) -> None:
        pass

    def join(self, timeout: float | None = None) -> bool:
        return True
