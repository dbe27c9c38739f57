"""Files as the viewer shows them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ramet_tui.widgets.viewer.document import MAX_WIDE_LINE, Document, Match, display_line
from ramet_tui.widgets.viewer.source import MAX_SHOWN_BYTES, DocumentSource


@pytest.mark.parametrize(
    ("raw", "drawn"),
    [
        ("a\tb", "a   b"),
        ("\tx", "    x"),
        ("漢\tb", "漢  b"),
        ("\x1b[31mred", "␛[31mred"),
        ("left\u202eright", "left�right"),
    ],
)
def test_lines_are_drawn_with_tabs_expanded_and_controls_inert(raw: str, drawn: str) -> None:
    assert display_line(raw).text == drawn


def test_columns_of_the_file_are_found_behind_tabs() -> None:
    line = display_line("\tdef\tf")

    assert [line.column(place) for place in (0, 1, 4, 5, 6)] == [0, 4, 7, 8, 9]


def test_a_very_long_line_of_wide_characters_is_cut() -> None:
    assert len(display_line("漢" * 100_000).text) == MAX_WIDE_LINE + 1


def test_a_very_long_ascii_line_is_whole() -> None:
    assert len(display_line("x" * 1_000_000).text) == 1_000_000


def test_only_line_feeds_end_lines() -> None:
    document = Document("a", "one\x0btwo\r\nthree\u2028four\n")

    assert document.lines == ["one\x0btwo", "three\u2028four"]


def test_finding_ignores_case_until_a_capital_is_typed() -> None:
    document = Document("a", "Cart cart\n  CART\n")

    assert document.find("cart") == [Match(0, 0, 4), Match(0, 5, 9), Match(1, 2, 6)]
    assert document.find("Cart") == [Match(0, 0, 4)]


def test_the_width_is_that_of_the_widest_line() -> None:
    assert Document("a", "abc\n漢字漢字\n\tx\n").width == 8


@pytest.fixture
def source(tmp_path: Path) -> DocumentSource:
    (tmp_path / "inside").mkdir()
    return DocumentSource(tmp_path / "inside")


def test_text_is_read_with_its_language(source: DocumentSource) -> None:
    (source.root / "a.py").write_bytes(b"\xef\xbb\xbfx = 1\n")
    document = source.load("a.py")

    assert (document.state, document.language, document.lines) == ("text", "python", ["x = 1"])


def test_utf_16_is_read(source: DocumentSource) -> None:
    (source.root / "a.txt").write_bytes("ähm\n".encode("utf-16"))

    assert source.load("a.txt").lines == ["ähm"]


@pytest.mark.parametrize("name", ["../outside.txt", "link.txt", "folder/secret.txt", "/etc/passwd"])
def test_nothing_outside_the_root_is_read(source: DocumentSource, name: str) -> None:
    outside = source.root.parent
    (outside / "outside.txt").write_text("secret")
    (outside / "secret.txt").write_text("secret")
    (source.root / "link.txt").symlink_to(outside / "outside.txt")
    (source.root / "folder").symlink_to(outside)
    document = source.load(name)

    assert not document.is_shown
    assert "secret" not in document.text


def test_what_is_not_shown_says_why(source: DocumentSource) -> None:
    (source.root / "data.bin").write_bytes(b"\0\1")
    (source.root / "empty.txt").write_bytes(b"")
    with (source.root / "huge.txt").open("wb") as huge:
        huge.truncate(MAX_SHOWN_BYTES + 1)
    os.mkfifo(source.root / "pipe")

    states = {name: source.load(name).state for name in ("data.bin", "empty.txt", "huge.txt", "pipe", "gone.txt")}
    assert states == {"data.bin": "binary", "empty.txt": "empty", "huge.txt": "huge", "pipe": "special", "gone.txt": "gone"}


def test_a_change_on_the_disk_changes_the_stamp(source: DocumentSource) -> None:
    file = source.root / "a.txt"
    file.write_text("one")
    before = source.stamp("a.txt")
    file.write_text("one two")

    assert source.stamp("a.txt") != before
    assert source.stamp("gone.txt") is None


def test_colours_name_theme_variables(source: DocumentSource) -> None:
    colours = source.colours(Document("a.py", "def f():\n    return 'x'\n", language="python"))

    assert colours is not None
    first, second = colours.lines(0, 1)
    assert (0, 3, "syntax-keyword") in first
    assert (4, 5, "syntax-function") in first
    assert (11, 14, "syntax-string") in second
