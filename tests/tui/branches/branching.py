"""A scripted workspace whose branches behave: what is made, merged, kept and dropped is so afterwards."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec.structs import replace

from ramet.branch_models import (
    Baseline,
    Branch,
    BranchCost,
    BranchDiff,
    BranchFork,
    BranchList,
    BranchPlace,
    BranchRun,
    BranchUndo,
    BranchUsage,
    CheckCommand,
    CheckCommands,
    CheckMark,
    CheckState,
    ConflictRegion,
    DiffLine,
    DiffStat,
    FileDiff,
    ForkRequest,
    Hunk,
    KeptBranch,
    MergeConflict,
    MergedFile,
    MergeRequest,
    MergeResult,
    Version,
)
from ramet.errors import UsageError
from ramet.models import GitHead
from tests.tui.scripted_workspace import ScriptedWorkspace

NOW = 1_764_115_200.0
"""The clock of these tests, seconds since the epoch."""
MINUTE, HOUR, DAY = 60, 3_600, 86_400
HEAD = GitHead("late-frost", "5f0c9d2e" + "0" * 32)


def branch(name: str, hours: float = 1, **fields: object) -> Branch:
    """Return a live branch that was forked some hours ago."""
    made = NOW - hours * HOUR
    present = Branch(
        id=f"id-{name}",
        name=name,
        state="live",
        commit=f"{name:0<40}"[:40],
        tree="7" * 40,
        base=Baseline("b" * 40, "7" * 40, made, "working tree", HEAD),
        created=made,
        updated=made,
        moved=0,
    )
    return replace(present, **fields)


class BranchingWorkspace(ScriptedWorkspace):
    """Branches in memory; the folder in which commands run is real."""

    def __init__(self, root: Path, **named: object) -> None:
        super().__init__(root, **named)  # type: ignore[arg-type]  # handed on as they are
        self.branch_list: list[Branch] = []
        self.files_of: dict[str, dict[str, bytes]] = {}
        self.diffs: dict[str, BranchDiff] = {}
        """By what is compared with: empty for the base, `now`, or a name."""
        self.conflicts: tuple[MergeConflict, ...] = ()
        """What a merge without choices finds."""
        self.requests: list[MergeRequest] = []
        self.done: list[BranchUndo] = []
        self.checks = CheckCommands((CheckCommand("tests", "true"), CheckCommand("lint", "exit 3")))
        self.usage = BranchUsage(3_400_000, 41_000_000, 2_000_000_000)

    def _find(self, name: str, state: str = "live") -> Branch:
        for each in self.branch_list:
            if each.name == name and each.state == state:
                return each
        raise UsageError(f"There is no branch {name!r}.", "`ramet branch list` lists them.")

    def _put(self, changed: Branch) -> Branch:
        self.branch_list = [changed if each.id == changed.id else each for each in self.branch_list]
        return changed

    async def branch_new(self, request: ForkRequest) -> BranchFork:
        await self._enter("branch_new", request)
        (name,) = request.names
        if any(each.name == name for each in self.branch_list):
            raise UsageError(f"There is a branch {name!r} already.", "Choose another name, or drop that one first.")
        made = branch(name, 0)
        self.branch_list.append(made)
        return BranchFork((made,))

    async def branches(self, dropped: bool = False) -> BranchList:
        await self._enter("branches", dropped)
        wanted = "dropped" if dropped else "live"
        return BranchList(tuple(each for each in self.branch_list if each.state == wanted), self.usage)

    async def branch(self, name: str) -> Branch:
        await self._enter("branch", name)
        return self._find(name)

    async def branch_files(self, name: str) -> tuple[str, ...]:
        await self._enter("branch_files", name)
        return tuple(sorted(self.files_of[name]))

    async def branch_read(self, name: str, path: str) -> bytes:
        await self._enter("branch_read", (name, path))
        if path not in self.files_of[name]:
            raise UsageError(f"The branch {name} has no file {path}.", "Check the path.")
        return self.files_of[name][path]

    async def branch_diff(self, name: str, against: str = "", paths: tuple[str, ...] = ()) -> BranchDiff:
        await self._enter("branch_diff", (name, against, paths))
        return self.diffs.get(against, BranchDiff(f"the fork of {name}", name, ()))

    async def branch_merge(self, request: MergeRequest) -> MergeResult:
        await self._enter("branch_merge", request)
        self.requests.append(request)
        if self.conflicts and not request.choices and not request.leave_conflicts:
            return MergeResult(request.name, False, (MergedFile("orchard/report.py", "changed"),), self.conflicts)
        self._put(replace(self._find(request.name), merged=NOW))
        files = (MergedFile("orchard/grove.py", "changed"), MergedFile("orchard/report.py", "changed"))
        self.done.append(BranchUndo("merge", request.name, files))
        left = self.conflicts if request.leave_conflicts else ()
        return MergeResult(request.name, True, files, left)

    async def branch_undo(self, name: str = "") -> BranchUndo:
        await self._enter("branch_undo", name)
        if not self.done:
            raise UsageError("There is nothing to undo: no merge and no drop.", "`ramet branch list` lists the branches.")
        undone = self.done.pop()
        if undone.kind == "drop":
            self._put(replace(self._find(undone.branch, "dropped"), state="live", dropped=None, expires=None))
        else:
            self._put(replace(self._find(undone.branch), merged=None))
        return undone

    async def branch_keep(self, name: str, as_name: str = "", message: str = "") -> KeptBranch:
        await self._enter("branch_keep", (name, as_name, message))
        if as_name == "main":
            raise UsageError("The repository has a branch main already.", "Choose another name with --as.")
        self._put(replace(self._find(name), kept=as_name))
        return KeptBranch(as_name, "c" * 40, 2)

    async def branch_drop(self, name: str) -> Branch:
        await self._enter("branch_drop", name)
        self.done.append(BranchUndo("drop", name))
        return self._put(replace(self._find(name), state="dropped", dropped=NOW, expires=NOW + 7 * DAY))

    async def branch_forget(self, name: str) -> Branch:
        await self._enter("branch_forget", name)
        gone = self._find(name)
        self.branch_list = [each for each in self.branch_list if each is not gone]
        return gone

    async def branch_place(self, name: str, owner: int = 0, overlays: bool = False) -> BranchPlace:
        await self._enter("branch_place", (name, owner == os.getpid()))
        return BranchPlace(name, str(self.root), 1, "c" * 40, {"RAMET_BRANCH": name})

    async def branch_capture(self, name: str, slot: int, command: str = "", setup: str = "") -> BranchFork:
        await self._enter("branch_capture", (name, slot, command, setup))
        return BranchFork((self._find(name),))

    async def branch_finished(
        self, name: str, slot: int, run: BranchRun | None = None, setup: str = "", owner: int = 0
    ) -> BranchFork:
        await self._enter("branch_finished", (name, slot, run, setup))
        found = self._find(name)
        if run is not None and run.check is not None:
            run = replace(run, check=replace(run.check, trees=(found.tree,)))
        runs = found.runs if run is None else (*found.runs, replace(run, changed=1))
        return BranchFork((self._put(replace(found, runs=runs)),))

    async def branch_checks(self) -> CheckCommands:
        await self._enter("branch_checks")
        return self.checks


GROVE_BEFORE = (
    "    def grow(self, season: Season) -> float:",
    '        """Add a ring and return how wide it is."""',
    "        if frost_expected(season):",
    "            return 0.0  # buds that froze do not grow",
    "        self.rings += 1",
    "        return RING_WIDTH * season.sunshine",
)


def _same(text: str, old: int, new: int) -> DiffLine:
    return DiffLine("same", text, old, new)


GROVE_DIFF = FileDiff(
    path="orchard/grove.py", old_path="orchard/grove.py", state="modified", old_mode=0o100644, new_mode=0o100644,
    old_id="a" * 40, new_id="b" * 40,
    hunks=(
        Hunk(1, 10, 4, 10, 4, "", (
            DiffLine("removed", "RING_WIDTH = 1.8", 10, 0, ((13, 16),)),
            DiffLine("added", "RING_WIDTH = 2.1", 0, 10, ((13, 16),)),
            _same('"""Millimetres that a stem grows in a good year."""', 11, 11),
            _same("", 12, 12),
        )),
        Hunk(2, 22, 6, 22, 8, "class Stem:", (
            _same(GROVE_BEFORE[0], 22, 22),
            _same(GROVE_BEFORE[1], 23, 23),
            DiffLine("removed", GROVE_BEFORE[2], 24, 0, ((11, 25),)),
            DiffLine("removed", GROVE_BEFORE[3], 25, 0, ((19, 22),)),
            DiffLine("added", "        if late_frost(season):", 0, 24, ((11, 21),)),
            DiffLine("added", "            return RING_WIDTH / 4  # buds that froze do not grow", 0, 25, ((19, 33),)),
            DiffLine("added", "        if season.coldest > 30:", 0, 26),
            DiffLine("added", "            return 0.0", 0, 27),
            _same(GROVE_BEFORE[4], 26, 28),
            _same(GROVE_BEFORE[5], 27, 29),
        )),
    ),
)  # fmt: skip

NEW_FILE = FileDiff(
    path="orchard/frost.py", old_path="orchard/frost.py", state="added", old_mode=0, new_mode=0o100644, old_id="",
    new_id="c" * 40,
    hunks=(
        Hunk(1, 0, 0, 1, 4, "", (
            DiffLine("added", "from orchard.weather import Season", 0, 1),
            DiffLine("added", "", 0, 2),
            DiffLine("added", "def late_frost(season: Season) -> bool:", 0, 3),
            DiffLine("added", "    return season.coldest < -2.0 and season.year > 0", 0, 4),
        )),
    ),
)  # fmt: skip

PICTURE = FileDiff(
    path="web/aspen.png", old_path="web/aspen.png", state="modified", old_mode=0o100644, new_mode=0o100644,
    old_id="d" * 40, new_id="e" * 40, is_binary=True,
)  # fmt: skip

DIFF = BranchDiff("the fork of late-buds", "late-buds", (NEW_FILE, GROVE_DIFF, PICTURE))

CONFLICTS = (
    MergeConflict(
        "orchard/grove.py", "content", "Both the working tree and late-buds changed the same lines.",
        Version("1" * 40, 0o100644, "base\n"), Version("2" * 40, 0o100644, "mine\n"), Version("3" * 40, 0o100644, "theirs\n"),
        (
            ConflictRegion(1, 10, "RING_WIDTH = 1.9\n", "RING_WIDTH = 1.8\n", "RING_WIDTH = 2.1\n"),
            ConflictRegion(
                2, 24, "        if frost_expected(season) and not self.is_covered:\n            return 0.0\n",
                "        if frost_expected(season):\n            return 0.0  # buds that froze do not grow\n",
                "        if late_frost(season):\n            return RING_WIDTH / 4  # buds that froze do not grow\n",
            ),
        ),
    ),
    MergeConflict(
        "orchard/weather.py", "deleted-and-changed", "The working tree deleted the file and late-buds changed it.",
        Version("1" * 40, 0o100644, "YEAR = 1\n"), None, Version("3" * 40, 0o100644, "YEAR = 2\n"),
    ),
)  # fmt: skip

OUTPUT = "tests/test_grove.py ......F.\n>   assert gained['a'] == 1.8\nE   assert 0.45 == 1.8\n1 failed, 13 passed in 0.42s\n"


def several() -> list[Branch]:
    """Return branches in every state."""
    return [
        branch(
            "late-buds", 0.6, stat=DiffStat(3, 9, 3), moved=4, updated=NOW - 4 * MINUTE,
            runs=(BranchRun("pytest -q", 1, NOW - 3 * MINUTE, 0.9, OUTPUT, changed=0, commit=f"{'late-buds':0<40}"),),
        ),
        branch(
            "wider-rings", 3, stat=DiffStat(1, 1, 1), merged=NOW - 2 * HOUR, moved=1,
            runs=(BranchRun("make check", 0, NOW - 2 * HOUR, 71.4, "all checks passed\n", changed=2),),
        ),
        branch("wider-rings-2", 2, base=Baseline("b" * 40, "7" * 40, NOW - 2 * HOUR, "wider-rings", HEAD), moved=None),
        branch("report/as-table", 26, stat=DiffStat(12, 1_204, 310), kept="ramet/report/as-table"),
        branch("dead-end", 50, state="dropped", dropped=NOW - HOUR, expires=NOW + 7 * DAY - HOUR, stat=DiffStat(2, 40, 0)),
    ]  # fmt: skip


def checked() -> list[Branch]:
    """Return branches with results of checks: passed, failed, stale, and none."""

    def run(name: str, state: CheckState, summary: str, seconds: float = 1.2, output: str = "", tree: str = "7") -> BranchRun:
        code = {"passed": 0, "failed": 1, "could not run": 127}.get(state)
        command = {"tests": "pytest -q", "lint": "ruff check", "types": "mypy"}[name]
        mark = CheckMark(name, state, summary, (tree * 40,))
        return BranchRun(command, code, NOW - 5 * MINUTE, seconds, output, number=7, check=mark)

    failed = run("tests", "failed", "1 failed, 13 passed", 0.9, OUTPUT)
    return [
        branch(
            "late-buds", 0.6, stat=DiffStat(3, 9, 3), moved=4, cost=BranchCost(0.0421, 3, 0),
            runs=(failed, run("lint", "passed", "no errors"), run("types", "passed", "no errors in 9 source files", 71.4)),
        ),
        branch(
            "wider-rings", 3, stat=DiffStat(1, 1, 1), cost=BranchCost(0.008, 1, 1),
            runs=(run("tests", "passed", "14 passed", 0.9), run("lint", "passed", "no errors"), run("types", "stopped", "", 3.0)),
        ),
        branch(
            "report/as-table", 26, stat=DiffStat(12, 1_204, 310),
            runs=(run("tests", "passed", "14 passed", tree="6"), run("lint", "could not run", "ruff: not found", 0.0, tree="6")),
        ),
        branch("wider-rings-2", 2, base=Baseline("b" * 40, "7" * 40, NOW - 2 * HOUR, "wider-rings", HEAD), moved=None),
    ]  # fmt: skip
