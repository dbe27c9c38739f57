"""The screen: two buffers of lines, a cursor, and what control functions do to them.

Sources: ECMA-48, the VT220 and VT510 manuals and xterm's ctlseqs.txt. Where they leave something open it is done as xterm
does it; exceptions are named. Columns and rows are counted from 0 here.
"""

from __future__ import annotations

import msgspec

from ramet.terminal.history import History
from ramet.terminal.lines import Line
from ramet.terminal.styles import Pen, Pens
from ramet.terminal.tabs import TabStops
from ramet.terminal.widths import width


class SavedCursor(msgspec.Struct, frozen=True):
    """What `ESC 7` keeps and `ESC 8` brings back."""

    row: int
    column: int
    is_wrapping: bool
    pen: Pen
    is_origin: bool
    charsets: tuple[str, ...] = ("B", "B", "B", "B")
    active_charset: int = 0


class Screen:
    """What is shown, and the scrollback above it."""

    def __init__(self, columns: int, rows: int, history: History, pens: Pens) -> None:
        self.columns = columns
        self.rows = rows
        self.history = history
        self.pens = pens
        self.lines = [Line() for _ in range(rows)]
        self.other_lines = [Line() for _ in range(rows)]
        """Of the buffer that is not shown."""
        self.is_alternate = False
        self.reset()

    def reset(self) -> None:
        """Set everything but the text and the buffers as it was at the start."""
        self.row = self.column = 0
        self.is_wrapping = False
        """The last column is written, and the next character goes to the next row."""
        self.pen = self.pens.default
        self.top, self.bottom = 0, self.rows - 1
        self.is_origin = False
        self.is_inserting = False
        self.wraps = True
        self.starts_lines = False
        """A line feed returns the carriage, too."""
        self.charsets: tuple[str, ...] = ("B", "B", "B", "B")
        self.active_charset = 0
        self.saved: dict[bool, SavedCursor] = {}
        """By whether it was saved in the alternate buffer."""
        self.tabs = TabStops(self.columns)
        self.last_char = ""

    def soft_reset(self) -> None:
        """Set back what keeps a shell from working, and leave the text and the cursor alone (DECSTR)."""
        self.pen = self.pens.default
        self.top, self.bottom = 0, self.rows - 1
        self.is_origin = self.is_inserting = False
        self.wraps = True
        self.charsets = ("B", "B", "B", "B")
        self.active_charset = 0
        self.saved.pop(self.is_alternate, None)

    def clear_other(self) -> None:
        """Blank the buffer that is not shown."""
        self.other_lines = [Line() for _ in range(self.rows)]

    # Writing

    def write(self, text: str) -> None:
        """Write characters of one cell each."""
        if self.is_inserting:
            self._write_inserting(text)
            return
        column = self.column
        if column and self.lines[self.row].is_mixed and self._join_first(text[0]):
            text = text[1:]
            column = self.column
            if not text:
                return
        self.last_char = text[-1]
        room = self.columns - column
        while True:
            if self.is_wrapping:
                self._wrap()
                column, room = 0, self.columns
            size = len(text)
            if size < room:
                self.lines[self.row].write(column, text, self.pen.style)
                self.column = column + size
                break
            part = text[:room]
            if size > room and not self.wraps:
                part = part[:-1] + text[-1]
            self.lines[self.row].write(column, part, self.pen.style)
            self.column = self.columns - 1
            if not self.wraps:
                break
            self.is_wrapping = True
            text = text[room:]
            if not text:
                break

    def write_wide(self, text: str) -> None:
        """Write characters of two cells each."""
        while text:
            fitting = (self.columns - self.column - 1) // 2
            joins = self.column and self.lines[self.row].is_mixed and self._joins()
            if fitting < 1 or joins or self.is_wrapping or self.is_inserting:
                self.write_one(text[0])
                text = text[1:]
                continue
            part, text = text[:fitting], text[fitting:]
            self.lines[self.row].write_wide(self.column, part, self.pen.style)
            self.column += 2 * len(part)
            self.last_char = part[-1]

    def write_one(self, char: str) -> None:
        """Write a character of any width."""
        if self.column and self.lines[self.row].is_mixed and self._join_first(char):
            return
        cells = width(char)
        if cells == 0:
            self._combine(char)
        elif cells == 1:
            self.write(char)
        elif self.columns > 1:
            self._write_wide(char)

    def repeat(self, count: int) -> None:
        """Write the last character again, at most a screenful of times."""
        if not self.last_char:
            return
        count = min(count, self.columns * self.rows)
        if width(self.last_char) == 1:
            self.write(self.last_char * count)
            return
        for _ in range(count):
            self.write_one(self.last_char)

    def _write_wide(self, char: str) -> None:
        if self.is_wrapping or (self.column == self.columns - 1 and self.wraps):
            self._wrap()
        if self.column == self.columns - 1:
            return
        line = self.lines[self.row]
        if self.is_inserting:
            line.insert(self.column, 2, self.pen.wiped, self.columns)
        line.write_wide(self.column, char, self.pen.style)
        self._advance(2)
        self.last_char = char

    def _write_inserting(self, text: str) -> None:
        for char in text:
            if self.is_wrapping:
                self._wrap()
            line = self.lines[self.row]
            line.insert(self.column, 1, self.pen.wiped, self.columns)
            line.write(self.column, char, self.pen.style)
            self._advance(1)
        self.last_char = text[-1]

    def _advance(self, cells: int) -> None:
        self.column += cells
        if self.column >= self.columns:
            self.column = self.columns - 1
            self.is_wrapping = self.wraps

    def _wrap(self) -> None:
        self.lines[self.row].is_wrapped = True
        self.line_feed()
        self.column = 0

    def _last_written(self) -> int:
        """The column before the cursor, or -1."""
        return self.column if self.is_wrapping else self.column - 1

    def _joins(self) -> bool:
        """Whether the cell before the cursor ends in a joiner."""
        column = self._last_written()
        return column >= 0 and self.lines[self.row].joins(column)

    def _join_first(self, char: str) -> bool:
        """Put a character into the cell before the cursor if that ends in a joiner. Returns whether it did."""
        if not self._joins():
            return False
        self.lines[self.row].combine(self._last_written(), char)
        return True

    def _combine(self, char: str) -> None:
        column = self._last_written()
        line = self.lines[self.row]
        if column < 0 or not line.combine(column, char):
            return
        if self.is_wrapping or column + 1 >= self.columns:
            line.chars[column] = line.chars[column][:-1]  # there is no room to grow
            return
        style = line.styles[column]
        cell = line.chars[column]
        line.write_wide(column, "?", style)
        line.chars[column] = cell
        self._advance(1)

    # Moving

    def move_to(self, row: int, column: int) -> None:
        """Move the cursor, in origin mode counted from the top margin and inside the margins. Neither number is negative."""
        if self.is_origin:
            self.row = max(self.top, min(self.top + row, self.bottom))
        else:
            self.row = row if row < self.rows else self.rows - 1
        self.column = column if column < self.columns else self.columns - 1
        self.is_wrapping = False

    def to_column(self, column: int) -> None:
        """Move the cursor in its row; a column beyond its ends means the end."""
        self.column = 0 if column < 0 else column if column < self.columns else self.columns - 1
        self.is_wrapping = False

    def up(self, count: int) -> None:
        """Move up, not past the top margin."""
        self.row = max(self.row - count, self.top if self.row >= self.top else 0)
        self.is_wrapping = False

    def down(self, count: int) -> None:
        """Move down, not past the bottom margin."""
        self.row = min(self.row + count, self.bottom if self.row <= self.bottom else self.rows - 1)
        self.is_wrapping = False

    def tab(self, count: int) -> None:
        """Move to a later tab stop; a character that waits to wrap still does."""
        if not self.is_wrapping:
            self.column = self.tabs.after(self.column, count, self.columns)

    def back_tab(self, count: int) -> None:
        """Move to an earlier tab stop."""
        self.to_column(self.tabs.before(self.column, count))

    def line_feed(self) -> None:
        """Move to the next row; at the bottom margin scroll."""
        if self.row == self.bottom:
            self.scroll_up(1)
        elif self.row < self.rows - 1:
            self.row += 1
        self.is_wrapping = False

    def reverse_line_feed(self) -> None:
        """Move to the row above; at the top margin scroll down."""
        if self.row == self.top:
            self.scroll_down(1)
        elif self.row:
            self.row -= 1
        self.is_wrapping = False

    def set_margins(self, top: int, bottom: int) -> None:
        """Set which rows scroll; what makes no sense is ignored."""
        bottom = min(bottom, self.rows - 1)
        if 0 <= top < bottom:
            self.top, self.bottom = top, bottom
            self.move_to(0, 0)

    # Scrolling

    def scroll_up(self, count: int) -> None:
        """Scroll between the margins; what leaves the top of the main buffer becomes scrollback."""
        self._shift_up(self.top, count, keeps=self.top == 0 and not self.is_alternate)

    def scroll_down(self, count: int) -> None:
        """Scroll back between the margins: blank lines come in at the top."""
        self._shift_down(self.top, count)

    def insert_lines(self, count: int) -> None:
        """Shift the cursor's row and those below it down."""
        if self.top <= self.row <= self.bottom:
            self._shift_down(self.row, count)
            self.to_column(0)

    def delete_lines(self, count: int) -> None:
        """Remove the cursor's row and those below it, and shift up what follows."""
        if self.top <= self.row <= self.bottom:
            self._shift_up(self.row, count, keeps=False)
            self.to_column(0)

    def _shift_up(self, first: int, count: int, keeps: bool) -> None:
        lines, bottom = self.lines, self.bottom
        for _ in range(min(count, bottom - first + 1)):
            gone = lines.pop(first)
            if keeps:
                self.history.push(gone)
            lines.insert(bottom, Line.blank(self.columns, self.pen.wiped))

    def _shift_down(self, first: int, count: int) -> None:
        lines, bottom = self.lines, self.bottom
        for _ in range(min(count, bottom - first + 1)):
            lines.pop(bottom)
            lines.insert(first, Line.blank(self.columns, self.pen.wiped))

    # Erasing and shifting cells

    def erase_in_line(self, kind: int) -> None:
        """Blank the row right of the cursor (0), left of it (1) or all of it (2)."""
        line = self.lines[self.row]
        start = self.column if kind == 0 else 0
        end = self.column + 1 if kind == 1 else self.columns
        if kind == 0 and self.is_wrapping:
            return  # nothing is right of the cursor. xterm blanks the last character here, which loses output of grep and gcc
        if kind in (0, 1, 2):
            line.erase(start, end, self.pen.wiped, self.columns)
            self.is_wrapping = False

    def erase_in_display(self, kind: int) -> None:
        """Blank the screen below the cursor (0), above it (1) or all of it (2), or drop the scrollback (3)."""
        if kind == 3:
            if not self.is_alternate:
                self.history.clear()
        elif kind == 2 or (kind == 0 and self.row == self.column == 0 and not self.is_wrapping):
            self._clear()
        elif kind == 0:
            self.erase_in_line(0)
            self._blank(self.row + 1, self.rows)
        elif kind == 1:
            self._blank(0, self.row)
            self.erase_in_line(1)

    def _clear(self) -> None:
        """Blank all rows. Those of the main buffer become scrollback first, as in tmux: clearing the screen loses no output."""
        if not self.is_alternate:
            for line in self.lines[: self.used_rows()]:
                self.history.push(line)
        self._blank(0, self.rows)
        self.is_wrapping = False

    def used_rows(self) -> int:
        """Return how many rows there are down to the last one with text or a mark."""
        return next((row + 1 for row in range(self.rows - 1, -1, -1) if self.lines[row].chars or self.lines[row].marks), 0)

    def _blank(self, first: int, end: int) -> None:
        for row in range(first, end):
            self.lines[row] = Line.blank(self.columns, self.pen.wiped)

    def erase_cells(self, count: int) -> None:
        """Blank cells from the cursor on."""
        end = min(self.column + count, self.columns)
        self.lines[self.row].erase(self.column, end, self.pen.wiped, self.columns)
        self.is_wrapping = False

    def insert_cells(self, count: int) -> None:
        """Shift what is right of the cursor to the right."""
        count = min(count, self.columns - self.column)
        self.lines[self.row].insert(self.column, count, self.pen.wiped, self.columns)
        self.is_wrapping = False

    def delete_cells(self, count: int) -> None:
        """Remove cells from the cursor on and shift what follows to the left."""
        count = min(count, self.columns - self.column)
        self.lines[self.row].delete(self.column, count, self.pen.wiped, self.columns)
        self.is_wrapping = False

    def align(self) -> None:
        """Fill the screen with E, by which the adjustment of tubes was checked (DECALN)."""
        self.top, self.bottom = 0, self.rows - 1
        for row in range(self.rows):
            self.lines[row] = Line(["E"] * self.columns, [self.pens.default.style] * self.columns)
        self.move_to(0, 0)

    # Cursors and buffers

    def save_cursor(self) -> None:
        """Keep where and how the program writes."""
        self.saved[self.is_alternate] = SavedCursor(
            self.row, self.column, self.is_wrapping, self.pen, self.is_origin, self.charsets, self.active_charset
        )

    def restore_cursor(self) -> None:
        """Bring back what was saved, or the state at the start."""
        saved = self.saved.get(self.is_alternate) or SavedCursor(0, 0, False, self.pens.default, False)
        self.is_origin = saved.is_origin
        self.row = min(saved.row, self.rows - 1)
        self.column = min(saved.column, self.columns - 1)
        self.is_wrapping = saved.is_wrapping and self.column == self.columns - 1
        self.pen = saved.pen
        self.charsets, self.active_charset = saved.charsets, saved.active_charset

    def show_alternate(self, shown: bool, clears: bool) -> None:
        """Switch to the other buffer, if it is not shown yet. The alternate one may be cleared. The cursor stays where it is."""
        if shown == self.is_alternate:
            return
        if clears and not shown:
            self.clear_shown()
        self.is_alternate = shown
        self.lines, self.other_lines = self.other_lines, self.lines
        self.is_wrapping = False
        if clears and shown:
            self.clear_shown()

    def clear_shown(self) -> None:
        """Blank the buffer that is shown, without a copy in the scrollback."""
        self._blank(0, self.rows)
