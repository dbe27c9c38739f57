"""The tree of files: drawn from the disk until the workspace knows which files count, then from its list."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text
from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from ramet.inert import inert_line
from ramet.models import FileState
from ramet_tui.messages import PlaceSelected
from ramet_tui.path_index import Entry, PathIndex, UnreadableFolder, read_folder
from ramet_tui.widgets.failures import ReportsFailures

CHUNK_ENTRIES = 250
"""Entries that are added to the tree before the event loop may do something else."""

STATE_LETTERS: dict[FileState, str] = {
    "added": "A",
    "modified": "M",
    "deleted": "D",
    "renamed": "R",
    "untracked": "U",
    "conflict": "!",
}

ROOT = Entry("", "folder")


class FileTree(ReportsFailures, Tree[Entry]):
    """Folders and files below the workspace root; nothing outside it, no link is followed."""

    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "
    ICON_FILE = "  "
    ICON_LINK = "↪ "

    COMPONENT_CLASSES: ClassVar[set[str]] = {"file-tree--folder", "file-tree--link", "file-tree--note"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "open_folder", "Open folder", show=False, id="files.open_folder", tooltip="Unfold the folder"),
        Binding("left,h", "close_folder", "Close folder", show=False, id="files.close_folder", tooltip="Fold the folder"),
        Binding("j", "cursor_down", "Down", show=False, id="files.down", tooltip="Next line"),
        Binding("k", "cursor_up", "Up", show=False, id="files.up", tooltip="Previous line"),
    ]

    def __init__(self, root: Path, *, id: str | None = None) -> None:
        super().__init__("", data=ROOT, id=id)
        self._disk_root = root
        self._index: PathIndex | None = None
        self._states: Mapping[str, FileState] = {}
        self._by_path: dict[str, TreeNode[Entry]] = {"": self.root}
        self._loaded: set[str] = set()
        self._reveal_path = ""
        self.show_root = False
        self.guide_depth = 2
        self.auto_expand = True

    def on_mount(self) -> None:
        """Start with the first level from the disk."""
        self.root.expand()

    # Filling

    def set_root(self, root: Path) -> None:
        """Draw another folder from now on."""
        if root != self._disk_root:
            self._disk_root = root
            if self._index is None:
                self._refill()

    def set_paths(self, index: PathIndex) -> None:
        """Draw this list of files from now on; what is unfolded stays unfolded and the cursor stays where it is."""
        self._index = index
        self._refill()

    def set_states(self, states: Mapping[str, FileState]) -> None:
        """Show these git states."""
        if states != self._states:
            self._states = states
            self._clear_line_cache()
            self.refresh()

    @work(group="fill", exclusive=True, exit_on_error=False)
    async def _refill(self) -> None:
        """Bring every loaded folder up to date, the outer ones first."""
        for folder in sorted(self._loaded | {""}, key=lambda path: (path.count("/"), path)):
            node = self._by_path.get(folder)
            if node is not None:
                await self._fill(node)
        if self._reveal_path:
            await self._reveal(self._reveal_path)

    @work(group="expand", exit_on_error=False)
    async def _fill_node(self, node: TreeNode[Entry]) -> None:
        await self._fill(node)

    async def _fill(self, node: TreeNode[Entry]) -> None:
        """Make the children of a node what its folder holds; nodes that stay are left alone."""
        assert node.data is not None
        folder = node.data.path
        try:
            entries = await self._entries(folder)
        except UnreadableFolder as problem:
            self._replace_children(node, [])
            node.add_leaf(f"cannot be read: {problem}", data=None)
            return
        self._loaded.add(folder)
        present = [child.data for child in node.children]
        if present == entries and entries:
            return
        cursor = self.cursor_node
        wanted = set(entries)
        self._replace_children(node, [child for child in node.children if child.data in wanted])
        await self._insert(node, entries)
        if not entries and not node.children:
            node.add_leaf("empty", data=None)
        if cursor is not None and (cursor.data is None or self._by_path.get(cursor.data.path) is not cursor):
            cursor = None
        self.call_after_refresh(self._keep_cursor, cursor)

    def _keep_cursor(self, node: TreeNode[Entry] | None) -> None:
        """Put the cursor on its node again; where that went away, on what is in its line now."""
        if node is not None and node.line >= 0:
            self.cursor_line = node.line
        elif self.cursor_line < 0 and self.last_line >= 0:
            self.cursor_line = 0

    async def _entries(self, folder: str) -> Sequence[Entry]:
        if self._index is not None:
            return self._index.entries(folder)
        return await asyncio.to_thread(read_folder, self._disk_root, folder)

    def _replace_children(self, node: TreeNode[Entry], kept: list[TreeNode[Entry]]) -> None:
        staying = {child.id for child in kept}
        for child in list(node.children):
            if child.id not in staying:
                self._forget(child)
                child.remove()

    def _forget(self, node: TreeNode[Entry]) -> None:
        for child in node.children:
            self._forget(child)
        if node.data is not None:
            self._by_path.pop(node.data.path, None)
            self._loaded.discard(node.data.path)

    async def _insert(self, node: TreeNode[Entry], entries: Sequence[Entry]) -> None:
        """Add what is missing at its place."""
        for place, entry in enumerate(entries):
            if entry.path not in self._by_path:
                before = place if place < len(node.children) else None
                is_folder = entry.kind == "folder"
                self._by_path[entry.path] = node.add(inert_line(entry.name), entry, before=before, allow_expand=is_folder)
            if place % CHUNK_ENTRIES == CHUNK_ENTRIES - 1:
                await asyncio.sleep(0)

    @on(Tree.NodeExpanded)
    def _node_expanded(self, event: Tree.NodeExpanded[Entry]) -> None:
        event.stop()
        if event.node.data is not None and event.node.data.path not in self._loaded:
            self._fill_node(event.node)

    # Choosing

    @on(Tree.NodeSelected)
    def _node_selected(self, event: Tree.NodeSelected[Entry]) -> None:
        event.stop()
        if event.node.data is not None and event.node.data.kind != "folder":
            self.post_message(PlaceSelected(event.node.data.path))

    def action_open_folder(self) -> None:
        """Unfold, or go to the first entry of what is unfolded."""
        node = self.cursor_node
        if node is None or not node.allow_expand:
            return
        if node.is_expanded:
            self.action_cursor_down()
        else:
            node.expand()

    def action_close_folder(self) -> None:
        """Fold, or go to the folder above."""
        node = self.cursor_node
        if node is None:
            return
        if node.allow_expand and node.is_expanded:
            node.collapse()
        elif node.parent is not None and not node.parent.is_root:
            self.move_cursor(node.parent)

    def reveal(self, path: str) -> None:
        """Unfold the folders above a file and put the cursor on it."""
        self._reveal_path = path
        self._reveal_in_turn(path)

    @work(group="reveal", exclusive=True, exit_on_error=False)
    async def _reveal_in_turn(self, path: str) -> None:
        await self._reveal(path)

    async def _reveal(self, path: str) -> None:
        folder = ""
        for part in path.split("/")[:-1]:
            folder = f"{folder}/{part}" if folder else part
            node = self._by_path.get(folder)
            if node is None:
                return
            if folder not in self._loaded:
                await self._fill(node)
            node.expand()
        node = self._by_path.get(path)
        if node is not None:
            self._reveal_path = ""
            self.call_after_refresh(self.move_cursor, node)

    # Drawing

    def get_label_width(self, node: TreeNode[Entry]) -> int:
        """Labels are cut to the width of the pane, so they never make it wider."""
        return 1

    def render_label(self, node: TreeNode[Entry], base_style: Style, style: Style) -> Text:
        """Draw icon, name and, at the right edge, the git letter."""
        entry = node.data
        width = self.size.width - self._depth(node) * self.guide_depth
        if entry is None:
            note = self.get_component_rich_style("file-tree--note", partial=True)
            return Text(set_cell_size(str(node.label), max(width, 1)), style + note)
        state = self._states.get(entry.path)
        name_style = style
        if entry.kind == "folder":
            icon = self.ICON_NODE_EXPANDED if node.is_expanded else self.ICON_NODE
            name_style += self.get_component_rich_style("file-tree--folder", partial=True)
        else:
            icon = self.ICON_LINK if entry.kind == "link" else self.ICON_FILE
        if entry.kind == "link":
            name_style += self.get_component_rich_style("file-tree--link", partial=True)
        colour = Style(color=self.app.theme_variables[f"status-{state}"]) if state else Style()
        mark = "" if state is None else "•" if entry.kind == "folder" else STATE_LETTERS[state]
        room = max(width - len(icon) - (len(mark) + 2 if mark else 1), 1)
        name = _fit(str(node.label), room)
        label = Text(icon, style)
        label.append(name, name_style + colour)
        if mark:
            label.append(" " * (room - cell_len(name) + 1), style)
            label.append(mark, style + colour)
        return label

    @staticmethod
    def _depth(node: TreeNode[Entry]) -> int:
        depth = 0
        parent = node.parent
        while parent is not None and not parent.is_root:
            depth += 1
            parent = parent.parent
        return depth

    def _on_resize(self, event: events.Resize) -> None:
        self._clear_line_cache()
        super()._on_resize(event)


def _fit(name: str, cells: int) -> str:
    """Shorten a name in its middle, so that its ending stays readable."""
    if cell_len(name) <= cells:
        return name
    if cells < 4 or not name.isascii():
        return set_cell_size(name, max(cells - 1, 0)).rstrip() + "…"
    tail = (cells - 1) // 2
    return f"{name[: cells - 1 - tail]}…{name[-tail:]}"
