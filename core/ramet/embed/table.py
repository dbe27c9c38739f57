"""The embedder that needs no download, no key and no GPU: a table of one vector per word, trained on published source code.

A text's vector is the weighted sum of the rows of its `ramet.tokens` terms. The table is made by `python -m ramet.learn.table`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import chain, pairwise
from typing import IO
from zipfile import BadZipFile

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.errors import EmbedError
from ramet.tokens import query_counts, term_hash, term_hashes

_PACKAGE, _FILE = "ramet.embed", "table-256-v2.npz"
_MOST_TERMS = 20_000
"""Terms of one text that count; more of them say no more about it."""
_TITLE_WEIGHT = 8
"""How often more the first of several lines counts in a vector; words, which can be rare, make up for less of it themselves."""
_LARGEST_STEP = 127


class TermTable(Struct, frozen=True):
    """Vectors of terms: row i is `rows[i] * scales[i]` and belongs to the term of hash `terms[i]`."""

    terms: NDArray[np.uint32]
    """Ascending `term_hash` values."""
    rows: NDArray[np.int8]
    scales: NDArray[np.float32]
    """What one step of a row is worth; holds how much the term weighs."""

    @classmethod
    def quantised(cls, terms: NDArray[np.uint32], vectors: NDArray[np.float32]) -> TermTable:
        """Return the table of these terms and their vectors, each rounded to 255 steps."""
        order = np.argsort(terms, kind="stable")
        scales = np.abs(vectors[order]).max(axis=1) / _LARGEST_STEP
        rows = np.round(vectors[order] / np.maximum(scales, np.finfo(np.float32).tiny)[:, None])
        return cls(terms[order].astype(np.uint32), rows.astype(np.int8), scales.astype(np.float32))

    @classmethod
    def load(cls, stream: IO[bytes]) -> TermTable:
        """Return the table that `save` wrote. Raises EmbedError when it is something else."""
        try:
            with np.load(stream, allow_pickle=False) as arrays:
                table = cls(arrays["terms"], arrays["rows"], arrays["scales"])
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            raise EmbedError(f"The table of the embedder cannot be read: {error}", "Install ramet again.") from error
        count = len(table.terms)
        if table.rows.dtype != np.int8 or table.rows.ndim != 2 or len(table.rows) != count or table.scales.shape != (count,):
            raise EmbedError("The table of the embedder is damaged.", "Install ramet again.")
        return table

    def save(self, stream: IO[bytes]) -> None:
        """Write the table."""
        np.savez(stream, terms=self.terms, rows=self.rows, scales=self.scales)

    @property
    def dimensions(self) -> int:
        """Length of every row."""
        return int(self.rows.shape[1])

    def vectors(self, hashes: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return one unit row per list of term hashes: sqrt(count) times the term's row, summed; zeros when none is known."""
        vectors = np.zeros((len(hashes), self.dimensions), dtype=np.float32)
        terms, weights, starts = self._counted(hashes)
        # One small product per text: several times faster than one `np.add.reduceat` over all of them.
        for text, (start, end) in enumerate(pairwise(starts.tolist())):
            if end > start:
                np.dot(weights[start:end], self.rows[terms[start:end]].astype(np.float32), out=vectors[text])
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(norms > 0, norms, np.float32(1))
        return vectors

    def parts(self, hashes: Sequence[Sequence[int]]) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Return each vector of `vectors` as the rows it is the sum of, and by what they are multiplied."""
        terms, weights, starts = self._counted(hashes)
        found: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []
        for start, end in pairwise(starts.tolist()):
            total = weights[start:end] @ self.rows[terms[start:end]].astype(np.float32)
            found.append((terms[start:end], weights[start:end] / np.float32(max(float(np.linalg.norm(total)), 1e-12))))
        return found

    def products(self, rows: NDArray[np.int64], vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the product of rows, without their scales, with a vector."""
        products: NDArray[np.float32] = self.rows[rows].astype(np.float32) @ vector
        return products

    def _counted(self, hashes: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
        """Return the distinct rows of all texts, their weights, and where each text begins and the last one ends."""
        lengths = np.fromiter(map(len, hashes), dtype=np.int64, count=len(hashes))
        flat = np.fromiter(chain.from_iterable(hashes), dtype=np.uint32, count=int(lengths.sum()))
        place = np.minimum(np.searchsorted(self.terms, flat), len(self.terms) - 1)
        is_known = self.terms[place] == flat
        owners = np.repeat(np.arange(len(hashes), dtype=np.int64), lengths)[is_known]
        found, counts = np.unique(owners * len(self.terms) + place[is_known], return_counts=True)
        owner, terms = np.divmod(found, len(self.terms))
        weights = np.sqrt(counts).astype(np.float32) * self.scales[terms]
        return terms, weights, np.searchsorted(owner, np.arange(len(hashes) + 1))


class TableEmbedder:
    """Sums of rows of the table that is part of the package."""

    def __init__(self, table: TermTable | None = None) -> None:
        self._table = table or _shipped_table()
        self.is_shipped = table is None
        """Whether another process has the same table."""

    @property
    def table(self) -> TermTable:
        """The vectors of the terms."""
        return self._table

    @property
    def identity(self) -> str:
        """Name and version of the vector space."""
        return "table-256-v2"

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return self._table.dimensions

    @property
    def batch_size(self) -> int:
        """How many texts one call should get."""
        return 256

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit row per text; a text of unknown words gives a row of zeros."""
        return self.embed_terms([term_hashes(text) for text in texts])

    def embed_terms(self, hashes: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return what `embed_documents` does, from the `term_hashes` of the texts."""
        return self._table.vectors([of_text[:_MOST_TERMS] for of_text in hashes])

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a question, its stop words left out and its first line stressed."""
        counts = query_counts(text, _TITLE_WEIGHT)
        row: NDArray[np.float32] = self._table.vectors([[term_hash(term) for term in counts.elements()]])[0]
        return row

    def estimate_cost(self, tokens: int) -> float | None:
        """Return 0: it runs here."""
        return 0.0


@cache
def _shipped_table() -> TermTable:
    """Return the table of the package; all workspaces of a process share it, since nothing changes it."""
    with files(_PACKAGE).joinpath(_FILE).open("rb") as stream:
        return TermTable.load(stream)
