"""What is stored about branches: small frozen values in JSON files that are replaced as a whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from ramet.branch_models import Baseline, Branch, BranchRun, DiffStat, MergedFile
from ramet.errors import StoreDamaged
from ramet.store.lock import store_error

T = TypeVar("T")

KEPT_SECONDS = 7 * 24 * 3600.0
"""How long a dropped branch can be brought back."""


class BranchRecord(Struct, frozen=True):
    """One branch; its files are those of the commit `head` in the private repository."""

    id: str
    name: str
    head: str
    tree: str
    origin: Baseline
    base: str
    """The commit that it is compared with and merged against: the fork, and what has been merged back since."""
    base_tree: str
    created: float
    updated: float
    stat: DiffStat = DiffStat()
    runs: tuple[BranchRun, ...] = ()
    merged: float | None = None
    kept: str = ""
    dropped: float | None = None
    is_forgotten: bool = False
    """It was dropped for good and is only here until its space is freed."""

    @property
    def is_live(self) -> bool:
        """Whether it was not dropped."""
        return self.dropped is None

    @property
    def expires(self) -> float | None:
        """When it is removed for good, in seconds since the epoch; None for a live one."""
        if self.dropped is None or self.is_forgotten:
            return self.dropped
        return self.dropped + KEPT_SECONDS

    def value(self, moved: int | None = None, disk: int | None = None) -> Branch:
        """Return what front ends see of it."""
        return Branch(
            id=self.id,
            name=self.name,
            state="live" if self.is_live else "dropped",
            commit=self.head,
            tree=self.tree,
            base=self.origin,
            created=self.created,
            updated=self.updated,
            stat=self.stat,
            moved=moved,
            disk=disk,
            runs=self.runs,
            merged=self.merged,
            kept=self.kept,
            dropped=self.dropped,
            expires=self.expires,
        )


class MergeRecord(Struct, frozen=True):
    """One merge that was written, with what taking it back needs."""

    id: str
    branch: str
    """Id of the branch."""
    at: float
    before: str
    """The commit of the working tree as it was."""
    after: str
    """The commit of what the merge made of it."""
    base: str
    base_tree: str
    """What the branch was compared with before the merge."""
    files: tuple[MergedFile, ...]
    head: str = ""
    """What the working tree stood on."""
    raw: dict[str, str] = {}
    """Id of a content as git stores it -> id of the bytes that were on the disk, where line ends or the like differ."""


class StoreState(Struct, frozen=True):
    """All branches of one working tree."""

    branches: tuple[BranchRecord, ...] = ()
    merges: tuple[MergeRecord, ...] = ()
    """The latest last."""
    pinned: tuple[str, ...] = ()
    """Commits of the user's repository that a reference below refs/ramet/ keeps there."""


class StoreInfo(Struct, frozen=True):
    """Which working tree a store belongs to."""

    root: str
    device: int
    inode: int
    """Of the root folder: it stays the same when the folder is moved."""
    object_format: str


def read_record(file: Path, type_: type[T]) -> T | None:
    """Return what a file holds; None where there is none. Raises StoreDamaged when it is something else, or StoreError."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise store_error(error, f"read {file}") from error
    try:
        return msgspec.json.decode(data, type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreDamaged(
            f"{file} is not what was written: {error}.", "Move its folder aside; your working tree is not affected."
        ) from error


def write_record(file: Path, record: Struct) -> None:
    """Replace a file so that it holds either the old or the new record, whatever happens. Raises StoreError."""
    temporary = file.with_name(f"{file.name}.new")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as stream:
            stream.write(msgspec.json.encode(record))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    except OSError as error:
        raise store_error(error, f"write {file}") from error


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
