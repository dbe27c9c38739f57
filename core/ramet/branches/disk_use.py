"""Counts what branches take of the disk, all together and each alone, and remembers what is costly to count."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from ramet.branches.objects import RAW, ObjectStore
from ramet.branches.pool import Pool, Slot
from ramet.branches.records import BranchRecord, read_record, write_record
from ramet.branches.store import BranchStore
from ramet.errors import GitError, StoreDamaged

_MOST_COUNTED = 500_000
"""Files after which counting stops."""
_TICK_NANOSECONDS = 2_000_000_000
"""The coarsest clock of a file system."""
_FRESH_SECONDS = 60.0
"""How long the size of a folder holds in which somebody may be at work."""


class FolderSize(Struct, frozen=True):
    """What a folder of the pool takes."""

    state: str
    """Of the folder when it was counted."""
    bytes: int
    at: float
    """When that was, in seconds since the epoch."""


class Counted(Struct, frozen=True):
    """What is remembered between two listings."""

    state: str = ""
    """Of all branches when their objects were counted."""
    objects: dict[str, int] = {}
    """Id of a branch -> bytes of objects that no other branch has."""
    folders: dict[str, FolderSize] = {}
    """Number of a folder of the pool -> its size."""


class DiskUse:
    """Owns what is remembered of the disk use of one working tree's branches. Safe to use from several threads."""

    def __init__(self, store: BranchStore, pool: Pool) -> None:
        self._store = store
        self._pool = pool
        self._file = store.folder / "disk.json"
        self._loose: dict[str, tuple[int, int]] = {}

    def objects(self) -> int:
        """Return the bytes of all private objects; of its folders only those are read again that changed."""
        total = 0
        for folder in (self._store.folder / "git" / "objects").glob("*"):
            changed = folder.stat().st_mtime_ns
            known = self._loose.get(folder.name)
            if known is None or known[0] != changed:
                known = changed, sum(_sizes(folder))
                # A change in the same tick of the clock would leave the same time.
                if time.time_ns() - changed > _TICK_NANOSECONDS:
                    self._loose[folder.name] = known
            total += known[1]
        return total

    def folders(self, *, is_anew: bool = False) -> dict[int, int]:
        """Return the bytes of each folder of the pool; `is_anew` counts also those that nobody can have changed."""
        counted = self._counted()
        now = time.time()
        known: dict[str, FolderSize] = {}
        for slot in self._pool.slots():
            number, state = str(slot.number), f"{slot.branch} {slot.tree} {slot.used}"
            size = counted.folders.get(number)
            may_change = slot.is_busy or slot.is_held
            if size is None or is_anew or size.state != state or (may_change and not 0 <= now - size.at < _FRESH_SECONDS):
                size = FolderSize(state, self.folder(slot), now)
            known[number] = size
        if known != counted.folders:
            self._remember(Counted(counted.state, counted.objects, known))
        return {int(number): size.bytes for number, size in known.items()}

    def folder(self, slot: Slot) -> int:
        """Return the bytes that a folder of the pool takes now.

        A copied file that nobody changed shares its blocks with the working tree and counts for nothing.
        """
        tree = self._pool.path(slot)
        copies = {os.fsencode(tree / name): made for name, made in slot.copies.items()}
        return sum(_sizes(tree.parent, copies)) + sum(sum(_sizes(Path(os.fsdecode(c)), since=made)) for c, made in copies.items())

    def each(self, records: Sequence[BranchRecord]) -> dict[str, int]:
        """Return the bytes that each branch takes alone: objects that none of the others has, and its folder.

        What several branches have counts for none of them, nor, outside git, does what was there at the fork.
        """
        state = hashlib.sha256(repr([(record.id, record.head) for record in records]).encode()).hexdigest()
        counted = self._counted()
        if counted.state != state:
            try:
                objects = _own_objects(self._store.objects, records)
            except GitError:  # the repository lacks something, which `ramet doctor` tells
                return {}
            counted = Counted(state, objects, counted.folders)
            self._remember(counted)
        folders = self.folders()
        places = {slot.branch: folders.get(slot.number, 0) for slot in self._pool.slots() if slot.tree}
        return {record.id: counted.objects.get(record.id, 0) + places.get(record.id, 0) for record in records}

    # -- inside

    def _counted(self) -> Counted:
        try:
            return read_record(self._file, Counted) or Counted()
        except StoreDamaged:
            return Counted()

    def _remember(self, counted: Counted) -> None:
        if self._store.folder.exists():
            with self._store.locked():
                write_record(self._file, counted)


