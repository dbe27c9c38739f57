"""The folder of a branch that a shell runs in: laid out before it starts, recorded while it goes on, given back. No widgets."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ramet.branch_models import BranchFork, BranchPlace
from ramet.branches.command import command_environment
from ramet.branches.overlay import launcher
from ramet.branches.running import RunningCommand
from ramet.errors import RametError, UsageError
from ramet.inert import inert_line
from ramet.models import CommandRecording
from ramet.paths import absolute
from ramet.workspace.protocol import Workspace
from ramet_tui.widgets.terminal.environment import ShellPlace

_SHOWN_SECONDS = 0.1
"""How often what the set-up command prints is shown."""
_LONGEST_MESSAGE = 200


class BranchFolder:
    """What one terminal has of its branch; used again when its shell is started again."""

    def __init__(self, name: str, workspace: Callable[[], Workspace | None]) -> None:
        """Take the name of the branch, and what gives the workspace that is open now."""
        self.name = name
        self.place: BranchPlace | None = None
        """Where it is laid out; None before, and after it was given back."""
        self._workspace = workspace
        self._guard = asyncio.Lock()
        self._asked = 0

    @property
    def path(self) -> Path | None:
        """The folder."""
        return absolute(Path("/"), self.place.path) if self.place is not None else None

    def _open(self) -> Workspace:
        workspace = self._workspace()
        if workspace is None:
            raise RametError("The workspace is not open.", "Wait until it is.")
        return workspace

    async def enter(self, say: Callable[[str], None], show: Callable[[str], None]) -> ShellPlace:
        """Lay the branch out, with the user's set-up command where that is due; return where and how a shell starts there.

        Args:
            say: Gets what goes on, for people.
            show: Gets remarks about the folder, and what the set-up command prints.

        Raises:
            RametError: It cannot be laid out or set up; `leave` is to be called all the same.
        """
        workspace = self._open()
        say(f"laying out {self.name}")
        # Whoever closes the terminal meanwhile leaves when it is known which folder that is.
        place = await asyncio.shield(asyncio.ensure_future(self._lay_out(workspace)))
        folder = absolute(Path("/"), place.path)
        environment = command_environment(os.environ, place.environment, folder, place.copies)
        for note in place.notes:
            show(f"\x1b[2m{inert_line(note)}\x1b[m\n")
        if place.setup:
            say(f"setting up {self.name}")
            await self._set_up(place, show)
            await workspace.branch_capture(self.name, place.slot, "", place.setup)
        say("")
        return ShellPlace(folder, environment, tuple(launcher(place)))

    async def _lay_out(self, workspace: Workspace) -> BranchPlace:
        async with self._guard:
            with suppress(UsageError):  # there may be no such folder any more
                await self._give_back()  # the shell before may not have come to that
            self.place = place = await workspace.branch_place(self.name, os.getpid(), overlays=True)
            return place

    async def _set_up(self, place: BranchPlace, show: Callable[[str], None]) -> None:
        show(f"\x1b[2m$ {inert_line(place.setup)}\x1b[m\n")
        running = RunningCommand(place.setup)
        task = asyncio.ensure_future(running.run(place))
        try:
            while not task.done():
                await asyncio.wait([task], timeout=_SHOWN_SECONDS)
                show(running.take())
        finally:
            task.cancel()
        if (await task).exit_code:
            raise UsageError(f"The set-up command failed: {place.setup}.", "Correct branch_setup in your configuration.")

    async def capture(self, command: str = "") -> BranchFork | None:
        """Have what was changed so far recorded; None where a later call does so, or the folder was given back.

        Raises RametError; what was changed stays in the folder, and the next call tries again.
        """
        self._asked += 1
        async with self._guard:
            self._asked -= 1
            if self.place is None or self._asked:
                return None
            first = command.split("\n", 1)[0][:_LONGEST_MESSAGE]
            return await self._open().branch_capture(self.name, self.place.slot, first)

    async def leave(self, place: BranchPlace | None = None) -> BranchFork | None:
        """Have everything recorded and give the folder back; None where that was done.

        Args:
            place: What is left; None for whatever there is. Another shell may have been started since, which keeps its own.

        Raises:
            RametError: It is still to be left.
        """
        async with self._guard:
            return await self._give_back() if place is None or place is self.place else None

    async def _give_back(self) -> BranchFork | None:
        if self.place is None:
            return None
        try:
            taken = await self._open().branch_finished(self.name, self.place.slot, owner=os.getpid())
        except UsageError:  # there is no such folder any more
            self.place = None
            raise
        self.place = None
        return taken

    def recording(self, recording: CommandRecording) -> CommandRecording:
        """Return a command of the shell as one of the branch."""
        from ramet.branches.command import in_branch

        return recording if self.place is None else in_branch(recording, self.place, self._open().root)
