"""A list of fuzzy matches or hits: what all finders and the tree's filter show."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from ramet.inert import inert_line
from ramet_tui.fuzzy import FuzzyMatch


def path_label(match: FuzzyMatch, width: int = 0) -> Content:
    """Draw a path: the folder dim, the name plain, matched characters in the accent colour; cut at its start to a width."""
    text = match.text
    name_start = text.rfind("/") + 1
    shown = Content(inert_line(text))
    if len(shown) != len(text):  # raw bytes in the name are drawn as escapes, so positions do not fit
        return shown
    shown = shown.stylize("$secondary-text", 0, name_start)
    for position in match.positions:
        shown = shown.stylize("bold $accent", position, position + 1)
    if width and len(shown) > width:
        shown = Content.assemble(("…", "$faint-text"), shown[len(shown) - width + 1 :])
    return shown


class MatchList(OptionList):
    """Options without focus: the input beside it keeps the focus and moves the highlight."""

    can_focus = False

    def show(self, labels: Sequence[Content]) -> None:
        """Show these rows with the first one highlighted."""
        self.clear_options()
        self.add_options([Option(label) for label in labels])
        self.highlighted = 0 if labels else None

    def step(self, rows: int) -> None:
        """Move the highlight; it stops at both ends."""
        if self.option_count:
            self.highlighted = min(max((self.highlighted or 0) + rows, 0), self.option_count - 1)
