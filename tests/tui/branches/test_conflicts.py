"""The conflicts of a merge: three versions, a choice for each place, and nothing written before all are decided."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from ramet.branch_models import ConflictChoice, MergeRequest
from ramet_tui.screens.branches.board import BranchBoard
from ramet_tui.screens.branches.conflicts import ConflictScreen
from ramet_tui.screens.branches.decisions import Decisions
from ramet_tui.widgets.viewer.code_view import CodeView
from tests.tui.branches.branching import CONFLICTS, BranchingWorkspace, several
from tests.tui.branches.opening import board_opened
from tests.tui.piloting import press

GROVE, WEATHER = "orchard/grove.py", "orchard/weather.py"


@pytest.fixture
def workspace(shop: Path) -> BranchingWorkspace:
    """A workspace in which merges conflict in three places of two files."""
    made = BranchingWorkspace(shop)
    made.branch_list = several()
    made.conflicts = CONFLICTS
    return made


def screen(pilot: Pilot[None]) -> ConflictScreen:
    assert isinstance(pilot.app.screen, ConflictScreen)
    return pilot.app.screen


def test_leaving_a_file_for_later_is_about_all_of_it() -> None:
    decisions = Decisions(CONFLICTS)
    decisions.answer(0, "mine")
    decisions.answer(1, "later")
    left = list(decisions.answers)
    decisions.answer(0, "both")

    assert left == ["later", "later", None]
    assert decisions.answers == ["both", None, None]


def test_the_same_answer_again_takes_it_back() -> None:
    decisions = Decisions(CONFLICTS)
    decisions.answer(2, "theirs")
    decisions.answer(2, "theirs")

    assert decisions.count == 0


@pytest.mark.parametrize("size", [(120, 40), (40, 24)])
async def test_each_conflict_shows_its_three_versions(workspace: BranchingWorkspace, size: tuple[int, int]) -> None:
    async with board_opened(workspace, size=size) as pilot:
        await press(pilot, "m", "down")
        texts = [screen(pilot).query_one(f"#conflict-code-{side}", CodeView).document.text for side in ("base", "mine", "theirs")]
        visible = [view.region.height for view in screen(pilot).query(CodeView)]
        await press(pilot, "down")
        absent = screen(pilot).query_one("#conflict-mine").border_subtitle

        assert texts == [CONFLICTS[0].regions[1].base, CONFLICTS[0].regions[1].mine, CONFLICTS[0].regions[1].theirs]
        assert min(visible) > 0
        assert absent == "not there"


async def test_nothing_is_merged_before_all_is_decided(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "m", "2", "4", "m")
        requests = list(workspace.requests)
        await press(pilot, "3", "m")

        assert requests == [MergeRequest("late-buds")]
        assert isinstance(pilot.app.screen, BranchBoard)
        assert workspace.requests[1] == MergeRequest(
            "late-buds",
            choices=(ConflictChoice(GROVE, "mine", 1), ConflictChoice(GROVE, "both", 2), ConflictChoice(WEATHER, "theirs")),
        )


async def test_a_file_is_left_for_later_and_the_rest_is_merged(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "m", "e", "1", "m")

        assert workspace.requests[1] == MergeRequest(
            "late-buds", choices=(ConflictChoice(WEATHER, "base"),), leave_conflicts=True
        )


async def test_both_are_not_offered_for_a_whole_file(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "m", "end", "4", "m", "escape")

        assert workspace.requests == [MergeRequest("late-buds")]
        assert any("Nothing was merged" in note.message for note in pilot.app._notifications)  # no public way to them
