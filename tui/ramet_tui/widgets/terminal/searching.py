"""Finding text in what a terminal shows and in its scrollback. No widgets."""

from __future__ import annotations

import re

from rich.cells import cell_len

from ramet.terminal.protocol import Emulator
from ramet_tui.widgets.terminal.selection import SelectedCells

MOST_MATCHES = 10_000


def find_text(emulator: Emulator, wanted: str) -> list[SelectedCells]:
    """Return where a text stands, from top to bottom; capital letters are told apart only where it has some."""
    if not wanted:
        return []
    pattern = re.compile(re.escape(wanted), 0 if any(char.isupper() for char in wanted) else re.IGNORECASE)
    found: list[SelectedCells] = []
    end = emulator.screen_top + emulator.rows
    row = emulator.first_row
    while row < end and len(found) < MOST_MATCHES:
        last = row
        while emulator.is_wrapped(last) and last < end - 1:
            last += 1
        found += _in_line(emulator, row, last, pattern)
        row = last + 1
    return found[:MOST_MATCHES]


def _in_line(emulator: Emulator, first: int, last: int, pattern: re.Pattern[str]) -> list[SelectedCells]:
    text = emulator.text(first, last)
    width = emulator.columns
    found = []
    for match in pattern.finditer(text):
        start, end = cell_len(text[: match.start()]), cell_len(text[: match.end()]) - 1
        found.append(SelectedCells((first + start // width, start % width), (first + end // width, end % width)))
    return found
