"""What the index needs of an embedder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns texts into unit vectors. Vectors of different `identity` never mix."""

    @property
    def identity(self) -> str:
        """Name and version of the vector space, such as `table-256-v2`; part of the vector collection's name."""

    @property
    def dimensions(self) -> int:
        """Length of every vector."""

    @property
    def batch_size(self) -> int:
        """How many texts one call should get."""

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row of length 1 (or 0 for a text without content) per text, shape (len(texts), dimensions).

        Raises EmbedError.
        """

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a question, shape (dimensions,). Raises EmbedError."""

    def estimate_cost(self, tokens: int) -> float | None:
        """Return US dollars for embedding that many tokens; None when unknown, 0 for a local embedder."""
