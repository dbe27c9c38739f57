"""Several shells in tabs: opening and closing them, storing what they record, and what the border says."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from textual import events, getters, on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.worker import Worker

from ramet.errors import RametError
from ramet.inert import inert_line
from ramet.models import CommandRecording
from ramet.terminal.recorder import CommandFinished, TerminalEvent
from ramet.workspace.protocol import Workspace
from ramet_tui.widgets.prompt_line import PromptLine
from ramet_tui.widgets.terminal.blocks import Block
from ramet_tui.widgets.terminal.border import TabLine, status_line, tab_line
from ramet_tui.widgets.terminal.branch_terminals import BranchTerminals
from ramet_tui.widgets.terminal.environment import ShellOpener, open_shell
from ramet_tui.widgets.terminal.links import LinkFinder
from ramet_tui.widgets.terminal.screen import TerminalScreen
from ramet_tui.widgets.terminal.session import Session

PATIENCE_SECONDS = 1.0
"""How long the app waits for a shell when it ends."""
TICK_SECONDS = 1.0
"""How often the time of a running command is drawn."""


class TerminalTabs(BranchTerminals, Vertical):
    """Owns the shells; they go on while the pane is hidden."""

    prompt = getters.query_one(PromptLine)

    @dataclass
    class Emptied(Message):
        """Posted when the last terminal was closed."""

    def __init__(self, folder: Path, opener: ShellOpener | None = None, *, id: str | None = None) -> None:
        """Take the folder that shells start in, and how; the user's shell where None is given."""
        super().__init__(id=id, classes="pane")
        self._folder = folder
        self._open_shell = opener or open_shell
        self._looked_at = ""
        self._files: dict[str, Collection[str]] = {}
        """What links may lead to, by branch; that of the empty name is the working tree."""
        self._front: dict[str, TerminalScreen] = {}
        """The terminal that was shown last, by branch."""
        self._screens: list[TerminalScreen] = []
        self._shown = 0
        self._opened = 0
        self._starts: dict[TerminalScreen, Worker[None]] = {}
        """What starts the shells, or has done so."""
        self._recordings: dict[tuple[int, TerminalScreen], Worker[None]] = {}
        """What is being stored, by number of the command in its terminal."""
        self._cannot_record = ""
        """The last reason why a command was not stored, so that it is said once."""

    def compose(self) -> ComposeResult:
        """The prompt; terminals are added above it."""
        yield PromptLine(id="terminal-prompt")

    async def on_mount(self) -> None:
        """Open the first terminal."""
        self.set_interval(TICK_SECONDS, self._tick)
        await self.open_tab()

    # What the app tells

    def set_workspace(self, workspace: Workspace) -> None:
        """Start further shells in its root and store commands in it."""
        self._workspace = workspace
        self._folder = workspace.root
        self.workspace_returned()

    def set_files(self, files: Collection[str], branch: str = "") -> None:
        """Take the files of a branch, or of the working tree, that links may lead to."""
        self._files[branch] = files
        for screen in self._screens:
            if screen.session.branch_name == branch:
                self._give_files(screen)

    def _give_files(self, screen: TerminalScreen) -> None:
        session = screen.session
        folder = self._folder if session.branch is None else session.branch.path
        if folder is not None:
            screen.links.set_files(self._files.get(session.branch_name, ()), os.fspath(folder))

    def look_at(self, branch: str) -> None:
        """Bring the terminal of a branch to the front, where there is one; the empty name stands for the working tree.

        New terminals are of that branch from now on.
        """
        self._looked_at = branch
        self.capture_looked_at(branch)
        left = self.current
        self.show_home()
        if left is not None and left.is_browsing and self.current is not None:
            self.current.browse()  # keys that were for the app do not go to a program at once
        self._describe()

    @property
    def is_home(self) -> bool:
        """Whether the terminal in front is of what is looked at."""
        return self.current is not None and self.current.session.branch_name == self._looked_at

    def show_home(self) -> bool:
        """Show the terminal of what is looked at that was shown last; False where there is none."""
        front = self._front.get(self._looked_at)
        found = [place for place, screen in enumerate(self._screens) if screen.session.branch_name == self._looked_at]
        if found:
            self.show_tab(self._screens.index(front) if front in self._screens else found[-1])
        return bool(found)

    @property
    def front_branch(self) -> str | None:
        """The branch of the terminal in front, empty for the working tree; None where there is no terminal."""
        return self.current.session.branch_name if self.current is not None else None

    @property
    def screens(self) -> list[TerminalScreen]:
        """The terminals, in the order of their tabs."""
        return list(self._screens)

    @property
    def current(self) -> TerminalScreen | None:
        """The terminal that is shown."""
        return self._screens[self._shown] if self._shown < len(self._screens) else None

    @property
    def is_typing(self) -> bool:
        """Whether keys go to a program."""
        return self.current is not None and self.current.is_typing

    @property
    def running(self) -> list[str]:
        """What runs in the terminals."""
        return [command for screen in self._screens if (command := screen.session.running_command)]

    def focus_content(self) -> None:
        """Type into the terminal that is shown."""
        screen = self.current
        if screen is not None:
            if screen.is_browsing:
                screen.action_type()
            self.screen.set_focus(screen)

    async def close_all(self) -> None:
        """Hang up on all shells, and give them a moment to follow."""
        for screen in self._screens:
            screen.session.close()
        for screen in self._screens:
            await asyncio.to_thread(screen.session.join, PATIENCE_SECONDS)
        await self.leave_branches()

    # Tabs

    async def open_tab(self) -> None:
        """Open another terminal and show it."""
        self._opened += 1
        session = self._new_session()
        screen = TerminalScreen(session, LinkFinder())
        self._give_files(screen)
        session.on_event = lambda event, block: self._happened(screen, event, block)
        session.on_end = lambda: self._ended(screen)
        session.on_phase = self._describe
        self._screens.append(screen)
        await self.mount(screen, before=self.prompt)
        self.show_tab(len(self._screens) - 1)
        self.call_after_refresh(self._start, screen)

    def _new_session(self) -> Session:
        if not self._looked_at:
            return Session(str(self._opened), self._folder, self._open_shell)
        return Session("branch", self._folder, self._open_shell, self.branch_folder(self._looked_at))

    def show_tab(self, number: int) -> None:
        """Show a terminal by its place, from 0."""
        had_focus = self.has_focus_within
        self._shown = number % len(self._screens)
        self._front[self._screens[self._shown].session.branch_name] = self._screens[self._shown]
        for place, screen in enumerate(self._screens):
            screen.display = place == self._shown
        if had_focus:
            self.screen.set_focus(self.current)
        self._describe()

    def _start(self, screen: TerminalScreen) -> None:
        if screen.session.state == "new":
            screen.session.state = "starting"
            self._starts[screen] = self._run_shell(screen)

    @work(group="shell", exit_on_error=False)
    async def _run_shell(self, screen: TerminalScreen) -> None:
        screen.forget_places()
        await screen.session.start(*screen.wanted_size)
        self._give_files(screen)
        screen.request_frame()
        self._describe()

    def _ended(self, screen: TerminalScreen) -> None:
        if screen.session.branch is not None:
            self.leave_branch(screen.session)
        if screen.is_attached:
            screen.request_frame()
            self._describe()

    def action_new_tab(self) -> None:
        """Open another terminal."""
        self.call_later(self._open_and_type)

    async def _open_and_type(self) -> None:
        await self.open_tab()
        self.focus_content()

    def action_next_tab(self, step: int) -> None:
        """Show the next terminal, or the one before."""
        if self._screens:
            self.show_tab(self._shown + step)

    def action_close_tab(self) -> None:
        """End the terminal that is shown."""
        if self.current is not None:
            self._close(self.current)

    @work(group="close-tab", exclusive=True, exit_on_error=False)
    async def _close(self, screen: TerminalScreen) -> None:
        from ramet_tui.widgets.chat.dialogs import ConfirmScreen

        running = screen.session.running_command
        if running:
            question = ConfirmScreen("Close this terminal? It ends what runs in it:", inert_line(running), "close")
            if not await self.app.push_screen_wait(question):
                return
        await self._remove(screen)
        self._show_rest()
        self.focus_content()

    async def close_branch(self, name: str) -> None:
        """End the terminals of a branch, and have recorded what they have changed. Raises RametError."""
        for screen in [screen for screen in self._screens if screen.session.branch_name == name]:
            await self._remove(screen)
            await self.leave_ended(screen.session)
        self._show_rest()

    async def _remove(self, screen: TerminalScreen) -> None:
        screen.session.close()
        start = self._starts.pop(screen, None)
        if start is not None and screen.session.phase:  # later there may be a shell that nobody would end
            start.cancel()
        if screen.session.branch is not None:
            self.leave_branch(screen.session)
        self._screens.remove(screen)
        self._shown = min(self._shown, max(len(self._screens) - 1, 0))
        await screen.remove()

    def _show_rest(self) -> None:
        if self._screens:
            self.show_tab(self._shown)
        else:
            self._shown = 0
            self.post_message(self.Emptied())

    def action_rename(self) -> None:
        """Ask for a name."""
        if self.current is not None:
            self.prompt.ask("name", "name", self.current.session.given_title)

    # The border

    def _tick(self) -> None:
        screen = self.current
        if screen is not None and screen.session.blocks.running is not None:
            screen.request_frame()

    @on(TerminalScreen.Changed)
    def _changed(self, event: TerminalScreen.Changed) -> None:
        event.stop()
        if event.screen.size:
            self._start(event.screen)
        self._describe()

    def _describe(self) -> None:
        screen = self.current
        if screen is None or not self.is_attached:
            return
        titles = self._titles()
        status = status_line(screen, self._looked_at, self.app.get_key_display)
        has_lower_border = bool(self.styles.border_bottom[0])
        self.border_title = titles.content if has_lower_border else titles.content + "  " + status
        self.border_subtitle = status

    def _titles(self) -> TabLine:
        return tab_line([each.session for each in self._screens], self._shown, self._looked_at)

    def on_resize(self) -> None:
        """A pane that is alone has no lower border, which is so only after this."""
        self.call_after_refresh(self._describe)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Show the terminal whose name was clicked."""
        if event.y == 0 and len(self._screens) > 1:
            place = self._titles().tab_at(int(event.x) - 2)
            if place is not None:
                event.stop()
                self.show_tab(place)

    # Recording

    def _happened(self, screen: TerminalScreen, event: TerminalEvent, block: Block | None) -> None:
        if isinstance(event, CommandFinished) and block is not None:
            if event.recording is not None:
                self._recordings[block.number, screen] = self._record(event.recording, block, screen)
            elif screen.session.branch is not None:  # nothing tells of the command, but what it changed counts
                self.capture_branch(screen.session.branch)
        self._describe()
        self.refresh_bindings()

    @work(group="record", exit_on_error=False)
    async def _record(self, recording: CommandRecording, block: Block, screen: TerminalScreen) -> None:
        """Store a command, and what it changed in a branch; the terminal works without it, so a failure is only said."""
        workspace, branch = self._workspace, screen.session.branch
        if workspace is None:
            return
        try:
            block.run = await workspace.record_command(recording if branch is None else branch.recording(recording))
        except RametError as error:
            if error.what != self._cannot_record:
                self._cannot_record = error.what
                self.notify(f"Commands are not recorded: {error.what}", severity="warning", timeout=4, markup=False)
        else:
            self._cannot_record = ""
        finally:
            self._recordings.pop((block.number, screen), None)
        if branch is not None:
            self.capture_branch(branch, block.run.command if block.run is not None else "")
