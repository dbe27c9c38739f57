"""The last step of a sync: vectors for the chunks that have none, computed in batches and stored behind the caller's back.

Chroma is slow to write, so a thread feeds it while the next batch is computed and the caller keeps getting progress.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from queue import Empty, Full, Queue

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.embed.protocol import Embedder
from ramet.errors import EmbedError
from ramet.events import IndexProgress
from ramet.index.chunker import chunk_key, join_lines
from ramet.index.file_reader import FileReader
from ramet.index.reading import Unreadable
from ramet.store.memory_vectors import InMemoryVectorStore
from ramet.store.protocol import VectorStore
from ramet.store.records import ChunkRecord

_logger = logging.getLogger(__name__)

_FLUSH_VECTORS = 1_000
"""Vectors handed to the storing thread at once; closing a sync waits for no more than two such lots."""
_FLUSH_SECONDS = 5.0
"""A slow embedder's work is stored this often, so that a killed process loses little of what was paid for."""
_PENDING_BYTES = 256 << 20
"""Memory for vectors that are searched exactly while the store is being filled."""
_LOOKUP = 5_000
"""Keys of one look-up, so that progress goes on between two."""
_FAILURES_IN_A_ROW = 3
"""Batches that may fail one after the other before the embedder is given up for this run."""
_POLL_SECONDS = 0.08


class FileChunks(Struct, frozen=True):
    """The chunks of one file of a view."""

    path: str
    chunks: tuple[ChunkRecord, ...]


class EmbeddingResult(Struct):
    """How the embedding went; filled in as it goes, owned by one `embed_missing`."""

    total: int = 0
    missing: int = 0
    embedded: int = 0
    failed: int = 0
    problem: str = ""
    """The embedder's last complaint; empty when there was none."""

    @property
    def reused(self) -> int:
        """Chunks whose vector was there before."""
        return self.total - self.missing

    @property
    def is_complete(self) -> bool:
        """Whether every chunk has a vector now."""
        return self.embedded == self.missing

    def progress(self) -> IndexProgress:
        """Return a snapshot."""
        done = self.reused + self.embedded + self.failed
        return IndexProgress("embedding", done, self.total, self.reused, self.failed)


class VectorWriter:
    """Stores vectors from a thread of its own, one batch at a time. Use as a context; leaving it waits for the last batch."""

    def __init__(self, store: VectorStore, pending: InMemoryVectorStore) -> None:
        self._store = store
        self._pending = pending
        self._batches: Queue[tuple[list[str], NDArray[np.float32]] | None] = Queue(maxsize=1)
        self._error: BaseException | None = None
        self._keys: list[str] = []
        self._rows: list[NDArray[np.float32]] = []
        self._flushed = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="store-vectors", daemon=True)

    def __enter__(self) -> VectorWriter:
        self._thread.start()
        return self

    def add(self, keys: Sequence[str], vectors: NDArray[np.float32]) -> Iterator[None]:
        """Take vectors; yields while the store is busy. Raises what storing an earlier batch raised."""
        self._pending.add(keys, vectors)
        self._keys += keys
        self._rows.append(vectors)
        if len(self._keys) >= _FLUSH_VECTORS or time.monotonic() - self._flushed > _FLUSH_SECONDS:
            yield from self._hand_over()

    def finish(self) -> Iterator[None]:
        """Store everything taken so far; yields until that is done."""
        yield from self._hand_over()
        yield from self._put(None)
        while self._thread.is_alive():
            self._thread.join(_POLL_SECONDS)
            yield
        self._check()

    def __exit__(self, *_: object) -> None:
        # A run that was closed or failed still stores what was computed, unless storing is what failed.
        for _step in self._hand_over() if self._error is None else ():
            continue
        while self._thread.is_alive():
            try:
                self._batches.put(None, timeout=_POLL_SECONDS)
                self._thread.join()
            except Full:
                continue

    def _hand_over(self) -> Iterator[None]:
        if self._keys:
            batch = self._keys, np.concatenate(self._rows)
            self._keys, self._rows = [], []
            self._flushed = time.monotonic()
            yield from self._put(batch)

    def _put(self, batch: tuple[list[str], NDArray[np.float32]] | None) -> Iterator[None]:
        while True:
            self._check()
            try:
                self._batches.put(batch, timeout=_POLL_SECONDS)
            except Full:
                yield
            else:
                return

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while self._error is None and (batch := self._batches.get()) is not None:
            keys, vectors = batch
            try:
                self._store.add(keys, vectors)
                if self._pending.count() * vectors.shape[1] * vectors.itemsize > _PENDING_BYTES:
                    self._pending.remove(keys)
            except BaseException as error:  # handed to the thread that waits for this one
                self._error = error
        # Whoever is about to put the next batch must not wait for a thread that is gone.
        while self._error is not None:
            try:
                self._batches.get_nowait()
            except Empty:
                return


