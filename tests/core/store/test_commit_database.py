from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramet.errors import StoreError
from ramet.store.commit_database import CommitDatabase, CommitRecord


def record(id: str, *paths: str) -> CommitRecord:
    return CommitRecord(id, np.array([1, 2, 2], np.uint32), paths)


@pytest.fixture
def database(tmp_path: Path) -> CommitDatabase:
    return CommitDatabase(tmp_path / "data" / "commits.db")


def test_a_view_has_the_commits_that_lead_to_its_head(database: CommitDatabase) -> None:
    database.add([record("a", "x.py"), record("b", "y.py"), record("c")])
    database.set_head("working:/shop", "b", ["b", "a"])

    found = {each.id: each for each in database.records("working:/shop")}
    assert set(found) == {"a", "b"}
    assert (found["a"].paths, found["a"].hashes.tolist()) == (("x.py",), [1, 2, 2])
    assert database.head("working:/shop") == "b"
    assert (database.head("tree:other"), database.records("tree:other")) == ("", [])


def test_what_is_known_is_kept_across_a_restart(database: CommitDatabase, tmp_path: Path) -> None:
    database.add([record("a"), record("b")])
    database.close()
    again = CommitDatabase(tmp_path / "data" / "commits.db")

    assert again.missing(["c", "a", "d"]) == ["c", "d"]


def test_commits_that_lead_to_no_view_are_forgotten_with_it(database: CommitDatabase) -> None:
    database.add([record("a"), record("b")])
    database.set_head("one", "b", ["b", "a"])
    database.set_head("two", "a", ["a"])

    database.forget_views(["two"])

    assert database.missing(["a", "b"]) == ["b"]
    assert (database.head("one"), database.head("two")) == ("", "a")


def test_a_damaged_file_is_thrown_away_and_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "commits.db"
    path.write_bytes(b"this is no database, and longer than its header would be" * 40)
    database = CommitDatabase(path)

    assert database.head("one") == ""
    database.add([record("a")])
    assert database.missing(["a"]) == []


def test_a_folder_in_its_place_is_an_error_with_advice(tmp_path: Path) -> None:
    (tmp_path / "commits.db").mkdir()

    with pytest.raises(StoreError, match="cannot be used"):
        CommitDatabase(tmp_path / "commits.db").head("one")
