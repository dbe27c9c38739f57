"""The scrolling document of turns. Keeps the widget tree small: old turns are one line each until they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalGroup, VerticalScroll
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from ramet.inert import inert_line
from ramet_tui.widgets.chat.state import TurnState
from ramet_tui.widgets.chat.wording import plural

if TYPE_CHECKING:
    from ramet_tui.widgets.chat.turn import TurnView

LIVE_TURNS = 6
"""Turns shown whole; a stored answer takes some 30 ms to lay out, so a long conversation may not be shown at once."""

COLLAPSED_TURNS = 20
"""Older turns shown as a line each; those before them share one line."""

WIDE_FROM = 64
"""Cells of the transcript from which on the speakers stand in a column of their own."""


class CollapsedTurn(Static, can_focus=True):
    """An old turn as one line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "expand", "Show", id="chat.turn.expand", tooltip="Show this question with its answer")
    ]

    @dataclass
    class Expanded(Message):
        """Posted when the turn shall be shown whole."""

        line: CollapsedTurn

        @property
        def control(self) -> CollapsedTurn:
            """The line to replace."""
            return self.line

    def __init__(self, state: TurnState) -> None:
        question = inert_line(" ".join(state.request.question.split()))
        super().__init__(Content.assemble(("▸ ", "$secondary-text"), (question, "")), markup=False)
        self.state = state

    def action_expand(self) -> None:
        """Show the turn whole."""
        self.post_message(self.Expanded(self))

    def on_click(self, event: Click) -> None:
        """Do what the key does."""
        event.stop()
        self.action_expand()