class _Batcher:
    """Reads the texts of chunks, file by file, and never holds more than a batch and a file of them."""

    def __init__(self, tree: FileReader, size: int) -> None:
        self._tree = tree
        self._size = size

    def batches(self, files: Sequence[FileChunks], missing: set[str]) -> Iterator[tuple[list[str], list[str]]]:
        """Yield keys and texts, each key once; chunks that their file no longer holds are left to the next sync."""
        remaining = set(missing)
        keys: list[str] = []
        texts: list[str] = []
        self._tree.expect([file.path for file in files if any(chunk.key in missing for chunk in file.chunks)])
        for file in files:
            wanted = [chunk for chunk in file.chunks if chunk.key in remaining]
            for key, text in self._texts(file.path, wanted):
                if key not in remaining:
                    continue
                remaining.discard(key)
                keys.append(key)
                texts.append(text)
                if len(keys) == self._size:
                    yield keys, texts
                    keys, texts = [], []
        if keys:
            yield keys, texts

    def _texts(self, path: str, chunks: Sequence[ChunkRecord]) -> Iterator[tuple[str, str]]:
        if not chunks:
            return
        try:
            lines = self._tree.lines(path)
        except Unreadable:
            return
        for chunk in chunks:
            text = join_lines(lines, chunk.start_line, chunk.end_line)
            if chunk_key(text) == chunk.key:
                yield chunk.key, text


class EmbeddingRun:
    """Embeds what has no vector yet; `result` says how far it came."""

    def __init__(self, tree: FileReader, embedder: Embedder, store: VectorStore, pending: InMemoryVectorStore) -> None:
        self._tree = tree
        self._embedder = embedder
        self._store = store
        self._pending = pending
        self.result = EmbeddingResult()

    def embed(self, files: Sequence[FileChunks], *, again: bool = False) -> Iterator[IndexProgress]:
        """Embed the chunks that have no vector, or all of them when `again`, and yield progress.

        An embedder that fails is recorded in the result; a store that fails raises StoreError.
        """
        keys = list(dict.fromkeys(chunk.key for file in files for chunk in file.chunks))
        self.result.total = self.result.missing = len(keys)
        missing = set(keys)
        if not again:
            missing.clear()
            for start in range(0, len(keys), _LOOKUP):
                missing.update(self._store.missing(keys[start : start + _LOOKUP]))
                yield IndexProgress("embedding", 0, len(keys), 0, 0)
        self.result.missing = len(missing)
        yield self.result.progress()
        if missing:
            yield from self._embed(files, missing)

    def _embed(self, files: Sequence[FileChunks], missing: set[str]) -> Iterator[IndexProgress]:
        result = self.result
        batcher = _Batcher(self._tree, self._embedder.batch_size)
        failures_in_a_row = 0
        with VectorWriter(self._store, self._pending) as writer:
            for keys, texts in batcher.batches(files, missing):
                vectors = self._vectors(texts)
                if vectors is None:
                    result.failed += len(keys)
                    failures_in_a_row += 1
                    if failures_in_a_row == _FAILURES_IN_A_ROW:
                        break
                else:
                    failures_in_a_row = 0
                    for _ in writer.add(keys, vectors):
                        yield result.progress()
                    result.embedded += len(keys)
                yield result.progress()
            for _ in writer.finish():
                yield result.progress()
        if failures_in_a_row == _FAILURES_IN_A_ROW:
            result.failed = result.missing - result.embedded
        yield result.progress()

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32] | None:
        try:
            return self._embedder.embed_documents(texts)
        except EmbedError as error:
            _logger.warning("%d chunks were not embedded", len(texts), exc_info=True)
            self.result.problem = str(error)
            return None
