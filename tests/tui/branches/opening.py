"""The board of branches without the panes of the app, which take longer to appear than most of what is tested here."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot
from textual.screen import Screen

import ramet_tui
from ramet.workspace.protocol import Workspace
from ramet_tui.app import RametApp
from ramet_tui.screens.branches.board import BranchBoard
from tests.tui.branches.branching import NOW, BranchingWorkspace
from tests.tui.piloting import settle


class BoardApp(RametApp):
    """The app as it is around the board, on an empty screen."""

    CSS_PATH = str(Path(ramet_tui.__file__).with_name("ramet.tcss"))

    def get_default_screen(self) -> Screen[None]:  # type: ignore[override]  # the panes are left out
        return Screen()

    def connect(self) -> None:  # type: ignore[override]  # nobody would show what it finds
        """Leave the workspace to the board."""


@asynccontextmanager
async def board_opened(workspace: BranchingWorkspace, size: tuple[int, int] = (120, 40)) -> AsyncGenerator[Pilot[None], None]:
    """Open the board of a workspace."""

    async def open_workspace() -> Workspace:
        return workspace

    app = BoardApp(workspace.root, open_workspace)
    async with app.run_test(size=size) as pilot:
        app.push_screen(BranchBoard(workspace, lambda: NOW))
        await settle(pilot)
        yield pilot
