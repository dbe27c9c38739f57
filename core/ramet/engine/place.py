"""Where the engine of a user is found: a socket and locks in a folder that only the user can enter."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

from msgspec import Struct

from ramet.errors import EngineError
from ramet.paths import UserDirectories

_MAX_SOCKET_PATH = 100
"""Bytes; the kernel takes 108 on Linux and 104 on macOS, with the closing zero."""
_SHORT_FOLDER = Path("/tmp")  # noqa: S108  - its owner and mode are checked before use
"""Not TMPDIR, which may differ between two front ends of one user."""


class EnginePlace(Struct, frozen=True):
    """The files by which front ends and engine find each other."""

    socket: Path
    engine_lock: Path
    """Held by the engine as long as it lives."""
    start_lock: Path
    """Held by a front end while it starts or replaces the engine."""
    log: Path


def engine_place(directories: UserDirectories) -> EnginePlace:
    """Return the place that belongs to the user directories; nothing is created."""
    folder = directories.runtime
    if len(os.fsencode(folder / "engine.sock")) > _MAX_SOCKET_PATH:
        import hashlib  # a millisecond that other front ends need not spend

        name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        folder = _SHORT_FOLDER / f"ramet-{os.getuid()}-{name}"
    return EnginePlace(
        socket=folder / "engine.sock",
        engine_lock=folder / "engine.lock",
        start_lock=folder / "start.lock",
        log=directories.log_file,
    )


def secure(place: EnginePlace) -> None:
    """Create the folder, or refuse one that others could enter. Raises EngineError."""
    folder = place.socket.parent
    try:
        _make_private(folder)
        found = folder.lstat()
    except OSError as error:
        raise EngineError(
            f"The folder {folder} for the engine's socket cannot be used: {error.strerror or error}.",
            "Set RAMET_RUNTIME_DIR to a folder of yours.",
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise EngineError(
            f"The folder {folder} for the engine's socket is not a folder of yours.", "Set RAMET_RUNTIME_DIR to one that is."
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise EngineError(f"Others may enter the folder {folder} of the engine's socket.", f"Run `chmod 700 {folder}`.")


def _make_private(folder: Path) -> None:
    # `mkdir(parents=True)` would give the parents, such as the data directory, the mode of the umask.
    if not folder.parent.exists():
        _make_private(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


class FileLock:
    """An exclusive `flock`; the kernel frees it however its holder ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def try_acquire(self) -> bool:
        """Take the lock if it is free. Raises EngineError when the file cannot be used."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise EngineError(f"The lock {self._path} cannot be opened: {error.strerror or error}.") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError as error:
            os.close(descriptor)
            raise EngineError(f"The lock {self._path} cannot be taken: {error.strerror or error}.") from error
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Free the lock; harmless when it is not held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
