"""One row of cells, and lines of the scrollback that nobody has looked at yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from ramet.terminal.protocol import Run, Style
from ramet.terminal.styles import DEFAULT, Pens
from ramet.terminal.widths import EMOJI_SELECTOR, ZERO_WIDTH_JOINER, is_widened_by_selector

SGR = re.compile("\x1b\\[([0-9;:]*)m")
_LONGEST_CELL = 32
"""Characters that one cell may combine; more are dropped, or marks could fill the memory."""


class Line:
    """A row as far as it was written: what is right of its last cell is blank and of the terminal's own colours.

    A character of two cells is followed by an empty cell. Combining characters share the cell of what they belong to.
    """

    __slots__ = ("chars", "is_mixed", "is_wrapped", "marks", "styles")

    def __init__(self, chars: list[str] | None = None, styles: list[Style] | None = None) -> None:
        self.chars: list[str] = [] if chars is None else chars
        self.styles: list[Style] = [] if styles is None else styles
        self.is_wrapped = False
        """The line goes on in the next row because it was too long."""
        self.is_mixed = False
        """Cells may hold more, or less, than one character."""
        self.marks: tuple[int, ...] = ()

    @classmethod
    def blank(cls, columns: int, style: Style) -> Line:
        """Return a row without text; with a background it is written as far as the screen goes."""
        return cls() if style is DEFAULT else cls([" "] * columns, [style] * columns)

    def write(self, column: int, text: str, style: Style) -> None:
        """Put characters of one cell each over what is there."""
        chars = self.chars
        missing = column - len(chars)
        if missing > 0:
            self._pad(missing)
        end = column + len(text)
        if self.is_mixed:
            self._cut(column)
            self._cut(end)
        chars[column:end] = text
        self.styles[column:end] = [style] * len(text)

    def write_wide(self, column: int, text: str, style: Style) -> None:
        """Put characters of two cells each over what is there."""
        self.write(column, text + text, style)
        end = column + 2 * len(text)
        self.chars[column:end:2] = text
        self.chars[column + 1 : end : 2] = [""] * len(text)
        self.is_mixed = True

    def combine(self, column: int, char: str) -> bool:
        """Add a character to the cell that ends in a column. Returns whether the cell must grow to two."""
        if column >= len(self.chars):
            return False
        while not self.chars[column] and column:
            column -= 1
        cell = self.chars[column]
        if not cell or len(cell) >= _LONGEST_CELL:
            return False
        is_narrow = column + 1 >= len(self.chars) or self.chars[column + 1] != ""
        self.chars[column] = cell + char
        self.is_mixed = True
        return char == EMOJI_SELECTOR and is_narrow and is_widened_by_selector(cell[0]) and not joins(cell)

    def joins(self, column: int) -> bool:
        """Whether the cell that ends in a column ends in a joiner, which takes the next character into it."""
        if column >= len(self.chars):
            return False
        while not self.chars[column] and column:
            column -= 1
        return joins(self.chars[column])

    def erase(self, start: int, end: int, wiped: Style, columns: int) -> None:
        """Blank cells from `start` up to `end`."""
        if self.is_mixed:
            self._cut(start)
            self._cut(end)
        if end >= columns:
            self.is_wrapped = False
        if end >= len(self.chars) and wiped is DEFAULT:
            del self.chars[start:]
            del self.styles[start:]
        elif end > start:
            self._pad(start - len(self.chars))
            self.chars[start:end] = [" "] * (end - start)
            self.styles[start:end] = [wiped] * (end - start)

    def insert(self, column: int, count: int, wiped: Style, columns: int) -> None:
        """Shift what is right of a column to the right; what leaves the screen is lost."""
        if column >= len(self.chars) and wiped is DEFAULT:
            return
        self._pad(column - len(self.chars))
        if self.is_mixed:
            self._cut(column)
            self._cut(columns - count)
        self.chars[column:column] = [" "] * count
        self.styles[column:column] = [wiped] * count
        del self.chars[columns:]
        del self.styles[columns:]

    def delete(self, column: int, count: int, wiped: Style, columns: int) -> None:
        """Remove cells and shift what is right of them to the left."""
        if self.is_mixed:
            self._cut(column)
            self._cut(column + count)
        self.is_wrapped = False
        if wiped is not DEFAULT:
            self._pad(columns - len(self.chars))
        del self.chars[column : column + count]
        del self.styles[column : column + count]
        if wiped is not DEFAULT:
            self.chars += [" "] * (columns - len(self.chars))
            self.styles += [wiped] * (columns - len(self.styles))

    def resize(self, columns: int) -> None:
        """Cut off what is right of the screen."""
        if len(self.chars) > columns:
            self._cut(columns)
            del self.chars[columns:]
            del self.styles[columns:]

    def runs(self) -> Sequence[Run]:
        """Return the cells, neighbours of one style together."""
        found = []
        start = 0
        chars = self.chars
        if self.is_mixed:
            # A joiner at the end of a cell would join the next one where this is drawn.
            chars = [cell.rstrip(ZERO_WIDTH_JOINER) if joins(cell) else cell for cell in chars]
        for style, group in groupby(self.styles):
            end = start + len(list(group))
            found.append(Run("".join(chars[start:end]), style, end - start))
            start = end
        return found

    def text(self) -> str:
        """Return the characters."""
        return "".join(self.chars)

    def _pad(self, missing: int) -> None:
        if missing > 0:
            self.chars += [" "] * missing
            self.styles += [DEFAULT] * missing

    def _cut(self, column: int) -> None:
        """Blank the character of two cells that a border between cells goes through."""
        if 0 < column < len(self.chars) and not self.chars[column]:
            self.chars[column - 1] = self.chars[column] = " "


def joins(cell: str) -> bool:
    """Whether a cell ends in a joiner that has joined nothing yet: of two joiners in a row the first takes the second."""
    return bool(cell) and cell[-1] == ZERO_WIDTH_JOINER and (len(cell) - len(cell.rstrip(ZERO_WIDTH_JOINER))) % 2 == 1


class RawLine(NamedTuple):
    """A line as the program printed it: characters of one cell and changes of style, nothing else."""

    style: Style
    """At its start."""
    raw: str

    def text(self) -> str:
        """Return the characters."""
        return SGR.sub("", self.raw) if "\x1b" in self.raw else self.raw

    def runs(self, pens: Pens) -> Sequence[Run]:
        """Return the characters, neighbours of one style together."""
        if "\x1b" not in self.raw:
            return [Run(self.raw, self.style, len(self.raw))] if self.raw else []
        return self.parsed(pens).runs()

    def parsed(self, pens: Pens) -> Line:
        """Return the cells."""
        if "\x1b" not in self.raw:
            return Line(list(self.raw), [self.style] * len(self.raw))
        line = Line()
        pen = pens.pen(self.style)
        for index, part in enumerate(SGR.split(self.raw)):
            if index % 2:
                pen = pens.after(pen, part)
            elif part:
                line.chars += part
                line.styles += [pen.style] * len(part)
        return line


def raw_line(line: RawLine | str) -> RawLine:
    """Return a raw line; a text alone is one in the terminal's own colours."""
    return line if isinstance(line, RawLine) else RawLine(DEFAULT, line)


HistoryLine = Line | RawLine
