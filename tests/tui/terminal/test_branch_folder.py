"""The folder of a branch as a terminal has it, without a terminal: set-up, recording, and giving it back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ramet.branch_models import BranchPlace
from ramet.errors import RametError, UsageError
from ramet.models import CommandRecording
from ramet_tui.widgets.terminal.branch_folder import BranchFolder
from tests.tui.branches.branching import BranchingWorkspace, branch
from tests.tui.scripted_workspace import as_workspace


class Prepared(BranchingWorkspace):
    """Laid out in its root; a set-up command is due."""

    setup = "echo one; touch prepared; exit $CODE"

    async def branch_place(self, name: str, owner: int = 0, overlays: bool = False) -> BranchPlace:
        await super().branch_place(name, owner, overlays)
        notes = ("Shared: \x1b[2J.venv",)
        return BranchPlace(name, str(self.root), 3, "c" * 40, {"CODE": "0"}, self.setup, notes=notes)


@pytest.fixture
def workspace(shop: Path) -> Prepared:
    made = Prepared(shop)
    made.branch_list = [branch("try")]
    return made


def count(workspace: Prepared) -> list[str]:
    return [method for method, _ in workspace.calls if method.startswith("branch_")]


async def test_the_set_up_command_runs_once_and_its_output_is_shown(workspace: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    said: list[str] = []
    shown: list[str] = []
    folder = BranchFolder("try", lambda: as_workspace(workspace))
    path, environment, launcher = await folder.enter(said.append, shown.append)
    there = folder.recording(CommandRecording("branch", "ls", f"{workspace.root}/shop", 0, 1.0, 0.1))

    assert (path, environment["PWD"], "GIT_DIR" in environment) == (workspace.root, str(workspace.root), False)
    assert launcher == ()
    assert said == ["laying out try", "setting up try", ""]
    assert "one" in "".join(shown)
    assert "\x1b[2J" not in "".join(shown)
    assert (workspace.root / "prepared").exists()
    assert workspace.calls[-1] == ("branch_capture", ("try", 3, "", workspace.setup))
    assert (there.branch, there.folder) == ("try", f"{workspace.root}/shop")


async def test_a_set_up_command_that_fails_is_told_and_the_folder_is_given_back(workspace: Prepared) -> None:
    workspace.setup = "exit 4"
    folder = BranchFolder("try", lambda: as_workspace(workspace))
    with pytest.raises(UsageError, match="set-up command failed"):
        await folder.enter(lambda _: None, lambda _: None)
    await folder.leave()
    await folder.leave()

    assert count(workspace) == ["branch_place", "branch_finished"]


async def test_many_commands_at_once_are_recorded_together_and_what_failed_is_tried_again(workspace: Prepared) -> None:
    workspace.setup = ""
    folder = BranchFolder("try", lambda: as_workspace(workspace))
    await folder.enter(lambda _: None, lambda _: None)
    workspace.hold("branch_capture")
    waiting = [asyncio.ensure_future(folder.capture(f"command {number}\nmore")) for number in range(5)]
    await asyncio.sleep(0)
    workspace.release("branch_capture")
    taken = [call is not None for call in await asyncio.gather(*waiting)]
    workspace.failures["branch_finished"] = RametError("The disk is full.")
    with pytest.raises(RametError):
        await folder.leave()
    del workspace.failures["branch_finished"]
    again = await folder.leave()

    assert taken == [True, False, False, False, True]
    assert ("branch_capture", ("try", 3, "command 4", "")) in workspace.calls
    assert again is not None
    assert await folder.capture() is None


async def test_a_folder_that_is_laid_out_while_its_terminal_is_closed_is_given_back(workspace: Prepared) -> None:
    workspace.hold("branch_place")
    folder = BranchFolder("try", lambda: as_workspace(workspace))
    entering = asyncio.ensure_future(folder.enter(lambda _: None, lambda _: None))
    for _ in range(3):  # the task, and the one that it begins
        await asyncio.sleep(0)
    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering
    leaving = asyncio.ensure_future(folder.leave())
    await asyncio.sleep(0)
    workspace.release("branch_place")

    assert await leaving is not None
    assert count(workspace) == ["branch_place", "branch_finished"]


async def test_a_shell_that_is_started_again_at_once_keeps_its_folder(workspace: Prepared) -> None:
    """The end of the one before comes late, and is about its own folder only."""
    workspace.setup = ""
    folder = BranchFolder("try", lambda: as_workspace(workspace))
    await folder.enter(lambda _: None, lambda _: None)
    first = folder.place
    await folder.enter(lambda _: None, lambda _: None)
    late = await folder.leave(first)

    assert late is None
    assert folder.place is not None
    assert count(workspace) == ["branch_place", "branch_finished", "branch_place"]
