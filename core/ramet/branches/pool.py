"""Folders outside the repository in which branches are laid out to run commands, used again for whatever branch is next.

What commands change there is recorded as the new state of the branch.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ramet.branches.objects import Head, ObjectStore
from ramet.branches.records import BranchRecord, read_record, write_record
from ramet.errors import BranchConflict, GitError
from ramet.git.runner import Git
from ramet.inert import inert_line
from ramet.paths import absolute, path_from_text, path_to_text
from ramet.store.lock import store_error

_MOST_SLOTS = 16
"""Branches that can be laid out at once; each takes the room of one checkout."""
COPY_PREFIX = "copy-"
"""Of a copied folder that is not complete, beside the folder of the branch."""
_MOST_NEW_BYTES = 50_000_000
"""A file that a command made and that is larger does not become part of the branch."""


class Slot(Struct, frozen=True):
    """One folder of the pool and what is in it."""

    number: int
    branch: str = ""
    """Id of the branch; empty for a folder that nothing is known of."""
    commit: str = ""
    tree: str = ""
    """What was laid out; empty while that is under way."""
    owners: tuple[int, ...] = ()
    """The processes that work in it, one as often as it has something running there."""
    used: float = 0.0
    setup: str = ""
    """The set-up command that was run in it last."""
    is_held: bool = False
    """Somebody was told its path, so that it stays the branch's."""
    links: tuple[str, ...] = ()
    """What is linked from the working tree and no part of the branch, and files that were copied from there."""
    copies: dict[str, float] = {}
    """Folder that was copied from the working tree -> when that was complete, in seconds since the epoch."""
    refusals: dict[str, str] = {}
    """Folder that is linked -> why it could not be copied."""

    @property
    def is_busy(self) -> bool:
        """Whether a process works in it that is still there."""
        return any(_is_alive(owner) for owner in self.owners)

    def entered(self, owner: int) -> Slot:
        """Return it with one more that works there; 0 stands for nobody."""
        alive = tuple(each for each in self.owners if _is_alive(each))
        return replace(self, owners=(*alive, owner) if owner else alive, used=time.time())

    def left(self, owner: int) -> Slot:
        """Return it with one less; 0 stands for whoever came last."""
        owners = list(self.owners)
        if owner in owners:
            owners.remove(owner)
        elif owners and not owner:
            owners.pop()
        return replace(self, owners=tuple(owners), used=time.time())


