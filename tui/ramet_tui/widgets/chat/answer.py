"""An answer as a streamed Markdown document: inert, with citations as chips and code blocks that can be copied."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import ClassVar

from markdown_it import MarkdownIt
from markdown_it.token import Token
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalScroll
from textual.content import Content, Span
from textual.events import Click
from textual.highlight import highlight
from textual.message import Message
from textual.style import Style
from textual.widgets import Label, Markdown, Static
from textual.widgets._markdown import (
    MarkdownBlock,
    MarkdownFence,
    MarkdownH1,
    MarkdownH2,
    MarkdownH3,
    MarkdownH4,
    MarkdownH5,
    MarkdownH6,
    MarkdownParagraph,
    MarkdownTD,
    MarkdownTH,
)

from ramet.inert import inert_block, inert_line
from ramet_tui.widgets.chat.highlighting import AnswerHighlightTheme

MIN_REPAINT_SECONDS = 0.05
"""Shortest time between two repaints of a growing answer: more often is not seen and costs key presses."""

REPAINT_SHARE = 3
"""A repaint that took t seconds is followed by this many times t for everything else, up to `MAX_REPAINT_SECONDS`."""

MAX_REPAINT_SECONDS = 0.5

CITATION_SCHEME = "citation:"
"""Chips are links of this scheme, as links are clickable in every kind of Markdown block, table cells included."""

CHIP_STYLE = "bold $accent on $code-mark"

_CITATION = re.compile(r"\[(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\]")
_OTHER_LINE_BREAKS = re.compile("[\u2028\u2029]")


def answer_parser() -> MarkdownIt:
    """Return the parser for answers: nothing that looks like HTML, a path or a citation is swallowed or linked."""
    parser = MarkdownIt("gfm-like", {"html": False}).disable(["reference", "image"])
    if parser.linkify is not None:
        # `app.py` is a host name in Paraguay: only what starts with a scheme is a link.
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    return parser


def inert_markdown(text: str) -> str:
    """Return Markdown without active characters; other line separators become the one that Markdown counts by."""
    return _OTHER_LINE_BREAKS.sub("\n", inert_block(text))


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
        return with_chips(content, markdown.is_source) if isinstance(markdown, AnswerMarkdown) else content


class CitedParagraph(MarkdownParagraph, CitedBlock):
    """A paragraph with citations."""


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


_BLOCKS: dict[str, type[MarkdownBlock]] = {
    "paragraph_open": CitedParagraph,
    "h1": CitedH1,
    "h2": CitedH2,
    "h3": CitedH3,
    "h4": CitedH4,
    "h5": CitedH5,
    "h6": CitedH6,
    "th_open": CitedTH,
    "td_open": CitedTD,
    "fence": CodeBlock,
    "code_block": CodeBlock,
}


class AnswerMarkdown(Markdown):
    """The text of one answer. `stream` paints what arrives at a pace that leaves the app responsive."""

    DEFAULT_CSS = """
    AnswerMarkdown {
        padding: 0;
    }
    AnswerMarkdown MarkdownBlock { margin: 0 0 1 0; }
    AnswerMarkdown MarkdownBlock, AnswerMarkdown MarkdownTableCellContents {
        link-color: $accent;
        link-style: none;
        link-color-hover: $accent;
        link-background-hover: $block-cursor-background;
        link-style-hover: bold;
    }
    AnswerMarkdown MarkdownHeader {
        content-align: left middle;
        color: $foreground;
        background: transparent;
        text-style: bold;
        width: 1fr;
    }
    AnswerMarkdown MarkdownBullet { color: $secondary-text !important; }
    AnswerMarkdown MarkdownList Vertical > MarkdownParagraph { margin: 0; }
    AnswerMarkdown MarkdownList MarkdownList { margin: 0; }
    AnswerMarkdown MarkdownBlockQuote {
        background: transparent;
        border-left: outer $line !important;
        padding: 0 1;
        color: $secondary-text;
    }
    AnswerMarkdown MarkdownBlockQuote > MarkdownBlock { margin: 0; }
    AnswerMarkdown MarkdownTable { background: transparent !important; }
    AnswerMarkdown MarkdownTableContent {
        keyline: thin $line;
        & > .header { color: $foreground; text-style: bold; }
    }
    AnswerMarkdown MarkdownBlock > .code_inline {
        color: $syntax-string !important;
        background: $panel !important;
    }
    AnswerMarkdown CodeBlock {
        background: $panel !important;
        overflow: hidden hidden;
        padding: 0 1;
        color: $foreground;
        &:focus { background: $block-cursor-background !important; }
        .code-header { height: 1; width: 1fr; }
        .code-scroll { height: auto; width: 1fr; scrollbar-size-horizontal: 0; }
        #code-content { padding: 0; width: auto; }
    }
    """

    def __init__(self, text: str, known_sources: Container[int]) -> None:
        super().__init__(inert_markdown(text), parser_factory=answer_parser, open_links=False)
        self._known_sources = known_sources

    def get_block_class(self, block_name: str) -> type[MarkdownBlock]:
        """Return the class of a kind of block."""
        return _BLOCKS.get(block_name) or super().get_block_class(block_name)

    def is_source(self, number: int) -> bool:
        """Tell whether a number in the text names a source."""
        return number in self._known_sources

    def stream(self) -> AnswerStream:
        """Return a running stream into this document."""
        return AnswerStream(self)


class AnswerStream:
    """Feeds deltas into an `AnswerMarkdown`; owns the task that paints them. `finish` paints the rest."""

    def __init__(self, markdown: AnswerMarkdown) -> None:
        self._markdown = markdown
        self._pending: list[str] = []
        self._has_news = asyncio.Event()
        self._appending = asyncio.Lock()
        self._task = asyncio.create_task(self._paint())

    def write(self, delta: str) -> None:
        """Add text; it is painted soon."""
        self._pending.append(delta)
        self._has_news.set()

    async def finish(self) -> None:
        """Stop the task and paint what is left."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._flush(is_last=True)

    async def _paint(self) -> None:
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            started = time.monotonic()
            # A cancelled append would leave the document half updated.
            await asyncio.shield(self._flush())
            spent = time.monotonic() - started
            await asyncio.sleep(min(max(MIN_REPAINT_SECONDS, REPAINT_SHARE * spent), MAX_REPAINT_SECONDS))

    async def _flush(self, *, is_last: bool = False) -> None:
        # `append` looks at what was parsed so far when it is called, so a second call has to wait for the first to end.
        async with self._appending:
            text = "".join(self._pending)
            self._pending.clear()
            if text.endswith("\r") and not is_last:
                # It may be the first half of a CR LF, which is one line break.
                text, held = text[:-1], text[-1]
                self._pending.append(held)
            if text:
                await self._markdown.append(inert_markdown(text))
