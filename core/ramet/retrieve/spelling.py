"""Finds the words of the code that a misspelt word of a question may mean."""

from __future__ import annotations

from collections.abc import Iterable

_SHORTEST = 4
"""Shorter words have too many neighbours."""
_LONG = 9
"""From this length on two edits are allowed."""


def neighbours(word: str, vocabulary: Iterable[str]) -> list[str]:
    """Return the words of `vocabulary` that are one edit away, or two where the word is long; the nearest first."""
    if len(word) < _SHORTEST or not word.isascii():
        return []
    most = 2 if len(word) >= _LONG else 1
    letters = set(word)
    found: list[tuple[int, str]] = []
    for candidate in vocabulary:
        if abs(len(candidate) - len(word)) > most or len(letters.symmetric_difference(candidate)) > 2 * most:
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
