"""Remembers how long the vectors of hosted models are, which only their first answer tells."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

import msgspec

_writing = threading.Lock()


class LearnedDimensions:
    """A small JSON file in the data folder: vector space -> length. A damaged or unwritable one is as good as none."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def get(self, space: str) -> int:
        """Return the length of the vectors of a space; 0 when it is not known."""
        return self._read().get(space, 0)

    def put(self, space: str, dimensions: int) -> None:
        """Remember a length."""
        with _writing, suppress(OSError):
            known = self._read() | {space: dimensions}
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = self._file.with_suffix(f".{os.getpid()}")
            temporary.write_bytes(msgspec.json.encode(known))
            temporary.replace(self._file)

    def _read(self) -> dict[str, int]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, int])
        except (OSError, msgspec.MsgspecError):
            return {}
