"""Brings what is known of the files from the last look into a newer copy of the user's index, without a process of git.

An entry says which content a file has while its time stamps are these. Of two entries for a file the one with the later change of
state is good at least as often as the other; git looks at the file anyway where neither is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from struct import pack

from msgspec import Struct

from ramet.branches.index_entries import IndexEntries, folders_of
from ramet.index.merkle import ObjectFormat

_CHANGED = slice(0, 8)
"""Where an entry has the last change of the file's state, seconds and nanoseconds."""
_MODE = slice(24, 28)
_ID_AT = 40
_TREE = b"TREE"
"""The extension with the ids of folders whose entries are as they were when the tree was written."""
_IGNORE_FILE = b".gitignore"


class MergedIndex(Struct, frozen=True):
    """An index made of two."""

    content: bytes
    folders: tuple[bytes, ...]
    """The folders of the files that the user's index has."""
    new: Collection[bytes]
    """The files that it does not have."""


def merged_index(
    user: IndexEntries | None, ours: IndexEntries | None, new: Collection[bytes], object_format: ObjectFormat
) -> MergedIndex | None:
    """Return the user's index with what ours knows better, and with those new files that ours has besides.

    None where it must be copied as it is: there are flags or conflicts, rules of what is ignored differ, or a new file of ours is
    in the way.
    """
    if user is None or ours is None or user.flagged or ours.flagged:
        return None
    entries = dict(user.plain)
    changed: set[bytes] = set(ours.plain.keys() - user.plain.keys()).difference(new)
    id_end = _ID_AT + hashlib.new(object_format, usedforsecurity=False).digest_size
    known_of = ours.plain.get
    for path in [path for path, entry in entries.items() if known_of(path) != entry]:
        known, entry = known_of(path), entries[path]
        if known is not None and known[_CHANGED] > entry[_CHANGED]:
            entries[path] = known
        elif known is None or known[_MODE] != entry[_MODE] or known[_ID_AT:id_end] != entry[_ID_AT:id_end]:
            changed.add(path)
    folders = folders_of(entries)
    added = [path for path in new if path in ours.plain and path not in user.plain]
    if added:
        if not entries.keys().isdisjoint(folders_of(added)) or not set(folders).isdisjoint(added):
            return None
        entries.update((path, ours.plain[path]) for path in added)
        entries = dict(sorted(entries.items()))
    if any(path.rpartition(b"/")[2] == _IGNORE_FILE for path in changed):
        return None
    parts = [b"DIRC", pack(">II", 2, len(entries)), *entries.values()]
    trees = ours.extensions.get(_TREE)
    if trees is not None:
        trees = _invalidated(trees, {b"", *folders_of(changed)} if changed else set(), id_end - _ID_AT)
        parts += [_TREE, pack(">I", len(trees)), trees]
    content = b"".join(parts)
    return MergedIndex(content + hashlib.new(object_format, content, usedforsecurity=False).digest(), folders, added)


def _invalidated(trees: bytes, folders: Collection[bytes], id_bytes: int) -> bytes:
    """Return the ids of folders without those of some."""
    parts: list[bytes] = []
    place = 0
    # The folders around the next one, and how many are still to come in each.
    above: list[tuple[bytes, int]] = []
    while place < len(trees):
        name_end = trees.index(b"\0", place)
        line_end = trees.index(b"\n", name_end)
        name = trees[place:name_end]
        count, _, below = trees[name_end + 1 : line_end].partition(b" ")
        end = line_end + 1 + (0 if count.startswith(b"-") else id_bytes)
        while above and not above[-1][1]:
            above.pop()
        if above:
            folder, left = above[-1]
            above[-1] = folder, left - 1
            path = folder + b"/" + name if folder else name
        else:
            path = name
        parts.append(b"%b\0-1 %b\n" % (name, below) if path in folders else trees[place:end])
        above.append((path, int(below)))
        place = end
    return b"".join(parts)
