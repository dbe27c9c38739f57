"""What the index needs of an embedder, and what those bring that are not simply there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ramet.embed.pace import Pace


class Embedder(Protocol):
    """Turns texts into unit vectors. Vectors of different `identity` never mix."""

    @property
    def identity(self) -> str:
        """Name and version of the vector space, such as `table-256-v2`; part of the vector collection's name.

        Empty while it is not known, see `PreparedEmbedder`; then there are no vectors of it.
        """

    @property
    def dimensions(self) -> int:
        """Length of every vector; 0 while it is not known."""

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


@runtime_checkable
class PreparedEmbedder(Embedder, Protocol):
    """An embedder that must be loaded, fetched or asked before its vector space is known."""

    @property
    def name(self) -> str:
        """What the user calls it, for sentences."""

    def warm(self) -> None:
        """Load what is on this machine; sends nothing and fails silently."""

    def prepare(self) -> None:
        """Make it ready, over the network where the configuration names what is there. Raises EmbedError."""


@runtime_checkable
class HostedEmbedder(PreparedEmbedder, Protocol):
    """A service that is asked over the network: each call waits, some are refused for a while, several may run at a time."""

    @property
    def batch_characters(self) -> int:
        """How many characters the texts of one call may have together."""

    @property
    def parallel(self) -> int:
        """How many calls may run at a time."""

    def embed_paced(self, texts: Sequence[str], pace: Pace) -> NDArray[np.float32]:
        """Do what `embed_documents` does, waiting where all calls of a run wait. Raises EmbedError, and Stopped."""


def name_of(embedder: Embedder) -> str:
    """Return what to call an embedder in a sentence."""
    return embedder.name if isinstance(embedder, PreparedEmbedder) else embedder.identity
