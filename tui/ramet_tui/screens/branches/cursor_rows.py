"""A list of rows with a cursor, drawn row by row as they come into view: keys, scrolling and the mouse."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size, clamp
from textual.reactive import reactive
from textual.scroll_view import ScrollView


class CursorRows(ScrollView, can_focus=True):
    """Rows of one line each; subclasses draw them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "to(0)", "First", show=False),
        Binding("end", "to(-1)", "Last", show=False),
    ]

    MARGIN: ClassVar[int] = 0
    """Rows that stay in view above and below the cursor, where there is room."""

    cursor: reactive[int] = reactive(0)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.virtual_size.height

    def set_count(self, count: int, cursor: int) -> None:
        """Have so many rows with the cursor on one of them; nobody is told."""
        self.virtual_size = Size(1, count)
        self.follow(cursor)

    def follow(self, row: int) -> None:
        """Put the cursor on a row without telling anybody."""
        self.set_reactive(CursorRows.cursor, self.validate_cursor(row))
        self.reveal()
        self.refresh()

    def validate_cursor(self, row: int) -> int:
        """Stay inside."""
        return clamp(row, 0, max(self.count - 1, 0))

    def reveal(self) -> None:
        """Scroll to the cursor."""
        height = self.scrollable_content_region.height
        if height:
            margin = min(self.MARGIN, max(height // 2 - 1, 0))
            top = clamp(self.scroll_offset.y, self.cursor - height + 1 + margin, self.cursor - margin)
            self.scroll_to(y=top, animate=False, immediate=True)

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self.reveal()

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self.cursor += rows

    def action_page(self, pages: int) -> None:
        """Move the cursor by pages."""
        self.cursor += pages * max(self.scrollable_content_region.height - 1 - min(self.MARGIN, 1), 1)

    def action_to(self, row: int) -> None:
        """Go to the first row, -1 for the last one."""
        self.cursor = row if row >= 0 else self.count - 1

    def row_at(self, event: events.Click) -> int | None:
        """Return the row that was clicked."""
        row = event.y + self.scroll_offset.y
        return row if row < self.count else None
