"""The mean vector of each file: what the file as a whole is about, for questions that name a subject and no single place."""

from __future__ import annotations

from itertools import chain

import numpy as np
from numpy.typing import NDArray

from ramet.retrieve.view_index import IndexedFile, ViewIndex
from ramet.store.protocol import VectorStore

_MOST_FILES = 50_000
"""Of a larger view the means would take too much memory for what they add."""
_KEYS = 5_000
"""Vectors read at once."""


class FileVectors:
    """Mean vectors by blob, carried over from one state of a view to the next. Not for several threads at once."""

    def __init__(self) -> None:
        self._means: dict[int, NDArray[np.float32]] = {}
        self._state: tuple[int, int] | None = None
        self._matrix = np.zeros((0, 0), np.float32)

    def similarities(self, view: ViewIndex, store: VectorStore, unit: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the cosine of a question with each file of a view, by the file's number.

        Nothing where the view is too large, or vectors are missing: files that have theirs already would win by that alone.
        """
        if len(view.listed) > _MOST_FILES:
            return np.zeros(0, np.float32)
        state = (view.view.number, view.view.revision)
        if state != self._state or self._matrix.shape[1:] != unit.shape:
            self._take_in(view, store, len(unit))
            is_whole = all(file.blob in self._means for file in view.listed if file.chunk_count)
            self._state = state if is_whole else None
        return self._matrix @ unit if self._state is not None else np.zeros(0, np.float32)

    def _take_in(self, view: ViewIndex, store: VectorStore, dimensions: int) -> None:
        blobs = {file.blob: file for file in view.listed if file.chunk_count}
        self._means = {blob: mean for blob, mean in self._means.items() if blob in blobs and len(mean) == dimensions}
        waiting: list[IndexedFile] = []
        count = 0
        for blob, file in blobs.items():
            if blob in self._means:
                continue
            waiting.append(file)
            count += file.chunk_count
            if count >= _KEYS:
                self._read(waiting, store)
                waiting, count = [], 0
        self._read(waiting, store)
        nothing = np.zeros(dimensions, np.float32)
        self._matrix = np.array([self._means.get(file.blob, nothing) for file in view.listed], np.float32).reshape(-1, dimensions)

    def _read(self, files: list[IndexedFile], store: VectorStore) -> None:
        of_files = [file.keys for file in files]
        keys = list(chain.from_iterable(of_files))
        known, rows = store.get(keys) if keys else ([], np.zeros((0, 0), np.float32))
        places = {key: place for place, key in enumerate(known)}
        for file, own in zip(files, of_files, strict=True):
            found = [places[key] for key in own if key in places]
            if len(found) == len(own):
                total = rows[found].sum(axis=0)
                self._means[file.blob] = total / max(float(np.linalg.norm(total)), 1e-12)
