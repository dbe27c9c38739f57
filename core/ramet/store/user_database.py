"""A SQLite file of what cannot be derived again: only the user can read it, and a damaged one is moved aside, never deleted."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from ramet.errors import StoreError, StoreFull
from ramet.store.lock import store_error
from ramet.store.recovery import move_aside

_BUSY_SECONDS = 10.0
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

Result = TypeVar("Result")


class UserDatabase:
    """Runs one transaction at a time; every one opens the file for itself, so any thread may call."""

    def __init__(self, path: Path, tables: str, content: str) -> None:
        """Take the file, the statements that create its tables, and what is stored, as "The stored conversations"."""
        self._path = path
        self._tables = tables
        self._content = content
        self._is_ready = False
        self._guard = threading.Lock()
        self._warning = ""

    @property
    def warning(self) -> str:
        """A sentence about a damaged file that had to be moved aside; empty when all is well."""
        return self._warning

    def exists(self) -> bool:
        """Whether anything was ever stored."""
        return self._path.exists()

    def run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Do `work` in one transaction; a damaged file is moved aside and the work done on a new one. Raises StoreError."""
        with self._guard, self._translated():
            try:
                return self._attempt(work)
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode & 0xFF not in _DAMAGED:
                    raise
                aside = move_aside(self._path)
                self._is_ready = False
                self._warning = f"{self._content} were damaged; the file is kept as {aside}, and a new one was begun."
                return self._attempt(work)

    def _attempt(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        with closing(self._connect()) as connection, connection:
            return work(connection)

    def _connect(self) -> sqlite3.Connection:
        is_new = not self._path.exists()
        if is_new:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS)
        try:
            if is_new or not self._is_ready:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(self._tables)
                self._is_ready = True
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")  # "for good" includes the pages of the file
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise store_error(error, f"use {self._path}") from error
        except sqlite3.Error as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL:
                raise StoreFull(f"The disk is full: cannot write {self._path}.", "Free some space, then ask again.") from error
            raise StoreError(
                f"Cannot use {self._path}: {error}.", "Check that the data directory is yours and writable."
            ) from error
