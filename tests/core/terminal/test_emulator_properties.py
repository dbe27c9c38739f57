"""What holds of the emulator whatever a program prints."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from rich._unicode_data import load
from rich.cells import cell_len, get_character_cell_size

from ramet.terminal.emulator import ScreenEmulator
from ramet.terminal.widths import width
from tests.core.terminal.streams import FRAGMENTS, state, stream

SIZE = (24, 7)
streams = st.builds(
    lambda seed, pieces: stream(random.Random(seed), pieces), st.integers(0, 2**32), st.integers(0, 60)
) | st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=8), max_size=40).map(b"".join)


@settings(max_examples=150, deadline=None)
@given(streams, st.integers(0, 2**32))
def test_it_does_not_matter_where_a_stream_is_cut(data: bytes, seed: int) -> None:
    whole, cut = ScreenEmulator(*SIZE, scrollback=200), ScreenEmulator(*SIZE, scrollback=200)
    source = random.Random(seed)
    whole.feed(data)
    start = 0
    while start < len(data):
        end = start + source.choice((1, 3, 17, 200, 3000))
        cut.feed(data[start:end])
        start = end

    assert state(cut) == state(whole)
    assert cut.take_replies() == whole.take_replies()


@settings(max_examples=100, deadline=None)
@given(streams, st.integers(2, 60), st.integers(1, 20), st.booleans())
def test_every_row_is_as_wide_as_it_is_drawn_also_after_a_resize(data: bytes, columns: int, rows: int, marks: bool) -> None:
    emulator = ScreenEmulator(*SIZE, scrollback=50)
    emulator.feed(data)
    if marks:
        emulator.mark(1)
    emulator.resize(columns, rows)
    emulator.feed(data[:200])
    for row in range(emulator.first_row, emulator.screen_top + rows):
        runs = emulator.runs(row)

        assert sum(run.width for run in runs) <= columns
        assert all(cell_len(run.text) == run.width for run in runs), runs
    assert 0 <= emulator.cursor.column < columns
    assert 0 <= emulator.cursor.row - emulator.screen_top < rows
    emulator.feed(b"\x1b[?1049l")
    assert all(emulator.first_row <= row < emulator.screen_top + rows for row in emulator.marks().values())


def test_every_character_is_as_wide_as_the_app_draws_it() -> None:
    """Both tables are ranges, so that the characters around their borders and some in between tell."""
    borders = {code + step for first, last, _ in load("auto").widths for code in (first, last) for step in (-1, 0, 1)}
    codes = {*borders, *range(0x3100), *range(0x3100, 0x110000, 37)} - {*range(0x20), *range(0x7F, 0xA0), 0x110000, -1}

    assert [hex(code) for code in sorted(codes) if width(chr(code)) != get_character_cell_size(chr(code))] == []
