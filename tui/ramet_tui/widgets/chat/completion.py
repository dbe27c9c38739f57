"""The list of completions above the prompt. The prompt keeps the focus and moves the highlight."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from ramet.inert import inert_line
from ramet_tui.widgets.chat.sources import clip_end, clip_start

MAX_COMPLETIONS = 8
"""Lines of the list; typing more finds the rest faster than scrolling."""


@dataclass(frozen=True)
class Completion:
    """One thing that may be inserted; `value` is what the prompt makes of it."""

    label: str
    value: str
    help: str = ""


class CompletionList(Widget):
    """Completions with one of them highlighted; hidden while there are none."""

    DEFAULT_CSS = """
    CompletionList {
        height: auto;
        width: 1fr;
        padding: 0 1;
        background: $panel;
        display: none;
        text-wrap: nowrap;
        &.-open { display: block; }
    }
    """

    completions: reactive[tuple[Completion, ...]] = reactive((), layout=True)
    highlighted: reactive[int] = reactive(0)

    @dataclass
    class Chosen(Message):
        """Posted when a completion was clicked."""

        list: CompletionList
        completion: Completion

        @property
        def control(self) -> CompletionList:
            """The list that was clicked."""
            return self.list

    @property
    def is_open(self) -> bool:
        """Whether there is something to choose."""
        return bool(self.completions)

    @property
    def choice(self) -> Completion | None:
        """The highlighted completion."""
        return self.completions[self.highlighted] if self.completions else None

    def offer(self, completions: list[Completion]) -> None:
        """Show these completions, the first one highlighted; none closes the list."""
        self.highlighted = 0
        self.completions = tuple(completions[:MAX_COMPLETIONS])

    def move(self, direction: int) -> None:
        """Highlight the next or previous completion, round and round."""
        if self.completions:
            self.highlighted = (self.highlighted + direction) % len(self.completions)

    def watch_completions(self) -> None:
        """Show or hide the list."""
        self.set_class(self.is_open, "-open")

    def render(self) -> Content:
        """Return what is shown."""
        width = (self.content_size.width or 40) - 2
        label_width = min(max((len(completion.label) for completion in self.completions), default=0), width)
        lines = []
        for number, completion in enumerate(self.completions):
            is_highlighted = number == self.highlighted
            label = clip_start(inert_line(completion.label), width)
            parts = [("▸ " if is_highlighted else "  ", "$accent"), (label, "bold" if is_highlighted else "")]
            room = width - label_width - 2
            if completion.help and room > 8:
                parts.append((" " * (label_width - len(label)) + "  " + clip_end(completion.help, room), "$secondary-text"))
            lines.append(Content.assemble(*parts))
        return Content("\n").join(lines)

    def on_click(self, event: Click) -> None:
        """Do what the key does."""
        event.stop()
        if 0 <= event.y < len(self.completions):
            self.post_message(self.Chosen(self, self.completions[event.y]))
