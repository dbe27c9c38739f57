"""Streams of bytes to try the emulator on: what programs send, what they should not send, and noise."""

from __future__ import annotations

import random
from collections.abc import Iterable

from ramet.terminal.emulator import ScreenEmulator
from ramet.terminal.protocol import Run
from ramet.terminal.styles import DEFAULT

_SEQUENCES = """
    m 0m 1;31m 44m 38;5;200m 48;2;1;2;3m 4:3;58:2::9:8:7m 7m 38;2m 38m >4;2m ?4m 1:2:3m H 5;5H 99;99H 3;70H 1;;;;;H A 2B C 9D
    12345678901234567890C J 1J 2J 3J K 1K 2K 2L 3M 4@ 4P 5X 2S 2T 7b 99999999b I Z g 3g s u !p 2;5r r 4h 4l 20h 20l ?6h ?6l ?7l
    ?7h ?25l ?1049h ?1049l ?47h ?1047l ?1048h ?1048l ?2004h ?1000;1006h ?2026h c >c 5n 6n ?6n ?7$p 4$p 22;0t 23t 21t 5\x20q
"""
_ESCAPES = (
    "H 7 8 D M E c (0 (B )0 #8 = > n o \\ [ ] P _x ( ]0;title\a ]2;other\x1b\\ ]52;c;?\a ]8;;http://x\x1b\\ "
    "P+q544e\x1b\\ _apc\x1b\\"
)
_TEXTS = [
    "plain text",
    "a",
    "  ",
    "é日本語한",
    "e\u0301",
    "👩\u200d🚀",
    "❤\ufe0f",
    "\u200d",
    "\ufe0f",
    "\u0301",
    "🇩🇪",
    "\U0001d518",
    "\x9b31m",
]
_LONG = "a rather long line of text that wraps around the narrow screen of a test"

FRAGMENTS: tuple[bytes, ...] = (
    *(f"\x1b[{sequence}".encode().decode("unicode_escape").encode() for sequence in _SEQUENCES.split()),
    *(f"\x1b{escape}".encode() for escape in _ESCAPES.split(" ")),
    *(text.encode() for text in (*_TEXTS, _LONG)),
    *(bytes([control]) for control in (*range(0x20), 0x7F)),
    *(b"\r\n", b"\x1b[1\r2;3H", b"\x1b[" + b"1;" * 300 + b"m", b"[", b"]0;", b";", b"?", b"\xff\xfe", b"\xe6\x97"),
)

_LINES = (
    b"line of plain text\r\n",
    b"\x1b[32mgreen\x1b[0m and \x1b[1mbold\x1b[m\r\n",
    b"y\r\n",
    b"\r\n",
    b"tab\tbed\r\n",
    b"\x1b[31mred goes on\r\n",
    b"\x1b[m\x1b[K\r\n",
    _LONG.encode() + b"\r\n",
)


def stream(source: random.Random, pieces: int) -> bytes:
    """Return fragments in any order, and sometimes a flood of lines, or noise."""
    found = []
    for _ in range(pieces):
        kind = source.random()
        if kind < 0.93:
            found.append(source.choice(FRAGMENTS))
        elif kind < 0.96:
            found.append(b"".join(source.choices(_LINES, k=source.randrange(1, 150))))
        elif kind < 0.97:
            found.append(b"\x1b]0;" + b"x" * source.randrange(100_000))
        else:
            found.append(source.randbytes(source.randrange(40)))
    return b"".join(found)


def state(emulator: ScreenEmulator) -> tuple[object, ...]:
    """Return everything that can be seen of an emulator."""
    rows = [shown(emulator.runs(row)) for row in range(emulator.first_row, emulator.screen_top + emulator.rows)]
    wrapped = [row for row in range(emulator.first_row, emulator.screen_top + emulator.rows) if emulator.is_wrapped(row)]
    return rows, wrapped, emulator.cursor, emulator.modes, emulator.title, emulator.bells, dict(emulator.marks())


def shown(runs: Iterable[Run]) -> list[Run]:
    """Return runs without blank cells at the end of a row that look as if they had never been written."""
    found = list(runs)
    while found and found[-1].style == DEFAULT and not found[-1].text.strip(" "):
        found.pop()
    if found and found[-1].style == DEFAULT:
        text = found[-1].text.rstrip(" ")
        found[-1] = found[-1]._replace(text=text, width=found[-1].width - len(found[-1].text) + len(text))
    return found
