"""The board of branches: what it says, and what its keys do."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Log, Static

from ramet.branch_models import ForkRequest
from ramet.errors import BranchConflict
from ramet_tui.screens.branches.board import BranchBoard
from ramet_tui.screens.branches.row_list import RowList
from ramet_tui.screens.branches.run import RunScreen
from tests.tui.branches.branching import BranchingWorkspace, branch, several
from tests.tui.branches.opening import board_opened
from tests.tui.piloting import press, settle, type_text


@pytest.fixture
def workspace(shop: Path) -> BranchingWorkspace:
    """A workspace with branches in every state."""
    made = BranchingWorkspace(shop)
    made.branch_list = several()
    return made


def board(pilot: Pilot[None]) -> BranchBoard:
    assert isinstance(pilot.app.screen, BranchBoard)
    return pilot.app.screen


def listed(pilot: Pilot[None]) -> list[str]:
    """Return the rows as they are drawn."""
    rows = board(pilot).query_one("#branch-list", RowList)
    return [rows.render_line(row).text.rstrip() for row in range(rows.count)]


def names(pilot: Pilot[None]) -> list[str]:
    return [row.split()[1] for row in listed(pilot)]


def toasts(pilot: Pilot[None]) -> str:
    return "\n".join(notification.message for notification in pilot.app._notifications)  # no public way to them


async def test_branches_are_listed_the_newest_first_with_what_is_known_of_each(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        rows = listed(pilot)
        facts = str(board(pilot).query_one("#branch-facts", Static).content)

        assert names(pilot) == ["late-buds", "wider-rings-2", "wider-rings", "report/as-table"]
        assert rows[0].split() == [
            "●", "late-buds", "live", "working", "tree", "on", "late-frost", "±4", "3", "9", "3", "✗", "1", "pytest", "-q",
            "36", "m",
        ]  # fmt: skip
        assert "merged" in rows[2]
        assert "kept" in rows[3]
        assert "forked 36 min ago from the working tree on late-frost at 5f0c9d2e" in facts
        assert "the working tree has moved by 4 files since" in facts
        assert "1 failed, 13 passed" in facts


@pytest.mark.parametrize("width", [40, 200])
async def test_rows_fit_any_width(workspace: BranchingWorkspace, width: int) -> None:
    workspace.branch_list.append(branch("a-name-that-nobody-should-give-to-anything-" * 3, 9))
    async with board_opened(workspace, size=(width, 24)) as pilot:
        rows = listed(pilot)

        assert rows[0].split()[:2] == ["●", "late-buds"]
        assert rows[0].endswith("36 m")
        assert max(map(len, rows)) <= width


async def test_without_branches_the_board_says_what_one_is(workspace: BranchingWorkspace) -> None:
    workspace.branch_list = []
    async with board_opened(workspace) as pilot:
        notice = board(pilot).query_one("#branch-empty", Static)
        shown = notice.display
        await press(pilot, "n", "enter")

        assert shown
        assert not notice.display
        assert names(pilot) == ["try"]


async def test_a_new_branch_has_the_name_that_was_typed_and_the_cursor(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "end", "n")
        await type_text(pilot, "frost")
        await press(pilot, "enter")

        assert ("branch_new", ForkRequest(("frost",))) in workspace.calls
        assert board(pilot).branch == workspace.branch_list[-1]


async def test_a_branch_is_forked_from_another_one_with_an_offered_name(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "f", "enter")

        assert ("branch_new", ForkRequest(("late-buds-2",), "late-buds")) in workspace.calls


async def test_a_dropped_branch_is_brought_back_by_one_key(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "x")
        without = names(pilot)
        await press(pilot, "u")

        assert "late-buds" not in without
        assert names(pilot)[0] == "late-buds"
        assert "u brings it back" in toasts(pilot)


async def test_a_branch_is_removed_for_good_only_after_a_question(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "X", "n")
        kept = names(pilot)
        await press(pilot, "X", "y")

        assert kept[0] == "late-buds"
        assert "late-buds" not in names(pilot)
        assert [asked for method, asked in workspace.calls if method == "branch_forget"] == ["late-buds"]
        assert "gone for good" in toasts(pilot)


async def test_a_merge_is_told_and_taken_back(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "m")
        merged = listed(pilot)[0]
        await press(pilot, "u")

        assert "merged" in merged
        assert "live" in listed(pilot)[0]
        assert "Merged 2 files of late-buds" in toasts(pilot)


async def test_an_undo_that_is_refused_says_why(workspace: BranchingWorkspace) -> None:
    workspace.failures["branch_undo"] = BranchConflict("The merge cannot be undone: a.py was changed since.", "Undo those first.")
    async with board_opened(workspace) as pilot:
        await press(pilot, "u")
        (shown,) = pilot.app._notifications

        assert (shown.title, shown.message) == ("The merge cannot be undone: a.py was changed since.", "Undo those first.")


async def test_a_git_branch_is_never_replaced_another_name_is_asked_for(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "k")
        offered = pilot.app.screen.query_one(Input).value
        pilot.app.screen.query_one(Input).value = "main"
        await press(pilot, "enter")
        again = pilot.app.screen.query_one(Input).value
        await press(pilot, "enter")

        assert (offered, again) == ("ramet/late-buds", "main-2")
        assert workspace.branch_list[0].kept == "main-2"


async def test_a_long_action_is_shown_and_can_be_stopped(workspace: BranchingWorkspace) -> None:
    workspace.hold("branch_merge")
    async with board_opened(workspace) as pilot:
        await pilot.press("m")
        await pilot.pause()
        busy = board(pilot).busy
        await pilot.press("x")
        await press(pilot, "escape")

        assert busy == "merging late-buds"
        assert board(pilot).busy == ""
        assert workspace.count("branch_drop") == 0
        assert "is going on" in toasts(pilot)


async def test_the_filter_lists_by_a_part_of_the_name(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "slash")
        await type_text(pilot, "ring")
        filtered = names(pilot)
        await press(pilot, "escape")

        assert filtered == ["wider-rings-2", "wider-rings"]
        assert len(names(pilot)) == 4


async def test_ten_thousand_branches_are_drawn_only_where_they_are_seen(workspace: BranchingWorkspace) -> None:
    workspace.branch_list = [branch(f"b{number:05}", number) for number in range(10_000)]
    async with board_opened(workspace) as pilot:
        await press(pilot, "end")

        assert board(pilot).branch is workspace.branch_list[-1]


async def test_a_command_runs_in_the_branch_and_what_it_said_is_kept(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "r")
        pilot.app.screen.query_one(Input).value = "echo $RAMET_BRANCH; printf '\\033[31mred\\033[m\\n'; exit 3"
        await press(pilot, "enter")
        output = list(pilot.app.screen.query_one(Log).lines)
        await press(pilot, "escape")
        run = workspace.branch_list[0].runs[-1]

        assert output[:2] == ["late-buds", "red"]
        assert (run.exit_code, run.output) == (3, "late-buds\nred\n")
        assert "✗ 3" in listed(pilot)[0]


async def test_a_command_is_stopped_after_asking_and_its_folder_given_back(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "r")
        pilot.app.screen.query_one(Input).value = "echo begun; exec sleep 600"
        await pilot.press("enter")
        while not isinstance(pilot.app.screen, RunScreen) or not pilot.app.screen.query_one(Log).lines[:1]:
            await pilot.pause(0.01)
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("y")
        await settle(pilot)
        run = workspace.branch_list[0].runs[-1]

        assert (run.exit_code, run.output) == (None, "begun\n")
        assert workspace.count("branch_finished") == 1
