"""The index database keeps what was committed, whatever happens to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from ramet.errors import StoreDamaged, StoreError, StoreFull
from ramet.store.index_database import IndexDatabase
from ramet.store.records import BlobId, BlobRecord, ChunkRecord, Postings, SymbolRecord, ViewFile


def blob(oid: str, *keys: str, parser: int = 1, flavour: str = "python") -> BlobRecord:
    size = len(keys)
    return BlobRecord(
        BlobId(oid, flavour), parser, flavour, 10 * size, "", "", "",
        tuple(ChunkRecord(key, 1 + 10 * n, 10 + 10 * n, f"f{n}", "function") for n, key in enumerate(keys)),
        (SymbolRecord("f0", "f0", "function", 1, 10, "def f0():", 0),) if keys else (),
        Postings(np.full(size, 2, np.uint32), np.arange(2 * size, dtype=np.uint32), np.ones(2 * size, np.uint8)),
    )  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[IndexDatabase]:
    with closing(IndexDatabase(tmp_path / "index.db")) as opened:
        yield opened


def test_a_blob_comes_back_as_it_was_stored(database: IndexDatabase) -> None:
    stored = blob("o1", "k1", "k2")
    (number,) = database.add_blobs([stored])

    ((found, loaded),) = database.blobs([number])
    assert found == number
    assert (loaded.id, loaded.chunks, loaded.symbols) == (stored.id, stored.chunks, stored.symbols)
    assert loaded.postings.hashes.tolist() == [0, 1, 2, 3]
    assert loaded.postings.lengths.tolist() == [2, 2]
    assert loaded.postings.counts.dtype == np.uint8


def test_a_blob_is_known_by_content_flavour_and_parser(database: IndexDatabase) -> None:
    (number,) = database.add_blobs([blob("o1", "k1")])
    wanted = [BlobId("o1", "python"), BlobId("o1", "text:txt"), BlobId("o2", "python")]

    assert database.known_blobs(wanted, 1) == {BlobId("o1", "python"): number}
    assert database.known_blobs(wanted, 2) == {}


def test_a_view_changes_at_once_and_counts_its_revisions(database: IndexDatabase) -> None:
    one, two = database.add_blobs([blob("o1", "k1"), blob("o2", "k2")])
    first = database.update_view("w", "/w", "t1", [ViewFile("a", 0o100644, "o1", one), ViewFile("b", 0o100644, "o2", two)], [])
    database.mark_embedded(first, "space@1")
    second = database.update_view("w", "/w", "t2", [ViewFile("a", 0o100644, "o2", two)], ["b"])
    database.mark_embedded(first, "space@late")

    state = database.view_state("w")
    assert state is not None
    assert [(file.path, file.blob) for file in state[1]] == [("a", two)]
    assert (second.number, second.revision, second.tree) == (first.number, first.revision + 1, "t2")
    assert state[0].embedded == ""


def test_superseded_blobs_go_and_unused_ones_stay_until_they_are_collected(database: IndexDatabase) -> None:
    old, other = database.add_blobs([blob("o1", "k1"), blob("o2", "k2")])
    (new,) = database.add_blobs([blob("o1", "k3", parser=2)])
    database.update_view("w", "/w", "t", [ViewFile("a", 0o100644, "o1", new)], [])

    assert database.delete_superseded_blobs() == 1
    assert dict(database.blobs([old])) == {}
    assert set(dict(database.blobs([other, new]))) == {other, new}
    assert database.delete_unused_blobs() == 1
    assert database.all_keys() == {"k3"}


def test_a_failed_transaction_leaves_nothing_behind(database: IndexDatabase) -> None:
    with pytest.raises(StoreError):
        database.update_view("w", "/w", "t", [ViewFile("a", 0o100644, "o1", None)], [])  # type: ignore[arg-type]  # the fault

    assert database.view("w") is None


def test_a_full_disk_is_said_and_what_was_committed_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect

    def on_a_small_disk(*arguments: object, **options: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)  # type: ignore[call-overload]  # passed through
        connection.execute("PRAGMA max_page_count = 24")
        return connection

    monkeypatch.setattr(sqlite3, "connect", on_a_small_disk)
    database = IndexDatabase(tmp_path / "index.db")
    stored: list[str] = []

    def fill() -> None:
        for number in range(10_000):
            keys = [f"key-{number}-{n}" for n in range(20)]
            database.add_blobs([blob(f"o{number}", *keys)])
            stored.extend(keys)

    with pytest.raises(StoreFull, match="disk is full"):
        fill()

    assert stored
    assert database.all_keys() == set(stored)
    database.close()
    monkeypatch.undo()
    with closing(IndexDatabase(tmp_path / "index.db")) as reopened:
        assert reopened.all_keys() == set(stored)


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000], ids=["no database", "bad header"])
def test_a_file_that_is_no_database_is_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "index.db").write_bytes(content)

    with pytest.raises(StoreDamaged):
        IndexDatabase(tmp_path / "index.db")


def test_pages_overwritten_in_the_middle_are_noticed_when_they_are_read(tmp_path: Path) -> None:
    database = IndexDatabase(tmp_path / "index.db")
    numbers = database.add_blobs([blob(f"o{n}", *(f"key-{n}-{m}" for m in range(50))) for n in range(200)])
    database.close()
    with (tmp_path / "index.db").open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(size // 4)
        file.write(b"\x55" * (size // 2))
    damaged = IndexDatabase(tmp_path / "index.db")

    with pytest.raises(StoreDamaged):
        list(damaged.blobs(numbers))
    damaged.close()


def test_a_database_of_another_format_is_built_anew(tmp_path: Path) -> None:
    IndexDatabase(tmp_path / "index.db").close()
    with sqlite3.connect(tmp_path / "index.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(StoreDamaged, match="another version"):
        IndexDatabase(tmp_path / "index.db")


def test_a_database_that_was_moved_away_is_not_current(database: IndexDatabase) -> None:
    assert database.is_current
    database.path.rename(database.path.with_name("moved"))

    assert not database.is_current
