"""What the pane draws over and beside the program's output: marks and times of commands, cursor, selection, matches, links."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.style import Style as RichStyle

from ramet_tui.widgets.terminal.blocks import Block, BlockPlace
from ramet_tui.widgets.terminal.drawing import Note, Overlay
from ramet_tui.widgets.terminal.selection import SelectedCells

if TYPE_CHECKING:
    from ramet_tui.widgets.terminal.canvas import Canvas

PARTS = (
    "ok",
    "failed",
    "running",
    "faint",
    "note",
    "block",
    "selection",
    "match",
    "match-current",
    "link",
    "link-current",
    "cursor",
    "cursor-blurred",
    "browsing-cursor",
)
"""Names of the styles, as component classes of the widget."""
_MARKS = {"ok": "✓", "failed": "✗", "running": "●", "unknown": "·"}
SHORTEST = 0.05
"""Seconds; the time of a command that took less is not worth a note."""

Line = tuple[tuple[str, RichStyle] | None, Note | None, tuple[Overlay, ...]]


class Decorator:
    """Decorates the lines of one frame."""

    def __init__(self, screen: Canvas, part: Callable[[str], RichStyle]) -> None:
        self._screen = screen
        self._part = part
        emulator = screen.session.emulator
        self._cursor = emulator.cursor
        self._width = emulator.columns
        self._is_plain = emulator.modes.alternate_screen
        self._now = time.monotonic()
        self._selected = screen.selected
        self._current = screen.session.blocks.at(screen.places.cursor.cell[0]) if screen.is_browsing else None
        self._matches: dict[int, list[SelectedCells]] = {}
        for match in screen.places.matches:
            for row in range(match.anchor[0], match.end[0] + 1):
                self._matches.setdefault(row, []).append(match)

    def line(self, row: int) -> Line:
        """Return the mark in the gutter, the note at the right and what is laid over a row."""
        gutter = note = None
        if not self._is_plain:
            place = self._screen.session.blocks.at(row)
            if place is not None and row == place.command:
                gutter, note = self._mark(place.block), self._note(place)
            elif place is not None and self._current is not None and place.block is self._current.block:
                gutter = ("▎", self._part("block"))
        return gutter, note, tuple(self._overlays(row))

    def _mark(self, block: Block) -> tuple[str, RichStyle]:
        name = block.state if block.state != "unknown" else "faint"
        return ("▸" if block.is_folded else _MARKS[block.state]), self._part(name)

    def _note(self, place: BlockPlace) -> Note | None:
        block = place.block
        parts: list[tuple[str, RichStyle]] = []
        lines = place.end - place.output
        if block.is_folded and lines:
            parts.append((f"{lines:,} line{'s' if lines > 1 else ''} folded", self._part("faint")))
        if block.state == "failed":
            parts.append((f"exit {block.exit_code}", self._part("failed")))
        duration = block.duration if block.duration is not None else self._now - block.started
        if duration >= SHORTEST:
            parts.append((duration_text(duration), self._part("running" if block.state == "running" else "note")))
        spaced = [part for each in parts for part in (("  ", self._part("note")), each)]
        return Note(tuple(spaced[1:])) if parts else None

    def _overlays(self, row: int) -> list[Overlay]:
        screen, part, width = self._screen, self._part, self._width
        overlays: list[Overlay] = []
        for link, name in ((screen.places.hovered, "link"), (screen.places.link, "link-current")):
            span = link.span(row, width) if link is not None else None
            if span is not None:
                overlays.append(Overlay(*span, part(name)))
        for match in self._matches.get(row, ()):
            span = match.span(row, width)
            if span is not None:
                overlays.append(Overlay(*span, part("match-current" if match is screen.places.match else "match")))
        span = self._selected.span(row, width) if self._selected is not None else None
        if span is not None:
            overlays.append(Overlay(*span, part("selection")))
        overlays += self._cursors(row)
        return overlays

    def _cursors(self, row: int) -> list[Overlay]:
        screen, cursor = self._screen, self._cursor
        if screen.is_browsing:
            cell = screen.places.cursor.cell
            return [Overlay(cell[1], cell[1] + 1, self._part("browsing-cursor"))] if cell[0] == row else []
        if row != cursor.row or not cursor.is_visible or not screen.session.is_running:
            return []
        column = min(cursor.column, self._width - 1)
        name = "cursor" if screen.has_focus else "cursor-blurred"
        style = self._part(name)
        if screen.has_focus and cursor.shape != "block":
            style = RichStyle(underline=True, color=style.bgcolor)
        return [Overlay(column, column + 1, style)]


def duration_text(seconds: float) -> str:
    """Return how long a command took, in few characters."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d} min"
    return f"{minutes // 60}:{minutes % 60:02d} h"
