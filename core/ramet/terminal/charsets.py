"""The character sets that programs still use beside Unicode: line drawing and the British pound.

Source: the VT220 manual, table 2-4.
"""

from __future__ import annotations

_DRAWING = dict(zip(range(0x5F, 0x7F), " ◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·", strict=True))
_TABLES = {"0": _DRAWING, "A": {ord("#"): "£"}}


def mapped(text: str, charset: str) -> str:
    """Return text as a character set shows it; sets that are not known show it as it is."""
    table = _TABLES.get(charset)
    return text.translate(table) if table else text


def is_mapped(charset: str) -> bool:
    """Whether a character set shows anything else than ASCII does."""
    return charset in _TABLES
