"""Conversations outlive the process, and nothing but the user's own word deletes them."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from ramet.branch_models import BranchCost
from ramet.errors import StoreError, UsageError
from ramet.models import Attachment, Citation, Problem, Reason, Source, Turn, Usage
from ramet.store.conversations import ConversationStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "repository" / "conversations.db"


def turn(question: str = "Why?", created: float = 1.0, answer: str = "Because [1].") -> Turn:
    source = Source(1, "a.py", 1, 2, "f", "python", "k", "def f():\n    pass", (Reason("lexical", "f", 0.5),))
    return Turn(
        question,
        answer,
        (source,),
        (Citation(1, "valid", "a.py", 1, 2, "f", "k"),),
        "test/model",
        Usage(10, 5, 3, 0.01, 1000),
        created,
        (Attachment("standard input", "Traceback"),),
        Problem("ModelStreamBroken", "It broke off."),
    )


def test_a_conversation_comes_back_as_it_was_stored(path: Path) -> None:
    store = ConversationStore(path)
    new_id = store.new_id()
    turns = (turn("Why?", 1.0), turn("And \x1b[31mthen\x00 🌲?", 2.0))

    for one in turns:
        store.append(new_id, one)
    conversation = ConversationStore(path).get(new_id)

    assert conversation.turns == turns
    assert (conversation.info.title, conversation.info.created, conversation.info.updated, conversation.info.turns) == (
        "Why?",
        1,
        2,
        2,
    )


def test_what_questions_about_branches_cost_is_summed_up_and_forgotten_with_them(path: Path) -> None:
    store = ConversationStore(path)
    for conversation, branch, model, cost in (
        ("one", "a", "m", 0.25), ("two", "a", "m", 0.5), ("two", "a", "m", None), ("two", "a", "", 0.0), ("two", "", "m", 8.0),
        ("two", "b", "m", None),
    ):  # fmt: skip
        store.append(conversation, replace(turn(), branch=branch, model=model, usage=Usage(cost=cost)))

    costs = store.branch_costs()
    store.delete("two")

    assert costs == {"a": BranchCost(0.75, 3, 1), "b": BranchCost(0.0, 1, 1)}
    assert store.branch_costs() == {"a": BranchCost(0.25, 1, 0)}


def test_the_list_has_the_newest_first(path: Path) -> None:
    store = ConversationStore(path)
    store.append("old", turn(created=1.0))
    store.append("new", turn(created=2.0))
    store.append("old", turn(created=3.0))

    assert [info.id for info in store.list()] == ["old", "new"]


def test_a_title_is_one_short_line_of_the_first_question(path: Path) -> None:
    store = ConversationStore(path)
    store.append("a", turn("  Why\n\tdoes it " + "fail " * 100_000))

    title = store.list()[0].title

    assert title.startswith("Why does it fail")
    assert title.endswith("…")
    assert len(title) <= 80


def test_a_deleted_conversation_leaves_no_trace_in_the_file(path: Path) -> None:
    store = ConversationStore(path)
    store.append("a", turn("the secret plan"))
    store.append("b", turn("something else"))

    store.delete("a")

    with pytest.raises(UsageError):
        store.get("a")
    assert [info.id for info in store.list()] == ["b"]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"secret plan" not in path.read_bytes()


def test_looking_creates_nothing(path: Path) -> None:
    store = ConversationStore(path)

    store.delete("a")
    with pytest.raises(UsageError, match="no conversation 'a'"):
        store.get("a")

    assert store.list() == ()
    assert not path.exists()


def test_only_the_user_can_read_the_file(path: Path) -> None:
    ConversationStore(path).append("a", turn())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", [b"this is no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_file_is_moved_aside_and_said(path: Path, damage: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(damage)
    store = ConversationStore(path)

    is_empty = store.list() == ()
    store.append("a", turn())

    assert is_empty
    assert "conversations.db.damaged-1" in store.warning
    assert (path.parent / "conversations.db.damaged-1").read_bytes() == damage
    assert [info.id for info in store.list()] == ["a"]


def test_a_turn_that_cannot_be_read_does_not_hide_the_others(path: Path) -> None:
    store = ConversationStore(path)
    store.append("a", turn("first"))
    store.append("a", turn("second"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE turn SET body = ? WHERE number = 1", (b'{"question": 7}',))

    first, second = store.get("a").turns

    assert first.problem is not None
    assert "cannot be read" in first.problem.what
    assert second.question == "second"


def test_a_folder_that_cannot_be_written_is_an_error_with_advice(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreError) as caught:
        ConversationStore(tmp_path / "file" / "conversations.db").append("a", turn())

    assert caught.value.advice
