"""Terminals in branches: where they run, what becomes of what they change, and which one is in front."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ramet.branch_models import FileEdit, ForkRequest
from ramet.errors import BranchConflict, RametError
from ramet.workspace.host import open_local_workspace
from ramet.workspace.protocol import Workspace
from ramet_tui.app import RametApp
from ramet_tui.messages import PlaceSelected
from ramet_tui.screens.branches.board import BranchBoard
from ramet_tui.widgets.chat.dialogs import ConfirmScreen
from tests.tui.branches.branching import BranchingWorkspace, several
from tests.tui.piloting import opened, press, settle
from tests.tui.terminal.shells import LEAVE, Terminal, bash

__all__ = ["bash"]
pytestmark = pytest.mark.usefixtures("bash")


@pytest.fixture
def workspace(shop: Path) -> BranchingWorkspace:
    """A workspace with branches, the newest of which is `late-buds`; its folder is the root."""
    made = BranchingWorkspace(shop)
    made.branch_list = several()
    made.files_of = {name: {"shop/cart.py": b"CART = 'late'\n"} for name in ("late-buds", "wider-rings-2")}
    return made


def arguments(workspace: BranchingWorkspace, method: str) -> list[object]:
    return [argument for called, argument in workspace.calls if called == method]


def messages(terminal: Terminal) -> list[str]:
    return [f"{note.title}: {note.message}" for note in terminal.app._notifications]  # no public way to them


async def at_prompt(terminal: Terminal, branch: str = "late-buds", *, tabs: int = 1) -> None:
    """Wait for the prompt of a terminal in a branch."""
    main = terminal.app.main
    await terminal.until(
        lambda: (
            main.terminal is not None
            and len(main.terminal.screens) == tabs
            and main.terminal.front_branch == branch
            and terminal.screen.session.is_prompt_untouched
            and terminal.screen.has_focus
        ),
        "the prompt",
    )


async def test_everything_follows_what_a_shell_does_in_a_branch_and_the_working_tree_has_its_own(shop: Path) -> None:
    workspace = await open_local_workspace(shop, environment=os.environ, overrides={"model": ""})
    await workspace.branch_new(ForkRequest(("try",)))

    async def open_it() -> Workspace:
        return workspace

    app = RametApp(shop, open_it)
    async with app.run_test(size=(140, 40)) as pilot:
        terminal = Terminal(pilot)
        await settle(pilot)
        count = str(app.main.header.render())
        app.screen.post_message(PlaceSelected("shop/cart.py"))
        await press(pilot, "f2", "ctrl+b", "e")
        await at_prompt(terminal, "try")
        title = str(terminal.pane.border_title)
        await terminal.run("echo 'CART = 1' > shop/cart.py; touch made.py; pwd; git status; echo $RAMET_BRANCH; false")
        await terminal.until(lambda: app.main.viewer.view.document.text == "CART = 1\n", "the viewer")
        await terminal.until(lambda: "made.py" in app.main._paths, "the tree")
        header, printed = str(app.main.header.render()), terminal.text
        (run,) = await workspace.commands()
        mentioned = await workspace.mentioned("@last-error", "try"), await workspace.mentioned("@last-error", "")
        await press(pilot, LEAVE, "alt+w")
        left = terminal.border
        await press(pilot, "ctrl+j")
        await at_prompt(terminal, "", tabs=2)
        await terminal.run("pwd")
        both, here = str(terminal.pane.border_title), terminal.text
        app.main.look_at("try")
        await settle(pilot)
        again = terminal.pane.front_branch
        await terminal.press("f2")
        (path,) = (await workspace.branch_place("try")).notes
        await terminal.pane.close_branch("try")
        edited = await workspace.branch_write("try", (FileEdit("made.py", b"now"),))

    pool = next(line for line in printed.split("\n") if line.endswith("/tree"))
    assert ("+1 branch" in count, "⎇ try" in header, "+1 \u2212" in header) == (True, True, True)
    assert ("⎇ try" in title, "this shell is in ⎇ try" in left, "⎇ try" in both, again) == (True, True, True, "try")
    assert "not a git repository" in printed
    assert "\ntry\n" in printed
    assert (run.branch, run.folder, run.exit_code) == ("try", str(shop), 1)
    assert [len(found.attachments) for found in mentioned] == [1, 0]
    assert f"\n{shop}\n" in here
    assert f"Process {os.getpid()}" in path
    assert edited.stat.files == 2
    assert (shop / "shop/cart.py").read_text().startswith('"""The cart."""')
    assert pool.startswith(os.environ["RAMET_DATA_DIR"])


async def test_what_fails_is_said_and_tried_again_and_a_merge_records_first(workspace: BranchingWorkspace) -> None:
    workspace.failures["branch_place"] = BranchConflict("All folders are in use.", "End a shell.")
    async with opened(workspace) as pilot:
        terminal = Terminal(pilot)
        await press(pilot, "ctrl+b", "e")
        await terminal.until(lambda: terminal.app.main.terminal is not None and terminal.pane.current is not None)
        await terminal.until(lambda: "did not start" in terminal.border, "the refusal")
        refused = terminal.text
        del workspace.failures["branch_place"]
        await terminal.press("enter")
        await at_prompt(terminal)
        workspace.failures["branch_capture"] = RametError("The disk is full.", "Free some space.")
        await terminal.run("echo one")
        await terminal.run("echo two")
        await settle(pilot)
        said = [text for text in messages(terminal) if "disk is full" in text]
        await press(pilot, LEAVE, "ctrl+b", "m")
        merged = workspace.count("branch_merge")
        del workspace.failures["branch_capture"]
        workspace.calls.clear()
        await press(pilot, "m")
        order = [method for method, _ in workspace.calls if method in ("branch_capture", "branch_merge")]
        await press(pilot, "escape", "escape")
        await terminal.paste("exit 3")
        await terminal.press("enter")
        await terminal.until(lambda: "ended with 3" in terminal.border)
        await settle(pilot)

    assert "All folders are in use.\nEnd a shell." in refused
    assert [text.split(";")[0] for text in said] == ["Not recorded in late-buds yet"]
    assert merged == 0
    assert order == ["branch_capture", "branch_merge"]
    assert arguments(workspace, "branch_finished") == [("late-buds", 1, None, "")]


async def test_dropping_a_branch_asks_about_its_terminal_and_leaving_the_app_gives_folders_back(
    workspace: BranchingWorkspace,
) -> None:
    async with opened(workspace) as pilot:
        terminal = Terminal(pilot)
        await press(pilot, "ctrl+b", "e")
        await at_prompt(terminal)
        await press(pilot, LEAVE, "ctrl+b", "x")
        asked = isinstance(pilot.app.screen, ConfirmScreen)
        await press(pilot, "n")
        kept = workspace.branch_list[0].state, workspace.count("branch_finished")
        await press(pilot, "x", "y")
        await terminal.until(lambda: workspace.count("branch_drop") == 1 and isinstance(pilot.app.screen, BranchBoard))
        await settle(pilot)
        order = [method for method, _ in workspace.calls if method in ("branch_finished", "branch_drop")]
        hidden = not terminal.pane.display
        await press(pilot, "e")
        await at_prompt(terminal, "wider-rings-2")
        workspace.calls.clear()

    assert asked
    assert kept == ("live", 0)
    assert (order, hidden) == (["branch_finished", "branch_drop"], True)
    assert arguments(workspace, "branch_finished") == [("wider-rings-2", 1, None, "")]
