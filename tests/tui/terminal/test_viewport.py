"""Which rows are shown when some are folded away: pure arithmetic."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ramet_tui.widgets.terminal.viewport import Viewport, VisibleRows


def folded(cuts: list[int], first: int) -> list[tuple[int, int]]:
    """Make ranges that do not overlap of any numbers."""
    places = sorted({first + cut for cut in cuts})
    return list(zip(places[::2], places[1::2], strict=False))


@given(first=st.integers(0, 50), count=st.integers(1, 60), cuts=st.lists(st.integers(-5, 70), max_size=8))
def test_rows_and_their_places_belong_together(first: int, count: int, cuts: list[int]) -> None:
    hidden = folded(cuts, first)
    visible = VisibleRows(first, first + count, hidden)
    expected = [row for row in range(first, first + count) if not any(low <= row <= high for low, high in hidden)]

    assert [visible.row(index) for index in range(len(visible))] == expected
    assert [visible.index(row) for row in expected] == list(range(len(expected)))


@given(count=st.integers(1, 60), height=st.integers(1, 20), moves=st.lists(st.integers(-30, 30), max_size=6))
def test_scrolling_stays_inside_and_ends_at_the_newest_row(count: int, height: int, moves: list[int]) -> None:
    visible, viewport = VisibleRows(0, count, [(2, 3)]), Viewport()
    for lines in moves:
        viewport.scroll(visible, height, lines)
    shown = viewport.rows(visible, height)
    viewport.scroll(visible, height, 1000)

    assert len(shown) == min(height, len(visible))
    assert viewport.below(visible, height) == 0
    assert viewport.rows(visible, height)[-1:] == [visible.row(len(visible) - 1)][: len(visible)]


@given(count=st.integers(5, 60), height=st.integers(1, 20), row=st.integers(4, 59))
def test_a_row_is_revealed(count: int, height: int, row: int) -> None:
    visible, viewport = VisibleRows(0, count, [(2, 3)]), Viewport()
    row = min(row, count - 1)
    viewport.reveal(visible, height, row, margin=2)

    assert row in viewport.rows(visible, height)
