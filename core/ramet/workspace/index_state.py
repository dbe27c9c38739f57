"""Where the index of a working tree stands, in one value."""

from __future__ import annotations

from msgspec import Struct

from ramet.embed.protocol import Embedder
from ramet.events import IndexProgress, IndexWaiting, Scanned
from ramet.index.marks import is_marked
from ramet.models import IndexState, IndexStatus
from ramet.store.index_database import IndexDatabase
from ramet.store.records import ViewRow, ViewSummary
from ramet.store.repository_stores import RepositoryStores
from ramet.workspace.jobs import SyncJobs


class _Counted(Struct, frozen=True):
    """A state of a view and its totals, which take a moment to count."""

    number: int
    revision: int
    summary: ViewSummary


class IndexStateReader:
    """Puts together what the stores and the running job say. Blocks; for any thread."""

    def __init__(self, stores: RepositoryStores, embedder: Embedder) -> None:
        self._stores = stores
        self._embedder = embedder
        self._counted: _Counted | None = None

    def status(self, view: ViewRow | None, jobs: SyncJobs) -> IndexStatus:
        """Return the state of a view, None meaning that there is none yet."""
        summary = self._summary(view) if view is not None else None
        progress = jobs.progress
        phase, done, total = _progress(progress)
        chunks = summary.chunks if summary is not None else 0
        is_embedded = view is not None and is_marked(view.embedded, self._embedder.identity)
        return IndexStatus(
            state=_state(view, jobs),
            files=summary.files if summary is not None else 0,
            chunks=chunks,
            vectors=chunks if is_embedded else _embedded(progress),
            skipped=_skipped(summary, jobs),
            phase=phase,
            done=done,
            total=total,
            lexical_ready=view is not None,
            dense_ready=is_embedded,
            tree=view.tree if view is not None else "",
            problem=_problem(jobs),
        )

    def _summary(self, view: ViewRow) -> ViewSummary:
        counted = self._counted
        if counted is None or (counted.number, counted.revision) != (view.number, view.revision):
            summary = self._stores.database.view_summary(view)
            counted = self._counted = _Counted(view.number, view.revision, summary)
        return counted.summary


def stored_status(database: IndexDatabase, name: str, embedder: str) -> IndexStatus:
    """Return where a view stands that no job is at work on."""
    view = database.view(name)
    if view is None:
        return IndexStatus("missing")
    summary = database.view_summary(view)
    is_embedded = is_marked(view.embedded, embedder)
    return IndexStatus(
        state="ready",
        files=summary.files,
        chunks=summary.chunks,
        vectors=summary.chunks if is_embedded else 0,
        skipped=sum(bool(file.skip_reason) for file in summary.odd_files),
        lexical_ready=True,
        dense_ready=is_embedded,
        tree=view.tree,
    )


def _state(view: ViewRow | None, jobs: SyncJobs) -> IndexState:
    if jobs.is_running:
        return "indexing"
    if jobs.problem is not None:
        return "failed"
    return "missing" if view is None else "ready"


def _progress(progress: Scanned | IndexProgress | IndexWaiting | None) -> tuple[str, int, int]:
    """Return phase, done and total."""
    match progress:
        case IndexProgress():
            return progress.phase, progress.done, progress.total
        case Scanned():
            return "parsing", 0, progress.changed
        case IndexWaiting():
            return "waiting", 0, 0
        case None:
            return "", 0, 0


def _embedded(progress: Scanned | IndexProgress | IndexWaiting | None) -> int:
    if isinstance(progress, IndexProgress) and progress.phase == "embedding":
        return progress.done - progress.failed
    return 0


def _skipped(summary: ViewSummary | None, jobs: SyncJobs) -> int:
    """Return how many files are left out; before the first run of this process only those that the stores know of."""
    if jobs.stats is not None:
        return len(jobs.stats.skipped)
    return sum(bool(file.skip_reason) for file in summary.odd_files) if summary is not None else 0


def _problem(jobs: SyncJobs) -> str:
    if jobs.problem is not None:
        return str(jobs.problem)
    return " ".join(jobs.stats.warnings) if jobs.stats is not None else ""
