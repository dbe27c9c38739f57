"""One question and its answer in the transcript, live or stored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalGroup
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widgets import Label, Markdown, Static

from ramet.events import Answered, AskEvent, Retrieved, TextDelta, ToolReturned
from ramet.inert import inert_block, inert_line
from ramet.models import AskRequest, Citation, Problem
from ramet_tui.widgets.chat.answer import AnswerMarkdown, AnswerStream, inert_markdown
from ramet_tui.widgets.chat.blocks import CITATION_SCHEME, CodeBlock
from ramet_tui.widgets.chat.sources import SourceList, SourceRow
from ramet_tui.widgets.chat.state import TurnState
from ramet_tui.widgets.chat.wording import (
    attachment_label,
    clipped,
    index_sentence,
    plural,
    step_sentence,
    usage_line,
    waiting_sentence,
)

MAX_QUESTION_LINES = 20
"""Lines of a question that are shown; the rest is only counted."""

MAX_QUESTION_CHARACTERS = 4_000

_FILE_LINK = re.compile(r"(?P<path>[^#?]+?)(?:#L(?P<line>\d+)(?:-L?(?P<end>\d+))?|:(?P<line2>\d+)(?:-(?P<end2>\d+))?)?")


def shown_question(question: str) -> str:
    """Return a question as it is shown: inert, and cut where it is very long."""
    text = inert_block(question).strip("\n")
    shown = clipped(text, MAX_QUESTION_CHARACTERS)
    lines = shown.split("\n")
    hidden = text.count("\n") + 1 - min(len(lines), MAX_QUESTION_LINES)
    return "\n".join([*lines[:MAX_QUESTION_LINES], f"… {plural(hidden, 'more line')}"]) if hidden else shown


class ProblemPanel(Static, can_focus=True):
    """Why an answer is incomplete, what to do about it, and the way to try again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,r", "retry", "Ask again", id="chat.problem.retry", tooltip="Ask the same question again")
    ]

    @dataclass
    class RetryRequested(Message):
        """Posted when the question shall be asked again."""

        panel: ProblemPanel

        @property
        def control(self) -> ProblemPanel:
            """The panel that asks."""
            return self.panel

    def __init__(self, problem: Problem) -> None:
        parts: list[tuple[str, str]] = [("✗ ", "$status-failed"), (inert_block(problem.what), "bold")]
        if problem.advice:
            parts.append((f"\n{inert_block(problem.advice)}", ""))
        parts += [("\nr", "bold $accent"), (" ask again", "$secondary-text")]
        super().__init__(Content.assemble(*parts), markup=False)

    def action_retry(self) -> None:
        """Ask the same question again."""
        self.post_message(self.RetryRequested(self))

    def on_click(self, event: Click) -> None:
        """Do what the key does."""
        event.stop()
        self.action_retry()


