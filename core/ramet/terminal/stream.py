"""The short way for floods: whole lines go to the scrollback as they were printed, without becoming cells.

Programs that print a million lines use nothing but text, colours and CR LF. Such lines need no emulation before somebody
looks at them; only the last screenful is made into cells. What is left out here is exactly what would scroll out of sight.
"""

from __future__ import annotations

import re

from ramet.terminal.lines import SGR, Line, RawLine, raw_line
from ramet.terminal.screen import Screen
from ramet.terminal.styles import DEFAULT, Pen, Pens
from ramet.terminal.widths import NARROW

WORTHWHILE = 1024
"""Characters below which the short way saves nothing."""
SMALLEST_WINDOW, LARGEST_WINDOW = 4_096, 65_536
"""Characters that are looked at at once: more and more while all goes well, or a line here and there would cost too much."""

_LINES = re.compile(f"(?>(?>[\t{NARROW}]++|\x1b\\[[0-9;:]{{0,200}}+m)*+\r\n)*+")
_RESETS = ("\x1b[0m", "\x1b[m")
_TAB = 8


def skip_lines(screen: Screen, text: str, start: int, limit: int) -> int:
    """Put whole lines from `start` on, none beyond `limit`, where they belong. Returns where the rest of the text begins."""
    if not _is_ready(screen):
        return start
    end = _LINES.match(text, start, limit).end()  # type: ignore[union-attr]  # it matches anything, if only emptily
    if end == start:
        return start
    block = text[start:end]
    lines = block[:-2].split("\r\n")
    pen = screen.pen
    taken: list[Line | RawLine | str]
    if pen.style is DEFAULT and "\x1b" not in block and "\t" not in block and max(map(len, lines)) <= screen.columns:
        taken = [*lines]
    else:
        taken, count, pen = _take(screen, lines)
        end = start + sum(map(len, lines[:count])) + 2 * count
    if taken:
        _put(screen, taken)
        screen.pen = pen
        screen.last_char = next((shown[-1] for line in reversed(taken) if (shown := _text(line))), screen.last_char)
    return end


def _is_ready(screen: Screen) -> bool:
    """Whether the cursor is at the start of blank rows of the main buffer, and nothing changes what printing means."""
    return (
        screen.column == 0
        and not (screen.is_alternate or screen.is_inserting or screen.is_wrapping)
        and screen.top == 0
        and screen.bottom == screen.rows - 1
        and screen.pen.wiped is DEFAULT
        and not any(line.chars or line.marks for line in screen.lines[screen.row :])
    )


def _take(screen: Screen, lines: list[str]) -> tuple[list[Line | RawLine | str], int, Pen]:
    """Return rows for the lines before the first that must be emulated, how many lines these are, and the pen after them."""
    columns, pens = screen.columns, screen.pens
    pen = screen.pen
    taken: list[Line | RawLine | str] = []
    count = 0
    for printed in lines:
        line = printed
        if "\t" in line:
            if "\x1b" in line or pen.style is not DEFAULT or not screen.tabs.is_default:
                break
            line = line.expandtabs(_TAB)
            if len(line) > columns:
                break
        after = _pen_after(pens, pen, line) if "\x1b" in line else pen
        if after.wiped is not DEFAULT:
            break
        raw = RawLine(pen.style, line)
        if len(line) <= columns or len(raw.text()) <= columns:
            taken.append(raw)
        else:
            rows = _wrapped(raw.parsed(pens), columns) if screen.wraps else []
            if not rows:
                break
            taken += rows
        pen = after
        count += 1
    return taken, count, pen


def _wrapped(line: Line, columns: int) -> list[Line]:
    """Return the rows of a line that is too long; none where it has backgrounds, which would colour the rest of a row."""
    if any(style.background is not None for style in set(line.styles)):
        return []
    starts = range(0, len(line.chars), columns)
    rows = [Line(line.chars[start : start + columns], line.styles[start : start + columns]) for start in starts]
    for row in rows[:-1]:
        row.is_wrapped = True
    return rows


def _pen_after(pens: Pens, pen: Pen, line: str) -> Pen:
    """Return the pen at the end of a line: only what follows its last reset counts."""
    last = max((line.rfind(reset) for reset in _RESETS), default=-1)
    if last >= 0:
        pen = pens.default
    for parameters in SGR.findall(line, max(last, 0)):
        pen = pen.following.get(parameters) or pens.after(pen, parameters)
    return pen


def _put(screen: Screen, taken: list[Line | RawLine | str]) -> None:
    """Put rows at the cursor and move it below them; what does not fit leaves the screen at its top."""
    row, rows = screen.row, screen.rows
    gone = max(0, row + len(taken) + 1 - rows)
    for line in screen.lines[: min(gone, row)]:
        screen.history.push(line)
    kept = screen.lines[min(gone, row) : row]
    raw_gone = max(0, gone - row)
    screen.history.push_unmarked(taken[:raw_gone])
    kept += [line if isinstance(line, Line) else raw_line(line).parsed(screen.pens) for line in taken[raw_gone:]]
    screen.row = len(kept)
    screen.lines[:] = kept + [Line() for _ in range(rows - len(kept))]


def _text(line: Line | RawLine | str) -> str:
    return line if isinstance(line, str) else line.text()
