"""Turns pairs into numbers: a vocabulary, and for every text the terms of it that the vocabulary has, with their counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.learn.table.pairs import Pair
from ramet.tokens import query_terms, term_hash, term_hashes

MOST_TERMS = 40_000
"""Rows of the table: 264 bytes each."""
LEAST_TEXTS = 4
"""Texts that must hold a term; a row seen less often learns nothing."""
_OF_WORDS, _OF_CODE = 200, 600
"""Terms of one text that are looked at."""
_LEAST_OF_CODE = 3
"""Known terms without which a piece of code says too little."""


class Bags(Struct, frozen=True):
    """Texts as bags of terms: those of text i are `terms[starts[i]:starts[i + 1]]`, by their place in the vocabulary."""

    terms: NDArray[np.int32]
    weights: NDArray[np.float32]
    """Square roots of the counts."""
    starts: NDArray[np.int64]

    def taken(self, texts: NDArray[np.int64]) -> Bags:
        """Return the bags of some texts."""
        lengths = self.starts[texts + 1] - self.starts[texts]
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        places = np.repeat(self.starts[texts] - starts[:-1], lengths) + np.arange(starts[-1])
        return Bags(self.terms[places], self.weights[places], starts)


class Examples(Struct, frozen=True):
    """All pairs as numbers."""

    vocabulary: NDArray[np.uint32]
    """Term hashes, the most frequent first."""
    idf: NDArray[np.float32]
    """How rare each term is, 1 on average."""
    words: Bags
    code: Bags
    groups: NDArray[np.int32]
    """The package that a pair comes from."""


class _Builder:
    """Bags that are being filled."""

    def __init__(self) -> None:
        self._terms: list[NDArray[np.uint32]] = []
        self._counts: list[NDArray[np.uint16]] = []

    def add(self, hashes: list[int]) -> None:
        """Append a text."""
        counted = Counter(hashes)
        self._terms.append(np.fromiter(counted.keys(), np.uint32, len(counted)))
        self._counts.append(np.minimum(np.fromiter(counted.values(), np.int64, len(counted)), 60_000).astype(np.uint16))

    @property
    def terms(self) -> NDArray[np.uint32]:
        """The distinct terms of each text, one text after the other."""
        return np.concatenate([np.zeros(0, np.uint32), *self._terms])

    def bags(self, vocabulary: NDArray[np.uint32]) -> Bags:
        """Return the bags, of terms of the vocabulary only."""
        flat = self.terms
        order = np.argsort(vocabulary, kind="stable")
        place = np.minimum(np.searchsorted(vocabulary, flat, sorter=order), len(vocabulary) - 1)
        index = order[place]
        is_known = vocabulary[index] == flat
        owner = np.repeat(np.arange(len(self._terms)), [len(terms) for terms in self._terms])
        lengths = np.bincount(owner[is_known], minlength=len(self._terms))
        counts = np.concatenate([np.zeros(0, np.uint16), *self._counts])
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        return Bags(index[is_known].astype(np.int32), np.sqrt(counts[is_known]).astype(np.float32), starts)


def build_examples(pairs: Iterable[Pair]) -> Examples:
    """Count the terms of all pairs, choose the vocabulary and return the pairs that have enough of it."""
    words, code = _Builder(), _Builder()
    groups: dict[str, int] = {}
    owners: list[int] = []
    for pair in pairs:
        words.add([term_hash(term) for term in query_terms(pair.words)[:_OF_WORDS]])
        code.add(term_hashes(pair.code)[:_OF_CODE])
        owners.append(groups.setdefault(pair.group, len(groups)))
    vocabulary, counts = _vocabulary(np.concatenate([words.terms, code.terms]))
    idf = np.log1p(2 * len(owners) / counts)
    word_bags, code_bags = words.bags(vocabulary), code.bags(vocabulary)
    is_kept = (np.diff(word_bags.starts) > 0) & (np.diff(code_bags.starts) >= _LEAST_OF_CODE)
    kept = np.flatnonzero(is_kept)
    return Examples(
        vocabulary=vocabulary,
        idf=(idf / max(float(idf.mean()), 1e-6)).astype(np.float32) if len(idf) else idf.astype(np.float32),
        words=word_bags.taken(kept),
        code=code_bags.taken(kept),
        groups=np.array(owners, np.int32)[kept],
    )


def _vocabulary(terms: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the most frequent terms and in how many texts each of them is."""
    hashes, counts = np.unique(terms, return_counts=True)
    best = np.lexsort((hashes, -counts))[:MOST_TERMS]
    best = best[counts[best] >= LEAST_TEXTS]
    return hashes[best], counts[best]
