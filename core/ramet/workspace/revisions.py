"""Searching and reading commits of a workspace's repository without checking them out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ramet.config import IndexLimits
from ramet.embed.protocol import Embedder
from ramet.errors import UsageError
from ramet.events import IndexEvent, IndexFinished
from ramet.git.repository import Location
from ramet.git.revisions import resolve_revision
from ramet.git.runner import Git
from ramet.index.indexer import Indexer
from ramet.index.revision_tree import Past, RevisionTree, revision_view
from ramet.models import Budget, IndexEstimate, IndexStatus, Reference, Revision, SearchResult, Symbol
from ramet.retrieve.search import Searcher
from ramet.store.repository_stores import RepositoryStores
from ramet.workspace.bridge import iterate_in_thread
from ramet.workspace.index_state import stored_status

if TYPE_CHECKING:
    from ramet.branches.branches import Branches

_MOST_OPEN = 4
"""Commits whose lists of files stay in memory."""


class _Found(Struct, frozen=True):
    """What a name stands for, and the repository that has it."""

    revision: Revision
    git: Git
    past: Past | None


class OpenRevision:
    """One commit that is being searched: its files and its searcher. Owned by `Revisions`."""

    def __init__(self, tree: RevisionTree, searcher: Searcher) -> None:
        self.tree = tree
        self.searcher = searcher
        self.building = asyncio.Lock()
        self.was_built = False
        """Whether a run has made the view; vectors that it could not compute are not tried again with every search."""
        self.problem = ""
        """What the run that made the view warned of, such as vectors that would have cost too much."""
        self.status: IndexStatus | None = None


class Revisions:
    """Makes views of commits when they are first asked for, and keeps the last few open. For one event loop."""

    def __init__(
        self,
        location: Location,
        limits: IndexLimits,
        stores: RepositoryStores,
        indexer: Indexer,
        searcher: Searcher,
        embedder: Embedder,
        budget: Budget,
        warmed: Callable[[], Awaitable[None]],
        branches: Callable[[], Branches],
    ) -> None:
        """Take the searcher of the working tree, with which those of commits share what is loaded.

        A name that is that of one of `branches` means that. `budget` is for runs that a search begins. `warmed` waits a moment
        for the vectors where they are being loaded.
        """
        self._location = location
        self._git = Git(location.root)
        self._limits = limits
        self._stores = stores
        self._indexer = indexer
        self._searcher = searcher
        self._embedder = embedder
        self._budget = budget
        self._warmed = warmed
        self._branches = branches
        self._open: dict[str, OpenRevision] = {}
        """By tree, the one used last at the end."""

    async def revision(self, name: str, warnings: list[str] | None = None) -> Revision:
        """Return the commit that a name stands for. Raises UsageError when there is none."""
        return (await asyncio.to_thread(self._find, name, warnings)).revision

    async def open(self, name: str, warnings: list[str] | None = None) -> OpenRevision:
        """Return the commit that a name stands for, with its files. Raises UsageError or GitError."""
        found = await asyncio.to_thread(self._find, name, warnings)
        revision = found.revision
        opened = self._open.pop(revision.tree, None)
        if opened is None or opened.tree.revision.commit != revision.commit:
            tree = await asyncio.to_thread(RevisionTree, found.git, revision, self._limits, found.past)
            opened = OpenRevision(tree, self._searcher.at(tree))
        self._open[revision.tree] = opened
        for old in list(self._open)[:-_MOST_OPEN]:
            del self._open[old]
        return opened

    async def sync(self, name: str, *, rebuild: bool, budget: Budget) -> AsyncGenerator[IndexEvent, None]:
        """Index a commit and yield what happens."""
        opened = await self.open(name)
        async with opened.building, aclosing(self._run(opened, rebuild, budget)) as events:
            async for event in events:
                yield event

    async def build_missing(self, opened: OpenRevision) -> AsyncGenerator[IndexEvent, None]:
        """Index a commit that is not indexed yet and yield what happens."""
        async with opened.building:
            if not await asyncio.to_thread(self._is_built, opened):
                async with aclosing(self._run(opened, False, self._budget)) as events:
                    async for event in events:
                        yield event
        await asyncio.to_thread(self._use, opened)

    async def estimate(self, name: str, budget: Budget) -> IndexEstimate:
        """Return what indexing a commit with this budget would do and cost."""
        opened = await self.open(name)
        return await asyncio.to_thread(self._indexer.estimate_revision, opened.tree, budget)

    async def search(self, query: str, limit: int, name: str) -> SearchResult:
        """Return the best hits in a commit."""
        started = time.monotonic()
        warnings: list[str] = []
        opened = await self._ready(name, warnings)
        return await self.search_in(opened, query, limit, started, warnings)

    async def search_in(
        self, opened: OpenRevision, query: str, limit: int, started: float, warnings: Sequence[str] = ()
    ) -> SearchResult:
        """Return the best hits in a commit that is indexed."""
        await self._warmed()
        found = await asyncio.to_thread(opened.searcher.find, query, limit)
        status = opened.status or IndexStatus("missing")
        notes = (*warnings, *found.notes)
        return SearchResult(found.hits, status, time.monotonic() - started, notes, opened.tree.revision.commit)

    async def symbols(self, query: str, path: str, limit: int, name: str) -> tuple[Symbol, ...]:
        """Return definitions in a commit."""
        opened = await self._ready(name)
        return await asyncio.to_thread(opened.searcher.symbols, query, path, limit)

    async def references(self, symbol: str, limit: int, name: str) -> tuple[Reference, ...]:
        """Return uses of a name in a commit."""
        opened = await self._ready(name)
        return await asyncio.to_thread(opened.searcher.references, symbol, limit)

    def _find(self, name: str, warnings: list[str] | None) -> _Found:
        """Return what a name stands for: a branch of the file system, or a commit of the repository. Blocks."""
        branches = self._branches()
        found = branches.revision(name)
        if found is not None:
            revision, history = found
            return _Found(revision, branches.git, Past(self._git, history))
        if not self._location.is_git:
            raise UsageError(
                f"{self._location.root} is not a git repository, so it has no revisions but its branches.",
                "`ramet branch list` lists those; search the files themselves without --at.",
            )
        return _Found(resolve_revision(self._git, name, warnings), self._git, None)

    async def _ready(self, name: str, warnings: list[str] | None = None) -> OpenRevision:
        opened = await self.open(name, warnings)
        async with aclosing(self.build_missing(opened)) as events:
            async for _ in events:
                pass
        return opened

    async def _run(self, opened: OpenRevision, rebuild: bool, budget: Budget) -> AsyncGenerator[IndexEvent, None]:
        run = iterate_in_thread(lambda: self._indexer.index_revision(opened.tree, rebuild=rebuild, budget=budget))
        async with aclosing(run) as events:
            async for event in events:
                if isinstance(event, IndexFinished):
                    opened.problem = " ".join(event.stats.warnings)
                yield event
        opened.was_built = True
        opened.status = None

    def _is_built(self, opened: OpenRevision) -> bool:
        """Whether the view is there as the present code makes it, and its vectors unless they have failed before."""
        view = self._stores.database.view(revision_view(opened.tree.revision))
        if view is None:
            return False
        return opened.was_built or self._indexer.is_complete(view)

    def _use(self, opened: OpenRevision) -> None:
        name = revision_view(opened.tree.revision)
        self._stores.database.note_use(name)
        # Which vectors there are may become known later, when the embedder does.
        if opened.status is None or not opened.status.dense_ready:
            status = stored_status(self._stores.database, name, self._embedder.identity)
            opened.status = replace(status, problem=opened.problem)
