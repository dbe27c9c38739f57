"""The panes side by side: which are visible, how wide they are, and dragging their borders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.css.scalar import Scalar
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from ramet_tui.layout import (
    Arrangement,
    Layout,
    PaneId,
    arrange,
    resized,
    toggled,
    with_chat,
    with_closed_terminal,
    with_files,
    with_left,
    with_terminal,
)

Border = Literal["left", "chat", "files", "terminal"]
STEP_COLUMNS = 4
STEP_ROWS = 2
FRAME_ROWS = 2
"""Rows of the screen above and below the panes."""
FOCUS_ORDER: tuple[PaneId, ...] = ("viewer", "chat", "files", "outline", "terminal")
"""Which pane takes the focus of one that was hidden."""


class Workbench(Horizontal):
    """Owns the layout; the panes are given to it, the terminal when it is opened."""

    @dataclass
    class LayoutChanged(Message):
        """Posted when the user changed sizes or hid a pane, at the end of a drag."""

        layout: Layout

    @dataclass
    class Arranged(Message):
        """Posted when other panes are visible, or their sizes changed."""

        arrangement: Arrangement

    def __init__(
        self,
        panes: Mapping[PaneId, Widget],
        focus_in: Mapping[PaneId, Callable[[], object]],
        layout: Layout,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._panes = dict(panes)
        self._focus_in = dict(focus_in)
        """How each pane gives the focus to the widget inside it that wants it."""
        self._chosen = with_closed_terminal(layout)
        self._current: PaneId = "files"
        self._is_zoomed = False
        self._arrangement = Arrangement(visible=())
        self._dragged: Border | None = None
        self._left = Vertical(id="left")
        self._middle = Vertical(id="middle")

    def compose(self) -> ComposeResult:
        """Files above outline, viewer above terminal, chat; sized before they are mounted, so that they are styled once."""
        self._arrange(self.app.size - Size(0, FRAME_ROWS))
        with self._left:
            yield self._panes["files"]
            yield self._panes["outline"]
        with self._middle:
            yield self._panes["viewer"]
        yield self._panes["chat"]

    def on_resize(self) -> None:
        """Lay out for the new size."""
        self._arrange()

    @property
    def current(self) -> PaneId:
        """The pane that has the focus or had it last."""
        return self._current

    @property
    def is_zoomed(self) -> bool:
        """The current pane has the whole screen because the user wanted so."""
        return self._is_zoomed

    @property
    def arrangement(self) -> Arrangement:
        """What is visible now."""
        return self._arrangement

    async def replace(self, pane: PaneId, widget: Widget, focus: Callable[[], object]) -> None:
        """Put the real pane in the place of the one that stood for it; the focus moves along."""
        former = self._panes[pane]
        had_focus = former.has_focus or former.has_focus_within
        self._panes[pane], self._focus_in[pane] = widget, focus
        widget.display = former.display
        widget.styles.width = former.styles.width
        await self.mount(widget, after=former)
        if had_focus:
            focus()
        await former.remove()

    async def add_terminal(self, widget: Widget, focus: Callable[[], object]) -> None:
        """Take the terminal in, below the viewer; it stays hidden until it is shown."""
        self._panes["terminal"], self._focus_in["terminal"] = widget, focus
        widget.display = False
        await self._middle.mount(widget)

    def hide(self, pane: PaneId) -> None:
        """Hide a pane; another one gets the focus if it had it."""
        layout = self._chosen if pane in self._chosen.hidden else toggled(self._chosen, pane)
        self._choose(layout)
        if self._current == pane:
            self.show(next(name for name in FOCUS_ORDER if name not in layout.hidden))

    def show(self, pane: PaneId) -> None:
        """Make a pane visible and focus it."""
        if pane in self._chosen.hidden and not self._arrangement.is_single:
            self._choose(toggled(self._chosen, pane))
        self._current = pane
        self._arrange()
        self._focus_in[pane]()

    def show_or_hide(self, pane: PaneId) -> None:
        """Focus a pane; hide it when it has the focus already."""
        has_focus = self._panes[pane].has_focus_within or self._panes[pane].has_focus
        if not has_focus or self._arrangement.is_single:
            self.show(pane)
            return
        self.hide(pane)

    def zoom(self) -> None:
        """Give the current pane the whole screen, or take it back."""
        self._is_zoomed = not self._is_zoomed
        self._arrange()

    def resize_current(self, steps: int) -> None:
        """Make the current pane wider or narrower."""
        if not self._arrangement.is_single:
            columns, rows = self.size
            cells = steps * (STEP_ROWS if self._current == "terminal" else STEP_COLUMNS)
            self._choose(resized(self._chosen, self._arrangement, self._current, cells, columns, rows))

    def _choose(self, layout: Layout) -> None:
        if layout != self._chosen:
            self._chosen = layout
            self._arrange()
            self.post_message(self.LayoutChanged(layout))

    def _arrange(self, size: Size | None = None) -> None:
        columns, rows = size or self.size
        if not columns:
            return
        arrangement = arrange(self._chosen, columns, rows, self._current, zoomed=self._is_zoomed)
        if arrangement == self._arrangement:
            return
        self._arrangement = arrangement
        for name, pane in self._panes.items():
            pane.display = name in arrangement.visible
        self._left.display = bool({"files", "outline"} & set(arrangement.visible))
        self._left.styles.width = arrangement.left_width or "1fr"
        self._panes["chat"].styles.width = arrangement.chat_width or "1fr"
        self._middle.display = bool({"viewer", "terminal"} & set(arrangement.visible))
        self._middle.styles.width = "1fr"
        if "terminal" in self._panes:
            self._panes["terminal"].styles.height = arrangement.terminal_rows or "1fr"
        self._panes["files"].styles.height = arrangement.files_rows or "1fr"
        self._panes["outline"].styles.height = Scalar.parse("1fr")
        self.set_class(arrangement.is_single, "-single")
        self.post_message(self.Arranged(arrangement))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Follow the focus."""
        for name, pane in self._panes.items():
            if pane in event.widget.ancestors_with_self and name != self._current:
                self._current = name
                self._arrange()

    # Dragging borders

    def _border_at(self, x: int, y: int) -> Border | None:
        if self._arrangement.is_single:
            return None
        left = self._left
        chat = self._panes["chat"]
        if self._arrangement.chat_width and x in (chat.region.x, chat.region.x - 1) and self._middle.display:
            return "chat"
        if self._arrangement.left_width and x in (left.region.right - 1, left.region.right):
            return "left"
        files = self._panes["files"]
        if self._arrangement.files_rows and x < left.region.right and y in (files.region.bottom - 1, files.region.bottom):
            return "files"
        viewer = self._panes["viewer"]
        is_below = y in (viewer.region.bottom - 1, viewer.region.bottom)
        if self._arrangement.terminal_rows and is_below and x in viewer.region.column_range:
            return "terminal"
        return None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of a border."""
        self._dragged = self._border_at(int(event.screen_x), int(event.screen_y))
        if self._dragged is not None:
            event.stop()
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Move the border that is held."""
        if self._dragged is None:
            return
        event.stop()
        columns, rows = self.size
        x, y = int(event.screen_x), int(event.screen_y)
        if self._dragged == "left":
            self._chosen = with_left(self._chosen, x - self.region.x + 1, columns)
        elif self._dragged == "chat":
            self._chosen = with_chat(self._chosen, self.region.right - x, columns - self._arrangement.left_width)
        elif self._dragged == "terminal":
            self._chosen = with_terminal(self._chosen, self.region.bottom - y, rows)
        else:
            self._chosen = with_files(self._chosen, y - self.region.y + 1, rows)
        self._arrange()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let the border go."""
        if self._dragged is not None:
            event.stop()
            self._dragged = None
            self.release_mouse()
            self.post_message(self.LayoutChanged(self._chosen))
