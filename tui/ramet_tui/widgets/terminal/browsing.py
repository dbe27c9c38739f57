"""The cursor that looks around in the output: moving it, and what it selects. No widgets."""

from __future__ import annotations

from typing import Literal

from rich.cells import cell_len

from ramet.terminal.protocol import Emulator
from ramet_tui.widgets.terminal.selection import Cell, SelectedCells, row_text
from ramet_tui.widgets.terminal.viewport import VisibleRows

Motion = Literal["up", "down", "left", "right", "page_up", "page_down", "start", "end", "top", "bottom"]


class BrowsingCursor:
    """Where the cursor is, and where a selection by keys began."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.anchor: Cell | None = None
        self.is_by_lines = False

    def move(self, motion: Motion, emulator: Emulator, visible: VisibleRows, height: int) -> None:
        """Carry out one motion."""
        row, column = self.cell
        steps = {"up": -1, "down": 1, "page_up": 1 - height, "page_down": height - 1}
        if motion in steps:
            index = min(max(visible.index(row) + steps[motion], 0), len(visible) - 1)
            row = visible.row(index)
        elif motion in ("top", "bottom"):
            row, column = visible.row(0 if motion == "top" else last_used(emulator, visible)), 0
        elif motion == "start":
            column = 0
        elif motion == "end":
            column = max(cell_len(row_text(emulator, row).rstrip()) - 1, 0)
        else:
            column = min(max(column + (1 if motion == "right" else -1), 0), emulator.columns - 1)
        self.cell = (row, column)

    def shift(self, rows: int) -> None:
        """Follow the text, whose rows are counted anew."""
        self.cell = (self.cell[0] + rows, self.cell[1])
        if self.anchor is not None:
            self.anchor = (self.anchor[0] + rows, self.anchor[1])

    def toggle_selection(self, *, by_lines: bool) -> None:
        """Begin to select at the cursor, or stop."""
        if self.anchor is not None and self.is_by_lines == by_lines:
            self.anchor = None
            return
        self.anchor = self.anchor or self.cell
        self.is_by_lines = by_lines

    @property
    def selected(self) -> SelectedCells | None:
        """What is selected by keys."""
        return None if self.anchor is None else SelectedCells(self.anchor, self.cell, self.is_by_lines)


def last_used(emulator: Emulator, visible: VisibleRows) -> int:
    """Return the index of the last row that holds something."""
    index = len(visible) - 1
    cursor = visible.index(emulator.cursor.row)
    while index > cursor and not row_text(emulator, visible.row(index)).strip():
        index -= 1
    return index