class EarlierTurns(Static, can_focus=True):
    """One line in the place of all turns before the collapsed ones."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "expand", "Show", id="chat.turns.earlier", tooltip="List earlier questions")
    ]

    @dataclass
    class Expanded(Message):
        """Posted when more of the old turns shall be listed."""

        line: EarlierTurns

        @property
        def control(self) -> EarlierTurns:
            """The line that was chosen."""
            return self.line

    def action_expand(self) -> None:
        """List more of the old turns."""
        self.post_message(self.Expanded(self))

    def on_click(self, event: Click) -> None:
        """Do what the key does."""
        event.stop()
        self.action_expand()


class TurnList(VerticalGroup):
    """The children of a transcript; at least as high as it, so that a short conversation stands at its top."""


class Transcript(VerticalScroll, can_focus=True):
    """All turns of one conversation. Owns their order and decides which of them are shown whole."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(n), f"jump({n})", f"Source {n}", id=f"chat.source.{n}", show=False) for n in range(1, 10)),
        Binding("c", "copy_answer", "Copy answer", id="chat.answer.copy", tooltip="Copy this answer"),
        Binding("y", "copy_code", "Copy code", id="chat.answer.code", tooltip="Copy the first code block of this answer"),
        Binding("r", "retry", "Ask again", id="chat.answer.retry", tooltip="Ask the question of an incomplete answer again"),
    ]

    DEFAULT_CSS = """
    Transcript {
        padding: 0 1;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        TurnList { min-height: 100%; }
        CollapsedTurn, EarlierTurns {
            height: 1; text-wrap: nowrap; text-overflow: ellipsis; color: $secondary-text;
            &:hover { background: $block-hover-background; }
            &:focus { background: $block-cursor-background; }
        }
        .-last-collapsed { margin: 0 0 1 0; }
    }
    """

    @dataclass
    class TurnShown(Message):
        """Posted when a stored turn is shown whole, so that its citations can be checked."""

        transcript: Transcript
        turn: TurnView

        @property
        def control(self) -> Transcript:
            """The transcript that shows it."""
            return self.transcript

    def __init__(self) -> None:
        super().__init__()
        self._states: list[TurnState] = []
        self._hidden = 0

    def compose(self) -> ComposeResult:
        """Build the parts."""
        yield TurnList()

    @property
    def document(self) -> TurnList:
        """Holds turns, lines and notes, the oldest first."""
        return self.query_one(TurnList)

    @property
    def states(self) -> list[TurnState]:
        """All turns, the oldest first."""
        return self._states

    @property
    def turns(self) -> list[TurnView]:
        """The turns that are shown whole, the oldest first."""
        if not self._states:
            return []
        from ramet_tui.widgets.chat.turn import TurnView

        return [child for child in self.document.children if isinstance(child, TurnView)]

    @property
    def current_turn(self) -> TurnView | None:
        """The turn that has the focus, else the last one."""
        turns = self.turns
        return next((turn for turn in turns if turn.has_focus_within), turns[-1] if turns else None)

    async def clear(self) -> None:
        """Forget all turns."""
        self._states = []
        self._hidden = 0
        await self.document.remove_children()

    async def restore(self, states: list[TurnState]) -> None:
        """Show stored turns in the place of what is there."""
        from ramet_tui.widgets.chat.turn import TurnView

        await self.clear()
        self._states = list(states)
        collapsed, live = states[:-LIVE_TURNS], states[-LIVE_TURNS:]
        self._hidden = max(0, len(collapsed) - COLLAPSED_TURNS)
        widgets: list[Widget] = [CollapsedTurn(state) for state in collapsed[self._hidden :]]
        turns = [TurnView(state) for state in live]
        with self.app.batch_update():
            await self.document.mount_all([*self._earlier_line(), *widgets, *turns])
            self._fit()
        self.anchor()
        for turn in reversed(turns):
            self.post_message(self.TurnShown(self, turn))

    async def add_turn(self, state: TurnState) -> TurnView:
        """Show a new turn at the end and follow it; old turns shrink to a line."""
        from ramet_tui.widgets.chat.turn import TurnView

        self._states.append(state)
        turn = TurnView(state)
        await self.document.mount(turn)
        await self._prune()
        self._fit()
        self.anchor()
        return turn

    async def add_note(self, note: Widget) -> None:
        """Show something that is not part of the conversation at the end."""
        await self.document.mount(note)
        self.anchor()

    async def _prune(self) -> None:
        old = [turn for turn in self.turns[:-LIVE_TURNS] if turn.state.outcome != "running" and not turn.has_focus_within]
        for turn in old:
            await self.document.mount(CollapsedTurn(turn.state), before=turn)
            await turn.remove()
        lines = [child for child in self.document.children if isinstance(child, CollapsedTurn)]
        for line in lines[: max(0, len(lines) - COLLAPSED_TURNS)]:
            # Lines leave from the top only, so that the hidden turns stay the first ones.
            if line.state is not self._states[self._hidden]:
                break
            self._hidden += 1
            await line.remove()
        await self.query(EarlierTurns).remove()
        if earlier := self._earlier_line():
            await self.document.mount(earlier[0], before=0)

    def _earlier_line(self) -> list[EarlierTurns]:
        if not self._hidden:
            return []
        return [EarlierTurns(Content(f"▸ {plural(self._hidden, 'earlier question')}"), markup=False)]

    def _fit(self) -> None:
        width = self.scrollable_content_region.width
        for turn in self.turns:
            turn.set_class(width >= WIDE_FROM, "-wide")
        collapsed = [child for child in self.document.children if isinstance(child, CollapsedTurn)]
        for line in collapsed:
            line.set_class(line is collapsed[-1], "-last-collapsed")

    def on_resize(self) -> None:
        """Choose the layout for the width."""
        self._fit()

    @on(CollapsedTurn.Expanded)
    async def _expand_turn(self, event: CollapsedTurn.Expanded) -> None:
        event.stop()
        from ramet_tui.widgets.chat.turn import TurnView

        self.release_anchor()
        turn = TurnView(event.line.state)
        with self.app.batch_update():
            await self.document.mount(turn, before=event.line)
            await event.line.remove()
            self._fit()
        self.focus(scroll_visible=False)
        self.post_message(self.TurnShown(self, turn))

    @on(EarlierTurns.Expanded)
    async def _expand_earlier(self, event: EarlierTurns.Expanded) -> None:
        event.stop()
        self.release_anchor()
        first = max(0, self._hidden - COLLAPSED_TURNS)
        lines = [CollapsedTurn(state) for state in self._states[first : self._hidden]]
        self._hidden = first
        with self.app.batch_update():
            await self.document.mount_all(lines, after=event.line)
            await event.line.remove()
            if earlier := self._earlier_line():
                await self.document.mount(earlier[0], before=0)
            self._fit()
        lines[-1].focus()

    async def action_jump(self, number: int) -> None:
        """Focus a source of the current answer by its number."""
        turn = self.current_turn
        if turn is None or not await turn.sources.focus_number(number):
            raise SkipAction

    def action_copy_answer(self) -> None:
        """Copy the current answer."""
        turn = self.current_turn
        if turn is None or not turn.state.text:
            self.notify("There is no answer to copy.", severity="warning", markup=False)
            return
        self.app.copy_to_clipboard(turn.state.text)
        self.notify("Copied the answer.", timeout=3, markup=False)

    def action_copy_code(self) -> None:
        """Copy the first code block of the current answer and focus it; with more of them, tab goes on to the next."""
        turn = self.current_turn
        blocks = turn.code_blocks if turn else []
        if not blocks:
            self.notify("This answer has no code block.", severity="warning", markup=False)
            return
        blocks[0].focus()
        blocks[0].action_copy()

    def action_retry(self) -> None:
        """Ask the question of the current answer again when it is incomplete."""
        turn = self.current_turn
        if turn is None or turn.state.outcome not in ("failed", "stopped"):
            raise SkipAction
        turn.post_message(turn.RetryRequested(turn))
