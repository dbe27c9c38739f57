"""The terminal pane: several shells in tabs, what can be done with their commands, and what the border says of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import events, getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.worker import Worker

from ramet.errors import RametError
from ramet.inert import inert_line
from ramet.models import CommandRecording
from ramet.terminal.recorder import TerminalEvent
from ramet.workspace.protocol import Workspace
from ramet_tui.messages import PlaceSelected
from ramet_tui.widgets.failures import ReportsFailures
from ramet_tui.widgets.prompt_line import PromptLine
from ramet_tui.widgets.terminal.blocks import Block, BlockPlace
from ramet_tui.widgets.terminal.border import status_line, tab_line
from ramet_tui.widgets.terminal.environment import ShellOpener, open_shell
from ramet_tui.widgets.terminal.links import LinkFinder
from ramet_tui.widgets.terminal.screen import TerminalScreen
from ramet_tui.widgets.terminal.searching import find_text
from ramet_tui.widgets.terminal.selection import SelectedCells, selected_text
from ramet_tui.widgets.terminal.session import Session, recording_of

PATIENCE_SECONDS = 1.0
"""How long the app waits for a shell when it ends."""
TICK_SECONDS = 1.0
"""How often the time of a running command is drawn."""


class TerminalPane(ReportsFailures, Vertical):
    """Owns the shells; they go on while the pane is hidden."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "search", id="terminal.find", tooltip="Search what the terminal shows and its scrollback"),
        Binding("n", "next_match(1)", "next", show=False, id="terminal.next_match", tooltip="Go to the match below"),
        Binding("N", "next_match(-1)", "previous", show=False, id="terminal.previous_match", tooltip="Go to the match above"),
        Binding(
            "left_square_bracket",
            "block(-1)",
            "command above",
            show=False,
            id="terminal.block_up",
            tooltip="Go to the command before",
        ),
        Binding(
            "right_square_bracket",
            "block(1)",
            "command below",
            show=False,
            id="terminal.block_down",
            tooltip="Go to the command after",
        ),
        Binding("v", "select(False)", "select", id="terminal.select", tooltip="Select text from the cursor on"),
        Binding("V", "select(True)", "select lines", show=False, id="terminal.select_lines", tooltip="Select lines"),
        Binding("y", "copy", "copy", id="terminal.copy", tooltip="Copy what is selected, else the line"),
        Binding("c", "copy_command", "copy command", show=False, id="terminal.copy_command", tooltip="Copy the command line"),
        Binding("o", "copy_output", "copy output", show=False, id="terminal.copy_output", tooltip="Copy what it printed"),
        Binding("z", "fold", "fold", id="terminal.fold", tooltip="Fold the output of a command, or unfold it"),
        Binding("Z", "fold_all", "fold all", show=False, id="terminal.fold_all", tooltip="Fold all outputs, or unfold them"),
        Binding("r", "run_again", "run again", id="terminal.run_again", tooltip="Run a command again"),
        Binding("m", "mention", "mention", id="terminal.mention", tooltip="Mention a command in the chat"),
        Binding("e", "explain", "explain", id="terminal.explain", tooltip="Ask the chat about a command"),
        Binding("f", "link(1)", "next place", id="terminal.next_link", tooltip="Go to the next place in a file that was printed"),
        Binding("F", "link(-1)", "previous place", show=False, id="terminal.previous_link", tooltip="Go to the place before"),
        Binding("enter", "open_link", "open", show=False, id="terminal.open_link", tooltip="Open the place in the viewer"),
        Binding("t", "new_tab", "new terminal", id="terminal.new", tooltip="Open another terminal"),
        Binding("w", "close_tab", "close", show=False, id="terminal.close", tooltip="End this terminal"),
        Binding("comma", "rename", "rename", show=False, id="terminal.rename", tooltip="Give this terminal a name"),
        Binding("greater_than_sign", "next_tab(1)", "next", show=False, id="terminal.next", tooltip="Show the next terminal"),
        Binding("less_than_sign", "next_tab(-1)", "previous", show=False, id="terminal.previous", tooltip="Show the one before"),
    ]

    prompt = getters.query_one(PromptLine)

    @dataclass
    class MentionWanted(Message):
        """Posted when a command shall be mentioned in the question that is being written."""

        mention: str
        """`@t3`."""

    @dataclass
    class QuestionWanted(Message):
        """Posted when a question about a command shall be asked."""

        question: str

    @dataclass
    class Emptied(Message):
        """Posted when the last terminal was closed."""

    def __init__(self, folder: Path, open_shell: ShellOpener = open_shell, *, id: str | None = None) -> None:
        super().__init__(id=id, classes="pane")
        self._folder = folder
        self._open_shell = open_shell
        self._workspace: Workspace | None = None
        self._links = LinkFinder()
        self._screens: list[TerminalScreen] = []
        self._shown = 0
        self._opened = 0
        self._found_from = 0
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

    def set_files(self, files: Collection[str]) -> None:
        """Take the files that links may lead to."""
        self._links.set_files(files, os.fspath(self._folder))

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

    # Tabs

    async def open_tab(self) -> None:
        """Open another terminal and show it."""
        self._opened += 1
        session = Session(str(self._opened), self._folder, self._open_shell)
        screen = TerminalScreen(session, self._links)
        session.on_event = lambda event, block: self._happened(screen, event, block)
        session.on_end = lambda: self._ended(screen)
        self._screens.append(screen)
        await self.mount(screen, before=self.prompt)
        self.show_tab(len(self._screens) - 1)
        self.call_after_refresh(self._start, screen)

    def show_tab(self, number: int) -> None:
        """Show a terminal by its place, from 0."""
        had_focus = self.has_focus_within
        self._shown = number % len(self._screens)
        for place, screen in enumerate(self._screens):
            screen.display = place == self._shown
        if had_focus:
            self.screen.set_focus(self.current)
        self._describe()

    def _start(self, screen: TerminalScreen) -> None:
        self._run_shell(screen)

    @work(group="shell", exit_on_error=False)
    async def _run_shell(self, screen: TerminalScreen) -> None:
        screen.forget_places()
        await screen.session.start(*screen.wanted_size)
        screen.request_frame()
        self._describe()

    def _ended(self, screen: TerminalScreen) -> None:
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
        screen.session.close()
        self._screens.remove(screen)
        self._shown = min(self._shown, max(len(self._screens) - 1, 0))
        await screen.remove()
        if self._screens:
            self.show_tab(self._shown)
            self.focus_content()
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
        if event.screen.session.state == "new" and event.screen.size:
            event.screen.session.state = "starting"
            self._run_shell(event.screen)
        self._describe()

    def _describe(self) -> None:
        screen = self.current
        if screen is None or not self.is_attached:
            return
        titles = tab_line([each.session for each in self._screens], self._shown)
        status = status_line(screen, self.app.get_key_display)
        has_lower_border = bool(self.styles.border_bottom[0])
        self.border_title = titles.content if has_lower_border else titles.content + "  " + status
        self.border_subtitle = status

    def on_resize(self) -> None:
        """A pane that is alone has no lower border."""
        self._describe()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Show the terminal whose name was clicked."""
        if event.y == 0 and len(self._screens) > 1:
            titles = tab_line([each.session for each in self._screens], self._shown)
            place = titles.tab_at(int(event.x) - 2)
            if place is not None:
                event.stop()
                self.show_tab(place)

    # Commands

    def _happened(self, screen: TerminalScreen, event: TerminalEvent, block: Block | None) -> None:
        recording = recording_of(event)
        if recording is not None and block is not None:
            self._recordings[block.number, screen] = self._record(recording, block, screen)
        self._describe()
        self.refresh_bindings()

    @work(group="record", exit_on_error=False)
    async def _record(self, recording: CommandRecording, block: Block, screen: TerminalScreen) -> None:
        """Store a command; the terminal works without it, so a failure is only said."""
        workspace = self._workspace
        if workspace is None:
            return
        try:
            block.run = await workspace.record_command(recording)
        except RametError as error:
            if error.what != self._cannot_record:
                self._cannot_record = error.what
                self.notify(f"Commands are not recorded: {error.what}", severity="warning", timeout=4, markup=False)
        else:
            self._cannot_record = ""
        finally:
            self._recordings.pop((block.number, screen), None)

    def _place(self) -> BlockPlace | None:
        """Return the command that actions are about: the one at the browsing cursor, else the last one."""
        screen = self.current
        if screen is None:
            return None
        places = screen.session.blocks.places()
        if screen.is_browsing:
            row = screen.cursor.cell[0]
            return screen.session.blocks.at(row) or next((place for place in reversed(places) if place.prompt <= row), None)
        return places[-1] if places else None

    def _block(self) -> Block | None:
        place = self._place()
        if place is None:
            self._say("There is no command here.")
            return None
        return place.block

    def _say(self, text: str) -> None:
        self.notify(text, severity="warning", timeout=3, markup=False)

    def action_block(self, step: int) -> None:
        """Go to the command above or below."""
        screen = self.current
        if screen is None:
            return
        screen.browse()
        place = screen.session.blocks.next_to(screen.cursor.cell[0], step)
        if place is not None:
            screen.go_to((place.command, 0), margin=1)
        elif step > 0:
            screen.action_move("bottom")

    def action_fold(self) -> None:
        """Fold or unfold."""
        place = self._place()
        if self.current is not None and place is not None:
            self.current.fold_at(place.command)

    def action_fold_all(self) -> None:
        """Fold all, or unfold all when all are folded."""
        screen = self.current
        if screen is None:
            return
        blocks = [place.block for place in screen.session.blocks.places() if place.block.state != "running"]
        is_folded = not all(block.is_folded for block in blocks)
        for block in blocks:
            block.is_folded = is_folded
        screen.session.blocks.changed()
        screen.request_frame()

    def action_copy(self) -> None:
        """Copy the selection, else the line at the cursor."""
        screen = self.current
        if screen is None:
            return
        row = screen.cursor.cell[0]
        screen.copy(screen.selected_text() or screen.session.emulator.text(row, row))
        screen.selection = screen.cursor.anchor = None
        screen.request_frame()

    def action_copy_command(self) -> None:
        """Copy the command line."""
        block = self._block()
        if block is not None and self.current is not None:
            self.current.copy(block.command)

    def action_copy_output(self) -> None:
        """Copy the output."""
        place = self._place()
        if place is None or self.current is None:
            self._say("There is no command here.")
        elif place.end <= place.output:
            self._say("It printed nothing.")
        else:
            rows = SelectedCells((place.output, 0), (place.end - 1, 0), is_by_lines=True)
            self.current.copy(selected_text(self.current.session.emulator, rows))

    def action_select(self, by_lines: bool) -> None:
        """Begin to select, or stop."""
        screen = self.current
        if screen is not None:
            screen.browse()
            screen.cursor.toggle_selection(by_lines=by_lines)
            screen.request_frame()
            self._describe()

    def action_run_again(self) -> None:
        """Type the command anew; a shell that is busy would take it for input of what runs."""
        block, screen = self._block(), self.current
        if block is None or screen is None:
            return
        if not block.command:
            self._say("The command line is not known.")
        elif screen.session.running_command:
            self._say("Something runs in this terminal.")
        elif not screen.session.is_prompt_untouched:
            self._say("There is something at the prompt already.")
        else:
            self.focus_content()
            screen.run(block.command)

    def action_mention(self) -> None:
        """Put the command into the question that is being written."""
        if (block := self._block()) is not None:
            self._send(block, is_question=False)

    def action_explain(self) -> None:
        """Ask about the command at the cursor."""
        if (block := self._block()) is not None:
            self._send(block, is_question=True)

    @on(TerminalScreen.ExplainWanted)
    def _explain_wanted(self, event: TerminalScreen.ExplainWanted) -> None:
        event.stop()
        if (block := event.screen.session.blocks.last) is not None:
            self._send(block, is_question=True)

    @work(group="mention", exclusive=True, exit_on_error=False)
    async def _send(self, block: Block, *, is_question: bool) -> None:
        """Bring a command into the chat, when it is stored."""
        for (number, screen), storing in list(self._recordings.items()):
            if screen is self.current and number == block.number:
                await storing.wait()
        if block.state == "running":
            self._say("It can be mentioned when it is over.")
        elif block.run is None or not block.run.id:
            self._say("It was not recorded, so it cannot be mentioned.")
        elif not is_question:
            self.post_message(self.MentionWanted(f"@t{block.run.id}"))
        elif block.is_failure:
            self.post_message(self.QuestionWanted(f"Why did @t{block.run.id} fail, and how is it fixed?"))
        else:
            self.post_message(self.QuestionWanted(f"What does @t{block.run.id} tell?"))

    # Links

    def action_link(self, step: int) -> None:
        """Go to the next place that was printed, or the one before."""
        screen = self.current
        if screen is None:
            return
        screen.browse()
        link = screen.next_link(step)
        if link is None:
            self._say("No place in a file of this repository " + ("below." if step > 0 else "above."))

    def action_open_link(self) -> None:
        """Open the place at the cursor."""
        screen = self.current
        link = None if screen is None else screen.link_at_cursor
        if link is None:
            self._say("There is no place in a file here: f goes to the next one.")
        else:
            self.post_message(PlaceSelected(link.path, link.line))

    # Search

    def action_find(self) -> None:
        """Ask for a text."""
        screen = self.current
        if screen is not None:
            screen.browse()
            self._found_from = screen.cursor.cell[0]
            self.prompt.ask("find", "search", self.prompt.text if self.prompt.purpose == "find" else "")

    def action_next_match(self, step: int) -> None:
        """Go to another match."""
        screen = self.current
        if screen is None:
            return
        if not screen.matches:
            self.action_find()
            return
        place = screen.matches.index(screen.current_match) if screen.current_match in screen.matches else 0
        self._show_match(screen, (place + step) % len(screen.matches))

    def _show_match(self, screen: TerminalScreen, place: int) -> None:
        screen.current_match = screen.matches[place]
        screen.go_to(screen.current_match.anchor, margin=2)
        self.prompt.note(f"{place + 1} of {len(screen.matches):,}")

    @on(PromptLine.Changed)
    def _prompt_changed(self, event: PromptLine.Changed) -> None:
        event.stop()
        screen = self.current
        if event.purpose != "find" or screen is None:
            return
        screen.matches = find_text(screen.session.emulator, event.text)
        screen.current_match = None
        if screen.matches:
            before = [place for place, match in enumerate(screen.matches) if match.anchor[0] <= self._found_from]
            self._show_match(screen, before[-1] if before else 0)
        else:
            self.prompt.note("not found" if event.text else "")
        screen.request_frame()

    @on(PromptLine.Submitted)
    def _prompt_submitted(self, event: PromptLine.Submitted) -> None:
        event.stop()
        self._leave_prompt()
        screen = self.current
        if event.purpose == "name" and screen is not None:
            screen.session.given_title = " ".join(inert_line(event.text).split())[:40]
            self.focus_content()
        self._describe()

    @on(PromptLine.Dismissed)
    def _prompt_dismissed(self, event: PromptLine.Dismissed) -> None:
        event.stop()
        self._leave_prompt()
        if event.purpose == "find" and self.current is not None:
            self.current.matches = []
            self.current.current_match = None
            self.current.reveal(self._found_from)

    def _leave_prompt(self) -> None:
        self.prompt.close()
        if self.current is not None:
            self.screen.set_focus(self.current)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While keys go to a program, they do nothing else."""
        return not self.is_typing
