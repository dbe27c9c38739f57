"""Brings what was done in a branch back into the working tree as it is now, and takes the last such merge back."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from ramet.branch_models import BranchUndo, FileDiff, MergedFile, MergeRequest, MergeResult
from ramet.branches import disk
from ramet.branches.apply import FileSteps, Moved
from ramet.branches.conflicts import Choices, conflict_value
from ramet.branches.content_merge import ContentMerger
from ramet.branches.diff import diff_stat, diff_trees, splice
from ramet.branches.disk_form import DiskForm
from ramet.branches.journal import Journal, JournalFile, Step
from ramet.branches.records import BranchRecord, MergeRecord, StoreState
from ramet.branches.snapshot import Snapshot
from ramet.branches.spellings import other_spellings, with_names_on_disk
from ramet.branches.store import BranchStore
from ramet.branches.three_way import OpenConflict, Plan, PlannedFile, TreeMerger, folders_above
from ramet.branches.trees import StoredTree, read_objects
from ramet.errors import BranchConflict, RametError, UsageError
from ramet.index.merkle import SUBMODULE_MODE, TreeFile
from ramet.inert import inert_line
from ramet.paths import absolute, path_from_text

_ATTEMPTS = 3
"""How often a merge begins anew because files changed meanwhile."""
_KEPT_MERGES = 20
"""Merges that can be taken back, one after the other."""

TakeSnapshot = Callable[[Sequence[str]], Snapshot]


class MergeBack:
    """Merges into one working tree; the caller holds the lock of its branches."""

    def __init__(self, store: BranchStore, take: TakeSnapshot) -> None:
        """Take the branches' store and what records the working tree, with some ignored files if need be."""
        self._store = store
        self._objects = store.objects
        self._root = store.location.root
        self._take = take
        self._journal = JournalFile(store.folder)
        self._steps = FileSteps(self._root, self._objects.write_blob)
        self._form = DiskForm(self._objects, store.temporary())
        self._merger = ContentMerger(self._objects.own, store.temporary())

    def merge(self, record: BranchRecord, request: MergeRequest) -> MergeResult:
        """Merge a branch, or say what is in the way. Raises UsageError, BranchConflict, GitError or StoreError."""
        theirs = self._selected(record, request)
        for _ in range(_ATTEMPTS):
            try:
                return self._merge(record, request, theirs)
            except Moved as error:
                moved = error
        raise BranchConflict(f"{inert_line(moved.path)} changes all the time; nothing was merged.", "Merge again when it rests.")

    def undo(self, state: StoreState) -> BranchUndo:
        """Take the last merge back. Raises BranchConflict where the files have been changed in the same places since."""
        merge = state.merges[-1]
        branch = next((record for record in state.branches if record.id == merge.branch), None)
        name = branch.name if branch is not None else "a branch that is gone"
        for _ in range(_ATTEMPTS):
            try:
                files = self._undo(merge, branch, name)
            except Moved as error:
                moved = error
                continue
            return BranchUndo("merge", name, files)
        raise BranchConflict(f"{inert_line(moved.path)} changes all the time; nothing was undone.", "Try again when it rests.")

    def recover(self) -> tuple[str, ...]:
        """Repair what a merge left that was killed; return sentences about it, none where there was nothing."""
        journal = self._journal.read()
        if journal is None:
            return ()
        what = "An undo" if journal.undone else "A merge"
        if journal.phase == "done":
            returned = self._complete(journal)
            notes = [f"{what} was interrupted after its last step and is complete now."]
        else:
            returned = self._steps.take_back(journal.steps, journal.folders)
            self._journal.remove()
            notes = [f"{what} was interrupted, and the working tree is as it was before."]
        notes += [f"{inert_line(path)} was changed since and was left alone." for path in returned]
        return tuple(notes)

    # -- merging

    def _merge(self, record: BranchRecord, request: MergeRequest, theirs: str) -> MergeResult:
        now, twins = self._look(record.base_tree, theirs)
        plan = self._plan(record.base_tree, now.tree, theirs, twins)
        choices = Choices(request, record.name)
        files = list(plan.files)
        left: list[OpenConflict] = []
        for conflict in plan.open:
            resolved = choices.resolve(conflict, self._objects)
            if resolved is None:
                left.append(conflict)
            else:
                files += resolved
        choices.check_all_used()
        merged = tuple(_merged_file(file) for file in files)
        conflicts = tuple(conflict_value(self._objects, conflict, record.name) for conflict in left)
        if request.is_trial or (left and not request.leave_conflicts):
            return MergeResult(record.name, False, merged, conflicts)
        base_tree = self._with_left(record.base_tree, theirs, left)
        base = self._objects.write_commit(base_tree, (record.base,), "Merged back", now.taken)
        after = replace(
            record, base=base, base_tree=base_tree, merged=time.time(), stat=diff_stat(self._objects, base_tree, record.tree)
        )
        notes = self._write(files, now, after, record, {})
        return MergeResult(record.name, bool(files), merged, conflicts, notes)

    def _plan(self, base: str, mine: str, theirs: str, twins: Mapping[str, str]) -> Plan:
        plan = TreeMerger(self._objects, self._merger, base, mine, theirs).plan()
        plan = with_names_on_disk(plan, twins) if twins else plan
        modules = [file for file in plan.files if SUBMODULE_MODE in (_mode(file.old), _mode(file.new))]
        # The commit of a submodule is its own repository's business.
        still = tuple(OpenConflict(file.path, "type", file.old, file.old, file.new, sources=(file.path,)) for file in modules)
        return Plan(tuple(file for file in plan.files if file not in modules), (*plan.open, *still))

    def _look(self, base: str, theirs: str) -> tuple[Snapshot, dict[str, str]]:
        """Record the working tree, with what is ignored there but stands where the branch writes.

        Also return which of those paths are other spellings of a file's path, where upper and lower case are the same.
        """
        now = self._take(())
        paths = [change.path for change in self._objects.changes(base, theirs)]
        tree = StoredTree(self._objects, now.tree)
        entries = tree.entries([path_from_text(path) for path in paths])
        missing = [path for path, entry in zip(paths, entries, strict=True) if entry is None]
        above = {place for path in missing for place in folders_above(path)}
        unseen = [place for place in sorted({*missing, *above}) if self._is_there(place)]
        known = [path for path, entry in zip(paths, entries, strict=True) if entry is not None]
        twins = other_spellings(self._root, tree, unseen, known)
        unseen = [place for place in unseen if place not in twins]
        return (self._take(unseen) if unseen else now), twins

    def _is_there(self, path: str) -> bool:
        return disk.look(self._root, path)[0] not in (disk.NOTHING, disk.FOLDER, disk.OTHER)

    def _with_left(self, base: str, theirs: str, left: Sequence[OpenConflict]) -> str:
        """Return the tree that the branch is compared with from now on: what was not merged still differs from it."""
        paths = [path_from_text(path) for conflict in left for path in conflict.sources]
        if not paths:
            return theirs
        entries = StoredTree(self._objects, base).entries(paths)
        return StoredTree(self._objects, theirs).with_changes(dict(zip(paths, entries, strict=True)))

    def _selected(self, record: BranchRecord, request: MergeRequest) -> str:
        """Return the branch's tree with only what is to be merged. Raises UsageError when it does not differ there."""
        if not request.paths and not request.hunks:
            return record.tree
        diffs = diff_trees(self._objects, record.base_tree, record.tree)
        hunks = {choice.path: set(choice.numbers) for choice in request.hunks}
        wanted: list[FileDiff] = []
        for path in request.paths:
            matching = [file for file in diffs if _is_below(file.path, path) or _is_below(file.old_path, path)]
            if not matching:
                raise UsageError(
                    f"The branch has no changes in {inert_line(path)}.", f"`ramet branch diff {record.name}` shows them."
                )
            wanted += matching
        changes: dict[bytes, TreeFile | None] = {}
        for file in wanted:
            changes[path_from_text(file.old_path)] = None
            changes[path_from_text(file.path)] = TreeFile(file.new_mode, file.new_id) if file.new_id else None
        for path, numbers in hunks.items():
            diff = next((file for file in diffs if path in (file.path, file.old_path)), None)
            unknown = numbers - {hunk.number for hunk in diff.hunks} if diff is not None else numbers
            if diff is None or unknown:
                raise UsageError(
                    f"The branch has no hunk {min(unknown)} in {inert_line(path)}.",
                    f"`ramet branch diff {record.name}` numbers them.",
                )
            changes |= self._some_hunks(diff, numbers)
        return StoredTree(self._objects, record.base_tree).with_changes(changes)

    def _some_hunks(self, diff: FileDiff, numbers: set[int]) -> dict[bytes, TreeFile | None]:
        chosen = [hunk for hunk in diff.hunks if hunk.number in numbers]
        if len(chosen) == len(diff.hunks) and diff.state == "deleted":
            return {path_from_text(diff.path): None}
        old, new = (read_objects(self._objects, [oid])[0] if oid else b"" for oid in (diff.old_id, diff.new_id))
        content = splice(old, new, chosen)
        mode = diff.new_mode or diff.old_mode
        changes: dict[bytes, TreeFile | None] = {path_from_text(diff.old_path): None}
        changes[path_from_text(diff.path)] = TreeFile(mode, self._objects.write_blob(content))
        return changes

    # -- taking back

    def _undo(self, merge: MergeRecord, branch: BranchRecord | None, name: str) -> tuple[MergedFile, ...]:
        before, after = self._objects.tree_of(merge.before), self._objects.tree_of(merge.after)
        now, twins = self._look(after, before)
        plan = self._plan(after, now.tree, before, twins)
        if plan.open:
            paths = ", ".join(inert_line(conflict.path) for conflict in plan.open)
            raise BranchConflict(
                f"The merge of {name} cannot be undone: {paths} was changed in the same place since.",
                "Undo those changes first, or edit the files by hand; nothing was changed now.",
            )
        if branch is not None:
            stat = diff_stat(self._objects, merge.base_tree, branch.tree)
            branch = replace(branch, base=merge.base, base_tree=merge.base_tree, merged=None, stat=stat)
        self._write(list(plan.files), now, branch, None, merge.raw, merge.id)
        return tuple(_merged_file(file) for file in plan.files)

    # -- writing

    def _write(
        self,
        files: Sequence[PlannedFile],
        now: Snapshot,
        branch: BranchRecord | None,
        before: BranchRecord | None,
        known: Mapping[str, str],
        undone: str = "",
    ) -> tuple[str, ...]:
        """Carry out a plan; the old state of the branch makes it a merge that can be taken back. Raises Moved or StoreError."""
        merge_id = secrets.token_hex(6)
        contents = self._form.written({file.path: file.new for file in files if file.new is not None}, now.tree, known)
        steps, raw = self._prepare(files, contents, merge_id)
        record = None
        if before is not None:
            changes = {path_from_text(file.path): file.new for file in files}
            tree = StoredTree(self._objects, now.tree).with_changes(changes)
            after = self._objects.write_commit(tree, (now.commit,), f"Merged {before.name}", now.taken)
            record = MergeRecord(
                merge_id, before.id, time.time(), now.commit, after, before.base, before.base_tree,
                tuple(_merged_file(file) for file in files), now.head.commit, raw,
            )  # fmt: skip
        journal = Journal(merge_id, "begun", steps, self._new_folders(steps), branch, record if steps else None, undone)
        self._journal.write(journal)
        try:
            self._steps.apply(steps, contents)
            done = replace(journal, phase="done")
            self._journal.write(done)
        except RametError:
            self._steps.take_back(steps, journal.folders)
            self._journal.remove()
            raise
        returned = self._complete(done)
        return tuple(f"{inert_line(path)} was written to during the merge; that version was kept." for path in returned)

    def _complete(self, journal: Journal) -> list[str]:
        """Do what is left when all files are in place; may be repeated."""
        state = self._store.state()
        if journal.branch is not None:
            changed = journal.branch
            branches = tuple(changed if each.id == changed.id else each for each in state.branches)
            state = replace(state, branches=branches)
        merges = tuple(merge for merge in state.merges if merge.id not in (journal.id, journal.undone))
        if journal.merge is not None:
            merges = (*merges, journal.merge)[-_KEPT_MERGES:]
        self._store.save(replace(state, merges=merges))
        returned = self._steps.finish(journal.steps)
        self._journal.remove()
        return returned

    def _prepare(
        self, files: Sequence[PlannedFile], contents: Mapping[str, bytes], merge_id: str
    ) -> tuple[tuple[Step, ...], dict[str, str]]:
        """Return the steps, those that remove files first, and which bytes stand on the disk for the old contents."""
        created = {file.path for file in files if file.old is None}
        raw: dict[str, str] = {}
        steps = []
        ordered = sorted(files, key=lambda file: (file.new is not None, file.old is None, file.path))
        for number, file in enumerate(ordered):
            mark, content = disk.look(self._root, file.path)
            old = self._checked_old(file, mark, content, raw)
            mode = file.new.mode if file.new is not None else 0
            steps.append(
                Step(
                    path=file.path,
                    spare=f"{_stable_folder(file.path, created)}.ramet-{merge_id}-{number}",
                    old=old,
                    new=disk.fingerprint(mode, contents[file.path]) if file.new is not None else disk.NOTHING,
                    mode=mode,
                )
            )
        return tuple(steps), raw

    def _checked_old(self, file: PlannedFile, mark: str, content: bytes, raw: dict[str, str]) -> str:
        """Return what stands on the disk if it is what was planned with. Raises Moved."""
        if file.old is None:
            if mark not in (disk.NOTHING, disk.FOLDER):
                raise Moved(file.path)
            return disk.NOTHING
        if mark in (disk.NOTHING, disk.FOLDER, disk.OTHER) or not self._form.is_stored_as(file.path, content, file.old):
            raise Moved(file.path)
        stored = self._objects.write_blob(content)
        if stored != file.old.oid:
            raw[file.old.oid] = stored
        return mark

    def _new_folders(self, steps: Sequence[Step]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for step in steps:
            for folder in folders_above(step.path) if step.old == disk.NOTHING else ():
                if not os.path.isdir(absolute(self._root, folder)):  # noqa: PTH112
                    found[folder] = None
        return tuple(sorted(found))


def _stable_folder(path: str, created: set[str]) -> str:
    """Return the folder, with its slash, in which a spare name for a path can be used all the time."""
    parts = path.split("/")[:-1]
    for depth in range(len(parts)):
        if "/".join(parts[: depth + 1]) in created:
            parts = parts[:depth]
            break
    return "".join(f"{part}/" for part in parts)


def _merged_file(file: PlannedFile) -> MergedFile:
    return MergedFile(file.path, "added" if file.old is None else "deleted" if file.new is None else "changed")


def _is_below(path: str, folder: str) -> bool:
    folder = folder.rstrip("/")
    return path == folder or path.startswith(f"{folder}/") or folder == "."


def _mode(file: TreeFile | None) -> int:
    return file.mode if file is not None else 0
