"""A problem that stops the work: what failed, what to do, and the choice to try again."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from ramet.inert import inert_block
from ramet.models import Problem


class ProblemScreen(ModalScreen[bool]):
    """Closes with True for another try."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "answer(True)", "Try again", id="problem.retry", tooltip="Do again what failed"),
        Binding("escape", "answer(False)", "Not now", id="problem.close", tooltip="Go on without it"),
        Binding("left,right,up,down", "app.focus_next", "Other button", show=False),
    ]

    def __init__(self, problem: Problem, consequence: str = "") -> None:
        super().__init__()
        self._problem = problem
        self._consequence = consequence
        """What still works, in one sentence."""

    def compose(self) -> ComposeResult:
        """What, advice, consequence, buttons."""
        with Vertical(id="problem") as box:
            box.border_title = "Problem"
            yield Static(inert_block(self._problem.what), id="problem-what", markup=False)
            if self._problem.advice:
                yield Static(inert_block(self._problem.advice), id="problem-advice", markup=False)
            if self._consequence:
                yield Static(self._consequence, id="problem-consequence", markup=False)
            with Horizontal(id="problem-buttons"):
                yield Button("Try again", id="retry", compact=True)
                yield Button("Not now", id="later", compact=True)

    def action_answer(self, again: bool) -> None:
        """Close with an answer."""
        self.dismiss(again)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Close with the answer of the button."""
        event.stop()
        self.dismiss(event.button.id == "retry")
