"""Turning one drawn line and its coloured spans into a strip of exactly the visible width."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

StyledSpan = tuple[int, int, Style]
"""Start and end in characters of the drawn line, and what is laid over the styles below."""


def code_strip(text: str, base: Style, spans: Iterable[StyledSpan], left: int, width: int, y: int) -> Strip:
    """Draw the cells left..left+width of a line; later spans lie over earlier ones.

    Every segment knows its place (`y` and the character), for selecting text with the mouse.
    """
    if text.isascii():
        visible = text[left : left + width]
        strip = Strip(_segments(visible, base, spans, left), len(visible)).apply_offsets(left, y)
    else:
        whole = Strip(_segments(text, base, spans, 0), cell_len(text)).apply_offsets(0, y)
        strip = whole.crop(left, left + width)
    return strip.extend_cell_length(width, base)


def _segments(visible: str, base: Style, spans: Iterable[StyledSpan], left: int) -> list[Segment]:
    length = len(visible)
    styles = [base] * length
    combined: dict[tuple[int, int], Style] = {}
    for start, end, style in spans:
        first, last = max(start - left, 0), min(end - left, length)
        for place in range(first, last):
            below = styles[place]
            key = (id(below), id(style))
            if key not in combined:
                combined[key] = below + style
            styles[place] = combined[key]
    segments = []
    begin = 0
    for place in range(1, length + 1):
        if place == length or styles[place] is not styles[begin]:
            segments.append(Segment(visible[begin:place], styles[begin]))
            begin = place
    return segments
