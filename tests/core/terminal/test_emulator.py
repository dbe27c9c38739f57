"""The emulator: what is shown after what was printed."""

from __future__ import annotations

import pytest

from ramet.terminal.emulator import ScreenEmulator
from ramet.terminal.protocol import Emulator, Style


def shown(emulator: Emulator) -> list[str]:
    """Return the rows of the screen without trailing spaces."""
    rows = range(emulator.screen_top, emulator.screen_top + emulator.rows)
    return ["".join(run.text for run in emulator.runs(row)).rstrip() for row in rows]


def styles(emulator: Emulator, row: int = 0) -> list[Style]:
    return [run.style for run in emulator.runs(row)]


def screen(printed: str | bytes, columns: int = 20, rows: int = 4) -> ScreenEmulator:
    emulator = ScreenEmulator(columns, rows)
    emulator.feed(printed.encode() if isinstance(printed, str) else printed)
    return emulator


def test_sequences_of_vim_with_a_private_prefix_are_not_taken_for_styles() -> None:
    emulator = screen("\x1b[>4;2m\x1b[?4mplain")

    assert [run.style for run in emulator.runs(0)] == [emulator.runs(0)[0].style]
    assert not emulator.runs(0)[0].style.underline


def test_a_long_line_is_wrapped_anew_in_another_width_and_the_cursor_stays_with_it() -> None:
    emulator = screen("abcdefghijklmnopqrstuvwxyz")

    emulator.resize(10, 4)

    assert shown(emulator) == ["abcdefghij", "klmnopqrst", "uvwxyz", ""]
    assert (emulator.cursor.row, emulator.cursor.column) == (2, 6)


def test_a_flood_of_lines_keeps_the_newest_ten_thousand_and_shows_the_last_screen() -> None:
    emulator = ScreenEmulator(80, 24)
    emulator.feed("".join(f"line {number}\r\n" for number in range(20_000)).encode())

    assert shown(emulator)[:2] == ["line 19977", "line 19978"]
    assert emulator.screen_top - emulator.first_row == 10_000
    assert emulator.text(emulator.first_row, emulator.first_row) == "line 9977"


def test_styles_and_colors_of_every_kind_are_told() -> None:
    emulator = screen(
        "\x1b[1;3;4;7;31mA\x1b[0;2;5;8;9;53;48;5;200mB\x1b[0;38;2;1;2;3;4:3;58:2::9:8:7mC\x1b[22;24;39;59mD\x1b[94;103mE\x1b[21mF"
    )

    assert styles(emulator) == [
        Style(foreground=1, bold=True, italic=True, underline="single", reverse=True),
        Style(background=200, dim=True, blink=True, hidden=True, strike=True, overline=True),
        Style(foreground=0x1010203, underline="curly", underline_color=0x1090807),
        Style(),
        Style(foreground=12, background=11),
        Style(foreground=12, background=11, underline="double"),
    ]


def test_erased_cells_keep_the_background_and_nothing_else_of_the_style() -> None:
    emulator = screen("\x1b[1;31;44mab\x1b[K")

    assert [(run.width, run.style) for run in emulator.runs(0)] == [
        (2, Style(foreground=1, background=4, bold=True)),
        (18, Style(background=4)),
    ]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("\x1b[c", b"\x1b[?62;22c"),
        ("\x1b[>c", b"\x1b[>41;279;0c"),
        ("\x1b[5n", b"\x1b[0n"),
        ("ab\r\nc\x1b[6n", b"\x1b[2;2R"),
        ("\x1b[2;3r\x1b[?6h\x1b[6n", b"\x1b[1;1R"),
        ("\x1b[?2026h\x1b[?2026$p", b"\x1b[?2026;1$y"),
        ("\x1b[?25$p", b"\x1b[?25;1$y"),
        ("\x1b[4$p", b"\x1b[4;2$y"),
    ],
)
def test_a_question_about_the_terminal_is_answered_once(question: str, answer: bytes) -> None:
    emulator = screen(question)

    assert emulator.take_replies() == answer
    assert emulator.take_replies() == b""


