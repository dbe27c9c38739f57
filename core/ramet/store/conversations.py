"""The conversations of one repository, in a SQLite file of their own that only the user can read.

Unlike everything else in the data directory they cannot be derived again: a damaged file is moved aside, never deleted.
"""

from __future__ import annotations

import sqlite3
import uuid
from pathlib import Path
from typing import Any

import msgspec

from ramet.branch_models import BranchCost
from ramet.errors import UsageError
from ramet.models import Conversation, ConversationInfo, Problem, Turn, Usage
from ramet.store.user_database import UserDatabase

_TABLES = """
CREATE TABLE IF NOT EXISTS conversation (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS turn (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS branch_use (
    turn INTEGER PRIMARY KEY REFERENCES turn (number) ON DELETE CASCADE,
    branch TEXT NOT NULL,
    cost REAL
);
CREATE INDEX IF NOT EXISTS turn_by_conversation ON turn (conversation);
"""
_SELECT_INFO = (
    "SELECT c.id, c.title, c.created, c.updated, (SELECT count(*) FROM turn t WHERE t.conversation = c.id) FROM conversation c"
)
_LONGEST_TITLE = 80
"""Characters of the first question that become the title."""

Row = tuple[Any, ...]
"""A row of SQLite, whose values have no static types."""


class ConversationStore:
    """Stores questions and answers; every operation opens the file for itself, so any thread may call."""

    def __init__(self, path: Path) -> None:
        self._database = UserDatabase(path, _TABLES, "The stored conversations")

    @property
    def warning(self) -> str:
        """A sentence about a damaged file that had to be moved aside; empty when all is well."""
        return self._database.warning

    @staticmethod
    def new_id() -> str:
        """Return an id for a conversation that does not exist yet; `append` creates it."""
        return uuid.uuid4().hex[:12]

    def append(self, id: str, turn: Turn) -> None:
        """Add a turn, and the conversation itself with its first one."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO conversation VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET updated = excluded.updated",
                (id, title_of(turn.question), turn.created, turn.created),
            )
            inserted = connection.execute("INSERT INTO turn (conversation, body) VALUES (?, ?)", (id, msgspec.json.encode(turn)))
            if turn.branch and turn.model:
                use = (inserted.lastrowid, turn.branch, turn.usage.cost)
                connection.execute("INSERT INTO branch_use (turn, branch, cost) VALUES (?, ?, ?)", use)

        self._database.run(write)

    def list(self) -> tuple[ConversationInfo, ...]:
        """Return all conversations, the newest first."""
        if not self._database.exists():
            return ()
        return self._database.run(
            lambda connection: tuple(
                ConversationInfo(*row) for row in connection.execute(f"{_SELECT_INFO} ORDER BY c.updated DESC, c.rowid DESC")
            )
        )

    def get(self, id: str) -> Conversation:
        """Return one conversation. Raises UsageError when there is none of that id."""

        def read(connection: sqlite3.Connection) -> tuple[Row | None, list[Row]]:
            found: Row | None = connection.execute(f"{_SELECT_INFO} WHERE c.id = ?", (id,)).fetchone()
            return found, connection.execute("SELECT body FROM turn WHERE conversation = ? ORDER BY number", (id,)).fetchall()

        info, bodies = self._database.run(read) if self._database.exists() else (None, [])
        if info is None:
            raise UsageError(f"There is no conversation {id!r} in this repository.", "Start a new one, or list those that exist.")
        return Conversation(ConversationInfo(*info), tuple(_decoded(body, info[2]) for (body,) in bodies))

    def branch_costs(self) -> dict[str, BranchCost]:
        """Return what models were paid for questions about each branch of the file system, by the id of the branch."""
        if not self._database.exists():
            return {}
        sums = "SELECT branch, coalesce(sum(cost), 0.0), count(*), count(*) - count(cost) FROM branch_use GROUP BY branch"
        rows: list[Row] = self._database.run(lambda connection: connection.execute(sums).fetchall())
        return {branch: BranchCost(usd, questions, unpriced) for branch, usd, questions, unpriced in rows}

    def delete(self, id: str) -> None:
        """Forget a conversation for good; an unknown id is ignored."""
        if self._database.exists():
            self._database.run(lambda connection: connection.execute("DELETE FROM conversation WHERE id = ?", (id,)).rowcount)


def title_of(question: str) -> str:
    """Return the title that a conversation gets from its first question."""
    title = " ".join(question[: _LONGEST_TITLE * 4].split())
    return title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1].rstrip() + "…"


def _decoded(body: bytes, created: float) -> Turn:
    """Return a stored turn; one that cannot be read must not hide the others."""
    try:
        return msgspec.json.decode(body, type=Turn)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problem = Problem("StoreError", f"This turn cannot be read: {error}.", "Another version wrote it, or it is damaged.")
        return Turn("", "", (), (), "", Usage(), created, problem=problem)
