"""Shows all that a question would be sent with, lets parts be taken away, and closes with the request that is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace
from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ramet.errors import RametError
from ramet.inert import inert_block, inert_line
from ramet.models import AskRequest, RequestContext
from ramet.workspace.protocol import Workspace

_TOKENS_WIDTH = 7
_PREVIEW_CHARACTERS = 20_000
"""Of a part's text that are shown: enough to see what it is."""


class _Part(Struct, frozen=True):
    """One line of the list."""

    title: str
    tokens: int
    text: str = ""
    source: int = -1
    """Place among the sources; -1 for something else."""
    attachment: int = -1

    @property
    def is_removable(self) -> bool:
        return self.source >= 0 or self.attachment >= 0


class ContextScreen(ModalScreen[AskRequest | None]):
    """See the module; None means that nothing shall be sent."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Back", id="chat.context.close", tooltip="Go back to the question; nothing is sent"),
        Binding("space,delete,x", "take_away", "Take away", id="chat.context.toggle", tooltip="Take it away, or put it back"),
    ]

    DEFAULT_CSS = """
    ContextScreen {
        align: center middle;
        .dialog {
            width: 100; max-width: 95%; height: 90%; max-height: 40; padding: 0 1;
            background: $surface; border: round $primary;
            border-title-color: $text; border-subtitle-color: $secondary-text;
        }
        OptionList {
            height: auto !important; max-height: 60% !important; border: none; background: transparent; padding: 0;
            text-wrap: nowrap; text-overflow: ellipsis; scrollbar-size-vertical: 1;
        }
        OptionList:focus { border: none; }
        .preview { height: 1fr; border-top: solid $line; scrollbar-size-vertical: 1; }
        .text { color: $secondary-text; height: auto; }
        .facts { color: $secondary-text; height: auto; border-top: solid $line; }
    }
    """

    parts = getters.query_one(OptionList)

    def __init__(self, workspace: Workspace, request: AskRequest) -> None:
        super().__init__()
        self._workspace = workspace
        self._request = request
        self._offered: RequestContext | None = None
        self._parts: list[_Part] = []
        self._removed: set[int] = set()

    def compose(self) -> ComposeResult:
        """Build the parts."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "What will be sent"
            dialog.border_subtitle = "enter send · space take away · esc back"
            yield OptionList(markup=False)
            with VerticalScroll(classes="preview", can_focus=False):
                yield Static("", classes="text", markup=False)
            yield Static("Looking for sources …", classes="facts", markup=False)

    def on_mount(self) -> None:
        """Ask what would be sent."""
        self._load()

    def action_close(self) -> None:
        """Send nothing."""
        self.dismiss(None)

    def action_take_away(self) -> None:
        """Take the highlighted part away, or put it back."""
        place = self.parts.highlighted
        if place is None or place >= len(self._parts):
            return
        if not self._parts[place].is_removable:
            self.notify("This part always goes with a question.", markup=False)
            return
        self._removed ^= {place}
        self.parts.replace_option_prompt_at_index(place, self._line(place))
        self._show_facts()

    @work(group="context", exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        try:
            context = await self._workspace.context(self._request)
        except RametError as error:
            self.query_one(".facts", Static).update(Content(inert_block(str(error))))
            return
        self._offered = context
        self._parts = list(_parts_of(context))
        self.parts.add_options([Option(self._line(place)) for place in range(len(self._parts))])
        removable = next((place for place, part in enumerate(self._parts) if part.is_removable), 0)
        self.parts.highlighted = removable
        self.parts.focus()
        self._show_facts()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        text = self._parts[event.option_index].text[:_PREVIEW_CHARACTERS]
        self.query_one(".text", Static).update(Content(inert_block(text)))
        self.query_one(".preview", VerticalScroll).scroll_home(animate=False)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        context = self._offered
        if context is None:
            return
        kept = [part for place, part in enumerate(self._parts) if place not in self._removed]
        sources = tuple(context.sources[part.source] for part in kept if part.source >= 0)
        attachments = tuple(self._request.attachments[part.attachment] for part in kept if part.attachment >= 0)
        self.dismiss(replace(self._request, sources=sources, attachments=attachments))

    def _line(self, place: int) -> Content:
        part = self._parts[place]
        is_removed = place in self._removed
        sign = "✕ " if is_removed else "✓ " if part.is_removable else "  "
        style = "$secondary-text strike" if is_removed else ""
        return Content.assemble(
            (sign, "$secondary-text" if is_removed else "$accent"),
            # Leading spaces of a prompt are taken for a place to wrap at; these are not.
            (f"{part.tokens:>{_TOKENS_WIDTH},}  ".replace(" ", "\u00a0"), "$secondary-text"),
            (inert_line(part.title), style),
        )

    def _show_facts(self) -> None:
        context = self._offered
        if context is None:
            return
        tokens = context.tokens - sum(self._parts[place].tokens for place in self._removed)
        who = f"for {inert_line(context.model.name)}" if context.model else "no model is configured: the answer is an extract"
        lines = [f"{tokens:,} of {context.window:,} tokens, {who}", *map(inert_line, context.notes)]
        self.query_one(".facts", Static).update(Content("\n".join(lines)))


def _parts_of(context: RequestContext) -> Iterator[_Part]:
    """Yield the parts in the order in which they are sent."""
    yield _Part(
        "instructions", context.instruction_tokens, "What Ramet tells every model: how to cite, and which tools there are."
    )
    if context.earlier_tokens:
        text = "The questions and answers of this conversation so far. /new begins another one."
        yield _Part("earlier questions and answers", context.earlier_tokens, text)
    for place, (source, tokens) in enumerate(zip(context.sources, context.source_tokens, strict=True)):
        title = f"[{source.number}] {source.path}:{source.start_line}-{source.end_line}  {source.label}".rstrip()
        yield _Part(title, tokens, source.text, source=place)
    for place, (attachment, tokens) in enumerate(zip(context.attachments, context.attachment_tokens, strict=True)):
        yield _Part(attachment.name, tokens, attachment.text, attachment=place)
    yield _Part("the question", context.question_tokens, context.question)
