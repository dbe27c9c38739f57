"""A commit is searched as its clean checkout would be, and only what is new is parsed and embedded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.config import IndexLimits
from ramet.git.revisions import resolve_revision
from ramet.git.runner import Git
from ramet.index.revision_tree import RevisionTree
from ramet.models import IndexStats
from ramet.retrieve.search import Searcher
from tests.fakes.indexed import CountingEmbedder, Indexed, finished

Open = Callable[..., Indexed]
RunGit = Callable[..., str]

QUERIES = ("sum of all prices", "Cart.total_price", "charge the card", "shop/cart.py:12", "formatPrice", "totl_prise", "café")


def tree_of(root: Path, name: str, limits: IndexLimits | None = None) -> RevisionTree:
    git = Git(root)
    return RevisionTree(git, resolve_revision(git, name), limits or IndexLimits())


def index_at(index: Indexed, name: str) -> IndexStats:
    return finished(list(index.indexer.index_revision(tree_of(index.root, name))))


def searcher_at(index: Indexed, name: str) -> Searcher:
    return index.searcher.at(tree_of(index.root, name))


def add_oddities(root: Path, git: RunGit) -> None:
    """Commit one of everything that is left out or needs care."""
    (root / "data.bin").write_bytes(b"\0\1\2")
    (root / "min.js").write_text("x=1;" * 5_000)
    (root / "huge.txt").write_text("many words here\n" * 200_000)
    (root / "empty.py").write_text("")
    (root / "café.md").write_text("# Le café\n\nUn café, s'il vous plaît.\n")
    (root / "dos.txt").write_bytes("one\r\ntwo café\r\n".encode())
    (root / "link.py").symlink_to("shop/cart.py")
    (root / "copy.py").write_text((root / "shop/cart.py").read_text())
    (root / "run.sh").write_text("#!/bin/sh\necho total\n")
    (root / "run.sh").chmod(0o755)
    (root / "build").mkdir()
    (root / "build/kept.py").write_text("def kept_although_ignored(): ...\n")
    git(root, "add", "-A")
    git(root, "add", "-f", "build/kept.py")
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{'1' * len(git(root, 'write-tree').strip())},vendored")
    git(root, "commit", "-qm", "Oddities")
    (root / "vendored").mkdir()


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_head_of_a_clean_checkout_is_searched_like_the_working_tree(
    tmp_path: Path, shop: Path, git: RunGit, open_index: Open, object_format: str
) -> None:
    root = shop
    if object_format == "sha256":
        root = tmp_path / "other"
        git(tmp_path, "init", "-q", "--object-format=sha256", "other")
        for path in git(shop, "ls-files").splitlines():
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_bytes((shop / path).read_bytes())
    add_oddities(root, git)
    index = open_index(root)
    working = index.sync()
    stats = index_at(index, "HEAD")
    at_head = searcher_at(index, "HEAD")

    assert stats.tree == working.tree == git(root, "rev-parse", "HEAD^{tree}").strip()
    assert (stats.files, stats.chunks, stats.skipped, stats.notes) == (
        working.files,
        working.chunks,
        working.skipped,
        working.notes,
    )
    assert {file.reason for file in stats.skipped} == {"binary", "minified", "huge", "symlink", "submodule"}
    assert (stats.embedded, stats.reused, stats.warnings) == (0, stats.chunks, ())
    for query in QUERIES:
        assert index.searcher.find(query, 10).hits == at_head.find(query, 10).hits
    assert index.searcher.symbols("total") == at_head.symbols("total")
    assert index.searcher.references("total_price") == at_head.references("total_price")


def test_a_commit_indexed_first_gives_the_working_tree_all_it_needs(shop: Path, git: RunGit, open_index: Open) -> None:
    add_oddities(shop, git)
    embedder = CountingEmbedder()
    index = open_index(shop, embedder)
    at_head = index_at(index, "HEAD")
    embedded = len(embedder.texts)
    working = index.sync()

    assert at_head.embedded == embedded > 0
    assert len(embedder.texts) == embedded
    assert (working.tree, working.files, working.chunks, working.skipped) == (
        at_head.tree,
        at_head.files,
        at_head.chunks,
        at_head.skipped,
    )


def test_an_older_commit_is_searched_without_touching_the_checkout(shop: Path, git: RunGit, open_index: Open) -> None:
    git(shop, "tag", "before")
    (shop / "shop/payment.py").unlink()
    (shop / "shop/cart.py").write_text('def pay_nothing() -> str:\n    """Everything is free."""\n    return ""\n')
    git(shop, "commit", "-qam", "Free of charge")
    embedder = CountingEmbedder()
    index = open_index(shop, embedder)
    index.sync()
    before = {path: path.stat().st_mtime_ns for path in shop.rglob("*") if ".git/objects" not in str(path)}
    embedder.texts.clear()
    stats = index_at(index, "before")
    hits = searcher_at(index, "before").find("charge the card", 5).hits

    assert hits[0].path == "shop/payment.py"
    assert "Charge the card" in hits[0].text
    assert "shop/payment.py" not in index.paths("charge the card")
    assert [hit.path for hit in index.searcher.find("everything is free", 1).hits] == ["shop/cart.py"]
    assert stats.embedded == len(embedder.texts) < stats.chunks
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert git(shop, "status", "--porcelain") == ""


def test_commits_with_the_same_files_share_one_view(shop: Path, git: RunGit, open_index: Open) -> None:
    git(shop, "commit", "-q", "--allow-empty", "-m", "Nothing new")
    index = open_index(shop)
    index_at(index, "HEAD~1")
    again = index_at(index, "HEAD")

    assert (again.added, again.embedded) == (0, 0)
    assert len(index.stores.database.views()) == 1
    assert searcher_at(index, "HEAD").find("total price", 1).hits[0].symbol == "Cart.total_price"


def test_the_disk_is_not_read_for_a_commit(shop: Path, open_index: Open) -> None:
    index = open_index(shop)
    index_at(index, "HEAD")
    (shop / "shop/cart.py").write_text("gone = True\n")
    (shop / "shop/payment.py").unlink()
    found = searcher_at(index, "HEAD").find("charge the card", 3)

    assert (found.hits[0].path, found.is_stale, found.notes) == ("shop/payment.py", False, ())


def test_views_of_commits_used_long_ago_are_forgotten(
    shop: Path, git: RunGit, open_index: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ramet.index.indexer._KEPT_REVISIONS", 2)
    index = open_index(shop)
    index.sync()
    for number in range(4):
        (shop / "shop/more.py").write_text(f"def more_{number}() -> int:\n    return {number}\n")
        git(shop, "add", "-A")
        git(shop, "commit", "-qm", str(number))
    names = {
        name: f"tree:{git(shop, 'rev-parse', f'{name}^{{tree}}').strip()}" for name in ("HEAD~3", "HEAD~2", "HEAD~1", "HEAD")
    }
    index_at(index, "HEAD~3")
    index_at(index, "HEAD~2")
    index.stores.database.note_use(names["HEAD~3"])
    index_at(index, "HEAD~1")
    kept = {view.name for view in index.stores.database.views() if view.name.startswith("tree:")}
    index_at(index, "HEAD")
    later = {view.name for view in index.stores.database.views() if view.name.startswith("tree:")}
    removed = index.indexer.collect_garbage()

    assert kept == {names["HEAD~3"], names["HEAD~1"]}
    assert later == {names["HEAD~1"], names["HEAD"]}
    assert removed.startswith("Removed 0 views, 2 parsed files and 2 vectors")
    assert index.searcher.find("total price", 1).hits[0].symbol == "Cart.total_price"


def test_a_few_large_views_of_commits_count_as_many(
    shop: Path, git: RunGit, open_index: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ramet.index.indexer._KEPT_FILES", 10)
    git(shop, "commit", "-q", "--allow-empty", "-m", "Nothing new")
    (shop / "more.py").write_text("more = 1\n")
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "More")
    index = open_index(shop)
    index_at(index, "HEAD~1")
    index_at(index, "HEAD")
    kept = [view.tree for view in index.stores.database.views()]

    assert kept == [git(shop, "rev-parse", "HEAD^{tree}").strip()]
