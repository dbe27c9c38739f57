"""Takes secrets out of text before it is stored, shown to a model or sent anywhere.

A secret becomes a placeholder such as `<secret:github-token#1>`. One redactor gives the same secret the same placeholder, so
that what is left can still be reasoned about, and nothing of the secret can be got back from it. Text must be plain
(`plain_text`): a colour inside a secret would hide it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets as randomness
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from threading import Lock
from typing import NamedTuple

from ramet.terminal.secrets import CONTEXTS, FORMS, NAMED, NAMED_WORDS, SecretRule, looks_secret, named_value

_FINGERPRINT_BYTES = 12
_SHORTEST_REPEAT = 8
"""Characters of a secret that is also looked for where nothing tells it: shorter ones may be ordinary words."""
_REMEMBERED = 64
"""Secrets that a redactor knows again in later texts; each costs a search."""
_LONG_LINE = 4000
"""Characters; of a longer line only what is around a telling word is looked at."""
_BEFORE, _AFTER = 600, 4600
"""Characters around a telling word that a rule may need."""
_SHORTEST_WRAPPED = 20
"""Columns of the narrowest terminal whose wrapping is recognised."""
_NARROWEST = 60
"""Columns of the narrowest terminal of which the longest line tells the width: below, it is mostly just a longer line."""
_WIDTHS = frozenset((80, 100, 120, 132, 160, 200))
"""Usual widths of terminals."""
_LONGEST_WORD = 20
"""Characters of the next line that may end a word which tells a secret."""
_MOST_ROWS = 50
"""Rows of a broken secret."""
_LONGEST_START = 200
"""Characters at the end of a line in which the beginning of a broken secret is looked for."""
_WRAP = re.compile(
    r"\n(?<=[A-Za-z0-9_+/=.~%:@!#$^&*?-]\n)(?=[A-Za-z0-9_+/=.~%:@!#$^&*?-])(?!\d{4}[-/]\d\d[-/]\d\d[ T]|\d\d:\d\d:\d\d)"
)
"""A line feed in the middle of a word; what begins with a date or a time is a line of its own."""


class _Found(NamedTuple):
    told_from: int
    """Where the words begin that tell it."""
    start: int
    end: int
    kind: str
    secret: str
    is_distinct: bool


class Redactor:
    """Replaces secrets and remembers which number each one got; may be used by several threads.

    `key` and `numbers` must be kept together to give the same placeholders in a later process. `numbers` holds keyed
    fingerprints, never secrets: without the key nothing can be tried against them.
    """

    def __init__(self, key: bytes = b"", numbers: Mapping[str, int] | None = None) -> None:
        self._remembered: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()
        self.agree(key or randomness.token_bytes(32), numbers or {})

    def agree(self, key: bytes, numbers: Mapping[str, int]) -> None:
        """Go on with the key and the numbers that another process has written down."""
        with self._lock:
            self.key = key
            self._numbers = dict(numbers)
            self._counts: dict[str, int] = {}
            for name, number in self._numbers.items():
                kind = name.partition(" ")[0]
                self._counts[kind] = max(self._counts.get(kind, 0), number)

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each secret that was met, by its kind and keyed fingerprint."""
        with self._lock:
            return dict(self._numbers)

    def redact(self, text: str) -> str:
        """Return the text with a placeholder for each secret; without secrets the same text."""
        with self._lock:
            found = _secrets_of(text, self._remembered)
            if not found:
                return text
            parts: list[str] = []
            place = 0
            for one in found:
                parts += (text[place : one.start], self._placeholder(one))
                place = one.end
            parts.append(text[place:])
            return "".join(parts)

    def _placeholder(self, found: _Found) -> str:
        if len(found.secret) >= _SHORTEST_REPEAT and found.kind != "private-key" and not found.secret.isalpha():
            self._remembered[found.secret] = found.kind
            self._remembered.move_to_end(found.secret)
            if len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        secret = found.secret.encode("utf-8", "surrogatepass")
        fingerprint = hmac.new(self.key, secret, hashlib.sha256).digest()[:_FINGERPRINT_BYTES].hex()
        name = f"{found.kind} {fingerprint}"
        number = self._numbers.get(name)
        if number is None:
            number = self._counts[found.kind] = self._counts.get(found.kind, 0) + 1
            self._numbers[name] = number
        return f"<secret:{found.kind}#{number}>"


