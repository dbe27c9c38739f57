"""Looking at a branch: the workspace as seen from there, and switching all panes to it and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from ramet.branch_models import DiffStat
from ramet.errors import UsageError
from ramet.events import AskEvent, IndexEvent
from ramet.inert import inert_line
from ramet.models import (
    AskRequest,
    FileChange,
    FileState,
    IndexEstimate,
    Mentioned,
    Reference,
    RequestContext,
    SearchResult,
    Symbol,
)
from ramet.workspace.protocol import Workspace
from ramet_tui.widgets.viewer.document import FileStamp
from ramet_tui.widgets.viewer.source import Elsewhere

if TYPE_CHECKING:
    from ramet_tui.screens.branches.board import BranchBoard
    from ramet_tui.screens.main import MainScreen

READ_SECONDS = 30.0
"""How long the viewer waits for a file of a branch."""


class BranchView:
    """A workspace in which everything about code is about one branch; the rest is that of the workspace itself."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self._workspace = workspace
        self._name = name

    def __getattr__(self, attribute: str) -> object:
        return getattr(self._workspace, attribute)

    def sync(self, *, rebuild: bool = False, at: str = "") -> AsyncGenerator[IndexEvent, None]:
        """See `Workspace`."""
        return self._workspace.sync(rebuild=rebuild, at=at or self._name)

    async def estimate(self, at: str = "") -> IndexEstimate:
        """See `Workspace`."""
        return await self._workspace.estimate(at or self._name)

    async def search(self, query: str, limit: int = 10, at: str = "") -> SearchResult:
        """See `Workspace`."""
        return await self._workspace.search(query, limit, at or self._name)

    def ask(self, request: AskRequest) -> AsyncGenerator[AskEvent, None]:
        """See `Workspace`."""
        return self._workspace.ask(replace(request, at=request.at or self._name))

    async def context(self, request: AskRequest) -> RequestContext:
        """See `Workspace`."""
        return await self._workspace.context(replace(request, at=request.at or self._name))

    async def read_elsewhere(self, path: str) -> bytes:
        """Return what a file of the branch holds, for a question that mentions it."""
        return await self._workspace.branch_read(self._name, path)

    async def mentioned(self, question: str, branch: str | None = None) -> Mentioned:
        """See `Workspace`."""
        return await self._workspace.mentioned(question, self._name if branch is None else branch)

    async def symbols(self, query: str = "", path: str = "", limit: int = 200, at: str = "") -> tuple[Symbol, ...]:
        """See `Workspace`."""
        return await self._workspace.symbols(query, path, limit, at or self._name)

    async def references(self, name: str, limit: int = 200, at: str = "") -> tuple[Reference, ...]:
        """See `Workspace`."""
        return await self._workspace.references(name, limit, at or self._name)

    async def files(self) -> tuple[str, ...]:
        """See `Workspace`."""
        return await self._workspace.branch_files(self._name)

    async def changes(self) -> tuple[FileChange, ...]:
        """Return how the branch differs from what it was forked from."""
        diff = await self._workspace.branch_diff(self._name)
        states: dict[str, FileState] = {"added": "added", "deleted": "deleted", "renamed": "renamed"}
        return tuple(FileChange(file.path, states.get(file.state, "modified")) for file in diff.files)


class BranchLook:
    """What the main screen knows of branches: which one it shows, and the board while it is open."""

    def __init__(self, main: MainScreen) -> None:
        self._main = main
        self._workspace: Workspace | None = None
        self.name = ""
        """The branch that is looked at; empty for the working tree."""
        self.board: BranchBoard | None = None

    def workspace_opened(self, workspace: Workspace) -> None:
        """Take the workspace; a branch that was looked at is looked at again."""
        self._workspace = workspace
        if self.name:
            self.look_at(self.name)

    def workspace_lost(self) -> None:
        """Forget it."""
        self._workspace = None

    def status_arrived(self) -> None:
        """The branch may be another one now."""
        if self.board is not None:
            self.board.repository_changed()
        if self.name:
            self.look_at(self.name)

    def open_board(self, repository: str) -> None:
        """Show the board."""
        from ramet_tui.screens.branches.board import BranchBoard

        if self._workspace is None or self.board is not None:
            return
        self.board = BranchBoard(self._workspace, self._main.clock, self.name, repository)
        self._main.app.push_screen(self.board, self._board_closed)

    def _board_closed(self, chosen: str | None) -> None:
        enters = self.board is not None and self.board.enters
        self.board = None
        if enters:
            self._main.set_focus(None)  # what is typed before the shell is there goes nowhere, and not into a question
        if chosen is not None and (chosen != self.name or enters):
            self.look_at(chosen, enters=enters)

    def look_at(self, name: str, *, enters: bool = False) -> None:
        """Show a branch in all panes, with a shell in it where one `enters`; the empty name shows the working tree again."""
        self._main.run_worker(self._look_at(name, enters=enters), group="look", exclusive=True, exit_on_error=False)

    async def _look_at(self, name: str, *, enters: bool) -> None:
        workspace = self._workspace
        if workspace is None:
            return
        if not name:
            self._show(workspace, None, "", None)
            return
        try:
            branch = await workspace.branch(name)
        except UsageError:
            if self.name != name:
                raise
            self._show(workspace, None, "", None)
            self._main.notify(
                f"The branch {inert_line(name)} is gone; this is the working tree.", severity="warning", markup=False
            )
            return
        loop = asyncio.get_running_loop()

        def read(path: str) -> bytes:
            return asyncio.run_coroutine_threadsafe(workspace.branch_read(name, path), loop).result(READ_SECONDS)

        stamp = FileStamp(round(branch.updated * 1e9), 0, 0)
        self._show(cast("Workspace", BranchView(workspace, name)), Elsewhere(read, stamp), name, branch.stat)
        if enters:
            self._main.open_branch_terminal()

    def _show(self, workspace: Workspace, elsewhere: Elsewhere | None, name: str, stat: DiffStat | None) -> None:
        is_other = name != self.name
        self.name = name
        self._main.show_workspace(workspace, elsewhere, name, stat, is_other=is_other)