class Pool:
    """The folders of one working tree's branches; the caller holds the lock."""

    def __init__(self, objects: ObjectStore, folder: Path) -> None:
        self._objects = objects
        self._home = folder / "pool"
        self._trash = folder / "trash"

    def slots(self) -> list[Slot]:
        """Return all folders that were laid out."""
        found = []
        for folder in sorted(self._home.iterdir()) if self._home.exists() else ():
            if folder.name.isdecimal():
                slot = read_record(folder / "slot.json", Slot)
                found.append(slot if slot is not None else Slot(int(folder.name)))
        return found

    def of(self, branch: str) -> Slot | None:
        """Return the folder in which a branch is laid out."""
        return next((slot for slot in self.slots() if slot.branch == branch and slot.tree), None)

    def free(self) -> Slot:
        """Return the folder to use next: one that was used long ago, else a new one. Raises BranchConflict."""
        slots = self.slots()
        idle = [slot for slot in slots if not slot.is_busy]
        movable = [slot for slot in idle if not slot.is_held] or (idle if len(slots) >= _MOST_SLOTS else [])
        if movable:
            return min(movable, key=lambda slot: slot.used)
        if len(slots) >= _MOST_SLOTS:
            what = f"Commands and shells run in {len(slots)} branches already, which is the most."
            raise BranchConflict(what, "End one of them, then try again.")
        return Slot(max((slot.number for slot in slots), default=0) + 1)

    def path(self, slot: Slot) -> Path:
        """Return the folder with the branch's files."""
        return self._home / str(slot.number) / "tree"

    def is_there(self, slot: Slot) -> bool:
        """Whether the folder is still on the disk."""
        return self.path(slot).is_dir()

    def lay_out(self, slot: Slot, record: BranchRecord, owner: int) -> Slot:
        """Make a folder hold the files of a branch; files that git ignores stay, as when one checks out another branch."""
        now = replace(slot.entered(owner), is_held=not owner or (slot.branch == record.id and slot.is_held))
        folder = self.path(slot)
        if slot.branch == record.id and slot.tree == record.tree and self.is_there(slot):
            return self._save(replace(now, commit=record.head))
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if slot.branch != record.id:
                self._clear(slot)
        except OSError as error:
            raise store_error(error, f"make {folder}") from error
        self._save(Slot(slot.number, setup=slot.setup))
        self._lock(slot).unlink(missing_ok=True)
        git, environment = self._git(slot)
        git.run("read-tree", "--reset", "-u", record.tree, environment=environment)
        laid_out = replace(now, branch=record.id, commit=record.head, tree=record.tree)
        return self._save(laid_out if slot.branch == record.id else replace(laid_out, links=(), copies={}, refusals={}))

    def follow(self, slot: Slot, record: BranchRecord) -> Slot:
        """Bring a folder in which somebody works, and whose state was just recorded, up to its branch.

        Where a file is in the way that was changed since, or that git ignores, all stays as it is until the next time.
        """
        if slot.tree == record.tree:
            return slot
        git, environment = self._git(slot)
        try:
            git.run("read-tree", "-m", "-u", slot.tree, record.tree, environment=environment)
        except GitError:
            return slot
        return self._save(replace(slot, tree=record.tree, commit=record.head))

    def recorded(self, slot: Slot) -> tuple[str, tuple[str, ...]]:
        """Store what is in a folder now and return its tree, and sentences about what was left out."""
        git, environment = self._git(slot)
        self._lock(slot).unlink(missing_ok=True)
        listing = git.run(
            "ls-files", "-t", "-z", "--modified", "--deleted", "--others", "--exclude-standard",
            *(f"--exclude={_pattern(name)}" for name in slot.copies), environment=environment,
        )  # fmt: skip
        left_out = {path_from_text(link) for link in slot.links}
        tree = self.path(slot)
        held: dict[bytes, bool] = {}
        gone: dict[bytes, None] = {}
        paths: dict[bytes, None] = {}
        notes = []
        # What was changed first: a file that is a folder now must go before what is in that.
        for line in sorted(listing.split(b"\0")[:-1], key=lambda line: line[:1] == b"?"):
            tag, path = line[:1], line[2:]
            if path.rstrip(b"/") in left_out:
                continue
            above = os.path.dirname(path)  # noqa: PTH120  # bytes
            if above not in held:
                held[above] = holds(tree, absolute(tree, path_to_text(path)))
            if tag == b"R" or path in gone or not held[above]:
                gone[path] = None
            elif reason := self._refusal(slot, path, is_new=tag == b"?"):
                notes.append(f"{inert_line(path_to_text(path))} is no part of the branch: {reason}.")
            else:
                paths[path] = None
        # What is gone by itself: of a file in a folder that is a link now, git would say that it lies beyond a link.
        for flags, changed in (("--force-remove",), gone), (("--add", "--remove", "--replace"), paths):
            if changed:
                asked = b"".join(path + b"\0" for path in changed)
                git.run("update-index", *flags, "-z", "--stdin", input=asked, environment=environment)
        recorded = git.run("write-tree", environment=environment).decode().strip()
        self._objects.secure(recorded, Head(), base=slot.tree)
        return recorded, tuple(notes)

    def settled(self, slot: Slot, record: BranchRecord, tree: str) -> Slot:
        """Remember that a folder holds a tree that is the state of a branch, or part of it."""
        return self._save(replace(slot, tree=tree, commit=record.head))

    def remember(self, slot: Slot) -> Slot:
        """Store what is known of a folder."""
        return self._save(slot)

    def throw_away(self, slot: Slot) -> None:
        """Give up a folder at once; what was in it is deleted later."""
        self.discard(self._home / str(slot.number))

    def _clear(self, slot: Slot) -> None:
        """Take out of a folder what was brought there for another branch; what a command made in its place stays."""
        folder = self.path(slot)
        for link in slot.links:
            path = absolute(folder, link)
            if holds(folder, path) and (path.is_symlink() or path.is_file()):
                path.unlink()
        for name in slot.copies:
            path = absolute(folder, name)
            if holds(folder, path):
                self.discard(path)
        self.discard(folder.parent / "overlay")
        for unfinished in folder.parent.glob(f"{COPY_PREFIX}*"):
            self.discard(unfinished)

    def discard(self, folder: Path) -> None:
        """Move a folder to where it is deleted later."""
        self._trash.mkdir(exist_ok=True)
        if folder.is_dir() and not folder.is_symlink():
            folder.rename(self._trash / f"{folder.name}-{secrets.token_hex(4)}")

    def _refusal(self, slot: Slot, path: bytes, *, is_new: bool) -> str:
        if path.endswith(b"/"):
            return "it is a git repository of its own"
        place = os.path.join(os.fsencode(self.path(slot)), path)  # noqa: PTH118  # bytes
        try:
            status = os.lstat(place)
        except OSError:
            return ""
        if stat.S_ISLNK(status.st_mode) or stat.S_ISDIR(status.st_mode):
            return ""
        if not stat.S_ISREG(status.st_mode):
            return "it is neither a file nor a link"
        if not os.access(place, os.R_OK):
            return "it may not be read"
        return f"it is {status.st_size:,} bytes large" if is_new and status.st_size > _MOST_NEW_BYTES else ""

    def _git(self, slot: Slot) -> tuple[Git, dict[str, str]]:
        tree = self.path(slot)
        git = Git(tree, git_dir=self._objects.folder, work_tree=tree, alternates=self._objects.alternates)
        return git, {"GIT_INDEX_FILE": str(self._home / str(slot.number) / "index")}

    def _lock(self, slot: Slot) -> Path:
        """The lock of a git that was killed: the folder is ours."""
        return self._home / str(slot.number) / "index.lock"

    def _save(self, slot: Slot) -> Slot:
        write_record(self._home / str(slot.number) / "slot.json", slot)
        return slot


def holds(folder: Path, path: Path) -> bool:
    """Whether a path below a folder is really there: a folder on the way may have become a link."""
    return Path(os.path.realpath(path.parent)) == Path(os.path.realpath(folder)) / path.parent.relative_to(folder)


def trash_entries(folder: Path) -> Iterator[Path]:
    """Yield what waits to be deleted."""
    trash = folder / "trash"
    if trash.exists():
        yield from trash.iterdir()


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _pattern(name: str) -> str:
    """Return the rule that ignores one folder of that name in the root."""
    return "/" + re.sub(r"([\\*?\[\] ])", r"\\\1", os.fsdecode(path_from_text(name)))
