"""A sync does what has changed and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.config import IndexLimits
from ramet.errors import UsageError
from ramet.events import IndexFinished, IndexProgress, IndexWaiting, Scanned
from ramet.index import tree_reader
from ramet.index.reading import Unreadable, read_file
from ramet.index.tree_reader import TreeReader
from ramet.models import FileNote
from tests.fakes.indexed import CountingEmbedder, Indexed, finished, snapshot

Open = Callable[..., Indexed]
Git = Callable[..., str]


def refusing(refused: str) -> Callable[[Path, str, int], bytes]:
    def read(root: Path, path: str, max_bytes: int) -> bytes:
        if path == refused:
            raise Unreadable("unreadable", "Permission denied")
        return read_file(root, path, max_bytes)

    return read


def test_events_come_in_order_and_progress_only_grows(shop: Path, open_index: Open) -> None:
    events = list(open_index(shop).indexer.sync())

    assert isinstance(events[0], Scanned)
    assert (events[0].files, events[0].changed) == (7, 7)
    assert isinstance(events[-1], IndexFinished)
    for phase in ("parsing", "embedding"):
        snapshots = [event for event in events if isinstance(event, IndexProgress) and event.phase == phase]
        assert [event.done for event in snapshots] == sorted(event.done for event in snapshots)
        assert snapshots[-1].done == snapshots[-1].total > 0


def test_the_indexed_tree_is_gits_own(shop: Path, open_index: Open, git: Git) -> None:
    stats = open_index(shop).sync()

    assert stats.tree == git(shop, "rev-parse", "HEAD^{tree}").strip()
    assert (stats.files, stats.added, stats.modified, stats.removed) == (7, 7, 0, 0)
    assert stats.embedded + stats.reused == stats.chunks > 7
    assert (stats.skipped, stats.notes, stats.warnings) == ((), (), ())


def test_a_second_sync_does_nothing(shop: Path, open_index: Open) -> None:
    index = open_index(shop)
    first = index.sync()
    second = index.sync()

    assert (second.added, second.modified, second.removed, second.embedded) == (0, 0, 0, 0)
    assert (second.files, second.chunks, second.reused, second.tree) == (first.files, first.chunks, first.chunks, first.tree)


def test_one_changed_function_costs_one_vector(shop: Path, open_index: Open) -> None:
    embedder = CountingEmbedder()
    index = open_index(shop, embedder)
    index.sync()
    embedder.texts.clear()
    file = shop / "shop" / "payment.py"
    file.write_text(file.read_text().replace("cents > 0 or attempt > 1", "cents > 0 and attempt < 9"))
    stats = index.sync()

    assert (stats.modified, stats.added, stats.removed, stats.embedded) == (1, 0, 0, 1)
    assert len(embedder.texts) == 1
    assert "attempt < 9" in embedder.texts[0]


def test_a_rename_embeds_and_parses_nothing(shop: Path, open_index: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = CountingEmbedder()
    index = open_index(shop, embedder)
    index.sync()
    embedder.texts.clear()
    read: list[str] = []
    original = TreeReader.indexable

    def record(reader: TreeReader, path: str) -> bytes:
        read.append(path)
        return original(reader, path)

    monkeypatch.setattr(TreeReader, "indexable", record)
    (shop / "shop" / "payment.py").rename(shop / "shop" / "billing.py")
    stats = index.sync()

    assert (stats.added, stats.removed, stats.embedded) == (1, 1, 0)
    assert embedder.texts == read == []
    assert index.paths("charge the card")[0] == "shop/billing.py"


def test_a_second_clone_reuses_every_vector_and_every_parse(shop: Path, tmp_path: Path, open_index: Open, git: Git) -> None:
    first = open_index(shop)
    first.sync()
    git(tmp_path, "clone", "-q", str(shop), "clone")
    embedder = CountingEmbedder()
    second = open_index(tmp_path / "clone", embedder)
    stats = second.sync()

    assert second.folder == first.folder
    assert (stats.added, stats.embedded, stats.reused) == (7, 0, stats.chunks)
    assert embedder.texts == []
    assert second.paths("charge") == first.paths("charge")


def test_two_clones_see_their_own_files(shop: Path, tmp_path: Path, open_index: Open, git: Git) -> None:
    git(tmp_path, "clone", "-q", str(shop), "clone")
    (tmp_path / "clone" / "only_here.py").write_text("def zebra_crossing():\n    return 1\n")
    one, two = open_index(shop), open_index(tmp_path / "clone")
    one.sync()
    two.sync()

    assert two.paths("zebra crossing")[0] == "only_here.py"
    assert "only_here.py" not in one.paths("zebra crossing")


def test_a_rebuild_parses_and_embeds_everything(shop: Path, open_index: Open) -> None:
    embedder = CountingEmbedder()
    index = open_index(shop, embedder)
    first = index.sync()
    embedded = len(embedder.texts)
    embedder.texts.clear()
    second = index.sync(rebuild=True)

    assert len(embedder.texts) == embedded == second.embedded
    assert (second.chunks, second.tree) == (first.chunks, first.tree)
    assert index.indexer.collect_garbage().startswith("Removed 0 views, 0 parsed files and 0 vectors")


def test_a_newer_parser_cuts_everything_again(shop: Path, open_index: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    index = open_index(shop)
    index.sync()
    for module in ("indexer", "parsing", "blobs"):
        monkeypatch.setattr(f"ramet.index.{module}.PARSER_VERSION", 99)
    stats = index.sync()
    view = index.stores.database.views()[0]

    assert (stats.modified, stats.embedded) == (0, 0)
    assert index.stores.database.view_summary(view).oldest_parser == 99


def test_what_is_not_indexed_is_said(shop: Path, open_index: Open, git: Git) -> None:
    (shop / "logo.png").write_bytes(b"\x89PNG\0\0")
    (shop / "bundle.js").write_text("var a=1;" * 2000)
    (shop / "big.py").write_text("x = 1\n" * 1000)
    (shop / "link.py").symlink_to("shop/cart.py")
    (shop / "latin.py").write_bytes(b"# caf\xe9\nprice = 1\n")
    (shop / "broken.py").write_text(")]}" * 200)
    git(shop, "add", "-A")
    index = open_index(shop, limits=IndexLimits(max_file_bytes=5000, max_line_bytes=1000))
    stats = index.sync()
    again = index.sync()

    reasons = {file.path: file.reason for file in stats.skipped}
    assert reasons == {"logo.png": "binary", "bundle.js": "huge", "big.py": "huge", "link.py": "symlink"}
    assert {note.path for note in stats.notes} == {"latin.py", "broken.py"}
    assert FileNote("latin.py", "not UTF-8") in stats.notes
    assert (again.skipped, again.notes, again.modified) == (stats.skipped, stats.notes, 0)


def test_a_minified_file_is_skipped_and_said(shop: Path, open_index: Open) -> None:
    (shop / "bundle.js").write_text("var a=1;" * 2000)
    stats = open_index(shop, limits=IndexLimits(max_line_bytes=1000)).sync()

    assert [(file.path, file.reason) for file in stats.skipped] == [("bundle.js", "minified")]


def test_an_unreadable_file_is_said_and_read_once_it_can_be(
    shop: Path, open_index: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Permissions do not stop a test that runs as root, so the refusal is put in at the edge."""
    index = open_index(shop)
    with monkeypatch.context() as patch:
        patch.setattr(tree_reader, "read_file", refusing("shop/payment.py"))
        blocked = index.sync()

    assert [(file.path, file.reason) for file in blocked.skipped] == [("shop/payment.py", "unreadable")]
    assert blocked.files == 6
    assert index.sync().added == 1


