"""The emulator: what is shown after what was printed."""

from __future__ import annotations

from ramet.terminal.emulator import ScreenEmulator
from ramet.terminal.protocol import Emulator


def shown(emulator: Emulator) -> list[str]:
    """Return the rows of the screen without trailing spaces."""
    rows = range(emulator.screen_top, emulator.screen_top + emulator.rows)
    return ["".join(run.text for run in emulator.runs(row)).rstrip() for row in rows]


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
