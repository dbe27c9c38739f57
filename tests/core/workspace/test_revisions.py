"""What is asked about a commit is answered from that commit alone, and what is known of one is used for the next."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ramet.branch_models import FileEdit, ForkRequest
from ramet.branches.branches import Branches
from ramet.chat.source_book import SourceBook
from ramet.chat.tools import Toolbox, ToolResult
from ramet.config import IndexLimits
from ramet.errors import UsageError
from ramet.events import IndexFinished
from ramet.git.repository import locate
from ramet.llm.protocol import ToolCall
from ramet.models import Budget
from ramet.paths import UserDirectories, user_directories
from ramet.retrieve.view_index import ViewIndex
from ramet.store.index_database import IndexDatabase
from ramet.store.records import ViewFile, ViewRow
from ramet.workspace.revision_repository import RevisionRepository
from ramet.workspace.revisions import Revisions
from tests.fakes.indexed import CountingEmbedder, Indexed

RunGit = Callable[..., str]
ENOUGH = Budget(usd=1.0, tokens=1_000_000)


async def at_once() -> None:
    """Wait for no vectors: they are there."""


class At:
    """A repository whose commits are asked about."""

    def __init__(self, index: Indexed) -> None:
        self.index = index
        self.branches = Branches(locate(index.root), user_directories(os.environ))
        self.revisions = Revisions(
            locate(index.root), IndexLimits(), index.stores, index.indexer, index.searcher, index.embedder, ENOUGH, at_once,
            lambda: self.branches,
        )  # fmt: skip

    async def repository(self, name: str) -> RevisionRepository:
        opened = await self.revisions.open(name)
        async for _ in self.revisions.build_missing(opened):
            pass
        return RevisionRepository(self.index.root, self.revisions, opened, ())


@pytest.fixture
def at(shop: Path, directories: UserDirectories) -> Iterator[At]:
    """The shop and the embedder that counts."""
    index = Indexed(shop, directories, CountingEmbedder())
    yield At(index)
    index.close()


def another_commit(shop: Path, git: RunGit, number: int) -> None:
    (shop / "shop/more.py").write_text(
        f'def more_{number}() -> int:\n    """Return the number {number}."""\n    return {number}\n'
    )
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", f"More {number}")


async def test_every_tool_of_a_model_reads_the_commit_and_not_the_disk(at: At, shop: Path, git: RunGit) -> None:
    git(shop, "tag", "before")
    for path in git(shop, "ls-files").splitlines():
        (shop / path).write_text("overwritten = True\n")
    git(shop, "commit", "-qam", "Everything is gone")
    book = SourceBook()
    toolbox = Toolbox(await at.repository("before"), book, lambda text: len(text) // 4 + 1, 2_000_000)

    async def run(tool: str, **arguments: object) -> ToolResult:
        return await toolbox.run(ToolCall("c1", tool, json.dumps(arguments)))

    results = [
        await run("search_code", query="charge the card"),
        await run("read_file", path="shop/cart.py"),
        await run("list_symbols", query="cart"),
        await run("find_references", name="Payment.charge"),
        await run("grep", pattern=r"def \w+_price"),
        await run("grep", pattern="overwritten"),
        await run("read_file", path="shop/none.py"),
    ]

    assert results[0].sources[0].symbol == "Payment.charge"
    assert results[1].sources[0].end_line == 23
    assert "class Cart" in results[2].content
    assert any("return payment.charge" in source.text for source in results[3].sources)
    assert [source.path for source in results[4].sources] == ["shop/cart.py"]
    assert results[5].content.startswith("Nothing found")
    assert "There is no file" in results[6].content


async def test_the_next_commit_costs_what_is_new_in_it(at: At, shop: Path, git: RunGit, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        another_commit(shop, git, number)
    embedder = at.index.embedder
    assert isinstance(embedder, CountingEmbedder)
    await at.revisions.search("the number", 5, "HEAD~3")
    embedder.texts.clear()
    loads: list[int] = []
    load = ViewIndex.load

    def counted(database: IndexDatabase, view: ViewRow, listed: Sequence[ViewFile]) -> ViewIndex:
        loads.append(view.number)
        return load(database, view, listed)

    monkeypatch.setattr(ViewIndex, "load", counted)
    found = [await at.revisions.search("the number", 5, name) for name in ("HEAD~2", "HEAD~1", "HEAD", "HEAD~2")]

    assert [result.hits[0].symbol for result in found] == ["more_1", "more_2", "more_3", "more_1"]
    assert len(embedder.texts) == 3
    assert loads == []


async def test_a_commit_that_is_indexed_needs_no_run(at: At, shop: Path, git: RunGit) -> None:
    await at.repository("HEAD")
    again = At(at.index)
    lock = at.index.stores.run_lock()
    assert lock.try_acquire()
    found = await again.revisions.search("charge the card", 3, "main")
    lock.release()

    assert found.hits[0].path == "shop/payment.py"


async def test_a_second_clone_and_a_new_branch_reuse_nearly_all_vectors(
    shop: Path, git: RunGit, tmp_path: Path, directories: UserDirectories
) -> None:
    for number in range(60):
        (shop / f"shop/part_{number}.py").write_text(f"def part_{number}() -> int:\n    return {number}\n\n\nPART = {number}\n")
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "Many parts")
    index = Indexed(shop, directories)
    first = index.sync()
    git(shop, "checkout", "-qb", "next")
    another_commit(shop, git, 1)
    branch = index.sync()
    git(tmp_path, "clone", "-q", "shop", "second")
    clone = Indexed(tmp_path / "second", directories)
    second = clone.sync()
    ahead = [event async for event in At(clone).revisions.sync("HEAD~1", rebuild=False, budget=ENOUGH)][-1]
    for each in (index, clone):
        each.close()

    assert first.embedded > 60
    assert isinstance(ahead, IndexFinished)
    assert (second.embedded, second.reused) == (0, second.chunks)
    assert (ahead.stats.embedded, ahead.stats.reused) == (0, ahead.stats.chunks)
    assert branch.embedded == 1
    assert branch.reused / branch.chunks >= 0.98


async def test_a_bare_repository_is_searched_by_its_commits_only(
    shop: Path, git: RunGit, tmp_path: Path, directories: UserDirectories
) -> None:
    git(tmp_path, "clone", "-q", "--bare", "shop", "shop.git")
    index = Indexed(tmp_path / "shop.git", directories)
    inside = locate(tmp_path / "shop.git" / "refs")
    try:
        found = await At(index).revisions.search("charge the card", 3, "main")
        with pytest.raises(UsageError, match="bare repository") as refused:
            index.sync()
    finally:
        index.close()

    assert index.root == (tmp_path / "shop.git").resolve()
    assert found.hits[0].path == "shop/payment.py"
    assert "--at" in refused.value.advice
    assert not inside.is_git


async def test_a_folder_outside_git_has_no_revisions(tmp_path: Path, directories: UserDirectories) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    index = Indexed(folder, directories)
    try:
        with pytest.raises(UsageError, match="is not a git repository"):
            await At(index).revisions.search("anything", 3, "HEAD")
    finally:
        index.close()


async def test_a_local_copy_of_the_vectors_that_was_lost_is_filled_for_commits_as_well(
    shop: Path, git: RunGit, directories: UserDirectories
) -> None:
    another_commit(shop, git, 1)
    index = Indexed(shop, directories)
    index.sync()
    await At(index).repository("HEAD~1")
    index.close()
    shutil.rmtree(index.folder / "vectors")
    again = Indexed(shop, directories)
    (shop / "shop/new.py").write_text("def new() -> int:\n    return 1\n")
    again.sync()
    at = At(again)
    await at.repository("HEAD~1")
    view = (await at.revisions.open("HEAD~1")).searcher.current()
    assert view is not None
    keys = [key for file in view.listed for key in file.keys]
    missing = again.stores.matrix(again.embedder.identity).missing(keys)
    again.close()

    assert len(keys) > 5
    assert missing == []


async def test_a_branch_of_the_file_system_is_searched_and_read_like_a_commit(at: At, shop: Path) -> None:
    (shop / "shop/untracked.py").write_text('def brew_coffee() -> str:\n    """Brew a strong coffee."""\n    return "coffee"\n')
    stats = at.index.sync()
    at.branches.fork(ForkRequest(("try",)))
    tea = b'def brew_tea() -> str:\n    """Brew a mild tea."""\n    return "tea"\n'
    branch = at.branches.write("try", [FileEdit("shop/tea.py", tea)])
    embedder = at.index.embedder
    assert isinstance(embedder, CountingEmbedder)
    embedder.texts.clear()
    found = await at.revisions.search("brew a mild tea", 3, "try")
    untracked = await at.revisions.search("brew a strong coffee", 3, branch.commit)
    revision = await at.revisions.revision("try")
    symbols = await at.revisions.symbols("brew_tea", "", 5, "try")

    assert (found.hits[0].path, found.commit) == ("shop/tea.py", branch.commit)
    assert untracked.hits[0].path == "shop/untracked.py"
    assert (revision.branch, revision.short) == ("try", "try")
    assert [symbol.name for symbol in symbols] == ["brew_tea"]
    assert len(embedder.texts) == 1
    assert stats.chunks > 5
    assert not (shop / "shop/tea.py").exists()


async def test_a_branch_of_a_plain_folder_is_searched(tmp_path: Path, directories: UserDirectories) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "a.py").write_text("def alpha() -> int:\n    return 1\n")
    index = Indexed(folder, directories)
    at = At(index)
    at.branches.fork(ForkRequest(("try",)))
    at.branches.write("try", [FileEdit("b.py", b"def beta() -> int:\n    return 2\n")])
    try:
        found = await at.revisions.search("beta", 3, "try")
    finally:
        index.close()

    assert found.hits[0].path == "b.py"
