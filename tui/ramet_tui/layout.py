"""How the panes share the screen: pure arithmetic on sizes, no widgets."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

PaneId = Literal["files", "outline", "viewer", "chat", "terminal"]
PANES: tuple[PaneId, ...] = get_args(PaneId)

NARROW_COLUMNS = 100
"""Below this width one pane is shown at a time."""
MIN_LEFT = 16
MIN_MAIN = 24
"""Fewest columns of the viewer and of the chat."""
MIN_ROWS = 4
"""Fewest rows of the files and of the outline, borders included."""
CHAT_SHARE = 0.36
MIN_TERMINAL = 5
"""Fewest rows of the terminal, and of the viewer above it, borders included."""


class Layout(Struct, frozen=True):
    """What the user chose; kept between sessions."""

    left_width: int = 28
    chat_width: int = 0
    """Columns; 0 gives the chat its usual share."""
    files_share: int = 62
    """Percent of the left column's rows that the files have."""
    terminal_share: int = 36
    """Percent of the rows that the terminal has of those below which the viewer is."""
    hidden: tuple[PaneId, ...] = ("terminal",)


class Arrangement(Struct, frozen=True):
    """What is visible and how large; a width of 0 means all that is left."""

    visible: tuple[PaneId, ...]
    left_width: int = 0
    chat_width: int = 0
    files_rows: int = 0
    terminal_rows: int = 0
    is_single: bool = False
    """One pane has the whole screen."""


def arrange(layout: Layout, columns: int, rows: int, current: PaneId, *, zoomed: bool) -> Arrangement:
    """Return the arrangement on a screen of this size."""
    if columns < NARROW_COLUMNS or zoomed:
        return Arrangement(visible=(current,), is_single=True)
    visible = tuple(pane for pane in PANES if pane not in layout.hidden) or (current,)
    has_left = "files" in visible or "outline" in visible
    has_middle = "viewer" in visible or "terminal" in visible
    mains = [shown for shown in (has_middle, "chat" in visible) if shown]
    left = min(max(layout.left_width, MIN_LEFT), columns - MIN_MAIN * len(mains)) if has_left and mains else 0
    chat = 0
    if len(mains) == 2:
        wanted = layout.chat_width or round(columns * CHAT_SHARE)
        chat = min(max(wanted, MIN_MAIN), columns - left - MIN_MAIN)
    both = "files" in visible and "outline" in visible
    files = min(max(rows * layout.files_share // 100, MIN_ROWS), max(rows - MIN_ROWS, MIN_ROWS)) if both else 0
    terminal = 0
    if "viewer" in visible and "terminal" in visible:
        terminal = min(max(rows * layout.terminal_share // 100, MIN_TERMINAL), max(rows - MIN_TERMINAL, MIN_TERMINAL))
    return Arrangement(visible, left, chat, files, terminal)


def toggled(layout: Layout, pane: PaneId) -> Layout:
    """Return the layout with a pane hidden or shown; the last pane stays."""
    if pane in layout.hidden:
        return replace(layout, hidden=tuple(name for name in layout.hidden if name != pane))
    if len(layout.hidden) == len(PANES) - 1:
        return layout
    return replace(layout, hidden=(*layout.hidden, pane))


def resized(layout: Layout, arrangement: Arrangement, pane: PaneId, cells: int, columns: int, rows: int) -> Layout:
    """Return the layout with a pane made wider by `cells` (the outline and the files: the left column; the terminal: higher)."""
    if pane == "terminal" and arrangement.terminal_rows:
        return with_terminal(layout, arrangement.terminal_rows + cells, rows)
    if pane in ("files", "outline"):
        return with_left(layout, arrangement.left_width + cells, columns)
    if arrangement.chat_width:
        chat = arrangement.chat_width + (cells if pane == "chat" else -cells)
        return with_chat(layout, chat, columns - arrangement.left_width)
    return with_left(layout, arrangement.left_width - cells, columns)


def with_left(layout: Layout, width: int, columns: int) -> Layout:
    """Return the layout with a left column of this width."""
    return replace(layout, left_width=min(max(width, MIN_LEFT), columns - 2 * MIN_MAIN))


def with_chat(layout: Layout, width: int, room: int) -> Layout:
    """Return the layout with a chat of this width; `room` is what viewer and chat have together."""
    return replace(layout, chat_width=min(max(width, MIN_MAIN), room - MIN_MAIN))


def with_files(layout: Layout, height: int, rows: int) -> Layout:
    """Return the layout with files of this height."""
    return replace(layout, files_share=min(max(round(100 * height / max(rows, 1)), 10), 90))


def with_terminal(layout: Layout, height: int, rows: int) -> Layout:
    """Return the layout with a terminal of this height."""
    return replace(layout, terminal_share=min(max(round(100 * height / max(rows, 1)), 10), 90))


def with_closed_terminal(layout: Layout) -> Layout:
    """Return the layout as the app starts with it: no shell runs before the user wants one."""
    return layout if "terminal" in layout.hidden else replace(layout, hidden=(*layout.hidden, "terminal"))
