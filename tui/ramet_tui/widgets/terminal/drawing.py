"""Turning one row of the emulator into a strip of exactly the visible width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.strip import Strip

from ramet.terminal.protocol import Run
from ramet_tui.widgets.terminal.colors import StyleTable

_JOINER = "\u200d"


class Overlay(NamedTuple):
    """What is laid over the cells start..end-1 of a row."""

    start: int
    end: int
    style: RichStyle


class Note(NamedTuple):
    """What stands at the right edge of a row where there is room."""

    parts: tuple[tuple[str, RichStyle], ...]

    @property
    def width(self) -> int:
        """In cells; notes have no wide characters."""
        return sum(len(text) for text, _ in self.parts)


def row_strip(
    runs: Sequence[Run], width: int, table: StyleTable, overlays: Sequence[Overlay] = (), note: Note | None = None
) -> Strip:
    """Draw a row of `width` cells; later overlays lie over earlier ones."""
    segments: list[Segment] = []
    used = 0
    for text, style, cells in runs:
        segments.append(Segment(text if text.isascii() else _drawable(text), table.style(style)))
        used += cells
    strip = Strip(segments, used)
    strip = strip.crop(0, width) if used > width else _filled(strip, width, used, table, note)
    for start, end, laid in overlays:
        strip = _laid_over(strip, max(start, 0), min(end, width), laid, width)
    return strip


def _filled(strip: Strip, width: int, used: int, table: StyleTable, note: Note | None) -> Strip:
    """Fill up to the width, with the note at the end where it fits."""
    rest = width - used
    segments = list(strip)
    if note is not None and note.width + 2 <= rest:
        segments.append(Segment(" " * (rest - note.width), table.base))
        segments += [Segment(text, style) for text, style in note.parts]
    elif rest:
        segments.append(Segment(" " * rest, table.base))
    return Strip(segments, width)


def _laid_over(strip: Strip, start: int, end: int, style: RichStyle, width: int) -> Strip:
    if end <= start:
        return strip
    left, middle, right = (strip.crop(0, start), strip.crop(start, end), strip.crop(end, width))
    laid = Strip([Segment(text, (below or RichStyle()) + style) for text, below, _ in middle], middle.cell_length)
    return Strip.join([left, laid, right])


def _drawable(text: str) -> str:
    """Return text without what could reorder the line or act on the terminal around the app; widths stay."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == _JOINER else " " * cell_len(char) for char in text)
