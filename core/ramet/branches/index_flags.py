"""Reads from an index of git which files git was told not to look at, without a process of git."""

from __future__ import annotations

from struct import unpack_from

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


def hidden_entries(index: bytes, id_bytes: int) -> Hidden | None:
    """Return the paths that git does not look at; None for an index whose form only git knows."""
    if not index:
        return [], []
    signature, version, count = unpack_from(">4sII", index) if len(index) > _HEAD_BYTES else (b"", 0, 0)
    if signature != b"DIRC" or version not in (2, 3):
        return None
    assumed: list[bytes] = []
    skipped: list[bytes] = []
    flags_at = _STAT_BYTES + id_bytes
    place, end = _HEAD_BYTES, len(index) - id_bytes
    for _ in range(count):
        if place + flags_at + 2 > end:
            return None
        flags = index[place + flags_at] << 8 | index[place + flags_at + 1]
        name_at = place + flags_at + 2
        further = 0
        if flags & _EXTENDED:
            (further,) = unpack_from(">H", index, name_at)
            name_at += 2
        length = flags & _NAME
        if length == _NAME:
            length = index.index(b"\0", name_at) - name_at
        if flags & _ASSUMED:
            assumed.append(index[name_at : name_at + length])
        if further & _SKIPPED:
            skipped.append(index[name_at : name_at + length])
        # At least one NUL ends the name, and entries begin at multiples of eight bytes.
        place += (name_at - place + length + 8) & ~7
    return None if _has_foreign(index, place, end) else (assumed, skipped)


def _has_foreign(index: bytes, place: int, end: int) -> bool:
    """Whether the extensions, or what stands in their place, say more about entries than the entries."""
    while place + 8 <= end:
        signature, size = unpack_from(">4sI", index, place)
        if signature in _FOREIGN:
            return True
        place += 8 + size
    return place != end
