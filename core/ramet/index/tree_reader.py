"""Reads the files of one folder the way the index sees them."""

from __future__ import annotations

from pathlib import Path

from ramet.config import IndexLimits
from ramet.index.chunker import split_lines
from ramet.index.reading import Unreadable, looks_binary, looks_minified, read_file

_REMEMBERED_BYTES = 64 << 20
"""Content kept from parsing until it is embedded; what does not fit is read again."""


class TreeReader:
    """Reads files below one root, within the limits. One that remembers content belongs to one thread."""

    def __init__(self, root: Path, limits: IndexLimits) -> None:
        self.root = root
        self._limits = limits
        self._remembered: dict[str, bytes] = {}
        self._room = _REMEMBERED_BYTES

    def indexable(self, path: str) -> bytes:
        """Return the content of a file that is worth indexing. Raises Unreadable."""
        data = read_file(self.root, path, self._limits.max_file_bytes)
        if looks_binary(data):
            raise Unreadable("binary", "the content is not text")
        if looks_minified(data, self._limits):
            raise Unreadable("minified", "its lines are too long to have been written by a person")
        return data

    def lines(self, path: str) -> list[str]:
        """Return a file's lines as chunks are made of them. Raises Unreadable."""
        data = self._remembered.pop(path, None)
        if data is None:
            data = read_file(self.root, path, self._limits.max_file_bytes)
        else:
            self._room += len(data)
        return split_lines(data.decode("utf-8", "replace"))

    def remember(self, path: str, data: bytes) -> None:
        """Keep content for the next call of `lines`, as far as there is room."""
        if len(data) <= self._room and path not in self._remembered:
            self._room -= len(data)
            self._remembered[path] = data
