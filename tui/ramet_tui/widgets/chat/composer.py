"""The lower part of the chat pane: queue, completions, attachments, the prompt and one line of hints."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalGroup, VerticalGroup
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widgets import Label, Static, TextArea

from ramet.errors import RametError
from ramet.inert import inert_line
from ramet.models import Attachment
from ramet.workspace.protocol import Workspace
from ramet_tui.fuzzy import rank
from ramet_tui.widgets.chat.commands import command_named, matching_commands, parse_command
from ramet_tui.widgets.chat.completion import MAX_COMPLETIONS, Completion, CompletionList
from ramet_tui.widgets.chat.mentions import mention_being_typed, mention_text, mentioned_paths, offered_mentions
from ramet_tui.widgets.chat.prompt import PromptInput
from ramet_tui.widgets.chat.wording import pasted_name
from ramet_tui.widgets.failures import ReportsFailures

READY_HINT = "enter send · @ file · / command · ctrl+r review"
BUSY_HINT = "esc stop · enter queue a question"


class RemovableLine(Static, can_focus=True):
    """A line that can be taken away: a queued question or an attachment."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("delete,backspace,x,enter", "remove_line", "Remove", id="chat.line.remove", tooltip="Take this line away"),
    ]

    DEFAULT_CSS = """
    RemovableLine {
        height: 1; text-wrap: nowrap; text-overflow: ellipsis; color: $secondary-text;
        &:hover { background: $block-hover-background; }
        &:focus { background: $block-cursor-background; }
    }
    """

    @dataclass
    class Removed(Message):
        """Posted when the line shall go."""

        line: RemovableLine

        @property
        def control(self) -> RemovableLine:
            """The line."""
            return self.line

    def __init__(self, label: str, text: str, position: int) -> None:
        super().__init__(Content.assemble(("✕ ", ""), (label, "$accent"), (inert_line(" ".join(text.split())), "")), markup=False)
        self.position = position

    def action_remove_line(self) -> None:
        """Take this line away."""
        self.post_message(self.Removed(self))

    def on_click(self, event: Click) -> None:
        """Do what the key does."""
        event.stop()
        self.action_remove_line()


class QueueList(VerticalGroup):
    """Questions that wait for the running answer."""


class AttachmentList(VerticalGroup):
    """What goes with the question that is being written."""


