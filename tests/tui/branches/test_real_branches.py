"""The board on real branches of a real repository, from the fork to the undo."""

from __future__ import annotations

import os
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from ramet.branch_models import FileEdit
from ramet.workspace.host import open_local_workspace
from ramet.workspace.protocol import Workspace
from ramet_tui.app import RametApp
from ramet_tui.screens.branches.board import BranchBoard
from ramet_tui.screens.branches.conflicts import ConflictScreen
from ramet_tui.screens.branches.diff import DiffScreen
from tests.tui.piloting import press, settle

BEFORE, MINE, THEIRS = "RETRY_LIMIT = 3\n", "RETRY_LIMIT = 5\n", "RETRY_LIMIT = 9\n"


async def test_a_branch_is_forked_run_in_compared_merged_with_both_sides_and_undone(shop: Path) -> None:
    payment = shop / "shop/payment.py"
    before = payment.read_text()
    workspace = await open_local_workspace(shop, environment=os.environ, overrides={"model": ""})

    async def opened() -> Workspace:
        return workspace

    app = RametApp(shop, opened)
    async with app.run_test(size=(140, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+b", "n", "enter")
        await _run(pilot, "echo new > made.txt")
        changed = before.replace(BEFORE, THEIRS).encode()
        await workspace.branch_write("try", (FileEdit("shop/payment.py", changed),))
        await press(pilot, "d")
        compared = _files(pilot)
        await press(pilot, "escape")
        payment.write_text(before.replace(BEFORE, MINE))
        await press(pilot, "m")
        asked = isinstance(app.screen, ConflictScreen)
        untouched = not (shop / "made.txt").exists()
        await press(pilot, "4", "m")
        merged = payment.read_text(), (shop / "made.txt").read_text()
        assert isinstance(app.screen, BranchBoard)
        await press(pilot, "u")

    assert compared == ["made.txt", "shop/payment.py"]
    assert (asked, untouched) == (True, True)
    assert merged == (before.replace(BEFORE, MINE + THEIRS), "new\n")
    assert payment.read_text() == before.replace(BEFORE, MINE)
    assert not (shop / "made.txt").exists()


async def _run(pilot: Pilot[None], command: str) -> None:
    await press(pilot, "r")
    pilot.app.screen.query_one(Input).value = command
    await press(pilot, "enter")
    await press(pilot, "escape")


def _files(pilot: Pilot[None]) -> list[str]:
    assert isinstance(pilot.app.screen, DiffScreen)
    return [file.path for file in pilot.app.screen.files]
