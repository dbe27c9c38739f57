"""How the panes share the screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ramet_tui.layout import MIN_MAIN, PANES, Layout, PaneId, arrange, resized, toggled


@given(
    left=st.integers(0, 400),
    chat=st.integers(0, 400),
    columns=st.integers(100, 400),
    rows=st.integers(10, 120),
    hidden=st.sets(st.sampled_from(PANES), max_size=3),
)
def test_every_visible_pane_has_room(left: int, chat: int, columns: int, rows: int, hidden: set[PaneId]) -> None:
    layout = Layout(left_width=left, chat_width=chat, hidden=tuple(hidden))
    arrangement = arrange(layout, columns, rows, "files", zoomed=False)
    rest = columns - arrangement.left_width - arrangement.chat_width

    assert set(arrangement.visible) == set(PANES) - hidden
    assert rest >= MIN_MAIN
    assert arrangement.left_width >= 0
    assert arrangement.files_rows <= rows


@pytest.mark.parametrize(("columns", "zoomed"), [(80, False), (200, True)])
def test_one_pane_is_alone_on_a_narrow_screen_and_when_zoomed(columns: int, zoomed: bool) -> None:
    arrangement = arrange(Layout(), columns, 24, "chat", zoomed=zoomed)

    assert arrangement.visible == ("chat",)


def test_the_last_pane_cannot_be_hidden() -> None:
    layout = Layout(hidden=("files", "outline", "chat", "terminal"))

    assert toggled(layout, "viewer") == layout


def test_hiding_twice_shows_again() -> None:
    assert toggled(toggled(Layout(), "chat"), "chat") == Layout()


@pytest.mark.parametrize(("pane", "grows"), [("files", "left_width"), ("chat", "chat_width")])
def test_a_pane_can_be_made_wider(pane: PaneId, grows: str) -> None:
    before = arrange(Layout(), 160, 40, pane, zoomed=False)
    layout = resized(Layout(), before, pane, 4, 160, 40)
    after = arrange(layout, 160, 40, pane, zoomed=False)

    assert getattr(after, grows) == getattr(before, grows) + 4


def test_the_viewer_grows_at_the_cost_of_the_chat() -> None:
    before = arrange(Layout(), 160, 40, "viewer", zoomed=False)
    after = arrange(resized(Layout(), before, "viewer", 4, 160, 40), 160, 40, "viewer", zoomed=False)

    assert after.chat_width == before.chat_width - 4
