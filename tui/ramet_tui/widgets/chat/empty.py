"""What the chat pane shows before the first question: what can be asked, examples, and which model would answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalGroup
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from ramet.inert import inert_line
from ramet.models import WorkspaceStatus

EXAMPLES = (
    "How is this project structured?",
    "Where is the configuration read?",
    "What do the tests not cover?",
)

INTRODUCTION = "Ask about this repository. Answers cite the code they rest on, and every citation is checked against your files."

NO_MODEL = "no model configured: answers are extracts from the code"

NO_MODEL_ADVICE = "Set ANTHROPIC_API_KEY or OPENAI_API_KEY, start Ollama, or choose one here: /model NAME"


class ExampleQuestion(Static, can_focus=True):
    """A question that can be asked with one key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "ask", "Ask", id="chat.example.ask", tooltip="Ask this question"),
        Binding("up", "app.focus_previous", "Previous", show=False),
        Binding("down", "app.focus_next", "Next", show=False),
    ]

    @dataclass
    class Chosen(Message):
        """Posted when the question shall be asked."""

        question: str

    def __init__(self, question: str) -> None:
        super().__init__(Content.assemble(("▸ ", "$accent"), question), markup=False)
        self.question = question

    def action_ask(self) -> None:
        """Ask this question."""
        self.post_message(self.Chosen(self.question))

    def on_click(self, event: Click) -> None:
        """Do what the key does."""
        event.stop()
        self.action_ask()


class EmptyState(VerticalGroup):
    """See the module."""

    DEFAULT_CSS = """
    EmptyState {
        padding: 1 1 0 1;
        .lead { margin: 0 0 1 0; }
        .model { margin: 1 0 0 0; color: $secondary-text; }
        ExampleQuestion { &:hover { background: $block-hover-background; } &:focus { background: $block-cursor-background; } }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._said = ""

    def compose(self) -> ComposeResult:
        """Build the parts."""
        yield Static(INTRODUCTION, classes="lead", markup=False)
        for question in EXAMPLES:
            yield ExampleQuestion(question)
        yield Static("looking for a model …", classes="model", markup=False)

    def show_model(self, status: WorkspaceStatus, override: str, *, uses_model: bool) -> None:
        """Say what would answer."""
        if not uses_model:
            said = "answers are extracts from the code, as you chose; /model NAME asks a model"
        elif override:
            said = f"model  {inert_line(override)}"
        elif status.model is not None:
            said = f"model  {inert_line(status.model.name)}  ({inert_line(status.model.origin)})"
        else:
            said = f"{NO_MODEL}\n{NO_MODEL_ADVICE}"
        if said != self._said:
            # Each update lays out the whole screen, and a status arrives several times a second while the index is built.
            self._said = said
            self.query_one(".model", Static).update(Content(said))
