"""What the chat pane can do, as a note in the transcript: its commands and its keys."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import HorizontalGroup, VerticalGroup
from textual.widgets import Label, Static

from ramet_tui.widgets.chat.commands import COMMANDS

KEYS = (
    ("enter", "send, or take the completion"),
    ("ctrl+r", "show what will be sent with the question, and take parts of it away"),
    ("alt+enter", "new line; also shift+enter, ctrl+n"),
    ("esc", "stop the answer; from the sources, back to the prompt"),
    ("tab, ctrl+up", "from the prompt to the sources"),
    ("enter", "on a source: open it in the viewer"),
    ("1-9", "in the transcript: go to that source"),
    ("c, y", "in the transcript: copy the answer, copy its code"),
    ("r", "in the transcript: ask an incomplete answer again"),
    ("up, down", "at the edges of the prompt: older and newer questions"),
    ("@", "mention a file, @last-error, @terminal, @t3 or @tmux: it goes with the question"),
)


class HelpNote(VerticalGroup):
    """See the module."""

    DEFAULT_CSS = """
    HelpNote {
        padding: 0 0 1 0;
        .title { text-style: bold; }
        .after { margin: 1 0 0 0; }
        .name { width: 16; color: $accent; }
        .what { width: 1fr; color: $secondary-text; }
    }
    """

    def compose(self) -> ComposeResult:
        """Build the parts."""
        yield Label("Commands", classes="title", markup=False)
        for command in COMMANDS:
            yield from self._line(f"/{command.name} {command.argument}", command.help)
        yield Label("Keys", classes="title after", markup=False)
        for key, help_text in KEYS:
            yield from self._line(key, help_text)

    @staticmethod
    def _line(name: str, what: str) -> ComposeResult:
        with HorizontalGroup():
            yield Label(name, classes="name", markup=False)
            yield Static(what, classes="what", markup=False)