@pytest.mark.parametrize(
    "question",
    [
        "\x1b]2;rm -rf\x07\x1b[21t",
        "\x1b]1;x\x07\x1b[20t",
        "\x1b]52;c;?\x07",
        "\x1b]52;c;cm0=\x1b\\\x1b]52;c;?\x1b\\",
        "\x1b]4;1;?\x07\x1b]10;?\x07\x1b]11;?\x07",
        "\x1bP$qm\x1b\\",
        "\x1bP+q544e\x1b\\",
        "\x1b[>q",
        "\x1b[?7777$p\x1b[7777$p",
        "\x1b[18t\x1b[14t\x1b[x\x1b[?15n",
        "\x05",
        "\x1b_Ga=q;x\x1b\\",
    ],
)
def test_a_question_whose_answer_the_program_could_choose_is_not_answered(question: str) -> None:
    assert screen(question).take_replies() == b""


def test_a_program_that_asks_without_reading_gets_a_bounded_answer() -> None:
    assert len(screen("\x1b[6n" * 100_000).take_replies()) <= 4096


def test_the_title_is_held_without_control_characters_and_bounded() -> None:
    assert screen("\x1b]0;make\u202e \x01all\x07").title == "make\ufffd all"
    assert screen("\x1b]2;" + "long " * 1000 + "\x1b\\").title == ("long " * 100)[:256]
    assert screen("\x1b]0;kept\x07\x1b]0;" + "x" * 70_000 + "\x07").title == "kept"
    assert screen("\x1b]0;one\x07\x1b[22;0t\x1b]0;two\x07\x1b[23;0t").title == "one"


def test_a_string_without_an_end_takes_no_memory_and_ends_at_the_next_sequence() -> None:
    emulator = screen("\x1b]0;" + "x" * 1_000_000)
    emulator.feed(b"still inside\x1b[mshown")

    assert shown(emulator)[0] == "shown"
    assert emulator.title == ""


def test_modes_tell_what_keys_mouse_and_paste_must_heed() -> None:
    modes = screen("\x1b[?1h\x1b=\x1b[?2004;1004;1002;1006;2026h\x1b[?1049h").modes

    assert modes == (True, True, True, "drag", True, True, True, True, True)
    assert screen("\x1b[?1003h\x1b[?1003l\x1b[?2004h\x1bc").modes == ScreenEmulator(20, 4).modes


def test_the_cursor_has_the_shape_that_the_program_chose() -> None:
    def cursor(printed: str) -> tuple[object, ...]:
        return screen(printed).cursor[2:]

    assert cursor("") == (True, "block", False)
    assert cursor("\x1b[3 q") == (True, "underline", True)
    assert cursor("\x1b[6 q\x1b[?25l") == (False, "bar", False)
    assert cursor("\x1b[6 q\x1b[0 q") == (True, "block", False)
    assert cursor("\x1b[99 q") == (True, "block", False)


def test_the_alternate_screen_has_no_scrollback_and_leaves_the_main_one_as_it_was() -> None:
    emulator = screen("1\r\n2\r\n3\r\n4\r\n5\x1b[?1049h" + "full\r\n" * 50)

    assert emulator.first_row == emulator.screen_top == 1
    assert emulator.runs(0) == ()

    emulator.feed(b"\x1b[?1049l")

    assert emulator.first_row == 0
    assert emulator.text(0, 4) == "1\n2\n3\n4\n5"


def test_clearing_the_screen_keeps_what_was_on_it_in_the_scrollback_until_that_is_cleared() -> None:
    emulator = screen("one\r\ntwo\x1b[H\x1b[2J")

    assert emulator.text(emulator.first_row, emulator.screen_top) == "one\ntwo\n"

    emulator.feed(b"\x1b[3J")

    assert emulator.first_row == emulator.screen_top


