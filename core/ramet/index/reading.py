"""Reads files of a tree that nobody vouches for: never through a symlink, never out of the root, never a pipe or device."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ramet.config import IndexLimits
from ramet.models import SkipReason
from ramet.paths import path_from_text

_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_OPEN_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC

_REMEMBERED_BYTES = 64 << 20
"""Content kept from parsing until it is embedded; what does not fit is read again."""
_BINARY_PROBE_BYTES = 8000
"""How much of a file git looks at for a NUL byte."""


class Unreadable(Exception):
    """A file cannot be read; `reason` and `detail` are those of a `SkippedFile`."""

    def __init__(self, reason: SkipReason, detail: str) -> None:
        super().__init__(detail)
        self.reason: SkipReason = reason
        self.detail = detail


def read_file(root: Path, path: str, max_bytes: int) -> bytes:
    """Return the content of a regular file below `root`. Raises Unreadable."""
    with open_file(root, path) as (handle, status):
        return read_open_file(handle, status, max_bytes)


def read_open_file(handle: int, status: os.stat_result, max_bytes: int) -> bytes:
    """Return the content of an open file. Raises Unreadable when it is larger than `max_bytes`."""
    if status.st_size > max_bytes:
        raise Unreadable("huge", f"{status.st_size:,} bytes, the limit is {max_bytes:,}")
    pieces: list[bytes] = []
    # One byte more than allowed shows that the file grew since it was opened.
    left = max_bytes + 1
    try:
        while left > 0 and (piece := os.read(handle, min(left, status.st_size + _BINARY_PROBE_BYTES))):
            pieces.append(piece)
            left -= len(piece)
    except OSError as error:
        raise unreadable(error) from error
    if left <= 0:
        raise Unreadable("huge", f"more than {max_bytes:,} bytes")
    return b"".join(pieces)


@contextmanager
def open_file(root: Path, path: str) -> Generator[tuple[int, os.stat_result], None, None]:
    """Open a regular file below `root` and give its descriptor and status. Raises Unreadable."""
    with open_parent(root, path) as (folder, name):
        try:
            handle = os.open(name, _OPEN_FILE, dir_fd=folder)
        except OSError as error:
            raise unreadable(error) from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("special", _kind(status.st_mode))
        yield handle, status
    finally:
        os.close(handle)


@contextmanager
def open_parent(root: Path, path: str) -> Generator[tuple[int, bytes], None, None]:
    """Open the folder that holds a path, component by component, and give its descriptor and the last name."""
    *folders, name = path_from_text(path).split(b"/")
    if any(part in (b"", b".", b"..") or b"\0" in part for part in (*folders, name)):
        raise Unreadable("special", "not a path inside the folder")
    try:
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise unreadable(error) from error
    for folder in folders:
        above = handle
        try:
            handle = os.open(folder, _OPEN_FOLDER, dir_fd=above)
        except OSError as error:
            raise _folder_error(error, folder, above) from error
        finally:
            os.close(above)
    try:
        yield handle, name
    finally:
        os.close(handle)


def looks_binary(data: bytes) -> bool:
    """Return whether git would call the content binary."""
    return b"\0" in data[:_BINARY_PROBE_BYTES]


def looks_minified(data: bytes, limits: IndexLimits) -> bool:
    """Return whether the lines are too long on average to have been written by a person."""
    return len(data) > limits.max_line_bytes * max(1, data.count(b"\n"))


def worth_indexing(data: bytes, limits: IndexLimits) -> bytes:
    """Return content as it is. Raises Unreadable when it is not worth indexing."""
    if looks_binary(data):
        raise Unreadable("binary", "the content is not text")
    if looks_minified(data, limits):
        raise Unreadable("minified", "its lines are too long to have been written by a person")
    return data


class RememberedContent:
    """Keeps content from parsing until it is embedded, once, and as far as there is room; for one thread."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}
        self._room = _REMEMBERED_BYTES

    def __contains__(self, path: str) -> bool:
        return path in self._kept

    def keep(self, path: str, data: bytes) -> None:
        """Keep the content of a file."""
        if len(data) <= self._room and path not in self._kept:
            self._room -= len(data)
            self._kept[path] = data

    def take(self, path: str) -> bytes | None:
        """Return the content of a file and forget it; None when it is not kept."""
        data = self._kept.pop(path, None)
        if data is not None:
            self._room += len(data)
        return data


def _folder_error(error: OSError, name: bytes, above: int) -> Unreadable:
    """Return why a folder of a path could not be opened; Linux says of a link only that it is no folder."""
    if error.errno == errno.ENOTDIR:
        try:
            if stat.S_ISLNK(os.lstat(name, dir_fd=above).st_mode):
                return Unreadable("symlink", "a folder of its path is a symbolic link, which is not followed")
        except OSError as gone:
            return unreadable(gone)
    return unreadable(error)


def unreadable(error: OSError) -> Unreadable:
    """Return what an error of the system means for a file; ELOOP is a link met with O_NOFOLLOW."""
    if error.errno in (errno.ENOENT, errno.ESTALE):
        return Unreadable("gone", "the file is no longer there")
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return Unreadable("symlink", "a symbolic link, which is not followed")
    if error.errno == errno.ENOTDIR:
        return Unreadable("gone", "a folder of its path is now a file")
    if error.errno in (errno.ENXIO, errno.ENODEV, errno.EISDIR):
        return Unreadable("special", "not a regular file")
    return Unreadable("unreadable", error.strerror or "the system gave no reason")


_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)


def _kind(mode: int) -> str:
    return next((name for is_kind, name in _KINDS if is_kind(mode)), "not a regular file")
