"""Hashes files of a working tree, and again only those that changed since the last time."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Collection
from pathlib import Path

from msgspec import Struct

from ramet.index.merkle import EXECUTABLE_MODE, FILE_MODE, SYMLINK_MODE, ObjectFormat, TreeFile, blob_oid
from ramet.index.reading import open_file, open_parent, read_open_file, unreadable
from ramet.paths import path_from_text

_RACY_NANOSECONDS = 2_000_000_000
"""A file this young may be written again without a new time stamp: the coarsest file system in use counts in two seconds."""

_Stamp = tuple[int, int, int, int, int, int]


class _Hashed(Struct, frozen=True, gc=False):
    stamp: _Stamp
    file: TreeFile
    is_trusted: bool


class FileHasher:
    """Keeps the ids of files with the stamps they had; the only owner of that memory."""

    def __init__(self, root: Path, max_bytes: int, object_format: ObjectFormat = "sha1") -> None:
        self._root = root
        self._prefix = os.path.join(os.fsencode(root), b"")  # noqa: PTH118  # thousands of paths a scan, and Path is slow
        self._max_bytes = max_bytes
        self._format = object_format
        self._hashed: dict[str, _Hashed] = {}

    def file(self, path: str) -> TreeFile:
        """Return mode and id of a file or symlink as it is on the disk. Raises Unreadable."""
        try:
            status = os.lstat(self._prefix + path_from_text(path))
        except OSError as error:
            raise unreadable(error) from error
        known = self._hashed.get(path)
        if known is not None and known.is_trusted and known.stamp == _stamp(status):
            return known.file
        if stat.S_ISLNK(status.st_mode):
            return self._symlink(path)
        started = time.time_ns()
        with open_file(self._root, path) as (handle, opened):
            content = read_open_file(handle, opened, self._max_bytes)
        mode = EXECUTABLE_MODE if opened.st_mode & stat.S_IXUSR else FILE_MODE
        file = TreeFile(mode, blob_oid(content, self._format))
        is_trusted = max(opened.st_mtime_ns, opened.st_ctime_ns) < started - _RACY_NANOSECONDS
        self._hashed[path] = _Hashed(_stamp(opened), file, is_trusted)
        return file

    def forget_all_but(self, paths: Collection[str]) -> None:
        """Forget the files that are not among `paths`."""
        for path in self._hashed.keys() - paths:
            del self._hashed[path]

    def _symlink(self, path: str) -> TreeFile:
        with open_parent(self._root, path) as (folder, name):
            try:
                target = os.readlink(name, dir_fd=folder)
            except OSError as error:
                raise unreadable(error) from error
        return TreeFile(SYMLINK_MODE, blob_oid(target, self._format))


def _stamp(status: os.stat_result) -> _Stamp:
    return status.st_dev, status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns
