"""The last step of a sync: vectors for the chunks that have none, computed in batches and stored behind the caller's back.

Chroma is slow to write, so a thread feeds it while the next batch is computed and the caller keeps getting progress.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from queue import Empty, Full, Queue

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.embed.protocol import Embedder, HostedEmbedder
from ramet.errors import EmbedderUnavailable, EmbedError
from ramet.events import IndexProgress
from ramet.index.budget import TokenCounts, is_free, refusal
from ramet.index.calls import Embedded, calls_to, prepared
from ramet.index.chunker import chunk_key, join_lines
from ramet.index.file_reader import FileReader
from ramet.index.reading import Unreadable
from ramet.models import Budget
from ramet.store.protocol import VectorStore
from ramet.store.records import ChunkRecord
from ramet.store.vector_matrix import VectorMatrix

_logger = logging.getLogger(__name__)

_FLUSH_VECTORS = 1_000
"""Vectors handed to the storing thread at once; closing a sync waits for no more than two such lots."""
_FLUSH_SECONDS = 5.0
"""A slow embedder's work is stored this often, so that a killed process loses little of what was paid for."""
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
    withheld: int = 0
    """Chunks that were not sent because that would have cost too much."""
    problem: str = ""
    """The embedder's last complaint, or why nothing was sent; empty when there was none."""

    @property
    def reused(self) -> int:
        """Chunks whose vector was there before."""
        return self.total - self.missing

    @property
    def is_complete(self) -> bool:
        """Whether every chunk has a vector now."""
        return self.embedded == self.missing

    def progress(self, note: str = "") -> IndexProgress:
        """Return a snapshot; `note` says why it takes so long."""
        done = self.reused + self.embedded + self.failed
        return IndexProgress("embedding", done, self.total, self.reused, self.failed, note=note)


