"""The redactor of a data folder: the same secret has the same placeholder in every process and every year.

The file holds a random key and the number of each secret by its keyed fingerprint, never a secret. Losing it costs nothing but
that numbers begin anew.
"""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from ramet.paths import UserDirectories

if TYPE_CHECKING:
    from ramet.terminal.redaction import Redactor

_logger = logging.getLogger(__name__)

_FILE = "secrets.json"
_MOST_NUMBERS = 20_000
"""Secrets whose numbers are kept: some 1 MB."""


class _Kept(Struct, frozen=True):
    key: bytes
    numbers: dict[str, int]


class StoredRedactor:
    """A `Redactor` whose numbers outlive the process; for several threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._agreed = 0
        """How many numbers the file holds."""

    @classmethod
    def of(cls, directories: UserDirectories) -> StoredRedactor:
        """Return the one of a data folder."""
        return cls(directories.data / _FILE)

    @cached_property
    def _redactor(self) -> Redactor:
        from ramet.terminal.redaction import Redactor

        kept = _read(self._path)
        redactor = Redactor(kept.key, kept.numbers) if kept is not None else Redactor()
        self._agreed = len(redactor.numbers)
        return redactor

    def redact(self, text: str) -> str:
        """Return the text with a placeholder for each secret; a number is written down before it is used."""
        with self._guard:
            told = self._redactor.redact(text)
            if len(self._redactor.numbers) == self._agreed:
                return told
            try:
                told = self._numbered(text)
            except OSError:
                _logger.warning("The numbers of secrets could not be kept", exc_info=True)
            self._agreed = len(self._redactor.numbers)
            return told

    def _numbered(self, text: str) -> str:
        """Redact again while no other process gives numbers, beginning with those that were given meanwhile."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(self._path.with_suffix(".lock")):
            kept = _read(self._path)
            if kept is not None:
                self._redactor.agree(kept.key, kept.numbers)
            told = self._redactor.redact(text)
            newest = dict(list(self._redactor.numbers.items())[-_MOST_NUMBERS:])
            _write(self._path, msgspec.json.encode(_Kept(self._redactor.key, newest)))
        return told


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _read(path: Path) -> _Kept | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError):
        return None


def _write(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # only its owner may read it
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
