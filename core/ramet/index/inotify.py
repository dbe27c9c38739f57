"""What the Linux kernel tells about folders, without a library between: libraries gather events for a while before they tell.

An event is queued before the call that caused it returns, so that whoever reads the queue afterwards finds it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

_MODIFY, _ATTRIBUTES, _CLOSE_WRITE = 0x2, 0x4, 0x8
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF, _UNMOUNT, _OVERFLOW, _IGNORED = 0x400, 0x800, 0x2000, 0x4000, 0x8000
_ONLY_FOLDERS, _NO_LINKS, _NOT_UNLINKED, _IS_FOLDER = 0x01000000, 0x02000000, 0x04000000, 0x40000000
_CHANGES = (
    _MODIFY | _ATTRIBUTES | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
)  # fmt: skip
_HEADER = struct.Struct("iIII")
"""Watch, kind, cookie, length of the name."""
_READ_BYTES = 1 << 16


class FolderEvent(NamedTuple):
    """Something that happened in a folder."""

    folder: str
    """Empty when nobody knows where: some events were lost."""
    name: str
    """Of what it happened to; empty for the folder itself."""
    kind: int

    @property
    def moves_folders(self) -> bool:
        """Whether a folder came, so that there is more to watch than before."""
        return bool(self.kind & _IS_FOLDER and self.kind & (_CREATE | _MOVED_TO))

    @property
    def is_loss(self) -> bool:
        """Whether events of this folder, or of all, are not complete."""
        return bool(self.kind & (_OVERFLOW | _UNMOUNT | _DELETE_SELF | _MOVE_SELF))

    @property
    def is_end(self) -> bool:
        """Whether this only says that a folder that is gone is not watched any more."""
        return bool(self.kind & _IGNORED)


class Inotify:
    """One queue of events. Raises OSError, also when the system gives no more watches."""

    def __init__(self) -> None:
        self._handle = _checked(_libc().inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self._folders: dict[int, str] = {}

    def add(self, folder: str) -> None:
        """Watch a folder, without those in it."""
        kinds = _CHANGES | _ONLY_FOLDERS | _NO_LINKS | _NOT_UNLINKED
        self._folders[_checked(_libc().inotify_add_watch(self._handle, os.fsencode(folder), kinds))] = folder

    def read(self) -> Iterator[FolderEvent]:
        """Yield everything that has happened until now; never waits."""
        while True:
            try:
                queued = os.read(self._handle, _READ_BYTES)
            except BlockingIOError:
                return
            place = 0
            while place < len(queued):
                watch, kind, _, length = _HEADER.unpack_from(queued, place)
                place += _HEADER.size
                name = os.fsdecode(queued[place : place + length].rstrip(b"\0"))
                place += length
                yield FolderEvent(self._folders.get(watch, ""), name, kind)

    def close(self) -> None:
        """End the watching."""
        os.close(self._handle)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(answer: int) -> int:
    if answer < 0:
        number = ctypes.get_errno() or errno.ENOSYS
        raise OSError(number, os.strerror(number))
    return answer