def test_wrapped_rows_are_one_line_of_text_before_and_after_any_resize() -> None:
    line = "".join(chr(97 + number % 26) for number in range(75))
    emulator = screen(f"start\r\n{line}\r\n\x1b[31m{'日本' * 14}\x1b[m\r\nend")
    expected = f"start\n{line}\n{'日本' * 14}\nend"
    for columns, rows in ((20, 4), (7, 3), (33, 9), (5, 1), (200, 50), (20, 4)):
        emulator.resize(columns, rows)

        assert emulator.text(emulator.first_row, emulator.screen_top + rows - 1).rstrip("\n") == expected
        assert emulator.text(emulator.cursor.row, emulator.cursor.row) == "end"
        assert emulator.cursor.column == 3


def test_long_lines_of_a_flood_are_cut_where_the_program_does_not_want_them_wrapped() -> None:
    emulator = screen("\x1b[?7l" + ("0123456789" * 3 + "\r\n") * 200)

    assert shown(emulator) == ["01234567890123456789"] * 3 + [""]
    assert not any(emulator.is_wrapped(row) for row in range(emulator.first_row, emulator.screen_top + 4))


@pytest.mark.parametrize("buffer", ["", "\x1b[?1049h"])
def test_a_cursor_right_of_a_narrower_screen_moves_to_its_last_column(buffer: str) -> None:
    emulator = screen(f"{buffer}\x1b[2;20H")

    emulator.resize(19, 4)
    emulator.feed(b"x")

    assert shown(emulator) == ["", " " * 18 + "x", "", ""]


def test_a_character_that_waits_to_wrap_still_does_after_a_resize() -> None:
    emulator = screen("abcdefghij")

    emulator.resize(10, 4)
    emulator.feed(b"k")

    assert shown(emulator) == ["abcdefghij", "k", "", ""]


def test_a_screen_that_was_cleared_stays_clear_when_it_is_resized() -> None:
    emulator = screen("".join(f"{number}\r\n" for number in range(30)) + "\x1b[H\x1b[2J$ ")

    emulator.resize(30, 8)

    assert shown(emulator) == ["$", *[""] * 7]


def test_marks_follow_their_lines_through_scrolling_and_resizing_and_go_with_them() -> None:
    emulator = ScreenEmulator(20, 4, scrollback=10)
    emulator.mark(1)
    emulator.feed(b"first command\r\n" + b"x" * 50 + b"\r\n")
    emulator.mark(2)
    emulator.feed(b"second command\r\n")

    def lines() -> dict[int, str]:
        return {number: emulator.text(row, row)[:6] for number, row in emulator.marks().items()}

    assert lines() == {1: "first ", 2: "second"}

    emulator.resize(10, 3)

    assert lines() == {1: "first ", 2: "second"}

    emulator.resize(60, 5)
    emulator.feed(b"line\r\n" * 12)

    assert lines() == {2: "second"}

    emulator.feed(b"line\r\n" * 5000)

    assert lines() == {}


def test_a_mark_that_is_set_again_moves() -> None:
    emulator = screen("")
    emulator.mark(7)
    emulator.feed(b"\r\n\r\n")
    emulator.mark(7)

    assert emulator.marks() == {7: 2}


def test_a_row_that_is_read_or_a_size_that_makes_no_sense_raises_nothing() -> None:
    emulator = screen("text")
    emulator.resize(0, -5)

    assert (emulator.columns, emulator.rows) == (2, 1)
    assert emulator.runs(-1) == emulator.runs(99) == ()
    assert not emulator.is_wrapped(99)
    assert emulator.text(5, 3) == ""


def test_the_revision_grows_when_something_may_have_changed() -> None:
    emulator = screen("")
    before = emulator.revision
    emulator.feed(b"\xe6\x97")

    assert emulator.revision == before

    emulator.feed(b"\xa5")

    assert emulator.revision > before
    assert shown(emulator)[0] == "日"
