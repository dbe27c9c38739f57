"""The checks that run from the board: one round at a time, whose progress the board and the table over it show."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Any

from textual.content import Content
from textual.timer import Timer

from ramet.branch_models import CheckCommand, CheckCommands
from ramet.inert import inert_line
from ramet.workspace.checking import CheckBegan, CheckEnded, Checking, CheckNoted, CheckPlan, chosen_checks, usual_jobs
from ramet_tui.screens.branches import check_rows
from ramet_tui.screens.branches.ask import AskScreen
from ramet_tui.screens.branches.base import BranchScreen
from ramet_tui.screens.branches.wording import plural

_TICK_SECONDS = 0.5

Listener = Callable[[bool], None]
"""Told when something is drawn differently; with True when there is another result."""


class BoardChecks:
    """Owned by the board, with which a round ends."""

    def __init__(self, board: BranchScreen[Any]) -> None:  # Any: what the board closes with does not matter here
        self._board = board
        self._checking: Checking | None = None
        self._running: dict[str, tuple[CheckBegan, float]] = {}
        """By branch: what goes on, and when its check began."""
        self._waiting: set[str] = set()
        self._passed = self._ended = self._total = 0
        self._listeners: list[Listener] = []
        self._ticks: Timer | None = None

    @property
    def goes_on(self) -> bool:
        """Whether checks run."""
        return self._checking is not None

    def listen(self, listener: Listener) -> None:
        """Tell somebody of every change."""
        self._listeners.append(listener)

    def forget(self, listener: Listener) -> None:
        """Tell somebody no longer."""
        self._listeners.remove(listener)

    def progress(self, name: str, *, is_named: bool = True) -> Content | None:
        """Draw what is going on in a branch, with the name of the check or without; None for nothing."""
        if name in self._running:
            began, since = self._running[name]
            return check_rows.progress(began, time.monotonic() - since, is_named=is_named)
        return Content.assemble((f"{check_rows.RUNNING_SIGN} waits", "$faint-text")) if name in self._waiting else None

    def check_of(self, name: str) -> str:
        """Return the check that goes on in a branch; empty for none."""
        return self._running[name][0].check if name in self._running else ""

    def summary(self) -> Content:
        """Draw how far the round is, for the line above."""
        stops = "stopping, esc forces it" if self._checking is not None and self._checking.is_stopping else "esc stops"
        return Content.assemble((f"checks {self._ended} of {self._total}… ", "$status-running"), (stops, "$faint-text"))

    def start(self, names: Sequence[str]) -> None:
        """Run the user's checks in branches; where none are configured, ask for a command."""
        if not names:
            self._board.warn("There is no branch to check: n makes one.")
        elif self.goes_on:
            self._board.warn("Checks are going on: esc stops them.")
        else:
            self._board.run_worker(self._find(tuple(names)), group="branch-checks", exclusive=True, exit_on_error=False)

    def stop(self) -> bool:
        """End what runs, a second time by force; return whether there was something."""
        if self._checking is None:
            return False
        self._checking.stop()
        self._waiting.clear()
        self._tell()
        return True

    async def _find(self, names: tuple[str, ...]) -> None:
        known = await self._board.workspace.branch_checks()
        if known.configured:
            await self._run(CheckPlan(names, chosen_checks(known), usual_jobs()))
        else:
            self._ask(names, known)

    def _ask(self, names: tuple[str, ...], known: CheckCommands) -> None:
        def typed(command: str | None) -> None:
            if command is not None:
                plan = CheckPlan(names, (CheckCommand(command, command),), usual_jobs())
                self._board.run_worker(self._run(plan), group="branch-checks", exclusive=True, exit_on_error=False)

        where = f"Checks that you keep stand in the table [branch_checks] of {known.config_file}"
        offered = known.suggested[0].command if known.suggested else ""
        title = f"Check {names[0] if len(names) == 1 else plural(len(names), 'branch')}"
        explanation = f"No check is configured; this command runs once. {where}."
        self._board.app.push_screen(AskScreen(title, explanation, offered=offered, placeholder="pytest -q"), typed)

    async def _run(self, plan: CheckPlan) -> None:
        self._checking = checking = Checking(self._board.workspace, plan, os.environ)
        self._waiting = set(plan.branches)
        self._passed, self._ended, self._total = 0, 0, len(plan.branches) * len(plan.commands)
        self._ticks = self._board.set_interval(_TICK_SECONDS, self._tell)
        self._tell()
        try:
            async with aclosing(checking.run()) as events:
                async for event in events:
                    self._take(event)
        finally:
            self._checking = None
            self._running.clear()
            self._waiting.clear()
            self._ticks.stop()
        self._tell(has_result=True)
        self._say(checking)

    def _take(self, event: CheckBegan | CheckEnded | CheckNoted) -> None:
        if isinstance(event, CheckNoted):
            self._board.tell(event.sentence)
        elif isinstance(event, CheckBegan):
            self._waiting.discard(event.branch)
            known = self._running.get(event.branch)
            since = known[1] if known is not None and known[0].check == event.check else time.monotonic()
            self._running[event.branch] = event, since
            self._tell()
        else:
            self._running.pop(event.branch, None)
            self._ended += 1
            check = event.run.check
            self._passed += check is not None and check.state == "passed"
            if check is not None and not event.run.number and check.state == "could not run":
                self._board.warn(f"{event.branch}: {check.summary}")
            self._tell(has_result=True)

    def _say(self, checking: Checking) -> None:
        rest = self._ended - self._passed
        said = ", ".join([f"{self._passed} passed", *([f"{rest} did not"] if rest else [])])
        self._board.tell(inert_line(f"Checks stopped: {said}." if checking.is_stopping else f"Checks are done: {said}."))

    def _tell(self, has_result: bool = False) -> None:
        for listener in tuple(self._listeners):
            listener(has_result)
