"""What all holders of one repository root share: its stores, index, searcher and running jobs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from ramet.config import Config, IndexLimits
from ramet.embed.factory import EmbedderKey, embedder_key, make_embedder
from ramet.embed.protocol import PreparedEmbedder
from ramet.errors import RametError, StoreError
from ramet.events import IndexEvent
from ramet.git.repository import GitRepository, Location, locate
from ramet.index.file_reader import text_lines
from ramet.index.indexer import Indexer, working_view
from ramet.index.merkle import MerkleTree
from ramet.index.parse_spares import SpareParsers
from ramet.index.scan import Scan
from ramet.index.tree_reader import TreeReader
from ramet.models import Budget, IndexEstimate, IndexStatus, Reference, SearchResult, Symbol
from ramet.paths import UserDirectories
from ramet.priority import SessionPriority
from ramet.retrieve.search import Searcher
from ramet.store.command_database import CommandDatabase
from ramet.store.conversations import ConversationStore
from ramet.store.records import ViewRow
from ramet.store.repository_stores import RepositoryStores
from ramet.store.vector_process import VectorProcess
from ramet.workspace.bridge import iterate_in_thread
from ramet.workspace.command_intake import command_file
from ramet.workspace.index_state import IndexStateReader
from ramet.workspace.jobs import SyncJobs
from ramet.workspace.known_roots import Root
from ramet.workspace.revisions import Revisions
from ramet.workspace.tree import RunTree, SharedTree
from ramet.workspace.watching import FileWatch, Listeners, Moment, Stillness

if TYPE_CHECKING:
    from ramet.branches.branches import Branches

_log = logging.getLogger(__name__)

_SEARCH_PATIENCE = 2.0
"""Seconds that a search waits for an index that is a little behind; then it answers from what there is and says so."""
_WARM_PATIENCE = 5.0
"""Seconds after opening in which a search waits for the vectors to be loaded; without them it finds less."""
_LOOK_PATIENCE = 2.0
"""Seconds that a status waits for git; then it tells what was known before."""
_TIDY_SECONDS = 60.0
"""Least time between two looks at how much disk the branches take, which counts all their files."""
_NICENESS = 10
"""Of the thread of an index run: the app and its programs come first."""
_LARGE_INDEX = 500
"""Chunks; storing the vectors of fewer takes no longer than starting the process that does it."""

T = TypeVar("T")


class ServicesKey(Struct, frozen=True):
    """What two holders must agree on to share services."""

    location: Location
    identity: str
    embedder: EmbedderKey
    chroma_url: str
    limits: IndexLimits

    @classmethod
    def of(cls, root: Root, config: Config, environment: Mapping[str, str]) -> ServicesKey:
        """Return the key for a root and its configuration; may ask the keyring. Raises ConfigError."""
        return cls(root.location, root.identity, embedder_key(config, environment), config.chroma_url, config.limits)


def budget_of(config: Config) -> Budget:
    """Return what one index run may spend on vectors."""
    return Budget(config.embed_budget_usd, config.embed_budget_tokens)


def look_at_root(folder: Path, directories: UserDirectories) -> Root:
    """Ask git for the root of a folder and the identity of its repository. Raises UsageError or GitError."""
    location = locate(folder)
    return Root(location, GitRepository(location, directories.data).identity())


class Freshness(Struct, frozen=True):
    """What bringing the index up to date came to."""

    has_changed: bool
    """Whether what was found before may be found differently now."""
    notes: tuple[str, ...] = ()
    """Sentences about what is missing."""


class Services:
    """Owns the stores and jobs of one root; for one event loop. Blocking work runs in threads."""

    def __init__(
        self,
        key: ServicesKey,
        config: Config,
        environment: Mapping[str, str],
        directories: UserDirectories,
        vectors: VectorProcess,
        priority: SessionPriority,
        spares: SpareParsers | None = None,
    ) -> None:
        """Open the stores; blocks. The keys of `environment` are those of every holder. Raises StoreError or ConfigError."""
        self._directories = directories
        self._priority = priority
        self.key = key
        self.root = key.location.root
        self.embedder = make_embedder(config, environment, directories)
        self._budget = budget_of(config)
        self._folder = directories.repository(key.identity)
        self.stores = RepositoryStores(directories, key.identity, key.chroma_url, vectors)
        self.conversations = ConversationStore(self._folder / "conversations.db")
        self.commands = CommandDatabase(command_file(self._folder))
        self.tree = SharedTree(key.location, key.limits, self._folder)
        self.searcher = Searcher(self.root, key.limits, self.stores, self.embedder)
        self.listeners = Listeners()
        self._opened = time.monotonic()
        self.jobs = SyncJobs(self._run, self.listeners.tell_progress, self.listeners.tell)
        self._run_tree = RunTree(self.tree, key.location, key.limits, self._folder)
        self._indexer = Indexer(self._run_tree, self.root, key.limits, self.stores, self.embedder, spares)
        self.revisions = Revisions(
            key.location, key.limits, self.stores, self._indexer, self.searcher, self.embedder, self._budget, self._warmed,
            lambda: self.branches,
        )  # fmt: skip
        self._synced_tree: MerkleTree | None = None
        """What the last complete run indexed; a scan that finds nothing new returns the very same object."""
        self._watch = FileWatch(key.location, self._folder, self._files_changed)
        self._stillness = Stillness(key.location, self._folder)
        self._indexed_at: Moment | None = None
        """When the files were as the index has them."""
        self._scanned_at: Moment | None = None
        """When the files were as `tree.last` has them."""
        self._state = IndexStateReader(self.stores, self.embedder)
        self._changes_seen = 0
        """How often files changed, as far as the watcher says."""
        self._synced_at = -1
        """The number of changes that the index is known to hold; -1 before the first run."""
        self._looked_at = -1
        """The number of changes that `tree.last` is known to hold."""
        self._background: set[asyncio.Task[Any]] = set()  # Any: their results are of no interest
        self._following: asyncio.Task[None] | None = None
        self._warming: asyncio.Task[None] | None = None
        self._tidied_at = float("-inf")
        self._branch_notes: tuple[str, ...] = ()

    # -- the index

    def sync(self, *, rebuild: bool = False, budget: Budget | None = None) -> AsyncGenerator[IndexEvent, None]:
        """Bring the index up to date with the disk, in a run that begins now or after the present one."""
        return self.jobs.run(rebuild=rebuild, budget=budget)

    async def has_index(self) -> bool:
        """Whether there is something to search."""
        return await asyncio.to_thread(self._view) is not None

    async def build_missing(self) -> AsyncGenerator[IndexEvent, None]:
        """Build an index that is missing and yield what happens; one that is being built need only be good for searching."""
        is_mine = not self.jobs.is_running
        if await self.has_index():
            return
        async with aclosing(self.jobs.join()) as events:
            async for event in events:
                yield event
                if not is_mine and await self.has_index():
                    return

    async def catch_up(self) -> Freshness:
        """Bring a stale index up to date if that is a matter of moments."""
        if self.jobs.is_running:
            return Freshness(False, ("The index is being updated; these results are from what is there.",))
        if self._stillness.lasts_since(self._indexed_at):
            return Freshness(False)
        if self._stillness.moment() is None and self._watch.is_alive and self._synced_at == self._changes_seen:
            return Freshness(False)
        task = self._in_background(self._sync_if_changed())
        done, _ = await asyncio.wait([task], timeout=_SEARCH_PATIENCE)
        if not done:
            return Freshness(False, ("Files have changed; the index is being brought up to date.",))
        problem = task.exception()
        if problem is not None:
            return Freshness(False, (f"The index could not be brought up to date: {problem}",))
        return Freshness(task.result())

    async def search(self, query: str, limit: int) -> SearchResult:
        """Return the best hits from an index that is there and, within reason, up to date."""
        started = time.monotonic()
        if await self.has_index():
            checking = self._in_background(self.catch_up())
            await self._warmed()
            # The answer is ready when the check is: nearly always nothing has changed.
            found = await asyncio.to_thread(self.searcher.find, query, limit)
            freshness = await asyncio.shield(checking)
            if found.is_stale and not freshness.has_changed and not freshness.notes:
                self._changes_seen += 1  # nobody has seen it yet
                self._indexed_at = None
                freshness = await self.catch_up()
        else:
            await self._searchable()
            freshness = Freshness(True)
        if freshness.has_changed:
            found = await asyncio.to_thread(self.searcher.find, query, limit)
        index = await self.index_status()
        self._tell_of_changes()
        return SearchResult(found.hits, index, time.monotonic() - started, (*freshness.notes, *found.notes))

    def indexed_tree(self) -> str:
        """Return the id of the tree that the index shows, which costs one look; empty without an index."""
        view = self._view()
        return view.tree if view is not None else ""

    async def index_status(self) -> IndexStatus:
        """Return where the index stands, without waiting for any job."""
        return await asyncio.to_thread(self._index_status)

    async def estimate(self, budget: Budget) -> IndexEstimate:
        """Return what a sync with this budget would do and cost."""
        return await asyncio.to_thread(self._indexer.estimate, budget)

    async def collect_garbage(self) -> str:
        """Remove what no view needs; return a sentence that says how much. Raises UsageError while a run is at work."""
        return await asyncio.to_thread(self._indexer.collect_garbage)

    # -- files

    async def look(self) -> Scan:
        """Return the working tree as it is now; costs a `git status` unless it is known that nothing has changed."""
        if self.tree.last is not None:
            if self._stillness.lasts_since(self._scanned_at):
                return self.tree.last
            if self._stillness.moment() is None and self._watch.is_alive and self._looked_at == self._changes_seen:
                return self.tree.last
        before, moment = self._changes_seen, self._stillness.moment()
        scan = await asyncio.to_thread(self.tree.scan)
        self._looked_at, self._scanned_at = before, moment
        return scan

    async def glance(self) -> Scan | None:
        """Return the working tree as it is now, or as it was at the last look when git takes its time."""
        looking = self._in_background(self.look())
        done, _ = await asyncio.wait([looking], timeout=_LOOK_PATIENCE)
        return looking.result() if done else self.tree.last

    def read_lines(self, path: str) -> Sequence[str] | None:
        """Return the lines of a text file below the root as the index cuts them; None when there is none to read."""
        return text_lines(TreeReader(self.root, self.key.limits), path)

    @asynccontextmanager
    async def watching(self) -> AsyncGenerator[asyncio.Event, None]:
        """Watch the files while the block runs; the event is set whenever anything changed."""
        with self.listeners.listening() as changed:
            self._watch.start()
            try:
                yield changed
            finally:
                await self._watch.stop()

    def begin_warming(self) -> None:
        """Load what the first search needs, in the background."""
        self._warming = self._in_background(self._warm())
        self._in_background(self._recover())

    async def symbols(self, query: str, path: str, limit: int) -> tuple[Symbol, ...]:
        """Return definitions, from an index that is there and, within reason, up to date."""
        await self._prepare()
        return await asyncio.to_thread(self.searcher.symbols, query, path, limit)

    async def definitions(self, paths: Sequence[str], names: Sequence[str]) -> tuple[Symbol, ...]:
        """Return the definitions in files and those of exactly these names, from the index as it is."""
        return await asyncio.to_thread(self.searcher.definitions, paths, names)

    async def references(self, name: str, limit: int) -> tuple[Reference, ...]:
        """Return uses of a name, from an index that is there and, within reason, up to date."""
        await self._prepare()
        return await asyncio.to_thread(self.searcher.references, name, limit)

    async def close(self) -> None:
        """Cancel the jobs and close the stores."""
        await self._watch.close()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        self._stillness.close()
        await self.jobs.close()
        await asyncio.to_thread(self.stores.close)

    # -- branches of the file system

    @cached_property
    def branches(self) -> Branches:
        """The branches of the file system; their code is loaded when somebody first asks for them."""
        from ramet.branches.branches import Branches

        return Branches(self.key.location, self._directories)

    def branches_changed(self, limit: int, *, is_freeing: bool = False) -> None:
        """Tell the watchers, and free what the branches take beyond the limit, in bytes; always where one is gone for good."""
        self.listeners.tell()
        now = time.monotonic()
        if is_freeing or now - self._tidied_at > _TIDY_SECONDS:
            self._tidied_at = now
            self._in_background(self._tidy(limit))

    def count_branches(self) -> int:
        """Return how many live branches there are; 0 where that cannot be read, which whoever uses them is told."""
        try:
            return self.branches.count()
        except StoreError:
            return 0

    def take_branch_notes(self) -> tuple[str, ...]:
        """Return what was repaired or removed since the last call."""
        notes, self._branch_notes = self._branch_notes, ()
        return notes

    # -- inside

    async def _tidy(self, limit: int) -> None:
        self._branch_notes = (*self._branch_notes, *await asyncio.to_thread(self.branches.tidy, limit))

    async def _recover(self) -> None:
        if not self._directories.branches.exists():
            return
        self._branch_notes = (*self._branch_notes, *await asyncio.to_thread(self.branches.recover))

    async def _prepare(self) -> None:
        if await self.has_index():
            await self.catch_up()
        else:
            await _drain(self.build_missing())
        self._tell_of_changes()

    def _tell_of_changes(self) -> None:
        """Spare the next question the look at the files; begins behind the answer, because it takes longer than that look."""
        if not self.jobs.is_running:
            self._in_background(self._stillness.begin())

    async def _warm(self) -> None:
        if isinstance(self.embedder, PreparedEmbedder):
            await asyncio.to_thread(self.embedder.warm)
            self.listeners.tell()  # only now it may be known which vectors there are
        await asyncio.to_thread(self.searcher.warm)

    async def _searchable(self) -> None:
        """Build a missing index; of a large one wait only until it can be searched, its vectors are stored in the background.

        While they are, changes of files are not followed, so that a small index is better completed first.
        """
        building = self._in_background(_drain(self.jobs.join()))
        with self.listeners.listening() as changed:
            while not building.done() and (await self.index_status()).chunks < _LARGE_INDEX:
                waiting = asyncio.create_task(changed.wait())
                await asyncio.wait([building, waiting], return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                changed.clear()
        if building.done():
            building.result()

    async def _warmed(self) -> None:
        left = self._opened + _WARM_PATIENCE - time.monotonic()
        if self._warming is not None and not self.jobs.is_running and left > 0:
            await asyncio.wait([self._warming], timeout=left)

    async def _sync_if_changed(self) -> bool:
        """Sync unless the tree is as it was in the last run; return whether the index may have changed."""
        before, moment = self._changes_seen, self._stillness.moment()
        scan = await asyncio.to_thread(self.tree.scan)
        self._looked_at, self._scanned_at = before, moment
        if scan.tree is self._synced_tree:
            self._synced_at, self._indexed_at = before, moment
            return False
        await _drain(self.sync())
        return True

    async def _run(self, rebuild: bool, budget: Budget | None) -> AsyncGenerator[IndexEvent, None]:
        before, moment = self._changes_seen, self._stillness.moment()
        allowed = budget or self._budget
        running = iterate_in_thread(lambda: self._indexer.sync(rebuild=rebuild, budget=allowed), niceness=_NICENESS)
        with self._priority.lowered():
            async with aclosing(running) as events:
                async for event in events:
                    yield event
        # The run has scanned the tree as well.
        self._synced_at = self._looked_at = before
        self._indexed_at = self._scanned_at = moment
        self._synced_tree = self._run_tree.taken

    def _files_changed(self) -> None:
        """Take in that the watcher has seen something; an index that exists follows."""
        self._changes_seen += 1
        self.listeners.tell()
        if self._following is None or self._following.done():
            self._following = self._in_background(self._follow())

    async def _follow(self) -> None:
        """Sync until the index holds what the watcher saw. A run that somebody stopped is not started again."""
        while self._synced_at != self._changes_seen:
            if self.jobs.is_running:
                before = self.jobs.stats
                await self.jobs.ended()
                if self.jobs.stats is before:
                    return
            elif await self.has_index():
                await _drain(self.sync())
            else:
                return

    def _in_background(self, work: Coroutine[None, None, T]) -> asyncio.Task[T]:
        """Run something that outlives its caller; `close` cancels it, and its failure is logged."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background_ended)
        return task

    def _background_ended(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, RametError):
            _log.warning("in the background: %s", type(error).__name__)
        elif error is not None:
            _log.error("in the background", exc_info=error)

    def _view(self) -> ViewRow | None:
        return self.stores.database.view(working_view(self.root))

    def _index_status(self) -> IndexStatus:
        view = self._view()
        return self._state.status(view, self.jobs)


async def _drain(events: AsyncGenerator[IndexEvent, None]) -> None:
    async with aclosing(events) as stream:
        async for _ in stream:
            pass
