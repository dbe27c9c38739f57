"""The terminal pane in the app with a real shell: opening it, typing, and waiting for what it shows."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from ramet_tui.app import RametApp
from ramet_tui.widgets.terminal.pane import TerminalPane
from ramet_tui.widgets.terminal.screen import TerminalScreen
from tests.tui.piloting import opened
from tests.tui.scripted_workspace import ScriptedWorkspace

DEADLINE = 30.0
"""Seconds; only bounds a failure."""
LEAVE = "ctrl+right_square_bracket"


@pytest.fixture
def bash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's shell is bash with a plain prompt, in a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".bashrc").write_text("PS1='$ '\nbind 'set bell-style none' 2>/dev/null\n")
    for name, value in {"HOME": str(home), "SHELL": "/bin/bash", "HISTFILE": str(home / "history")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PROMPT_COMMAND", raising=False)


class Terminal:
    """The pane of an app that is being tested."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot

    @property
    def app(self) -> RametApp:
        assert isinstance(self.pilot.app, RametApp)
        return self.pilot.app

    @property
    def pane(self) -> TerminalPane:
        assert self.app.main.terminal is not None
        return self.app.main.terminal

    @property
    def screen(self) -> TerminalScreen:
        assert self.pane.current is not None
        return self.pane.current

    @property
    def text(self) -> str:
        """All that the shell shows and has shown."""
        emulator = self.screen.session.emulator
        return emulator.text(emulator.first_row, emulator.screen_top + emulator.rows - 1)

    @property
    def drawn(self) -> list[str]:
        """What the widget draws, line by line."""
        return [self.screen.render_line(y).text.rstrip() for y in range(self.screen.size.height)]

    @property
    def border(self) -> str:
        """What the lower border says."""
        return str(self.pane.border_subtitle)

    async def until(self, is_true: Callable[[], bool], what: str = "it") -> None:
        """Let the app go on until something holds."""
        end = time.monotonic() + DEADLINE
        while not is_true():
            if time.monotonic() > end:
                pytest.fail(f"{what} did not happen; the terminal shows\n{self.text if self.pane.current else 'nothing'}")
            await self.pilot.pause(0.01)

    async def until_shown(self, text: str) -> None:
        await self.until(lambda: text in self.text, repr(text))

    async def until_drawn(self, text: str) -> None:
        await self.until(lambda: any(text in line for line in self.drawn), repr(text))

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def paste(self, text: str) -> None:
        self.screen.post_message(events.Paste(text))
        await self.pilot.pause()

    async def run(self, command: str) -> None:
        """Type a command and wait until it is over."""
        before = self.screen.session.blocks.last
        await self.paste(command)
        await self.press("enter")
        await self.until(lambda: self.screen.session.blocks.last not in (None, before), command)
        await self.until(lambda: self.screen.session.is_prompt_untouched, command)
        await self.pilot.pause()


@asynccontextmanager
async def terminal_opened(workspace: ScriptedWorkspace, size: tuple[int, int] = (120, 40)) -> AsyncGenerator[Terminal, None]:
    """Run the app and open the terminal, up to its first prompt."""
    async with opened(workspace, size=size) as pilot:
        terminal = Terminal(pilot)
        await pilot.press("ctrl+j")
        end = time.monotonic() + DEADLINE
        while terminal.app.main.terminal is None or terminal.pane.current is None:
            assert time.monotonic() < end
            await pilot.pause(0.01)
        await terminal.until(lambda: terminal.screen.session.is_prompt_untouched and terminal.screen.has_focus, "the prompt")
        await terminal.until_shown("$")
        yield terminal
