"""What the finders and the palette share: an input, a list of matches, a line that says how many, and an optional preview."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from msgspec import Struct
from textual import events, getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.worker import Worker, WorkerState

from ramet.errors import RametError
from ramet_tui.widgets.match_list import MatchList

Chosen = TypeVar("Chosen")


class Row(Struct, Generic[Chosen], frozen=True):
    """One match: what is drawn, and what choosing it gives."""

    label: Content
    value: Chosen


class Found(Struct, Generic[Chosen], frozen=True):
    """The answer to a query."""

    rows: Sequence[Row[Chosen]]
    note: str = ""
    """Shown under the list: how many, or what could not be used."""


class FinderScreen(ModalScreen[Chosen | None]):
    """Asks `find` for every query and closes with the value of the row that was chosen, None for none."""

    TITLE = "Find"
    PLACEHOLDER = ""
    DELAY = 0.0
    """Seconds without a key before a query is sent."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="finder.close", tooltip="Leave the finder"),
        Binding("up", "step(-1)", "Previous", show=False, id="finder.previous", priority=True, tooltip="Previous match"),
        Binding("down", "step(1)", "Next", show=False, id="finder.next", priority=True, tooltip="Next match"),
        Binding("pageup", "step(-10)", "Page up", show=False, id="finder.page_up", priority=True, tooltip="Ten up"),
        Binding("pagedown", "step(10)", "Page down", show=False, id="finder.page_down", priority=True, tooltip="Ten down"),
    ]

    matches = getters.query_one(MatchList)
    note = getters.query_one("#finder-note", Static)

    def __init__(self, query: str = "") -> None:
        super().__init__()
        self._first_query = query
        self._found: Found[Chosen] = Found(())

    def compose(self) -> ComposeResult:
        """Input, list, preview, note."""
        with Vertical(id="finder") as box:
            box.border_title = self.TITLE
            with Horizontal(id="finder-query"):
                # The sign is an arrow head like a shell prompt, not a comparison.
                yield Static("›", id="finder-sign")  # noqa: RUF001
                yield Input(self._first_query, placeholder=self.PLACEHOLDER, compact=True, id="finder-input")
            yield MatchList(id="finder-list")
            yield from self.compose_preview()
            yield Static("", id="finder-note")

    def compose_preview(self) -> ComposeResult:
        """Widgets between list and note."""
        yield from ()

    async def find(self, query: str) -> Found[Chosen]:
        """Return the matches of a query."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Start with the query that was given."""
        self._search(self._first_query)

    @on(Input.Changed)
    def _query_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._search(event.value)

    @work(group="find", exclusive=True, exit_on_error=False)
    async def _search(self, query: str) -> None:
        if self.DELAY:
            await asyncio.sleep(self.DELAY)
        busy = self.set_timer(0.2, lambda: self.note.update("searching…"))
        try:
            found = await self.find(query)
        finally:
            busy.stop()
        self._found = found
        self.matches.show([row.label for row in found.rows])
        self.note.update(found.note)
        self.matches_changed()

    def matches_changed(self) -> None:
        """Called when other matches are listed, or another one is highlighted."""

    @property
    def highlighted_row(self) -> int | None:
        """Number of the highlighted match."""
        row = self.matches.highlighted
        return row if row is not None and row < len(self._found.rows) else None

    def action_step(self, rows: int) -> None:
        """Highlight another match."""
        self.matches.step(rows)

    def action_close(self) -> None:
        """Close without a choice."""
        self.dismiss(None)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self.matches_changed()

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._choose(event.option_index)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.highlighted_row is not None:
            self._choose(self.highlighted_row)

    def _choose(self, row: int) -> None:
        self.dismiss(self._found.rows[row].value)

    def on_click(self, event: events.Click) -> None:
        """A click beside the box closes it."""
        if event.widget is self:
            self.dismiss(None)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say in the note what failed."""
        if event.state is WorkerState.ERROR:
            event.stop()
            self._found = Found(())
            self.matches.show([])
            error = event.worker.error
            text = f"{error.what} {error.advice}" if isinstance(error, RametError) else f"The search failed: {error}"
            self.note.update(Content.assemble((text, "$status-failed")))
