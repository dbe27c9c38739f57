"""Another size: lines that were wrapped because they were too long are wrapped anew, and cursor and marks stay with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ramet.terminal.lines import HistoryLine, Line, RawLine
from ramet.terminal.protocol import Style
from ramet.terminal.screen import Screen
from ramet.terminal.styles import Pens

Place = tuple[int, int]
"""A row and a column; the column may be one past the last, where a character waits to wrap."""


def resize(screen: Screen, columns: int, rows: int) -> None:
    """Give the screen another size. The main buffer is wrapped anew, the alternate one is cut: its program draws it again."""
    if screen.is_alternate:
        saved = screen.saved.get(False)
        place = (min(saved.row, screen.rows - 1), saved.column + saved.is_wrapping) if saved else (0, 0)
        screen.other_lines, (row, column) = _resized_main(screen, screen.other_lines, place, columns, rows)
        screen.lines = _cut(screen.lines, columns, rows)
        if saved:
            kept = {"row": row, "column": min(column, columns - 1), "is_wrapping": column == columns}
            screen.saved[False] = msgspec.structs.replace(saved, **kept)
        row, column = screen.row, screen.column
    else:
        place = (screen.row, screen.column + screen.is_wrapping)
        screen.lines, (row, column) = _resized_main(screen, screen.lines, place, columns, rows)
        screen.other_lines = _cut(screen.other_lines, columns, rows)
    screen.columns, screen.rows = columns, rows
    screen.top, screen.bottom = 0, rows - 1
    screen.tabs.resize(columns)
    screen.row = min(row, rows - 1)
    screen.column = min(column, columns - 1)
    screen.is_wrapping = column == columns == len(screen.lines[screen.row].chars) and screen.wraps and not screen.is_alternate


def _cut(lines: list[Line], columns: int, rows: int) -> list[Line]:
    for line in lines:
        line.resize(columns)
    return lines[:rows] + [Line() for _ in range(rows - len(lines))]


def _resized_main(screen: Screen, lines: list[Line], place: Place, columns: int, rows: int) -> tuple[list[Line], Place]:
    """Return the rows of the main buffer and the place of the cursor in another size; the scrollback takes what is above."""
    row, column = place
    used = max(row + 1, *(index + 1 for index, line in enumerate(lines) if line.chars or line.marks), 0)
    above = list(screen.history)
    entries: list[HistoryLine] = [*above, *lines[:used]]
    places = [(len(above), 0), (len(above) + row, column)]
    if columns != screen.columns:
        entries, places = _wrapped_anew(entries, places, columns, screen.pens)
    (old_top, _), (cursor_row, cursor_column) = places
    top = max(0, len(entries) - rows)
    if used < len(lines):
        top = max(top, old_top)  # there were blank rows, so that nothing that has scrolled away may come back
    top = min(top, cursor_row)
    screen.history.restart(entries[:top])
    shown = [entry.parsed(screen.pens) if isinstance(entry, RawLine) else entry for entry in entries[top : top + rows]]
    return shown + [Line() for _ in range(rows - len(shown))], (cursor_row - top, cursor_column)


def _wrapped_anew(
    entries: list[HistoryLine], places: list[Place], columns: int, pens: Pens
) -> tuple[list[HistoryLine], list[Place]]:
    """Return the rows in another width, and where the places are now."""
    result: list[HistoryLine] = []
    moved = dict.fromkeys(places, (0, 0))
    for first, group in _whole_lines(entries):
        within = [place for place in moved if first <= place[0] < first + len(group)]
        if len(group) == 1 and _width(group[0]) <= columns and all(column <= columns for _, column in within):
            moved |= {place: (len(result), place[1]) for place in within}
            result.append(group[0])
            continue
        whole = _Whole([row.parsed(pens) if isinstance(row, RawLine) else row for row in group])
        offsets = {place: whole.starts[place[0] - first] + place[1] for place in within}
        wrapped = whole.wrapped(columns)
        moved |= {place: _place(offset, wrapped, columns, len(result)) for place, offset in offsets.items()}
        result += [line for _, line in wrapped]
    return result, [moved[place] for place in places]


def _whole_lines(entries: list[HistoryLine]) -> Iterator[tuple[int, list[HistoryLine]]]:
    """Yield the rows of each line that was wrapped together, with the index of the first."""
    first = 0
    for index, entry in enumerate(entries):
        if not (isinstance(entry, Line) and entry.is_wrapped) or index + 1 == len(entries):
            yield first, entries[first : index + 1]
            first = index + 1


def _width(entry: HistoryLine) -> int:
    return len(entry.chars) if isinstance(entry, Line) else len(entry.text())


def _place(offset: int, wrapped: Sequence[tuple[int, Line]], columns: int, first_row: int) -> Place:
    """Return the place of a cell that is so far into a line."""
    index = max(index for index, (start, _) in enumerate(wrapped) if start <= offset)
    return first_row + index, min(offset - wrapped[index][0], columns)


class _Whole:
    """A line of one row or more, put together again."""

    def __init__(self, rows: Sequence[Line]) -> None:
        self._chars: list[str] = []
        self._styles: list[Style] = []
        self._marks: list[tuple[int, tuple[int, ...]]] = []
        self._is_mixed = False
        self.starts: list[int] = []
        """How many cells precede each of its rows."""
        for row in rows:
            self._append(row)

    def _append(self, line: Line) -> None:
        start = len(self._chars)
        self.starts.append(start)
        self._chars += line.chars
        self._styles += line.styles
        self._is_mixed |= line.is_mixed
        if line.marks:
            self._marks.append((start, line.marks))

    def wrapped(self, columns: int) -> list[tuple[int, Line]]:
        """Return its rows in another width, each with how many cells precede it. Blanks at its end make no row of their own."""
        end = len(self._chars)
        while end > columns and self._chars[end - 1] == " ":
            end -= 1
        found: list[tuple[int, Line]] = []
        start = 0
        while start < end or not found:
            stop = min(start + columns, end)
            if stop < end and stop > start + 1 and not self._chars[stop]:
                stop -= 1  # a character of two cells does not fit any more
            line = Line(self._chars[start:stop], self._styles[start:stop])
            line.is_mixed = self._is_mixed
            line.is_wrapped = stop < end
            found.append((start, line))
            start = stop
        for offset, numbers in self._marks:
            line = next(line for start, line in reversed(found) if start <= offset)
            line.marks += numbers
        return found
