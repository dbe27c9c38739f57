"""A folder with the real stores, indexer and searcher, and the default embedder or one that fails on demand."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ramet.config import IndexLimits
from ramet.embed.protocol import Embedder
from ramet.embed.table import TableEmbedder
from ramet.errors import EmbedError
from ramet.events import IndexEvent, IndexFinished
from ramet.git.repository import GitRepository, locate
from ramet.index.indexer import Indexer
from ramet.index.scan import WorkingTree
from ramet.models import IndexStats
from ramet.paths import UserDirectories
from ramet.retrieve.search import Searcher
from ramet.store.repository_stores import RepositoryStores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class CountingEmbedder(TableEmbedder):
    """The default embedder that counts the texts it is given and fails on those that hold a word."""

    def __init__(self, poison: str = "", batch_size: int = 4) -> None:
        super().__init__()
        self.poison = poison
        self.texts: list[str] = []
        self._batch = batch_size

    @property
    def batch_size(self) -> int:
        return self._batch

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.poison and any(self.poison in text for text in texts):
            raise EmbedError("The embedder has no quota left.", "Top it up.")
        self.texts += texts
        return super().embed_documents(texts)


class Indexed:
    """One folder with everything that indexes and searches it."""

    def __init__(
        self, root: Path, directories: UserDirectories, embedder: Embedder | None = None, *,
        limits: IndexLimits | None = None, chroma_url: str = "",
    ) -> None:  # fmt: skip
        location = locate(root)
        limits = limits or IndexLimits()
        self.root = location.root
        self.embedder = embedder or TableEmbedder()
        identity = GitRepository(location, directories.data).identity()
        self.folder = directories.repository(identity)
        self.stores = RepositoryStores(directories, identity, chroma_url)
        self.tree = WorkingTree(location, limits, self.folder)
        self.indexer = Indexer(self.tree, self.root, limits, self.stores, self.embedder)
        self.searcher = Searcher(self.root, limits, self.stores, self.embedder)

    def sync(self, *, rebuild: bool = False) -> IndexStats:
        """Run a sync to its end and return what it did."""
        return finished(list(self.indexer.sync(rebuild=rebuild)))

    def paths(self, query: str, limit: int = 10) -> list[str]:
        """Return the paths of the hits."""
        return [hit.path for hit in self.searcher.search(query, limit)]

    def close(self) -> None:
        self.stores.close()


def finished(events: Sequence[IndexEvent]) -> IndexStats:
    """Return the statistics of a sync, which is what it must end with."""
    last = events[-1]
    assert isinstance(last, IndexFinished)
    return last.stats


def snapshot(folder: Path) -> dict[str, str]:
    """Return a digest of every file below a folder but the one in which SQLite notes who is reading."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }
