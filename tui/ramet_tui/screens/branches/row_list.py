"""A list of rows that are drawn when they come into view, so that it does not matter how many there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.visual import Visual

from ramet_tui.screens.branches.cursor_rows import CursorRows

Draw = Callable[[int, int], Content]
"""Draws a row, given its number and the width in cells."""


class RowList(CursorRows):
    """Rows of one line each with a cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-list--cursor", "row-list--row"}

    @dataclass
    class Highlighted(Message):
        """Posted when the cursor is on another row; -1 on none."""

        rows: RowList
        row: int

        @property
        def control(self) -> RowList:
            """The list."""
            return self.rows

    @dataclass
    class Chosen(Message):
        """Posted when a row was clicked twice."""

        rows: RowList
        row: int

        @property
        def control(self) -> RowList:
            """The list."""
            return self.rows

    def __init__(self, draw: Draw, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._draw = draw

    def show(self, count: int, cursor: int = 0) -> None:
        """Show so many rows with the cursor on one of them."""
        self.set_count(count, cursor)
        self.post_message(self.Highlighted(self, self.cursor if count else -1))

    def watch_cursor(self, row: int) -> None:
        """Follow the cursor."""
        self.reveal()
        self.post_message(self.Highlighted(self, row if self.count else -1))

    def on_click(self, event: events.Click) -> None:
        """Go to a row; a second click chooses it."""
        row = self.row_at(event)
        if row is None:
            return
        if row == self.cursor and event.chain > 1:
            self.post_message(self.Chosen(self, row))
        self.cursor = row

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        row = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if not 0 <= row < self.count:
            return Strip.blank(width, self.rich_style)
        style = self.visual_style
        if row == self.cursor:
            style += self.get_visual_style("row-list--cursor")
        content = self._draw(row, width).truncate(width, ellipsis=True)
        strips = Visual.to_strips(self, content, width, 1, style, apply_selection=False, pad=True)
        return strips[0] if strips else Strip.blank(width, style.rich_style)
