"""Running a command in a branch: its output as it comes, how it ends, and what it changed."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Log

from ramet.branch_models import Branch, BranchPlace, BranchRun
from ramet.branches.running import RunningCommand
from ramet.errors import UsageError
from ramet.inert import inert_line
from ramet.workspace.protocol import Workspace
from ramet_tui.screens.branches.base import SHARED_KEYS, BranchScreen, TopLine
from ramet_tui.screens.branches.wording import BRANCH_SIGN, duration, plural
from ramet_tui.widgets.key_line import KeyLine

_TICK_SECONDS = 0.1
_KEPT_LINES = 20_000


class RunScreen(BranchScreen[None]):
    """Runs one command and stays open until it is closed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,x", "stop", "stop", id="branches.run.stop", tooltip="End the command"),
        Binding("r", "again", "again", id="branches.run.again", tooltip="Run the command once more"),
        Binding("escape,q", "close", "close", id="branches.run.close", tooltip="Leave; a command that runs is asked about"),
        *SHARED_KEYS,
    ]

    def __init__(self, workspace: Workspace, clock: Callable[[], float], branch: str, command: str) -> None:
        super().__init__(workspace, clock)
        self._branch = branch
        self._command = command
        self._live: RunningCommand | None = None
        self._phase = "laying out"
        self._result: BranchRun | None = None
        self._began = time.monotonic()

    def compose(self) -> ComposeResult:
        """The line above, the output, the keys."""
        yield TopLine()
        with Vertical(id="branch-run", classes="pane") as box:
            box.border_title = f"$ {inert_line(self._command)}"
            yield Log(highlight=False, max_lines=_KEPT_LINES, id="branch-output")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Begin."""
        self.query_one(Log).focus()
        self.set_interval(_TICK_SECONDS, self._tick)
        self._run_command()

    @property
    def goes_on(self) -> bool:
        """Whether the command, or what comes before and after it, goes on."""
        return bool(self._phase)

    def describe(self) -> None:
        """Draw the line above."""
        left = Content.assemble(
            (f" {BRANCH_SIGN} {inert_line(self._branch)} ", "bold $branch"), ("a command in it", "$secondary-text")
        )
        self.top.say(left, self._state())

    def _state(self) -> Content:
        if self._phase:
            return Content.assemble((f"{self._phase}…", "$status-running"))
        run = self._result
        if run is None:
            return Content.assemble(("did not run", "$status-failed"))
        changed = f"   {plural(run.changed, 'file')} changed" if run.changed else ""
        if run.exit_code == 0:
            end = ("✓", "$status-passed")
        else:
            end = ("stopped" if run.exit_code is None else f"✗ {run.exit_code}", "$status-failed")
        return Content.assemble(end, (f"  {duration(run.duration)}{changed}", "$secondary-text"))

    def _tick(self) -> None:
        if self._live is not None:
            self._show_output(self._live)
            self.query_one("#branch-run").border_subtitle = duration(time.monotonic() - self._began)

    def _show_output(self, running: RunningCommand) -> None:
        text = running.take()
        if text:
            self.query_one(Log).write(text)

    @work(group="branch-run", exclusive=True, exit_on_error=False)
    async def _run_command(self) -> None:
        self._phase, self._result = "laying out", None
        self.describe()
        branch = None
        try:
            branch = await self._run_in_branch()
        finally:
            self._phase = ""
            if branch is not None:
                self._result = branch.runs[-1] if branch.runs else None
            if self.is_mounted:
                self.describe()

    async def _run_in_branch(self) -> Branch:
        place = await self.workspace.branch_place(self._branch, os.getpid(), overlays=True)
        for note in place.notes:
            self.query_one(Log).write_line(inert_line(note))
        done: BranchRun | None = None
        setup = ""
        try:
            if place.setup:
                self._phase = "setting up"
                prepared = await self._execute(place.setup, place)
                if prepared.exit_code:
                    raise UsageError(
                        f"The set-up command failed with exit code {prepared.exit_code}.",
                        "Correct branch_setup in your configuration.",
                    )
                setup = place.setup
            self._phase = "running"
            done = await self._execute(self._command, place)
        finally:
            self._phase = "taking in what changed"
            # Also when the screen is closed: the folder is given back, and nothing that the command did is lost.
            finished = await asyncio.shield(self.workspace.branch_finished(self._branch, place.slot, done, setup, os.getpid()))
        for note in finished.notes:
            self.warn(note)
        return finished.branches[0]

    async def _execute(self, command: str, place: BranchPlace) -> BranchRun:
        self._began = time.monotonic()
        self.describe()
        self._live = running = RunningCommand(command)
        try:
            return await running.run(place)
        finally:
            self._live = None
            with suppress(Exception):  # the screen may be gone
                self._show_output(running)

    def action_stop(self) -> None:
        """End the command; pressed again, by force."""
        if self._live is not None:
            self._live.stop()
        elif not self.goes_on:
            self.warn("Nothing runs.")

    def action_again(self) -> None:
        """Run it once more."""
        if self.goes_on:
            self.warn("It still runs: ctrl+c ends it.")
        else:
            self.query_one(Log).clear()
            self._run_command()

    def action_close(self) -> None:
        """Leave, after asking when the command runs."""
        if not self.goes_on:
            self.dismiss(None)
            return
        from ramet_tui.widgets.chat.dialogs import ConfirmScreen

        self.app.push_screen(ConfirmScreen("End the command? It still runs:", self._command, "end it"), self._confirmed)

    def _confirmed(self, is_sure: bool | None) -> None:
        if is_sure:
            self.action_stop()
