"""The SQLite file of commit memory: what past commits were about and which files they changed, once per repository.

It holds hashes of the words of messages, and paths; no message. Everything in it can be read from git again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.errors import StoreError

_FORMAT = 1
_BATCH = 500
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_Result = TypeVar("_Result")
_TABLES = """
CREATE TABLE known (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, hashes BLOB NOT NULL, paths BLOB NOT NULL);
CREATE TABLE head (view TEXT PRIMARY KEY, id TEXT NOT NULL, numbers BLOB NOT NULL);
"""

_encode = msgspec.msgpack.Encoder().encode
_decode_paths = msgspec.msgpack.Decoder(tuple[str, ...]).decode


class CommitRecord(Struct, frozen=True):
    """What is remembered of one commit."""

    id: str
    hashes: NDArray[np.uint32]
    """Hash of each term of its message, repeats included."""
    paths: tuple[str, ...]
    """The files it changed, in text form."""


class CommitDatabase:
    """The one owner of `commits.db`; any thread may use it. Raises StoreError. A damaged file is thrown away and built anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def head(self, view: str) -> str:
        """Return the commit that the memory of a view ends with; empty when there is none."""
        rows = self._rows("SELECT id FROM head WHERE view = ?", (view,))
        return str(rows[0][0]) if rows else ""

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Return those of `ids` that are not remembered, in order."""
        known: set[str] = set()
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            marks = ",".join("?" * len(batch))
            known.update(row[0] for row in self._rows(f"SELECT id FROM known WHERE id IN ({marks})", batch))  # noqa: S608  # marks
        return [each for each in ids if each not in known]

    def add(self, records: Iterable[CommitRecord]) -> None:
        """Remember commits; those that are known stay as they are."""
        rows = [(record.id, record.hashes.astype("<u4").tobytes(), _encode(record.paths)) for record in records]
        self._write("INSERT OR IGNORE INTO known (id, hashes, paths) VALUES (?, ?, ?)", rows)

    def set_head(self, view: str, id: str, ids: Sequence[str]) -> None:
        """Say that a view shows commit `id`, to which `ids` lead; `ids` are remembered."""
        numbers = {known: number for number, known in self._rows("SELECT number, id FROM known", ())}
        row = np.array([numbers[known] for known in ids if known in numbers], dtype="<u4")
        self._write("INSERT OR REPLACE INTO head VALUES (?, ?, ?)", [(view, id, row.tobytes())])

    def records(self, view: str) -> list[CommitRecord]:
        """Return the commits that lead to the head of a view."""
        rows = self._rows("SELECT numbers FROM head WHERE view = ?", (view,))
        wanted = set(np.frombuffer(rows[0][0], dtype="<u4").tolist()) if rows else set()
        if not wanted:
            return []
        return [
            CommitRecord(commit, np.frombuffer(hashes, dtype="<u4").astype(np.uint32), _decode_paths(paths))
            for number, commit, hashes, paths in self._rows("SELECT number, id, hashes, paths FROM known", ())
            if number in wanted
        ]

    def forget_views(self, kept: Iterable[str]) -> None:
        """Forget the heads of all views but those in `kept`, and then the commits that lead to none."""
        names = set(kept)
        lost = [(view,) for (view,) in self._rows("SELECT view FROM head", ()) if view not in names]
        self._write("DELETE FROM head WHERE view = ?", lost)
        needed: set[int] = set()
        for (numbers,) in self._rows("SELECT numbers FROM head", ()):
            needed.update(np.frombuffer(numbers, dtype="<u4").tolist())
        idle = [(number,) for (number,) in self._rows("SELECT number FROM known", ()) if number not in needed]
        self._write("DELETE FROM known WHERE number = ?", idle)

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _rows(self, statement: str, parameters: Sequence[object]) -> list[tuple]:  # type: ignore[type-arg]  # rows of SQLite
        return self._done(lambda connection: connection.execute(statement, tuple(parameters)).fetchall())

    def _write(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        def write(connection: sqlite3.Connection) -> None:
            with connection:
                connection.executemany(statement, rows)

        if rows:
            self._done(write)

    def _done(self, action: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Return what an action gives; a damaged file is thrown away and the action repeated once on an empty one."""
        with self._lock:
            try:
                return action(self._opened())
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
                    raise self._error(error) from error
            self._discard()
            try:
                return action(self._opened())
            except sqlite3.DatabaseError as error:
                raise self._error(error) from error

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            connection = self._connect()
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version != _FORMAT:
                connection.close()
                self._path.unlink(missing_ok=True)
                connection = self._connect()
                connection.executescript(f"{_TABLES}PRAGMA user_version = {_FORMAT};")
            self._connection = connection
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _error(self, error: sqlite3.Error) -> StoreError:
        return StoreError(f"The memory of commits {self._path} cannot be used: {error}.", "Check that it is yours and writable.")

    def _discard(self) -> None:
        if self._connection is not None:
            with closing(self._connection):
                self._connection = None
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
