"""One shell command as a process of its own group, whose output is read as it comes. No widgets, no printing."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ramet.branch_models import BranchPlace, BranchRun
from ramet.branches.command import branch_run, command_environment, command_output
from ramet.branches.overlay import launcher
from ramet.inert import inert_block
from ramet.paths import absolute
from ramet.terminal.plain import plain_text

_READ_BYTES = 65_536
_LOOK_SECONDS = 0.02
_LAST_WORDS_SECONDS = 0.5
"""How long output is waited for after the end of a command, when something that it started still has it open."""


class RunningCommand:
    """A shell command; used once."""

    def __init__(self, command: str, *, ends_children: bool = False) -> None:
        """Take the command; `ends_children` kills what it leaves running, whose output is not waited for."""
        self._command = command
        self._ends_children = ends_children
        self._output = command_output()
        self._fresh = bytearray()
        self._process: asyncio.subprocess.Process | None = None
        self._stops = 0

    @property
    def was_stopped(self) -> bool:
        """Whether somebody wanted it to end."""
        return self._stops > 0

    async def run(self, place: BranchPlace, inherited: Mapping[str, str] | None = None) -> BranchRun:
        """Run it to its end where a branch is laid out, and return what there is to remember. When cancelled, it is killed.

        `inherited` are the variables of whoever wants it run, by default those of this process.
        """
        started, clock = time.time(), time.monotonic()
        folder = absolute(Path("/"), place.path)
        given = os.environ if inherited is None else inherited
        self._process = process = await asyncio.create_subprocess_exec(
            *launcher(place),
            "/bin/sh",
            "-c",
            self._command,
            cwd=folder,
            env=command_environment(given, place.environment, folder, place.copies),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        if self._stops:  # before there was anything to stop
            self._signal(signal.SIGKILL)
        try:
            code = await self._read_to_the_end(process)
        except asyncio.CancelledError:
            self._signal_group(signal.SIGKILL)
            await process.wait()
            raise
        exit_code = code if code >= 0 else None
        return branch_run(self._command, exit_code, started, time.monotonic() - clock, self._output.kept())

    async def _read_to_the_end(self, process: asyncio.subprocess.Process) -> int:
        assert process.stdout is not None
        reading = asyncio.create_task(self._read(process.stdout))
        try:
            if not self._ends_children:
                await reading
                return await process.wait()
            # Its exit code is looked at instead of waited for: some Pythons wait for whoever has its output open, too.
            while process.returncode is None:
                await (asyncio.sleep(_LOOK_SECONDS) if reading.done() else asyncio.wait([reading], timeout=_LOOK_SECONDS))
            self._signal_group(signal.SIGKILL)  # the group may outlive the process that began it
            await asyncio.wait([reading], timeout=_LAST_WORDS_SECONDS)
            return process.returncode
        finally:
            if not reading.done():
                reading.cancel()
                process._transport.close()  # type: ignore[attr-defined]  # no public way to let go of the output

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while data := await stream.read(_READ_BYTES):
            self._output.add(data)
            self._fresh += data

    def take(self) -> str:
        """Return what was printed since the last call, as plain text, whole lines as long as it runs."""
        is_over = self._process is not None and self._process.returncode is not None
        end = len(self._fresh) if is_over else self._fresh.rfind(b"\n") + 1
        data = bytes(self._fresh[:end])
        del self._fresh[:end]
        return inert_block(plain_text(data)) if data else ""

    def stop(self) -> None:
        """Interrupt it as Ctrl-C does; the third time it is killed."""
        self._stops += 1
        self._signal(signal.SIGINT if self._stops == 1 else signal.SIGTERM if self._stops == 2 else signal.SIGKILL)

    def kill(self) -> None:
        """End it at once, and what it started."""
        self._stops += 1
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._signal_group(number)

    def _signal_group(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)
