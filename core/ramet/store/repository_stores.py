"""The stores of one repository: opened when needed, replaced when damaged, closed together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from ramet.errors import StoreDamaged, StoreError
from ramet.paths import UserDirectories
from ramet.store.commit_database import CommitDatabase
from ramet.store.index_database import IndexDatabase
from ramet.store.lock import DataLock, RunLock
from ramet.store.protocol import VectorStore
from ramet.store.recovery import move_aside
from ramet.store.vector_files import check_vector_files
from ramet.store.vector_matrix import VectorMatrix
from ramet.store.vector_process import VectorProcess
from ramet.store.vectors import ChromaVectorStore, collection_name

_Store = TypeVar("_Store")

_RETRY_SECONDS = 15.0
"""How long a search trusts that a vector store which could not be opened is still out of reach."""


class _Failure(Struct, frozen=True):
    """When opening the vectors failed last, and why."""

    time: float
    error: StoreError


class RepositoryStores:
    """Owns the index database and the vector stores of one repository; safe to use from several threads.

    Holds the data directory for this process while it is open. Raises StoreLocked when another process has it.
    """

    def __init__(
        self, directories: UserDirectories, identity: str, chroma_url: str = "", process: VectorProcess | None = None
    ) -> None:
        """Open the database; without a `process`, which its owner closes, Chroma runs in this one."""
        self._folder = directories.repository(identity)
        self._identity = identity
        self._url = chroma_url
        self._open_collection = process.open if process is not None else ChromaVectorStore
        self._database_guard = threading.RLock()
        self._guard = threading.RLock()
        """Held for seconds while Chroma is imported, so it guards the vectors only."""
        self._vectors: dict[str, VectorStore] = {}
        self._failures: dict[str, _Failure] = {}
        self._opening: threading.Thread | None = None
        self._warnings: list[str] = []
        self._is_closed = False
        self._matrices: dict[str, VectorMatrix] = {}
        self._matrix_guard = threading.Lock()
        self.commits = CommitDatabase(self._folder / "commits.db")
        self._owner = DataLock(directories.data)
        self._owner.acquire()
        try:
            self._database = self._open_database()
        except BaseException:
            self._owner.release()
            raise

    @property
    def identity(self) -> str:
        """The repository's identity."""
        return self._identity

    @property
    def is_shared(self) -> bool:
        """Whether the vectors are on a server that others use too."""
        return bool(self._url)

    @property
    def database(self) -> IndexDatabase:
        """The index database as it is now; do not keep it, it is replaced when it is damaged."""
        with self._database_guard:
            if not self._database.is_current:
                self._database.close()
                self._database = self._open_database()
            return self._database

    def run_lock(self) -> RunLock:
        """Return a lock that one index run holds at a time."""
        return RunLock(self._folder / "run.lock")

    def take_warnings(self) -> tuple[str, ...]:
        """Return what had to be repaired since the last call."""
        warnings = tuple(self._warnings)
        del self._warnings[: len(warnings)]
        return warnings

    def vectors(self, embedder: str) -> VectorStore:
        """Return the vectors of an embedder, opening and if need be replacing the store; the first call takes seconds."""
        with self._guard:
            if self._is_closed:
                raise StoreError("The stores of this repository are closed.")
            if not embedder:
                raise _not_ready()
            store = self._vectors.get(embedder)
            if store is None:
                try:
                    store = self._vectors[embedder] = self._open_vectors(embedder)
                except StoreError as error:
                    self._failures[embedder] = _Failure(time.monotonic(), error)
                    raise
                self._failures.pop(embedder, None)
            return store

    def matrix(self, embedder: str) -> VectorMatrix:
        """Return the local copy of an embedder's vectors, which searches use; takes no time. Raises StoreError."""
        with self._matrix_guard:
            if not embedder:
                raise _not_ready()
            matrix = self._matrices.get(embedder)
            if matrix is None:
                if self._is_closed:
                    raise StoreError("The stores of this repository are closed.")
                name = collection_name(self._identity, embedder)
                matrix = self._matrices[embedder] = VectorMatrix(self._folder / "vectors" / f"{name}.f16")
            return matrix

    def opened_vectors(self, embedder: str) -> VectorStore | None:
        """Return the vectors of an embedder if they are open already."""
        return self._vectors.get(embedder)

    def vectors_or_open(self, embedder: str) -> VectorStore | None:
        """Return the vectors of an embedder without waiting; None while they are not open, and then they are being opened.

        An embedder without a name is one whose vector space is not known yet: it has none. Raises StoreError when opening has
        just failed.
        """
        store = self._vectors.get(embedder)
        if store is not None:
            return store
        failure = self._failures.get(embedder)
        if failure is not None and time.monotonic() - failure.time < _RETRY_SECONDS:
            raise failure.error
        self.start_opening(embedder)
        return None

    def start_opening(self, embedder: str) -> None:
        """Open the vectors of an embedder in a thread, since that takes seconds; harmless when they are open or being opened."""
        # The guard may be held for seconds by a thread that is opening the store; then there is nothing to start.
        if not self._guard.acquire(blocking=False):
            return
        try:
            if (
                not embedder
                or self._is_closed
                or embedder in self._vectors
                or (self._opening is not None and self._opening.is_alive())
            ):
                return
            self._failures.pop(embedder, None)
            self._opening = threading.Thread(target=self._try_open, args=(embedder,), name="open-vectors", daemon=True)
            self._opening.start()
        finally:
            self._guard.release()

    def wait_for_opening(self) -> None:
        """Wait until no vectors are being opened any more; returns at once when none are."""
        opening = self._opening
        if opening is not None:
            opening.join()

    def replace_database(self) -> None:
        """Move the damaged database aside and begin an empty one."""
        with self._database_guard:
            self._database.close()
            self._set_aside("index.db", "The index")
            self._database = IndexDatabase(self._folder / "index.db")

    def replace_vectors(self, embedder: str) -> VectorStore:
        """Move the damaged embedded vectors aside and begin an empty store."""
        with self._guard:
            self._close_vectors()
            self._set_aside("chroma", "The vector store")
            return self.vectors(embedder)

    def forget_vectors(self, embedder: str) -> None:
        """Close a vector store that failed, so that the next call opens it again."""
        with self._guard:
            store = self._vectors.pop(embedder, None)
            if store is not None:
                store.close()

    def has_vector_files(self) -> bool:
        """Whether there is something to open: a server, or a folder that an earlier run made and that looks whole."""
        folder = self._folder / "chroma"
        if self._url or not (folder / "chroma.sqlite3").exists():
            return bool(self._url)
        try:
            check_vector_files(folder)
        except StoreDamaged:
            return False  # opening moves it aside and says so
        return True

    def close(self) -> None:
        """Close everything; harmless when repeated."""
        opening = self._opening
        if opening is not None:
            opening.join()
        with self._guard, self._database_guard:
            if self._is_closed:
                return
            self._is_closed = True
            self._close_vectors()
            with self._matrix_guard:
                for matrix in self._matrices.values():
                    matrix.close()
            self.commits.close()
            self._database.close()
            self._owner.release()

    def _open_database(self) -> IndexDatabase:
        path = self._folder / "index.db"
        return self._opened(lambda: IndexDatabase(path), "index.db", "The index")

    def _open_vectors(self, embedder: str) -> VectorStore:
        name = collection_name(self._identity, embedder)
        if self._url:
            return self._open_collection(name, url=self._url)
        folder = self._folder / "chroma"

        def make() -> VectorStore:
            check_vector_files(folder)
            return self._open_collection(name, folder=folder)

        return self._opened(make, "chroma", "The vector store")

    def _opened(self, make: Callable[[], _Store], name: str, what: str) -> _Store:
        try:
            return make()
        except StoreDamaged:
            self._set_aside(name, what)
            return make()

    def _set_aside(self, name: str, what: str) -> None:
        path = self._folder / name
        if path.exists():
            aside = move_aside(path)
            if name == "chroma":
                self.database.forget_embedded()
            self._warnings.append(f"{what} was damaged and is built anew; the old one is kept as {aside}.")

    def _close_vectors(self) -> None:
        for store in self._vectors.values():
            store.close()
        self._vectors.clear()

    def _try_open(self, embedder: str) -> None:
        try:
            self.vectors(embedder)
        except StoreError:
            return  # kept in `_failures`, and told to whoever searches next


def _not_ready() -> StoreError:
    return StoreError("The embedder is not ready yet, so there are no vectors of it.", "Run `ramet index`.")
