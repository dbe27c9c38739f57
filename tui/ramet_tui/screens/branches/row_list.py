"""A list of rows that are drawn when they come into view, so that it does not matter how many there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size, clamp
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

Draw = Callable[[int, int], Content]
"""Draws a row, given its number and the width in cells."""


class RowList(ScrollView, can_focus=True):
    """Rows of one line each with a cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-list--cursor", "row-list--row"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "to(0)", "First", show=False),
        Binding("end", "to(-1)", "Last", show=False),
    ]

    cursor: reactive[int] = reactive(0)

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
        self._count = 0

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._count

    def show(self, count: int, cursor: int = 0) -> None:
        """Show so many rows with the cursor on one of them."""
        self._count = count
        self.virtual_size = Size(1, count)
        self.set_reactive(RowList.cursor, clamp(cursor, 0, max(count - 1, 0)))
        self._reveal()
        self.refresh()
        self.post_message(self.Highlighted(self, self.cursor if count else -1))

    def follow(self, row: int) -> None:
        """Put the cursor on a row without telling anybody."""
        self.set_reactive(RowList.cursor, self.validate_cursor(row))
        self._reveal()
        self.refresh()

    def validate_cursor(self, row: int) -> int:
        """Stay in the list."""
        return clamp(row, 0, max(self._count - 1, 0))

    def watch_cursor(self, row: int) -> None:
        """Follow the cursor."""
        self._reveal()
        self.post_message(self.Highlighted(self, row if self._count else -1))

    def _reveal(self) -> None:
        height = self.scrollable_content_region.height
        if height:
            top = clamp(self.scroll_offset.y, self.cursor - height + 1, self.cursor)
            self.scroll_to(y=top, animate=False, immediate=True)

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self._reveal()

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self.cursor += rows

    def action_page(self, pages: int) -> None:
        """Move the cursor by pages."""
        self.cursor += pages * max(self.scrollable_content_region.height - 1, 1)

    def action_to(self, row: int) -> None:
        """Go to the first row, -1 for the last one."""
        self.cursor = row if row >= 0 else self._count - 1

    def on_click(self, event: events.Click) -> None:
        """Go to a row; a second click chooses it."""
        row = event.y + self.scroll_offset.y
        if row >= self._count:
            return
        if row == self.cursor and event.chain > 1:
            self.post_message(self.Chosen(self, row))
        self.cursor = row

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        row = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if not 0 <= row < self._count:
            return Strip.blank(width, self.rich_style)
        style = self.visual_style
        if row == self.cursor:
            style += self.get_visual_style("row-list--cursor")
        content = self._draw(row, width).truncate(width, ellipsis=True)
        strips = Visual.to_strips(self, content, width, 1, style, apply_selection=False, pad=True)
        return strips[0] if strips else Strip.blank(width, style.rich_style)
