"""Driving the app in tests: open it on a scripted workspace and wait until its workers have nothing left to do."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from textual.pilot import Pilot
from textual.worker import Worker, WorkerCancelled, WorkerFailed

from ramet.workspace.protocol import Workspace
from ramet_tui.app import RametApp
from ramet_tui.preferences import Preferences
from tests.tui.scripted_workspace import ScriptedWorkspace

ENDLESS = frozenset({"workspace", "finder"})
"""Groups of workers that run as long as the app, or as long as a modal screen is open."""


async def settle(pilot: Pilot[None], *without: str) -> None:
    """Wait until all workers are done, except those of the endless groups and of the named ones."""
    await pilot.pause()
    while busy := [worker for worker in pilot.app.workers if _is_busy(worker, ENDLESS | set(without))]:
        for worker in busy:
            with suppress(WorkerFailed, WorkerCancelled):  # what the app makes of them is what tests look at
                await worker.wait()
        await pilot.pause()
    await pilot.pause()


def _is_busy(worker: Worker[object], endless: frozenset[str] | set[str]) -> bool:
    return not worker.is_finished and worker.group not in endless


@asynccontextmanager
async def opened(
    workspace: ScriptedWorkspace,
    *without: str,
    size: tuple[int, int] = (120, 40),
    preferences: Preferences | None = None,
    pane_key: str = "f2",
) -> AsyncGenerator[Pilot[None], None]:
    """Run the app on a workspace, wait until it shows it, and focus the pane of a key (the files)."""

    async def open_workspace() -> Workspace:
        return workspace

    app = RametApp(workspace.root, open_workspace, preferences=preferences)
    async with app.run_test(size=size) as pilot:
        await settle(pilot, *without)
        if pane_key:
            await pilot.press(pane_key)
            await settle(pilot, *without)
        yield pilot


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys and wait for what they set off."""
    await pilot.press(*keys)
    await settle(pilot)


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Type a text key by key."""
    names = {"/": "slash", ".": "full_stop", "_": "underscore", " ": "space", "-": "minus", "@": "at"}
    await press(pilot, *(names.get(char, char) for char in text))
