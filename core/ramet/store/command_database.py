"""The commands that ran in the terminals of one repository, in a SQLite file of their own that only the user can read.

Only what was cleaned and redacted comes here. The oldest leave when there are too many.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ramet.errors import UsageError
from ramet.models import CommandRun
from ramet.store.user_database import UserDatabase

_FIELDS = (
    "id",
    "terminal",
    "command",
    "folder",
    "exit_code",
    "started",
    "duration",
    "output",
    "lines",
    "tree",
    "is_full_screen",
    "has_output",
    "branch",
)
"""Columns, in the order of `CommandRun`."""
_TABLES = """
CREATE TABLE IF NOT EXISTS command_run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    terminal TEXT NOT NULL,
    command TEXT NOT NULL,
    folder TEXT NOT NULL,
    exit_code INTEGER,
    started REAL NOT NULL,
    duration REAL,
    output TEXT NOT NULL,
    lines INTEGER NOT NULL,
    tree TEXT NOT NULL,
    is_full_screen INTEGER NOT NULL,
    has_output INTEGER NOT NULL,
    branch TEXT NOT NULL,
    size INTEGER NOT NULL
);
CREATE VIRTUAL TABLE IF NOT EXISTS command_text USING fts5 (command, output, content = 'command_run', content_rowid = 'id');
CREATE TRIGGER IF NOT EXISTS command_run_added AFTER INSERT ON command_run BEGIN
    INSERT INTO command_text (rowid, command, output) VALUES (new.id, new.command, new.output);
END;
CREATE TRIGGER IF NOT EXISTS command_run_removed AFTER DELETE ON command_run BEGIN
    INSERT INTO command_text (command_text, rowid, command, output) VALUES ('delete', old.id, old.command, old.output);
END;
"""
_INSERT = f"INSERT INTO command_run ({', '.join(_FIELDS[1:])}, size) VALUES ({', '.join('?' * len(_FIELDS))})"  # noqa: S608
_SELECT = f"SELECT {', '.join(_FIELDS)} FROM command_run"  # noqa: S608  - names from above
_SELECT_WITHOUT_OUTPUT = _SELECT.replace("output,", "'' AS output,", 1)
_MATCHING = "WHERE id IN (SELECT rowid FROM command_text WHERE command_text MATCH ?)"
_NO_ERROR = (0, 130, 141)
"""Exit codes that are no failure: all went well, the user pressed Ctrl-C, or the reader of a pipe had enough."""
_WORD = re.compile(r"\w+")
_EXCERPT_LINES = 5
_EXCERPT_CHARACTERS = 300

Row = tuple[Any, ...]
"""A row of SQLite, whose values have no static types."""


class CommandDatabase:
    """Stores command runs; any thread may call."""

    def __init__(self, path: Path) -> None:
        self._database = UserDatabase(path, _TABLES, "The recorded commands")

    @property
    def warning(self) -> str:
        """A sentence about a damaged file that had to be moved aside; empty when all is well."""
        return self._database.warning

    def add(self, run: CommandRun, *, most: int, most_bytes: int) -> CommandRun:
        """Store a run and return it with its number; the oldest leave beyond `most` runs or bytes of text."""
        size = len(run.command.encode()) + len(run.output.encode())

        def write(connection: sqlite3.Connection) -> int:
            values = [getattr(run, name) for name in _FIELDS[1:]]
            number = connection.execute(_INSERT, (*values, size)).lastrowid
            assert number is not None
            _drop_oldest(connection, most, most_bytes)
            return number

        return replace(run, id=self._database.run(write))

    def list(self, limit: int, *, failed: bool = False, branch: str | None = None) -> tuple[CommandRun, ...]:
        """Return the newest runs without their output, the newest first; only those that failed where wanted.

        `branch` is the only branch whose runs count, the empty name stands for the working tree; None takes all.
        """
        conditions = [*([_failure()] if failed else []), *(["branch = ?"] if branch is not None else [])]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        values = (limit,) if branch is None else (branch, limit)
        return self._select(f"{_SELECT_WITHOUT_OUTPUT}{where} ORDER BY id DESC LIMIT ?", values)

    def get(self, id: int) -> CommandRun:
        """Return one run. Raises UsageError when there is none of that number."""
        found = self._select(f"{_SELECT} WHERE id = ?", (id,))
        if not found:
            advice = "`ramet terminal list` names those that are kept."
            raise UsageError(f"There is no command {id} in this repository.", advice)
        return found[0]

    def last_error(self, branch: str | None = None) -> CommandRun | None:
        """Return the newest run that failed, of a branch as in `list`; None when none did."""
        where = f"{_failure()}{' AND branch = ?' if branch is not None else ''}"
        found = self._select(f"{_SELECT} WHERE {where} ORDER BY id DESC LIMIT 1", () if branch is None else (branch,))
        return found[0] if found else None

    def search(self, query: str, limit: int) -> tuple[CommandRun, ...]:
        """Return the newest runs whose command line and output have all words, with the lines that have one as their output."""
        words = _WORD.findall(query)
        if not words:
            return ()
        matching = " AND ".join(f'"{word}"*' for word in words)
        found = self._select(f"{_SELECT} {_MATCHING} ORDER BY id DESC LIMIT ?", (matching, limit))
        return tuple(replace(run, output=_excerpt(run.output, words)) for run in found)

    def forget(self, ids: Sequence[int] | None) -> int:
        """Remove runs for good, None removes all; return how many there were."""
        if not self._database.exists():
            return 0

        def write(connection: sqlite3.Connection) -> int:
            if ids is None:
                removed = connection.execute("DELETE FROM command_run").rowcount
            else:
                removed = connection.executemany("DELETE FROM command_run WHERE id = ?", [(number,) for number in ids]).rowcount
            # The words of what is gone stay in the index until its parts are merged.
            connection.execute("INSERT INTO command_text (command_text) VALUES ('optimize')")
            return removed

        return self._database.run(write)

    def _select(self, statement: str, values: Row) -> tuple[CommandRun, ...]:
        if not self._database.exists():
            return ()
        return self._database.run(lambda connection: tuple(_run_of(row) for row in connection.execute(statement, values)))


def _run_of(row: Row) -> CommandRun:
    run = CommandRun(*row)
    return replace(run, is_full_screen=bool(run.is_full_screen), has_output=bool(run.has_output))


def _failure() -> str:
    return f"exit_code NOT IN ({', '.join(map(str, _NO_ERROR))})"


def _drop_oldest(connection: sqlite3.Connection, most: int, most_bytes: int) -> None:
    """Remove the oldest runs until the rest is within bounds; the newest always stays."""
    total = 0
    sizes = connection.execute("SELECT id, size FROM command_run ORDER BY id DESC").fetchall()
    for kept, (number, size) in enumerate(sizes, 1):
        total += size
        if kept > 1 and (kept > most or total > most_bytes):
            connection.execute("DELETE FROM command_run WHERE id <= ?", (number,))
            return


def _excerpt(output: str, words: Sequence[str]) -> str:
    """Return the first lines that have one of the words."""
    wanted = re.compile("|".join(rf"\b{re.escape(word)}" for word in words), re.IGNORECASE)
    lines = [line[:_EXCERPT_CHARACTERS] for line in output.splitlines() if wanted.search(line)]
    return "\n".join(lines[:_EXCERPT_LINES])
