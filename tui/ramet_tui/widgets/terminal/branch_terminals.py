"""What terminals in branches have recorded: after each command, when somebody is about to look, and when a shell is over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

from textual import work
from textual.containers import Vertical

from ramet.branch_models import BranchFork, BranchPlace
from ramet.errors import EngineError, RametError, UsageError
from ramet.inert import inert_line
from ramet.workspace.protocol import Workspace
from ramet_tui.messages import ProblemOccurred
from ramet_tui.widgets.failures import ReportsFailures
from ramet_tui.widgets.terminal.branch_folder import BranchFolder
from ramet_tui.widgets.terminal.session import Session

_log = logging.getLogger(__name__)

END_SECONDS = 3.0
"""How long a shell may take to be gone before its branch is recorded; by then it was killed."""


class BranchTerminals(ReportsFailures, Vertical):
    """The part of the terminals that is about branches; says what goes wrong, once."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._workspace: Workspace | None = None
        self._folders: list[BranchFolder] = []
        self._over: set[BranchFolder] = set()
        """Those whose shell has ended and that are not given back yet."""
        self._told: set[str] = set()
        """Remarks that were made; none is made twice."""
        self._failing = ""
        """Why the last call failed; empty when it went well."""

    def branch_folder(self, name: str) -> BranchFolder:
        """Return what a new terminal in a branch needs."""
        folder = BranchFolder(name, lambda: self._workspace)
        self._folders.append(folder)
        return folder

    def workspace_returned(self) -> None:
        """Give back what could not be given back while the workspace was lost."""
        for folder in self._over:
            self._leave(folder)

    # While a shell goes on

    def capture_looked_at(self, name: str) -> None:
        """Have recorded what shells that do not tell of their commands have changed in a branch."""
        for folder in self._folders:
            if folder.name == name and folder.place is not None:
                self.capture_branch(folder)

    @work(group="capture", exit_on_error=False)
    async def capture_branch(self, folder: BranchFolder, command: str = "") -> None:
        """Have recorded what a command has changed."""
        await self._said(folder, folder.capture(command))

    async def capture_now(self, name: str) -> None:
        """Have recorded what the shells in a branch have changed until now. Raises RametError."""
        for folder in self._folders:
            if folder.name == name:
                await folder.capture()

    # When it is over

    def leave_branch(self, session: Session) -> None:
        """Have recorded what a shell has changed that ends, and give the folder back."""
        if session.branch is None or (session.branch.place is None and not session.is_closed):
            return
        self._over.add(session.branch)
        self._leave(session.branch, session, session.branch.place)

    @work(group="leave", exit_on_error=False)
    async def _leave(self, folder: BranchFolder, session: Session | None = None, place: BranchPlace | None = None) -> None:
        if session is not None:
            await asyncio.to_thread(session.join, END_SECONDS)
        if await self._said(folder, folder.leave(place)):
            self._over.discard(folder)

    async def leave_ended(self, session: Session) -> None:
        """Do the same and wait for it. Raises RametError."""
        if session.branch is not None:
            await asyncio.to_thread(session.join, END_SECONDS)
            await session.branch.leave()

    async def leave_branches(self) -> None:
        """Give all folders back, when the app ends; what fails is recorded when the folder is used next."""
        for folder in self._folders:
            try:
                await folder.leave()
            except RametError:
                _log.warning("leaving the branch %s", folder.name, exc_info=True)

    # What is said

    async def _said(self, folder: BranchFolder, call: Awaitable[BranchFork | None]) -> bool:
        """Wait for a call and say what is to be said; return whether it went well."""
        try:
            taken = await call
        except EngineError as error:
            self.post_message(ProblemOccurred(error))
            return False
        except UsageError as error:  # the folder or the branch is gone
            self._fail("What was recorded is kept. Leave the shell with `exit`; enter then lays the branch out.", error.what)
            return False
        except RametError as error:
            self._fail(
                f"{error.what} {error.advice}".strip(),
                f"Not recorded in {folder.name} yet; it stays in the folder, and the next command tries again",
            )
            return False
        self._failing = ""
        if taken is not None and taken.branches[0].state == "dropped":
            self._warn(
                f"What its terminal changes is kept with it: ramet branch undo {folder.name}", f"{folder.name} was dropped"
            )
        for note in taken.notes if taken is not None else ():
            self._warn(note)
        return True

    def _fail(self, text: str, title: str) -> None:
        if text != self._failing:
            self._failing = text
            self._told.discard(text)
            self._warn(text, title)

    def _warn(self, text: str, title: str = "") -> None:
        if text not in self._told:
            self._told.add(text)
            self.notify(inert_line(text), title=inert_line(title), severity="warning", timeout=8, markup=False)
