"""A question with a one-line answer: the name of a branch, a command."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ramet.inert import inert_block


class AskScreen(ModalScreen[str | None]):
    """Closes with what was typed, None when the user changed their mind."""

    CSS_PATH = "branches.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False, id="branches.ask.close", tooltip="Leave the question"),
    ]

    def __init__(
        self, title: str, explanation: str, *, offered: str = "", placeholder: str = "", may_be_empty: bool = False
    ) -> None:
        super().__init__()
        self._title = title
        self._explanation = explanation
        self._offered = offered
        self._placeholder = placeholder
        self._may_be_empty = may_be_empty

    def compose(self) -> ComposeResult:
        """The input and what it is for."""
        with Vertical(id="branch-ask") as box:
            box.border_title = self._title
            box.border_subtitle = "enter · esc"
            yield Input(self._offered, placeholder=self._placeholder, compact=True, select_on_focus=True)
            yield Static(inert_block(self._explanation), id="branch-ask-text", markup=False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if text or self._may_be_empty:
            self.dismiss(text)

    def action_close(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        """A click beside the box closes it."""
        if event.widget is self:
            self.dismiss(None)
