"""BM25F over the chunks of a view, in memory: content, path and qualified name as one weighted bag of terms.

The postings lie in segments of ascending documents: a term's documents and counts are a range of two arrays, found by bisection.
Building a segment is one sort of 64-bit numbers made of term, document and count.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

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
_MOST_SMALL = 6
"""Small segments before they become one; every query looks into each."""
_SMALL = 1 << 20
"""Postings; a larger segment is left alone."""
_MOST_TERMS = 96
"""Terms of one question that are looked up, the rarest first; a pasted log has thousands."""
_BLOCK = 64
"""Scores whose best stands for all of them while the best documents are looked for."""


class Segment(Struct, frozen=True):
    """The postings of some documents."""

    terms: NDArray[np.uint32]
    """Ascending, each once."""
    starts: NDArray[np.int64]
    """Where the postings of each term begin, and where the last ones end."""
    documents: NDArray[np.uint32]
    counts: NDArray[np.uint16]
    """Weighted occurrences."""

    def range_of(self, term: int) -> tuple[int, int]:
        """Return where the postings of a term are."""
        place = int(np.searchsorted(self.terms, np.uint32(term)))
        if place == len(self.terms) or self.terms[place] != term:
            return 0, 0
        return int(self.starts[place]), int(self.starts[place + 1])


def packed(hashes: NDArray[np.uint32], documents: NDArray[np.uint32], counts: NDArray[np.uint8 | np.uint16]) -> Segment:
    """Return the postings of terms in documents, given as parallel arrays; what comes several times adds up."""
    postings = hashes.astype(np.uint64)
    postings <<= np.uint64(_DOC_BITS)
    postings |= documents
    postings <<= np.uint64(_COUNT_BITS)
    postings |= counts
    postings.sort()
    places = postings >> np.uint64(_COUNT_BITS)
    summed = (postings & _COUNT_MASK).astype(np.uint16)
    is_first = np.ones(len(places), dtype=bool)
    np.not_equal(places[1:], places[:-1], out=is_first[1:])
    if not is_first.all():
        starts = np.flatnonzero(is_first)
        places, summed = places[starts], np.add.reduceat(summed, starts)
    terms = (places >> np.uint64(_DOC_BITS)).astype(np.uint32)
    begins = np.flatnonzero(np.diff(terms, prepend=terms[:1] + np.uint32(1))) if len(terms) else np.zeros(0, np.int64)
    return Segment(terms[begins], np.append(begins, len(terms)), (places & _DOC_MASK).astype(np.uint32), summed)


def _merged(segments: Sequence[Segment]) -> Segment:
    hashes = np.concatenate([np.repeat(each.terms, np.diff(each.starts)) for each in segments])
    documents = np.concatenate([each.documents for each in segments])
    return packed(hashes, documents, np.concatenate([each.counts for each in segments]))


def best_places(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Return the places of the best scores above 0, the best first; equal ones in their order."""
    if len(scores) > count * _BLOCK:
        # Any of the best is in one of as many blocks of scores whose best are the best.
        whole = len(scores) // _BLOCK * _BLOCK
        of_blocks = scores[:whole].reshape(-1, _BLOCK).max(axis=1)
        blocks = np.argpartition(-of_blocks, count - 1)[:count]
        rows = np.concatenate([(blocks[:, None] * _BLOCK + np.arange(_BLOCK)).ravel(), np.arange(whole, len(scores))])
    else:
        rows = np.arange(len(scores))
    rows = rows[scores[rows] > 0]
    if len(rows) > count:
        rows = rows[np.argpartition(-scores[rows], count - 1)[:count]]
    ordered: NDArray[np.int64] = rows[np.lexsort((rows, -scores[rows]))]
    return ordered


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

    def __init__(self, segments: Sequence[Segment], lengths: NDArray[np.float32], alive: NDArray[np.bool_]) -> None:
        self._segments = tuple(segments)
        self.lengths = lengths
        """Weighted number of terms by document."""
        self.alive = alive
        """False for documents that the view no longer shows; their postings stay until the index is built anew."""
        self.count = int(alive.sum())
        average = float(lengths[alive].mean()) if self.count else 1.0
        self._norms = (_K1 * (1 - _B + _B * lengths / max(average, 1.0))).astype(np.float32)

    def with_changes(self, dead: Sequence[int], added: Sequence[Segment], lengths: NDArray[np.float32]) -> LexicalIndex:
        """Return the index without the documents `dead` and with new ones after the last, in ascending segments."""
        alive = np.concatenate([self.alive, np.ones(len(lengths), dtype=bool)])
        alive[list(dead)] = False
        segments = [*self._segments, *added]
        small = [segment for segment in segments if len(segment.documents) < _SMALL]
        if len(small) > _MOST_SMALL:
            large = [segment for segment in segments if len(segment.documents) >= _SMALL]
            segments = [*large, _merged(small)]
        return LexicalIndex(segments, np.concatenate([self.lengths, lengths]), alive)

    def knows(self, term: int) -> bool:
        """Whether a term occurs in any document, by its hash."""
        return any(end > start for start, end in (segment.range_of(term) for segment in self._segments))

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
        if self.count < len(self.alive):
            total[~self.alive] = 0
        return total

    def documents_with_all(self, terms: Sequence[int]) -> NDArray[np.int64]:
        """Return the live documents that hold every term, ascending."""
        found = np.flatnonzero(self.alive)
        for term in terms:
            found = np.intersect1d(found, self._postings(term)[0], assume_unique=True)
        return found

    def occurrences(self, terms: NDArray[np.uint32], documents: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Return which of some documents hold each of some terms, and how many documents hold each term at all.

        Args:
            terms: Hashes, each once.
            documents: Ascending.

        Returns:
            An array of shape (terms, documents), and one of as many numbers as there are terms.
        """
        held = np.zeros((len(terms), len(documents)), dtype=bool)
        frequency = np.zeros(len(terms), np.int64)
        for segment in self._segments:
            if not len(segment.terms):
                continue
            places = np.minimum(np.searchsorted(segment.terms, terms), len(segment.terms) - 1)
            known = np.flatnonzero(segment.terms[places] == terms)
            starts, ends = segment.starts[places[known]], segment.starts[places[known] + 1]
            frequency[known] += ends - starts
            for row, start, end in zip(known.tolist(), starts.tolist(), ends.tolist(), strict=True):
                own = segment.documents[start:end]
                found = np.searchsorted(own, documents)
                held[row] |= own[np.minimum(found, len(own) - 1)] == documents
        return held, frequency

    def _postings(self, term: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the documents that hold a term, ascending, and how often each does."""
        ranges = [segment.range_of(term) for segment in self._segments]
        parts = [(segment, start, end) for segment, (start, end) in zip(self._segments, ranges, strict=True) if end > start]
        if not parts:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        documents = np.concatenate([segment.documents[start:end] for segment, start, end in parts]).astype(np.int64)
        counts = np.concatenate([segment.counts[start:end] for segment, start, end in parts]).astype(np.float32)
        if any(after[0].documents[after[1]] < before[0].documents[before[2] - 1] for before, after in pairwise(parts)):
            # Small segments were merged behind a large one that came after some of them.
            order = np.argsort(documents, kind="stable")
            return documents[order], counts[order]
        return documents, counts

    def _match(self, term: str, weight: float, documents: NDArray[np.int64], counts: NDArray[np.float32]) -> TermMatch:
        frequency = len(documents)
        total = max(self.count, frequency)
        told = weight * float(np.log(1 + (total - frequency + 0.5) / (frequency + 0.5)))
        scores = (told * (_K1 + 1)) * counts / (counts + self._norms[documents])
        return TermMatch(term, documents, scores.astype(np.float32), told)
