"""The values of file-system branches: forks, runs, comparisons and merges. Paths and lines are as in `ramet.models`."""

from __future__ import annotations

from typing import Literal

import msgspec

from ramet.models import GitHead, SkippedFile, Value


class DiffStat(Value, frozen=True):
    """How much differs between two trees."""

    files: int = 0
    added: int = 0
    """Lines."""
    removed: int = 0


class Baseline(Value, frozen=True):
    """What a branch was forked from, and when."""

    commit: str
    """The recorded state of all files; not a commit of the repository."""
    tree: str
    taken: float
    """Seconds since the epoch."""
    source: str
    """`working tree`, the name of a branch, or a revision as it was asked for."""
    head: GitHead | None
    """What the working tree stood on then; None outside git."""


CheckState = Literal["passed", "failed", "could not run", "stopped"]


class CheckMark(Value, frozen=True):
    """What makes a run the result of a check."""

    name: str
    """Of the check; of a command that has none, the command itself."""
    state: CheckState
    summary: str = ""
    """What it said, in one line; empty where nothing of it is understood."""
    trees: tuple[str, ...] = ()
    """The states of all files that the result is about: the one that it ran on, and the one that it left."""


class BranchRun(Value, frozen=True):
    """One command that ran in a branch, and what it said."""

    command: str
    exit_code: int | None
    """None for one that was ended by force."""
    started: float
    """Seconds since the epoch."""
    duration: float
    """In seconds."""
    output: str = ""
    """The end of what it printed, as plain text."""
    omitted: int = 0
    """Bytes of output before that."""
    changed: int = 0
    """Files that it changed."""
    commit: str = ""
    """The state of the branch that it ran on."""
    number: int = 0
    """Its number among the commands of the repository; 0 where those are not recorded."""
    check: CheckMark | None = None
    """None where nobody ran it as a check."""


class BranchCost(Value, frozen=True):
    """What models were paid for questions about a branch, as far as their conversations are still stored."""

    usd: float = 0.0
    """The sum of what is known."""
    questions: int = 0
    """Those that a model was asked."""
    unpriced: int = 0
    """Those among them whose price is unknown."""


BranchState = Literal["live", "dropped"]


class Branch(Value, frozen=True):
    """A branch of the file system: a named line of work on a copy of the whole tree."""

    id: str
    name: str
    state: BranchState
    commit: str
    """Its present state, kept outside the repository; `--at NAME` shows it."""
    tree: str
    base: Baseline
    created: float
    updated: float
    """When it was changed last."""
    stat: DiffStat = DiffStat()
    """How it differs from its base; what was merged back counts as part of the base."""
    moved: int | None = None
    """Files of the working tree that are not as they were at the fork; None where nobody looked or there is no working tree."""
    disk: int | None = None
    """Bytes of the disk that it alone takes: objects that no other branch has, and its folder; None where nobody looked."""
    runs: tuple[BranchRun, ...] = ()
    """The latest last."""
    merged: float | None = None
    """When something of it was merged back last."""
    kept: str = ""
    """The git branch that `keep` made of it."""
    dropped: float | None = None
    expires: float | None = None
    """When a dropped one is removed for good."""
    cost: BranchCost = BranchCost()

    @property
    def checks(self) -> tuple[BranchRun, ...]:
        """The last result of each check, in the order in which they were run first."""
        latest: dict[str, BranchRun] = {}
        for run in self.runs:
            if run.check is not None:
                latest[run.check.name] = run
        return tuple(latest.values())

    def is_stale(self, run: BranchRun) -> bool:
        """Whether the files of the branch are others now than those that a check is about."""
        return run.check is not None and self.tree not in run.check.trees


class CheckCommand(Value, frozen=True):
    """A shell command that says by its exit code whether the files of a branch are good."""

    name: str
    command: str


class CheckCommands(Value, frozen=True):
    """The checks of the user's configuration, and where there are none, what the repository suggests."""

    configured: tuple[CheckCommand, ...]
    suggested: tuple[CheckCommand, ...] = ()
    """Never run unless the user configures or types them."""
    config_file: str = ""


class ForkRequest(Value, frozen=True):
    """Make branches that all begin with the same state."""

    names: tuple[str, ...] = ("",)
    """An empty name lets one be chosen."""
    source: str = ""
    """A branch or a revision to begin with; empty takes the working tree as it is."""
    include: tuple[str, ...] = ()
    """Files to record although they are large or ignored."""


class BranchFork(Value, frozen=True):
    """Branches that were just made, and what of the working tree is not in them."""

    branches: tuple[Branch, ...]
    skipped: tuple[SkippedFile, ...] = ()
    notes: tuple[str, ...] = ()


class BranchUsage(Value, frozen=True):
    """What the branches of one working tree take of the disk, in bytes."""

    objects: int
    worktrees: int
    limit: int


class BranchList(Value, frozen=True):
    """All branches, the newest first."""

    branches: tuple[Branch, ...]
    usage: BranchUsage
    notes: tuple[str, ...] = ()


class FileEdit(Value, frozen=True):
    """One file of a branch as it shall be."""

    path: str
    content: bytes | None
    """None removes the file."""
    is_executable: bool | None = None
    """None leaves that as it is."""


