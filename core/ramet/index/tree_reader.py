"""Reads the files of one folder the way the index sees them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ramet.config import IndexLimits
from ramet.index.chunker import split_lines
from ramet.index.reading import RememberedContent, read_file, worth_indexing
from ramet.paths import absolute


class TreeReader:
    """Reads files below one root; see `FileReader`."""

    def __init__(self, root: Path, limits: IndexLimits) -> None:
        self.root = root
        self._limits = limits
        self._remembered = RememberedContent()

    def expect(self, paths: Sequence[str]) -> None:
        """See `FileReader`: files of the disk are read one by one."""

    def content(self, path: str) -> bytes:
        """See `FileReader`."""
        return read_file(self.root, path, self._limits.max_file_bytes)

    def indexable(self, path: str) -> bytes:
        """See `FileReader`."""
        return worth_indexing(self.content(path), self._limits)

    def lines(self, path: str) -> list[str]:
        """See `FileReader`."""
        data = self._remembered.take(path)
        return split_lines((self.content(path) if data is None else data).decode("utf-8", "replace"))

    def remember(self, path: str, data: bytes) -> None:
        """See `FileReader`."""
        self._remembered.keep(path, data)

    def may_have_changed(self, path: str, since: float) -> bool:
        """See `FileReader`."""
        try:
            return absolute(self.root, path).stat().st_mtime >= since
        except OSError:
            return True
