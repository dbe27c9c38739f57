"""What stands where the chat will be until its module is imported."""

from __future__ import annotations

from textual.containers import Vertical
from textual.events import Key


class ChatPlace(Vertical, can_focus=True):
    """Stands where the chat will be, and keeps what is typed until then."""

    def __init__(self) -> None:
        super().__init__(classes="pane")
        self.border_title = "Chat"
        self.typed = ""

    def on_key(self, event: Key) -> None:
        """Keep a character for the prompt."""
        if event.is_printable and event.character:
            self.typed += event.character
            event.stop()
