"""Cuts the output of a shell into command blocks; it stands ahead of the emulator and keeps the marks away from it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

from msgspec import Struct

from ramet.models import CommandRecording
from ramet.paths import path_to_text
from ramet.terminal.kept import HeadAndTail
from ramet.terminal.marks import AlternateScreen, Found, Mark, MarkScanner, PublicMark, decoded

HEAD_BYTES = 256 * 1024
TAIL_BYTES = 768 * 1024
"""What is kept of a command's output: how it began, and more of how it ended."""
_BACKSLASHED = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(\\))")


class PromptStarted(Struct, frozen=True):
    """The shell waits for a command."""

    folder: str
    """Where; absolute, in the text form of `ramet.paths`."""


class CommandStarted(Struct, frozen=True):
    """A command runs from here on; `number` counts the commands of this terminal from 1."""

    number: int
    command: str
    """Empty where it is withheld (a leading space) or not known."""
    folder: str


class CommandFinished(Struct, frozen=True):
    """A command has ended."""

    number: int
    exit_code: int | None
    """None where no integration told it: the shell was replaced, or the connection ended."""
    duration: float
    """In seconds."""
    recording: CommandRecording | None
    """None for a command that is withheld."""


TerminalEvent = PromptStarted | CommandStarted | CommandFinished


