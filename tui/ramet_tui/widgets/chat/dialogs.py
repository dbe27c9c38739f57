"""The modal screens of the chat pane: a yes-or-no question, and the list of stored conversations."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalGroup, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from ramet.errors import RametError
from ramet.inert import inert_block, inert_line
from ramet.models import ConversationInfo
from ramet.workspace.protocol import Workspace
from ramet_tui.widgets.chat.wording import plural


class ConfirmScreen(ModalScreen[bool]):
    """Asks before something that is hard to undo, or that leaves the app; "no" has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", id="chat.confirm.yes"),
        Binding("n,escape", "answer(False)", "No", id="chat.confirm.no"),
        Binding("left,right,up,down", "app.focus_next", "Other button", show=False),
    ]

    DEFAULT_CSS = """
    ConfirmScreen {
        align: center middle;
        .dialog {
            width: 60; max-width: 95%; height: auto; padding: 1 2;
            background: $surface; border: round $primary;
        }
        .question { height: auto; margin: 0 0 1 0; }
        Button {
            margin: 0 2 0 0; padding: 0 1; width: auto; min-width: 0; border: none;
            background: transparent; color: $foreground; text-style: none;
            &:focus { background: $block-cursor-background; text-style: bold !important; background-tint: transparent; }
        }
    }
    """

    def __init__(self, question: str, subject: str, yes: str) -> None:
        super().__init__()
        self._question = question
        self._subject = subject
        self._yes = yes

    def compose(self) -> ComposeResult:
        """Build the parts."""
        with Vertical(classes="dialog"):
            said = Content.assemble(self._question, "\n", (inert_block(self._subject), "$secondary-text"))
            yield Static(said, classes="question", markup=False)
            with HorizontalGroup():
                yield Button("n  no", id="no", compact=True)
                yield Button(f"y  {self._yes}", id="yes", compact=True)

    def action_answer(self, is_yes: bool) -> None:
        """Close with an answer."""
        self.dismiss(is_yes)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id == "yes")


class ConversationsScreen(ModalScreen[str]):
    """Lists stored conversations; closes with the id of the one to resume, empty for none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="chat.conversations.close"),
        Binding("d,delete", "delete", "Delete", id="chat.conversations.delete", tooltip="Forget this conversation for good"),
    ]

    DEFAULT_CSS = """
    ConversationsScreen {
        align: center middle;
        .dialog {
            width: 80; max-width: 95%; height: auto; max-height: 80%; padding: 0 1;
            background: $surface; border: round $primary;
            border-title-color: $text; border-subtitle-color: $secondary-text;
        }
        OptionList { height: auto !important; max-height: 20 !important; border: none; background: transparent; padding: 0; }
        OptionList:focus { border: none; }
        .empty { color: $secondary-text; padding: 1; }
    }
    """

    def __init__(self, workspace: Workspace, infos: tuple[ConversationInfo, ...]) -> None:
        super().__init__()
        self._workspace = workspace
        self._infos = {info.id: info for info in infos}

    def compose(self) -> ComposeResult:
        """Build the parts."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Conversations"
            dialog.border_subtitle = "enter open · d delete"
            yield OptionList(*(self._option(info) for info in self._infos.values()), markup=False)
            yield Static("No conversation is stored for this repository.", classes="empty", markup=False)

    def on_mount(self) -> None:
        """Show what is known."""
        self._show_emptiness()

    def action_close(self) -> None:
        """Close without resuming anything."""
        self.dismiss("")

    def action_delete(self) -> None:
        """Forget the highlighted conversation after asking."""
        option = self.query_one(OptionList).highlighted_option
        if option is not None and option.id is not None:
            self._delete(self._infos[option.id])

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option.id or "")

    @work(group="delete", exit_on_error=False)
    async def _delete(self, info: ConversationInfo) -> None:
        question = f"Delete this conversation of {plural(info.turns, 'question')} for good?"
        if not await self.app.push_screen_wait(ConfirmScreen(question, info.title, "delete")):
            return
        try:
            await self._workspace.delete_conversation(info.id)
        except RametError as error:
            self.notify(inert_block(str(error)), severity="error", markup=False)
            return
        del self._infos[info.id]
        self.query_one(OptionList).remove_option(info.id)
        self._show_emptiness()

    def _show_emptiness(self) -> None:
        self.query_one(OptionList).display = bool(self._infos)
        self.query_one(".empty").display = not self._infos

    @staticmethod
    def _option(info: ConversationInfo) -> Option:
        when = datetime.fromtimestamp(info.updated).astimezone()
        title = inert_line(" ".join(info.title.split())) or "untitled"
        facts = f"{when:%Y-%m-%d %H:%M} · {plural(info.turns, 'question')}"
        return Option(Content.assemble(title, "\n", (facts, "$secondary-text")), id=info.id)