class VectorWriter:
    """Stores vectors from a thread of its own, one batch at a time. Use as a context; leaving it waits for the last batch."""

    def __init__(self, store: VectorStore, matrix: VectorMatrix) -> None:
        """Take the store of record, and the local copy, which gets vectors at once."""
        self._store = store
        self._matrix = matrix
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
        self._matrix.add(keys, vectors)
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

    def __init__(self, tree: FileReader, embedder: Embedder) -> None:
        self._tree = tree
        self._size = embedder.batch_size
        self._characters = embedder.batch_characters if isinstance(embedder, HostedEmbedder) else sys.maxsize

    def batches(self, files: Sequence[FileChunks], missing: set[str]) -> Iterator[tuple[list[str], list[str]]]:
        """Yield keys and texts, each key once; chunks that their file no longer holds are left to the next sync."""
        remaining = set(missing)
        keys: list[str] = []
        texts: list[str] = []
        self._tree.expect([file.path for file in files if any(chunk.key in missing for chunk in file.chunks)])
        characters = 0
        for file in files:
            wanted = [chunk for chunk in file.chunks if chunk.key in remaining]
            for key, text in self._texts(file.path, wanted):
                if key not in remaining:
                    continue
                remaining.discard(key)
                if keys and (len(keys) == self._size or characters + len(text) > self._characters):
                    yield keys, texts
                    keys, texts, characters = [], [], 0
                keys.append(key)
                texts.append(text)
                characters += len(text)
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

    def __init__(
        self,
        tree: FileReader,
        embedder: Embedder,
        store: VectorStore,
        matrix: VectorMatrix,
        budget: Budget | None = None,
        counts: TokenCounts | None = None,
    ) -> None:
        """Take everything; without a `budget` no cost is too high."""
        self._embedder = embedder
        self._store = store
        self._matrix = matrix
        self._budget = budget
        self._counts = counts or TokenCounts()
        self._batcher = _Batcher(tree, embedder)
        self._failures_in_a_row = 0
        self._is_given_up = False
        self.result = EmbeddingResult()

    def embed(self, files: Sequence[FileChunks], *, again: bool = False, is_copy_new: bool = False) -> Iterator[IndexProgress]:
        """Embed the chunks that have no vector, or all of them when `again`, and yield progress.

        What the local copy holds is not computed, unless `again`; then only what this run has put there (`is_copy_new`).
        An embedder that fails, or would cost too much, is recorded in the result; a store that fails raises StoreError.
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
        yield from self._copy([key for key in keys if key not in missing])
        if not missing:
            return
        uncomputed = missing if again and not is_copy_new else set(self._matrix.missing(list(missing)))
        yield from self._look_at_the_embedder(files, uncomputed)
        with VectorWriter(self._store, self._matrix) as writer:
            yield from self._hand_on(writer, [key for key in missing if key not in uncomputed])
            if not self.result.withheld and not self.result.failed:
                yield from self._compute(files, uncomputed, writer)
            for _ in writer.finish():
                yield self.result.progress()
        if self._is_given_up:
            self.result.failed = self.result.missing - self.result.embedded
        yield self.result.progress()

    def _copy(self, keys: Sequence[str]) -> Iterator[IndexProgress]:
        """Bring the local copy up to what the store has."""
        lacking = self._matrix.missing(keys)
        for start in range(0, len(lacking), _LOOKUP):
            found, rows = self._store.get(lacking[start : start + _LOOKUP])
            if found:
                self._matrix.add(found, rows)
            yield self.result.progress()

    def _look_at_the_embedder(self, files: Sequence[FileChunks], uncomputed: set[str]) -> Iterator[IndexProgress]:
        """Make the embedder ready and count what it would cost; records why it must not be asked."""
        if not uncomputed:
            return
        try:
            for _ in prepared(self._embedder):
                yield self.result.progress()
        except EmbedError as error:
            self.result.failed, self.result.problem = len(uncomputed), str(error)
            return
        if self._budget is None or is_free(self._embedder):
            return
        for _ in self._counts.count(self._batcher.batches(files, self._counts.uncounted(uncomputed))):
            yield self.result.progress()
        why = refusal(self._embedder, self._counts.total, self._budget)
        if why:
            self.result.withheld, self.result.problem = len(uncomputed), why

    def _hand_on(self, writer: VectorWriter, keys: Sequence[str]) -> Iterator[IndexProgress]:
        """Store what the local copy holds already."""
        for start in range(0, len(keys), _FLUSH_VECTORS):
            known, rows = self._matrix.get(keys[start : start + _FLUSH_VECTORS])
            for _ in writer.add(known, rows):
                yield self.result.progress()
            self.result.embedded += len(known)
            yield self.result.progress()

    def _compute(self, files: Sequence[FileChunks], uncomputed: set[str], writer: VectorWriter) -> Iterator[IndexProgress]:
        """Have the embedder compute vectors and store them."""
        result = self.result
        calls = calls_to(self._embedder)
        try:
            for embedded in calls.results(self._batcher.batches(files, uncomputed)):
                if isinstance(embedded, str):
                    yield result.progress(embedded)
                    continue
                for _ in self._take(embedded, writer):
                    yield result.progress()
                if self._is_given_up:
                    break
                yield result.progress()
        finally:
            for embedded in calls.stop():
                for _ in self._take(embedded, writer):
                    continue

    def _take(self, embedded: Embedded, writer: VectorWriter) -> Iterator[None]:
        """Store what an embedder gave, or record that it failed; yields while the store is busy."""
        outcome = embedded.outcome
        if isinstance(outcome, EmbedError):
            self.result.failed += len(embedded.keys)
            self.result.problem = str(outcome)
            self._failures_in_a_row += 1
            is_hopeless = isinstance(outcome, EmbedderUnavailable) or self._failures_in_a_row >= _FAILURES_IN_A_ROW
            self._is_given_up = self._is_given_up or is_hopeless
        else:
            self._failures_in_a_row = 0
            yield from writer.add(embedded.keys, outcome)
            self.result.embedded += len(embedded.keys)
