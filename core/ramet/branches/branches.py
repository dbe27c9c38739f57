"""Branches of one working tree: making, finding, comparing and changing them. Everything else here is a part of this."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from msgspec.structs import replace

from ramet.branch_models import (
    Baseline,
    Branch,
    BranchDiff,
    BranchFork,
    BranchPlace,
    BranchRun,
    BranchUndo,
    BranchUsage,
    FileEdit,
    ForkRequest,
    KeptBranch,
    MergeRequest,
    MergeResult,
)
from ramet.branches.budget import Housekeeping
from ramet.branches.diff import diff_stat, diff_trees
from ramet.branches.edits import edited_tree
from ramet.branches.keep import keep
from ramet.branches.merge_back import MergeBack
from ramet.branches.names import checked_name, checked_path
from ramet.branches.objects import Head, ObjectStore, git_head
from ramet.branches.pool import Slot
from ramet.branches.records import BranchRecord, StoreState
from ramet.branches.snapshot import Snapshot, Snapshotter
from ramet.branches.store import BranchStore
from ramet.branches.trees import StoredTree
from ramet.branches.working import Needs, Working
from ramet.errors import GitError, UsageError
from ramet.git.repository import Location
from ramet.git.revisions import list_tree, resolve_revision
from ramet.git.runner import Git, partial_clone
from ramet.index.merkle import SUBMODULE_MODE
from ramet.inert import inert_line
from ramet.models import GitHead, Revision
from ramet.paths import UserDirectories

WORKING_TREE = "working tree"
"""What a branch is forked from when nothing else is said."""
_MOST_NAMED = 1_000
"""Files left out of a fork that are named one by one."""
_FULL_DIGITS = (40, 64)


class Branches:
    """All branches of one working tree. Blocks; safe to use from several threads and processes."""

    def __init__(self, location: Location, directories: UserDirectories) -> None:
        """Find the branches; nothing is written before the first change."""
        self.location = location
        self.store = BranchStore(location, directories)
        self._secured: Snapshot | None = None
        self._counted: tuple[tuple[int, int, int], int] = (0, 0, 0), 0
        """Which file was counted, and what came out."""

    @property
    def _objects(self) -> ObjectStore:
        return self.store.objects

    @cached_property
    def _snapshotter(self) -> Snapshotter:
        return Snapshotter(self._objects, self.store.folder)

    # -- finding

    def listed(self, *, dropped: bool = False) -> tuple[Branch, ...]:
        """Return the branches, the newest first, with how far the working tree has moved from each one's fork."""
        records = [record for record in self.store.state().branches if record.is_live != dropped and not record.is_forgotten]
        if not records:
            return ()
        now = None if self.location.is_bare else self.snapshot().tree
        moved: dict[str, int] = {}
        if now is not None:
            moved = {tree: len(self._objects.changes(tree, now)) for tree in {record.origin.tree for record in records}}
        disk = self._disk()
        values = [record.value(moved.get(record.origin.tree), disk.get(record.id)) for record in records]
        return tuple(sorted(values, key=lambda branch: -branch.created))

    def count(self) -> int:
        """Return how many branches there are; cheap enough to be asked all the time."""
        try:
            status = (self.store.folder / "state.json").stat()
        except OSError:
            return 0
        seen = (status.st_ino, status.st_mtime_ns, status.st_size)
        if self._counted[0] != seen:
            self._counted = seen, sum(record.is_live for record in self.store.state().branches)
        return self._counted[1]

    def get(self, name: str) -> Branch:
        """Return one branch. Raises UsageError when there is none of that name."""
        record = self._current(name)
        moved = None if self.location.is_bare else len(self._objects.changes(record.origin.tree, self.snapshot().tree))
        return record.value(moved, self._disk().get(record.id))

    def record(self, name: str) -> BranchRecord:
        """Return what is stored of a live branch. Raises UsageError when there is none of that name."""
        return find(self.store.state(), name)

    def id_of(self, name: str) -> str:
        """Return the id of the live branch of a name, empty where there is none."""
        return next((record.id for record in self.store.state().branches if record.is_live and record.name == name), "")

    def revision(self, name: str) -> tuple[Revision, str] | None:
        """Return the state that a name or a full id stands for and the commit whose history it has; None for anything else."""
        state = self.store.state()
        for record in state.branches:
            if record.is_live and record.name == name:
                return Revision(name, record.head, record.tree, record.name), self._history(record.origin)
        if len(name) in _FULL_DIGITS and state.branches:
            for record in state.branches:
                if name in (record.head, record.base, record.origin.commit):
                    return Revision(name, name, self._objects.tree_of(name), record.name), self._history(record.origin)
            if self._objects.has_own(name):
                origin = state.branches[-1].origin
                return Revision(name, name, self._objects.tree_of(name), "branch"), self._history(origin)
        return None

    @property
    def git(self) -> Git:
        """The git that reads the states of branches."""
        return self._objects.git

    # -- making

    def fork(self, request: ForkRequest) -> BranchFork:
        """Make branches that begin with the same state. Raises UsageError, GitError or StoreError."""
        if not request.names:
            raise UsageError("There is no branch to make.", "Give it a name.")
        with self.store.locked():
            state = self.store.state()
            names = self._names(request.names, state)
            if any(record.is_live and record.name == request.source for record in state.branches):
                self._current(request.source)
                state = self.store.state()
            if request.source:
                self._check_free(request.names)
                baseline, base, snapshot = *self._from(request.source, state), None
            else:
                with ThreadPoolExecutor(1) as beside:
                    checking = beside.submit(self._check_free, request.names)
                    snapshot = self.snapshot(request.include)
                    checking.result()
                baseline = Baseline(snapshot.commit, snapshot.tree, snapshot.taken, WORKING_TREE, self._git_head(snapshot.head))
                base = snapshot.commit
            state = self.store.state()  # a snapshot may have pinned something
            made = time.time()
            records = tuple(
                BranchRecord(
                    id=secrets.token_hex(6),
                    name=name,
                    head=baseline.commit,
                    tree=baseline.tree,
                    origin=baseline,
                    base=base,
                    base_tree=baseline.tree,
                    created=made,
                    updated=made,
                )
                for name in names
            )
            self.store.save(replace(state, branches=(*state.branches, *records)))
        skipped, notes = (snapshot.skipped, snapshot.notes) if snapshot is not None else ((), ())
        if len(skipped) > _MOST_NAMED:
            notes = (*notes, f"{len(skipped) - _MOST_NAMED:,} more files were left out for the same reasons.")
            skipped = skipped[:_MOST_NAMED]
        return BranchFork(tuple(record.value(0 if snapshot else None) for record in records), skipped, notes)

    # -- files

    def files(self, name: str) -> tuple[str, ...]:
        """Return the paths of a branch's files, sorted; submodules are no files."""
        entries = list_tree(self._objects.git, self.record(name).tree)
        return tuple(sorted(entry.path for entry in entries if entry.mode != SUBMODULE_MODE))

    def read(self, name: str, path: str) -> bytes:
        """Return what a file of a branch holds. Raises UsageError when there is none."""
        (content,) = StoredTree(self._objects, self.record(name).tree).contents([checked_path(path)])
        if content is None:
            raise UsageError(f"The branch {name} has no file {inert_line(path[:200])}.", "Check the path.")
        return content

    def write(self, name: str, edits: Sequence[FileEdit], message: str = "") -> Branch:
        """Change files of a branch, all of them or none, and return it as it is then. Raises UsageError."""
        with self.store.locked():
            record = self._current(name)
            tree = edited_tree(self._objects, record.tree, edits)
            return self.advance(record, tree, message or f"Edit {len(edits)} file{'' if len(edits) == 1 else 's'}").value()

    def diff(self, name: str, against: str = "", paths: Sequence[str] = ()) -> BranchDiff:
        """Return how a branch differs from its base, from the working tree as it is (`now`), or from another branch."""
        record = self._current(name)
        if against in ("", "base"):
            old, label = record.base_tree, f"the fork of {record.name}"
        elif against == "now":
            old, label = self.snapshot().tree, WORKING_TREE
        else:
            old, label = self._current(against).tree, against
        return BranchDiff(label, record.name, diff_trees(self._objects, old, record.tree, paths))

    def advance(self, record: BranchRecord, tree: str, message: str) -> BranchRecord:
        """Make a tree the new state of a branch; the caller holds the lock and has secured the tree."""
        if tree == record.tree:
            return record
        now = time.time()
        head = self._objects.write_commit(tree, (record.head,), message, now)
        moved = replace(record, head=head, tree=tree, updated=now, stat=diff_stat(self._objects, record.base_tree, tree))
        self.put(moved)
        return moved

    def put(self, record: BranchRecord) -> None:
        """Store a branch in place of what it was; the caller holds the lock."""
        state = self.store.state()
        branches = tuple(record if each.id == record.id else each for each in state.branches)
        self.store.save(replace(state, branches=branches))

    def snapshot(self, include: Collection[str] = ()) -> Snapshot:
        """Record the working tree as it is and make sure that the record lasts."""
        with self.store.locked():
            self.recover()
            last = self._secured
            if last is not None and not self._objects.loose.has(last.commit):
                last = None  # the branches that needed it were dropped for good, and it with them
            taken = self._snapshotter.take(include)
            self._secure(taken, last)
            self._secured = taken
            return taken

    # -- merging

    def merge(self, request: MergeRequest) -> MergeResult:
        """Bring a branch back into the working tree, or say what is in the way. Raises UsageError or BranchConflict."""
        if self.location.is_bare:
            raise UsageError("A bare repository has no working tree to merge into.", "Use `ramet branch keep`.")
        with self.store.locked():
            return self._merging.merge(self._current(request.name), request)

    def undo(self, name: str = "") -> BranchUndo:
        """Take back what was done last, a merge or a drop; with a name, bring that dropped branch back.

        Raises UsageError where there is nothing, BranchConflict where files were changed in the same places since.
        """
        with self.store.locked():
            self.recover()
            state = self.store.state()
            dropped = [record for record in dropped_records(state) if name in ("", record.name)]
            last = max(dropped, key=lambda record: record.dropped or 0.0, default=None)
            if name or (last is not None and not any(merge.at > (last.dropped or 0.0) for merge in state.merges)):
                if last is None:
                    raise UsageError(f"No branch {name!r} was dropped.", "`ramet branch list --dropped` lists those that were.")
                return self._restore(last, state)
            if not state.merges:
                raise UsageError("There is nothing to undo: no merge and no drop.", "`ramet branch list` lists the branches.")
            return self._merging.undo(state)

    def _restore(self, record: BranchRecord, state: StoreState) -> BranchUndo:
        if any(other.is_live and other.name == record.name for other in state.branches):
            raise UsageError(
                f"There is another branch {record.name!r} now.", "Drop that one first; both can be brought back for seven days."
            )
        self.put(replace(record, dropped=None))
        return BranchUndo("drop", record.name)

    def keep(self, name: str, as_name: str = "", message: str = "") -> KeptBranch:
        """Make an ordinary git branch of a branch, which stays. Raises UsageError or GitError."""
        with self.store.locked():
            record = self._current(name)
            kept = keep(self._objects, record, as_name, message)
            self.put(replace(record, kept=kept.name))
            return kept

    def drop(self, name: str) -> Branch:
        """Drop a branch, which can be brought back for seven days. Raises UsageError."""
        with self.store.locked():
            record = replace(self._current(name), dropped=time.time())
            self.put(record)
            self._working.release(record)
            return record.value()

    def forget(self, name: str) -> Branch:
        """Drop a branch for good; what is freed by that goes at the next `tidy`. Its merges cannot be undone any more.

        Without a live branch of that name all dropped ones of it are meant. Raises UsageError where there is none, and
        BranchConflict while a command runs in it.
        """
        with self.store.locked():
            self.recover()
            state = self.store.state()
            live = [record for record in state.branches if record.is_live and record.name == name]
            meant = live or [record for record in dropped_records(state) if record.name == name]
            if not meant:
                find(state, name)  # says that there is none
            for record in meant:
                self._working.give_up(record)
            now = time.time()
            gone = {record.id: replace(record, dropped=now, is_forgotten=True) for record in meant}
            branches = tuple(gone.get(record.id, record) for record in state.branches)
            merges = tuple(merge for merge in state.merges if merge.branch not in gone)
            self.store.save(replace(state, branches=branches, merges=merges))
            return gone[meant[-1].id].value()

    def recover(self) -> tuple[str, ...]:
        """Repair what a merge left that was killed; return sentences about it, none where there was nothing."""
        if not (self.store.folder / "journal.json").exists():
            return ()
        with self.store.locked():
            return self._merging.recover()

    # -- working in them

    def place(self, name: str, owner: int, needs: Needs) -> BranchPlace:
        """Lay a branch out in a folder and return where; `owner` is the process that will work there, 0 for none."""
        with self.store.locked():
            record = self._current(name)
            try:
                return self._working.place(record, owner, needs)
            except GitError as error:
                if self._objects.is_partial():
                    raise partial_clone(self.location.root) from error
                raise

    def capture(self, name: str, slot: int, command: str = "", setup: str = "") -> tuple[BranchFork, bool]:
        """Take what was changed so far where somebody goes on working into the branch; return it, and whether that was anything.

        The notes say what is no part of the branch; `setup` is a set-up command that was run there.
        """
        with self.store.locked():
            before = self._worked_in(name, slot)
            record, notes = self._working.capture(before, slot, command, setup)
            return BranchFork((record.value(),), notes=notes), record.head != before.head

    def finished(self, name: str, slot: int, run: BranchRun | None = None, setup: str = "", owner: int = 0) -> BranchFork:
        """Take what a command did, which is over, into its branch; the notes say what is no part of it."""
        with self.store.locked():
            record, notes = self._working.finished(self._worked_in(name, slot), slot, run, setup, owner)
            self.put(record)
            return BranchFork((record.value(),), notes=notes)

    def folder_of(self, slot: int) -> Path:
        """Return the folder of the pool that has a number."""
        return self._working.pool.path(Slot(slot))

    # -- the disk

    def usage(self, limit: int) -> BranchUsage:
        """Return what all branches take of the disk."""
        return self._housekeeping.usage(limit)

    def _disk(self) -> dict[str, int]:
        """Return the bytes that each branch takes alone, by its id."""
        return self._housekeeping.disk.each([record for record in self.store.state().branches if not record.is_forgotten])

    def tidy(self, limit: int) -> tuple[str, ...]:
        """Forget what was dropped long ago, and more where the branches take more bytes than the limit."""
        if not self.store.state().branches:
            return ()
        with self.store.locked():
            return self._housekeeping.tidy(limit)

    def examine(self) -> tuple[str, ...]:
        """Repair and remove what killed processes left; return sentences about what was found."""
        if self.store.is_new:
            return ()
        with self.store.locked():
            return (*self.recover(), *self._housekeeping.clean())

    # -- inside

    def _current(self, name: str) -> BranchRecord:
        """Return a live branch with what was changed in the folder where it is laid out."""
        record = self.record(name)
        if self._working.pool.of(record.id) is None:
            return record
        with self.store.locked():
            return self._working.absorb(self.record(name))[0]

    def _worked_in(self, name: str, slot: int) -> BranchRecord:
        """Return the branch of a folder in which somebody works, also when it was dropped meanwhile. Raises UsageError."""
        ids = [each.branch for each in self._working.pool.slots() if each.number == slot]
        found = self._of_id(ids[0]) if ids else None
        return found if found is not None and found.name == name else self.record(name)

    def _of_id(self, branch: str) -> BranchRecord | None:
        return next((record for record in self.store.state().branches if record.id == branch), None)

    @cached_property
    def _working(self) -> Working:
        return Working(self.store, self.advance, self._of_id)

    @cached_property
    def _housekeeping(self) -> Housekeeping:
        return Housekeeping(self.store, self._working.pool, self._working.empty)

    @cached_property
    def _merging(self) -> MergeBack:
        return MergeBack(self.store, self.snapshot)

    def _secure(self, snapshot: Snapshot, last: Snapshot | None) -> None:
        """Keep everything a snapshot consists of, whatever the user's repository forgets; the last one is kept already."""
        if last is not None and (last.tree, last.head) == (snapshot.tree, snapshot.head):
            return
        head = snapshot.head
        state = self.store.state()
        if not head.commit or head.commit in state.pinned:
            self._objects.secure(snapshot.tree, head, base=last.tree if last is not None and last.head == head else "")
        elif self._objects.pin(self.store.name, head.commit):
            self._objects.secure(snapshot.tree, head)
            self.store.save(replace(state, pinned=(*state.pinned, head.commit)))
        else:
            self._objects.secure_all(snapshot.commit)

    def _from(self, source: str, state: StoreState) -> tuple[Baseline, str]:
        """Return the state that a branch or a revision stands for, and the commit it is compared with."""
        now = time.time()
        head = self._objects.head()
        for record in state.branches:
            if record.is_live and record.name == source:
                return Baseline(record.head, record.tree, now, source, record.origin.head), record.head
        if not self.location.is_git:
            raise UsageError(f"There is no branch {source!r}.", "`ramet branch list` lists them.")
        self._objects.prepare()
        assert self._objects.user is not None
        revision = resolve_revision(self._objects.user, source)
        head = Head("", revision.commit, revision.tree)
        commit = self._objects.write_commit(revision.tree, (), f"Commit {revision.commit}\n\nHEAD: {revision.commit}", now)
        self._secure(Snapshot(commit, revision.tree, head, now), None)
        return Baseline(commit, revision.tree, now, source, git_head(head)), commit

    def _names(self, asked: Collection[str], state: StoreState) -> list[str]:
        """Return good names for new branches. Raises UsageError for one that cannot be used."""
        names: list[str] = []
        taken = {record.name for record in state.branches if record.is_live}
        for name in asked:
            names.append(checked_name(name, {*taken, *names}))
        return names

    def _check_free(self, names: Iterable[str]) -> None:
        """Raise UsageError for a name that stands for something in the repository already."""
        listed = [name for name in names if name]
        if self._objects.user is None or not listed:
            return
        asked = "".join(f"{name}\n" for name in listed).encode("utf-8", "replace")
        lines = self._objects.user.run("cat-file", "--batch-check=%(objecttype)", input=asked).splitlines()
        for name, line in zip(listed, lines, strict=True):
            if not line.endswith(b" missing"):
                raise UsageError(
                    f"The repository has a branch, tag or commit {name!r} already.", "Choose a name that it does not use."
                )

    def _git_head(self, head: Head) -> GitHead | None:
        return git_head(head) if self.location.is_git else None

    def _history(self, origin: Baseline) -> str:
        return origin.head.commit if origin.head is not None else ""

    @property
    def laid_out(self) -> str:
        """A pattern of the folders in which branches are laid out."""
        return rf"{re.escape(str(self.folder))}/pool/\d+/tree(?=/)"

    @property
    def folder(self) -> Path:
        """Where everything about these branches is kept."""
        return self.store.folder


def dropped_records(state: StoreState) -> list[BranchRecord]:
    """Return the branches that can be brought back."""
    return [record for record in state.branches if not record.is_live and not record.is_forgotten]


def find(state: StoreState, name: str) -> BranchRecord:
    """Return the live branch of a name. Raises UsageError when there is none."""
    for record in state.branches:
        if record.is_live and record.name == name:
            return record
    if any(record.name == name for record in dropped_records(state)):
        raise UsageError(
            f"The branch {inert_line(name[:80])!r} was dropped.", f"Bring it back: ramet branch undo {inert_line(name[:80])}"
        )
    raise UsageError(f"There is no branch {inert_line(name[:80])!r}.", "`ramet branch list` lists them.")
