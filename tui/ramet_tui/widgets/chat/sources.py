"""The numbered sources below an answer: one line each, with the state of its citation and why it was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalGroup
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from ramet.inert import inert_line
from ramet.models import Citation, Reason, Source
from ramet_tui.widgets.chat.wording import MARKS, citation_sentence, lines_label, reasons_line

SHOWN_WITHOUT_CITATIONS = 4
"""Sources listed while nothing is cited yet; the rest waits behind one line."""

MIN_SYMBOL_WIDTH = 8
"""Cells below which a symbol or a reason says nothing, so that it is left out."""

_MARK_STYLES = {"valid": "$status-passed", "moved": "$status-modified", "changed": "$status-failed", "unknown": "$secondary-text"}


@dataclass(frozen=True)
class SourceEntry:
    """A source as it is listed: where it is now, and its citation if the answer cites it."""

    number: int
    path: str
    start_line: int
    end_line: int
    symbol: str
    reasons: tuple[Reason, ...]
    citation: Citation | None
    source: Source | None

    @property
    def can_open(self) -> bool:
        """A number that names no source leads nowhere."""
        return bool(self.path)


def source_entries(sources: Iterable[Source], citations: tuple[Citation, ...]) -> list[SourceEntry]:
    """Join sources with citations: the cited ones first, each group by number."""
    by_number = {source.number: source for source in sources}
    cited = {citation.number: citation for citation in citations}
    entries = []
    for number in sorted(by_number.keys() | cited.keys(), key=lambda number: (number not in cited, number)):
        source, citation = by_number.get(number), cited.get(number)
        place = citation if citation is not None and citation.path else source
        entries.append(
            SourceEntry(
                number=number,
                path=place.path if place else "",
                start_line=place.start_line if place else 0,
                end_line=place.end_line if place else 0,
                symbol=place.label if place else "",
                reasons=source.reasons if source else (),
                citation=citation,
                source=source,
            )
        )
    return entries


def clip_start(text: str, width: int) -> str:
    """Return the end of a text in at most `width` cells, an ellipsis before it where it is longer."""
    if cell_len(text) <= width:
        return text
    kept = text
    while kept and cell_len(kept) > width - 1:
        kept = kept[1:]
    return f"…{kept}"


def clip_end(text: str, width: int) -> str:
    """Return the start of a text in at most `width` cells, an ellipsis after it where it is longer."""
    return text if cell_len(text) <= width else f"{set_cell_size(text, width - 1)}…"


def source_line(entry: SourceEntry, width: int) -> Content:
    """Return one entry in `width` cells: number, place, symbol, mark, reasons, as far as they fit."""
    number = f"[{entry.number}]"
    mark = MARKS[entry.citation.state] if entry.citation else ""
    room = width - len(number) - 1 - (cell_len(mark) + 1 if mark else 0)
    if entry.can_open:
        lines = f":{lines_label(entry.start_line, entry.end_line)}"
        path = clip_start(inert_line(entry.path), max(4, room - len(lines)))
        folder, slash, name = path.rpartition("/")
    else:
        lines, folder, slash, name = "", "", "", clip_end("names no source", max(1, room))
    # The state has a colour of its own, so the number of a cited source is the only other thing that stands out.
    parts: list[tuple[str, str]] = [(number, "$accent" if entry.citation else "$secondary-text"), (" ", "")]
    parts += [
        (folder + slash, "$secondary-text"),
        (name, "" if entry.can_open else "$secondary-text"),
        (lines, "$secondary-text"),
    ]
    room -= cell_len(folder + slash + name + lines)
    symbol = inert_line(entry.symbol)
    if symbol and room >= 2 + min(cell_len(symbol), MIN_SYMBOL_WIDTH):
        symbol = clip_end(symbol, room - 2)
        parts.append((f"  {symbol}", ""))
        room -= 2 + cell_len(symbol)
    if mark and entry.citation:
        parts.append((f" {mark}", _MARK_STYLES[entry.citation.state]))
    reasons = reasons_line(entry.reasons)
    if reasons and room >= 2 + min(cell_len(reasons), 2 * MIN_SYMBOL_WIDTH):
        parts.append((f"  {clip_end(reasons, room - 2)}", "$secondary-text"))
    return Content.assemble(*parts)


class SourceTitle(Widget):
    """The one line of a source, refitted to the width it gets."""

    def __init__(self, entry: SourceEntry) -> None:
        super().__init__()
        self._entry = entry

    def render(self) -> Content:
        """Return what is shown."""
        return source_line(self._entry, self.content_size.width or 80)


class SourceRow(Vertical, can_focus=True):
    """A source that can be opened; it explains itself while it has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="chat.source.open", tooltip="Open the source in the viewer at its lines"),
        Binding("up,k", "step(-1)", "Previous source", id="chat.source.previous", show=False),
        Binding("down,j", "step(1)", "Next source", id="chat.source.next", show=False),
    ]

    @dataclass
    class Chosen(Message):
        """Posted when the source shall be shown."""

        row: SourceRow

        @property
        def control(self) -> SourceRow:
            """The row that was chosen."""
            return self.row

    def __init__(self, entry: SourceEntry) -> None:
        super().__init__()
        self.entry = entry

    def compose(self) -> ComposeResult:
        """Build the parts."""
        yield SourceTitle(self.entry)
        yield Static(classes="detail", markup=False)

    def on_focus(self) -> None:
        """Explain the state, and say whole what the line had to cut."""
        entry = self.entry
        line = self.query_one(SourceTitle).render().plain
        facts = [citation_sentence(entry.citation, entry.source)] if entry.citation else []
        place = f"{inert_line(entry.path)}:{lines_label(entry.start_line, entry.end_line)}" if entry.can_open else ""
        reasons = reasons_line(entry.reasons)
        facts.extend(fact for fact in (place, inert_line(entry.symbol)) if fact not in line)
        if reasons not in line:
            facts.append(f"found by {reasons}")
        self.query_one(".detail", Static).update(Content("\n".join(facts)))
        self.query_one(".detail").set_class(bool(facts), "-said")

    def action_open(self) -> None:
        """Show the source in the viewer."""
        if self.entry.can_open:
            self.post_message(self.Chosen(self))
        else:
            self.notify(f"[{self.entry.number}] names no source of this answer.", severity="warning", markup=False)

    def action_step(self, direction: int) -> None:
        """Focus the next or previous line of the list; at its ends the key scrolls."""
        stops = [widget for widget in self.parent.children if widget.focusable] if isinstance(self.parent, SourceList) else []
        position = stops.index(self) + direction if self in stops else -1
        if not 0 <= position < len(stops):
            raise SkipAction
        stops[position].focus()

    def on_click(self, event: Click) -> None:
        """Do what the key does."""
        event.stop()
        self.focus()
        self.action_open()


