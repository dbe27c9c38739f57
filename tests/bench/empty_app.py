"""The yardstick for start-up: the smallest Textual app that shows something."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static


class EmptyApp(App[None]):
    """One label."""

    def compose(self) -> ComposeResult:
        """Show the marker that the bench waits for."""
        yield Static("empty-app-ready")


if __name__ == "__main__":
    EmptyApp().run()
