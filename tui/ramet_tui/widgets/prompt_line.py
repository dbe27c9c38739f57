"""A one-line input at the edge of a pane: it appears when asked for and goes away with Escape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static


class PromptLine(Horizontal):
    """A label, an input and a note on the right; hidden until `ask`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", show=False, id="prompt.close", tooltip="Leave the input"),
    ]

    @dataclass
    class Changed(Message):
        """Posted when the text changed."""

        prompt: PromptLine
        purpose: str
        text: str

        @property
        def control(self) -> PromptLine:
            """The prompt."""
            return self.prompt

    @dataclass
    class Submitted(Message):
        """Posted on Enter."""

        prompt: PromptLine
        purpose: str
        text: str

        @property
        def control(self) -> PromptLine:
            """The prompt."""
            return self.prompt

    @dataclass
    class Dismissed(Message):
        """Posted when the user left with Escape."""

        prompt: PromptLine
        purpose: str

        @property
        def control(self) -> PromptLine:
            """The prompt."""
            return self.prompt

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.purpose = ""
        self.display = False

    def on_mount(self) -> None:
        """Wait for the first frame, which has no prompt in it."""
        self.call_after_refresh(self._complete)

    async def _complete(self) -> None:
        field = Input(compact=True, select_on_focus=True)
        await self.mount(Static("", classes="prompt-label"), field, Static("", classes="prompt-note"))

    @property
    def text(self) -> str:
        """What was typed."""
        return self.query_one(Input).value

    def ask(self, purpose: str, label: str, text: str = "") -> None:
        """Appear with the focus in the input."""
        self.purpose = purpose
        self.query_one(".prompt-label", Static).update(label)
        self.note("")
        field = self.query_one(Input)
        with self.prevent(Input.Changed):
            field.value = text
        self.display = True
        field.focus()

    def note(self, text: str) -> None:
        """Say something at the right end."""
        self.query_one(".prompt-note", Static).update(text)

    def close(self) -> None:
        """Disappear."""
        self.display = False

    def action_dismiss(self) -> None:
        """Disappear and say so."""
        self.close()
        self.post_message(self.Dismissed(self, self.purpose))

    @on(Input.Changed)
    def _input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self.post_message(self.Changed(self, self.purpose, event.value))

    @on(Input.Submitted)
    def _input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(self, self.purpose, event.value))
