"""Looks at Chroma's files before Chroma does: what it would read as if all were well, or crash on.

Never imports chromadb. A look at files that have not changed since the last one costs a few system calls, so that every search
and every run without changes can afford it.
"""

from __future__ import annotations

import struct
import time
from functools import lru_cache
from pathlib import Path

from ramet.errors import StoreDamaged

_SQLITE_MAGIC = b"SQLite format 3\0"
_HEADER = struct.Struct("<i6QiI3QdQ")
"""hnswlib's header: version, first offset, most elements, elements, bytes per element, two offsets, top level, entry, ..."""
_KNOWN_VERSION = 1
_LENGTH_BYTES = 4
"""length.bin holds one number for each element; link_lists.bin one in front of each element's links."""
_LOOKS = 3
_LOOK_SECONDS = 0.3
"""Between two looks: another workspace of the same repository may be writing the files, one after the other."""


def check_vector_files(folder: Path) -> None:
    """Raise StoreDamaged when files of an embedded vector store are cut off or are something else."""
    for _ in range(_LOOKS - 1):
        try:
            return _check(folder)
        except StoreDamaged:
            time.sleep(_LOOK_SECONDS)
    return _check(folder)


def _check(folder: Path) -> None:
    try:
        database = folder / "chroma.sqlite3"
        if database.exists() and not _begins_like_sqlite(database):
            raise _damaged(database)
        for header in folder.glob("*/header.bin"):
            _check_index(header)
    except OSError as error:
        raise StoreDamaged(
            f"The vectors in {folder} cannot be read: {error.strerror or error}.", "They are built anew."
        ) from error


def _begins_like_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        beginning = file.read(len(_SQLITE_MAGIC))
    return beginning in (b"", _SQLITE_MAGIC)


def _check_index(header: Path) -> None:
    """Compare the sizes of an index's files with what its header says."""
    content = header.read_bytes()
    if len(content) < _HEADER.size:
        raise _damaged(header)
    version, _, most, count, element_bytes, *_ = _HEADER.unpack_from(content)
    if version != _KNOWN_VERSION:
        return  # Chroma refuses what it does not know either
    if count > most:
        raise _damaged(header)
    for name, least in (("data_level0.bin", count * element_bytes), ("length.bin", count * _LENGTH_BYTES)):
        file = header.with_name(name)
        if not file.exists() or file.stat().st_size < least:
            raise _damaged(file)
    links = header.with_name("link_lists.bin")
    if not count:
        return
    if not links.exists():
        raise _damaged(links)
    written = links.stat()
    if not _has_all_links(links, written.st_mtime_ns, written.st_size, count):
        raise _damaged(links)


@lru_cache(maxsize=16)
def _has_all_links(links: Path, written: int, size: int, count: int) -> bool:
    """Whether the links of so many elements are there; each has its length in front, and most elements have none.

    Reading them takes a microsecond per element and each search asks, so a file that stayed as it was is not read again:
    `written` (its time stamp) and `size` are there to tell.
    """
    content = links.read_bytes()
    place = 0
    for _ in range(count):
        length = content[place : place + _LENGTH_BYTES]
        if len(length) < _LENGTH_BYTES:
            return False
        place += _LENGTH_BYTES + int.from_bytes(length, "little")
    return place <= len(content)


def _damaged(file: Path) -> StoreDamaged:
    return StoreDamaged(f"{file} is damaged.", "Run `ramet index`; the vectors are moved aside and built anew.")
