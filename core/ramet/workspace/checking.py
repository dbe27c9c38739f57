"""Runs checks in branches for a front end: several branches at a time, the checks of one after each other.

The commands run in the front end's process, with its environment; what they come to is kept by the workspace.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ramet.branch_models import BranchPlace, BranchRun, CheckCommand, CheckCommands, CheckMark, CheckState
from ramet.branches.running import RunningCommand
from ramet.errors import RametError, UsageError
from ramet.inert import inert_line
from ramet.workspace.protocol import Workspace

MOST_JOBS = 16
"""Branches that are checked at a time: each needs a folder of the pool."""
_USUAL_JOBS = 4
_GRACE_SECONDS = 2.0
"""Between asking a command to end and ending it by force."""
_CANNOT_RUN = (126, 127)
"""What a shell exits with when it cannot run a command."""

CheckPhase = Literal["laying out", "setting up", "running", "taking in what changed"]


class CheckBegan(Struct, frozen=True):
    """A check of a branch is at a new phase."""

    branch: str
    check: str
    phase: CheckPhase


class CheckEnded(Struct, frozen=True):
    """A check of a branch is over."""

    branch: str
    run: BranchRun


class CheckNoted(Struct, frozen=True):
    """Something to be told that is no error; never twice the same."""

    sentence: str


CheckEvent = CheckBegan | CheckEnded | CheckNoted


class CheckPlan(Struct, frozen=True):
    """What to run where."""

    branches: tuple[str, ...]
    commands: tuple[CheckCommand, ...]
    jobs: int = 1
    stops_early: bool = False
    """Whether a branch gets no more checks after one that it did not pass."""


class Checking:
    """One round of checks; used once. Owned by the front end that iterates over its events."""

    def __init__(self, workspace: Workspace, plan: CheckPlan, environment: Mapping[str, str]) -> None:
        self._workspace = workspace
        self._plan = plan
        self._environment = environment
        self._events: asyncio.Queue[CheckEvent | None] = asyncio.Queue()
        self._running: set[RunningCommand] = set()
        self._told: set[str] = set()
        self._stops = 0

    @property
    def is_stopping(self) -> bool:
        """Whether somebody wanted it to end early."""
        return self._stops > 0

    def stop(self) -> None:
        """Begin nothing new and end what runs, a second time by force. What was done by then is kept."""
        self._stops += 1
        for running in tuple(self._running):
            self._end(running)

    async def run(self) -> AsyncGenerator[CheckEvent, None]:
        """Yield what happens until all is done; closing it kills what runs."""
        work = asyncio.create_task(self._run_all())
        try:
            while (event := await self._events.get()) is not None:
                yield event
            await work
        finally:
            work.cancel()
            await asyncio.wait([work])

    async def _run_all(self) -> None:
        room = asyncio.Semaphore(self._plan.jobs)

        async def one(name: str) -> None:
            async with room:
                await self._check_branch(name)

        try:
            async with asyncio.TaskGroup() as group:
                for name in self._plan.branches:
                    group.create_task(one(name))
        finally:
            self._events.put_nowait(None)

    async def _check_branch(self, name: str) -> None:
        for command in self._plan.commands:
            if self.is_stopping:
                return
            try:
                run = await self._check(name, command)
            except RametError as error:
                run = _unable(command, f"{error.what} {error.advice}".strip())
            self._tell(CheckEnded(name, run))
            if self._plan.stops_early and run.check is not None and run.check.state != "passed":
                return

    async def _check(self, name: str, command: CheckCommand) -> BranchRun:
        """Run one check where the branch is laid out, and have what it came to stored, however it ends."""
        self._tell(CheckBegan(name, command.name, "laying out"))
        place = await self._workspace.branch_place(name, os.getpid(), overlays=True)
        self._note(place.notes)
        run: BranchRun | None = None
        setup = ""
        try:
            run = await self._set_up(name, command, place)
            if run is None:
                setup = place.setup
                self._tell(CheckBegan(name, command.name, "running"))
                run = await self._execute(command, place)
            self._tell(CheckBegan(name, command.name, "taking in what changed"))
        finally:
            # Also when this is cancelled: the folder is given back, and nothing that the command did is lost.
            taken = await asyncio.shield(self._workspace.branch_finished(name, place.slot, run, setup, os.getpid()))
        self._note(taken.notes)
        return taken.branches[0].runs[-1]

    async def _set_up(self, name: str, command: CheckCommand, place: BranchPlace) -> BranchRun | None:
        """Run the set-up command where one is wanted; return what the check came to where that fails."""
        if not place.setup:
            return None
        self._tell(CheckBegan(name, command.name, "setting up"))
        prepared = await self._execute(CheckCommand(command.name, place.setup), place)
        if prepared.exit_code == 0:
            return None
        state: CheckState = "stopped" if self.is_stopping else "could not run"
        return replace(prepared, check=CheckMark(command.name, state, "branch_setup of your configuration failed"))

    async def _execute(self, command: CheckCommand, place: BranchPlace) -> BranchRun:
        running = RunningCommand(command.command, ends_children=True)
        self._running.add(running)
        try:
            if self.is_stopping:
                return _unable(command, "", "stopped")
            run = await running.run(place, self._environment)
        finally:
            self._running.discard(running)
        state: CheckState = "failed"
        if run.exit_code == 0:
            state = "passed"
        elif running.was_stopped:
            state = "stopped"
        elif run.exit_code in _CANNOT_RUN:
            state = "could not run"
        return replace(run, check=CheckMark(command.name, state))

    def _end(self, running: RunningCommand) -> None:
        if self._stops > 1:
            running.kill()
        else:
            running.stop()
            asyncio.get_running_loop().call_later(_GRACE_SECONDS, running.kill)

    def _note(self, sentences: Sequence[str]) -> None:
        for sentence in sentences:
            if sentence not in self._told:
                self._told.add(sentence)
                self._tell(CheckNoted(sentence))

    def _tell(self, event: CheckEvent) -> None:
        self._events.put_nowait(event)


def usual_jobs() -> int:
    """Return how many branches are checked at a time when nobody says."""
    return max(1, min(_USUAL_JOBS, os.cpu_count() or 1))


def chosen_checks(known: CheckCommands, only: Sequence[str] = ()) -> tuple[CheckCommand, ...]:
    """Return the configured checks, or those of some names. Raises UsageError where there are none."""
    if not known.configured:
        example = known.suggested or (CheckCommand("tests", "make test"),)
        table = ", ".join(f"{check.name} = {_quoted(check.command)}" for check in example)
        where = f" of {known.config_file}" if known.config_file else ""
        seems = "What this repository seems to have" if known.suggested else "For example"
        raise UsageError(
            "No checks are configured.",
            f"Name them in the table [branch_checks]{where}, or give a command: ramet branch check NAME -- COMMAND. "
            f"{seems}: {table}",
        )
    names = [check.name for check in known.configured]
    for name in only:
        if name not in names:
            raise UsageError(f"There is no check {inert_line(name[:80])!r}.", f"Configured are: {', '.join(names)}.")
    return tuple(check for check in known.configured if not only or check.name in only)


def _quoted(command: str) -> str:
    return f"'{command}'" if '"' in command else f'"{command}"'


def _unable(command: CheckCommand, summary: str, state: CheckState = "could not run") -> BranchRun:
    return BranchRun(command.command, None, time.time(), 0.0, check=CheckMark(command.name, state, summary))
