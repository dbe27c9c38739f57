"""Vectors in memory with exact search: for vectors on their way to Chroma, and for tests."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class InMemoryVectorStore:
    """A vector store that forgets everything when it is closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, NDArray[np.float32]] = {}
        self._matrix: tuple[list[str], NDArray[np.float32]] | None = None
        self._generation = uuid.uuid4().hex

    @property
    def generation(self) -> str:
        """An id of this store's content."""
        return self._generation

    def missing(self, keys: Sequence[str]) -> list[str]:
        """Return those of `keys` that have no vector, in order, without repeats."""
        with self._lock:
            return [key for key in dict.fromkeys(keys) if key not in self._rows]

    def add(self, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Store vectors; a key that exists is overwritten."""
        with self._lock:
            self._rows.update(zip(keys, vectors, strict=True))
            self._matrix = None

    def nearest(self, vector: NDArray[np.float32], limit: int) -> list[tuple[str, float]]:
        """Return up to `limit` keys with their cosine similarity, best first."""
        with self._lock:
            if not self._rows or limit < 1:
                return []
            if self._matrix is None:
                self._matrix = list(self._rows), np.stack(list(self._rows.values()))
            keys, matrix = self._matrix
        scores = matrix @ vector / max(float(np.linalg.norm(vector)), 1e-12)
        best = np.argpartition(-scores, min(limit, len(keys)) - 1)[:limit]
        return [(keys[row], float(scores[row])) for row in best[np.argsort(-scores[best], kind="stable")]]

    def get(self, keys: Sequence[str]) -> tuple[list[str], NDArray[np.float32]]:
        """Return those of `keys` that have a vector, without repeats, and their vectors as rows."""
        with self._lock:
            known = [key for key in dict.fromkeys(keys) if key in self._rows]
            return known, np.stack([self._rows[key] for key in known]) if known else np.zeros((0, 0), np.float32)

    def keys(self) -> set[str]:
        """Return all keys."""
        with self._lock:
            return set(self._rows)

    def remove(self, keys: Sequence[str]) -> None:
        """Forget vectors; unknown keys are ignored."""
        with self._lock:
            for key in keys:
                self._rows.pop(key, None)
            self._matrix = None

    def count(self) -> int:
        """Return the number of vectors."""
        with self._lock:
            return len(self._rows)

    def close(self) -> None:
        """Forget everything."""
        self.remove(list(self.keys()))