def redact(text: str) -> str:
    """Return the text with a placeholder for each secret, numbered from 1 in this text."""
    return Redactor().redact(text)


def _secrets_of(text: str, known: Mapping[str, str]) -> list[_Found]:
    """Return the secrets of a text in order, none overlapping."""
    found = list(_matches(text))
    found += _wrapped(text, found)
    values = {one.secret: one.kind for one in found if len(one.secret) >= _SHORTEST_REPEAT and not one.secret.isalpha()}
    for secret, kind in {**known, **values}.items():
        place = text.find(secret)
        while place >= 0:
            found.append(_Found(place, place, place + len(secret), kind, secret, False))
            place = text.find(secret, place + len(secret))
    return _merged(found)


def _merged(found: list[_Found]) -> list[_Found]:
    merged: list[_Found] = []
    for one in sorted(found, key=lambda each: (each.start, -each.end)):
        if not merged or one.start >= merged[-1].end:
            merged.append(one)
            continue
        last = merged[-1]
        if one.end <= last.end and not (
            one.is_distinct and not last.is_distinct and one.end - one.start > (last.end - last.start) // 2
        ):
            continue
        teller = one if one.is_distinct and not last.is_distinct else last
        merged[-1] = teller._replace(start=min(last.start, one.start), end=max(last.end, one.end))
    return merged


