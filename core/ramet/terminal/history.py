"""The scrollback: a bounded number of lines that have left the screen at its top."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from ramet.terminal.lines import HistoryLine, Line, RawLine, raw_line


class History:
    """Lines by the number of their row; the oldest ones are dropped."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lines: deque[Line | RawLine | str] = deque(maxlen=limit)
        """Raw lines in the terminal's own colours are kept as their text alone: there may be millions of them a second."""
        self._marks: dict[int, int] = {}
        self.end = 0
        """One past the last row, which is where the screen begins."""

    @property
    def first(self) -> int:
        """The oldest row."""
        return self.end - len(self._lines)

    @property
    def marks(self) -> dict[int, int]:
        """The rows of the marks that are still kept."""
        first = self.first
        return {number: row for number, row in self._marks.items() if row >= first}

    def __iter__(self) -> Iterator[HistoryLine]:
        return map(_normal, self._lines)

    def line(self, row: int) -> HistoryLine:
        """Return the line of a row between `first` and `end`."""
        return _normal(self._lines[row - self.first])

    def push(self, line: Line) -> None:
        """Take a line that has left the screen."""
        if line.marks:
            self._keep_marks(line.marks)
        self._lines.append(line)
        self.end += 1

    def push_unmarked(self, lines: Sequence[Line | RawLine | str]) -> None:
        """Take lines without marks; texts are in the terminal's own colours."""
        self._lines.extend(lines[-self._limit :] if self._limit else ())
        self.end += len(lines)

    def restart(self, lines: Iterable[HistoryLine]) -> None:
        """Take other lines in place of the present ones, and count rows anew."""
        self._lines.clear()
        self._marks.clear()
        self.end = 0
        for line in lines:
            if isinstance(line, Line):
                self.push(line)
            else:
                self.push_unmarked([line])

    def clear(self) -> None:
        """Drop all lines; rows keep their numbers."""
        self._lines.clear()
        self._marks.clear()

    def forget(self, mark: int) -> None:
        """Drop a mark that is set elsewhere now."""
        row = self._marks.pop(mark, -1)
        if row >= self.first:
            line = self.line(row)
            if isinstance(line, Line):
                line.marks = tuple(kept for kept in line.marks if kept != mark)

    def _keep_marks(self, numbers: tuple[int, ...]) -> None:
        first = self.first
        if len(self._marks) > 2 * len(self._lines) + 64:
            self._marks = {number: row for number, row in self._marks.items() if row >= first}
        for number in numbers:
            self._marks[number] = self.end


def _normal(line: Line | RawLine | str) -> HistoryLine:
    return line if isinstance(line, Line) else raw_line(line)
