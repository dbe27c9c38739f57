"""Where the content of files comes from: the disk, or git's object database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ramet.index.chunker import split_lines
from ramet.index.reading import Unreadable, looks_binary


class FileReader(Protocol):
    """Reads the files of one tree, within the limits of what is indexed; for one thread. All methods raise Unreadable."""

    def expect(self, paths: Sequence[str]) -> None:
        """Take in which files will be read next, in this order, so that they can be read together."""

    def content(self, path: str) -> bytes:
        """Return what a file holds."""

    def indexable(self, path: str) -> bytes:
        """Return what a file holds if that is worth indexing."""

    def lines(self, path: str) -> list[str]:
        """Return a file's lines as chunks are made of them."""

    def remember(self, path: str, data: bytes) -> None:
        """Keep content for the next call of `lines`, as far as there is room."""

    def may_have_changed(self, path: str, since: float) -> bool:
        """Whether a file may have been written after a time, in seconds since the epoch."""


def text_lines(reader: FileReader, path: str) -> list[str] | None:
    """Return the lines of a text file as the index cuts them; None when there is none to read."""
    try:
        data = reader.content(path)
    except Unreadable:
        return None
    return None if looks_binary(data) else split_lines(data.decode("utf-8", "replace"))
