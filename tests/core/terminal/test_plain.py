from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ramet.terminal.plain import plain_parts, plain_text

PIECES = [
    b"\x1b[31m",
    b"\x1b[K",
    b"\x1b[2A",
    b"\x1b[9999999C",
    b"\x1b]0;t\x07",
    b"\x1b]52;c;eA==",
    b"\x1bP",
    b"\x1b\\",
    b"\x9b",
    b"\xc2\x9d",
]
PIECES += [
    b"\r",
    b"\n",
    b"\r\n",
    b"\b",
    b"\t",
    b"\x00",
    b"\x7f",
    b"text",
    b"\xc3",
    b"\xa9",
    b"\xe2\x80\xae",
    b"\x1b[H",
    b"\x1b[2J",
    b"\x1b(",
]


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        (b"\x1b[1;31mred\x1b[0m\n", "red\n"),
        (b"a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "ablink"),
        (b"\x1bPq#0;2;0;0;0\x1b\\after", "after"),
        (b"\x1b]52;c;c2VjcmV0\nnext line", "\nnext line"),
        (b"\x1b(0\x0elqk\x0f\x1b(B", "lqk"),
        (b" 10%\r 50%\r100%\ndone", "100%\ndone"),
        (b"long text\rshort", "shorttext"),
        (b"\x1b[2K\x1b[1Gone\x1b[2K\x1b[1Gtwo", "two"),
        (b"passwrd\b\b\bword", "password"),
        (b"one\r\ntwo\r\n", "one\ntwo\n"),
        (b"a 1%\nb 1%\n\x1b[2A\x1b[Ka 99%\n\x1b[Kb 99%\nend", "a 99%\nb 99%\nend"),
        (b"kept\n\x1b[H\x1b[2Jscreen", "kept\nscreen"),
        ("caf\u00e9 \u2713".encode(), "caf\u00e9 \u2713"),
        (b"bad \xff byte", "bad \ufffd byte"),
        ("user\u202etxt".encode(), "user\ufffdtxt"),
    ],
)
def test_text_is_what_a_screen_would_show(printed: bytes, text: str) -> None:
    assert plain_text(printed) == text


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(PIECES), max_size=80).map(b"".join)))
def test_nothing_raises_and_no_control_character_is_left(printed: bytes) -> None:
    text = plain_text(printed)

    assert not [char for char in text if unicodedata.category(char) == "Cc" and char not in "\n\t"]


def test_hostile_movements_cost_no_memory() -> None:
    printed = b"x\x1b[999999999C" * 2000 + b"\x1b[99999999;99999999Hx" * 2000

    assert len(plain_text(printed)) < 2_000_000


def test_a_long_output_keeps_both_ends() -> None:
    printed = b"".join(b"line %d\n" % number for number in range(20000))

    text = plain_text(printed, limit=10_000)

    assert text.startswith("line 0\nline 1\n")
    assert text.endswith("line 19998\nline 19999\n")
    assert "bytes left out ...]\n" in text


@pytest.mark.parametrize("cut", range(1, 48, 3))
def test_no_half_secret_is_left_at_a_gap(cut: int) -> None:
    line = b"token ghp_" + b"aB3" * 12 + b"\n"

    text = plain_parts(b"start\n" + line[:cut], line[cut:] + b"end\n", 1_000)

    assert "ghp_" not in text
    assert "aB3" not in text
    assert text.startswith("start\n[... 1,0")
    assert text.endswith("end\n")