DiffLineKind = Literal["same", "added", "removed"]


class DiffLine(Value, frozen=True):
    """One line of a hunk."""

    kind: DiffLineKind
    text: str
    """Without its line end."""
    old: int
    """Its number in the old file; 0 for an added line."""
    new: int
    """Its number in the new file; 0 for a removed line."""
    changed: tuple[tuple[int, int], ...] | None = None
    """Which characters differ from the line in its place on the other side, from and to; None where none stands in its place."""
    has_newline: bool = True


class Hunk(Value, frozen=True):
    """Neighbouring changes of one file."""

    number: int
    """1-based in its file."""
    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    section: str
    """The definition that it is in, as git names it."""
    lines: tuple[DiffLine, ...]


DiffState = Literal["added", "modified", "deleted", "renamed", "type"]


class FileDiff(Value, frozen=True):
    """How one file differs."""

    path: str
    """In the new tree; of a deleted file, in the old one."""
    old_path: str
    state: DiffState
    old_mode: int
    """0 where there was none."""
    new_mode: int
    old_id: str
    """git's id of the content; empty where there was none."""
    new_id: str
    is_binary: bool = False
    hunks: tuple[Hunk, ...] = ()

    @property
    def stat(self) -> DiffStat:
        """How many lines were added and removed."""
        kinds = [line.kind for hunk in self.hunks for line in hunk.lines]
        return DiffStat(1, kinds.count("added"), kinds.count("removed"))


class BranchDiff(Value, frozen=True):
    """How a branch differs from something."""

    old: str
    """What it is compared with, for people."""
    new: str
    files: tuple[FileDiff, ...]


Side = Literal["mine", "theirs", "base", "both", "markers"]
"""In a conflict: the working tree's version, the branch's, the one that both come from, the first two below each other, or all
with marks around them."""


class HunkChoice(Value, frozen=True):
    """Some hunks of one file, by their numbers in the diff of the branch against its base."""

    path: str
    numbers: tuple[int, ...]


class ConflictChoice(Value, frozen=True):
    """What to take where both sides changed the same."""

    path: str
    side: Side
    region: int = 0
    """Which of the places in the file, 1-based; 0 for the whole file."""


class MergeRequest(Value, frozen=True):
    """Bring what was done in a branch back into the working tree."""

    name: str
    paths: tuple[str, ...] = ()
    """Files or folders; empty for all."""
    hunks: tuple[HunkChoice, ...] = ()
    """Only these hunks of these files, besides `paths`."""
    choices: tuple[ConflictChoice, ...] = ()
    rest: Side | None = None
    """What to take in conflicts without a choice; None leaves them open."""
    leave_conflicts: bool = False
    """Merge everything else where conflicts stay open; else they keep all from being written."""
    is_trial: bool = False
    """Only say what would happen."""


ConflictKind = Literal["content", "both-added", "changed-and-deleted", "deleted-and-changed", "binary", "type", "place"]


class Version(Value, frozen=True):
    """One of the versions of a file in a conflict."""

    id: str
    """git's id of the content."""
    mode: int
    text: str | None
    """None for what is not text."""


class ConflictRegion(Value, frozen=True):
    """One place in a file that both sides changed."""

    number: int
    start_line: int
    """In the working tree's version; where nothing is there, the line before which it would be."""
    mine: str
    base: str
    theirs: str


class MergeConflict(Value, frozen=True):
    """A file that cannot be merged without a choice."""

    path: str
    kind: ConflictKind
    sentence: str
    """What both sides did, for people."""
    base: Version | None
    mine: Version | None
    theirs: Version | None
    regions: tuple[ConflictRegion, ...] = ()


class MergedFile(Value, frozen=True):
    """One file that a merge wrote, or would write."""

    path: str
    action: Literal["added", "changed", "deleted"]


class MergeResult(Value, frozen=True):
    """What a merge came to."""

    branch: str
    is_written: bool
    """Whether the working tree was changed."""
    files: tuple[MergedFile, ...]
    conflicts: tuple[MergeConflict, ...] = ()
    """Those that stayed open."""
    notes: tuple[str, ...] = ()


class BranchUndo(Value, frozen=True):
    """What was taken back."""

    kind: Literal["merge", "drop"]
    branch: str
    files: tuple[MergedFile, ...] = ()


class KeptBranch(Value, frozen=True):
    """An ordinary git branch made of a branch."""

    name: str
    commit: str
    commits: int
    notes: tuple[str, ...] = ()


class BranchPlace(Value, frozen=True):
    """A folder in which a branch is laid out, to run commands in."""

    branch: str
    path: str
    """Absolute, in the text form of `ramet.paths`."""
    slot: int
    commit: str
    """The state of the branch that is laid out."""
    environment: dict[str, str]
    """What to set for commands."""
    setup: str = ""
    """A command of the user's configuration to run first, empty when it has been run there."""
    copies: dict[str, str] = msgspec.field(default_factory=dict)
    """Folders of the working tree, absolute -> their copies in the branch, which variables such as PATH should name instead."""
    overlays: dict[str, str] = msgspec.field(default_factory=dict)
    """Folders of the working tree, absolute -> where what commands change in them is kept; only for who asked for overlays."""
    notes: tuple[str, ...] = ()
