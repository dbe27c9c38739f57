"""What is scrolled to, pointed at, selected and found in the rows of one terminal. No widgets."""

from __future__ import annotations

from ramet_tui.widgets.terminal.browsing import BrowsingCursor
from ramet_tui.widgets.terminal.links import Link
from ramet_tui.widgets.terminal.selection import SelectedCells
from ramet_tui.widgets.terminal.viewport import Viewport


class Places:
    """All that names rows, so that it can follow them when they are counted anew."""

    def __init__(self) -> None:
        self.viewport = Viewport()
        self.cursor = BrowsingCursor((0, 0))
        self.selection: SelectedCells | None = None
        """What the mouse has selected."""
        self.matches: list[SelectedCells] = []
        self.match: SelectedCells | None = None
        """The one that the search is at."""
        self.link: Link | None = None
        """The link that Enter opens."""
        self.hovered: Link | None = None
        """The link under the mouse."""

    def shift(self, rows: int) -> None:
        """Follow the text, no line of which is wrapped anew."""
        current = self.matches.index(self.match) if self.match in self.matches else None
        self.matches = [match.shifted(rows) for match in self.matches]
        self.match = None if current is None else self.matches[current]
        self.selection = self.selection and self.selection.shifted(rows)
        self.link = self.hovered = None
        self.cursor.shift(rows)
        if self.viewport.top is not None:
            self.viewport.top += rows

    def forget(self, row: int) -> None:
        """Drop everything, and begin at a row."""
        self.drop_marks()
        self.hovered = None
        self.cursor = BrowsingCursor((row, 0))

    def drop_marks(self) -> None:
        """Drop what looking around has selected and found, and follow the output again."""
        self.selection = self.match = self.link = None
        self.matches = []
        self.viewport.top = None
