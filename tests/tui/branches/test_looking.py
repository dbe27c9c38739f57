"""Looking at a branch: every pane shows it, the header says so, and one key goes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from ramet.events import Answered
from ramet.models import AskRequest, Usage
from ramet_tui.app import RametApp
from ramet_tui.messages import PlaceSelected
from ramet_tui.screens.main import MainScreen
from tests.tui.branches.branching import DIFF, BranchingWorkspace, several
from tests.tui.piloting import opened, press, settle, type_text


@pytest.fixture
def workspace(shop: Path) -> BranchingWorkspace:
    """A workspace whose first branch has another cart, and no payment."""
    made = BranchingWorkspace(shop)
    made.branch_list = several()
    made.diffs = {"": DIFF}
    made.files_of = {"late-buds": {"shop/cart.py": b"CART = 'late'\n", "shop/only_here.py": b"x = 1\n"}}
    return made


def main(pilot: Pilot[None]) -> MainScreen:
    assert isinstance(pilot.app, RametApp)
    return pilot.app.main


async def test_the_open_file_the_tree_and_the_header_are_those_of_the_branch_until_one_key(workspace: BranchingWorkspace) -> None:
    async with opened(workspace) as pilot:
        pilot.app.screen.post_message(PlaceSelected("shop/cart.py"))
        await settle(pilot)
        await press(pilot, "ctrl+b", "enter")
        there = main(pilot).viewer.view.document.text
        header = str(main(pilot).header.render())
        files = main(pilot).files.border_subtitle
        await press(pilot, "alt+w")

        assert there == "CART = 'late'\n"
        assert "⎇ late-buds" in header
        assert files == "2"
        assert main(pilot).viewer.view.document.text.startswith('"""The cart."""')
        assert "⎇ late-buds" not in str(main(pilot).header.render())


async def test_a_file_that_the_branch_does_not_have_is_said_to_be_gone(workspace: BranchingWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "ctrl+b", "enter")
        pilot.app.screen.post_message(PlaceSelected("shop/payment.py"))
        await settle(pilot)

        assert main(pilot).viewer.view.document.state == "gone"


async def test_questions_are_asked_about_the_branch(workspace: BranchingWorkspace) -> None:
    workspace.answers.append([Answered(text="", citations=(), usage=Usage(), conversation="c1")])
    async with opened(workspace) as pilot:
        await press(pilot, "ctrl+b", "enter", "f5")
        await type_text(pilot, "why")
        await press(pilot, "enter")
        (asked,) = [argument for method, argument in workspace.calls if method == "ask"]

        assert isinstance(asked, AskRequest)
        assert (asked.question, asked.at) == ("why", "late-buds")


async def test_dropping_the_branch_that_is_looked_at_shows_the_working_tree_again(workspace: BranchingWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "ctrl+b", "enter", "ctrl+b", "x", "escape")

        assert main(pilot).looked_at == ""
        assert main(pilot).files.border_title == "Files"


async def test_a_branch_that_somebody_else_dropped_is_left(workspace: BranchingWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "ctrl+b", "enter")
        workspace.branch_list = []
        workspace.change(changed_files=3)
        await settle(pilot)

        assert main(pilot).looked_at == ""
        assert any("is gone" in note.message for note in pilot.app._notifications)  # no public way to them
