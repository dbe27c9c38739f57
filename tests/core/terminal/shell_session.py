"""A real shell on a real terminal, driven command by command: what the recorder says ends the waiting, never a clock."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from ramet.models import CommandRecording
from ramet.terminal.pty import Pty
from ramet.terminal.recorder import CommandFinished, CommandStarted, PromptStarted, Recorder, TerminalEvent
from ramet.terminal.shell_launch import ShellLaunch, launch_shell

DEADLINE = 10.0
"""Seconds; only bounds a failure."""


def needed(shell: str) -> str:
    """Return the path of a shell; skip the test where there is none."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"there is no {shell} here")
    return found


class ShellSession:
    """One shell, its terminal and its recorder."""

    def __init__(
        self,
        shell: str,
        folder: Path,
        *,
        is_login: bool = False,
        environment: Mapping[str, str] | None = None,
        launch: ShellLaunch | None = None,
    ) -> None:
        given = {**os.environ, "TERM": "xterm-256color", "XDG_RUNTIME_DIR": os.environ["HOME"], **(environment or {})}
        launch = launch or launch_shell(needed(shell), given, "1", is_login=is_login)
        self.nonce = launch.nonce
        self.screen = bytearray()
        self.events: list[TerminalEvent] = []
        self.recorder = Recorder("1", launch.nonce, shell=launch.shell)
        self._typed_at = 0
        self._ready = threading.Event()
        self.pty = Pty(launch.command, folder, launch.environment, columns=80, rows=24, on_ready=self._ready.set)
        self.until_prompt()

    def type(self, text: str) -> None:
        self._typed_at = len(self.screen)
        self.pty.write(text.encode())

    def take(self) -> None:
        """Wait for output and take it."""
        assert self._ready.wait(DEADLINE), bytes(self.screen[-2000:])
        self._ready.clear()
        data = self.pty.read()
        for part in self.recorder.feed(data):
            if isinstance(part, bytes):
                self.screen += part
                if b"\x1b[c" in part or b"\x1b[0c" in part:
                    self.type("\x1b[?62c")
            else:
                self.events.append(part)

    def until_prompt(self) -> list[TerminalEvent]:
        """Take output up to the next prompt; return the events before it."""
        while not any(isinstance(event, PromptStarted) for event in self.events):
            assert not self.pty.is_over, bytes(self.screen[-2000:])
            self.take()
        before, self.events = self.events, []
        return before

    def until_screen_shows(self, expected: bytes) -> None:
        """Take output until something is shown that came after what was typed last."""
        while expected not in self.screen[self._typed_at :]:
            self.take()

    def until_editing(self) -> None:
        """Take output until the shell reads keys itself and not lines of the terminal; bash and zsh tell so after a prompt."""
        while b"\x1b[?2004h" not in self.screen[self.screen.rfind(b"\x1b]133;A") :]:
            self.take()

    def until_started(self) -> CommandStarted:
        while True:
            for event in self.events:
                if isinstance(event, CommandStarted):
                    return event
            self.take()

    def run(self, command: str) -> CommandRecording:
        """Type a command line and return what was recorded of it."""
        self.type(command + "\n")
        return self.recorded()

    def recorded(self) -> CommandRecording:
        [recording] = self.recordings()
        return recording

    def recordings(self) -> list[CommandRecording]:
        """Return what is recorded up to the next prompt."""
        events = self.until_prompt()
        return [event.recording for event in events if isinstance(event, CommandFinished) and event.recording is not None]

    def close(self) -> None:
        self.pty.close()
        assert self.pty.join(DEADLINE)
