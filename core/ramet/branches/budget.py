"""Keeps what branches take of the disk within a limit: what was dropped long ago goes first, and a live branch never goes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec.structs import replace

from ramet.branch_models import BranchUsage
from ramet.branches.deletion import delete
from ramet.branches.disk_use import DiskUse
from ramet.branches.objects import RAW, ObjectStore
from ramet.branches.pool import COPY_PREFIX, Pool, Slot, trash_entries
from ramet.branches.records import BranchRecord, StoreState
from ramet.branches.store import BranchStore


class Housekeeping:
    """Counts and frees the disk space of one working tree's branches; the caller holds the lock for everything that removes."""

    def __init__(self, store: BranchStore, pool: Pool, empty: Callable[[Slot], None]) -> None:
        """Take the folders, and what has the changes in one recorded before it goes."""
        self._store = store
        self._pool = pool
        self._empty = empty
        self.disk = DiskUse(store, pool)

    def usage(self, limit: int) -> BranchUsage:
        """Return what is in use, as far as it can be counted soon."""
        return BranchUsage(self.disk.objects(), sum(self.disk.folders().values()), limit)

    def tidy(self, limit: int) -> tuple[str, ...]:
        """Forget branches that were dropped long ago, and more where the limit is passed; return sentences about it."""
        notes: list[str] = []
        state = self._without_expired(self._store.state())
        folders = self.disk.folders(is_anew=True)
        worktrees = sum(folders.values())
        used = self.disk.objects() + worktrees
        idle = sorted((slot for slot in self._pool.slots() if not slot.is_busy), key=lambda slot: slot.used)
        while used > limit and (dropped := _oldest_dropped(state)) is not None:
            state = self._forget(state, dropped)
            notes.append(f"The dropped branch {dropped.name} was removed for good: the branches passed their limit.")
            used = self.disk.objects() + worktrees
        for slot in idle if used > limit else ():
            used -= folders.get(slot.number, 0)
            self._empty(slot)
            self._pool.throw_away(slot)
            if used <= limit:
                break
        if used > limit:
            notes.append(f"The branches take {used / 1e6:,.0f} MB, more than their limit of {limit / 1e6:,.0f} MB: drop some.")
        self.empty_trash()
        return tuple(notes)

    def empty_trash(self) -> None:
        """Delete in the background what was thrown away."""
        waiting = list(trash_entries(self._store.folder))
        if waiting:
            threading.Thread(target=_delete, args=(waiting,), name="ramet-trash", daemon=True).start()

    def clean(self) -> list[str]:
        """Remove what killed processes left, now; return sentences about it."""
        found = []
        waiting = [*trash_entries(self._store.folder), *_entries(self._store.folder / "tmp")]
        waiting += [*(self._store.folder / "git" / "objects").glob("*/*tmp_obj_*")]
        waiting += [*(self._store.folder / "pool").glob(f"*/{COPY_PREFIX}*")]
        if waiting:
            _delete(waiting)
            leftovers, verb = ("1 leftover", "was") if len(waiting) == 1 else (f"{len(waiting)} leftovers", "were")
            found.append(f"{leftovers} of interrupted commands {verb} removed.")
        state = self._store.state()
        objects = self._store.objects
        lost = [record.name for record in state.branches if record.is_live and not _is_whole(objects, record)]
        found += [f"The branch {name} lacks files that the repository does not have any more." for name in lost]
        return found

    # -- inside

    def _without_expired(self, state: StoreState) -> StoreState:
        now = time.time()
        for record in state.branches:
            if record.expires is not None and record.expires <= now:
                state = self._forget(state, record)
        return state

    def _forget(self, state: StoreState, record: BranchRecord) -> StoreState:
        """Remove a branch for good with what only it needed."""
        state = replace(
            state,
            branches=tuple(each for each in state.branches if each.id != record.id),
            merges=tuple(merge for merge in state.merges if merge.branch != record.id),
        )
        self._store.save(state)
        self._collect(state)
        needed = {each.origin.head.commit for each in state.branches if each.origin.head is not None}
        needed |= {merge.head for merge in state.merges}
        unneeded = [commit for commit in state.pinned if commit not in needed]
        if unneeded:
            state = replace(state, pinned=tuple(commit for commit in state.pinned if commit in needed))
            self._store.save(state)
            self._store.objects.unpin(self._store.name, unneeded)
        return state

    def _collect(self, state: StoreState) -> None:
        """Remove the private objects that no branch and no merge needs.

        Not by git's own means, which take an object for superfluous that the user's repository has, too.
        """
        objects = self._store.objects
        # The index of the last look names objects that go now; the next look makes it anew.
        (self._store.folder / "index").unlink(missing_ok=True)
        roots = {commit for record in state.branches for commit in (record.head, record.base, record.origin.commit)}
        roots |= {commit for merge in state.merges for commit in (merge.before, merge.after)}
        raw = {oid for merge in state.merges for oid in merge.raw.values()}
        asked = "".join(f"{commit}\n" for commit in roots).encode("ascii")
        arguments = ("rev-list", "--objects", "--no-object-names", "--missing=allow-any", "--stdin")
        listing = objects.git.run(*arguments, input=asked, environment=RAW) if roots else b""
        needed = raw | set(listing.decode("ascii").split())
        folder = objects.folder / "objects"
        for place in folder.glob("[0-9a-f][0-9a-f]/*"):
            if place.parent.name + place.name not in needed:
                place.unlink(missing_ok=True)
        for index in (folder / "pack").glob("pack-*.idx"):
            held = objects.own.run("show-index", f"--object-format={objects.object_format}", input=index.read_bytes())
            if needed.isdisjoint(line.split()[1].decode("ascii") for line in held.splitlines()):
                index.unlink()
                for other in index.parent.glob(f"{index.stem}.*"):
                    other.unlink()


def _oldest_dropped(state: StoreState) -> BranchRecord | None:
    dropped = [record for record in state.branches if not record.is_live]
    return min(dropped, key=lambda record: record.dropped or 0.0, default=None)


def _is_whole(objects: ObjectStore, record: BranchRecord) -> bool:
    listing = objects.git.run("ls-tree", "-r", "-l", "-z", record.tree, environment=RAW, ok_codes=(0, 128))
    return bool(listing or record.tree == objects.empty_tree) and b" BAD\t" not in listing


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.exists() else []


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        delete(path)
