"""Cancelled, killed, out of disk, damaged: no sync loses what was done, and the next one completes it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ramet.errors import StoreFull
from ramet.events import IndexProgress
from ramet.paths import UserDirectories
from ramet.store.index_database import IndexDatabase
from ramet.store.records import BlobRecord
from ramet.store.vectors import ChromaVectorStore
from tests.fakes.indexed import CountingEmbedder, Indexed

Open = Callable[..., Indexed]

FILES = 60

KILLED = """
import os, signal, sys
from pathlib import Path
from ramet.events import IndexProgress
from ramet.index import parsing
from ramet.paths import user_directories
from tests.fakes.indexed import CountingEmbedder, Indexed
parsing._COMMIT_FILES = 5
index = Indexed(Path(sys.argv[1]), user_directories(os.environ), CountingEmbedder())
for event in index.indexer.sync():
    if isinstance(event, IndexProgress) and event.phase == sys.argv[2] and event.done >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder of many small files."""
    root = tmp_path / "many"
    root.mkdir()
    for number in range(FILES):
        (root / f"part{number}.py").write_text(f"def compute_part_{number}(value):\n    return value * {number}\n")
    return root


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ramet.index.parsing._COMMIT_FILES", 5)
    monkeypatch.setattr("ramet.index.parsing._REPORT_SECONDS", 0.0)


def run_until(index: Indexed, phase: str, done: int) -> None:
    """Run a sync and close it at a point of its progress."""
    events = index.indexer.sync()
    for event in events:
        if isinstance(event, IndexProgress) and event.phase == phase and event.done >= done:
            break
    events.close()


def stored_blobs(index: Indexed) -> int:
    return len(index.stores.database.all_keys())


def test_cancelling_while_parsing_keeps_what_was_parsed(many: Path, open_index: Open) -> None:
    index = open_index(many)
    run_until(index, "parsing", 23)
    kept = stored_blobs(index)
    stats = index.sync()

    assert kept >= 23
    assert index.stores.database.views()[0].revision == 1
    assert (stats.files, stats.embedded, stored_blobs(index)) == (FILES, FILES, FILES)


def test_cancelling_while_embedding_keeps_what_was_embedded(many: Path, open_index: Open) -> None:
    embedder = CountingEmbedder()
    index = open_index(many, embedder)
    run_until(index, "embedding", 30)
    first = len(embedder.texts)
    stats = index.sync()

    assert 30 <= first < FILES
    assert (stats.embedded, stats.reused) == (FILES - first, first)
    assert len(embedder.texts) == len(set(embedder.texts)) == FILES


def test_a_cancelled_first_sync_can_be_searched_by_words(many: Path, open_index: Open) -> None:
    index = open_index(many, CountingEmbedder())
    run_until(index, "embedding", 4)

    assert index.paths("compute_part_41")[0] == "part41.py"


@pytest.mark.parametrize(("phase", "done"), [("parsing", 23), ("embedding", 30)])
def test_a_killed_sync_is_taken_up_where_it_was(
    many: Path, open_index: Open, directories: UserDirectories, phase: str, done: int
) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run([sys.executable, "-c", KILLED, str(many), phase, str(done)], env=environment)
    index = open_index(many)
    kept = stored_blobs(index)
    stats = index.sync()

    assert killed.returncode == -signal.SIGKILL
    assert kept >= (done - 5 if phase == "parsing" else FILES)
    assert (stats.files, stats.embedded + stats.reused, stats.warnings) == (FILES, FILES, ())
    store = index.stores.vectors(index.embedder.identity)
    assert store.keys() == index.stores.database.all_keys()


def test_a_damaged_database_is_moved_aside_and_built_anew(many: Path, open_index: Open) -> None:
    first = open_index(many)
    first.sync()
    first.close()
    (first.folder / "index.db").write_bytes(b"garbage" * 1000)
    index = open_index(many)
    stats = index.sync()

    assert len(stats.warnings) == 1
    assert "index.db.damaged-1" in stats.warnings[0]
    assert (first.folder / "index.db.damaged-1").read_bytes() == b"garbage" * 1000
    assert (stats.files, stats.embedded, stats.reused) == (FILES, 0, FILES)


def test_a_database_damaged_in_the_middle_is_noticed_by_the_next_sync(many: Path, open_index: Open) -> None:
    first = open_index(many)
    first.sync()
    first.close()
    database = first.folder / "index.db"
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\x55" * (size - 8192))
    index = open_index(many)
    stats = index.sync()

    assert "index.db.damaged-1" in stats.warnings[0]
    assert stats.files == FILES
    assert index.paths("compute_part_41")[0] == "part41.py"


def test_damaged_vectors_are_moved_aside_and_embedded_anew(many: Path, open_index: Open) -> None:
    first = open_index(many)
    first.sync()
    first.close()
    (first.folder / "chroma" / "chroma.sqlite3").write_bytes(b"garbage" * 1000)
    (many / "new.py").write_text("def brand_new():\n    return 1\n")
    index = open_index(many)
    stats = index.sync()

    assert "chroma.damaged-1" in stats.warnings[0]
    assert (first.folder / "chroma.damaged-1" / "chroma.sqlite3").read_bytes() == b"garbage" * 1000
    assert stats.embedded == stats.chunks == FILES + 1


def test_vectors_that_someone_deleted_are_embedded_anew(many: Path, open_index: Open) -> None:
    first = open_index(many)
    first.sync()
    first.close()
    shutil.rmtree(first.folder / "chroma")
    index = open_index(many)

    assert index.sync().embedded == FILES
    assert index.sync().embedded == 0


def test_an_embedder_of_another_space_has_vectors_of_its_own(
    many: Path, open_index: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_index(many).sync()
    other = CountingEmbedder()
    monkeypatch.setattr(CountingEmbedder, "identity", property(lambda self: "other-256-v1"))
    index = open_index(many, other)

    assert index.sync().embedded == FILES
    assert index.sync().embedded == 0
    assert index.stores.vectors("table-256-v2").count() == FILES


def test_a_full_disk_ends_the_sync_and_keeps_what_was_committed(
    many: Path, open_index: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = open_index(many)
    original = IndexDatabase.add_blobs
    calls: list[int] = []

    def on_a_small_disk(self: IndexDatabase, blobs: Sequence[BlobRecord]) -> list[int]:
        calls.append(len(blobs))
        if len(calls) == 4:
            self._writer.execute(f"PRAGMA max_page_count = {self._writer.execute('PRAGMA page_count').fetchone()[0]}")
        return original(self, blobs)

    monkeypatch.setattr(IndexDatabase, "add_blobs", on_a_small_disk)
    with pytest.raises(StoreFull, match="disk is full"):
        list(index.indexer.sync())
    kept = stored_blobs(index)
    monkeypatch.undo()
    index.stores.database._writer.execute("PRAGMA max_page_count = 1000000")
    stats = index.sync()

    assert 15 <= kept < FILES
    assert (stats.files, stats.embedded) == (FILES, FILES)


def test_a_disk_that_fills_up_under_the_vectors_is_said(many: Path, open_index: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    index = open_index(many)

    def refuse(self: ChromaVectorStore, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
        with self._errors("store vectors"):
            raise RuntimeError("error returned from database: (code: 13) database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(ChromaVectorStore, "add", refuse)
        with pytest.raises(StoreFull, match="disk is full"):
            list(index.indexer.sync())

    assert index.paths("compute_part_41")[0] == "part41.py"
    assert index.sync().embedded == FILES


def test_a_vector_server_out_of_reach_is_a_warning(many: Path, open_index: Open) -> None:
    index = open_index(many, chroma_url="http://127.0.0.1:1")
    stats = index.sync()
    found = index.searcher.find("compute_part_41", 3)

    assert (stats.files, stats.embedded, stats.reused) == (FILES, 0, 0)
    assert "127.0.0.1:1" in stats.warnings[0]
    assert found.hits[0].path == "part41.py"
    assert not found.notes  # the local copy has the vectors
