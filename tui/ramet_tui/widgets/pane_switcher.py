"""The line that names the panes when only one of them is visible."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from ramet_tui.layout import PANES, PaneId

TITLES: dict[PaneId, str] = {"files": "Files", "outline": "Outline", "viewer": "Viewer", "chat": "Chat", "terminal": "Terminal"}
KEYS: dict[PaneId, str] = {"files": "f2", "outline": "f3", "viewer": "f4", "chat": "f5", "terminal": "^j"}


class PaneSwitcher(Widget):
    """Names the panes; a click shows one."""

    ALLOW_SELECT = False

    current: reactive[PaneId] = reactive[PaneId]("files")

    @dataclass
    class Chosen(Message):
        """Posted when a pane was clicked."""

        pane: PaneId

    def render(self) -> Content:
        """Draw the names, the current one bright."""
        return Content("").join(self._part(pane) for pane in PANES)

    def _part(self, pane: PaneId) -> Content:
        is_current = pane == self.current
        return Content.assemble(
            (f" {KEYS[pane]}", "$accent" if is_current else "$faint-text"),
            (f" {TITLES[pane]} ", "bold $accent" if is_current else "$secondary-text"),
        )

    def on_click(self, event: events.Click) -> None:
        """Say which pane was clicked."""
        left = 0
        for pane in PANES:
            left += self._part(pane).cell_length
            if event.x < left:
                self.post_message(self.Chosen(pane))
                return