def test_a_file_deleted_between_scan_and_read_is_skipped_and_not_shown(shop: Path, open_index: Open) -> None:
    index = open_index(shop)
    events = index.indexer.sync()
    assert isinstance(next(events), Scanned)
    (shop / "shop" / "payment.py").unlink()
    stats = finished(list(events))

    assert [(file.path, file.reason) for file in stats.skipped] == [("shop/payment.py", "gone")]
    assert stats.files == 6
    assert "shop/payment.py" not in index.paths("charge")
    assert index.sync().skipped == ()


def test_a_file_written_between_scan_and_read_is_indexed_as_read(shop: Path, open_index: Open, git: Git) -> None:
    index = open_index(shop)
    events = index.indexer.sync()
    next(events)
    (shop / "shop" / "payment.py").write_text("def refund_order():\n    return 1\n")
    finished(list(events))

    assert index.paths("refund order")[0] == "shop/payment.py"
    assert index.sync().modified == 0


def test_a_folder_outside_git_is_indexed_too(tmp_path: Path, open_index: Open) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    (root / "tool.py").write_text("def sharpen_knife():\n    return 1\n")
    index = open_index(root)
    stats = index.sync()

    assert (stats.files, stats.chunks) == (1, 1)
    assert index.paths("sharpen a knife") == ["tool.py"]


