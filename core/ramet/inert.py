"""Text from repositories and models made harmless for a terminal.

File names, code, command output and model answers may hold escape sequences. Before any of it reaches a real terminal, or
a widget that might pass it on, control characters become visible pictures and cannot act.
"""

from __future__ import annotations

import re

_TABLE: dict[int, str] = {code: chr(0x2400 + code) for code in range(0x20)}
"""C0 controls become the Unicode control pictures (U+2400 block)."""
_TABLE |= {0x7F: "\u2421"}
_TABLE |= dict.fromkeys(range(128, 160), "�")
_TABLE |= dict.fromkeys((1564, 8206, 8207, *range(8234, 8239), *range(8294, 8298)), "�")
"""Bidirectional controls reorder what is shown (CVE-2021-42574), so they are shown as replacement characters."""
_TABLE |= dict.fromkeys(range(55296, 57344), "�")
_RAW_BYTES = {code: f"\\x{code - 0xEF00:02x}" for code in range(0xEF80, 0xF000)}
"""Raw bytes of file names, see `ramet.paths`."""

_LINE_TABLE = _TABLE | _RAW_BYTES
_BLOCK_TABLE = {code: picture for code, picture in _TABLE.items() if code not in (0x09, 0x0A)}

_ACTIVE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\uef80-\uefff]")


def inert_line(text: str) -> str:
    """Return text for one line: no character of it can move the cursor, start a sequence or break the line."""
    return text.translate(_LINE_TABLE) if _ACTIVE.search(text) else text


def inert_block(text: str) -> str:
    """Return text for several lines: as `inert_line`, but line feeds and tabs stay and CR LF becomes LF."""
    return text.replace("\r\n", "\n").translate(_BLOCK_TABLE) if _ACTIVE.search(text) else text
