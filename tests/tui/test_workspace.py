"""How the app opens a workspace, follows it, indexes, and says what failed."""

from __future__ import annotations

import asyncio

from textual.pilot import Pilot
from textual.widgets import Static

from ramet.errors import EngineCrashed, EngineError, RametError, StoreFull
from ramet.events import IndexFinished, IndexProgress, Scanned
from ramet.models import GitHead, IndexStatus, Usage
from ramet.workspace.protocol import Workspace
from ramet_tui.app import RametApp
from ramet_tui.messages import ProblemOccurred, UsageChanged
from ramet_tui.screens.main import MainScreen
from ramet_tui.screens.problem import ProblemScreen
from tests.tui.piloting import opened, press, settle
from tests.tui.scripted_workspace import NO_CHANGES, Pause, ScriptedWorkspace


def main_of(pilot: Pilot[None]) -> MainScreen:
    assert isinstance(pilot.app, RametApp)
    return pilot.app.main


def header(pilot: Pilot[None]) -> str:
    return main_of(pilot).header.render().plain


def toasts(pilot: Pilot[None]) -> list[str]:
    return [f"{notification.title}|{notification.message}" for notification in pilot.app._notifications]


async def test_the_app_is_usable_before_the_workspace_is_open(workspace: ScriptedWorkspace) -> None:
    gate = asyncio.Event()

    async def open_workspace() -> Workspace:
        await gate.wait()
        return workspace

    app = RametApp(workspace.root, open_workspace)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        waiting = header(pilot)
        await press(pilot, "f2", "end", "enter")
        path = app.main.viewer.path
        gate.set()
        await settle(pilot)

        assert "connecting…" in waiting
        assert path == "README.md"
        assert "23 chunks" in header(pilot)


async def test_the_header_says_where_everything_stands(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        workspace.change(head=GitHead(branch="feature/x", commit="abc"), changed_files=3)
        main_of(pilot).post_message(UsageChanged(Usage(11_500, 500, context_window=200_000), cost=0.034))
        await settle(pilot)

        assert header(pilot).split() == [
            "ramet", "shop", "⎇", "feature/x", "±3", "index", "✓", "23", "chunks", "no", "model", "12k/200k", "$0.03",
        ]  # fmt: skip


async def test_a_narrow_header_keeps_the_index_and_the_name(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace, size=(50, 24)) as pilot:
        main_of(pilot).post_message(UsageChanged(Usage(11_500, 500, context_window=200_000), cost=0.034))
        await settle(pilot)

        assert header(pilot).split()[:2] == ["ramet", "shop"]
        assert len(header(pilot)) == 50


async def test_opening_brings_the_index_up_to_date_with_progress(workspace: ScriptedWorkspace) -> None:
    pause = Pause()
    workspace.syncs.append([Scanned(7, 7, 0, 0), IndexProgress("parsing", 3, 7, 0, 0), pause, IndexFinished(NO_CHANGES)])
    async with opened(workspace, "index") as pilot:
        await pause.reached.wait()
        await pilot.pause()
        running = header(pilot)
        pause.go()
        await settle(pilot)

        assert "parsing" in running
        assert "3/7" in running
        assert "23 chunks" in header(pilot)


async def test_f9_pauses_the_index_and_goes_on(workspace: ScriptedWorkspace) -> None:
    pause = Pause()
    workspace.syncs.append([IndexProgress("parsing", 3, 7, 0, 0), pause])
    async with opened(workspace, "index") as pilot:
        await pause.reached.wait()
        await press(pilot, "f9")
        stopped = list(workspace.closed_streams)
        paused = header(pilot)
        await press(pilot, "f9")

        assert stopped == ["sync"]
        assert "parsing" not in paused
        assert workspace.count("sync") == 2


async def test_alt_i_indexes_everything_anew(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "alt+i")

        assert workspace.calls.count(("sync", True)) == 1


async def test_a_failed_index_run_is_a_toast(workspace: ScriptedWorkspace) -> None:
    workspace.syncs.append([StoreFull("The disk is full.", "Free some space.")])
    async with opened(workspace) as pilot:
        assert toasts(pilot) == ["The disk is full.|Free some space."]


async def test_another_process_that_indexes_is_shown(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        workspace.change(index=IndexStatus(state="indexing", phase="embedding", done=40, total=80))
        await settle(pilot)

        assert "embedding" in header(pilot)
        assert "40/80" in header(pilot)


async def test_a_workspace_that_cannot_be_opened_offers_another_try(workspace: ScriptedWorkspace) -> None:
    errors = [EngineError("The engine did not start.", "See the log.")]

    async def open_workspace() -> Workspace:
        if errors:
            raise errors.pop()
        return workspace

    app = RametApp(workspace.root, open_workspace)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, ProblemScreen)
        said = [str(screen.query_one(name, Static).render()) for name in ("#problem-what", "#problem-advice")]
        await press(pilot, "r")

        assert said == ["The engine did not start.", "See the log."]
        assert app.screen is app.main
        assert "23 chunks" in header(pilot)


async def test_a_crashed_engine_offers_another_try_and_files_stay_readable(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        workspace.break_watch(EngineCrashed("The engine went away.", "Try again."))
        await settle(pilot)
        is_offered = isinstance(pilot.app.screen, ProblemScreen)
        await press(pilot, "escape", "end", "enter")

        assert is_offered
        assert workspace.closed
        assert "not connected" in header(pilot)
        assert main_of(pilot).viewer.path == "README.md"


async def test_an_unexpected_error_in_a_worker_is_said_and_the_app_goes_on(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        main_of(pilot).post_message(ProblemOccurred(ZeroDivisionError("division by zero")))
        await settle(pilot)
        await press(pilot, "end", "enter")

        assert "ZeroDivisionError: division by zero" in toasts(pilot)[0]
        assert main_of(pilot).viewer.path == "README.md"


async def test_a_failing_list_of_files_is_a_toast(workspace: ScriptedWorkspace) -> None:
    workspace.failures["files"] = RametError("git is missing.", "Install git.")
    async with opened(workspace) as pilot:
        assert toasts(pilot) == ["git is missing.|Install git."]


async def test_leaving_closes_the_workspace(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await pilot.press("ctrl+q")

    assert workspace.closed
