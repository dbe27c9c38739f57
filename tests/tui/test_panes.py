"""Panes: focus, hiding, zoom, sizes, narrow screens, and the outline."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from ramet.models import Symbol
from ramet_tui.app import RametApp
from ramet_tui.layout import Layout
from ramet_tui.preferences import Preferences
from ramet_tui.screens.main import MainScreen
from tests.tui.piloting import opened, press, settle, type_text
from tests.tui.scripted_workspace import ScriptedWorkspace

CART = (
    Symbol("Cart", "Cart", "class", 6, 19, "class Cart", "shop/cart.py"),
    Symbol("add_item", "Cart.add_item", "method", 12, 14, "def add_item", "shop/cart.py"),
    Symbol("checkout", "checkout", "function", 22, 24, "def checkout", "shop/cart.py"),
)


def main_of(pilot: Pilot[None]) -> MainScreen:
    assert isinstance(pilot.app, RametApp)
    return pilot.app.main


def visible(pilot: Pilot[None]) -> list[str]:
    main = main_of(pilot)
    return [name for name in ("files", "outline", "viewer", "chat") if main.query_one(f"#{name}").region.area]


@pytest.mark.parametrize(("key", "pane"), [("f3", "outline"), ("f4", "viewer"), ("f5", "chat")])
async def test_a_key_focuses_a_pane_and_pressed_again_hides_it(workspace: ScriptedWorkspace, key: str, pane: str) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, key)
        focused = main_of(pilot).query_one(f"#{pane}").has_focus_within
        await press(pilot, key)
        hidden = visible(pilot)
        await press(pilot, key)

        assert focused
        assert pane not in hidden
        assert pane in visible(pilot)


async def test_f6_gives_the_focused_pane_the_screen_and_takes_it_back(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "f5", "f6")
        zoomed = visible(pilot)
        await press(pilot, "f6")

        assert zoomed == ["chat"]
        assert len(visible(pilot)) == 4


async def test_a_narrow_screen_shows_one_pane_and_follows_the_file(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace, size=(80, 24)) as pilot:
        first = visible(pilot)
        await press(pilot, "ctrl+o")
        await type_text(pilot, "cart")
        await press(pilot, "enter")
        second = visible(pilot)
        await press(pilot, "f5")

        assert (first, second, visible(pilot)) == (["files"], ["viewer"], ["chat"])
        assert main_of(pilot).switcher.display


async def test_the_switcher_can_be_clicked(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace, size=(80, 24)) as pilot:
        await pilot.click("#switcher", offset=(25, 0))
        await settle(pilot)

        assert visible(pilot) == ["viewer"]


async def test_keys_and_mouse_change_widths(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        left = main_of(pilot).query_one("#left")
        before = left.size.width
        await press(pilot, "f8")
        wider = left.size.width
        border = left.region.right - 1
        await pilot.mouse_down(offset=(border, 10))
        await pilot.hover(offset=(border - 10, 10))
        await pilot.mouse_up(offset=(border - 10, 10))
        await settle(pilot)

        assert wider == before + 4
        assert left.size.width == wider - 10


async def test_the_layout_is_kept(workspace: ScriptedWorkspace) -> None:
    stored: list[Preferences] = []
    preferences = Preferences(layout=Layout(left_width=40, hidden=("chat",)))
    async with opened(workspace, preferences=preferences) as pilot:
        assert isinstance(pilot.app, RametApp)
        pilot.app._save = stored.append
        shown = visible(pilot)
        await press(pilot, "f8")

        assert shown == ["files", "outline", "viewer"]
        assert stored[-1].layout == Layout(left_width=44, hidden=("chat", "terminal"))


async def test_the_outline_lists_the_open_file_and_jumps(workspace: ScriptedWorkspace) -> None:
    workspace.symbol_list = CART
    async with opened(workspace) as pilot:
        await press(pilot, "ctrl+o")
        await type_text(pilot, "shop/cart")
        await press(pilot, "enter", "f3", "end", "enter")
        view = main_of(pilot).viewer.view

        assert view.cursor_line == 21
        assert view.has_focus


async def test_the_symbol_at_the_cursor_is_highlighted(workspace: ScriptedWorkspace) -> None:
    workspace.symbol_list = CART
    async with opened(workspace) as pilot:
        await press(pilot, "ctrl+o")
        await type_text(pilot, "shop/cart")
        await press(pilot, "enter", "ctrl+g", "1", "3", "enter")

        assert main_of(pilot).outline.symbol_list.highlighted == 1


async def test_tab_goes_through_the_panes(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        seen = set()
        for _ in range(8):
            await press(pilot, "tab")
            seen.add(main_of(pilot).workbench.current)

        assert seen == {"files", "outline", "viewer", "chat"}
