"""The embedder that needs no download, no key and no GPU: hashed subtokens weighted by how rare they are.

Every term adds to a few of the vector's dimensions, chosen and signed by its hash, so texts that share rare terms point the
same way. It knows no synonyms; it is a second opinion beside the lexical index, not a replacement for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from ramet.tokens import query_terms, term_hash, term_hashes

_DIMENSIONS = 256
_PLACES = 4
"""Dimensions that one term adds to: enough that two terms rarely share all of them."""
_MULTIPLIERS = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F], dtype=np.uint64)
"""Odd constants that turn one term hash into independent ones."""
_SMALLEST_WEIGHT = 0.05
"""Even the most common term counts a little, so that no text of words becomes a zero vector."""
_WEIGHT_STEP = 16.0
"""The table stores sixteenths of a unit of inverse document frequency."""


class HashedEmbedder:
    """Signed feature hashing of `ramet.tokens` terms into 256 dimensions, sqrt(tf) * idf, length 1."""

    def __init__(self) -> None:
        with files("ramet.embed").joinpath("idf.npy").open("rb") as stream:
            table = np.load(stream, allow_pickle=False)
        self._known = np.ascontiguousarray(table["term"])
        self._weights = np.maximum(table["idf"].astype(np.float64) / _WEIGHT_STEP, _SMALLEST_WEIGHT)
        self._unknown_weight = float(self._weights.max())

    @property
    def identity(self) -> str:
        """Name and version of the vector space."""
        return "hashed-256-v1"

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return _DIMENSIONS

    @property
    def batch_size(self) -> int:
        """How many texts one call should get."""
        return 512

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit row per text; a text without words gives a row of zeros."""
        return self._embed([term_hashes(text) for text in texts])

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a question, its stop words left out."""
        row: NDArray[np.float32] = self._embed([[term_hash(term) for term in query_terms(text)]])[0]
        return row

    def estimate_cost(self, tokens: int) -> float | None:
        """Return 0: it runs here."""
        return 0.0

    def _embed(self, hashes: list[list[int]]) -> NDArray[np.float32]:
        lengths = np.fromiter(map(len, hashes), dtype=np.int64, count=len(hashes))
        flat = np.fromiter(chain.from_iterable(hashes), dtype=np.uint64, count=int(lengths.sum()))
        if not len(flat):
            return np.zeros((len(hashes), _DIMENSIONS), dtype=np.float32)
        rows = np.repeat(np.arange(len(hashes), dtype=np.uint64), lengths)
        pairs, counts = np.unique((rows << np.uint64(32)) | flat, return_counts=True)
        term = pairs & np.uint64(0xFFFFFFFF)
        weight = np.sqrt(counts) * self._idf(term.astype(np.uint32))
        mixed = (term[:, None] * _MULTIPLIERS) & np.uint64(0xFFFFFFFF)
        mixed ^= mixed >> np.uint64(15)
        place = ((pairs >> np.uint64(32))[:, None] * np.uint64(_DIMENSIONS) + (mixed & np.uint64(_DIMENSIONS - 1))).astype(
            np.int64
        )
        sign = 1.0 - 2.0 * ((mixed >> np.uint64(20)) & np.uint64(1)).astype(np.float64)
        size = len(hashes) * _DIMENSIONS
        sums = np.bincount(place.ravel(), weights=(sign * weight[:, None]).ravel(), minlength=size)
        vectors = sums.reshape(len(hashes), _DIMENSIONS)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: NDArray[np.float32] = (vectors / np.where(norms > 0, norms, 1.0)).astype(np.float32)
        return unit

    def _idf(self, term: NDArray[np.uint32]) -> NDArray[np.float64]:
        index = np.minimum(np.searchsorted(self._known, term), len(self._known) - 1)
        known: NDArray[np.float64] = np.where(self._known[index] == term, self._weights[index], self._unknown_weight)
        return known