class Composer(ReportsFailures, VerticalGroup):
    """Owns what is being written: text, attachments and completions. The queue belongs to the pane and is only shown."""

    DEFAULT_CSS = """
    Composer {
        height: auto;
        .field { height: auto; padding: 0 1; border-top: solid $line; }
        .arrow { width: 2; color: $accent; }
        .hint { color: $secondary-text; height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        .hint.-warning { color: $status-modified; height: auto; max-height: 3; text-wrap: wrap; }
        QueueList, AttachmentList { padding: 0 1; }
    }
    """

    @dataclass
    class Submitted(Message):
        """Posted when a question is complete."""

        composer: Composer
        question: str
        attachments: tuple[Attachment, ...]

        @property
        def control(self) -> Composer:
            """Where it was written."""
            return self.composer

    @dataclass
    class ReviewWanted(Message):
        """Posted when what a question would be sent with shall be shown first."""

        composer: Composer
        question: str
        attachments: tuple[Attachment, ...]

        @property
        def control(self) -> Composer:
            """Where it is being written."""
            return self.composer

    @dataclass
    class CommandGiven(Message):
        """Posted when a slash command shall be carried out."""

        composer: Composer
        name: str
        argument: str

        @property
        def control(self) -> Composer:
            """Where it was written."""
            return self.composer

    @dataclass
    class EmptySent(Message):
        """Posted when enter was pressed on nothing."""

        composer: Composer

        @property
        def control(self) -> Composer:
            """Where it was pressed."""
            return self.composer

    @dataclass
    class Unqueued(Message):
        """Posted when a queued question shall go."""

        composer: Composer
        position: int

        @property
        def control(self) -> Composer:
            """Where it is listed."""
            return self.composer

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "review", "Review", id="chat.review", tooltip="Show what will be sent, and take parts of it away"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._workspace: Workspace | None = None
        self._files: tuple[str, ...] = ()
        self._attachments: list[Attachment] = []
        self._is_busy = False
        self._is_hinting = False
        self._shown_hint = READY_HINT

    def compose(self) -> ComposeResult:
        """Build the parts."""
        completions = CompletionList()
        yield QueueList()
        yield completions
        yield AttachmentList()
        with HorizontalGroup(classes="field"):
            yield Label(">", classes="arrow", markup=False)
            yield PromptInput(completions)
        yield Static(Content(READY_HINT), classes="hint", markup=False)

    @property
    def prompt(self) -> PromptInput:
        """The text field."""
        return self.query_one(PromptInput)

    @property
    def completions(self) -> CompletionList:
        """The completions above the field."""
        return self.query_one(CompletionList)

    def set_workspace(self, workspace: Workspace) -> None:
        """Complete file names from this workspace from now on."""
        self._workspace = workspace
        self._files = ()

    def set_busy(self, is_busy: bool) -> None:
        """Say what the keys do while an answer runs, or no more."""
        self._is_busy = is_busy
        self._show_usual_hint()

    def hint(self, sentence: str) -> None:
        """Say something about what was just written, until the text changes."""
        self._is_hinting = True
        self._show_hint(sentence)

    async def show_queue(self, questions: Sequence[str], *, is_held: bool) -> None:
        """List the questions that wait."""
        label = "held  " if is_held else "queued  "
        queue = self.query_one(QueueList)
        await queue.remove_children()
        await queue.mount_all([RemovableLine(label, question, position) for position, question in enumerate(questions)])
        if is_held and questions:
            self.hint("The last answer is incomplete, so the queue waits: enter on an empty prompt goes on.")

    async def attach(self, attachment: Attachment) -> None:
        """Let something go with the next question."""
        self._attachments.append(attachment)
        await self._show_attachments()

    async def clear(self) -> None:
        """Forget what was written and attached: it has been sent."""
        self.prompt.past.add(self.prompt.text.strip())
        self.prompt.text = ""
        self._attachments.clear()
        await self._show_attachments()

    def action_review(self) -> None:
        """Show what the question would be sent with."""
        text = self.prompt.text.strip()
        if not text or parse_command(text) is not None:
            self.hint("Write a question first; then ctrl+r shows what will be sent with it.")
        else:
            self.post_message(self.ReviewWanted(self, text, tuple(self._attachments)))

    def _show_usual_hint(self) -> None:
        self._is_hinting = False
        mentioned = mentioned_paths(self.prompt.text, self._files)
        if mentioned:
            self._show_hint("goes with it: " + ", ".join(inert_line(path) for path in mentioned))
        else:
            self._show_hint(BUSY_HINT if self._is_busy else READY_HINT)

    def _show_hint(self, sentence: str) -> None:
        line = self.query_one(".hint", Static)
        line.set_class(self._is_hinting, "-warning")
        if sentence != self._shown_hint:
            # Each update lays out the whole screen, which takes longer than all else that a key does.
            self._shown_hint = sentence
            line.update(Content(sentence))

    async def _show_attachments(self) -> None:
        listed = self.query_one(AttachmentList)
        await listed.remove_children()
        await listed.mount_all(
            [RemovableLine("", f"[{attachment.name}]", position) for position, attachment in enumerate(self._attachments)]
        )

    @on(RemovableLine.Removed)
    async def _line_removed(self, event: RemovableLine.Removed) -> None:
        event.stop()
        self.prompt.focus()
        if isinstance(event.line.parent, QueueList):
            self.post_message(self.Unqueued(self, event.line.position))
        elif event.line.position < len(self._attachments):
            del self._attachments[event.line.position]
            await self._show_attachments()

    @on(PromptInput.BackspaceAtStart)
    async def _backspace_at_start(self, event: PromptInput.BackspaceAtStart) -> None:
        event.stop()
        if self._attachments:
            self._attachments.pop()
            await self._show_attachments()

    @on(PromptInput.Pasted)
    async def _pasted(self, event: PromptInput.Pasted) -> None:
        event.stop()
        await self.attach(Attachment(name=pasted_name(event.text), text=event.text))

    @on(PromptInput.Sent)
    async def _sent(self, event: PromptInput.Sent) -> None:
        event.stop()
        text = self.prompt.text.strip()
        if not text:
            if self._attachments:
                self.hint("Write a question about what is attached.")
            else:
                self.post_message(self.EmptySent(self))
            return
        command = parse_command(text)
        if command is None:
            self.post_message(self.Submitted(self, text, tuple(self._attachments)))
            await self.clear()
        elif command_named(command[0]) is None:
            self.hint(f"There is no command /{command[0]}: /help lists them.")
            return
        else:
            self.post_message(self.CommandGiven(self, *command))
        self.prompt.text = ""

    @on(TextArea.Changed)
    def _text_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        # Sending empties the prompt too; what was said about it stays until something is written.
        if self.prompt.text or not self._is_hinting:
            self._show_usual_hint()
        self._offer_completions()

    def _offer_completions(self) -> None:
        before = self.prompt.before_cursor
        text = self.prompt.text
        if text.startswith("/") and "\n" not in text and " " not in text:
            self.workers.cancel_group(self, "mention")
            self.completions.offer(
                [
                    Completion(f"/{command.name} {command.argument}".rstrip(), command.name, command.help)
                    for command in matching_commands(text[1:])
                ]
            )
        elif (typed := mention_being_typed(before)) is not None and self._workspace is not None:
            self._offer_files(self._workspace, typed)
        else:
            self.workers.cancel_group(self, "mention")
            self.completions.offer([])

    @work(group="mention", exclusive=True, exit_on_error=False)
    async def _offer_files(self, workspace: Workspace, typed: str) -> None:
        try:
            if not self._files or not typed:
                self._files = await workspace.files()
            terminal = await offered_mentions(workspace, typed)
        except RametError as error:
            self.hint(inert_line(error.what))
            return
        found = [match.text for match in await asyncio.to_thread(rank, typed, self._files, MAX_COMPLETIONS)]
        said = [Completion(f"@{mention.name}", f"@{mention.name}", mention.help) for mention in terminal]
        offered = [*said, *(Completion(path, mention_text(path)) for path in found)]
        # What is complete already needs no list that would swallow the next enter.
        is_complete = found == [typed] or any(mention.name == typed for mention in terminal)
        self.completions.offer([] if is_complete else offered[:MAX_COMPLETIONS])

    @on(CompletionList.Chosen)
    def _completion_clicked(self, event: CompletionList.Chosen) -> None:
        event.stop()
        self.prompt.focus()
        self._take(event.completion, is_final=False)

    @on(PromptInput.CompletionTaken)
    def _completion_taken(self, event: PromptInput.CompletionTaken) -> None:
        event.stop()
        if (choice := self.completions.choice) is not None:
            self._take(choice, is_final=event.is_final)

    def _take(self, choice: Completion, *, is_final: bool) -> None:
        self.completions.offer([])
        if not self.prompt.text.startswith("/"):
            typed = mention_being_typed(self.prompt.before_cursor)
            before = self.prompt.before_cursor
            start = before.rfind("@", 0, len(before) - len(typed or ""))
            self.prompt.replace_before_cursor(len(before) - start, f"{choice.value} ")
            return
        command = command_named(choice.value)
        if is_final and command is not None and not command.argument:
            self.prompt.text = ""
            self.post_message(self.CommandGiven(self, command.name, ""))
        else:
            self.prompt.set_text(f"/{choice.value} ")
