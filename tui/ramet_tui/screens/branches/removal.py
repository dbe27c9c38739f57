"""Dropping branches from the board: at once where that can be taken back, else after a question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ramet.branch_models import Branch
from ramet.inert import inert_line
from ramet_tui.screens.branches.base import BranchScreen
from ramet_tui.screens.branches.shells import close_shells, open_shells


class Removal:
    """Owned by the board."""

    def __init__(self, board: BranchScreen[Any], gone: Callable[[str], None]) -> None:  # Any: see BoardChecks
        """Take the board, and what is told the name of each branch that is gone."""
        self._board = board
        self._gone = gone

    def drop(self, branch: Branch) -> None:
        """Drop a branch at once, unless a shell is open in it: that is asked about."""
        name, shells = branch.name, open_shells(self._board.ramet, branch.name)

        def answered(is_sure: bool | None) -> None:
            if is_sure:
                self._board.begin(f"dropping {name}", lambda: self._drop(name), self._dropped)

        if not shells:
            answered(True)
            return
        question = f"Drop {inert_line(name)} and end its terminal? What it changed goes with it; u brings it back:"
        self._ask(question, "\n".join(shells), "drop", answered)

    def drop_for_good(self, branch: Branch) -> None:
        """Drop a branch, or one that is dropped, so that it does not come back; asks first."""
        name, shells = branch.name, open_shells(self._board.ramet, branch.name)
        lost = [branch_line(branch), *(f"ends its terminal: {inert_line(shell)}" for shell in shells)]

        def answered(is_sure: bool | None) -> None:
            if is_sure:
                self._board.begin(f"removing {name}", lambda: self._forget(name), self._forgotten)

        question = f"Remove {inert_line(name)} for good? Nothing brings it back, and its merges cannot be undone any more:"
        self._ask(question, "\n".join(lost), "remove", answered)

    def _ask(self, question: str, subject: str, yes: str, answered: Callable[[bool | None], None]) -> None:
        from ramet_tui.widgets.chat.dialogs import ConfirmScreen

        self._board.app.push_screen(ConfirmScreen(question, subject, yes), answered)

    async def _drop(self, name: str) -> Branch:
        await close_shells(self._board.ramet, name)
        return await self._board.workspace.branch_drop(name)

    async def _forget(self, name: str) -> Branch:
        await close_shells(self._board.ramet, name)
        return await self._board.workspace.branch_forget(name)

    def _dropped(self, branch: Branch) -> None:
        self._board.tell(f"Dropped {branch.name}. u brings it back, within seven days.")
        self._gone(branch.name)

    def _forgotten(self, branch: Branch) -> None:
        self._board.tell(f"{branch.name} is gone for good.")
        self._gone(branch.name)


def branch_line(branch: Branch) -> str:
    """Return what would be lost with a branch."""
    stat = branch.stat
    return f"{stat.files} changed {'file' if stat.files == 1 else 'files'}, +{stat.added} \u2212{stat.removed}"
