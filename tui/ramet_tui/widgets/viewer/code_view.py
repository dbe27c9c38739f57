"""The widget that draws code: a scroll view that renders only the visible lines and asks for colours block by block."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from rich.segment import Segment
from rich.style import Style
from textual import events, work
from textual.binding import Binding, BindingType
from textual.geometry import Size, clamp
from textual.message import Message
from textual.reactive import reactive, var
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from ramet_tui.widgets.failures import ReportsFailures
from ramet_tui.widgets.viewer.document import Document, Match, display_line
from ramet_tui.widgets.viewer.painting import StyledSpan, code_strip

BLOCK_LINES = 128
"""Lines that are coloured in one go."""
MARGIN_LINES = 3
"""Lines kept visible above and below the cursor."""

ColouredSpan = tuple[int, int, str]
"""Start and end in characters of the file's line, and a theme variable."""


class LineColours(Protocol):
    """Colours of one document; used from threads, never from two at a time."""

    def lines(self, first: int, last: int) -> Sequence[Sequence[ColouredSpan]]:
        """Return the spans of the 0-based lines first..last, one sequence per line."""


class CodeView(ReportsFailures, ScrollView, can_focus=True):
    """Read-only code with a cursor line, a marked span, found text, selection and colours that arrive later."""

    ALLOW_SELECT = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "code-view--line-number",
        "code-view--cursor-number",
        "code-view--cursor",
        "code-view--selected",
        "code-view--mark",
        "code-view--mark-bar",
        "code-view--match",
        "code-view--match-current",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Line up", show=False, id="viewer.up", tooltip="Move the cursor one line up"),
        Binding("down,j", "move(1)", "Line down", show=False, id="viewer.down", tooltip="Move the cursor one line down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="viewer.page_up", tooltip="Move the cursor one page up"),
        Binding("pagedown,space", "page(1)", "Page down", show=False, id="viewer.page_down", tooltip="Move one page down"),
        Binding("home", "top", "Start", show=False, id="viewer.top", tooltip="Go to the first line"),
        Binding("end", "bottom", "End", show=False, id="viewer.bottom", tooltip="Go to the last line"),
        Binding("left,h", "shift(-8)", "Left", show=False, id="viewer.left", tooltip="Scroll to the left"),
        Binding("right,l", "shift(8)", "Right", show=False, id="viewer.right", tooltip="Scroll to the right"),
        Binding("shift+up", "extend(-1)", "Select up", show=False, id="viewer.select_up", tooltip="Select lines upwards"),
        Binding("shift+down", "extend(1)", "Select down", show=False, id="viewer.select_down", tooltip="Select lines downwards"),
        Binding("escape", "unselect", "Unselect", show=False, id="viewer.unselect", tooltip="Drop selection, marks and matches"),
    ]

    cursor_line: reactive[int] = reactive(0, repaint=False)
    """0-based."""
    anchor_line: var[int | None] = var(None, init=False)
    """Where a selection of lines began; None selects nothing."""

    @dataclass
    class CursorMoved(Message):
        """Posted when the cursor is on another line; `line` is the number that is shown."""

        view: CodeView
        line: int

        @property
        def control(self) -> CodeView:
            """The view."""
            return self.view

    @dataclass
    class Copied(Message):
        """Posted when text was put into the clipboard."""

        view: CodeView
        lines: int

        @property
        def control(self) -> CodeView:
            """The view."""
            return self.view

    def __init__(self, colours_of: Callable[[Document], LineColours | None], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._colours_of = colours_of
        self._document = Document("")
        self._mark: tuple[int, int] | None = None
        self._matches: list[Match] = []
        self._matches_by_line: dict[int, list[Match]] = {}
        self._current_match: Match | None = None
        self._colours: LineColours | None = None
        self._coloured: dict[int, Sequence[Sequence[ColouredSpan]]] = {}
        self._styles: dict[str, Style] = {}

    @property
    def document(self) -> Document:
        """What is shown."""
        return self._document

    def show(self, document: Document, *, cursor: int = 0, keep_position: bool = False) -> None:
        """Show a document with the cursor on a 0-based line; `keep_position` leaves scrolling and cursor where they are."""
        self.workers.cancel_group(self, "colours")
        self._document = document
        self._colours = None
        self._coloured = {}
        self.mark(None)
        self.show_matches([])
        self.anchor_line = None
        self.virtual_size = Size(self.gutter_width + document.width + 1, len(document.lines))
        last = max(len(document.lines) - 1, 0)
        if keep_position:
            self.cursor_line = min(self.cursor_line, last)
        else:
            self.set_reactive(CodeView.cursor_line, -1)
            self.scroll_to(0, 0, animate=False)
            self.go_to(cursor)
        self.refresh()
        self._want_colours()

    def go_to(self, line: int, *, centre: bool = True) -> None:
        """Put the cursor on a 0-based line and make it visible."""
        self.cursor_line = line
        self._reveal(self.cursor_line, centre=centre)

    def mark(self, span: tuple[int, int] | None) -> None:
        """Highlight the 0-based lines first..last, None nothing."""
        self._mark = span
        self.refresh()

    @property
    def marked(self) -> tuple[int, int] | None:
        """The highlighted lines."""
        return self._mark

    def show_matches(self, matches: list[Match], current: Match | None = None) -> None:
        """Highlight found text."""
        if matches is not self._matches:
            self._matches = matches
            self._matches_by_line = {}
            for match in matches:
                self._matches_by_line.setdefault(match.line, []).append(match)
        self._current_match = current
        if current is not None:
            self.go_to(current.line, centre=not self._is_visible(current.line))
            self._reveal_columns(current)
        self.refresh()

    # Geometry

    @property
    def gutter_width(self) -> int:
        """Cells of the line numbers and the bar beside them."""
        last = self._document.first_line + len(self._document.lines)
        return max(len(str(last)), 3) + 2

    def _is_visible(self, line: int) -> bool:
        top = self.scroll_offset.y
        return top <= line < top + self.scrollable_content_region.height

    def _reveal(self, line: int, *, centre: bool) -> None:
        height = self.scrollable_content_region.height
        if not height:
            self.call_after_refresh(self._reveal_later, line)
            return
        top = self.scroll_offset.y
        margin = min(MARGIN_LINES, max(height // 2 - 1, 0))
        if centre and not top + margin <= line < top + height - margin:
            top = line - height // 3
        else:
            top = clamp(top, line - height + 1 + margin, line - margin)
        self.scroll_to(y=top, animate=False, immediate=True)

    def _reveal_later(self, line: int) -> None:
        if self.scrollable_content_region.height:
            self._reveal(line, centre=True)

    def _reveal_columns(self, match: Match) -> None:
        drawn = display_line(self._document.lines[match.line])
        start, end = drawn.column(match.start), drawn.column(match.end)
        width = self.scrollable_content_region.width - self.gutter_width
        left = self.scroll_offset.x
        if start < left or end > left + width:
            self.scroll_to(x=max(start - width // 3, 0), animate=False, immediate=True)

    def validate_cursor_line(self, line: int) -> int:
        """Keep the cursor in the document."""
        return clamp(line, 0, max(len(self._document.lines) - 1, 0))

    def watch_cursor_line(self, line: int) -> None:
        """Tell the pane; repaint."""
        self.refresh()
        if self._document.is_shown:
            self.post_message(self.CursorMoved(self, line + self._document.first_line))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for the colours of what came into view."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._want_colours()

    def on_resize(self) -> None:
        """More lines may be visible now."""
        self._want_colours()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse was clicked."""
        line = event.y + self.scroll_offset.y
        if line < len(self._document.lines):
            self.anchor_line = None
            self.cursor_line = line

    # Colours

    def _wanted_blocks(self) -> list[int]:
        top = self.scroll_offset.y
        bottom = min(top + max(self.size.height, 1), len(self._document.lines))
        blocks = range(max(top, 0) // BLOCK_LINES, max(bottom - 1, 0) // BLOCK_LINES + 1)
        return [block for block in blocks if block not in self._coloured]

    def _want_colours(self) -> None:
        if self._document.is_shown and self._document.language and self._wanted_blocks():
            self._colour()

    @work(group="colours", exclusive=True, exit_on_error=False)
    async def _colour(self) -> None:
        document = self._document
        if self._colours is None:
            colours = await asyncio.to_thread(self._colours_of, document)
            if document is not self._document:
                return
            self._colours = colours
        colours = self._colours
        while colours is not None and (blocks := self._wanted_blocks()):
            first = blocks[0] * BLOCK_LINES
            last = min(first + BLOCK_LINES, len(document.lines)) - 1
            spans = await asyncio.to_thread(colours.lines, first, last)
            if document is not self._document:
                return
            self._coloured[blocks[0]] = spans
            self.refresh()

    # Drawing

    def notify_style_update(self) -> None:
        """Forget styles of the former theme."""
        super().notify_style_update()
        self._styles = {}

    def selection_updated(self, selection: Selection | None) -> None:
        """Repaint the selected text."""
        self.refresh()

    def _syntax_style(self, variable: str) -> Style:
        if variable not in self._styles:
            colour = self.app.theme_variables.get(variable)
            self._styles[variable] = Style(color=colour) if colour else Style()
        return self._styles[variable]

    def _part(self, name: str) -> Style:
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(f"code-view--{name}", partial=True)
        return self._styles[name]

    def _is_selected(self, line: int) -> bool:
        if self.anchor_line is None:
            return False
        first, last = sorted((self.anchor_line, self.cursor_line))
        return first <= line <= last

    def render_line(self, y: int) -> Strip:
        """Draw one visible line."""
        left, top = self.scroll_offset
        line = top + y
        width = self.size.width
        base = self.rich_style
        if not 0 <= line < len(self._document.lines):
            return Strip.blank(width, base)
        is_cursor = line == self.cursor_line and self.can_focus
        is_marked = self._mark is not None and self._mark[0] <= line <= self._mark[1]
        if self._is_selected(line):
            base += self._part("selected")
        elif is_marked:
            base += self._part("mark")
        elif is_cursor:
            base += self._part("cursor")
        gutter = self.gutter_width
        number = f"{line + self._document.first_line:>{gutter - 2}} "
        number_style = base + self._part("cursor-number" if is_cursor else "line-number")
        bar = Segment("▎", base + self._part("mark-bar")) if is_marked else Segment(" ", base)
        drawn = display_line(self._document.lines[line])
        strip = code_strip(drawn.text, base, self._spans(line), left, max(width - gutter, 0), line)
        return Strip.join([Strip([Segment(number, number_style), bar], gutter), strip])

    def _spans(self, line: int) -> list[StyledSpan]:
        drawn = display_line(self._document.lines[line])
        spans: list[StyledSpan] = []
        block = self._coloured.get(line // BLOCK_LINES)
        if block is not None and line % BLOCK_LINES < len(block):
            for start, end, variable in block[line % BLOCK_LINES]:
                spans.append((drawn.column(start), drawn.column(end), self._syntax_style(variable)))
        for match in self._matches_by_line.get(line, ()):
            style = self._part("match-current" if match == self._current_match else "match")
            spans.append((drawn.column(match.start), drawn.column(match.end), style))
        selection = self.text_selection
        selected = selection.get_span(line) if selection is not None else None
        if selected is not None:
            end = len(drawn.text) if selected[1] == -1 else selected[1]
            spans.append((selected[0], end, self.screen.get_component_rich_style("screen--selection", partial=True)))
        return spans

    # Selection and copying

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the text of the file under a mouse selection."""
        lines = self._document.lines
        first = selection.start.y if selection.start else 0
        last = min(selection.end.y if selection.end else len(lines) - 1, len(lines) - 1)
        pieces = []
        for line in range(first, last + 1):
            start = selection.start.x if selection.start and line == first else 0
            end = selection.end.x if selection.end and line == selection.end.y else None
            pieces.append(_raw_piece(lines[line], start, end))
        return ("\n".join(pieces), "\n") if pieces else None

    def selected_lines(self) -> list[str]:
        """Return the lines that copying takes: the selected ones, the marked ones, else the one at the cursor."""
        if self.anchor_line is not None:
            first, last = sorted((self.anchor_line, self.cursor_line))
        else:
            first = last = self.cursor_line
            if self._mark is not None and self._mark[0] <= first <= self._mark[1]:
                first, last = self._mark
        return self._document.lines[first : last + 1]

    def copy_selected(self) -> None:
        """Copy what is selected."""
        by_mouse = self.screen.get_selected_text() if self.text_selection is not None else None
        text = by_mouse or "\n".join(self.selected_lines())
        if text:
            self.app.copy_to_clipboard(text)
            self.post_message(self.Copied(self, text.count("\n") + 1))

    def action_unselect(self) -> None:
        """Drop the selection first, then the matches, then the mark."""
        if self.anchor_line is not None or self.text_selection is not None:
            self.anchor_line = None
            self.screen.clear_selection()
        elif self._matches:
            self.show_matches([])
        else:
            self.mark(None)
        self.refresh()

    def action_extend(self, lines: int) -> None:
        """Select whole lines."""
        if self.anchor_line is None:
            self.anchor_line = self.cursor_line
        self.go_to(self.cursor_line + lines, centre=False)

    def action_move(self, lines: int) -> None:
        """Move the cursor."""
        self.anchor_line = None
        self.go_to(self.cursor_line + lines, centre=False)

    def action_page(self, pages: int) -> None:
        """Move by one screenful."""
        step = max(self.scrollable_content_region.height - 1, 1) * pages
        self.anchor_line = None
        self.scroll_to(y=self.scroll_offset.y + step, animate=False, immediate=True)
        self.go_to(self.cursor_line + step, centre=False)

    def action_top(self) -> None:
        """Go to the first line."""
        self.scroll_to(x=0, animate=False, immediate=True)
        self.action_move(-len(self._document.lines))

    def action_bottom(self) -> None:
        """Go to the last line."""
        self.action_move(len(self._document.lines))

    def action_shift(self, cells: int) -> None:
        """Scroll sideways."""
        self.scroll_to(x=self.scroll_offset.x + cells, animate=False, immediate=True)


def _raw_piece(line: str, start: int, end: int | None) -> str:
    """Cut a line of the file at drawn columns."""
    columns = display_line(line).columns
    if columns is None:
        return line[start:end]
    return line[bisect_left(columns, start) : None if end is None else bisect_left(columns, end)]
