"""Where the content of files comes from: the disk, or git's object database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


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
