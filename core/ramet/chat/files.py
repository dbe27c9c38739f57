"""Reads the lines of files as the index cuts them."""

from __future__ import annotations

from pathlib import Path

from ramet.index.chunker import split_lines
from ramet.index.reading import Unreadable, looks_binary, read_file


def read_lines(root: Path, path: str, max_bytes: int) -> list[str] | None:
    """Return the lines of a text file below `root`; None when it is gone, too large, binary or not a regular file."""
    try:
        data = read_file(root, path, max_bytes)
    except Unreadable:
        return None
    if looks_binary(data):
        return None
    return split_lines(data.decode("utf-8", "replace"))
