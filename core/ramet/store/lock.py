"""Who may write: one process per data directory, and one index run per repository.

Both are `flock` locks, which the kernel releases however a process ends, so there is never a stale one to clean up.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from msgspec import Struct

from ramet.errors import StoreError, StoreFull, StoreLocked


def store_error(error: OSError, doing: str) -> StoreError:
    """Return the project's error for a failed file operation."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull(f"The disk is full: cannot {doing}.", "Free some space; what was stored so far is intact.")
    return StoreError(f"Cannot {doing}: {error.strerror or error}.", "Check that the data directory is yours and writable.")


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise store_error(error, f"open {path}") from error


def _try_flock(descriptor: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise store_error(error, f"lock {path}") from error
    return True


class _Held(Struct):
    """A lock of this process and how many hold it."""

    descriptor: int
    holders: int


class DataLock:
    """Exclusive ownership of a data directory by one process: embedded Chroma must have a single writer.

    Within the process it is shared: each `acquire` is matched by one `release`.
    """

    _held: ClassVar[dict[Path, _Held]] = {}
    """The kernel counts owners by open file, so that one process must remember what it holds already."""
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, data: Path) -> None:
        self._path = data.absolute() / "owner.lock"

    def acquire(self) -> None:
        """Take or share the lock. Raises StoreLocked with the owner's process id when another process has it."""
        with self._guard:
            held = self._held.get(self._path)
            if held is not None:
                held.holders += 1
                return
            descriptor = _open(self._path)
            try:
                self._take(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            self._held[self._path] = _Held(descriptor, 1)

    def release(self) -> None:
        """Give up one share; the last one frees the directory."""
        with self._guard:
            held = self._held.get(self._path)
            if held is None:
                return
            held.holders -= 1
            if held.holders == 0:
                del self._held[self._path]
                os.close(held.descriptor)

    def _take(self, descriptor: int) -> None:
        if not _try_flock(descriptor, self._path):
            owner = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise StoreLocked(
                f"Another Ramet process (pid {owner}) owns the data directory {self._path.parent}.",
                "Run `ramet engine stop`, or drop `--in-process` to let the engine do the work.",
            )
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        except OSError as error:
            raise store_error(error, f"write {self._path}") from error

    def __enter__(self) -> DataLock:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


class RunLock:
    """One index run at a time per repository, also between two workspaces of one process that share a repository."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def try_acquire(self) -> bool:
        """Take the lock if it is free; never waits."""
        descriptor = _open(self._path)
        if not _try_flock(descriptor, self._path):
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Free the lock; harmless when it is not held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
