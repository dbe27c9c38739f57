"""The beginning and the end of output of any length."""

from __future__ import annotations

from typing import NamedTuple


class Kept(NamedTuple):
    """What was kept of an output."""

    head: bytes
    """All of it where nothing is omitted."""
    tail: bytes
    omitted: int
    """Bytes between the two that were not kept."""
    omitted_lines: int
    """Line ends among them."""


class HeadAndTail:
    """Keeps the first and the last bytes of a stream."""

    def __init__(self, head_bytes: int, tail_bytes: int) -> None:
        self._head_bytes = head_bytes
        self._tail_bytes = tail_bytes
        self._head = bytearray()
        self._tail = bytearray()
        self._omitted = 0
        self._omitted_lines = 0
        self.total = 0
        """How many bytes came."""

    def add(self, piece: bytes) -> None:
        """Take the next bytes."""
        self.total += len(piece)
        room = self._head_bytes - len(self._head)
        if room > 0:
            self._head += piece[:room]
            piece = piece[room:]
        if piece:
            self._tail += piece
            if len(self._tail) > 2 * self._tail_bytes:
                self._trim()

    def kept(self) -> Kept:
        """Return what there is by now."""
        if len(self._tail) > self._tail_bytes:
            self._trim()
        if not self._omitted:
            return Kept(bytes(self._head + self._tail), b"", 0, 0)
        return Kept(bytes(self._head), bytes(self._tail), self._omitted, self._omitted_lines)

    def _trim(self) -> None:
        cut = len(self._tail) - self._tail_bytes
        self._omitted += cut
        self._omitted_lines += self._tail.count(b"\n", 0, cut)
        del self._tail[:cut]
