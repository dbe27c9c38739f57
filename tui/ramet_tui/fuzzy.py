"""Fuzzy ranking of paths and names: pure, and quick enough for a hundred thousand candidates in a thread."""

from __future__ import annotations

import heapq
import re
from collections.abc import Sequence

from msgspec import Struct

MAX_SCORED = 5_000
"""More candidates than this are not scored one by one: a query that short is not a wish for a good order yet."""

_WORD_STARTS = frozenset("/_-. ")


class FuzzyMatch(Struct, frozen=True):
    """A candidate and the positions of its characters that matched."""

    text: str
    positions: tuple[int, ...]
    score: float


def rank(query: str, candidates: Sequence[str], limit: int) -> list[FuzzyMatch]:
    """Return the candidates that hold the characters of the query in order, best first; blanks in the query are ignored.

    An empty query gives the first candidates as they are.
    """
    wanted = "".join(query.lower().split())
    if not wanted:
        return [FuzzyMatch(text, (), 0.0) for text in candidates[:limit]]
    found = _filter(wanted, candidates)
    if len(found) > MAX_SCORED:
        found = heapq.nsmallest(MAX_SCORED, found, key=lambda text: (wanted not in text.lower().rpartition("/")[2], len(text)))
    scored = (match for text in found if (match := match_one(wanted, text)) is not None)
    return heapq.nsmallest(limit, scored, key=lambda match: (-match.score, len(match.text), match.text))


def _filter(wanted: str, candidates: Sequence[str]) -> list[str]:
    pieces = [re.escape(wanted[0])]
    pieces.extend(f"[^{re.escape(char)}]*{re.escape(char)}" for char in wanted[1:])
    search = re.compile("".join(pieces), re.IGNORECASE | re.DOTALL).search
    return [text for text in candidates if search(text)]


def match_one(wanted: str, text: str) -> FuzzyMatch | None:
    """Return how a lower-case query without blanks matches one text, None where it does not."""
    lowered = text.lower()
    if len(lowered) != len(text):  # lower-casing a few characters, such as U+0130, changes the length
        lowered = text
    name_start = lowered.rfind("/") + 1
    whole = lowered.find(wanted, name_start)
    if whole < 0:
        whole = _last_at_word_start(lowered, wanted)
    positions = tuple(range(whole, whole + len(wanted))) if whole >= 0 else _scattered(wanted, lowered, name_start)
    if positions is None:
        return None
    return FuzzyMatch(text, positions, _score(text, positions, name_start))


def _last_at_word_start(lowered: str, wanted: str) -> int:
    best = place = lowered.find(wanted)
    while place >= 0:
        if place == 0 or lowered[place - 1] in _WORD_STARTS:
            best = place
        place = lowered.find(wanted, place + 1)
    return best


def _scattered(wanted: str, lowered: str, name_start: int) -> tuple[int, ...] | None:
    """Match inside the file name where that is possible, else from the right end, where paths differ most."""
    forward = _forward(wanted, lowered, name_start)
    if forward is not None:
        return forward
    positions = []
    end = len(lowered)
    for char in reversed(wanted):
        end = lowered.rfind(char, 0, end)
        if end < 0:
            return None
        positions.append(end)
    return tuple(reversed(positions))


def _forward(wanted: str, lowered: str, start: int) -> tuple[int, ...] | None:
    positions = []
    for char in wanted:
        place = lowered.find(char, start)
        if place < 0:
            return None
        positions.append(place)
        start = place + 1
    return tuple(positions)


def _score(text: str, positions: tuple[int, ...], name_start: int) -> float:
    score = 0.0
    previous = -2
    for place in positions:
        score += 1.0
        if place == previous + 1:
            score += 1.5
        if place == 0 or text[place - 1] in _WORD_STARTS or (text[place].isupper() and text[place - 1].islower()):
            score += 1.2
        if place >= name_start:
            score += 0.8
        previous = place
    if positions[0] == name_start:
        score += 2.0
    return score - 0.004 * len(text)
