"""The help: every key of the app with what it does, and why an action cannot be used now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ramet_tui.key_names import AREAS, KeyHelp


class HelpScreen(ModalScreen[None]):
    """Lists keys by area."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q", "close", "Close", id="help.close", tooltip="Leave the help"),
    ]

    def __init__(self, keys: Sequence[KeyHelp], reasons: dict[str, str]) -> None:
        super().__init__()
        self._keys = keys
        self._reasons = reasons
        """Id of an action to why it cannot be used now."""

    def compose(self) -> ComposeResult:
        """One long text that scrolls."""
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes"
            for area, title in AREAS.items():
                keys = [key for key in self._keys if key.area == area]
                if keys:
                    yield Static(title, classes="help-area", markup=False)
                    yield Static(Content("\n").join(self._line(key) for key in keys), classes="help-keys")

    def _line(self, key: KeyHelp) -> Content:
        reason = self._reasons.get(key.id, "")
        line = Content.assemble((f"{key.keys:<18} ", "$faint-text" if reason else "$accent"), (key.explanation, ""))
        if reason:
            line += Content.assemble((f"  ({reason})", "$secondary-text"))
        return line

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        """A click beside the box closes it."""
        if event.widget is self:
            self.dismiss(None)
