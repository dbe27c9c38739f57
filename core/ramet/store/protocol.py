"""What the index needs of a vector store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class VectorStore(Protocol):
    """Chunk key -> vector, for one repository and one embedder. It never sees code, paths or names.

    All methods raise StoreError.
    """

    @property
    def generation(self) -> str:
        """An id that changes when the store was created anew, so that what was recorded about its content is void."""

    def missing(self, keys: Sequence[str]) -> list[str]:
        """Return those of `keys` that have no vector, in order, without repeats."""

    def add(self, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Store vectors, shape (len(keys), dimensions); a key that exists is overwritten."""

    def nearest(self, vector: NDArray[np.float32], limit: int) -> list[tuple[str, float]]:
        """Return up to `limit` keys with their cosine similarity, best first."""

    def get(self, keys: Sequence[str]) -> tuple[list[str], NDArray[np.float32]]:
        """Return those of `keys` that have a vector, without repeats, and their vectors as rows."""

    def keys(self) -> set[str]:
        """Return all keys."""

    def remove(self, keys: Sequence[str]) -> None:
        """Forget vectors; unknown keys are ignored."""

    def count(self) -> int:
        """Return the number of vectors."""

    def close(self) -> None:
        """Release files and connections."""
