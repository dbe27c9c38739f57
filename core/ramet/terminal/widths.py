"""How many cells a character takes, and the classes of characters that the emulator tells apart.

The table agrees with what the app measures when it draws (`rich.cells`), which a test compares code point by code point.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from ramet.terminal.width_table import DOUBLE_WIDTH, WIDENED, ZERO_WIDTH

ZERO_WIDTH_JOINER = "\u200d"
EMOJI_SELECTOR = "\ufe0f"
"""Variation selector 16: the character before it is drawn as an emoji."""

_LAST_BMP = 0xFFFF


def _ranges(table: str) -> Iterator[tuple[int, int]]:
    for part in table.split():
        first, _, last = part.partition("-")
        yield int(first, 16), int(last or first, 16)


_ODD = sorted([(*span, 0) for span in _ranges(ZERO_WIDTH)] + [(*span, 2) for span in _ranges(DOUBLE_WIDTH)])
"""Every range of characters that do not take one cell, with how many they take."""
_ODD_STARTS = [first for first, _, _ in _ODD]
_WIDENED = frozenset(chr(code) for first, last in _ranges(WIDENED) for code in range(first, last + 1))


@lru_cache(maxsize=4096)
def width(character: str) -> int:
    """Return how many cells a printable character takes: 0, 1 or 2."""
    code = ord(character)
    at = bisect_right(_ODD_STARTS, code) - 1
    if at >= 0 and code <= _ODD[at][1]:
        return _ODD[at][2]
    return 1


def is_widened_by_selector(character: str) -> bool:
    """Whether a character of one cell takes two when variation selector 16 follows."""
    return character in _WIDENED


def _complement() -> str:
    """Return the printable characters of one cell of the basic plane, as the inside of a character class."""
    parts = [" -~"]
    start = 0xA0
    for first, last, _ in [*_ODD, (_LAST_BMP + 1, _LAST_BMP + 1, 0)]:
        if start <= min(first - 1, _LAST_BMP):
            parts.append(f"\\u{start:04x}-\\u{min(first - 1, _LAST_BMP):04x}")
        start = max(start, last + 1)
        if start > _LAST_BMP:
            break
    return "".join(parts)


NARROW = _complement()
"""Characters of one cell for a regular expression. Rare ones, beyond the basic plane, are left out: they make the class slow."""

WIDE = "".join(f"\\u{first:04x}-\\u{last:04x}" for first, last in _ranges(DOUBLE_WIDTH) if last <= _LAST_BMP)
"""Characters of two cells for a regular expression, without those beyond the basic plane."""
