"""Draws a comparison: only visible rows, highlighted as in the viewer, with the words that changed marked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from ramet.branch_models import DiffLine, FileDiff
from ramet.inert import inert_line
from ramet_tui.screens.branches.cursor_rows import CursorRows
from ramet_tui.screens.branches.diff_choice import DiffChoice
from ramet_tui.screens.branches.diff_rows import DiffRow, layout, side_texts
from ramet_tui.screens.branches.wording import MINUS
from ramet_tui.widgets.failures import ReportsFailures
from ramet_tui.widgets.viewer.code_view import ColouredSpan, LineColours
from ramet_tui.widgets.viewer.document import Document, display_line
from ramet_tui.widgets.viewer.painting import StyledSpan, code_strip

Spans = Mapping[int, Sequence[ColouredSpan]]
"""By the index of the line in its hunk."""
SPLIT_CELLS = 96
"""Width from which on there is room for two columns."""
_SIGNS = {"same": " ", "added": "+", "removed": MINUS}
_PARTS = "file hunk note number bar chosen cursor rule none added removed added-word removed-word added-sign removed-sign"
_NOTHING = "\u2571"
"""Fills the side where a line has no counterpart."""
_MOST_COLOURED = 2_000
"""Lines of one hunk beyond which it stays plain."""


class DiffView(ReportsFailures, CursorRows):
    """Files and hunks with a cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"diff--{name}" for name in _PARTS.split()}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "shift(-8)", "Left", show=False),
        Binding("right", "shift(8)", "Right", show=False),
    ]

    MARGIN = 3

    @dataclass
    class FileChanged(Message):
        """Posted when the cursor is in another file."""

        view: DiffView
        file: int

        @property
        def control(self) -> DiffView:
            """The view."""
            return self.view

    def __init__(
        self, colours_of: Callable[[Document], LineColours | None], choice: DiffChoice, *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._colours_of = colours_of
        self._choice = choice
        self._files: Sequence[FileDiff] = ()
        self._rows: list[DiffRow] = []
        self._folded: set[int] = set()
        self.wants_split = False
        """Whether old and new shall stand side by side where there is room."""
        self._is_split = False
        self._shift = 0
        self._digits = 3
        self._colours: dict[tuple[int, int, bool], Spans] = {}
        self._styles: dict[str, Style] = {}

    # What is shown

    def show(self, files: Sequence[FileDiff], folded: set[int]) -> None:
        """Show a comparison from its beginning."""
        self.workers.cancel_group(self, "colours")
        self._files, self._folded, self._colours, self._shift = files, folded, {}, 0
        last = max(
            (max(hunk.old_start + hunk.old_lines, hunk.new_start + hunk.new_lines) for file in files for hunk in file.hunks),
            default=0,
        )
        self._digits = max(len(str(last)), 3)
        self._rows = []
        self._lay_out()
        self.scroll_to(y=0, animate=False, immediate=True)

    @property
    def is_split(self) -> bool:
        """Whether old and new stand side by side."""
        return self._is_split

    def set_split(self, wants: bool) -> None:
        """Put old and new side by side where there is room."""
        self.wants_split = wants
        self._lay_out()

    def fold(self, file: int) -> None:
        """Fold or unfold a file."""
        self._folded ^= {file}
        self._lay_out()
        self.go_to_file(file)

    def fold_all(self) -> None:
        """Fold all files, or unfold them."""
        file = self.row.file if self.row else 0
        self._folded = set() if len(self._folded) == len(self._files) else set(range(len(self._files)))
        self._lay_out()
        self.go_to_file(file)

    def _lay_out(self) -> None:
        present = self.row
        self._is_split = self.wants_split and self.size.width >= SPLIT_CELLS
        self._rows = layout(self._files, self._folded, is_split=self._is_split)
        cursor = 0
        if present is not None:
            near = (row for row, each in enumerate(self._rows) if (each.file, each.hunk) == (present.file, present.hunk))
            cursor = next(near, self.cursor)
        self.set_count(len(self._rows), cursor)
        self._want_colours()

    @property
    def row(self) -> DiffRow | None:
        """What the cursor is on."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    # Moving

    def watch_cursor(self, old: int, new: int) -> None:
        """Follow the cursor and tell which file it is in."""
        self.reveal()
        self.refresh()
        before = self._rows[old].file if old < len(self._rows) else -1
        if self._rows and self._rows[new].file != before:
            self.post_message(self.FileChanged(self, self._rows[new].file))

    def _show_at_top(self, row: int) -> None:
        self.cursor = row
        height = self.scrollable_content_region.height
        self.scroll_to(y=max(row - max(height // 6, 1), 0), animate=False, immediate=True)

    def step(self, kind: str, direction: int) -> bool:
        """Go to the next or previous row of a kind; return whether there is one."""
        row = self.cursor + direction
        while 0 <= row < len(self._rows):
            if self._rows[row].kind == kind:
                self._show_at_top(row)
                return True
            row += direction
        return False

    def go_to_file(self, file: int) -> None:
        """Go to the head of a file."""
        for row, each in enumerate(self._rows):
            if each.kind == "file" and each.file == file:
                self._show_at_top(row)
                return

    def action_shift(self, cells: int) -> None:
        """Scroll the lines sideways."""
        self._shift = max(self._shift + cells, 0)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is."""
        row = self.row_at(event)
        if row is not None:
            self.cursor = row

    def on_resize(self) -> None:
        """Another width may have room for another layout."""
        if self.wants_split and self._is_split != (self.size.width >= SPLIT_CELLS):
            self._lay_out()
        self._want_colours()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Colour what came into view."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._want_colours()

    # Colours

    def _wanted(self) -> list[tuple[int, int, bool]]:
        top = max(self.scroll_offset.y, 0)
        visible = self._rows[top : top + max(self.size.height, 1)]
        hunks = dict.fromkeys((row.file, row.hunk) for row in visible if row.kind == "line")
        wanted = [(file, hunk, is_new) for file, hunk in hunks for is_new in (True, False)]
        return [each for each in wanted if each not in self._colours]

    def _want_colours(self) -> None:
        if self._wanted():
            self._colour()

    @work(group="colours", exclusive=True, exit_on_error=False)
    async def _colour(self) -> None:
        files = self._files
        while wanted := self._wanted():
            found = await asyncio.to_thread(self._coloured, files, wanted[0])
            if files is not self._files:
                return
            self._colours[wanted[0]] = found
            self.refresh()

    def _coloured(self, files: Sequence[FileDiff], wanted: tuple[int, int, bool]) -> Spans:
        """Highlight one side of a hunk. Blocks."""
        from ramet.index.languages import language_of

        number, place, is_new = wanted
        file = files[number]
        texts, places = side_texts(file.hunks[place], is_new=is_new)
        if not texts or len(texts) > _MOST_COLOURED:
            return {}
        text = "\n".join(texts)
        language = language_of(file.path, text.encode())
        colours = self._colours_of(Document(file.path, text, language="" if language == "text" else language))
        spans = colours.lines(0, len(texts) - 1) if colours is not None else []
        return {number: spans[place] for number, place in places.items() if place < len(spans)}

    # Drawing

    def notify_style_update(self) -> None:
        """Forget the styles of the former theme."""
        super().notify_style_update()
        self._styles = {}

    def _part(self, name: str) -> Style:
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(f"diff--{name}", partial=True)
        return self._styles[name]

    def _syntax(self, variable: str) -> Style:
        if variable not in self._styles:
            colour = self.app.theme_variables.get(variable)
            self._styles[variable] = Style(color=colour) if colour else Style()
        return self._styles[variable]

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        place = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if not 0 <= place < len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[place]
        base = self.rich_style
        if place == self.cursor and self.has_focus and row.kind != "line":
            base += self._part("cursor")
        bar = self._bar(row, base, is_cursor=place == self.cursor)
        if row.kind == "line":
            strip = self._split_line(row, base, width - 1) if self._is_split else self._line(row, row.left, base, width - 1)
        else:
            strip = self._head(row, base, width - 1)
        return Strip.join([bar, strip])

    def _bar(self, row: DiffRow, base: Style, *, is_cursor: bool) -> Strip:
        present = self.row
        is_here = present is not None and (row.file, row.hunk) == (present.file, present.hunk) and row.hunk >= 0
        sign = "▌" if is_cursor else "▏" if is_here else " "
        return Strip([Segment(sign, base + self._part("bar"))], 1)

    def _head(self, row: DiffRow, base: Style, width: int) -> Strip:
        file = self._files[row.file]
        if row.kind == "file":
            pieces = self._file_head(row, file, base)
        elif row.kind == "hunk":
            hunk = file.hunks[row.hunk]
            is_chosen = self._choice.has_hunk(file, row.hunk)
            mark = Segment(" ✓ " if is_chosen else " ○ ", base + self._part("chosen" if is_chosen else "note"))
            place = f"{hunk.new_start}" if hunk.new_lines else f"{hunk.old_start}"
            where = f"line {place}  {inert_line(hunk.section)}".rstrip()
            pieces = [mark, Segment(where, base + self._part("hunk"))]
        else:
            pieces = [Segment(f"   {inert_line(row.text)}" if row.text else "", base + self._part("note"))]
        return Strip(pieces).adjust_cell_length(width, base)

    def _file_head(self, row: DiffRow, file: FileDiff, base: Style) -> list[Segment]:
        stat = file.stat
        style = base + self._part("file")
        fold = "▸" if row.file in self._folded else "▾"
        mark, part = (
            ("✓", "chosen") if self._choice.has_file(file) else ("◐", "chosen") if self._choice.has_some(file) else ("○", "note")
        )
        return [
            Segment(f" {mark}", base + self._part(part)),
            Segment(f" {fold} {inert_line(file.path)}", style),
            Segment(f"  {file.state}", base + self._part("note")),
            Segment(f"  +{stat.added:,}" if stat.added else "", base + self._part("added-sign")),
            Segment(f"  {MINUS}{stat.removed:,}" if stat.removed else "", base + self._part("removed-sign")),
        ]

    def _split_line(self, row: DiffRow, base: Style, width: int) -> Strip:
        left = (width - 1) // 2
        rule = Strip([Segment("│", base + self._part("rule"))], 1)
        return Strip.join(
            [
                self._half(row, row.left, base, left, is_new=False),
                rule,
                self._half(row, row.right, base, width - 1 - left, is_new=True),
            ]
        )

    def _half(self, row: DiffRow, number: int, base: Style, width: int, *, is_new: bool) -> Strip:
        if number < 0:
            return Strip([Segment(_NOTHING * width, base + self._part("none"))], width)
        line = self._files[row.file].hunks[row.hunk].lines[number]
        shown = line.new if is_new else line.old
        numbers = f"{shown:>{self._digits}} "
        return self._code(row, number, line, numbers, base, width, is_new=is_new if line.kind == "same" else line.kind == "added")

    def _line(self, row: DiffRow, number: int, base: Style, width: int) -> Strip:
        line = self._files[row.file].hunks[row.hunk].lines[number]
        numbers = f"{line.old or '':>{self._digits}} {line.new or '':>{self._digits}} "
        return self._code(row, number, line, numbers, base, width, is_new=line.kind != "removed")

    def _code(self, row: DiffRow, number: int, line: DiffLine, numbers: str, base: Style, width: int, *, is_new: bool) -> Strip:
        if line.kind != "same":
            base += self._part(line.kind)
        sign = base if line.kind == "same" else base + self._part(f"{line.kind}-sign")
        gutter = Strip([Segment(numbers, base + self._part("number")), Segment(f"{_SIGNS[line.kind]} ", sign)], len(numbers) + 2)
        drawn = display_line(line.text)
        spans: list[StyledSpan] = []
        for start, end, variable in self._syntax_spans(row, number, is_new=is_new):
            spans.append((drawn.column(start), drawn.column(end), self._syntax(variable)))
        for start, end in line.changed or ():
            spans.append((drawn.column(start), drawn.column(end), self._part(f"{line.kind}-word")))
        code = code_strip(drawn.text, base, spans, self._shift, max(width - gutter.cell_length, 0), 0)
        return Strip.join([gutter, code]).adjust_cell_length(width, base)

    def _syntax_spans(self, row: DiffRow, number: int, *, is_new: bool) -> Sequence[ColouredSpan]:
        return self._colours.get((row.file, row.hunk, is_new), {}).get(number, ())
