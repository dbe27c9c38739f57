"""A local copy of the vectors of one collection for exact search: a file of keys and rows, mapped into memory.

Chroma stays the store of record; this file is derived from it and from the embedder, and may be lost at any time. Up to
`_EXACT_ROWS` vectors are compared one by one. Of more, the signs of their components choose the candidates that are compared.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.store.lock import store_error

_KEY_BYTES = 20
_MOST_DIMENSIONS = 1 << 16
_HEADER_BYTES = 16
_MAGIC = b"ramet-v1"
_EXACT_ROWS = 1 << 16
"""Vectors that are kept as 32-bit floats and searched exactly: 64 MB at 256 dimensions, some 3 ms."""
_CANDIDATES = 4_000
"""Vectors of a larger store that are compared exactly after the signs of all were: the 300 nearest are among them but for
a few in a hundred (`docs/benchmarks.md`)."""
_CENTRED_ROWS = 4_096
"""The first rows, whose mean is the origin from which signs are taken."""
_SCAN_ROWS = 1 << 15
"""Rows whose signs are compared at a time, so that what is in between stays in the processor's cache."""
_SAMPLED = 1 << 14
_TAIL = 50_000
"""Keys that are looked up in a dictionary before they are sorted in among the others."""

Rows = NDArray[np.float32]
_Number = TypeVar("_Number", np.float32, np.uint64)


class _Signs(Struct, frozen=True):
    """The signs of all rows about an origin, 64 components to a word; word by word, so that one is scanned at a time."""

    origin: NDArray[np.float32]
    words: NDArray[np.uint64]
    """Shape (words of a row, room for rows)."""


