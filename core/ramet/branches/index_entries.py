"""Reads the entries of an index of git without a process of git: what it has, and which files git was told not to look at."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from msgspec import Struct

_HEAD_BYTES = 12
_STAT_BYTES = 40
"""What an entry has before its id: times, place, mode, owner and size."""
_ASSUMED, _EXTENDED, _NAME = 0x8000, 0x4000, 0x0FFF
_SKIPPED = 0x4000
"""Of the further flags that an entry of version 3 may have."""
_FOREIGN = (b"link", b"sdir")
"""Extensions with which entries are elsewhere or stand for whole folders."""

Hidden = tuple[list[bytes], list[bytes]]
"""Paths that are assumed unchanged, and paths that a sparse checkout leaves out."""


class IndexEntries(Struct, frozen=True):
    """What stands in an index."""

    version: int
    plain: dict[bytes, bytes]
    """Path -> entry as it is stored, of those without flags, in order."""
    flagged: list[tuple[bytes, int, int]]
    """Path, flags and further flags of all others, stages of a conflict among them."""
    extensions: dict[bytes, bytes]

    @property
    def paths(self) -> Iterable[bytes]:
        """All paths; more than once those of a conflict."""
        return (*self.plain, *(path for path, _, _ in self.flagged))


def index_entries(index: bytes, id_bytes: int) -> IndexEntries | None:
    """Return the entries of an index; None for one whose form only git knows."""
    if not index:
        return IndexEntries(2, {}, [], {})
    signature, version, count = struct.unpack_from(">4sII", index) if len(index) > _HEAD_BYTES else (b"", 0, 0)
    if signature != b"DIRC" or version not in (2, 3):
        return None
    plain: dict[bytes, bytes] = {}
    flagged: list[tuple[bytes, int, int]] = []
    place, head, end = _HEAD_BYTES, _STAT_BYTES + id_bytes + 2, len(index) - id_bytes
    try:
        for _ in range(count):
            name_at = place + head
            if index[name_at - 2]:
                place = _special(index, place, name_at, plain, flagged)
            else:
                # No flags and a short name, which is nearly all of them: this runs once for every file.
                name_end = name_at + index[name_at - 1]
                # At least one NUL ends the name, and entries begin at multiples of eight bytes.
                start, place = place, place + ((name_end - place + 8) & ~7)
                plain[index[name_at:name_end]] = index[start:place]
    except (IndexError, ValueError, struct.error):
        return None
    extensions = _extensions(index, place, end)
    return None if extensions is None else IndexEntries(version, plain, flagged, extensions)


def _special(index: bytes, place: int, name_at: int, plain: dict[bytes, bytes], flagged: list[tuple[bytes, int, int]]) -> int:
    """Add an entry that has flags or a long name, and return where the next one begins."""
    (flags,) = struct.unpack_from(">H", index, name_at - 2)
    further = 0
    if flags & _EXTENDED:
        (further,) = struct.unpack_from(">H", index, name_at)
        name_at += 2
    length = flags & _NAME
    if length == _NAME:
        length = index.index(b"\0", name_at) - name_at
    name = index[name_at : name_at + length]
    following: int = place + ((name_at - place + length + 8) & ~7)
    if flags & ~_NAME:
        flagged.append((name, flags, further))
    else:
        plain[name] = index[place:following]
    return following


def hidden_among(entries: IndexEntries) -> Hidden:
    """Return the paths that git does not look at."""
    assumed = [path for path, flags, _ in entries.flagged if flags & _ASSUMED]
    return assumed, [path for path, _, further in entries.flagged if further & _SKIPPED]


def folders_of(paths: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return all folders above some paths, without the root."""
    found: set[bytes] = set()
    inner = {path.rpartition(b"/")[0] for path in paths} - {b""}
    while inner:
        found |= inner
        inner = {path.rpartition(b"/")[0] for path in inner} - found - {b""}
    return tuple(sorted(found))


def _extensions(index: bytes, place: int, end: int) -> dict[bytes, bytes] | None:
    """Return what stands behind the entries; None if that, or what stands in its place, says more about entries than they do."""
    found: dict[bytes, bytes] = {}
    while place + 8 <= end:
        signature, size = struct.unpack_from(">4sI", index, place)
        if signature in _FOREIGN:
            return None
        found[signature] = index[place + 8 : place + 8 + size]
        place += 8 + size
    return found if place == end else None
