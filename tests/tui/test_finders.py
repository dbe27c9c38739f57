"""The three finders, driven by keys."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from ramet.errors import StoreLocked
from ramet.models import Hit, Reason, Symbol
from ramet_tui.app import RametApp
from ramet_tui.screens.finder import FinderScreen
from ramet_tui.screens.main import MainScreen
from ramet_tui.widgets.viewer.code_view import CodeView
from tests.tui.piloting import opened, press, settle, type_text
from tests.tui.scripted_workspace import ScriptedWorkspace

CHECKOUT = Symbol("checkout", "checkout", "function", 22, 24, "def checkout(cart, payment)", "shop/cart.py")
CHARGE = Symbol("charge", "Payment.charge", "method", 13, 18, "def charge(self, cents)", "shop/payment.py")
HIT = Hit(
    path="shop/payment.py",
    start_line=13,
    end_line=18,
    symbol="Payment.charge",
    kind="method",
    language="python",
    score=1.0,
    reasons=(Reason("lexical", "retry, network", 0.7), Reason("symbol", "charge", 0.3)),
    text="    def charge(self, cents: int) -> str:\n        return 'paid'\n",
    key="k",
)


def main_of(pilot: Pilot[None]) -> MainScreen:
    assert isinstance(pilot.app, RametApp)
    return pilot.app.main


def note(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one("#finder-note", Static).render())


async def test_ctrl_o_opens_a_file_by_parts_of_its_name(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "ctrl+o")
        await type_text(pilot, "pay")
        await press(pilot, "enter")

        assert main_of(pilot).viewer.path == "shop/payment.py"
        assert main_of(pilot).viewer.view.has_focus


async def test_the_file_opened_last_is_offered_first(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        for name in ("pay", "app.ts"):
            await press(pilot, "ctrl+o")
            await type_text(pilot, name)
            await press(pilot, "enter")
        await press(pilot, "ctrl+o", "down", "enter")

        assert main_of(pilot).viewer.path == "shop/payment.py"


async def test_escape_leaves_a_finder_without_a_choice(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "ctrl+o", "escape")

        assert pilot.app.screen is main_of(pilot)
        assert main_of(pilot).viewer.path == ""


async def test_a_query_without_matches_says_so(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "ctrl+o")
        await type_text(pilot, "zebra")
        await pilot.press("enter")
        await settle(pilot)

        assert note(pilot) == "No file matches"
        assert isinstance(pilot.app.screen, FinderScreen)


async def test_ctrl_t_goes_to_a_symbol(workspace: ScriptedWorkspace) -> None:
    workspace.symbol_list = (CHECKOUT, CHARGE)
    async with opened(workspace) as pilot:
        await press(pilot, "ctrl+t")
        await type_text(pilot, "charge")
        await press(pilot, "enter")
        viewer = main_of(pilot).viewer

        assert (viewer.path, viewer.view.marked) == ("shop/payment.py", (12, 17))


async def test_ctrl_f_shows_hits_with_reasons_and_preview(workspace: ScriptedWorkspace) -> None:
    workspace.hits = (HIT,)
    workspace.search_notes = ("Vectors are still being computed",)
    async with opened(workspace) as pilot:
        await press(pilot, "ctrl+f")
        await type_text(pilot, "retry")
        screen = pilot.app.screen
        reasons = str(screen.query_one("#search-reasons", Static).render())
        preview = screen.query_one(CodeView)
        shown = preview.render_line(0).text.split()
        words = note(pilot)
        await press(pilot, "enter")

        assert reasons == "words retry, network   name charge"
        assert shown[:3] == ["13", "def", "charge(self,"]
        assert words == "1 hit  Vectors are still being computed"
        assert main_of(pilot).viewer.view.marked == (12, 17)


@pytest.mark.parametrize(("key", "method"), [("ctrl+t", "symbols"), ("ctrl+f", "search")])
async def test_an_error_is_shown_in_the_finder(workspace: ScriptedWorkspace, key: str, method: str) -> None:
    async with opened(workspace) as pilot:
        workspace.failures[method] = StoreLocked("The data directory is in use.", "Close the other window.")
        await press(pilot, key)
        await type_text(pilot, "x")

        assert note(pilot) == "The data directory is in use. Close the other window."


async def test_files_can_be_found_while_the_workspace_is_being_opened(workspace: ScriptedWorkspace) -> None:
    workspace.hold("watch")
    async with opened(workspace) as pilot:
        await press(pilot, "ctrl+o")

        assert note(pilot) == "The list of files is not known yet"
        workspace.release("watch")