def test_an_empty_repository_has_an_empty_index(tmp_path: Path, open_index: Open, git: Git) -> None:
    git(tmp_path, "init", "-q", "new")
    index = open_index(tmp_path / "new")

    assert (index.sync().files, index.searcher.search("anything", 5)) == (0, ())


def test_copies_share_one_parse_and_their_vectors(shop: Path, open_index: Open) -> None:
    for number in range(5):
        shutil.copy(shop / "shop" / "payment.py", shop / f"copy{number}.py")
    index = open_index(shop)
    stats = index.sync()
    files = index.stores.database.view_files(index.stores.database.views()[0])

    assert stats.files == 12
    assert len({file.blob for file in files}) == 7
    assert stats.embedded < stats.chunks


def test_the_same_text_under_another_language_is_parsed_for_that_language(tmp_path: Path, open_index: Open) -> None:
    root = tmp_path / "two"
    root.mkdir()
    text = "def sharpen_knife():\n    return 1\n"
    (root / "tool.py").write_text(text)
    (root / "tool.txt").write_text(text)
    index = open_index(root)
    index.sync()

    assert [symbol.name for symbol in index.searcher.symbols(path="tool.py")] == ["sharpen_knife"]
    assert index.searcher.symbols(path="tool.txt") == ()


def test_a_second_run_waits_for_the_first(shop: Path, open_index: Open) -> None:
    one, two = open_index(shop), open_index(shop)
    first = one.indexer.sync()
    next(first)
    second = two.indexer.sync()

    assert isinstance(next(second), IndexWaiting)
    assert isinstance(next(second), IndexWaiting)
    finished(list(first))
    events = [event for event in second if not isinstance(event, IndexWaiting)]
    assert finished(events).added == 0


def test_an_embedder_that_fails_costs_vectors_and_not_the_index(shop: Path, open_index: Open) -> None:
    embedder = CountingEmbedder(poison="RETRY_LIMIT", batch_size=1)
    index = open_index(shop, embedder)
    stats = index.sync()
    embedder.poison = ""
    healed = index.sync()

    assert stats.failed > 0
    assert "no quota left" in stats.warnings[0]
    assert "shop/payment.py" in index.paths("charge the card")
    assert (healed.embedded, healed.failed, healed.warnings) == (stats.failed, 0, ())


def test_an_embedder_that_always_fails_is_given_up_soon(shop: Path, open_index: Open) -> None:
    embedder = CountingEmbedder(poison="\n", batch_size=1)
    index = open_index(shop, embedder)
    stats = index.sync()

    assert (stats.embedded, embedder.texts) == (0, [])
    assert stats.failed == stats.chunks - stats.reused


def test_an_estimate_counts_without_storing(shop: Path, open_index: Open) -> None:
    index = open_index(shop)
    before = snapshot(index.folder)
    estimate = index.indexer.estimate()

    assert snapshot(index.folder) == before
    stats = index.sync()
    assert (estimate.files, estimate.changed_files, estimate.chunks) == (7, 7, stats.chunks)
    assert (estimate.cached_chunks, estimate.cost, estimate.embedder) == (stats.reused, 0.0, "table-256-v2")
    assert estimate.tokens > 100
    later = index.indexer.estimate()
    assert (later.changed_files, later.chunks, later.tokens, later.cost) == (0, 0, 0, 0.0)


def test_garbage_is_what_no_view_needs(shop: Path, tmp_path: Path, open_index: Open, git: Git) -> None:
    git(tmp_path, "clone", "-q", str(shop), "clone")
    (tmp_path / "clone" / "extra.py").write_text("def zebra_crossing():\n    return 1\n")
    clone, index = open_index(tmp_path / "clone"), open_index(shop)
    clone.sync()
    index.sync()
    (shop / "shop" / "payment.py").write_text("def refund_order():\n    return 1\n")
    index.sync()
    kept = index.indexer.collect_garbage()
    shutil.rmtree(tmp_path / "clone")
    said = index.indexer.collect_garbage()

    assert kept == "Removed 0 views, 0 parsed files and 0 vectors that nothing needs any more."
    assert said.startswith("Removed 1 view, 2 parsed files and ")
    store = index.stores.vectors(index.embedder.identity)
    assert store.keys() == index.stores.database.all_keys()
    assert index.sync().embedded == 0


def test_garbage_is_not_collected_during_a_sync(shop: Path, open_index: Open) -> None:
    index = open_index(shop)
    events = index.indexer.sync()
    next(events)

    with pytest.raises(UsageError, match="at work"):
        index.indexer.collect_garbage()
    events.close()
