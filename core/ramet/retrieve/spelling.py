"""Finds the words of the code that a misspelt word of a question may mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

_SHORTEST = 4
"""Shorter words have too many neighbours."""
_LONG = 9
"""From this length on two edits are allowed."""


class Vocabulary:
    """Words that can be looked through for those like another one."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted(words)
        self._sizes = np.fromiter(map(len, self._words), np.int64, len(self._words))
        letters = np.frombuffer("".join(self._words).encode("latin-1", "replace"), np.uint8)
        bits = np.uint64(1) << (letters % np.uint8(64)).astype(np.uint64)
        starts = np.cumsum(self._sizes) - self._sizes
        self._letters = np.bitwise_or.reduceat(bits, starts[self._sizes > 0]) if len(letters) else np.zeros(0, np.uint64)
        self._words = [word for word in self._words if word]
        self._sizes = self._sizes[self._sizes > 0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def like(self, word: str, edits: int) -> Iterator[str]:
        """Yield the words of about that length and of about those letters, among them all that are so many edits away."""
        letters = np.bitwise_or.reduce([np.uint64(1) << np.uint64(ord(letter) % 64) for letter in word])
        is_like = np.bitwise_count(self._letters ^ letters) <= 2 * edits
        is_like &= np.abs(self._sizes - len(word)) <= edits
        return map(self._words.__getitem__, np.flatnonzero(is_like).tolist())


def neighbours(word: str, vocabulary: Vocabulary) -> list[str]:
    """Return the words of `vocabulary` that are one edit away, or two where the word is long; the nearest first."""
    if len(word) < _SHORTEST or not word.isascii():
        return []
    most = 2 if len(word) >= _LONG else 1
    letters = set(word)
    found: list[tuple[int, str]] = []
    for candidate in vocabulary.like(word, most):
        if len(letters.symmetric_difference(candidate)) > 2 * most:
            continue
        distance = _distance(word, candidate, most)
        if distance <= most:
            found.append((distance, candidate))
    return [candidate for _, candidate in sorted(found)]


def _distance(first: str, second: str, most: int) -> int:
    """Return the number of edits (insert, delete, replace, swap neighbours) between two words; above `most` any such number."""
    before: list[int] = []
    row = list(range(len(second) + 1))
    for index, left in enumerate(first, 1):
        older, before = before, row
        row = [index]
        for place, right in enumerate(second, 1):
            cost = min(before[place] + 1, row[-1] + 1, before[place - 1] + (left != right))
            if index > 1 and place > 1 and left == second[place - 2] and first[index - 2] == right:
                cost = min(cost, older[place - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
