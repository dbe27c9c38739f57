"""Checks from the board: their progress and results in the rows, stopping them, and the table over all branches."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Log

from ramet.branch_models import CheckCommand, CheckCommands
from ramet.models import AskRequest
from ramet_tui.screens.branches.board import BranchBoard
from ramet_tui.screens.branches.check_output import CheckOutputScreen
from ramet_tui.screens.branches.compare import CompareScreen
from ramet_tui.screens.branches.row_list import RowList
from tests.tui.branches.branching import BranchingWorkspace, branch, checked
from tests.tui.branches.opening import board_opened
from tests.tui.piloting import opened, press, settle


@pytest.fixture
def workspace(shop: Path) -> BranchingWorkspace:
    """A workspace with two branches in which nothing ran yet; its checks are `true` and `exit 3`."""
    made = BranchingWorkspace(shop)
    made.branch_list = [branch("one", 1), branch("two", 2)]
    return made


def rows(pilot: Pilot[None]) -> list[str]:
    """Return the rows of the list as they are drawn."""
    shown = pilot.app.screen.query_one(RowList)
    return [" ".join(shown.render_line(row).text.split()) for row in range(shown.count)]


def toasts(pilot: Pilot[None]) -> str:
    return "\n".join(notification.message for notification in pilot.app._notifications)  # no public way to them


def states(workspace: BranchingWorkspace) -> dict[str, list[str]]:
    return {each.name: [run.check.state for run in each.checks if run.check is not None] for each in workspace.branch_list}


async def test_checks_run_in_one_branch_or_in_all_that_are_listed(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "down", "c")
        after_one, said = rows(pilot), toasts(pilot)
        await press(pilot, "C")

        assert "✓" not in after_one[0]
        assert "✓1 ✗1 ✗ 3 exit 3" in after_one[1]
        assert "Checks are done: 1 passed, 1 did not." in said
        assert states(workspace) == {name: ["passed", "failed"] for name in ("one", "two")}
        assert all("✓1 ✗1" in row for row in rows(pilot))


async def test_escape_stops_the_checks_and_then_leaves_the_board(workspace: BranchingWorkspace) -> None:
    workspace.checks = CheckCommands((CheckCommand("slow", "sleep 300"),))
    async with board_opened(workspace) as pilot:
        await pilot.press("c")
        while not any("slow 0 s" in row for row in rows(pilot)):
            await pilot.pause(0.01)
        await pilot.press("enter", "escape")
        await settle(pilot)
        is_open = isinstance(pilot.app.screen, BranchBoard)
        await press(pilot, "escape")

        assert is_open
        assert "Checks are going on" in toasts(pilot)
        assert "Checks stopped: 0 passed, 1 did not." in toasts(pilot)
        assert states(workspace) == {"one": ["stopped"], "two": []}
        assert not isinstance(pilot.app.screen, BranchBoard)


async def test_without_checks_a_command_is_asked_for_and_offered(workspace: BranchingWorkspace) -> None:
    workspace.checks = CheckCommands((), (CheckCommand("tests", "true"),), "config.toml")
    async with board_opened(workspace) as pilot:
        await press(pilot, "c")
        offered = pilot.app.screen.query_one(Input).value
        before = states(workspace)
        await press(pilot, "enter")

        assert (offered, before["one"]) == ("true", [])
        assert states(workspace)["one"] == ["passed"]


async def test_the_table_has_the_best_branch_first_and_leads_to_what_a_check_printed(workspace: BranchingWorkspace) -> None:
    workspace.branch_list = checked()
    async with board_opened(workspace) as pilot:
        await press(pilot, "t")
        table = rows(pilot)
        await press(pilot, "down")
        await press(pilot, "o")
        assert isinstance(pilot.app.screen, CheckOutputScreen)
        output = "\n".join(pilot.app.screen.query_one(Log).lines)
        await press(pilot, "escape")
        await press(pilot, "right", "down", "o")
        warned = toasts(pilot)
        await press(pilot, "m")
        merged = [request.name for request in workspace.requests]
        await press(pilot, "C")

        assert [row.split()[1] for row in table] == ["wider-rings", "late-buds", "wider-rings-2", "report/as-table"]
        assert "$0.0080?" in table[0]
        assert "E   assert 0.45 == 1.8" in output
        assert "has not run there" in warned
        assert merged == ["wider-rings-2"]
        assert isinstance(pilot.app.screen, CompareScreen)
        assert all("✓ passed" in row for row in rows(pilot))


async def test_a_failed_check_is_explained_by_the_chat(workspace: BranchingWorkspace) -> None:
    workspace.branch_list = checked()
    async with opened(workspace) as pilot:
        for key in ("ctrl+b", "t", "down", "o", "e"):
            await press(pilot, key)
        (asked,) = [argument for method, argument in workspace.calls if method == "ask"]

        assert isinstance(asked, AskRequest)
        assert asked.question.startswith("Why did @t7 (a check in the branch late-buds) fail")