class MoreSources(Static, can_focus=True):
    """One line in the place of the sources that were found but not cited."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "expand", "Show", id="chat.sources.more", tooltip="List the other sources")
    ]

    @dataclass
    class Expanded(Message):
        """Posted when the other sources shall be listed."""

        more: MoreSources

        @property
        def control(self) -> MoreSources:
            """The line that was chosen."""
            return self.more

    def action_expand(self) -> None:
        """List the other sources."""
        self.post_message(self.Expanded(self))

    def on_click(self, event: Click) -> None:
        """Do what the key does."""
        event.stop()
        self.action_expand()


class SourceList(VerticalGroup):
    """All sources of one answer; those not cited wait behind one line."""

    DEFAULT_CSS = """
    SourceList {
        SourceRow { height: auto; width: 1fr; }
        SourceTitle { height: 1; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
        MoreSources { color: $secondary-text; height: 1; }
        .detail { display: none; color: $secondary-text; padding: 0 0 0 4; }
        SourceRow:hover, MoreSources:hover { background: $block-hover-background; }
        SourceRow:focus, MoreSources:focus { background: $block-cursor-background; }
        SourceRow:focus .detail.-said { display: block; color: $foreground; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[SourceEntry] = []
        self._shown = 0
        self._is_expanded = False

    @property
    def entries(self) -> list[SourceEntry]:
        """Everything that the list knows, shown or not."""
        return self._entries

    async def show(self, sources: Iterable[Source], citations: tuple[Citation, ...]) -> None:
        """List sources anew; nothing happens when nothing changed."""
        entries = source_entries(sources, citations)
        if entries == self._entries:
            return
        self._entries = entries
        await self._rebuild()

    async def focus_number(self, number: int) -> bool:
        """Focus a source by its number, expanding the list where needed; False when there is none of that number."""
        position = next((place for place, entry in enumerate(self._entries) if entry.number == number), None)
        if position is None:
            return False
        if position >= self._shown:
            self._is_expanded = True
            await self._rebuild()
        for row in self.query(SourceRow):
            if row.entry.number == number:
                row.focus()
        return True

    def focus_first(self) -> bool:
        """Focus the first source; False when there is none."""
        rows = self.query(SourceRow)
        if rows:
            rows.first().focus()
        return bool(rows)

    async def _rebuild(self) -> None:
        focused = next((row.entry.number for row in self.query(SourceRow) if row.has_focus), None)
        cited = sum(1 for entry in self._entries if entry.citation is not None)
        shown = len(self._entries) if self._is_expanded else cited or SHOWN_WITHOUT_CITATIONS
        # A line that says "1 more" takes the place of the one it hides.
        if len(self._entries) - shown == 1 and not cited:
            shown += 1
        self._shown = min(shown, len(self._entries))
        widgets: list[Widget] = [SourceRow(entry) for entry in self._entries[: self._shown]]
        hidden = len(self._entries) - self._shown
        if hidden:
            said = f"{hidden} more, not cited" if cited else f"{hidden} more"
            widgets.append(MoreSources(Content(f"▸ {said}"), markup=False))
        with self.app.batch_update():
            await self.remove_children()
            await self.mount_all(widgets)
        for row in self.query(SourceRow):
            if row.entry.number == focused:
                row.focus(scroll_visible=False)

    @on(MoreSources.Expanded)
    async def _expand(self, event: MoreSources.Expanded) -> None:
        event.stop()
        first_hidden = self._entries[self._shown].number
        self._is_expanded = True
        await self._rebuild()
        await self.focus_number(first_hidden)