def _any_of(needles: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern for the first of some words: grouped by their first letters, which is what makes it fast."""
    shortest: list[str] = []
    for needle in sorted(set(needles)):
        if not shortest or not needle.startswith(shortest[-1]):
            shortest.append(needle)
    groups: dict[str, list[str]] = {}
    for needle in shortest:
        groups.setdefault(needle[0], []).append(re.escape(needle[1:]))
    return re.compile("|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in groups.items()))


_STARTS = _any_of(needle for rule in FORMS if not rule.is_inside for needle in rule.needles)
_INSIDE = _any_of(needle for rule in FORMS for needle in rule.needles)
_TELLING = _any_of([*NAMED_WORDS, *(needle for rule in CONTEXTS for needle in rule.needles)])


class _RulesByStart(dict[str, tuple[SecretRule, ...]]):
    """The rules that are worth trying where one of their needles begins."""

    def __missing__(self, start: str) -> tuple[SecretRule, ...]:
        self[start] = rules = tuple(rule for rule in FORMS if any(needle.startswith(start) for needle in rule.needles))
        return rules


_rules_by_start = _RulesByStart()


def _matches(text: str) -> Iterator[_Found]:
    for start in _STARTS.finditer(text):
        for rule in _rules_by_start[start[0]]:
            match = rule.pattern.match(text, start.start())
            if match:
                yield _found(text, rule, match, is_distinct=True)
    for rule in FORMS:
        if rule.is_inside and any(needle in text for needle in rule.needles):
            for match in rule.pattern.finditer(text):
                yield _found(text, rule, match, is_distinct=True)
    yield from _told(text)


def _told(text: str) -> Iterator[_Found]:
    """Find the secrets that the words before them tell."""
    lower = text.lower()
    if len(lower) != len(text):  # a few letters of other alphabets grow
        lower = "".join(char.lower() if char.isascii() else char for char in text)
    for start, end in _windows(lower):
        window = lower[start:end]
        for rule in CONTEXTS:
            if rule.also in window and any(needle in window for needle in rule.needles):
                for match in rule.pattern.finditer(lower, start, end):
                    found = _found(text, rule, match, is_distinct=False)
                    if looks_secret(found.secret):
                        yield found
        for match in NAMED.finditer(lower, start, end):
            value = named_value(text, match)
            if value:
                yield _Found(match.start(), value[0], value[1], value[2], text[value[0] : value[1]], False)


def _found(text: str, rule: SecretRule, match: re.Match[str], is_distinct: bool) -> _Found:
    start, end = match.span(match.lastindex or 0)
    return _Found(match.start(), start, end, rule.kind, text[start:end], is_distinct)


def _windows(lower: str) -> Iterator[tuple[int, int]]:
    """Return the lines that hold a telling word, neighbours together; of very long lines what is around it."""
    first = last = -1
    place = 0
    while match := _TELLING.search(lower, place):
        start = lower.rfind("\n", 0, match.start()) + 1
        end = lower.find("\n", match.end())
        end = place = len(lower) if end < 0 else end
        if end - start > _LONG_LINE:
            start, end = max(start, match.start() - _BEFORE), min(end, match.start() + _AFTER)
            place = min(match.start() + _AFTER // 2, end)
        if first >= 0 and start != last + 1:
            yield first, last
            first = start
        first, last = (start if first < 0 else first), end
    if first >= 0:
        yield first, last


class _Unwrapped(NamedTuple):
    """Lines that a terminal may have broken, made whole again."""

    start: int
    """Where they begin in the text in which all of them are joined."""
    origin: int
    """Where they begin in the text that was printed."""
    gaps: tuple[int, ...]
    """Offsets in the joined text before which a line feed was taken out."""
    is_full: bool
    """Whether they are as wide as a terminal would be."""

    def restored(self, place: int) -> int:
        """Return the offset in the printed text of one in the joined text."""
        return self.origin + place - self.start + bisect_right(self.gaps, place)


def _unwrapped(text: str) -> tuple[str, list[_Unwrapped]]:
    longest = max(map(len, text.split("\n")))
    groups: list[_Unwrapped] = []
    parts: list[str] = []
    size = 0
    for group in _broken(text, longest):
        start = text.rfind("\n", 0, group[0]) + 1
        end = text.find("\n", group[-1] + 1)
        part = text[start : end if end >= 0 else len(text)].replace("\n", "")
        gaps = tuple(size + gap - start - index for index, gap in enumerate(group))
        groups.append(_Unwrapped(size, start, gaps, _is_full(group[0] - start, longest)))
        parts.append(part)
        size += len(part) + 1
    return "\n".join(parts), groups


def _wrapped(text: str, found: list[_Found]) -> Iterator[_Found]:
    """Find secrets that a terminal has broken at its width."""
    joined, groups = _unwrapped(text)
    if not groups:
        return
    starts = [group.start for group in groups]
    known = {one.start for one in found}
    for one in _matches(joined):
        group = groups[bisect_right(starts, one.start) - 1]
        is_broken = bisect_right(group.gaps, one.told_from) < bisect_right(group.gaps, one.end - 1)
        start = group.restored(one.start)
        if is_broken and (group.is_full or (one.is_distinct and start not in known)):
            yield one._replace(told_from=start, start=start, end=group.restored(one.end - 1) + 1)


def _is_full(width: int, longest: int) -> bool:
    return width in _WIDTHS or (width == longest and width >= _NARROWEST)


def _broken(text: str, longest: int) -> Iterator[list[int]]:
    """Find the line feeds that a terminal may have put there, those of neighbouring lines together.

    The next line must not be longer, and what stands around the line feed, or begins at most so many rows before it, must be
    able to belong to a secret.
    """
    group: list[int] = []
    following = -1
    rows_left = 0
    for match in _WRAP.finditer(text):
        place = match.start()
        start = text.rfind("\n", 0, place) + 1
        width = place - start
        end = text.find("\n", place + 1)
        end = len(text) if end < 0 else end
        if width < _SHORTEST_WRAPPED or end - place - 1 > width:
            continue
        goes_on = bool(group) and place == following
        around = text[max(start, place - _LONGEST_START) : place] + text[place + 1 : min(end, place + _LONGEST_WORD)]
        if _may_begin(around, _is_full(width, longest)):
            rows_left = _MOST_ROWS
        elif not goes_on or rows_left <= 0:
            continue
        if group and not goes_on:
            yield group
            group = []
        group.append(place)
        following = end
        rows_left -= 1
    if group:
        yield group


def _may_begin(around: str, is_full: bool) -> bool:
    """Whether a secret may begin in the text around the end of a line; where the line is not full, only a known form."""
    return bool(_INSIDE.search(around) or (is_full and _TELLING.search(around.lower())))
