"""Lays branches out to work in them and takes what was done there into the branch."""

from __future__ import annotations

import os
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from ramet.branch_models import BranchPlace, BranchRun
from ramet.branches.abilities import Abilities
from ramet.branches.artefacts import Artefact, Artefacts
from ramet.branches.content_merge import ContentMerger
from ramet.branches.pool import Pool, Slot
from ramet.branches.records import BranchRecord
from ramet.branches.runs import remembered
from ramet.branches.store import BranchStore
from ramet.branches.three_way import TreeMerger
from ramet.branches.trees import StoredTree
from ramet.errors import BranchConflict, UsageError
from ramet.index.merkle import TreeFile
from ramet.paths import path_from_text, path_to_text

_CAPTURED = "What was changed where the branch is laid out"

Advance = Callable[[BranchRecord, str, str], BranchRecord]


class Needs(Struct, frozen=True):
    """What the user's configuration says about folders in which branches are laid out."""

    artefacts: tuple[Artefact, ...] = ()
    """Ignored folders of the working tree to bring, such as `.venv`."""
    setup: str = ""
    """A command to run in a folder before the first use."""
    overlays: bool = False
    """Commands are started so that they see overlays."""


class Working:
    """Works on branches in folders of the pool; the caller holds the lock."""

    def __init__(self, store: BranchStore, advance: Advance, find: Callable[[str], BranchRecord | None]) -> None:
        """Take the store, what makes a tree the new state of a branch, and what finds a branch by its id."""
        self._find = find
        self._store = store
        self._objects = store.objects
        self._advance = advance
        self._pool = Pool(store.objects, store.folder)

    @property
    def pool(self) -> Pool:
        """The folders."""
        return self._pool

    def place(self, record: BranchRecord, owner: int, needs: Needs) -> BranchPlace:
        """Lay a branch out and return where; `owner` is the process that will work there, 0 for none."""
        notes: list[str] = []
        slot = self._pool.of(record.id)
        if slot is not None and slot.is_busy and self._pool.is_there(slot):
            others = [each for each in slot.entered(0).owners if each != owner]
            if others:
                notes.append(f"Process {others[0]} works in the branch as well; both see the same files.")
            slot = self._pool.remember(replace(slot.entered(owner), is_held=slot.is_held or not owner))
        else:
            slot = slot or self._emptied()
            slot = self._pool.lay_out(slot, record, owner)
        folder = self._pool.path(slot)
        artefacts = Artefacts(self._objects, self._pool, slot, Abilities(self._store.folder))
        artefacts.bring(needs.artefacts, overlays=needs.overlays)
        artefacts.include()
        slot = self._pool.remember(artefacts.slot)
        return BranchPlace(
            branch=record.name,
            path=path_to_text(os.fsencode(folder)),
            slot=slot.number,
            commit=slot.commit,
            environment={"RAMET_BRANCH": record.name, **artefacts.environment},
            setup=needs.setup if slot.setup != needs.setup else "",
            copies=artefacts.copies,
            overlays=artefacts.overlays,
            notes=(*notes, *artefacts.notes),
        )

    def release(self, record: BranchRecord) -> None:
        """Let the folder of a branch that was dropped be used for others."""
        slot = self._pool.of(record.id)
        if slot is not None and slot.is_held:
            self._pool.remember(replace(slot, is_held=False))

    def give_up(self, record: BranchRecord) -> None:
        """Throw away the folder of a branch that nobody will bring back. Raises BranchConflict while a process works there."""
        slot = self._pool.of(record.id)
        if slot is None:
            return
        if slot.is_busy:
            raise BranchConflict(f"Process {slot.owners[-1]} works in the branch {record.name}.", "Wait for it, or end it.")
        self._pool.throw_away(slot)

    def _emptied(self) -> Slot:
        """Return a folder to use, what was changed in it being part of its own branch."""
        slot = self._pool.free()
        self.empty(slot)
        return slot

    def empty(self, slot: Slot) -> None:
        """Take what was changed in a folder in which nobody works into its branch, before it is used for something else."""
        other = self._find(slot.branch) if slot.tree else None
        if other is not None:
            self.absorb(other)

    def absorb(
        self, record: BranchRecord, *, is_asked: bool = False, command: str = ""
    ) -> tuple[BranchRecord, int, tuple[str, ...]]:
        """Take what was changed in the branch's folder into the branch; return it, how many files, and what was left out.

        While somebody works there nothing is taken unless it `is_asked` for, after a `command`.
        """
        slot = self._pool.of(record.id)
        if slot is None or (slot.is_busy and not is_asked):
            return record, 0, ()
        if not self._pool.is_there(slot):
            return record, 0, (f"The folder of {record.name} is gone; what was recorded before is in the branch.",)
        tree, notes = self._pool.recorded(slot)
        changes = self._objects.changes(slot.tree, tree)
        if changes:
            target = tree if record.tree == slot.tree else self._combined(slot, record, tree)
            record = self._advance(record, target, f"Run {command}" if command else _CAPTURED)
        if changes or is_asked:
            self._pool.settled(slot, record, tree)
        return record, len(changes), notes

    def capture(self, record: BranchRecord, slot: int, command: str, setup: str) -> tuple[BranchRecord, tuple[str, ...]]:
        """Record what was changed so far where somebody goes on working, and show there what was edited elsewhere."""
        found = self._laid_out(record, slot)
        if setup:
            self._pool.remember(replace(found, setup=setup))
        record, _, notes = self.absorb(record, is_asked=True, command=command)
        found = self._laid_out(record, slot)
        if self._pool.is_there(found):
            self._pool.follow(found, record)
        return record, notes

    def finished(
        self, record: BranchRecord, slot: int, run: BranchRun | None, setup: str, owner: int
    ) -> tuple[BranchRecord, tuple[str, ...]]:
        """Record what a command did that is over. Raises UsageError when the branch is not laid out there."""
        found = self._laid_out(record, slot)
        if setup:
            self._pool.remember(replace(found, setup=setup))
        before = record.head
        record, count, notes = self.absorb(record, is_asked=True, command=run.command if run is not None else "")
        self._pool.remember(self._laid_out(record, slot).left(owner))
        if run is not None:
            left = self._pool.of(record.id) or found
            check = replace(run.check, trees=tuple(dict.fromkeys((found.tree, left.tree)))) if run.check is not None else None
            record = replace(record, runs=remembered(record.runs, replace(run, changed=count, commit=before, check=check)))
        return record, notes

    def _laid_out(self, record: BranchRecord, slot: int) -> Slot:
        found = self._pool.of(record.id)
        if found is None or found.number != slot:
            raise UsageError(f"The branch {record.name} is not laid out there any more.", "Run the command again.")
        return found

    def _combined(self, slot: Slot, record: BranchRecord, tree: str) -> str:
        """Return the branch's tree with what a command changed, whose version counts where both changed the same."""
        merger = ContentMerger(self._objects.own, self._store.temporary())
        plan = TreeMerger(self._objects, merger, slot.tree, record.tree, tree).plan()
        changes: dict[bytes, TreeFile | None] = {path_from_text(file.path): file.new for file in plan.files}
        changes |= {path_from_text(conflict.path): conflict.theirs for conflict in plan.open}
        return StoredTree(self._objects, record.tree).with_changes(changes)
