"""The blocks of an answer: text with citations as chips, code that can be copied, lists and tables that grow cheaply."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from markdown_it.token import Token
from rich.cells import cell_len
from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, HorizontalScroll, Vertical
from textual.content import Content, Span
from textual.events import Click
from textual.geometry import Region
from textual.highlight import highlight
from textual.message import Message
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Label, Markdown, Static
from textual.widgets._markdown import (
    MarkdownBlock,
    MarkdownBullet,
    MarkdownBulletList,
    MarkdownFence,
    MarkdownH1,
    MarkdownH2,
    MarkdownH3,
    MarkdownH4,
    MarkdownH5,
    MarkdownH6,
    MarkdownList,
    MarkdownListItem,
    MarkdownOrderedList,
    MarkdownParagraph,
    MarkdownTable,
    MarkdownTableCellContents,
    MarkdownTableContent,
    MarkdownTD,
    MarkdownTH,
)

from ramet.inert import inert_line
from ramet_tui.widgets.chat.highlighting import AnswerHighlightTheme

CITATION_SCHEME = "citation:"
"""Chips are links of this scheme, as links are clickable in every kind of Markdown block, table cells included."""

CHIP_STYLE = "bold $accent on $code-mark"

_CITATION = re.compile(r"\[(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\]")


class CitingMarkdown(Markdown):
    """A document that knows which numbers in its text name sources."""

    def is_source(self, number: int) -> bool:
        """Tell whether a number in the text names a source."""
        raise NotImplementedError


def with_chips(content: Content, is_known: Callable[[int], bool]) -> Content:
    """Return content whose `[n]` of known sources are chips that can be clicked, and whose links look like links."""
    spans: list[Span] = []
    code = [span for span in content.spans if span.style == ".code_inline"]
    for match in _CITATION.finditer(content.plain):
        if any(span.start < match.end() and match.start() < span.end for span in code):
            continue
        numbers = [
            (int(number[0]), match.start(1) + number.start(), match.start(1) + number.end()) for number in _digits(match[1])
        ]
        if not all(is_known(number) for number, _, _ in numbers):
            continue
        spans.append(Span(match.start(), match.end(), CHIP_STYLE))
        if len(numbers) == 1:
            numbers = [(numbers[0][0], match.start(), match.end())]
        for number, start, end in numbers:
            spans.append(Span(start, end, Style.from_meta({"@click": f"link('{CITATION_SCHEME}{number}')"})))
    links = [Span(span.start, span.end, "underline") for span in content.spans if isinstance(span.style, Style)]
    return Content(content.plain, spans=[*content.spans, *links, *spans]) if spans or links else content


def _digits(text: str) -> list[re.Match[str]]:
    return list(re.finditer(r"\d+", text))


class CitedBlock(MarkdownBlock):
    """A block of text whose entities are inert and whose citations are chips.

    It is the second base of its subclasses, as style sheets know a widget only by its first one.
    """

    def _token_to_content(self, token: Token) -> Content:
        for child in token.children or ():
            # Entities such as &#x202e; are decoded by the parser, after the source was made inert.
            child.content = inert_line(child.content)
        content = super()._token_to_content(token)
        markdown = self._markdown
        return with_chips(content, markdown.is_source) if isinstance(markdown, CitingMarkdown) else content


class CitedParagraph(MarkdownParagraph, CitedBlock):
    """A paragraph with citations; with a `bullet` it is a whole list item, in one widget instead of four."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"list-bullet"}

    bullet = ""

    def hang(self, bullet: str) -> None:
        """Put a bullet before the first line and indent the others."""
        if bullet != self.bullet:
            self.bullet = bullet
            self.styles.padding = (0, 0, 0, cell_len(bullet))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines of a part of the widget; the bullet is drawn over the indentation of the first."""
        strips = super().render_lines(crop)
        width = cell_len(self.bullet)
        if crop.y == 0 and strips and crop.x < width:
            bullet = Strip([Segment(self.bullet, self.get_component_rich_style("list-bullet"))])
            strips[0] = Strip.join([bullet.crop(crop.x), strips[0].crop(width - crop.x)])
        return strips


class CitedH1(MarkdownH1, CitedBlock):
    """A heading with citations."""


class CitedH2(MarkdownH2, CitedBlock):
    """A heading with citations."""


class CitedH3(MarkdownH3, CitedBlock):
    """A heading with citations."""


class CitedH4(MarkdownH4, CitedBlock):
    """A heading with citations."""


class CitedH5(MarkdownH5, CitedBlock):
    """A heading with citations."""


class CitedH6(MarkdownH6, CitedBlock):
    """A heading with citations."""


class CitedTH(MarkdownTH, CitedBlock):
    """A table header with citations."""


class CitedTD(MarkdownTD, CitedBlock):
    """A table cell with citations."""


class CodeHeader(Static):
    """The line above a code block: its language, and a place to click for copying it."""

    @dataclass
    class Copied(Message):
        """Posted when the code shall be copied."""

    def on_click(self, event: Click) -> None:
        """Do what the key does."""
        event.stop()
        self.post_message(self.Copied())


class CodeBlock(MarkdownFence, can_focus=True):
    """A code block that can be focused, scrolled sideways and copied."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "copy", "Copy code", id="chat.code.copy", tooltip="Copy this code block"),
        Binding("left,h", "scroll(-4)", "Scroll left", id="chat.code.left", show=False),
        Binding("right,l", "scroll(4)", "Scroll right", id="chat.code.right", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Build the parts."""
        header = CodeHeader(self._header(), classes="code-header", markup=False)
        header.tooltip = "Copy this code block"
        yield header
        with HorizontalScroll(classes="code-scroll", can_focus=False):
            yield Label(self._highlighted_code, id="code-content", expand=True, markup=False)

    def _header(self) -> Content:
        language = inert_line(self.lexer.split()[0]) if self.lexer.strip() else "text"
        return Content.assemble((f"{language}  ", "$secondary-text"), ("copy", "$secondary-text underline"))

    def _copy_context(self, block: MarkdownBlock) -> None:
        super()._copy_context(block)
        for header in self.query(CodeHeader):
            header.update(self._header())

    @classmethod
    def highlight(cls, code: str, language: str, ansi: bool = False, dark: bool = False) -> Content:
        """Highlight code; without a language it stays plain, because guessing one takes longer than painting."""
        words = language.split()
        return highlight(code, language=words[0] if words else "text", theme=AnswerHighlightTheme)

    def action_copy(self) -> None:
        """Copy the code to the clipboard of the terminal."""
        self.app.copy_to_clipboard(self.code)
        count = self.code.count("\n") + 1
        self.notify(f"Copied {count:,} {'line' if count == 1 else 'lines'} of code.", timeout=3, markup=False)

    def action_scroll(self, cells: int) -> None:
        """Move sideways over lines that are wider than the pane."""
        self.query_one(HorizontalScroll).scroll_relative(x=cells, animate=False)

    @on(CodeHeader.Copied)
    def _copy_clicked(self, event: CodeHeader.Copied) -> None:
        event.stop()
        self.focus(scroll_visible=False)
        self.action_copy()


class GrowingList(MarkdownList):
    """A list that is extended while it grows: building hundreds of items anew with each repaint would stop the app."""

    def compose(self) -> ComposeResult:
        """Build a row for each item."""
        yield from self._rows(self._items(self), 0)
        self._blocks.clear()

    async def _update_from_block(self, block: MarkdownBlock) -> None:
        if type(block) is not type(self):
            await super()._update_from_block(block)
            return
        items = self._items(block)
        rows = list(self.children)
        # Only the last row can have changed: what stands before it is followed by another item.
        kept = max(0, min(len(rows), len(items)) - 1)
        for row, symbol in zip(rows[:kept], self._symbols(items), strict=False):
            if isinstance(row, CitedParagraph):
                row.hang(symbol)
            else:
                bullet = row.query_one(MarkdownBullet)
                bullet.symbol = symbol
                bullet.refresh(layout=True)
        for row in rows[kept:]:
            await row.remove()
        await self.mount_all(self._rows(items, kept))

    def _symbols(self, items: list[MarkdownListItem]) -> list[str]:
        if not isinstance(self, MarkdownOrderedList):
            return [item.bullet for item in items]
        first = int(items[0].bullet) if items and items[0].bullet.isdecimal() else 1
        numbers = [f"{first + place}. " for place in range(len(items))]
        width = max(map(len, numbers), default=0) + 1
        return [number.rjust(width) for number in numbers]

    def _rows(self, items: list[MarkdownListItem], first: int) -> Iterable[Widget]:
        for item, symbol in list(zip(items, self._symbols(items), strict=True))[first:]:
            match item._blocks:
                case [CitedParagraph() as paragraph]:
                    paragraph.hang(symbol)
                    yield paragraph
                    continue
            bullet = MarkdownBullet()
            bullet.symbol = symbol
            yield Horizontal(bullet, Vertical(*item._blocks))

    @staticmethod
    def _items(block: MarkdownBlock) -> list[MarkdownListItem]:
        return [item for item in block._blocks if isinstance(item, MarkdownListItem)]


class AnswerBulletList(MarkdownBulletList, GrowingList):
    """A bullet list that grows cheaply."""

    compose = GrowingList.compose


class AnswerOrderedList(MarkdownOrderedList, GrowingList):
    """An ordered list that grows cheaply."""

    compose = GrowingList.compose


class AnswerTableContent(MarkdownTableContent):
    """The cells of a table; those that arrive later can be clicked like the first ones."""

    async def _update_rows(self, updated_rows: list[list[Content]]) -> None:
        self.styles.grid_size_columns = len(self.headers)
        await self.query_children(f".cell.row{self.last_row}").remove()
        cells: list[MarkdownTableCellContents] = []
        for row_index, row in enumerate(updated_rows, self.last_row):
            cells.extend(MarkdownTableCellContents(cell, classes=f"row{row_index} cell") for cell in row)
            self.last_row = row_index
        await self.mount_all(cells)


class AnswerTable(MarkdownTable):
    """A table whose cells hold citations."""

    def compose(self) -> ComposeResult:
        """Build the cells."""
        self._headers, self._rows = self._get_headers_and_rows()
        yield AnswerTableContent(self._headers, self._rows)
