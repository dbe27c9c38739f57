"""A terminal of the kind xterm-256color, in memory: keeps the `Emulator` protocol.

`parser.py` cuts the stream into tokens, `controls.py` says what they do, `screen.py` and `lines.py` hold what is shown,
`history.py` the scrollback, `stream.py` lets floods of plain lines pass it by, and `reflow.py` changes the size. Written from
xterm's ctlseqs.txt, ECMA-48 and the manuals of DEC's terminals; checked against tmux.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ramet.terminal import reflow
from ramet.terminal.controls import Controls
from ramet.terminal.history import History
from ramet.terminal.lines import HistoryLine, Line, RawLine
from ramet.terminal.parser import Parser
from ramet.terminal.protocol import Cursor, Modes, Run
from ramet.terminal.screen import Screen
from ramet.terminal.stream import LARGEST_WINDOW, SMALLEST_WINDOW, WORTHWHILE, skip_lines
from ramet.terminal.styles import Pens

SCROLLBACK = 10_000
"""Lines that are kept above the screen."""
_LARGEST = 2_000
"""Columns and rows that a screen may have."""
_NARROWEST = 2
"""Columns that a screen has at least: a wide character takes two."""


class ScreenEmulator:
    """A terminal without a window."""

    def __init__(self, columns: int, rows: int, scrollback: int = SCROLLBACK) -> None:
        self._pens = Pens()
        self._history = History(scrollback)
        self._screen = Screen(_bounded(columns, _NARROWEST), _bounded(rows), self._history, self._pens)
        self._controls = Controls(self._screen)
        self._parser = Parser(self._controls)
        self._revision = 0

    @property
    def columns(self) -> int:
        """The width of the screen."""
        return self._screen.columns

    @property
    def rows(self) -> int:
        """The height of the screen."""
        return self._screen.rows

    @property
    def first_row(self) -> int:
        """The oldest row that is kept."""
        return self._history.end if self._screen.is_alternate else self._history.first

    @property
    def screen_top(self) -> int:
        """The row that the first line of the screen shows."""
        return self._history.end

    @property
    def cursor(self) -> Cursor:
        """Where the cursor is."""
        screen, modes = self._screen, self._controls.modes
        row = self._history.end + screen.row
        return Cursor(row, screen.column, modes.cursor_is_visible, modes.cursor_shape, modes.cursor_blinks)

    @property
    def modes(self) -> Modes:
        """What the program has switched on."""
        return self._controls.modes.modes

    @property
    def title(self) -> str:
        """The window title that the program has set, without control characters; it is never forwarded."""
        return self._controls.title

    @property
    def bells(self) -> int:
        """How often the bell has rung."""
        return self._controls.bells

    @property
    def revision(self) -> int:
        """Grows whenever what is shown may have changed."""
        return self._revision

    def feed(self, data: bytes) -> None:
        """Take what a program printed, cut anywhere. Nothing that it prints raises."""
        text = self._parser.decode(data)
        if text:
            self._revision += 1
            self._feed_text(text)

    def _feed_text(self, text: str) -> None:
        """Let plain lines take the short way, where there are enough of them, and emulate the others."""
        parser, start, end = self._parser, 0, len(text)
        window = SMALLEST_WINDOW
        while end - start > WORTHWHILE:
            stop = text.find("\n", start) + 1
            if not stop:
                break
            parser.parse(text, start, stop)
            start = stop
            if parser.is_between_tokens and not self._controls.is_mapped:
                limit = start + window
                start = skip_lines(self._screen, text, start, limit)
                window = min(4 * window, LARGEST_WINDOW) if limit - start < 512 else SMALLEST_WINDOW
        parser.parse(text, start, end)

    def take_replies(self) -> bytes:
        """Return what must be written back to the program, and forget it. Holds nothing that the program chose."""
        replies = bytes(self._controls.replies)
        self._controls.replies.clear()
        return replies

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; lines that were wrapped are wrapped anew, and rows are counted anew."""
        columns, rows = _bounded(columns, _NARROWEST), _bounded(rows)
        if (columns, rows) != (self.columns, self.rows):
            reflow.resize(self._screen, columns, rows)
            self._revision += 1

    def runs(self, row: int) -> Sequence[Run]:
        """Return a row from `first_row` on; what is right of the last cell written has the terminal's own colours."""
        line = self._line(row)
        if isinstance(line, RawLine):
            return line.runs(self._pens)
        return line.runs() if line else ()

    def text(self, first: int, last: int) -> str:
        """Return the text of rows `first` to `last`, wrapped lines joined, without trailing spaces."""
        parts: list[str] = []
        for row in range(max(first, self.first_row), last + 1):
            line = self._line(row)
            if line is None:
                break
            text = line.text()
            is_joined = row < last and isinstance(line, Line) and line.is_wrapped
            parts.append(text if is_joined else f"{text.rstrip(' ')}\n")
        return "".join(parts).removesuffix("\n")

    def is_wrapped(self, row: int) -> bool:
        """Whether a row goes on in the next one because the line was too long."""
        line = self._line(row)
        return isinstance(line, Line) and line.is_wrapped

    def mark(self, number: int) -> None:
        """Attach a number to the row of the cursor: of the main screen's, while the alternate one is shown."""
        screen = self._screen
        self._history.forget(number)
        for line in (*screen.lines, *screen.other_lines):
            if number in line.marks:
                line.marks = tuple(kept for kept in line.marks if kept != number)
        saved = screen.saved.get(False)
        if screen.is_alternate:
            screen.other_lines[min(saved.row, screen.rows - 1) if saved else 0].marks += (number,)
        else:
            screen.lines[screen.row].marks += (number,)

    def marks(self) -> Mapping[int, int]:
        """Return the row of each mark that is still kept: of the main screen, also while the alternate one is shown."""
        screen = self._screen
        found = self._history.marks
        for index, line in enumerate(screen.other_lines if screen.is_alternate else screen.lines):
            for number in line.marks:
                found[number] = self._history.end + index
        return found

    def _line(self, row: int) -> HistoryLine | None:
        """Return the line of a row, or None where there is none."""
        top = self._history.end
        if top <= row < top + self.rows:
            return self._screen.lines[row - top]
        return self._history.line(row) if self.first_row <= row < top else None


def _bounded(size: int, smallest: int = 1) -> int:
    return max(smallest, min(size, _LARGEST))
