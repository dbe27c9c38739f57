"""One shell of the terminal pane: its pseudo-terminal, what records its commands, and the screen. No widgets.

Everything here runs in the event loop; only the wake-up comes from the thread that reads the pseudo-terminal.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from typing import Literal

from ramet.errors import RametError
from ramet.inert import inert_line
from ramet.terminal.emulator import ScreenEmulator
from ramet.terminal.protocol import Emulator
from ramet.terminal.recorder import CommandFinished, Recorder, TerminalEvent
from ramet_tui.widgets.terminal.blocks import Block, Blocks
from ramet_tui.widgets.terminal.branch_folder import BranchFolder
from ramet_tui.widgets.terminal.environment import ShellOpener, ShellPlace, ShellTerminal

State = Literal["new", "starting", "running", "exited", "failed"]

SLICE_BYTES = 32_768
"""What is fed in one piece; a piece is never interrupted."""
TURN_SECONDS = 0.008
"""How long output may be taken in before keys and frames get their turn."""
PAUSE_SECONDS = 0.002
"""How long they get."""


class Session:
    """Owns the shell and everything that it says."""

    def __init__(self, name: str, folder: Path, open_shell: ShellOpener, branch: BranchFolder | None = None) -> None:
        """Take what the terminal is called in recordings, the folder, how a shell is started, and the branch that it is in."""
        self.name = name
        self.folder = folder
        self.branch = branch
        """None for the working tree."""
        self.phase = ""
        """What goes on before the shell starts."""
        self._open_shell = open_shell
        self.given_title = ""
        """What the user named it; empty shows what runs."""
        self.state: State = "new"
        self.problem: RametError | None = None
        self.exit_code: int | None = None
        self.shell = ""
        self.emulator: Emulator = ScreenEmulator(80, 24)
        self.blocks = Blocks(self.emulator)
        self.is_recordable = False
        """Whether the shell can tell of its commands."""
        self._recorder: Recorder | None = None
        self._pty: ShellTerminal | None = None
        self._waiting = b""
        self._is_pumping = False
        self._is_closed = False
        self._typed_since_prompt = False
        self.on_output: Callable[[], None] = lambda: None
        """Called when the screen may look different."""
        self.on_event: Callable[[TerminalEvent, Block | None], None] = lambda _event, _block: None
        self.on_end: Callable[[], None] = lambda: None
        self.on_phase: Callable[[], None] = lambda: None

    # Starting and ending

    async def start(self, columns: int, rows: int) -> None:
        """Start the shell on an empty screen; what goes wrong is kept as `problem`."""
        self.state, self.problem, self.exit_code = "starting", None, None
        self.emulator = ScreenEmulator(columns, rows)
        self.blocks = Blocks(self.emulator)
        self._waiting = b""
        loop, context = asyncio.get_running_loop(), copy_context()

        def wake() -> None:  # called from a thread
            with contextlib.suppress(RuntimeError):  # the loop has ended with the app
                loop.call_soon_threadsafe(self._wake_up, context=context)

        try:
            place = ShellPlace(self.folder, os.environ)
            if self.branch is not None:
                place = await self.branch.enter(self._say, self._show)
                self.folder = place.folder
            if self._is_closed:
                self.on_end()
                return
            opened = await asyncio.to_thread(self._open_shell, self.name, place, columns, rows, wake)
        except RametError as error:
            self.state, self.problem, self.phase = "failed", error, ""
            self._show(f"\x1b[31m{inert_line(error.what)}\x1b[m\n{inert_line(error.advice)}\n")
            self.on_end()
            return
        self._pty, self._recorder = opened.terminal, opened.recorder
        self.shell, self.is_recordable = opened.shell, opened.is_recordable
        self.state = "running"
        if self._is_closed:
            self._pty.close()
            return
        self._pty.resize(self.emulator.columns, self.emulator.rows)
        self._wake_up()

    def _say(self, phase: str) -> None:
        self.phase = phase
        self.on_phase()

    def _show(self, text: str) -> None:
        """Print what is no output of the shell."""
        if text:
            self.emulator.feed(text.replace("\n", "\r\n").encode())
            self.on_output()

    @property
    def is_closed(self) -> bool:
        """Whether its terminal was closed."""
        return self._is_closed

    @property
    def branch_name(self) -> str:
        """The branch that it is in; empty for the working tree."""
        return self.branch.name if self.branch is not None else ""

    def close(self) -> None:
        """Hang up; returns at once."""
        self._is_closed = True
        if self._pty is not None:
            self._pty.close()

    def join(self, seconds: float) -> None:
        """Wait for the shell to be gone. Blocks."""
        if self._pty is not None:
            self._pty.join(seconds)

    # What goes in

    @property
    def is_running(self) -> bool:
        """Whether there is a shell to type to."""
        return self.state == "running"

    @property
    def running_command(self) -> str:
        """The command that runs, as far as it is known; empty at a prompt."""
        block = self.blocks.running
        if block is not None:
            return block.command or "a command"
        if self._pty is not None and self.is_running and self._pty.is_busy:
            return "a program"
        return ""

    def type(self, data: bytes) -> None:
        """Send what the user typed."""
        if data and self._pty is not None and self.is_running:
            self._typed_since_prompt = True
            self._pty.write(data)

    def report(self, data: bytes) -> None:
        """Send what the terminal itself says: mouse, focus, wheel."""
        if data and self._pty is not None and self.is_running:
            self._pty.write(data)

    @property
    def current_folder(self) -> str:
        """Where the shell is, as far as it told."""
        return self._recorder.folder if self._recorder is not None else os.fspath(self.folder)

    @property
    def is_prompt_untouched(self) -> bool:
        """Whether the shell waits for a command and nothing was typed yet."""
        return self.is_running and not self._typed_since_prompt and self.blocks.running is None

    def resize(self, columns: int, rows: int) -> None:
        """Change the size."""
        self.emulator.resize(columns, rows)
        if self._pty is not None:
            self._pty.resize(columns, rows)

    # What comes out

    def _wake_up(self) -> None:
        if not self._is_pumping:
            self._is_pumping = True
            self._pump()

    def _pump(self) -> None:
        """Take in output for a while, then let others have their turn."""
        pty = self._pty
        if pty is None or self._is_closed:
            self._is_pumping = False
            return
        until = time.perf_counter() + TURN_SECONDS
        is_more, is_over = True, False
        while is_more and time.perf_counter() < until:
            is_over = pty.is_over  # asked first: what was printed until then can be read
            if not self._waiting:
                self._waiting = pty.read()
            piece, self._waiting = self._waiting[:SLICE_BYTES], self._waiting[SLICE_BYTES:]
            self._take(piece)
            is_more = bool(piece)
        self.on_output()
        if is_more:
            asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._pump)
            return
        self._is_pumping = False
        if is_over and self.state == "running":
            self._end(pty)

    def _take(self, piece: bytes) -> None:
        assert self._recorder is not None
        for part in self._recorder.feed(piece):
            if isinstance(part, bytes):
                self.emulator.feed(part)
            else:
                self._handle(part)
        replies = self.emulator.take_replies()
        if replies and self._pty is not None:
            self._pty.write(replies)

    def _handle(self, event: TerminalEvent) -> None:
        block = self.blocks.handle(event)
        if not isinstance(event, CommandFinished):
            self._typed_since_prompt = False
        self.on_event(event, block)

    def _end(self, pty: ShellTerminal) -> None:
        assert self._recorder is not None
        for part in self._recorder.finish():
            if isinstance(part, bytes):
                self.emulator.feed(part)
            else:
                self._handle(part)
        self.exit_code = pty.exit_code
        self.state = "exited"
        self.on_end()
