"""BM25F over the chunks of a view, in memory: content, path and qualified name as one weighted bag of terms.

A posting is one 64-bit number: term hash, document and weighted count. A sorted array of them is the whole index: sorting is
the only work of building it, merging two is sorting them together, and a term is a range found by bisection.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

_K1 = 1.2
_B = 0.75
_COUNT_BITS = 10
_DOC_BITS = 22
MAX_DOCUMENTS = 1 << _DOC_BITS
"""Chunks of one view that can be searched by words."""
_COUNT_MASK = np.uint64((1 << _COUNT_BITS) - 1)
_DOC_MASK = np.uint64(MAX_DOCUMENTS - 1)
_NOTHING = np.zeros(0, np.uint64)
_MOST_SEGMENTS = 6
"""Small segments before they become one; every query looks into each."""
_MOST_TERMS = 96
"""Terms of one question that are looked up, the rarest first; a pasted log has thousands."""


def packed(
    hashes: NDArray[np.uint32], documents: NDArray[np.uint32], counts: NDArray[np.uint8 | np.uint16]
) -> NDArray[np.uint64]:
    """Return the sorted postings of terms in documents, given as parallel arrays; what comes several times adds up."""
    postings = hashes.astype(np.uint64)
    postings <<= np.uint64(_DOC_BITS)
    postings |= documents
    postings <<= np.uint64(_COUNT_BITS)
    postings |= counts
    postings.sort()
    return postings


class TermMatch(Struct, frozen=True):
    """What one term of the question adds to the documents that hold it."""

    term: str
    documents: NDArray[np.int64]
    """Ascending."""
    scores: NDArray[np.float32]
    weight: float
    """How much the term tells: its weight in the question times how rare it is here."""

    def score_of(self, document: int) -> float:
        """Return what the term adds to one document."""
        place = int(np.searchsorted(self.documents, document))
        found = place < len(self.documents) and self.documents[place] == document
        return float(self.scores[place]) if found else 0.0


class LexicalIndex:
    """An immutable index; `with_changes` returns the next one and shares what did not change."""

    def __init__(self, segments: Sequence[NDArray[np.uint64]], lengths: NDArray[np.float32], alive: NDArray[np.bool_]) -> None:
        self._segments = tuple(segments)
        self.lengths = lengths
        """Weighted number of terms by document."""
        self.alive = alive
        """False for documents that the view no longer shows; their postings stay until the index is built anew."""
        self.count = int(alive.sum())
        average = float(lengths[alive].mean()) if self.count else 1.0
        self._norms = (_K1 * (1 - _B + _B * lengths / max(average, 1.0))).astype(np.float32)

    def with_changes(self, dead: Sequence[int], postings: NDArray[np.uint64], lengths: NDArray[np.float32]) -> LexicalIndex:
        """Return the index without the documents `dead` and with new ones after the last."""
        alive = np.concatenate([self.alive, np.ones(len(lengths), dtype=bool)])
        alive[list(dead)] = False
        segments = [*self._segments, postings] if len(postings) else list(self._segments)
        if len(segments) > _MOST_SEGMENTS:
            merged = np.concatenate(segments[1:])
            merged.sort()
            segments = [segments[0], merged]
        return LexicalIndex(segments, np.concatenate([self.lengths, lengths]), alive)

    def knows(self, term: int) -> bool:
        """Whether a term occurs in any document, by its hash."""
        return any(end > start for start, end in self._ranges(term))

    def matches(self, terms: dict[str, tuple[int, float]]) -> list[TermMatch]:
        """Return the matches of a question's terms, given as term -> (hash, weight)."""
        found = {term: self._postings(hash_) for term, (hash_, _) in terms.items()}
        known = sorted((term for term in terms if len(found[term][0])), key=lambda term: len(found[term][0]))
        return [self._match(term, terms[term][1], *found[term]) for term in known[:_MOST_TERMS]]

    def scores(self, matches: Sequence[TermMatch]) -> NDArray[np.float32]:
        """Return the score of every document."""
        total = np.zeros(len(self.alive), dtype=np.float32)
        for match in matches:
            total[match.documents] += match.scores
        total[~self.alive] = 0
        return total

    def documents_with_all(self, terms: Sequence[int]) -> NDArray[np.int64]:
        """Return the live documents that hold every term, ascending."""
        found = np.flatnonzero(self.alive)
        for term in terms:
            found = np.intersect1d(found, self._postings(term)[0], assume_unique=True)
        return found

    def _ranges(self, term: int) -> list[tuple[int, int]]:
        low = np.uint64(term << 32)
        high = np.uint64((term << 32) | 0xFFFFFFFF)
        return [
            (int(np.searchsorted(segment, low)), int(np.searchsorted(segment, high, side="right"))) for segment in self._segments
        ]

    def _postings(self, term: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        ranges = self._ranges(term)
        parts = [segment[start:end] for segment, (start, end) in zip(self._segments, ranges, strict=True)]
        found = np.concatenate([_NOTHING, *parts])
        documents = ((found >> np.uint64(_COUNT_BITS)) & _DOC_MASK).astype(np.int64)
        counts = (found & _COUNT_MASK).astype(np.float32)
        if len(self._segments) > 1:
            order = np.argsort(documents, kind="stable")
            documents, counts = documents[order], counts[order]
        is_first = np.ones(len(documents), dtype=bool)
        np.not_equal(documents[1:], documents[:-1], out=is_first[1:])
        if is_first.all():
            return documents, counts
        starts = np.flatnonzero(is_first)
        return documents[starts], np.add.reduceat(counts, starts)

    def _match(self, term: str, weight: float, documents: NDArray[np.int64], counts: NDArray[np.float32]) -> TermMatch:
        frequency = len(documents)
        total = max(self.count, frequency)
        told = weight * float(np.log(1 + (total - frequency + 0.5) / (frequency + 0.5)))
        scores = (told * (_K1 + 1)) * counts / (counts + self._norms[documents])
        return TermMatch(term, documents, scores.astype(np.float32), told)
