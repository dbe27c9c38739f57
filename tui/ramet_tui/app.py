"""The app: opens the workspace, keeps it open, runs the index, shows problems, and remembers what the user chose."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from pathlib import Path

from msgspec.structs import replace
from textual import work
from textual.app import App
from textual.binding import Binding
from textual.worker import Worker, WorkerState

from ramet.errors import EngineError, RametError
from ramet.models import Problem
from ramet.workspace.protocol import Workspace
from ramet_tui.layout import Layout
from ramet_tui.preferences import Preferences
from ramet_tui.screens.main import MainScreen
from ramet_tui.themes import DARK, LIGHT, RAMET_DARK, THEMES

_log = logging.getLogger(__name__)

STILL_WORKS = "Files stay readable. Search, outline and answers come back with the next try."


class RametApp(App[None]):
    """Owns the workspace, the theme and the preferences."""

    TITLE = "Ramet"
    CSS_PATH = "ramet.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [Binding("ctrl+c", "help_quit", show=False, system=True)]  # noqa: RUF012  # Textual's own declaration

    def __init__(
        self,
        folder: Path,
        open_workspace: Callable[[], Awaitable[Workspace]],
        *,
        first_theme: str = "",
        preferences: Preferences | None = None,
        save: Callable[[Preferences], None] | None = None,
        keymap: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._open_workspace = open_workspace
        self._preferences = preferences or Preferences()
        self._save = save
        self.keymap = dict(keymap or {})
        """Keys that the user gave to actions, by id of the action."""
        self.workspace: Workspace | None = None
        self.main = MainScreen(folder, self._preferences.layout)
        self._index_worker: Worker[None] | None = None
        for theme in THEMES:
            self.register_theme(theme)
        first_theme = first_theme or self._preferences.theme
        self.theme = first_theme if first_theme in self.available_themes else DARK

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Other themes lack the app's own colours."""
        return RAMET_DARK.variables

    def get_default_screen(self) -> MainScreen:
        """Start with the panes."""
        return self.main

    def on_mount(self) -> None:
        """Open the workspace behind the first frame."""
        self.set_keymap(self.keymap)
        self.call_after_refresh(self.connect)

    async def on_unmount(self) -> None:
        """End the shells and let go of the workspace."""
        if self.main.terminal is not None:
            await self.main.terminal.close_all()
        if self.workspace is not None:
            await self.workspace.close()

    # The workspace

    @work(group="workspace", exclusive=True, exit_on_error=False)
    async def connect(self) -> None:
        """Open the workspace and follow it until it ends."""
        self.main.say("connecting…")
        workspace = await self._open_workspace()
        self.workspace = workspace
        self.main.workspace_opened(workspace)
        is_first = True
        async with aclosing(workspace.watch()) as events:
            async for event in events:
                self.main.status_arrived(event.status)
                if is_first:
                    is_first = False
                    self.sync_index()

    @property
    def is_indexing(self) -> bool:
        """An index run that this window started is at work."""
        return self._index_worker is not None and self._index_worker.is_running

    def toggle_index(self) -> None:
        """Start an index run, or stop the one at work; what it stored is kept."""
        if self.is_indexing:
            self.workers.cancel_group(self, "index")
            self.notify("The index is paused. Press f9 to go on.", timeout=3)
        else:
            self.sync_index()

    def sync_index(self, *, rebuild: bool = False) -> None:
        """Bring the index up to date."""
        self._index_worker = self._sync(rebuild=rebuild)

    @work(group="index", exclusive=True, exit_on_error=False)
    async def _sync(self, *, rebuild: bool) -> None:
        workspace = self.workspace
        if workspace is None:
            return
        try:
            async with aclosing(workspace.sync(rebuild=rebuild)) as events:
                async for event in events:
                    self.main.index_reported(event)
        finally:
            self.main.index_stopped()

    # Problems

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show why a worker of the app failed; a lost workspace offers another try."""
        if event.state is not WorkerState.ERROR or event.worker.error is None:
            return
        event.stop()
        error = event.worker.error
        if event.worker.group == "workspace" or isinstance(error, EngineError):
            self._lose_workspace(error)
        else:
            self.show_problem(error)

    def show_problem(self, error: BaseException) -> None:
        """Say what failed and what to do next, in the one way there is."""
        if isinstance(error, EngineError) and self.workspace is not None:
            self._lose_workspace(error)
            return
        problem = as_problem(error)
        self.notify(
            problem.advice or problem.what,
            title=problem.what if problem.advice else "",
            severity="error",
            timeout=8,
            markup=False,
        )

    def _lose_workspace(self, error: BaseException) -> None:
        from ramet_tui.screens.problem import ProblemScreen

        if self.workspace is not None:
            self._close(self.workspace)
        self.workspace = None
        self.main.workspace_lost()
        self.workers.cancel_group(self, "workspace")
        if not isinstance(self.screen, ProblemScreen):
            self.push_screen(ProblemScreen(as_problem(error), STILL_WORKS), self._try_again)

    def _try_again(self, again: bool | None) -> None:
        if again:
            self.connect()

    @work(group="close", exit_on_error=False)
    async def _close(self, workspace: Workspace) -> None:
        try:
            await workspace.close()
        except RametError:
            _log.debug("closing a broken workspace", exc_info=True)

    # Leaving

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While keys go to a program in the terminal, none of them is one of the app."""
        return self.main.terminal is None or not self.main.terminal.is_typing or not isinstance(self.screen, MainScreen)

    async def action_quit(self) -> None:
        """Leave, after asking when something runs in a terminal."""
        running = self.main.terminal.running if self.main.terminal is not None else []
        if running:
            self._confirm_quit(running)
        else:
            self.exit()

    @work(group="quit", exclusive=True, exit_on_error=False)
    async def _confirm_quit(self, running: list[str]) -> None:
        from ramet_tui.widgets.chat.dialogs import ConfirmScreen

        question = ConfirmScreen("Leave Ramet? That ends what runs in the terminal:", "\n".join(running), "leave")
        if await self.push_screen_wait(question):
            self.exit()

    # Preferences

    def action_switch_theme(self) -> None:
        """Switch between the dark and the light theme."""
        self.theme = LIGHT if self.theme == DARK else DARK
        self._keep(replace(self._preferences, theme=self.theme))

    def keep_layout(self, layout: Layout) -> None:
        """Remember the layout."""
        self._keep(replace(self._preferences, layout=layout))

    def _keep(self, preferences: Preferences) -> None:
        self._preferences = preferences
        self._store(preferences)

    @work(group="preferences", exclusive=True, exit_on_error=False)
    async def _store(self, preferences: Preferences) -> None:
        if self._save is not None:
            await asyncio.to_thread(self._save, preferences)


def as_problem(error: BaseException) -> Problem:
    """Return an error as a problem; an unexpected one is named as such and logged."""
    if isinstance(error, RametError):
        return Problem(type(error).__name__, error.what, error.advice)
    _log.error("unexpected error in the app", exc_info=error)
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Problem(type(error).__name__, f"Something unexpected failed: {text}", "Ramet goes on; please report it.")
