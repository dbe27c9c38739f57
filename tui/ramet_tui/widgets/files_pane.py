"""The files pane: the tree, and a filter over all files of the workspace."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import events, getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static

from ramet.models import FileChange
from ramet_tui.fuzzy import FuzzyMatch, rank
from ramet_tui.messages import PlaceSelected
from ramet_tui.path_index import PathIndex, folder_states
from ramet_tui.widgets.failures import ReportsFailures
from ramet_tui.widgets.file_tree import FileTree
from ramet_tui.widgets.match_list import MatchList, path_label
from ramet_tui.widgets.prompt_line import PromptLine

MAX_FILTERED = 200
"""Matches that the filter lists."""


class EmptyNotice(Static, can_focus=True):
    """What stands in the place of the tree when there is no file."""


class FilesPane(ReportsFailures, Vertical):
    """Shows the files of the workspace."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", id="files.filter", tooltip="Type a part of a name to list matching files"),
    ]

    tree_view = getters.query_one(FileTree)
    matches = getters.query_one(MatchList)
    prompt = getters.query_one(PromptLine)

    def __init__(self, root: Path, *, id: str | None = None) -> None:
        super().__init__(id=id, classes="pane")
        self._disk_root = root
        self._paths: tuple[str, ...] = ()
        self._found: list[FuzzyMatch] = []

    def compose(self) -> ComposeResult:
        """The tree and the filter's input; the list of matches comes behind the first frame."""
        yield FileTree(self._disk_root, id="tree")
        yield EmptyNotice("No file here yet", id="files-empty", classes="notice")
        yield PromptLine(id="files-prompt")

    def on_mount(self) -> None:
        """Start with the tree."""
        self.border_title = "Files"
        self.query_one(EmptyNotice).display = False
        self.call_after_refresh(self._complete)

    async def _complete(self) -> None:
        matches = MatchList(id="filtered")
        matches.display = False
        await self.mount(matches, after=self.tree_view)

    def focus_content(self) -> None:
        """Focus the tree or the filter."""
        if self.prompt.display:
            self.screen.set_focus(self.prompt.query_one(Input))
        else:
            self.screen.set_focus(self.tree_view if self.tree_view.display else self.query_one(EmptyNotice))

    def set_paths(self, paths: tuple[str, ...]) -> None:
        """Show these files from now on."""
        if paths != self._paths or not paths:
            self._paths = paths
            self._index_paths(paths)

    @work(group="paths", exclusive=True, exit_on_error=False)
    async def _index_paths(self, paths: tuple[str, ...]) -> None:
        index = await asyncio.to_thread(PathIndex, paths)
        self.tree_view.set_paths(index)
        self.border_subtitle = f"{len(paths):,}"
        if not self.prompt.display:
            self._show_tree()

    def set_changes(self, changes: tuple[FileChange, ...]) -> None:
        """Show the git state of these files."""
        self.tree_view.set_states(folder_states(changes))

    def reveal(self, path: str) -> None:
        """Put the tree's cursor on a file."""
        self.tree_view.reveal(path)

    # Filter

    def action_filter(self) -> None:
        """Start to filter."""
        self.prompt.ask("filter", "/")
        self.tree_view.display = False
        self.matches.display = True
        self._filter("")

    @work(group="filter", exclusive=True, exit_on_error=False)
    async def _filter(self, text: str) -> None:
        self._found = await asyncio.to_thread(rank, text, self._paths, MAX_FILTERED)
        width = self.content_size.width - 3
        self.matches.show([path_label(match, width) for match in self._found])
        self.prompt.note(f"{len(self._found)}" if len(self._found) < MAX_FILTERED else f"{MAX_FILTERED}+")

    @on(PromptLine.Changed)
    def _prompt_changed(self, event: PromptLine.Changed) -> None:
        event.stop()
        self._filter(event.text)

    @on(PromptLine.Submitted)
    def _prompt_submitted(self, event: PromptLine.Submitted) -> None:
        event.stop()
        self._choose(self.matches.highlighted)

    @on(PromptLine.Dismissed)
    def _prompt_dismissed(self, event: PromptLine.Dismissed) -> None:
        event.stop()
        self._show_tree()
        self.focus_content()

    @on(OptionList.OptionSelected)
    def _match_clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._choose(event.option_index)

    def on_key(self, event: events.Key) -> None:
        """Move in the matches while the input has the focus."""
        steps = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}
        if self.prompt.display and event.key in steps:
            event.stop()
            event.prevent_default()
            self.matches.step(steps[event.key])

    def _choose(self, row: int | None) -> None:
        if row is None or row >= len(self._found):
            return
        path = self._found[row].text
        self._show_tree()
        self.post_message(PlaceSelected(path))

    def _show_tree(self) -> None:
        self.prompt.close()
        empty = self.query_one(EmptyNotice)
        shown, hidden = (self.tree_view, empty) if self._paths else (empty, self.tree_view)
        had_focus = self.has_focus_within
        shown.display = True
        if had_focus:
            self.screen.set_focus(shown)
        hidden.display = False
        for matches in self.query(MatchList):
            matches.display = False