class VectorMatrix:
    """Vectors by chunk key, searched in this process; a `VectorStore`. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Open the file, or begin an empty one. Raises StoreError."""
        self._path = path
        self._lock = threading.RLock()
        self._handle = -1
        self._begin()

    @property
    def generation(self) -> str:
        """The name of the file; nothing is recorded about its content."""
        return self._path.name

    def missing(self, keys: Sequence[str]) -> list[str]:
        """Return those of `keys` that have no vector, in order, without repeats."""
        distinct = list(dict.fromkeys(keys))
        with self._lock:
            places = self._places(distinct)
        return [key for key, place in zip(distinct, places.tolist(), strict=True) if place < 0]

    def add(self, keys: Sequence[str], vectors: Rows | NDArray[np.float16]) -> None:
        """Store vectors; a key that exists is overwritten."""
        if not len(keys):
            return
        last = {key: number for number, key in enumerate(keys)}
        rows = vectors[list(last.values())].astype(np.float16)
        with self._lock:
            if not self._count or rows.shape[1] != self._records.dtype["row"].shape[0]:
                self._begin(empty=True)
                self._reset(rows.shape[1])
            records = np.zeros(len(last), self._records.dtype)
            records["key"] = _bytes(list(last))
            records["row"] = rows
            places = self._places(list(last))
            self._overwrite(records[places >= 0], places[places >= 0])
            if (places < 0).any():
                self._write(records[places < 0])

    def nearest(self, vector: Rows, limit: int) -> list[tuple[str, float]]:
        """Return up to `limit` keys with their cosine similarity, best first."""
        with self._lock:
            count, exact, signs, records = self._count, self._exact, self._signs, self._records
        if not count or limit < 1 or len(vector) != records.dtype["row"].shape[0]:
            return []
        unit = (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
        if exact is not None:
            rows, scores = np.arange(count), exact[:count] @ unit
        else:
            assert signs is not None
            rows = _candidates(signs, count, unit, max(_CANDIDATES, limit))
            scores = records["row"][rows].astype(np.float32) @ unit
        best = np.argpartition(-scores, min(limit, len(rows)) - 1)[:limit]
        best = best[np.lexsort((rows[best], -scores[best]))]
        return list(zip(_texts(records["key"][rows[best]]), scores[best].tolist(), strict=True))

    def get(self, keys: Sequence[str]) -> tuple[list[str], Rows]:
        """Return those of `keys` that have a vector, without repeats, and their vectors as rows."""
        distinct = list(dict.fromkeys(keys))
        with self._lock:
            places = self._places(distinct)
            known = [key for key, place in zip(distinct, places.tolist(), strict=True) if place >= 0]
            return known, self._records["row"][places[places >= 0]].astype(np.float32)

    def keys(self) -> set[str]:
        """Return all keys."""
        with self._lock:
            return set(_texts(self._records["key"][: self._count]))

    def remove(self, keys: Sequence[str]) -> None:
        """Forget vectors; unknown keys are ignored. Writes the file anew."""
        with self._lock:
            places = self._places(list(dict.fromkeys(keys)))
            stays = np.ones(self._count, dtype=bool)
            stays[places[places >= 0]] = False
            if stays.all():
                return
            kept = self._records[: self._count][stays].copy()
            self._begin(empty=True)
            if len(kept):
                self._reset(kept.dtype["row"].shape[0])
                self._write(kept)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._begin(empty=True)

    def count(self) -> int:
        """Return the number of vectors."""
        return self._count

    def flush(self) -> None:
        """Wait until the disk has what was added, so that it may be relied on. Raises StoreError."""
        with self._lock, self._writing():
            os.fsync(self._handle)

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            if self._handle >= 0:
                os.close(self._handle)
                self._handle = -1
            self._reset()

    # -- inside; the lock is held

    def _reset(self, dimensions: int = 0) -> None:
        self._count = 0
        self._records: NDArray[np.void] = np.zeros(0, _record(dimensions))
        self._exact: Rows | None = np.zeros((0, dimensions), np.float32)
        self._signs: _Signs | None = None
        self._sorted = np.zeros(0, np.uint64)
        self._order = np.zeros(0, np.int64)
        self._tail: dict[int, int] = {}

    def _begin(self, *, empty: bool = False) -> None:
        try:
            if self._handle < 0:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            head = os.pread(self._handle, _HEADER_BYTES, 0)
            dimensions = int.from_bytes(head[len(_MAGIC) :], "little") if head.startswith(_MAGIC) and not empty else 0
            if not 0 < dimensions <= _MOST_DIMENSIONS:
                # The old file may be mapped by a search that is going on: it gets a successor, it is not cut.
                self._replace()
                dimensions = 0
            self._reset(dimensions)
            size = os.fstat(self._handle).st_size
        except OSError as error:
            raise store_error(error, f"use {self._path}") from error
        # A write that was cut off leaves part of a record, which the next one replaces.
        count = (size - _HEADER_BYTES) // self._records.itemsize if dimensions else 0
        if count:
            self._take_in(count)

    def _replace(self) -> None:
        os.close(self._handle)
        self._handle = -1
        self._path.unlink()
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def _overwrite(self, records: NDArray[np.void], places: NDArray[np.int64]) -> None:
        differs = (self._records["row"][places] != records["row"]).any(axis=1)
        for record, place in zip(records[differs], places[differs].tolist(), strict=True):
            with self._writing():
                os.pwrite(self._handle, record.tobytes(), _HEADER_BYTES + place * records.itemsize)
            if self._exact is not None:
                self._exact[place] = record["row"]
            else:
                self._take_in_signs(place, place + 1)

    def _write(self, records: NDArray[np.void]) -> None:
        waiting = memoryview(records.tobytes())
        place = _HEADER_BYTES + self._count * records.itemsize
        with self._writing():
            if not self._count:
                dimensions: int = records.dtype["row"].shape[0]
                os.pwrite(self._handle, _MAGIC + dimensions.to_bytes(_HEADER_BYTES - len(_MAGIC), "little"), 0)
            while waiting:
                written = os.pwrite(self._handle, waiting, place)
                place += written
                waiting = waiting[written:]
        self._take_in(self._count + len(records))

    def _take_in(self, count: int) -> None:
        """Make the records of the file up to `count` searchable."""
        first, self._count = self._count, count
        with os.fdopen(os.dup(self._handle), "rb") as file:
            self._records = np.memmap(file, self._records.dtype, "r", _HEADER_BYTES, (count,))
        prefixes = _prefixes(self._records["key"][first:])
        if len(prefixes) + len(self._tail) > _TAIL:
            self._sort_in(first, prefixes)
        else:
            self._tail.update(zip(prefixes.tolist(), range(first, count), strict=True))
        if count <= _EXACT_ROWS:
            assert self._exact is not None
            self._exact = _with_room(self._exact, 0, count)
            self._exact[first:count] = self._records["row"][first:]
        else:
            self._exact = None
            self._take_in_signs(first if self._signs is not None else 0, count)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise store_error(error, f"write {self._path}") from error

    def _sort_in(self, first: int, prefixes: NDArray[np.uint64]) -> None:
        tail = np.fromiter(self._tail.keys(), np.uint64, len(self._tail))
        places = np.fromiter(self._tail.values(), np.int64, len(self._tail))
        together = np.concatenate([self._sorted, tail, prefixes])
        owners = np.concatenate([self._order, places, np.arange(first, first + len(prefixes))])
        order = np.argsort(together, kind="stable")
        self._sorted, self._order, self._tail = together[order], owners[order], {}

    def _take_in_signs(self, first: int, count: int) -> None:
        if self._signs is None:
            origin = self._records["row"][:_CENTRED_ROWS].astype(np.float32).mean(axis=0)
            self._signs = _Signs(origin, np.zeros((-(-len(origin) // 64), 0), np.uint64))
        words = _with_room(self._signs.words, 1, self._count)
        for start in range(first, count, _SCAN_ROWS):
            stop = min(start + _SCAN_ROWS, count)
            words[:, start:stop] = _sign_words(self._records["row"][start:stop] - self._signs.origin).T
        self._signs = _Signs(self._signs.origin, words)

    def _places(self, keys: Sequence[str]) -> NDArray[np.int64]:
        """Return the row of each key, -1 where it has none.

        Keys are told apart by their first 64 bits: hashes that share them would share a vector, which is harmless and rarer
        than a fault of the disk.
        """
        prefixes = _prefixes(_bytes(keys))
        places = np.full(len(prefixes), -1, np.int64)
        if len(self._sorted):
            found = np.minimum(np.searchsorted(self._sorted, prefixes), len(self._sorted) - 1)
            is_known = self._sorted[found] == prefixes
            places[is_known] = self._order[found[is_known]]
        if self._tail:
            for number in np.flatnonzero(places < 0).tolist():
                places[number] = self._tail.get(int(prefixes[number]), -1)
        return places


def _record(dimensions: int) -> np.dtype[np.void]:
    return np.dtype([("key", np.uint8, (_KEY_BYTES,)), ("row", "<f2", (dimensions,))])


def _with_room(array: NDArray[_Number], axis: int, count: int) -> NDArray[_Number]:
    """Return the array with room for `count` entries along an axis; a larger copy leaves what readers hold as it is."""
    if array.shape[axis] >= count:
        return array
    shape = list(array.shape)
    shape[axis] = max(count, array.shape[axis] * 3 // 2)
    larger = np.zeros(shape, array.dtype)
    larger[tuple(slice(size) for size in array.shape)] = array
    return larger


def _bytes(keys: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex("".join(keys)), np.uint8).reshape(len(keys), _KEY_BYTES)


def _texts(keys: NDArray[np.uint8]) -> list[str]:
    digits = np.ascontiguousarray(keys).tobytes().hex()
    size = 2 * _KEY_BYTES
    return [digits[start : start + size] for start in range(0, len(digits), size)]


def _prefixes(keys: NDArray[np.uint8]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(keys[:, :8]).view(np.uint64).reshape(-1)


def _sign_words(rows: Rows) -> NDArray[np.uint64]:
    """Return the signs of each row as 64-bit words, shape (rows, words of a row)."""
    packed = np.packbits(rows > 0, axis=1)
    padded = np.zeros((len(rows), -(-packed.shape[1] // 8) * 8), np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view(np.uint64)


def _candidates(signs: _Signs, count: int, unit: Rows, wanted: int) -> NDArray[np.int64]:
    """Return the rows whose signs differ least from those of a vector: at least `wanted`, where there are so many."""
    words = _sign_words((unit - signs.origin)[None, :])[0]
    distances = np.zeros(count, np.uint16)
    for start in range(0, count, _SCAN_ROWS):
        part = distances[start : start + _SCAN_ROWS]
        for word, row in zip(words, signs.words[:, start : start + len(part)], strict=True):
            part += np.bitwise_count(row ^ word)
    sample = np.sort(distances[:: max(1, count // _SAMPLED)])
    bound = int(sample[min(len(sample) - 1, len(sample) * wanted // count)])
    while len(rows := np.flatnonzero(distances <= bound)) < min(wanted, count):
        bound += 1
    return rows
