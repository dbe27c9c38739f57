"""Past commits speak for the files they changed, in the ranking and in the reasons."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.indexed import Indexed

Open = Callable[..., Indexed]
Run = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path, git: Run) -> Path:
    """Two files whose text says nothing about what a commit said of one of them."""
    folder = tmp_path / "ledger"
    folder.mkdir()
    git(folder, "init", "-q")
    for name in ("alpha", "beta"):
        (folder / f"{name}.py").write_text(f"def {name}(rows):\n    return [row for row in rows if row]\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "Begin")
    (folder / "beta.py").write_text("def beta(rows):\n    return [row for row in rows if row is not None]\n")
    git(folder, "commit", "-qam", "Stop losing the penalties of overdue invoices\n\nSigned-off-by: Somebody Overlooked")
    return folder


def test_a_commit_about_the_question_brings_the_file_it_changed(repository: Path, open_index: Open) -> None:
    index = open_index(repository)
    index.sync()

    hit = index.searcher.search("overdue invoices lose rows", 2)[0]

    assert hit.path == "beta.py"
    assert any(reason.kind == "history" and reason.score > 0.1 for reason in hit.reasons)


def test_trailers_of_messages_are_about_nothing(repository: Path, open_index: Open) -> None:
    index = open_index(repository)
    index.sync()

    hits = index.searcher.search("overlooked rows", 2)

    assert not any(reason.kind == "history" for hit in hits for reason in hit.reasons)


def test_the_memory_follows_the_head(repository: Path, open_index: Open, git: Run) -> None:
    index = open_index(repository)
    index.sync()
    git(repository, "checkout", "-q", "HEAD~1")
    index.sync()

    hits = index.searcher.search("overdue invoices lose rows", 2)

    assert not any(reason.kind == "history" for hit in hits for reason in hit.reasons)


def test_only_hashes_of_messages_are_stored(repository: Path, open_index: Open) -> None:
    index = open_index(repository)
    index.sync()
    index.close()

    stored = b"".join(path.read_bytes() for path in index.folder.glob("commits.db*"))
    assert b"beta.py" in stored
    assert b"invoices" not in stored


def test_a_memory_that_cannot_be_read_leaves_the_search(repository: Path, open_index: Open) -> None:
    index = open_index(repository)
    index.sync()
    with sqlite3.connect(index.folder / "commits.db") as other:
        other.execute("DROP TABLE head")

    assert index.searcher.search("rows", 2)


def test_unneeded_commits_are_forgotten_by_the_garbage_collection(repository: Path, open_index: Open) -> None:
    index = open_index(repository)
    index.sync()
    index.stores.commits.set_head("tree:gone", "none", [])
    index.indexer.collect_garbage()

    assert index.stores.commits.head("tree:gone") == ""
    assert index.searcher.search("overdue invoices lose rows", 1)[0].path == "beta.py"
