"""One command as a process of its own group, whose output is read as it comes. No widgets."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from ramet.branch_models import BranchRun
from ramet.branches.command import branch_run, command_environment, command_output
from ramet.inert import inert_block
from ramet.terminal.plain import plain_text

_READ_BYTES = 65_536


class RunningCommand:
    """A shell command; used once."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._output = command_output()
        self._fresh = bytearray()
        self._process: asyncio.subprocess.Process | None = None
        self._stops = 0

    async def run(self, folder: Path, environment: dict[str, str]) -> BranchRun:
        """Run it to its end, and return what there is to remember. When this is cancelled, the command is killed."""
        started, clock = time.time(), time.monotonic()
        self._process = process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            self._command,
            cwd=folder,
            env=command_environment(os.environ, environment, folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            while data := await process.stdout.read(_READ_BYTES):
                self._output.add(data)
                self._fresh += data
            code = await process.wait()
        except asyncio.CancelledError:
            self._signal(signal.SIGKILL)
            await process.wait()
            raise
        exit_code = code if code >= 0 else None
        return branch_run(self._command, exit_code, started, time.monotonic() - clock, self._output.kept())

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

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
