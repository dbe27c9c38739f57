"""The outline of the open file: its definitions in order, the one around the cursor highlighted."""

from __future__ import annotations

from collections.abc import Sequence

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ramet.inert import inert_line
from ramet.models import Symbol
from ramet_tui.messages import PlaceSelected

KIND_MARKS = {
    "function": "ƒ",
    "method": "ƒ",
    "constructor": "ƒ",
    "class": "C",
    "struct": "S",
    "interface": "I",
    "protocol": "I",
    "trait": "I",
    "enum": "E",
    "type": "T",
    "module": "M",
    "namespace": "M",
    "constant": "c",
    "variable": "v",
    "field": "v",
    "property": "v",
    "heading": "#",
    "key": "·",
}

_KIND_COLOURS = {"ƒ": "$syntax-function", "#": "$syntax-heading", "c": "$syntax-constant", "v": "$syntax-property"}


def symbol_mark(kind: str) -> Content:
    """Return the one-letter mark of a kind of symbol, in the colour that the kind has in code."""
    mark = KIND_MARKS.get(kind, "·")
    return Content(mark).stylize(_KIND_COLOURS.get(mark, "$syntax-type"))


class Notice(Static, can_focus=True):
    """What stands in the place of the list."""


class OutlinePane(Vertical):
    """Lists the symbols of one file."""

    symbol_list = getters.query_one(OptionList)
    notice = getters.query_one(Notice)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, classes="pane")
        self._path = ""
        self._symbols: Sequence[Symbol] = ()
        self._line = 1

    def compose(self) -> ComposeResult:
        """The notice; the list comes behind the first frame, in which no file is open."""
        yield Notice("Open a file to see what it defines", classes="notice")

    def on_mount(self) -> None:
        """Start empty."""
        self.border_title = "Outline"
        self.call_after_refresh(self._complete)

    async def _complete(self) -> None:
        symbols = OptionList(id="symbols", compact=True)
        symbols.display = False
        await self.mount(symbols)

    def focus_content(self) -> None:
        """Focus the list."""
        shown: Widget = self.symbol_list if self._symbols else self.notice
        self.screen.set_focus(shown)

    def say(self, text: str) -> None:
        """Say something instead of a list."""
        self._symbols = ()
        self.notice.update(text)
        self._switch()

    def show(self, path: str, symbols: Sequence[Symbol]) -> None:
        """List the symbols of a file."""
        if path == self._path and symbols == self._symbols and symbols:
            return
        self._path = path
        self._symbols = symbols
        self.symbol_list.clear_options()
        rows = zip(symbols, _depths(symbols), strict=True)
        self.symbol_list.add_options([Option(_label(symbol, depth)) for symbol, depth in rows])
        self.notice.update("No definitions in this file")
        self._switch()
        self.follow(self._line)

    def _switch(self) -> None:
        self.border_subtitle = f"{len(self._symbols):,}" if self._symbols else ""
        had_focus = self.has_focus_within
        shown, hidden = (self.symbol_list, self.notice) if self._symbols else (self.notice, self.symbol_list)
        shown.display = True
        if had_focus:
            self.screen.set_focus(shown)
        hidden.display = False

    def follow(self, line: int) -> None:
        """Highlight the innermost symbol around a line, unless the user is in the list."""
        self._line = line
        if not self._symbols or self.symbol_list.has_focus:
            return
        inside = [row for row, symbol in enumerate(self._symbols) if symbol.start_line <= line <= symbol.end_line]
        before = [row for row, symbol in enumerate(self._symbols) if symbol.start_line <= line]
        self.symbol_list.highlighted = inside[-1] if inside else before[-1] if before else None

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        symbol = self._symbols[event.option_index]
        self.post_message(PlaceSelected(self._path, symbol.start_line, symbol.end_line))


def _label(symbol: Symbol, depth: int) -> Content:
    return Content.assemble("  " * depth, symbol_mark(symbol.kind), " ", inert_line(symbol.name))


def _depths(symbols: Sequence[Symbol]) -> list[int]:
    """Return how deep each symbol lies in those before it; `symbols` are in the file's order."""
    depths = []
    around: list[int] = []
    for symbol in symbols:
        while around and around[-1] < symbol.start_line:
            around.pop()
        depths.append(len(around))
        if symbol.kind != "heading":
            around.append(symbol.end_line)
    return depths
