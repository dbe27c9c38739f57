"""The three finders: files by name, symbols by name, code by meaning and words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from ramet.errors import UsageError
from ramet.inert import inert_line
from ramet.models import Hit, Reason, Symbol
from ramet.workspace.protocol import Workspace
from ramet_tui.fuzzy import match_one, rank
from ramet_tui.messages import PlaceSelected
from ramet_tui.screens.finder import FinderScreen, Found, Row
from ramet_tui.widgets.chat.wording import REASON_WORDS
from ramet_tui.widgets.match_list import path_label
from ramet_tui.widgets.outline_pane import symbol_mark
from ramet_tui.widgets.viewer.code_view import CodeView, LineColours
from ramet_tui.widgets.viewer.document import Document

MAX_FILES = 200
MAX_SYMBOLS = 200
MAX_HITS = 30

NOT_OPEN = UsageError("The workspace is still being opened.", "Try again in a moment.")
"""What a finder says that needs more than the disk."""


class FileFinder(FinderScreen[PlaceSelected]):
    """Finds files by parts of their path."""

    TITLE = "Open file"
    PLACEHOLDER = "part of a path"

    def __init__(self, paths: tuple[str, ...], recent: tuple[str, ...] = ()) -> None:
        super().__init__()
        known = set(paths)
        first = [path for path in recent if path in known]
        self._paths = (*first, *(path for path in paths if path not in set(first)))

    async def find(self, query: str) -> Found[PlaceSelected]:
        """Rank all paths; without a query, the files opened last come first."""
        matches = await asyncio.to_thread(rank, query, self._paths, MAX_FILES)
        rows = [Row(path_label(match), PlaceSelected(match.text)) for match in matches]
        if not self._paths:
            return Found((), "The list of files is not known yet")
        return Found(rows, _count(len(rows), MAX_FILES, "file", of=len(self._paths)))


class SymbolFinder(FinderScreen[PlaceSelected]):
    """Finds definitions by name."""

    TITLE = "Go to symbol"
    PLACEHOLDER = "name of a function, class, heading …"
    DELAY = 0.05

    def __init__(self, workspace: Workspace | None, query: str = "") -> None:
        super().__init__(query)
        self._workspace = workspace

    async def find(self, query: str) -> Found[PlaceSelected]:
        """Ask the workspace."""
        if self._workspace is None:
            raise NOT_OPEN
        symbols = await self._workspace.symbols(query=query.strip(), limit=MAX_SYMBOLS)
        rows = [_symbol_row(symbol, query) for symbol in symbols]
        if not rows and not query.strip():
            return Found((), "No symbol is indexed yet")
        return Found(rows, _count(len(rows), MAX_SYMBOLS, "symbol"))


def _symbol_row(symbol: Symbol, query: str) -> Row[PlaceSelected]:
    name = Content(inert_line(symbol.qualified_name))
    wanted = "".join(query.lower().split())
    match = match_one(wanted, symbol.qualified_name) if wanted else None
    if match is not None and len(name) == len(symbol.qualified_name):
        for position in match.positions:
            name = name.stylize("bold $accent", position, position + 1)
    place = (f"  {inert_line(symbol.path)}:{symbol.start_line}", "$secondary-text")
    return Row(
        Content.assemble(symbol_mark(symbol.kind), " ", name, place),
        PlaceSelected(symbol.path, symbol.start_line, symbol.end_line),
    )


class CodeSearch(FinderScreen[PlaceSelected]):
    """Searches the code and shows the highlighted hit."""

    TITLE = "Search code"
    PLACEHOLDER = "words, names or a question"
    DELAY = 0.15

    def __init__(
        self, workspace: Workspace | None, colours_of: Callable[[Document], LineColours | None], query: str = ""
    ) -> None:
        super().__init__(query)
        self._workspace = workspace
        self._colours_of = colours_of
        self._hits: tuple[Hit, ...] = ()
        self._previewed: Hit | None = None

    def compose_preview(self) -> ComposeResult:
        """The hit's code and why it was found."""
        yield Static("", id="search-reasons")
        preview = CodeView(self._colours_of, id="search-preview")
        preview.can_focus = False
        yield preview

    async def find(self, query: str) -> Found[PlaceSelected]:
        """Ask the workspace."""
        if not query.strip():
            self._hits = ()
            return Found((), "Type what to look for")
        if self._workspace is None:
            raise NOT_OPEN
        result = await self._workspace.search(query, limit=MAX_HITS)
        self._hits = result.hits
        note = _count(len(result.hits), MAX_HITS, "hit")
        return Found([_hit_row(hit) for hit in result.hits], "  ".join((note, *result.notes)))

    def matches_changed(self) -> None:
        """Show the highlighted hit."""
        row = self.highlighted_row
        hit = self._hits[row] if row is not None and row < len(self._hits) else None
        if hit is self._previewed:
            return
        self._previewed = hit
        reasons = self.query_one("#search-reasons", Static)
        preview = self.query_one(CodeView)
        preview.set_class(hit is not None, "-shown")
        reasons.set_class(hit is not None, "-shown")
        if hit is not None:
            reasons.update(_reasons(hit.reasons))
            preview.show(Document(hit.path, hit.text, language=hit.language, first_line=hit.start_line))


def _hit_row(hit: Hit) -> Row[PlaceSelected]:
    folder, slash, name = inert_line(hit.path).rpartition("/")
    label = Content.assemble(
        (folder + slash, "$secondary-text"),
        name,
        (f":{hit.start_line}", "$secondary-text"),
        ("  ", ""),
        (inert_line(hit.symbol), "$syntax-function"),
    )
    return Row(label, PlaceSelected(hit.path, hit.start_line, hit.end_line))


def _reasons(reasons: tuple[Reason, ...]) -> Content:
    words = REASON_WORDS | {"symbol": "name"}
    parts = [
        Content.assemble((words[reason.kind], "$accent"), (f" {inert_line(reason.detail)}", "$secondary-text"))
        for reason in reasons
    ]
    return Content("   ").join(parts)


def _count(count: int, limit: int, noun: str, of: int = 0) -> str:
    if count == 0:
        return f"No {noun} matches"
    some = f"{count}+" if count >= limit else f"{count}"
    return f"{some} of {of:,} {noun}s" if of else f"{some} {noun}{'s' if count != 1 else ''}"
