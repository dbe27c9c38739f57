"""The redactor of a data folder: the same secret has the same placeholder in every process and every year.

The file holds a random key and the number of each secret by its keyed fingerprint, never a secret. Losing it costs nothing but that
numbers begin anew.
"""

from __future__ import annotations

import logging
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from ramet.terminal.redaction import Redactor

_logger = logging.getLogger(__name__)

_MOST_NUMBERS = 20_000
"""Secrets whose numbers are kept: some 1 MB."""


class _Kept(Struct, frozen=True):
    key: bytes
    numbers: dict[str, int]


class StoredRedactor:
    """A `Redactor` whose numbers outlive the process; for several threads of one process at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        kept = _read(path)
        self._redactor = Redactor(kept.key, kept.numbers) if kept is not None else Redactor()
        self._saved = len(kept.numbers) if kept is not None else 0

    def redact(self, text: str) -> str:
        """Return the text with a placeholder for each secret; a new one is written down before it is used."""
        told = self._redactor.redact(text)
        if told is not text:
            self._save()
        return told

    def _save(self) -> None:
        numbers = self._redactor.numbers
        if len(numbers) == self._saved:
            return
        newest = dict(list(numbers.items())[-_MOST_NUMBERS:])
        try:
            _write(self._path, msgspec.json.encode(_Kept(self._redactor.key, newest)))
        except OSError:
            _logger.warning("The numbers of secrets could not be kept", exc_info=True)
        self._saved = len(numbers)


def _read(path: Path) -> _Kept | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError):
        return None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # only its owner may read it
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
