"""The chat pane: takes questions, runs one answer at a time, and tells the app what was cited and used."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import on, work
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.worker import Worker

from ramet.errors import RametError
from ramet.inert import inert_line
from ramet.models import AskRequest, Attachment, Problem, Source, Usage, WorkspaceStatus
from ramet.workspace.protocol import Workspace
from ramet_tui import messages
from ramet_tui.widgets.chat.composer import Composer
from ramet_tui.widgets.chat.context import ContextScreen
from ramet_tui.widgets.chat.dialogs import ConfirmScreen
from ramet_tui.widgets.chat.empty import EmptyState, ExampleQuestion
from ramet_tui.widgets.chat.mentions import with_mentions
from ramet_tui.widgets.chat.prompt import PromptInput
from ramet_tui.widgets.chat.session import ChatSession, last_usage, total_cost
from ramet_tui.widgets.chat.slash import SlashCommands
from ramet_tui.widgets.chat.state import TurnState
from ramet_tui.widgets.chat.streams import until_stopped
from ramet_tui.widgets.chat.transcript import Transcript
from ramet_tui.widgets.failures import ReportsFailures

if TYPE_CHECKING:
    # Markdown takes longer to import than the first frame may take to appear, so turns are imported with the first one.
    from ramet_tui.widgets.chat.turn import TurnView

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class QueuedQuestion:
    """A question that waits for the running answer."""

    question: str
    attachments: tuple[Attachment, ...]
    sources: tuple[Source, ...] | None = None
    """Chosen beforehand; None lets the search find them."""


class ChatPane(ReportsFailures, Vertical):
    """Owns the conversation at hand, the queue and the running answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Stop", id="chat.cancel", tooltip="Stop the answer, or go back to the prompt"),
        Binding("tab", "next_pane", "Next pane", id="chat.next_pane", show=False),
    ]

    DEFAULT_CSS = """
    ChatPane {
        width: 1fr;
        height: 1fr;
        .empty { height: 1fr; display: none; scrollbar-size-vertical: 1; }
        Transcript { height: 1fr; }
        &.-empty Transcript { display: none; }
        &.-empty .empty { display: block; }
    }
    """

    @dataclass
    class CitationSelected(messages.PlaceSelected):
        """Posted when a place in the repository shall be shown in the viewer."""

        pane: ChatPane = field(kw_only=True)

        @property
        def control(self) -> ChatPane:
            """The pane that was clicked."""
            return self.pane

    @dataclass
    class UsageChanged(messages.UsageChanged):
        """Posted when an answer was paid for: `usage` of the last answer, `cost` of the whole conversation in US dollars."""

        model: str = ""
        cost: float | None = None
        pane: ChatPane = field(kw_only=True)

        @property
        def control(self) -> ChatPane:
            """The pane with the answer."""
            return self.pane

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=f"{classes or ''} -empty".strip())
        self.session = ChatSession()
        self._workspace: Workspace | None = None
        self.front_branch: Callable[[], str | None] = lambda: None
        """Gives the branch of the terminal in front; None where there is none."""
        self._status: WorkspaceStatus | None = None
        self._queue: deque[QueuedQuestion] = deque()
        self._is_queue_held = False
        self._answer_worker: Worker[None] | None = None
        self._stop = asyncio.Event()

    def compose(self) -> ComposeResult:
        """Build the parts."""
        with VerticalScroll(classes="empty", can_focus=False):
            yield EmptyState()
        yield Transcript()
        yield Composer()

    def on_mount(self) -> None:
        """Show what is known."""
        if self._workspace is not None:
            self._begin(self._workspace)

    @property
    def transcript(self) -> Transcript:
        """The turns."""
        return self.query_one(Transcript)

    @property
    def composer(self) -> Composer:
        """The prompt and what is around it."""
        return self.query_one(Composer)

    @property
    def workspace(self) -> Workspace | None:
        """What is asked; None until the app has opened it."""
        return self._workspace

    @property
    def is_answering(self) -> bool:
        """Whether an answer is running."""
        return self._answer_worker is not None

    @property
    def model_name(self) -> str:
        """The model that would answer; empty for extracts."""
        if not self.session.uses_model:
            return ""
        return self.session.model or (self._status.model.name if self._status and self._status.model else "")

    def set_workspace(self, workspace: Workspace) -> None:
        """Talk to this workspace from now on and resume its newest conversation in the background."""
        self._workspace = workspace
        if self.is_mounted:
            self._begin(workspace)

    def show_status(self, status: WorkspaceStatus) -> None:
        """Show which model would answer, as the workspace says it."""
        self._status = status
        self.query_one(EmptyState).show_model(status, self.session.model, uses_model=self.session.uses_model)

    def focus_prompt(self) -> None:
        """Put the cursor where questions are written."""
        self.composer.prompt.focus()

    def ask(self, question: str, attachments: tuple[Attachment, ...] = ()) -> None:
        """Ask now, or after the running answer."""
        if self._workspace is None:
            self.composer.hint("The repository is still being opened; the question waits.")
        self._enqueue(QueuedQuestion(question, attachments))

    def _enqueue(self, queued: QueuedQuestion) -> None:
        self._queue.append(queued)
        self._is_queue_held = False
        self._go_on()

    def retry_last(self) -> None:
        """Ask the last question again in its place when its answer is incomplete, else anew."""
        turns = self.transcript.turns
        if turns:
            self._retry(turns[-1])
        else:
            self.composer.hint("There is no question to ask again.")

    def choose_model(self, name: str, *, uses_model: bool) -> None:
        """Let this model answer from now on; an empty name leaves the choice to the configuration."""
        self.session.model = name
        self.session.uses_model = uses_model
        if self._status is not None:
            self.show_status(self._status)

    async def new_conversation(self) -> None:
        """Stop what runs and start with an empty transcript."""
        await self._stop_answer()
        self._queue.clear()
        await self._show_queue()
        self.session.start_anew()
        await self.transcript.clear()
        self.add_class("-empty")
        self.post_message(self.UsageChanged(Usage(), pane=self))
        self.focus_prompt()

    async def resume(self, conversation: str) -> None:
        """Show a stored conversation and go on with it."""
        workspace = self._workspace
        if workspace is None:
            return
        stored = await workspace.conversation(conversation)
        await self._stop_answer()
        self._queue.clear()
        await self._show_queue()
        self.session.conversation = stored.info.id
        self.session.title = stored.info.title
        states = [TurnState.stored(turn, stored.info.id) for turn in stored.turns]
        self.set_class(not states, "-empty")
        await self.transcript.restore(states)
        self.composer.prompt.past.extend([state.request.question for state in states])
        self._tell_usage()

    async def add_note(self, note: Widget) -> None:
        """Show something by the app itself at the end of the transcript."""
        self.remove_class("-empty")
        await self.transcript.add_note(note)

    # The conversation that was open last

    def _begin(self, workspace: Workspace) -> None:
        self.composer.set_workspace(workspace)
        self._open(workspace)
        self._go_on()

    @work(group="open", exclusive=True, exit_on_error=False)
    async def _open(self, workspace: Workspace) -> None:
        self.show_status(await workspace.status())
        infos = await workspace.conversations()
        # Whoever has asked or typed a command meanwhile has moved on; nothing is pushed under their hands.
        if infos and not self.transcript.states and not self.is_answering and not self._queue:
            await self.resume(infos[0].id)

    def on_transcript_turn_shown(self, event: Transcript.TurnShown) -> None:
        """Check the citations of a stored answer against the disk as it is now."""
        event.stop()
        if self._workspace is not None and event.turn.state.citations:
            self._check(self._workspace, event.turn)

    @work(group="check", exit_on_error=False)
    async def _check(self, workspace: Workspace, turn: TurnView) -> None:
        citations = await workspace.check_citations(turn.state.citations)
        if turn.is_attached:
            await turn.set_citations(citations)

    # Answers

    def _go_on(self) -> None:
        """Start the next question of the queue when nothing runs."""
        if self._workspace is None or self._answer_worker is not None or self._is_queue_held or not self._queue:
            self.call_later(self._show_queue)
            return
        queued = self._queue.popleft()
        request = replace(self.session.request(queued.question), attachments=queued.attachments, sources=queued.sources)
        state = TurnState(request)
        self._answer_worker = self._answer(self._workspace, state, None)
        self.composer.set_busy(True)
        self.call_later(self._show_queue)

    @work(group="answer", exit_on_error=False)
    async def _answer(self, workspace: Workspace, state: TurnState, shown: TurnView | None) -> None:
        self._stop = stop = asyncio.Event()
        self.remove_class("-empty")
        turn = shown or await self.transcript.add_turn(state)
        try:
            await self._attach_mentions(workspace, turn)
            async for event in until_stopped(workspace.ask(state.request), stop):
                await turn.apply(event)
            if stop.is_set():
                await turn.stop()
            elif state.outcome == "running":
                await turn.fail(Problem("EngineError", "The answer ended in the middle.", "Ask again."))
        except RametError as error:
            await turn.fail(Problem(type(error).__name__, error.what, error.advice))
        except Exception as error:  # the edge: whatever broke, the user hears of it and the pane goes on
            _log.exception("an answer failed")
            await turn.fail(Problem(type(error).__name__, f"Ramet failed: {error}", "This is a mistake in Ramet; ask again."))
        finally:
            self._answer_worker = None
            self.call_later(self._answer_over, state)

    async def _attach_mentions(self, workspace: Workspace, turn: TurnView) -> None:
        """Read what the question mentions, unless that was seen to when it was reviewed."""
        request = turn.state.request
        if request.sources is None:
            request, notes = await with_mentions(workspace, request, self.front_branch())
            for note in notes:
                turn.add_note(note)
        request = replace(request, conversation=self.session.conversation)
        turn.set_request(replace(request, model=self.session.model, use_model=self.session.uses_model))

    async def _answer_over(self, state: TurnState) -> None:
        self.composer.set_busy(False)
        self.session.take_in(state)
        self._tell_usage()
        # A question written for an answer that did not come would be asked into the void.
        self._is_queue_held = bool(self._queue) and state.outcome != "answered"
        self._go_on()

    async def _stop_answer(self) -> None:
        self._stop.set()
        if self._answer_worker is not None:
            await self._answer_worker.wait()

    def _retry(self, turn: TurnView) -> None:
        if self._workspace is None or self.is_answering:
            self.composer.hint("An answer is running: esc stops it.")
            return
        if turn is not self.transcript.turns[-1] or turn.state.outcome == "answered":
            self.ask(turn.state.request.question, turn.state.request.attachments)
            return
        self.call_later(self._restart, self._workspace, turn)

    async def _restart(self, workspace: Workspace, turn: TurnView) -> None:
        await turn.restart()
        self.transcript.anchor()
        self.focus_prompt()
        self._answer_worker = self._answer(workspace, turn.state, turn)
        self.composer.set_busy(True)

    def _tell_usage(self) -> None:
        states = self.transcript.states
        usage, model = last_usage(states)
        self.post_message(self.UsageChanged(usage, model, total_cost(states), pane=self))

    async def _show_queue(self) -> None:
        await self.composer.show_queue([queued.question for queued in self._queue], is_held=self._is_queue_held)

    # What the user does

    def action_cancel(self) -> None:
        """Stop the answer; else go back to the prompt; else leave the key to the app."""
        if self.is_answering:
            self._stop.set()
        elif not self.composer.prompt.has_focus:
            self.focus_prompt()
        else:
            raise SkipAction

    def action_next_pane(self) -> None:
        """Leave the pane after the last source; the prompt, from which tab led there, is not visited twice."""
        chain = self.screen.focus_chain
        inside = [widget for widget in chain if self.transcript in widget.ancestors]
        if not inside or self.screen.focused is not inside[-1]:
            raise SkipAction
        mine = [position for position, widget in enumerate(chain) if self in widget.ancestors]
        chain[(mine[-1] + 1) % len(chain)].focus()

    @on(Composer.Submitted)
    def _submitted(self, event: Composer.Submitted) -> None:
        event.stop()
        self.ask(event.question, event.attachments)

    @on(Composer.ReviewWanted)
    def _review_wanted(self, event: Composer.ReviewWanted) -> None:
        event.stop()
        if self._workspace is None:
            self.composer.hint("The repository is still being opened.")
        else:
            self._review(self._workspace, replace(self.session.request(event.question), attachments=event.attachments))

    @work(group="review", exclusive=True, exit_on_error=False)
    async def _review(self, workspace: Workspace, request: AskRequest) -> None:
        request, notes = await with_mentions(workspace, request, self.front_branch())
        for note in notes:
            self.composer.hint(note)
        await self.app.push_screen(ContextScreen(workspace, request), self._reviewed)

    async def _reviewed(self, chosen: AskRequest | None) -> None:
        if chosen is not None:
            await self.composer.clear()
            self._enqueue(QueuedQuestion(chosen.question, chosen.attachments, chosen.sources))

    @on(Composer.EmptySent)
    def _empty_sent(self, event: Composer.EmptySent) -> None:
        event.stop()
        if self._is_queue_held:
            self._is_queue_held = False
            self._go_on()
        else:
            self.composer.hint("Write a question first, or /help.")

    @on(Composer.Unqueued)
    def _unqueued(self, event: Composer.Unqueued) -> None:
        event.stop()
        if event.position < len(self._queue):
            del self._queue[event.position]
        self._is_queue_held = self._is_queue_held and bool(self._queue)
        self.call_later(self._show_queue)

    @on(Composer.CommandGiven)
    def _command_given(self, event: Composer.CommandGiven) -> None:
        event.stop()
        self._run_command(event.name, event.argument)

    @work(group="command", exit_on_error=False)
    async def _run_command(self, name: str, argument: str) -> None:
        await SlashCommands(self).run(name, argument)

    @on(ExampleQuestion.Chosen)
    def _example_chosen(self, event: ExampleQuestion.Chosen) -> None:
        event.stop()
        self.focus_prompt()
        self.ask(event.question)

    @on(PromptInput.SourcesWanted)
    def _sources_wanted(self, event: PromptInput.SourcesWanted) -> None:
        event.stop()
        turns = self.transcript.turns
        if turns and turns[-1].focus_first():
            return
        if event.by_tab:
            self.screen.focus_next()
        elif turns:
            self.transcript.focus()
        elif self.has_class("-empty"):
            self.query(ExampleQuestion).last().focus()

    @on(PromptInput.ScrollWanted)
    def _scroll_wanted(self, event: PromptInput.ScrollWanted) -> None:
        event.stop()
        if event.direction < 0:
            self.transcript.scroll_page_up()
        else:
            self.transcript.scroll_page_down()

    def on_turn_view_source_chosen(self, event: TurnView.SourceChosen) -> None:
        """Tell the app which place to show."""
        event.stop()
        self.post_message(self.CitationSelected(event.path, event.start_line, event.end_line, pane=self))

    def on_turn_view_retry_requested(self, event: TurnView.RetryRequested) -> None:
        """Ask the question of an incomplete answer again."""
        event.stop()
        self._retry(event.turn)

    def on_turn_view_link_chosen(self, event: TurnView.LinkChosen) -> None:
        """Open a web address after asking: the text of a link may say something else than its address."""
        event.stop()
        self._open_link(event.url)

    @work(group="link", exclusive=True, exit_on_error=False)
    async def _open_link(self, url: str) -> None:
        if await self.app.push_screen_wait(ConfirmScreen("Open this address in the browser?", inert_line(url), "open")):
            self.app.open_url(url)
