"""Drawing the rows of one shell: only what looks different is drawn again, and at most so many times a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.geometry import Offset, Region
from textual.reactive import var
from textual.strip import Strip
from textual.widget import Widget

from ramet.terminal.protocol import Run
from ramet_tui.widgets.terminal import decoration
from ramet_tui.widgets.terminal.colors import StyleTable
from ramet_tui.widgets.terminal.drawing import Note, Overlay, row_strip
from ramet_tui.widgets.terminal.places import Places
from ramet_tui.widgets.terminal.selection import SelectedCells
from ramet_tui.widgets.terminal.session import Session
from ramet_tui.widgets.terminal.viewport import VisibleRows

FRAME_SECONDS = 1 / 30
LONGEST_PICTURE = 0.15
"""Seconds that a program may keep its picture unfinished (mode 2026) before it is drawn as it is."""
RESIZE_SECONDS = 0.08
"""Sizes that follow each other faster than this, as while a border is dragged, are taken together."""
GUTTER = 2
NARROW = 24
"""A screen of fewer columns has no gutter."""


class DrawnLine(NamedTuple):
    """All that decides how a line looks: what compares equal need not be drawn again."""

    runs: Sequence[Run]
    gutter: tuple[str, RichStyle] | None
    note: Note | None
    overlays: tuple[Overlay, ...]


class Canvas(Widget):
    """Shows a session; what is done with it is the matter of the widget made of this."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"terminal-screen--{name}" for name in decoration.PARTS}

    is_browsing: var[bool] = var(False)
    """Whether keys move a cursor through the output, instead of going to the program."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.places = Places()
        self.shown_rows: list[int] = []
        """The rows on the screen, from top to bottom."""
        self._table: StyleTable | None = None
        self._parts: dict[str, RichStyle] = {}
        self._lines: list[DrawnLine] = []
        self._strips: dict[int, Strip] = {}
        self._frame_timer: asyncio.TimerHandle | None = None
        self._resize_timer: asyncio.TimerHandle | None = None
        self._last_frame = 0.0
        self._unfinished_since = 0.0
        self._is_hanging = False
        self._is_alternate = False

    # The size

    @property
    def gutter_width(self) -> int:
        """Cells left of the program's screen, for the marks of commands."""
        return GUTTER if self.size.width >= NARROW else 0

    @property
    def wanted_size(self) -> tuple[int, int]:
        """Columns and rows of the program's screen."""
        return max(self.size.width - self.gutter_width, 1), max(self.size.height, 1)

    def on_mount(self) -> None:
        """Follow the session."""
        self.session.on_output = self.output_arrived

    def on_unmount(self) -> None:
        """Stop the timers."""
        for timer in (self._frame_timer, self._resize_timer):
            if timer is not None:
                timer.cancel()

    def on_resize(self) -> None:
        """Give the program the new size, soon."""
        if not self.size:
            return
        if self._resize_timer is None:
            self._fit()
            self._resize_timer = asyncio.get_running_loop().call_later(RESIZE_SECONDS, self._resized)

    def _resized(self) -> None:
        self._resize_timer = None
        if self.is_attached:
            self._fit()

    def _fit(self) -> None:
        emulator = self.session.emulator
        if self.size and self.wanted_size != (emulator.columns, emulator.rows):
            columns, row = emulator.columns, emulator.cursor.row
            self.session.resize(*self.wanted_size)
            if emulator.columns == columns:
                self.places.shift(emulator.cursor.row - row)
            else:
                self.forget_places()
        self._lines = []
        self.request_frame()

    def forget_places(self) -> None:
        """Drop what names rows: they are counted anew."""
        self.places.forget(self.session.emulator.cursor.row)

    def on_show(self) -> None:
        """Catch up."""
        self.request_frame()

    # Frames

    def output_arrived(self) -> None:
        """Draw what the program printed; while it is in the middle of a picture, not yet."""
        if self.session.emulator.modes.synchronized:
            now = time.perf_counter()
            if not self._is_hanging:
                self._is_hanging, self._unfinished_since = True, now
            if now - self._unfinished_since < LONGEST_PICTURE:
                self._schedule(LONGEST_PICTURE)
                return
        elif self._is_hanging and self._frame_timer is not None:
            self._frame_timer.cancel()
            self._frame_timer = None
        self._is_hanging = False
        self.request_frame()

    def request_frame(self) -> None:
        """Draw now, or as soon as the last frame is old enough."""
        if self._frame_timer is None:
            left = self._last_frame + FRAME_SECONDS - time.perf_counter()
            if left <= 0:
                self._frame()
            else:
                self._schedule(left)

    @property
    def is_frame_due(self) -> bool:
        """Whether something will be drawn soon."""
        return self._frame_timer is not None

    def _schedule(self, seconds: float) -> None:
        if self._frame_timer is None:
            self._frame_timer = asyncio.get_running_loop().call_later(seconds, self._frame)

    def _frame(self) -> None:
        """Find the lines that look different and have them drawn."""
        self._frame_timer = None
        self._last_frame = time.perf_counter()
        is_alternate = self.session.emulator.modes.alternate_screen
        if is_alternate != self._is_alternate:
            self._is_alternate = is_alternate
            self.forget_places()
        if not self.is_attached or not self.size:
            return
        lines = self._look()
        width, former = self.size.width, self._lines
        changed = [y for y, line in enumerate(lines) if y >= len(former) or former[y] != line]
        self._lines = lines
        if len(former) != len(lines):
            self._strips.clear()
            self.refresh()
        elif changed:
            for y in changed:
                self._strips.pop(y, None)
            self.refresh(*(Region(0, y, width, 1) for y in changed))
        self._place_cursor()

    def _place_cursor(self) -> None:
        """Put the terminal's own cursor where the program's is: input methods open their window there."""
        if self.has_focus and not self.is_browsing:
            cursor = self.session.emulator.cursor
            if cursor.row in self.shown_rows:
                left, top = self.content_region.offset
                self.app.cursor_position = Offset(
                    left + self.gutter_width + cursor.column, top + self.shown_rows.index(cursor.row)
                )

    @property
    def visible_rows(self) -> VisibleRows:
        """The rows that can be scrolled to."""
        emulator = self.session.emulator
        hidden = () if emulator.modes.alternate_screen else self.session.blocks.hidden()
        return VisibleRows(emulator.first_row, emulator.screen_top + emulator.rows, hidden)

    @property
    def height(self) -> int:
        """Rows that are shown at a time."""
        return max(self.size.height, 1)

    @property
    def selected(self) -> SelectedCells | None:
        """What is selected, by mouse or keys."""
        return self.places.selection or (self.places.cursor.selected if self.is_browsing else None)

    def _look(self) -> list[DrawnLine]:
        """Return all lines as they should look now."""
        self.shown_rows = self.places.viewport.rows(self.visible_rows, self.height)
        decorate = decoration.Decorator(self, self.part)
        emulator = self.session.emulator
        return [DrawnLine(emulator.runs(row), *decorate.line(row)) for row in self.shown_rows]

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        table = self._styles()
        width, gutter = self.size.width, self.gutter_width
        if not self._lines:
            self._lines = self._look()
        if y >= len(self._lines):
            return Strip.blank(width, table.base)
        strip = self._strips.get(y)
        if strip is None or strip.cell_length != width:
            line = self._lines[y]
            strip = row_strip(line.runs, width - gutter, table, line.overlays, line.note)
            if gutter:
                mark, style = line.gutter or (" ", table.base)
                strip = Strip.join([Strip([Segment(mark, style), Segment(" ", table.base)], gutter), strip])
            self._strips[y] = strip
        return strip

    def notify_style_update(self) -> None:
        """Forget styles of the former theme."""
        super().notify_style_update()
        self._table = None
        self._parts.clear()
        self._lines = []
        self._strips.clear()

    def _styles(self) -> StyleTable:
        if self._table is None:
            self._table = StyleTable(self.app.theme_variables)
        return self._table

    def part(self, name: str) -> RichStyle:
        """Return the style of a part of the pane."""
        if name not in self._parts:
            self._parts[name] = self.get_component_rich_style(f"terminal-screen--{name}", partial=True)
        return self._parts[name]