def _own_objects(objects: ObjectStore, records: Sequence[BranchRecord]) -> dict[str, int]:
    """Return the bytes of private objects that only one branch has, by the branch's id."""
    parents = _parents(objects, [record.head for record in records])
    histories = {record.id: list(_history(record.head, parents)) for record in records}
    before: dict[str, str] = {}
    for record in records:
        head = record.origin.head.commit if record.origin.head is not None else ""
        before |= {commit: parents.get(commit) or head for commit in histories[record.id]}
    new = _new_objects(objects, before)
    needed = {
        branch: {*history, *(oid for commit in history for oid in new.get(commit, ()))} for branch, history in histories.items()
    }
    counts = Counter(oid for ids in needed.values() for oid in ids)
    alone = {branch: [oid for oid in ids if counts[oid] == 1] for branch, ids in needed.items()}
    sizes = _stored_sizes(objects, [oid for ids in alone.values() for oid in ids])
    return {branch: sum(sizes.get(oid, 0) for oid in ids) for branch, ids in alone.items()}


def _parents(objects: ObjectStore, heads: Iterable[str]) -> dict[str, str]:
    """Return the parent of each state that the heads come from, the empty text for a first one."""
    asked = "".join(f"{head}\n" for head in dict.fromkeys(heads)).encode("ascii")
    if not asked:
        return {}
    listing = objects.stored.run("rev-list", "--parents", "--stdin", input=asked, environment=RAW).decode("ascii")
    lines = [line.split(" ") for line in listing.splitlines()]
    return {line[0]: line[1] if len(line) > 1 else "" for line in lines}


def _history(head: str, parents: dict[str, str]) -> Iterator[str]:
    while head:
        yield head
        head = parents.get(head, "")


def _new_objects(objects: ObjectStore, before: dict[str, str]) -> dict[str, list[str]]:
    """Return for each commit the ids of files and folders that the commit before it lacks; nothing where there is none before."""
    asked = "".join(f"{commit} {other}\n" for commit, other in before.items() if other).encode("ascii")
    if not asked:
        return {}
    arguments = ("diff-tree", "--stdin", "--raw", "-r", "-t", "-z", "--no-abbrev", "--no-renames")
    fields = iter(objects.stored.run(*arguments, input=asked, environment=RAW).split(b"\0")[:-1])
    found: dict[str, list[str]] = {}
    ids: list[str] = []
    for field in fields:
        if not field.startswith(b":"):
            ids = found.setdefault(field.decode("ascii"), [])
            continue
        ids.append(field.split(b" ")[3].decode("ascii"))
        next(fields)  # the path
    return found


def _stored_sizes(objects: ObjectStore, ids: Sequence[str]) -> dict[str, int]:
    """Return what objects take in the private repository; those that only the user's has are missing."""
    if not ids:
        return {}
    asked = "".join(f"{oid}\n" for oid in ids).encode("ascii")
    listing = objects.own.run("cat-file", "--batch-check=%(objectname) %(objectsize:disk)", input=asked, environment=RAW)
    lines = [line.split(" ") for line in listing.decode("ascii").splitlines()]
    return {oid: int(size) for oid, size in lines if size.isdecimal()}


def _sizes(folder: Path, without: Iterable[bytes] = (), since: float = 0.0) -> Iterator[int]:
    """Yield the sizes of all files below a folder that changed since a time, in seconds since the epoch."""
    left_out = set(without)
    waiting, count = [os.fsencode(folder)], 0
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    count += 1
                    if count > _MOST_COUNTED:
                        return
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(status.st_mode):
                        if entry.path not in left_out:
                            waiting.append(entry.path)
                    elif status.st_ctime > since:
                        yield status.st_size
        except OSError:
            continue
