"""Finds a chunk in a file as it is now: where it was, or wherever its text has moved to."""

from __future__ import annotations

from collections.abc import Sequence

from ramet.index.chunker import chunk_key, join_lines

_MOST_BYTES = 64 << 20
"""Text that is hashed at most while looking for a chunk that moved: a tenth of a second."""


def find_chunk(lines: Sequence[str], key: str, start_line: int, end_line: int) -> int | None:
    """Return the first line of the chunk with this key, the nearest to where it was; None when the text is gone."""
    held = list(lines)
    size = end_line - start_line + 1
    if chunk_key(join_lines(held, start_line, end_line)) == key:
        return start_line
    budget = _MOST_BYTES
    for first in sorted(range(1, len(held) - size + 2), key=lambda line: abs(line - start_line)):
        text = join_lines(held, first, first + size - 1)
        budget -= len(text)
        if budget < 0:
            return None
        if chunk_key(text) == key:
            return first
    return None