class TurnView(VerticalGroup):
    """A turn of the transcript. Owns its `TurnState`: `apply`, `stop` and `fail` change both."""

    DEFAULT_CSS = """
    TurnView {
        padding: 0 0 1 0;
        .said { layout: vertical; height: auto; width: 1fr; }
        .speaker { width: 7; color: $secondary-text; }
        .body { width: 1fr; height: auto; }
        .question { text-style: bold; }
        .given, .notes, .usage, .steps, .waiting, .stopped { color: $secondary-text; display: none; }
        .steps, .waiting, .stopped { padding: 0 0 1 0; }
        .answer { margin: 1 0 0 0; }
        .-said { display: block; }
        SourceList { padding: 0 0 1 0; display: none; }
        SourceList.-said { display: block; }
        .notes { padding: 0 0 1 0; }
        ProblemPanel {
            border-left: outer $error;
            padding: 0 1;
            margin: 0 0 1 0;
            &:focus { background: $error 15%; }
        }
    }
    TurnView.-wide .said { layout: horizontal; }
    """

    @dataclass
    class SourceChosen(Message):
        """Posted when a place in the repository shall be shown."""

        turn: TurnView
        path: str
        start_line: int
        end_line: int

        @property
        def control(self) -> TurnView:
            """The turn that holds the source."""
            return self.turn

    @dataclass
    class LinkChosen(Message):
        """Posted when a web address in an answer was clicked."""

        turn: TurnView
        url: str

        @property
        def control(self) -> TurnView:
            """The turn that holds the link."""
            return self.turn

    @dataclass
    class RetryRequested(Message):
        """Posted when the question shall be asked again."""

        turn: TurnView

        @property
        def control(self) -> TurnView:
            """The turn to answer again."""
            return self.turn

    def __init__(self, state: TurnState) -> None:
        super().__init__()
        self.state = state
        self._stream: AnswerStream | None = None

    def compose(self) -> ComposeResult:
        """Build the parts."""
        with Vertical(classes="said"):
            yield Label("you", classes="speaker", markup=False)
            with Vertical(classes="body"):
                yield Static(Content(shown_question(self.state.request.question)), classes="question", markup=False)
                yield Static(classes="given", markup=False)
        with Vertical(classes="said answer"):
            yield Label("ramet", classes="speaker", markup=False)
            with Vertical(classes="body"):
                yield Static(classes="notes", markup=False)
                yield Static(classes="steps", markup=False)
                yield AnswerMarkdown(self.state.text, self.state.sources)
                yield Static(classes="waiting", markup=False)
                yield Static(Content("stopped; what had arrived is kept"), classes="stopped", markup=False)
                yield SourceList()
                yield Static(classes="usage", markup=False)

    async def on_mount(self) -> None:
        """Show what is known."""
        self._show_facts()
        await self._show_sources()
        await self._show_problem()

    @property
    def markdown(self) -> AnswerMarkdown:
        """The text of the answer."""
        return self.query_one(AnswerMarkdown)

    @property
    def sources(self) -> SourceList:
        """The list below the answer."""
        return self.query_one(SourceList)

    @property
    def code_blocks(self) -> list[CodeBlock]:
        """The code blocks of the answer, in order."""
        return list(self.query(CodeBlock))

    async def apply(self, event: AskEvent) -> None:
        """Show the next event of the stream."""
        self.state.apply(event)
        match event:
            case TextDelta(text=text):
                is_first = self._stream is None
                if self._stream is None:
                    self._stream = self.markdown.stream()
                self._stream.write(text)
                if is_first:
                    self._show_facts()
            case Retrieved() | ToolReturned():
                await self._show_sources()
                self._show_facts()
            case Answered():
                await self._finish_text()
                await self._show_end()
            case _:
                self._show_facts()

    async def stop(self) -> None:
        """Show that the user ended the answer."""
        self.state.stop()
        await self._finish_text()
        await self._show_end()

    async def fail(self, problem: Problem) -> None:
        """Show that the answer broke off."""
        self.state.fail(problem)
        await self._finish_text()
        await self._show_end()

    async def restart(self) -> None:
        """Clear the answer, so that the same question can be asked again."""
        self.state.restart()
        await self.markdown.remove()
        # The new document looks numbers up in the sources of the new answer.
        await self.query_one(".answer .body").mount(AnswerMarkdown("", self.state.sources), before=self.query_one(".waiting"))
        await self.query(ProblemPanel).remove()
        await self._show_sources()
        self._show_facts()

    def set_request(self, request: AskRequest) -> None:
        """Show what goes with the question, as it is sent."""
        self.state.request = request
        self._show_facts()

    def add_note(self, sentence: str) -> None:
        """Show a sentence above the answer."""
        self.state.notes.append(sentence)
        self._show_facts()

    async def set_citations(self, citations: tuple[Citation, ...]) -> None:
        """Show what a new check of the citations said."""
        self.state.citations = citations
        await self._show_sources()

    def focus_first(self) -> bool:
        """Focus what matters most below the answer: its problem, else its first source; False when there is neither."""
        panels = self.query(ProblemPanel)
        if panels:
            panels.first().focus()
        return bool(panels) or self.sources.focus_first()

    def choose_source(self, number: int) -> None:
        """Open the source of a number as if its line had been chosen."""
        for entry in self.sources.entries:
            if entry.number == number and entry.can_open:
                self.post_message(self.SourceChosen(self, entry.path, entry.start_line, entry.end_line))
                return

    async def _finish_text(self) -> None:
        if self._stream is not None:
            await self._stream.finish()
            self._stream = None
        whole = inert_markdown(self.state.text)
        if whole != self.markdown.source:
            await self.markdown.update(whole)

    async def _show_end(self) -> None:
        self._show_facts()
        await self._show_sources()
        await self._show_problem()

    async def _show_sources(self) -> None:
        await self.sources.show(self.state.sources.values(), self.state.citations)
        self.sources.set_class(bool(self.sources.entries), "-said")

    async def _show_problem(self) -> None:
        await self.query(ProblemPanel).remove()
        if self.state.problem is not None:
            await self.query_one(".answer .body").mount(ProblemPanel(self.state.problem), before=self.sources)

    def _show_facts(self) -> None:
        """Bring every line around the answer up to date."""
        state = self.state
        self._say("given", "\n".join(f"with {attachment_label(attachment)}" for attachment in state.request.attachments))
        self._say("notes", "\n".join(inert_line(note) for note in state.notes))
        steps = [step_sentence(step) for step in state.steps]
        if state.index_event is not None and state.is_retrieved:
            steps.insert(0, index_sentence(state.index_event))
        self._say("steps", "\n".join(f"· {step}" for step in steps))
        self._say("waiting", waiting_sentence(state))
        self._say("usage", usage_line(state) if state.outcome != "running" else "")
        self.query_one(".stopped").set_class(state.outcome == "stopped", "-said")

    def _say(self, name: str, text: str) -> None:
        static = self.query_one(f".{name}", Static)
        static.update(Content(text))
        static.set_class(bool(text), "-said")

    @on(SourceRow.Chosen)
    def _row_chosen(self, event: SourceRow.Chosen) -> None:
        event.stop()
        self.choose_source(event.row.entry.number)

    @on(ProblemPanel.RetryRequested)
    def _retry_requested(self, event: ProblemPanel.RetryRequested) -> None:
        event.stop()
        self.post_message(self.RetryRequested(self))

    @on(Markdown.LinkClicked)
    def _link_clicked(self, event: Markdown.LinkClicked) -> None:
        event.stop()
        href = event.href
        if href.startswith(CITATION_SCHEME):
            number = href.removeprefix(CITATION_SCHEME)
            if number.isdecimal():
                self.choose_source(int(number))
        elif href.startswith(("https://", "http://")):
            self.post_message(self.LinkChosen(self, quote(href, safe="%/:?#[]@!$&'()*+,;=~")))
        elif ":/" not in href and (match := _FILE_LINK.fullmatch(href)):
            line = int(match["line"] or match["line2"] or 1)
            end = int(match["end"] or match["end2"] or line)
            self.post_message(self.SourceChosen(self, match["path"].removeprefix("./"), line, end))

    @on(Markdown.TableOfContentsUpdated)
    def _headings_changed(self, event: Markdown.TableOfContentsUpdated) -> None:
        event.stop()
