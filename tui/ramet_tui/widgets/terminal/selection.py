"""A selected part of the emulator's rows, and its text. No widgets."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rich.cells import cell_len, get_character_cell_size

from ramet.terminal.protocol import Emulator

_WORD = re.compile(r"[\w./~@%+:=?&#-]+")
"""What a double click takes: file names and addresses are words."""

Cell = tuple[int, int]
"""Row and column."""


@dataclass(frozen=True)
class SelectedCells:
    """The cells between two ends, both included."""

    anchor: Cell
    end: Cell
    is_by_lines: bool = False

    @property
    def ordered(self) -> tuple[Cell, Cell]:
        """The first and the last cell."""
        return (self.anchor, self.end) if self.anchor <= self.end else (self.end, self.anchor)

    def shifted(self, rows: int) -> SelectedCells:
        """Return it as many rows further down."""
        (anchor_row, anchor), (end_row, end) = self.anchor, self.end
        return SelectedCells((anchor_row + rows, anchor), (end_row + rows, end), self.is_by_lines)

    def span(self, row: int, width: int) -> tuple[int, int] | None:
        """Return the cells of a row that are selected: start and one past the end."""
        (first_row, first), (last_row, last) = self.ordered
        if not first_row <= row <= last_row:
            return None
        if self.is_by_lines:
            return 0, width
        return (first if row == first_row else 0), (last + 1 if row == last_row else width)


def row_text(emulator: Emulator, row: int) -> str:
    """Return the characters of a row."""
    return "".join(run.text for run in emulator.runs(row))


def cut(text: str, start: int, end: int | None) -> str:
    """Return the characters of a row between two columns."""
    if text.isascii():
        return text[start:end]
    place, chosen = 0, []
    for char in text:
        if start <= place and (end is None or place < end):
            chosen.append(char)
        place += get_character_cell_size(char)
    return "".join(chosen)


def selected_text(emulator: Emulator, selected: SelectedCells, rows: list[int] | None = None) -> str:
    """Return the text of a selection, lines that were wrapped joined again; `rows` are those that are not folded away."""
    (first_row, _), (last_row, _) = selected.ordered
    parts = []
    for row in rows if rows is not None else range(first_row, last_row + 1):
        span = selected.span(row, emulator.columns)
        if span is None:
            continue
        text = cut(row_text(emulator, row), span[0], None if span[1] >= emulator.columns else span[1])
        is_joined = emulator.is_wrapped(row) and row != last_row
        parts.append(text if is_joined else f"{text.rstrip()}\n")
    return "".join(parts).removesuffix("\n")


def logical_line(emulator: Emulator, row: int) -> tuple[int, int]:
    """Return the first and the last row of the line that a row is part of."""
    first = last = row
    while first > emulator.first_row and emulator.is_wrapped(first - 1):
        first -= 1
    while emulator.is_wrapped(last):
        last += 1
    return first, last


def word_at(emulator: Emulator, cell: Cell) -> SelectedCells:
    """Return the word at a cell, as a double click selects it; a single cell between words."""
    row, column = cell
    text = row_text(emulator, row)
    for match in _WORD.finditer(text):
        start = cell_len(text[: match.start()])
        end = start + cell_len(match[0])
        if start <= column < end:
            return SelectedCells((row, start), (row, end - 1))
    return SelectedCells(cell, cell)


def line_at(emulator: Emulator, row: int) -> SelectedCells:
    """Return the whole line of a row."""
    first, last = logical_line(emulator, row)
    return SelectedCells((first, 0), (last, emulator.columns - 1), is_by_lines=True)
