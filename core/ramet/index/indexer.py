"""Brings the index of a working tree up to date, or that of a commit: scan, compare, parse what is new, show it, embed it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

from msgspec import Struct, convert

from ramet.config import IndexLimits
from ramet.embed.protocol import Embedder
from ramet.embed.table import TableEmbedder
from ramet.errors import EmbedError, GitError, StoreDamaged, StoreError, StoreFull
from ramet.events import IndexEvent, IndexFinished, IndexProgress, IndexWaiting, Scanned
from ramet.git.history import CommitHistory
from ramet.index.blobs import PARSER_VERSION
from ramet.index.budget import TokenCounts
from ramet.index.calls import prepared
from ramet.index.commits import remember_commits
from ramet.index.embedding import EmbeddingResult, EmbeddingRun, FileChunks
from ramet.index.estimate import estimate
from ramet.index.file_reader import FileReader
from ramet.index.garbage import collect_garbage
from ramet.index.marks import is_marked, mark_of, with_mark
from ramet.index.merkle import Changes, MerkleTree, TreeFile
from ramet.index.parse_spares import SpareParsers
from ramet.index.parsing import PoolParser
from ramet.index.revision_tree import REVISION_VIEWS, RevisionTree, revision_view
from ramet.index.scan import Scan, WorkingTree
from ramet.index.tree_reader import TreeReader
from ramet.models import Budget, FileNote, IndexEstimate, IndexStats, SkippedFile, SkipReason
from ramet.paths import path_to_text
from ramet.store.protocol import VectorStore
from ramet.store.records import ViewFile, ViewRow
from ramet.store.repository_stores import RepositoryStores
from ramet.store.vector_matrix import VectorMatrix

_WAIT_SECONDS = 0.1
"""Between two looks whether another run is done; also how long cancelling such a wait takes."""

_POLL_SECONDS = 0.05

_KEPT_REVISIONS = 50
"""Views of commits that are kept, those used last."""
_KEPT_FILES = 1_000_000
"""Files that the kept views of commits list together; a row takes about a hundred bytes."""


def working_view(root: Path) -> str:
    """Return the name of the view that shows the working tree in a folder."""
    return f"working:{path_to_text(os.fsencode(root))}"


class _Target(Struct, frozen=True):
    """What one run indexes."""

    view: str
    folder: str
    """Text form of the folder; empty for a commit, which is in no folder."""
    scan: Callable[[], Scan]
    reader: FileReader
    history: CommitHistory | None
    commit: str = ""
    """What the view shows; empty for the working tree, of which the scan knows it."""


class Indexer:
    """Keeps the view of one working tree up to date, and makes views of commits.

    Runs on one repository take turns, in whatever workspace they are.
    """

    def __init__(
        self,
        tree: WorkingTree,
        root: Path,
        limits: IndexLimits,
        stores: RepositoryStores,
        embedder: Embedder,
        spares: SpareParsers | None = None,
    ) -> None:
        self._tree = tree
        self._spares = spares
        self._root = root
        self._limits = limits
        self._stores = stores
        self._embedder = embedder
        self._counts = TokenCounts()
        self._shown = _ShownTree()

    def sync(self, *, rebuild: bool = False, budget: Budget | None = None) -> Generator[IndexEvent, None, None]:
        """Bring the view up to date and yield what happens; closing the generator cancels and keeps what is done.

        `rebuild` parses and embeds everything anew; without a `budget` no cost of vectors is too high. Raises StoreFull on a full
        disk and StoreError when nothing can be stored.
        """
        yield from self._in_turn(self._working_tree, rebuild, budget)

    def index_revision(
        self, tree: RevisionTree, *, rebuild: bool = False, budget: Budget | None = None
    ) -> Generator[IndexEvent, None, None]:
        """Make the view of a commit, as `sync` does for the working tree, and forget views of commits not used for long.

        Raises GitError when git lacks a part of the commit.
        """
        yield from self._in_turn(lambda: self._revision(tree), rebuild, budget)
        self._stores.database.delete_old_views(REVISION_VIEWS, _KEPT_REVISIONS, _KEPT_FILES)

    def _working_tree(self) -> _Target:
        folder = path_to_text(os.fsencode(self._root))
        reader = TreeReader(self._root, self._limits)
        return _Target(working_view(self._root), folder, self._tree.scan, reader, self._tree.history())

    def _revision(self, tree: RevisionTree) -> _Target:
        return _Target(revision_view(tree.revision), "", tree.scan, tree.reader(), tree.history(), tree.past.commit)

    def _in_turn(self, target: Callable[[], _Target], rebuild: bool, budget: Budget | None) -> Generator[IndexEvent, None, None]:
        lock = self._stores.run_lock()
        while not lock.try_acquire():
            yield IndexWaiting("Another index run on this repository is at work.")
            time.sleep(_WAIT_SECONDS)
        try:
            try:
                yield from self._run(target(), rebuild, budget).events()
            except StoreDamaged:
                self._stores.replace_database()
                yield from self._run(target(), rebuild, budget).events()
        finally:
            lock.release()

    def is_complete(self, view: ViewRow) -> bool:
        """Whether a view has all its vectors and was cut up by this version of the parser."""
        summary = self._stores.database.view_summary(view)
        has_vectors = is_marked(view.embedded, self._embedder.identity)
        has_copy = not summary.chunks or self._stores.matrix(self._embedder.identity).count() > 0
        return has_vectors and has_copy and summary.oldest_parser >= PARSER_VERSION

    def estimate(self, budget: Budget | None = None) -> IndexEstimate:
        """Return what a sync with this budget would do and cost, without storing anything."""
        return self._estimate(self._working_tree(), budget)

    def estimate_revision(self, tree: RevisionTree, budget: Budget | None = None) -> IndexEstimate:
        """Return what indexing a commit with this budget would do and cost, without storing anything."""
        return self._estimate(self._revision(tree), budget)

    def collect_garbage(self) -> str:
        """Remove what no view needs and say how much it was. Raises UsageError while a sync runs."""
        return collect_garbage(self._stores, self._embedder.identity)

    def _estimate(self, target: _Target, budget: Budget | None) -> IndexEstimate:
        view = self._stores.database.view(target.view)
        return estimate(target.scan(), view, target.reader, self._stores, self._embedder, budget)

    def _run(self, target: _Target, rebuild: bool, budget: Budget | None) -> _Run:
        return _Run(target, self._stores, self._embedder, self._counts, self._shown, self._spares, rebuild, budget)


class _ShownTree:
    """The tree that a view shows, kept from one run to the next: hashing its folders anew takes longer than a small sync."""

    def __init__(self) -> None:
        self._tree = MerkleTree()
        self._state = (0, 0)

    def keep(self, view: ViewRow, tree: MerkleTree) -> None:
        """Remember what a state of a view shows."""
        self._state, self._tree = (view.number, view.revision), tree

    def of(self, view: ViewRow) -> MerkleTree | None:
        """Return what a view shows, None where that is not known."""
        return self._tree if self._state == (view.number, view.revision) and self._tree.root == view.tree else None


class _Run:
    """One run from scan to statistics."""

    def __init__(
        self,
        target: _Target,
        stores: RepositoryStores,
        embedder: Embedder,
        counts: TokenCounts,
        shown: _ShownTree,
        spares: SpareParsers | None,
        rebuild: bool,
        budget: Budget | None,
    ) -> None:
        self._target = target
        self._shown = shown
        self._spares = spares
        self._reader = target.reader
        self._stores = stores
        self._database = stores.database
        self._embedder = embedder
        self._counts = counts
        self._rebuild = rebuild
        self._budget = budget
        self._embedding = EmbeddingResult()
        self._is_copy_new = False
        """Whether this run has put the vectors of what it parsed into the local copy."""
        self._is_store_known = True
        """False when the vector store could not be asked what it holds."""
        self._warnings: list[str] = []

    def events(self) -> Iterator[IndexEvent]:
        """Do it."""
        started, scanned = time.monotonic(), time.time()
        scan = self._target.scan()
        self._forget_lost_copy()
        view = self._database.view(self._target.view)
        changes = self._changes(scan, view)
        was_embedded = view.embedded if view is not None else ""
        looked_at = [*changes.added, *changes.modified]
        yield Scanned(len(scan.tree.files), len(looked_at), len(changes.removed), len(scan.skipped))
        is_outdated = view is not None and self._database.view_summary(view).oldest_parser < PARSER_VERSION
        if self._rebuild or is_outdated:
            looked_at = list(scan.tree.files)
        matrix = self._matrix_for_parsing()
        self._is_copy_new = matrix is not None
        parser = PoolParser(self._database, self._reader, scanned, matrix, self._spares)
        if view is None or looked_at or changes.removed:
            if matrix is None:
                # With a local copy that parsing fills, searches need no store of record, whose start would hold up the parsing.
                self._stores.start_opening(self._embedder.identity)
            yield from parser.parse([(path, scan.tree.files[path]) for path in sorted(looked_at)], again=self._rebuild)
            view = self._show(scan.tree, parser, looked_at, changes.removed)
            if self._rebuild or is_outdated:
                self._database.delete_superseded_blobs()
        yield from self._embed(view, parser.files, was_embedded)
        yield from self._remember_commits(scan)
        yield IndexFinished(self._stats(scan, changes, view, parser, time.monotonic() - started))

    def _matrix_for_parsing(self) -> VectorMatrix | None:
        """Return where the vectors of parsed chunks go: those of the default embedder fall out of parsing."""
        is_default = type(self._embedder) is TableEmbedder and self._embedder.is_shipped
        return self._stores.matrix(self._embedder.identity) if is_default else None

    def _changes(self, scan: Scan, view: ViewRow | None) -> Changes:
        if view is not None and view.tree == scan.tree.root:
            return Changes()
        if view is not None and (known := self._shown.of(view)) is not None:
            return scan.tree.changes_since(known)
        listed = self._database.view_files(view) if view is not None else ()
        shown = {file.path: TreeFile(file.mode, file.oid) for file in listed}
        return scan.tree.changes_since(MerkleTree(shown, scan.tree.object_format))

    def _show(self, tree: MerkleTree, parser: PoolParser, looked_at: Sequence[str], removed: Sequence[str]) -> ViewRow:
        """Make the parsed files the content of the view, in one transaction."""
        parsed = {file.path: TreeFile(file.mode, file.oid) for file in parser.files}
        unreadable = set(looked_at) - parsed.keys()
        shown = tree.with_changes(dict.fromkeys(unreadable) | parsed)
        gone = sorted(unreadable.union(removed))
        view = self._database.update_view(self._target.view, self._target.folder, shown.root, parser.files, gone)
        if not self._target.commit:
            self._shown.keep(view, shown)
        return view

    def _embed(self, view: ViewRow, fresh: Sequence[ViewFile], was_embedded: str) -> Iterator[IndexProgress]:
        """Complete the vectors. A vector store out of reach is a warning: words are searched without it."""
        if not self._rebuild and self._is_embedded(view):
            return
        if not self._embedder.identity:
            yield from self._identified(view)
            was_embedded = "" if self._forget_lost_copy() else was_embedded
        identity = self._embedder.identity
        if not identity:
            return
        try:
            self._stores.start_opening(identity)
            while (store := self._stores.vectors_or_open(identity)) is None:
                yield IndexProgress("embedding", 0, 0, 0, 0)
                time.sleep(_POLL_SECONDS)
            try:
                yield from self._fill(store, self._unknown_files(view, fresh, was_embedded, mark_of(identity, store)))
            except StoreDamaged:
                store = self._stores.replace_vectors(identity)
                yield from self._fill(store, self._database.view_files(view))
            if self._embedding.is_complete:
                self._stores.matrix(identity).flush()
                self._database.mark_embedded(view, with_mark(view.embedded, identity, store))
        except StoreFull:
            raise
        except StoreError as error:
            self._is_store_known = False
            self._stores.forget_vectors(identity)
            self._warnings.append(f"Vectors are incomplete: {error}")
        self._warn_of_missing()

    def _identified(self, view: ViewRow) -> Iterator[IndexProgress]:
        """Make ready an embedder whose vector space is not known yet; one that fails leaves every chunk without a vector."""
        try:
            for _ in prepared(self._embedder):
                yield IndexProgress("embedding", 0, 0, 0, 0)
        except EmbedError as error:
            chunks = self._database.view_summary(view).chunks
            self._embedding = EmbeddingResult(chunks, chunks, failed=chunks, problem=str(error))
            self._warn_of_missing()

    def _warn_of_missing(self) -> None:
        result = self._embedding
        count = result.withheld or result.failed
        if result.problem:
            self._warnings.append(f"{count:,} chunk{' has' if count == 1 else 's have'} no vector: {result.problem}")

    def _forget_lost_copy(self) -> bool:
        """Return whether the local copy of the vectors was lost; then no view counts as complete before it has them again."""
        identity = self._embedder.identity
        if not identity or self._stores.matrix(identity).count():
            return False
        is_lost = any(is_marked(view.embedded, identity) for view in self._database.views())
        if is_lost:
            self._database.forget_embedded()
        return is_lost

    def _unknown_files(self, view: ViewRow, fresh: Sequence[ViewFile], was_embedded: str, mark: str) -> Sequence[ViewFile]:
        """Return the files that no view with complete vectors shows, so that the store has to be asked about them."""
        if mark in was_embedded.split():
            return fresh
        files = self._database.view_files(view)
        if self._rebuild:
            return files
        known = self._database.embedded_blobs(view, mark)
        return [file for file in files if file.blob not in known]

    def _remember_commits(self, scan: Scan) -> Iterator[IndexProgress]:
        """Bring the memory of commits up to date. It only improves the ranking, so its failure is a warning."""
        commit = self._target.commit or (scan.head.commit if scan.head is not None else "")
        if self._target.history is None or not commit:
            return
        try:
            yield from remember_commits(self._target.history, self._stores.commits, self._target.view, commit)
        except (GitError, StoreError) as error:
            self._warnings.append(f"The history could not be read: {error}")

    def _fill(self, store: VectorStore, files: Sequence[ViewFile]) -> Iterator[IndexProgress]:
        chunks = dict(self._database.chunk_records({file.blob for file in files}))
        matrix = self._stores.matrix(self._embedder.identity)
        run = EmbeddingRun(self._reader, self._embedder, store, matrix, self._budget, self._counts)
        self._embedding = run.result
        with_chunks = [FileChunks(file.path, chunks[file.blob]) for file in files if file.blob in chunks]
        yield from run.embed(with_chunks, again=self._rebuild, is_copy_new=self._is_copy_new)

    def _is_embedded(self, view: ViewRow) -> bool:
        """Whether every vector is known to be there; does not open the store for that, but waits where that is under way."""
        identity = self._embedder.identity
        if not identity:
            return False
        self._stores.wait_for_opening()
        store = self._stores.opened_vectors(identity)
        if not self._stores.matrix(identity).count() and self._database.view_summary(view).chunks:
            return False
        if store is not None:
            return mark_of(identity, store) in view.embedded.split()
        return is_marked(view.embedded, identity) and self._stores.has_vector_files()

    def _stats(self, scan: Scan, changes: Changes, view: ViewRow, parser: PoolParser, seconds: float) -> IndexStats:
        summary = self._database.view_summary(view)
        lasting = (
            SkippedFile(file.path, convert(file.skip_reason, SkipReason), file.skip_detail)
            for file in summary.odd_files
            if file.skip_reason
        )
        skipped = {file.path: file for file in (*lasting, *parser.unread, *scan.skipped)}
        embedding = self._embedding
        return IndexStats(
            files=summary.files,
            chunks=summary.chunks,
            added=len(changes.added),
            modified=len(changes.modified),
            removed=len(changes.removed),
            embedded=embedding.embedded,
            reused=max(0, summary.chunks - embedding.missing) if self._is_store_known else 0,
            failed=embedding.failed,
            skipped=tuple(skipped[path] for path in sorted(skipped)),
            notes=tuple(FileNote(file.path, file.note) for file in summary.odd_files if file.note),
            seconds=seconds,
            tree=view.tree,
            warnings=(*self._stores.take_warnings(), *self._warnings),
            withheld=embedding.withheld,
        )
