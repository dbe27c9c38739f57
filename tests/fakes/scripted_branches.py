"""The part of a scripted workspace that is about branches: what a test put into `branch_answers`, by the name of the method."""

from __future__ import annotations

from typing import TypeVar

from ramet.branch_models import (
    Branch,
    BranchDiff,
    BranchFork,
    BranchList,
    BranchPlace,
    BranchRun,
    BranchUndo,
    CheckCommands,
    FileEdit,
    ForkRequest,
    KeptBranch,
    MergeRequest,
    MergeResult,
)

T = TypeVar("T")


class ScriptedBranches:
    """Gives the answers of a test; a method without one fails."""

    branch_answers: dict[str, object]

    async def _enter(self, method: str, argument: object = None) -> None:
        raise NotImplementedError

    async def branch_new(self, request: ForkRequest) -> BranchFork:
        return await self._answer("branch_new", request, BranchFork)

    async def branches(self, dropped: bool = False) -> BranchList:
        return await self._answer("branches", dropped, BranchList)

    async def branch(self, name: str) -> Branch:
        return await self._answer("branch", name, Branch)

    async def branch_files(self, name: str) -> tuple[str, ...]:
        return await self._answer("branch_files", name, tuple)

    async def branch_read(self, name: str, path: str) -> bytes:
        return await self._answer("branch_read", (name, path), bytes)

    async def branch_write(self, name: str, edits: tuple[FileEdit, ...], message: str = "") -> Branch:
        return await self._answer("branch_write", (name, edits, message), Branch)

    async def branch_diff(self, name: str, against: str = "", paths: tuple[str, ...] = ()) -> BranchDiff:
        return await self._answer("branch_diff", (name, against, paths), BranchDiff)

    async def branch_merge(self, request: MergeRequest) -> MergeResult:
        return await self._answer("branch_merge", request, MergeResult)

    async def branch_undo(self, name: str = "") -> BranchUndo:
        return await self._answer("branch_undo", name, BranchUndo)

    async def branch_keep(self, name: str, as_name: str = "", message: str = "") -> KeptBranch:
        return await self._answer("branch_keep", (name, as_name, message), KeptBranch)

    async def branch_drop(self, name: str) -> Branch:
        return await self._answer("branch_drop", name, Branch)

    async def branch_forget(self, name: str) -> Branch:
        return await self._answer("branch_forget", name, Branch)

    async def branch_place(self, name: str, owner: int = 0, overlays: bool = False) -> BranchPlace:
        return await self._answer("branch_place", name, BranchPlace)

    async def branch_capture(self, name: str, slot: int, command: str = "", setup: str = "") -> BranchFork:
        return await self._answer("branch_capture", (name, slot, command, setup), BranchFork)

    async def branch_finished(
        self, name: str, slot: int, run: BranchRun | None = None, setup: str = "", owner: int = 0
    ) -> BranchFork:
        return await self._answer("branch_finished", (name, slot, run, setup), BranchFork)

    async def branch_checks(self) -> CheckCommands:
        return await self._answer("branch_checks", None, CheckCommands)

    async def _answer(self, method: str, argument: object, kind: type[T]) -> T:
        await self._enter(method, argument)
        answer = self.branch_answers[method]
        assert isinstance(answer, kind)
        return answer
