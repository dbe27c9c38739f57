"""The comparison of a branch: what is drawn, moving about, and what is chosen for merging."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from ramet.branch_models import BranchDiff, DiffLine, Hunk, HunkChoice, MergeRequest
from ramet_tui.app import RametApp
from ramet_tui.screens.branches.diff import DiffScreen
from ramet_tui.screens.branches.diff_rows import big_files, layout
from ramet_tui.screens.branches.diff_view import DiffView
from tests.tui.branches.branching import DIFF, GROVE_DIFF, NEW_FILE, BranchingWorkspace, several
from tests.tui.branches.opening import board_opened
from tests.tui.piloting import press, type_text


@pytest.fixture
def workspace(shop: Path) -> BranchingWorkspace:
    """A workspace whose first branch changed three files."""
    made = BranchingWorkspace(shop)
    made.branch_list = several()
    made.diffs = {"": DIFF, "now": BranchDiff("working tree", "late-buds", (NEW_FILE,))}
    return made


def screen(pilot: Pilot[None]) -> DiffScreen:
    assert isinstance(pilot.app, RametApp)
    assert isinstance(pilot.app.screen, DiffScreen)
    return pilot.app.screen


def drawn(pilot: Pilot[None]) -> list[str]:
    view = screen(pilot).query_one(DiffView)
    return [view.render_line(row).text.rstrip() for row in range(view.size.height)]


def test_side_by_side_pairs_what_was_removed_with_what_was_added() -> None:
    rows = layout([GROVE_DIFF], set(), is_split=True)

    assert [(row.left, row.right) for row in rows if row.kind == "line" and row.hunk == 1] == [
        (0, 0), (1, 1), (2, 4), (3, 5), (-1, 6), (-1, 7), (8, 8), (9, 9),
    ]  # fmt: skip


def test_files_say_what_lines_cannot_show() -> None:
    renamed = replace(GROVE_DIFF, old_path="grove.py", state="renamed", old_mode=0o100755, hunks=())
    last = DiffLine("added", "x", 0, 1, has_newline=False)
    ended = replace(GROVE_DIFF, hunks=(Hunk(1, 0, 0, 1, 1, "", (last,)),))
    notes = [row.text for row in layout([renamed, ended, DIFF.files[2]], set(), is_split=False) if row.kind == "note"]

    assert notes == [
        "renamed from grove.py",
        "mode 100755 became 100644",
        "no line end at the end of the new file",
        "not text, so there are no lines to compare",
    ]


def test_a_huge_file_is_folded_at_first() -> None:
    lines = tuple(DiffLine("added", "x", 0, number) for number in range(1, 5_000))
    huge = replace(NEW_FILE, hunks=(Hunk(1, 0, 0, 1, len(lines), "", lines),))
    folded = big_files([NEW_FILE, huge])

    assert folded == {1}
    assert len(layout([NEW_FILE, huge], folded, is_split=False)) == 2 + len(NEW_FILE.hunks[0].lines) + 2
    assert len(big_files([replace(huge, hunks=(replace(huge.hunks[0], lines=lines[:1_000]),))] * 50)) == 30


async def test_lines_have_numbers_signs_and_marks_for_words(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "d")
        lines = drawn(pilot)
        view = screen(pilot).query_one(DiffView)
        row = next(row for row, line in enumerate(lines) if "1.8" in line)
        marked = [segment.text for segment in view.render_line(row) if segment.style and _colour(segment.style) == "#562a31"]

        assert lines[0].split() == ["▌", "○", "▾", "orchard/frost.py", "added", "+4"]
        assert lines[row].split() == ["10", "\u2212", "RING_WIDTH", "=", "1.8"]
        assert "".join(marked) == "1.8"


def _colour(style: object) -> str:
    background = getattr(style, "bgcolor", None)
    return background.get_truecolor().hex if background is not None else ""


async def test_the_chosen_hunk_alone_is_merged(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "d", "n", "n", "n", "space", "m")

        assert workspace.requests == [MergeRequest("late-buds", (), (HunkChoice("orchard/grove.py", (2,)),))]


async def test_all_hunks_of_a_file_are_the_file_and_a_new_file_is_chosen_as_a_whole(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "d", "n", "space", "n", "space", "n", "space")
        title = screen(pilot).query_one("#diff-right").border_title
        await press(pilot, "m")

        assert title == "2 files chosen"
        assert workspace.requests == [MergeRequest("late-buds", ("orchard/frost.py", "orchard/grove.py"))]


async def test_a_file_is_chosen_in_the_list_and_not_again(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "d", "shift+tab", "down", "space")
        chosen = screen(pilot).query_one("#diff-right").border_title
        await press(pilot, "space", "m")

        assert chosen == "1 file chosen"
        assert workspace.requests == [MergeRequest("late-buds")]


async def test_hunks_are_chosen_against_the_fork_only(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "d", "w", "space")
        title = screen(pilot).query_one("#diff-right").border_title

        assert ("branch_diff", ("late-buds", "now", ())) in workspace.calls
        assert title == "Comparison"
        assert any("b shows it" in note.message for note in pilot.app._notifications)  # no public way to them


async def test_another_branch_is_compared_with(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "d", "o")
        await type_text(pilot, "table")
        await press(pilot, "enter")

        assert ("branch_diff", ("late-buds", "report/as-table", ())) in workspace.calls
        assert screen(pilot).query_one("#diff-empty").display


async def test_side_by_side_needs_room(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace, size=(80, 24)) as pilot:
        await press(pilot, "d", "s")
        narrow = screen(pilot).query_one(DiffView).is_split
        await pilot.resize_terminal(160, 40)
        await press(pilot)

        assert not narrow
        assert screen(pilot).query_one(DiffView).is_split


async def test_files_fold_and_the_cursor_stays_in_its_file(workspace: BranchingWorkspace) -> None:
    async with board_opened(workspace) as pilot:
        await press(pilot, "d", "n", "n", "n", "z")
        folded = drawn(pilot)
        row = screen(pilot).query_one(DiffView).row
        await press(pilot, "Z")

        assert not any("RING_WIDTH" in line for line in folded)
        assert row is not None
        assert (row.kind, row.file) == ("file", 1)
        assert not any("late_frost" in line for line in drawn(pilot))
