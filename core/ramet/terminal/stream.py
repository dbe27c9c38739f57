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

_LINES = re.compile(f"(?>(?>[\t{NARROW}]++|\x1b\\[[0-9;:]{{0,200}}+m)*+\r\n)*+")
_RESETS = ("\x1b[0m", "\x1b[m")
_TAB = 8


def skip_lines(screen: Screen, text: str, start: int) -> int:
    """Put whole lines from `start` on to the screen and the scrollback. Returns where the rest of the text begins."""
    if not _is_ready(screen):
        return start
    end = _LINES.match(text, start).end()  # type: ignore[union-attr]  # it matches anything, if only emptily
    if end == start:
        return start
    block = text[start:end]
    lines = block[:-2].split("\r\n")
    if "\x1b" not in block and "\t" not in block and max(map(len, lines)) <= screen.columns:
        end_pen = screen.pen
        style = end_pen.style
        taken: list[RawLine | str] = lines if style is DEFAULT else [RawLine(style, line) for line in lines]  # type: ignore[assignment]
    else:
        taken, end_pen = _take(screen, lines)
        end = start + sum(len(line) + 2 for line in lines[: len(taken)])
    if taken:
        _put(screen, taken)
        screen.pen = end_pen
        screen.last_char = next((text[-1] for line in reversed(taken) if (text := raw_line(line).text())), screen.last_char)
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


def _take(screen: Screen, lines: list[str]) -> tuple[list[RawLine | str], Pen]:
    """Return the lines before the first that is too long or has tabs that must be emulated, and the pen after them."""
    columns, pens = screen.columns, screen.pens
    pen = screen.pen
    taken: list[RawLine | str] = []
    for printed in lines:
        line = printed
        if "\t" in line:
            if "\x1b" in line or pen.style is not DEFAULT or not screen.tabs.is_default:
                break
            line = printed.expandtabs(_TAB)
        if len(line) > columns and len(SGR.sub("", line)) > columns:
            break
        after = _pen_after(pens, pen, line) if "\x1b" in line else pen
        if after.wiped is not DEFAULT:
            break
        taken.append(RawLine(pen.style, line))
        pen = after
    return taken, pen


def _pen_after(pens: Pens, pen: Pen, line: str) -> Pen:
    """Return the pen at the end of a line: only what follows its last reset counts."""
    last = max((line.rfind(reset) for reset in _RESETS), default=-1)
    if last >= 0:
        pen = pens.default
    for parameters in SGR.findall(line, max(last, 0)):
        pen = pen.following.get(parameters) or pens.after(pen, parameters)
    return pen


def _put(screen: Screen, taken: list[RawLine | str]) -> None:
    """Put lines at the cursor and move it below them; what does not fit leaves the screen at its top."""
    row, rows = screen.row, screen.rows
    gone = max(0, row + len(taken) + 1 - rows)
    for line in screen.lines[: min(gone, row)]:
        screen.history.push(line)
    kept = screen.lines[min(gone, row) : row]
    raw_gone = max(0, gone - row)
    screen.history.push_raw(taken[:raw_gone])
    kept += [raw_line(line).parsed(screen.pens) for line in taken[raw_gone:]]
    screen.row = len(kept)
    screen.lines[:] = kept + [Line() for _ in range(rows - len(kept))]
