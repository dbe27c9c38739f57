"""How near a question is to the path and the name of a chunk, which its vector must not know: vectors survive renaming."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.embed.table import TableEmbedder
from ramet.tokens import bare_name, term_hashes

_NAME_REPEATS = 2
"""The qualified name counts as often against the path."""
_MOST_NAMES = 100_000
"""Names remembered before the memory starts over: some 50 MB."""


class _Name(Struct, frozen=True):
    """A name as a sum of rows of the table."""

    rows: NDArray[np.int64]
    weights: NDArray[np.float32]
    """By which the rows are multiplied, so that the sum has length 1."""


class NameSimilarity:
    """Compares questions with names by the table of the default embedder, whatever embeds the chunks."""

    def __init__(self) -> None:
        self._embedder = TableEmbedder()
        self._names: dict[tuple[str, str], _Name] = {}
        self._last = "", self._embedder.embed_query("")
        """The last question and its vector; one search asks several times."""

    def vector(self, question: str) -> NDArray[np.float32]:
        """Return the vector of a question."""
        last = self._last
        if last[0] != question:
            # Searches in other threads may put theirs there at any time.
            self._last = last = question, self._embedder.embed_query(question)
        return last[1]

    def similarities(self, names: Sequence[tuple[str, str]], vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the cosine of a question, given by its vector, with each name, given as path and qualified name."""
        if not names:
            return np.zeros(0, np.float32)
        known = self._known(names)
        sizes = np.fromiter((len(name.rows) for name in known), np.int64, len(known))
        flat = np.concatenate([name.rows for name in known])
        weights = np.concatenate([name.weights for name in known])
        used, places = np.unique(flat, return_inverse=True)
        products = self._embedder.table.products(used, vector)[places] * weights
        ends = np.cumsum(sizes)
        running = np.concatenate([np.zeros(1, np.float64), np.cumsum(products, dtype=np.float64)])
        sums: NDArray[np.float32] = (running[ends] - running[ends - sizes]).astype(np.float32)
        return sums

    def _known(self, names: Sequence[tuple[str, str]]) -> list[_Name]:
        missing = [name for name in dict.fromkeys(names) if name not in self._names]
        if len(self._names) + len(missing) > _MOST_NAMES:
            self._names = {}
            missing = list(dict.fromkeys(names))
        hashes = [_terms_of(path, symbol) for path, symbol in missing]
        parts = self._embedder.table.parts(hashes)
        # Another search may start the memory over at any time, so that this one must not look there again.
        fresh = {name: _Name(rows, weights) for name, (rows, weights) in zip(missing, parts, strict=True)}
        held = self._names
        held.update(fresh)
        return [fresh.get(name) or held[name] for name in names]


def _terms_of(path: str, symbol: str) -> list[int]:
    return list(chain(term_hashes(path), term_hashes(bare_name(symbol)) * _NAME_REPEATS))
