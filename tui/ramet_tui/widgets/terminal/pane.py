"""The terminal pane: what can be done with commands, places and text in its shells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.message import Message

from ramet.inert import inert_line
from ramet_tui.messages import PlaceSelected
from ramet_tui.widgets.prompt_line import PromptLine
from ramet_tui.widgets.terminal.bindings import PANE_BINDINGS
from ramet_tui.widgets.terminal.blocks import Block, BlockPlace
from ramet_tui.widgets.terminal.screen import TerminalScreen
from ramet_tui.widgets.terminal.searching import find_text
from ramet_tui.widgets.terminal.selection import SelectedCells, selected_text
from ramet_tui.widgets.terminal.tabs import TerminalTabs


class TerminalPane(TerminalTabs):
    """Carries out the actions; most are about the command at the cursor, else the last one."""

    BINDINGS: ClassVar[list[BindingType]] = PANE_BINDINGS

    DEFAULT_CSS = """
    TerminalPane {
        padding: 0 0 0 1;
        border-subtitle-color: $secondary-text;
    }
    """

    @dataclass
    class MentionWanted(Message):
        """Posted when a command shall be mentioned in the question that is being written."""

        mention: str
        """`@t3`."""

    @dataclass
    class QuestionWanted(Message):
        """Posted when a question about a command shall be asked."""

        question: str

    _found_from = 0
    """The row that a search began at."""

    # Commands

    def _place(self) -> BlockPlace | None:
        """Return the command that actions are about: the one at the browsing cursor, else the last one."""
        screen = self.current
        if screen is None:
            return None
        places = screen.session.blocks.places()
        if screen.is_browsing:
            row = screen.places.cursor.cell[0]
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
        place = screen.session.blocks.next_to(screen.places.cursor.cell[0], step)
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
        row = screen.places.cursor.cell[0]
        screen.copy(screen.selected_text() or screen.session.emulator.text(row, row))
        screen.places.selection = screen.places.cursor.anchor = None
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
            screen.places.cursor.toggle_selection(by_lines=by_lines)
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
            self._found_from = screen.places.cursor.cell[0]
            self.prompt.ask("find", "search", self.prompt.text if self.prompt.purpose == "find" else "")

    def action_next_match(self, step: int) -> None:
        """Go to another match."""
        screen = self.current
        if screen is None:
            return
        if not screen.places.matches:
            self.action_find()
            return
        place = screen.places.matches.index(screen.places.match) if screen.places.match in screen.places.matches else 0
        self._show_match(screen, (place + step) % len(screen.places.matches))

    def _show_match(self, screen: TerminalScreen, place: int) -> None:
        screen.places.match = screen.places.matches[place]
        screen.go_to(screen.places.match.anchor, margin=2)
        self.prompt.note(f"{place + 1} of {len(screen.places.matches):,}")

    @on(PromptLine.Changed)
    def _prompt_changed(self, event: PromptLine.Changed) -> None:
        event.stop()
        screen = self.current
        if event.purpose != "find" or screen is None:
            return
        screen.places.matches = find_text(screen.session.emulator, event.text)
        screen.places.match = None
        if screen.places.matches:
            before = [place for place, match in enumerate(screen.places.matches) if match.anchor[0] <= self._found_from]
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
            self.current.places.matches = []
            self.current.places.match = None
            self.current.reveal(self._found_from)

    def _leave_prompt(self) -> None:
        self.prompt.close()
        if self.current is not None:
            self.screen.set_focus(self.current)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While keys go to a program, they do nothing else."""
        return not self.is_typing