class CommandOutput:
    """What a single command prints on a terminal of its own, without what it draws on the alternate screen."""

    def __init__(self) -> None:
        self.output = HeadAndTail(HEAD_BYTES, TAIL_BYTES)
        self.is_full_screen = False
        self._is_alternate = False
        self._scanner = MarkScanner("")

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes and return what goes to the screen."""
        pieces = []
        for part in self._scanner.feed(data):
            if isinstance(part, bytes):
                pieces.append(part)
                if not self._is_alternate:
                    self.output.add(part)
            elif isinstance(part, AlternateScreen):
                pieces.append(part.raw)
                self._is_alternate = part.is_shown
                self.is_full_screen = self.is_full_screen or part.is_shown
            elif isinstance(part, PublicMark):
                pieces.append(part.raw)
        return b"".join(pieces)


class _Block:
    """The command that runs."""

    def __init__(self, number: int, command: str, folder: str, *, is_withheld: bool, started: float, at: float) -> None:
        self.number = number
        self.command = command
        self.folder = folder
        self.is_withheld = is_withheld
        self.started = started
        self.at = at
        self.output = HeadAndTail(HEAD_BYTES, TAIL_BYTES)
        self.has_printed = False
        self.is_output_over = False
        self.is_full_screen = False


class Recorder:
    """Records the commands of one terminal. Owned by whoever reads that terminal; one thread at a time."""

    def __init__(
        self,
        terminal: str,
        nonce: str,
        *,
        shell: str = "",
        folder: str = "",
        clock: Callable[[], float] = time.time,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the terminal's name, the nonce of its shell's marks, and the folder that it starts in."""
        self._terminal = terminal
        self._shell = shell
        self._folder = folder
        self._clock = clock
        self._stopwatch = stopwatch
        self._scanner = MarkScanner(nonce)
        self._block: _Block | None = None
        self._number = 0
        self._is_alternate = False
        self._is_integrated = False
        """Whether a mark with the nonce has come; from then on nobody else is believed."""
        self._announced = ""
        """The command line that an OSC 633 has named."""

    @property
    def folder(self) -> str:
        """Where the shell is, as far as it told."""
        return self._folder

    def feed(self, data: bytes) -> Iterator[bytes | TerminalEvent]:
        """Take what the terminal printed, cut anywhere; yield the bytes for the screen, and events where they belong."""
        for part in self._scanner.feed(data):
            if isinstance(part, bytes):
                self._keep(part)
                yield part
                continue
            if not isinstance(part, Mark):
                yield part.raw
            yield from self._found(part)

    def finish(self) -> Iterator[bytes | TerminalEvent]:
        """Say that the terminal is over: what was held back is yielded, and a command that runs ends without an exit code."""
        rest = self._scanner.rest()
        if rest:
            self._keep(rest)
            yield rest
        yield from self._end(None)

    def _keep(self, piece: bytes) -> None:
        block = self._block
        if block is not None and not self._is_alternate and not block.is_output_over:
            block.output.add(piece)
            block.has_printed = True

    def _found(self, found: Found) -> Iterator[TerminalEvent]:
        if isinstance(found, AlternateScreen):
            self._is_alternate = found.is_shown
            if self._block is not None and found.is_shown:
                self._block.is_full_screen = True
        elif isinstance(found, Mark):
            self._is_integrated = True
            yield from self._own(found.kind, found.fields)
        elif not self._is_integrated:
            yield from self._public(found)

    def _own(self, kind: str, fields: tuple[bytes, ...]) -> Iterator[TerminalEvent]:
        if kind in ("C", "W") and fields:
            yield from self._end(None)
            self._folder = path_to_text(fields[0])
            command = fields[1].decode("utf-8", "replace") if kind == "C" and len(fields) > 1 else ""
            yield self._begin(command, is_withheld=kind == "W")
        elif kind == "E" and self._block is not None:
            self._block.is_output_over = True
        elif kind == "D":
            yield from self._end(_number(fields[0]) if fields else None)
        elif kind == "P":
            yield from self._end(None)
            self._folder = path_to_text(fields[0]) if fields else self._folder
            yield PromptStarted(self._folder)

    def _public(self, mark: PublicMark) -> Iterator[TerminalEvent]:
        """Follow the marks of a shell that has its own integration and not ours."""
        kind, _, rest = mark.text.partition(b";")
        if mark.number in (b"7", b"1337"):
            self._folder = _folder_of(mark.text) or self._folder
        elif kind == b"A":
            yield from self._end(None)
            yield PromptStarted(self._folder)
        elif kind == b"C":
            yield from self._end(None)
            yield self._begin(self._announced, is_withheld=False)
            self._announced = ""
        elif kind == b"D":
            yield from self._end(_number(rest.split(b";")[0]))
        elif mark.number == b"633" and kind == b"E":
            self._announced = _unbackslashed(rest.split(b";")[0]).decode("utf-8", "replace")
        elif mark.number == b"633" and kind == b"P" and rest.startswith(b"Cwd="):
            self._folder = path_to_text(_unbackslashed(rest[len(b"Cwd=") :]))

    def _begin(self, command: str, *, is_withheld: bool) -> CommandStarted:
        self._number += 1
        self._block = _Block(
            self._number, command, self._folder, is_withheld=is_withheld, started=self._clock(), at=self._stopwatch()
        )
        return CommandStarted(self._number, command, self._folder)

    def _end(self, exit_code: int | None) -> Iterator[CommandFinished]:
        block, self._block = self._block, None
        if block is None:
            return
        self._is_alternate = False
        duration = self._stopwatch() - block.at
        is_phantom = not block.command and not block.has_printed and exit_code is None
        recording = None
        if not block.is_withheld and not is_phantom:
            kept = block.output.kept()
            recording = CommandRecording(
                terminal=self._terminal,
                command=block.command,
                folder=block.folder,
                exit_code=exit_code,
                started=block.started,
                duration=duration,
                head=kept.head,
                tail=kept.tail,
                omitted=kept.omitted,
                omitted_lines=kept.omitted_lines,
                is_full_screen=block.is_full_screen,
                shell=self._shell,
            )
        yield CommandFinished(block.number, exit_code, duration, recording)


def _number(text: bytes) -> int | None:
    return int(text) if text.isdigit() and len(text) <= 10 else None


def _unbackslashed(text: bytes) -> bytes:
    return _BACKSLASHED.sub(lambda match: bytes((int(match[1], 16),)) if match[1] else b"\\", text)


def _folder_of(text: bytes) -> str:
    """Return the folder that an OSC 7 (`file://HOST/PATH`) or 1337 (`CurrentDir=PATH`) names; empty when it names none."""
    if text.startswith(b"CurrentDir="):
        path = text.removeprefix(b"CurrentDir=")
    elif text.startswith(b"file://"):
        path = b"/" + decoded(text.removeprefix(b"file://").partition(b"/")[2])
    else:
        return ""
    return path_to_text(path) if path.startswith(b"/") else ""
