"""The text field for questions: grows with its text, sends on enter, and leaves completion to the composer around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.events import Paste
from textual.message import Message
from textual.widgets import TextArea

from ramet.inert import inert_block
from ramet_tui.widgets.chat.completion import CompletionList
from ramet_tui.widgets.chat.history import PromptHistory

MAX_PASTE_LINES = 12
"""A longer paste becomes an attachment: it is material, not the question."""

MAX_PASTE_CHARACTERS = 2_000


class PromptInput(TextArea):
    """See the module. `completions` is the list it steers, `past` what up and down walk through."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", id="chat.send", priority=True, tooltip="Send the question, or take the completion"),
        Binding("alt+enter,shift+enter,ctrl+n", "newline", "New line", id="chat.newline", tooltip="Start a new line", show=False),
        Binding("tab", "complete", "Sources", id="chat.sources", tooltip="Take the completion, else go to the sources"),
        Binding(
            "ctrl+up,alt+up", "leave", "Sources", id="chat.transcript", tooltip="Go to the sources or the transcript", show=False
        ),
        Binding("escape", "close_completions", "Close", id="chat.completions.close", show=False),
    ]

    DEFAULT_CSS = """
    PromptInput {
        width: 1fr;
        height: auto;
        min-height: 1;
        max-height: 8;
        border: none;
        padding: 0;
        background: transparent;
        scrollbar-size-vertical: 1;
        &:focus { border: none; }
        .text-area--cursor-line { background: transparent; }
    }
    """

    @dataclass
    class Sent(Message):
        """Posted when the text shall be sent."""

        prompt: PromptInput

        @property
        def control(self) -> PromptInput:
            """The field with the text."""
            return self.prompt

    @dataclass
    class Pasted(Message):
        """Posted when a paste is too long to be part of the text."""

        prompt: PromptInput
        text: str

        @property
        def control(self) -> PromptInput:
            """The field that was pasted into."""
            return self.prompt

    @dataclass
    class CompletionTaken(Message):
        """Posted when the highlighted completion shall be inserted; `is_final` when it was enter that took it."""

        prompt: PromptInput
        is_final: bool

        @property
        def control(self) -> PromptInput:
            """The field to insert into."""
            return self.prompt

    @dataclass
    class SourcesWanted(Message):
        """Posted when the focus shall move up into the transcript."""

        prompt: PromptInput
        by_tab: bool

        @property
        def control(self) -> PromptInput:
            """The field that has the focus."""
            return self.prompt

    @dataclass
    class ScrollWanted(Message):
        """Posted when the transcript shall scroll by a page."""

        prompt: PromptInput
        direction: int

        @property
        def control(self) -> PromptInput:
            """The field that has the focus."""
            return self.prompt

    @dataclass
    class BackspaceAtStart(Message):
        """Posted when there is nothing left to delete before the cursor."""

        prompt: PromptInput

        @property
        def control(self) -> PromptInput:
            """The field that has the focus."""
            return self.prompt

    def __init__(self, completions: CompletionList) -> None:
        super().__init__(soft_wrap=True, tab_behavior="focus", show_line_numbers=False, highlight_cursor_line=False, compact=True)
        self.completions = completions
        self.past = PromptHistory()

    @property
    def before_cursor(self) -> str:
        """The text of the cursor's line up to the cursor."""
        row, column = self.cursor_location
        return str(self.document.get_line(row))[:column]

    def set_text(self, text: str) -> None:
        """Replace the text and stand at its end."""
        self.text = text
        self.move_cursor(self.document.end)

    def replace_before_cursor(self, length: int, text: str) -> None:
        """Replace the last `length` characters before the cursor."""
        row, column = self.cursor_location
        self.replace(text, (row, column - length), (row, column), maintain_selection_offset=False)
        self.move_cursor((row, column - length + len(text)))

    def action_send(self) -> None:
        """Send the text, or take the highlighted completion."""
        if self.completions.is_open:
            self.post_message(self.CompletionTaken(self, is_final=True))
        else:
            self.post_message(self.Sent(self))

    def action_newline(self) -> None:
        """Start a new line."""
        self._replace_via_keyboard("\n", *self.selection)
        self.scroll_cursor_visible()

    def action_complete(self) -> None:
        """Take the highlighted completion, else go to the sources."""
        if self.completions.is_open:
            self.post_message(self.CompletionTaken(self, is_final=False))
        else:
            self.post_message(self.SourcesWanted(self, by_tab=True))

    def action_leave(self) -> None:
        """Go to the sources of the last answer, else to the transcript."""
        self.post_message(self.SourcesWanted(self, by_tab=False))

    def action_close_completions(self) -> None:
        """Close the completions; escape means something else while there are none."""
        if not self.completions.is_open:
            raise SkipAction
        self.completions.offer([])

    def action_cursor_up(self, select: bool = False) -> None:
        """Move up; at the top edge to an older question."""
        if self.completions.is_open and not select:
            self.completions.move(-1)
        elif select or self.wrapped_document.location_to_offset(self.cursor_location).y > 0:
            super().action_cursor_up(select)
        elif (older := self.past.older(self.text)) is not None:
            self.set_text(older)

    def action_cursor_down(self, select: bool = False) -> None:
        """Move down; at the bottom edge to a newer question."""
        if self.completions.is_open and not select:
            self.completions.move(1)
        elif select or self.wrapped_document.location_to_offset(self.cursor_location).y < self.wrapped_document.height - 1:
            super().action_cursor_down(select)
        elif (newer := self.past.newer()) is not None:
            self.set_text(newer)

    def action_cursor_page_up(self) -> None:
        """Scroll the transcript: the field itself is never longer than a page."""
        self.post_message(self.ScrollWanted(self, -1))

    def action_cursor_page_down(self) -> None:
        """Scroll the transcript: the field itself is never longer than a page."""
        self.post_message(self.ScrollWanted(self, 1))

    def action_delete_left(self) -> None:
        """Delete backwards; at the very start, what stands before the text."""
        if self.selection.is_empty and self.cursor_location == (0, 0):
            self.post_message(self.BackspaceAtStart(self))
        else:
            super().action_delete_left()

    async def _on_paste(self, event: Paste) -> None:
        event.stop()
        event.prevent_default()
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        if len(text) > MAX_PASTE_CHARACTERS or text.count("\n") >= MAX_PASTE_LINES:
            self.post_message(self.Pasted(self, text))
            return
        if edit := self._replace_via_keyboard(inert_block(text), *self.selection):
            self.move_cursor(edit.end_location)
