"""Recordings of real programs: the bytes that they sent to a terminal of 80 columns and 24 rows.

A file is compressed; its first line is JSON with the offsets at which the program waited for a key, and the rest are the bytes.
`python -m tests.core.terminal.record` makes them.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

COLUMNS, ROWS = 80, 24
FOLDER = Path(__file__).parent / "recordings"


class Recording(NamedTuple):
    """What a program sent, and where it waited for a key."""

    name: str
    data: bytes
    pauses: Sequence[int]

    def parts(self) -> Iterator[bytes]:
        """Yield what was sent up to each pause, beginning after the one before."""
        start = 0
        for pause in self.pauses:
            yield self.data[start:pause]
            start = pause


def names() -> list[str]:
    """Return the names of all recordings."""
    return sorted(path.name.removesuffix(".gz") for path in FOLDER.glob("*.gz"))


def load(name: str) -> Recording:
    """Return a recording."""
    head, data = gzip.decompress((FOLDER / f"{name}.gz").read_bytes()).split(b"\n", 1)
    return Recording(name, data, json.loads(head))


def store(recording: Recording) -> Path:
    """Write a recording; the same one always gives the same file."""
    path = FOLDER / f"{recording.name}.gz"
    content = json.dumps(list(recording.pauses)).encode() + b"\n" + recording.data
    path.write_bytes(gzip.compress(content, mtime=0))
    return path
