"""The commands of one terminal: what is known of them, and which rows are theirs. No widgets."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ramet.models import CommandRun
from ramet.terminal.protocol import Emulator
from ramet.terminal.recorder import CommandFinished, CommandStarted, TerminalEvent

BlockState = Literal["running", "ok", "failed", "unknown"]
INTERRUPTED = 130
"""How a shell tells of a command that Ctrl-C ended; the user knows why."""
_PROMPT, _OUTPUT, _END, _KINDS = 0, 1, 2, 3
_MOST_BLOCKS = 2_000
_PROMPT_ROWS = 8
"""How far above its output a command line is looked for when the mark of its prompt is gone."""


@dataclass
class Block:
    """One command. Owned by the `Blocks` of its terminal; `run` is set when it was stored."""

    number: int
    command: str
    folder: str
    started: float
    """By the monotonic clock."""
    state: BlockState = "running"
    exit_code: int | None = None
    duration: float | None = None
    run: CommandRun | None = None
    """How it was stored; None as long as it was not."""
    is_folded: bool = False
    ends_mid_line: bool = False
    is_withheld: bool = False
    found: tuple[int, int, int] = field(default=(-1, -1, -1), repr=False)
    """Prompt and output rows that the row of the command line was looked up for, and that row."""

    @property
    def is_failure(self) -> bool:
        """Whether it failed, and not because the user ended it."""
        return self.state == "failed" and self.exit_code != INTERRUPTED


class BlockPlace(NamedTuple):
    """The rows of a block: its prompt begins at `prompt`, the command line at `command`, its output is output..end-1."""

    block: Block
    prompt: int
    command: int
    output: int
    end: int


class Blocks:
    """Follows what the recorder tells and marks the rows in the emulator, which moves the marks with their text."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._blocks: dict[int, Block] = {}
        self._last = 0
        self._places: list[BlockPlace] = []
        self._places_of: tuple[int, int] = (-1, -1)
        self._changes = 0

    @property
    def running(self) -> Block | None:
        """The command that runs."""
        block = self._blocks.get(self._last)
        return block if block is not None and block.state == "running" else None

    @property
    def last(self) -> Block | None:
        """The newest command."""
        return self._blocks.get(self._last)

    def handle(self, event: TerminalEvent) -> Block | None:
        """Take what the recorder tells; return the block that it is about."""
        self._changes += 1
        mark = self._emulator.mark
        if isinstance(event, CommandStarted):
            mark(event.number * _KINDS + _OUTPUT)
            self._blocks[event.number] = started = Block(event.number, event.command, event.folder, time.monotonic())
            self._last = event.number
            self._prune()
            return started
        if not isinstance(event, CommandFinished):
            mark((self._last + 1) * _KINDS + _PROMPT)
            return None
        block = self._blocks.get(event.number)
        if block is None:
            return None
        mark(event.number * _KINDS + _END)
        block.ends_mid_line = self._emulator.cursor.column > 0
        block.exit_code, block.duration = event.exit_code, event.duration
        block.state = "unknown" if event.exit_code is None else "failed" if event.exit_code else "ok"
        block.is_withheld = event.recording is None
        if block.is_withheld and not block.command and event.exit_code is None:
            del self._blocks[event.number]  # nothing was run: Ctrl-C at a prompt
            return None
        return block

    def _prune(self) -> None:
        if len(self._blocks) > _MOST_BLOCKS:
            for number in list(self._blocks)[: _MOST_BLOCKS // 10]:
                del self._blocks[number]

    def changed(self) -> None:
        """Say that a block was changed from outside."""
        self._changes += 1

    def places(self) -> list[BlockPlace]:
        """Return where the blocks are that still have rows, in the order of the rows."""
        present = (self._emulator.revision, self._changes)
        if present != self._places_of:
            self._places = list(self._located())
            self._places_of = present
        return self._places

    def _located(self) -> Iterator[BlockPlace]:
        emulator = self._emulator
        marks = emulator.marks()
        cursor = emulator.cursor.row + 1
        for number, block in self._blocks.items():
            output = marks.get(number * _KINDS + _OUTPUT)
            if output is None:
                continue
            prompt = marks.get(number * _KINDS + _PROMPT, -1)
            end = marks.get(number * _KINDS + _END)
            end = cursor if end is None else end + block.ends_mid_line
            following = marks.get((number + 1) * _KINDS + _PROMPT)
            if following is not None and block.state != "running":
                end = min(end, following)
            command = self._command_row(block, prompt, output)
            yield BlockPlace(block, command if prompt < 0 else prompt, command, output, max(end, output))

    def _command_row(self, block: Block, prompt: int, output: int) -> int:
        if block.found[:2] == (prompt, output):
            return block.found[2]
        first = max(output - _PROMPT_ROWS if prompt < 0 else prompt, self._emulator.first_row)
        words = block.command.split("\n", 1)[0].strip()[:24]
        row = max(output - 1, first)
        if words:
            for candidate in range(first, output):
                if words in self._emulator.text(candidate, candidate):
                    row = candidate
                    break
        block.found = (prompt, output, row)
        return row

    def at(self, row: int) -> BlockPlace | None:
        """Return the block that a row belongs to."""
        places = self.places()
        index = bisect_right(places, row, key=lambda place: place.prompt) - 1
        if index < 0 or row >= max(places[index].end, places[index].output):
            return None
        return places[index]

    def next_to(self, row: int, step: int) -> BlockPlace | None:
        """Return the nearest block whose command line is below a row (`step` 1) or above it (-1)."""
        places = self.places()
        if step > 0:
            return next((place for place in places if place.command > row), None)
        return next((place for place in reversed(places) if place.command < row), None)

    def hidden(self) -> list[tuple[int, int]]:
        """Return the rows that folding hides: first and last of each range, in order."""
        return [(place.output, place.end - 1) for place in self.places() if place.block.is_folded and place.end > place.output]
