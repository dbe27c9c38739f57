"""The place of all branches of one working tree: found by the folder, found again when the folder was moved, and locked."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from ramet.branches.objects import ObjectStore
from ramet.branches.records import StoreInfo, StoreState, read_record, write_record
from ramet.errors import StoreDamaged, StoreLocked, UsageError
from ramet.git.repository import GitRepository, Location
from ramet.paths import UserDirectories, absolute, path_to_text
from ramet.store.lock import store_error

_LOCK_SECONDS = 120.0
"""How long somebody waits for another process that is at work on the same branches."""
_LOCK_POLL_SECONDS = 0.01


class BranchStore:
    """Owns the folder of one working tree's branches. Safe to use from several threads and processes: changes take the lock."""

    def __init__(self, location: Location, directories: UserDirectories) -> None:
        """Find the folder; nothing is written before the first change. Raises StoreError."""
        self.location = location
        home = directories.branches
        found = _find(home, location)
        self.is_new = found is None
        self.folder = found if found is not None else _new_folder(home, location)
        self._guard = threading.RLock()
        self._depth = 0

    @property
    def name(self) -> str:
        """What tells this store from others."""
        return self.folder.name

    @cached_property
    def objects(self) -> ObjectStore:
        """The private repository, with ids like those of the user's."""
        info = read_record(self.folder / "store.json", StoreInfo)
        object_format = info.object_format if info is not None else GitRepository(self.location).object_format()
        return ObjectStore(self.folder / "git", self.location, "sha256" if object_format == "sha256" else "sha1")

    def state(self) -> StoreState:
        """Return all branches as they are now."""
        return read_record(self.folder / "state.json", StoreState) or StoreState()

    def save(self, state: StoreState) -> None:
        """Replace what is known of all branches; the caller holds the lock."""
        assert self._depth
        write_record(self.folder / "state.json", state)

    def temporary(self) -> Path:
        """Return a folder for files that nobody needs after this process."""
        folder = self.folder / "tmp"
        folder.mkdir(exist_ok=True)
        return folder

    @contextmanager
    def locked(self) -> Generator[None, None, None]:
        """Keep every other process and thread from changing branches; may be nested. Raises StoreLocked."""
        with self._guard:
            if self._depth:
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1
                return
            self._make()
            handle = self._lock()
            self._depth = 1
            try:
                yield
            finally:
                self._depth = 0
                os.close(handle)

    def _lock(self) -> int:
        path = self.folder / "lock"
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise store_error(error, f"open {path}") from error
        give_up = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > give_up:
                    os.close(handle)
                    raise StoreLocked(
                        f"Another process has been at work on the branches of {self.location.root} for minutes.",
                        "Wait for it, or see with `ps` what it is.",
                    ) from None
                time.sleep(_LOCK_POLL_SECONDS)
            else:
                return handle

    def _make(self) -> None:
        """Write down which working tree this is, also after that was moved."""
        status = self.location.root.stat()
        root = path_to_text(os.fsencode(self.location.root))
        info = StoreInfo(root, status.st_dev, status.st_ino, self.objects.object_format)
        file = self.folder / "store.json"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise store_error(error, f"make {self.folder}") from error
        if self.is_new or read_record(file, StoreInfo) != info:
            write_record(file, info)
            self.is_new = False


def stores(directories: UserDirectories) -> Iterator[tuple[Path, StoreInfo]]:
    """Yield all places of branches and the working trees that they belong to; damaged ones are left out."""
    home = directories.branches
    try:
        folders = sorted(home.iterdir())
    except OSError:
        return
    for folder in folders:
        try:
            info = read_record(folder / "store.json", StoreInfo)
        except StoreDamaged:
            continue
        if info is not None:
            yield folder, info


def _find(home: Path, location: Location) -> Path | None:
    """Return the place of a working tree's branches: by its path, else by what moved with the folder."""
    root = path_to_text(os.fsencode(location.root))
    try:
        status = location.root.stat()
    except OSError as error:
        raise UsageError(f"The folder {location.root} cannot be opened: {error}.", "Check the path.") from error
    moved = None
    for folder, info in stores(UserDirectories(data=home.parent, config=home, runtime=home)):
        if info.root == root:
            return folder
        is_same_folder = (info.device, info.inode) == (status.st_dev, status.st_ino)
        if not absolute(Path("/"), info.root).exists() and (is_same_folder or _is_pinned(location, folder.name)):
            moved = folder
    return moved


def _new_folder(home: Path, location: Location) -> Path:
    """Return the place for a working tree that has none: the same one for two processes that ask at once."""
    folder = home / hashlib.sha256(os.fsencode(location.root)).hexdigest()[:12]
    return folder.with_name(f"{folder.name}-{secrets.token_hex(2)}") if folder.exists() else folder


def _is_pinned(location: Location, store: str) -> bool:
    """Whether the repository holds a reference of a store."""
    if location.common_dir is None:
        return False
    packed = location.common_dir / "packed-refs"
    is_packed = packed.exists() and f"refs/ramet/{store}/".encode() in packed.read_bytes()
    return is_packed or (location.common_dir / "refs" / "ramet" / store).is_dir()
