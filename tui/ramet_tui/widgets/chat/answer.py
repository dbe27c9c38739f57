"""An answer as a streamed Markdown document: inert, with citations as chips and code blocks that can be copied."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Container

from markdown_it import MarkdownIt
from textual.widgets._markdown import MarkdownBlock

from ramet.inert import inert_block
from ramet_tui.widgets.chat.blocks import (
    AnswerBulletList,
    AnswerOrderedList,
    AnswerTable,
    CitedH1,
    CitedH2,
    CitedH3,
    CitedH4,
    CitedH5,
    CitedH6,
    CitedParagraph,
    CitedTD,
    CitedTH,
    CitingMarkdown,
    CodeBlock,
)

MIN_REPAINT_SECONDS = 0.05
"""Shortest time between two repaints of a growing answer: more often is not seen and costs key presses."""

REPAINT_SHARE = 3
"""A repaint that took t seconds is followed by this many times t for everything else, up to `MAX_REPAINT_SECONDS`."""

MAX_REPAINT_SECONDS = 0.5

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
    "bullet_list_open": AnswerBulletList,
    "ordered_list_open": AnswerOrderedList,
    "table_open": AnswerTable,
    "fence": CodeBlock,
    "code_block": CodeBlock,
}


class AnswerMarkdown(CitingMarkdown):
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
    AnswerMarkdown MarkdownList > MarkdownParagraph, AnswerMarkdown MarkdownList Vertical > MarkdownParagraph { margin: 0; }
    AnswerMarkdown MarkdownParagraph > .list-bullet { color: $secondary-text; }
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
