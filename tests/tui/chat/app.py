"""A tiny app around the chat pane, and the events that its tests are told."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Button

from ramet.events import Answered, AskEvent, ModelChosen, Retrieved, TextDelta
from ramet.models import (
    Citation,
    CitationState,
    Conversation,
    ConversationInfo,
    ModelChoice,
    Problem,
    Reason,
    Source,
    Turn,
    Usage,
)
from ramet_tui.themes import DARK, LIGHT, RAMET_DARK, THEMES
from ramet_tui.widgets.chat.pane import ChatPane
from tests.tui.scripted_workspace import Pause, ScriptedWorkspace

MODEL = ModelChoice(name="anthropic/claude-sonnet-4-5", origin="config.toml")


LONGEST_WAIT = 60.0
"""Seconds after which a test that waits for a worker fails instead of hanging."""


class ThemedApp(App[None]):
    """Has the colours of the real app."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *, is_light: bool = False) -> None:
        super().__init__()
        self.is_light = is_light

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return RAMET_DARK.variables

    def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = LIGHT if self.is_light else DARK


class ChatApp(ThemedApp):
    """Holds the pane, and a button that stands for the next pane."""

    CSS = "#next { dock: bottom; display: none; } .with-next #next { display: block; }"

    def __init__(self, workspace: ScriptedWorkspace | None, *, is_light: bool = False) -> None:
        super().__init__(is_light=is_light)
        self.workspace = workspace
        self.selected: list[tuple[str, int, int]] = []
        self.usages: list[ChatPane.UsageChanged] = []
        self.copied: list[str] = []
        self.opened: list[str] = []

    def compose(self) -> ComposeResult:
        yield ChatPane(id="chat")
        yield Button("next pane", id="next")

    def on_mount(self) -> None:
        if self.workspace is not None:
            self.pane.set_workspace(self.workspace)
        self.pane.composer.prompt.cursor_blink = False
        self.pane.focus_prompt()

    @property
    def pane(self) -> ChatPane:
        return self.query_one(ChatPane)

    @property
    def prompt_text(self) -> str:
        return self.pane.composer.prompt.text

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        self.opened.append(url)

    def on_chat_pane_citation_selected(self, event: ChatPane.CitationSelected) -> None:
        self.selected.append((event.path, event.start_line, event.end_line))

    def on_chat_pane_usage_changed(self, event: ChatPane.UsageChanged) -> None:
        self.usages.append(event)


def source(
    number: int, path: str = "src/flask/ctx.py", start: int = 241, end: int = 262, symbol: str = "AppContext.pop"
) -> Source:
    """A source as retrieval gives it."""
    return Source(
        number=number,
        path=path,
        start_line=start,
        end_line=end,
        symbol=symbol,
        language="python",
        key=f"k{number}",
        text="def pop(self): ...",
        reasons=(Reason("lexical", "teardown, context", 0.7), Reason("symbol", "AppContext", 0.2)),
    )


SOURCES = (
    source(1),
    source(2, "src/flask/ctx.py", 396, 431, "RequestContext.pop"),
    source(3, "src/flask/app.py", 1372, 1401, "Flask.do_teardown_appcontext"),
    source(4, "docs/appcontext.rst", 60, 88, "Lifecycle of the Context"),
    source(5, "tests/test_appctx.py", 12, 40, "test_app_tearing_down"),
    source(6, "src/flask/globals.py", 1, 30, ""),
)


def citation(number: int, state: CitationState = "valid", start: int = 0, end: int = 0) -> Citation:
    """A checked citation of one of `SOURCES`."""
    cited = SOURCES[number - 1]
    return Citation(number, state, cited.path, start or cited.start_line, end or cited.end_line, cited.symbol, cited.key)


def answer(
    text: str,
    *citations: Citation,
    sources: tuple[Source, ...] = SOURCES,
    problem: Problem | None = None,
    size: int = 12,
) -> list[AskEvent]:
    """A whole stream: model, sources, the text in pieces, the end."""
    pieces = [TextDelta(text[place : place + size]) for place in range(0, len(text), size)]
    usage = Usage(input_tokens=12_100, output_tokens=840, cached_tokens=8_000, cost=0.031, context_window=200_000)
    return [
        ModelChosen(MODEL, "c1"),
        Retrieved(sources),
        *pieces,
        Answered(text=text, citations=citations, usage=usage, conversation="c1", problem=problem),
    ]


def stored(id: str, *turns: Turn, title: str = "Teardown", updated: float = 1_795_000_000.0) -> Conversation:
    """A conversation as the workspace stores it."""
    return Conversation(ConversationInfo(id=id, title=title, created=updated - 60, updated=updated, turns=len(turns)), turns)


def turn(question: str, text: str, *citations: Citation) -> Turn:
    """A stored turn."""
    return Turn(
        question=question,
        answer=text,
        sources=SOURCES,
        citations=citations,
        model=MODEL.name,
        usage=Usage(input_tokens=900, output_tokens=100, cost=0.01),
        created=1_795_000_000.0,
    )


def scripted(root: Path, *, model: bool = True) -> ScriptedWorkspace:
    """A scripted workspace, with a model unless told otherwise."""
    return ScriptedWorkspace(root, name="flask", model=MODEL.name if model else "")


async def settle(pilot: Pilot[None]) -> None:
    """Wait until nothing is at work."""
    async with asyncio.timeout(LONGEST_WAIT):
        for _ in range(2):
            await pilot.pause()
            await pilot.app.workers.wait_for_complete()
        await pilot.pause()


async def write(pilot: Pilot[None], text: str) -> None:
    """Type a text as the keyboard would."""
    await pilot.press(*("space" if char == " " else char for char in text))


async def ask(pilot: Pilot[None], question: str) -> None:
    """Type a question, send it and wait for the answer."""
    await write(pilot, question)
    await pilot.press("enter")
    await settle(pilot)


async def send(pilot: Pilot[None], question: str, pause: Pause) -> None:
    """Type a question, send it and wait until its script has come to a pause."""
    await write(pilot, question)
    await pilot.press("enter")
    await asyncio.wait_for(pause.reached.wait(), LONGEST_WAIT)
    await pilot.pause()


def shown_text(app: App[None]) -> str:
    """What the screen shows, line by line, without trailing blanks."""
    lines = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in lines)
