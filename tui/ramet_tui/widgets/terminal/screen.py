"""The widget that shows one shell: it draws what changed, at most so many times a second, and passes keys and mouse on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip
from textual.widget import Widget

from ramet.terminal import keys
from ramet.terminal.protocol import Run
from ramet_tui.messages import PlaceSelected
from ramet_tui.widgets.terminal import decoration
from ramet_tui.widgets.terminal.browsing import BrowsingCursor, Motion
from ramet_tui.widgets.terminal.colors import StyleTable
from ramet_tui.widgets.terminal.drawing import Note, Overlay, row_strip
from ramet_tui.widgets.terminal.links import Link, LinkFinder
from ramet_tui.widgets.terminal.selection import Cell, SelectedCells, line_at, row_text, selected_text, word_at
from ramet_tui.widgets.terminal.session import Session
from ramet_tui.widgets.terminal.viewport import Viewport, VisibleRows

FRAME_SECONDS = 1 / 30
LONGEST_PICTURE = 0.15
"""Seconds that a program may keep its picture unfinished (mode 2026) before it is drawn as it is."""
RESIZE_SECONDS = 0.08
"""Sizes that follow each other faster than this, as while a border is dragged, are taken together."""
GUTTER = 2
NARROW = 24
"""A screen of fewer columns has no gutter."""
WHEEL_LINES = 3


class DrawnLine(NamedTuple):
    """All that decides how a line looks: what compares equal need not be drawn again."""

    runs: Sequence[Run]
    gutter: tuple[str, RichStyle] | None
    note: Note | None
    overlays: tuple[Overlay, ...]


class TerminalScreen(Widget, can_focus=True):
    """One shell. Typing, all keys but a few go to the program; browsing, they move a cursor through what it printed."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"terminal-screen--{name}" for name in decoration.PARTS}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+right_square_bracket",
            "step",
            "look around",
            id="terminal.step",
            priority=True,
            tooltip="Leave the program and look around in its output; pressed again it goes to the program",
        ),
        Binding(
            "shift+pageup",
            "scroll_pages(-1)",
            "Page up",
            show=False,
            id="terminal.page_up",
            priority=True,
            tooltip="Scroll back",
        ),
        Binding(
            "shift+pagedown",
            "scroll_pages(1)",
            "Page down",
            show=False,
            id="terminal.page_down",
            priority=True,
            tooltip="Scroll forward",
        ),
        Binding(
            "ctrl+c", "copy_marked", "copy", id="terminal.copy_marked", priority=True, tooltip="Copy the text selected by mouse"
        ),
        Binding(
            "ctrl+e",
            "explain_offered",
            "explain",
            id="terminal.explain_offered",
            priority=True,
            tooltip="Right after a command failed: ask why",
        ),
        Binding("escape,q,i", "type", "back to the shell", id="terminal.type", tooltip="Type into the program again"),
        Binding("up,k", "move('up')", "Up", show=False, id="terminal.up", tooltip="Cursor up"),
        Binding("down,j", "move('down')", "Down", show=False, id="terminal.down", tooltip="Cursor down"),
        Binding("left,h", "move('left')", "Left", show=False, id="terminal.left", tooltip="Cursor left"),
        Binding("right,l", "move('right')", "Right", show=False, id="terminal.right", tooltip="Cursor right"),
        Binding("pageup,b", "move('page_up')", "Page up", show=False, id="terminal.browse_up", tooltip="A page up"),
        Binding("pagedown,space", "move('page_down')", "Page down", show=False, id="terminal.browse_down", tooltip="A page down"),
        Binding("home,0", "move('start')", "Start", show=False, id="terminal.start", tooltip="Start of the line"),
        Binding("end,dollar_sign", "move('end')", "End", show=False, id="terminal.end", tooltip="End of the line"),
        Binding("g", "move('top')", "Top", show=False, id="terminal.top", tooltip="The oldest line"),
        Binding("G", "move('bottom')", "Bottom", show=False, id="terminal.bottom", tooltip="The newest line"),
    ]

    is_browsing: var[bool] = var(False)

    @dataclass
    class Changed(Message):
        """Posted when the mode, the state of the shell or the scrolling is another one; the pane shows it in its border."""

        screen: TerminalScreen

        @property
        def control(self) -> TerminalScreen:
            """The screen."""
            return self.screen

        def can_replace(self, message: Message) -> bool:
            """Only the newest counts."""
            return isinstance(message, TerminalScreen.Changed) and message.screen is self.screen

    @dataclass
    class ExplainWanted(Message):
        """Posted when the user accepted the offer to explain the command that has just failed."""

        screen: TerminalScreen

        @property
        def control(self) -> TerminalScreen:
            """The screen."""
            return self.screen

    def __init__(self, session: Session, links: LinkFinder) -> None:
        super().__init__()
        self.session = session
        self.links = links
        self.viewport = Viewport()
        self.cursor = BrowsingCursor((0, 0))
        self.selection: SelectedCells | None = None
        """What the mouse has selected."""
        self.matches: list[SelectedCells] = []
        self.current_match: SelectedCells | None = None
        self.current_link: Link | None = None
        """The link that Enter opens."""
        self._hovered: Link | None = None
        self._pressed: Cell | None = None
        self._held_button = keys.NO_BUTTON
        self._table: StyleTable | None = None
        self._parts: dict[str, RichStyle] = {}
        self._rows: list[int] = []
        self._lines: list[DrawnLine] = []
        self._strips: dict[int, Strip] = {}
        self._frame_timer: asyncio.TimerHandle | None = None
        self._resize_timer: asyncio.TimerHandle | None = None
        self._last_frame = 0.0
        self._unfinished_since = 0.0
        self._is_hanging = False
        self._is_alternate = False
        self._is_fresh = False
        """Whether the focus has come and nothing was done since."""

    # The size and the life of the shell

    @property
    def gutter_width(self) -> int:
        """Cells left of the program's screen, for the marks of commands."""
        return GUTTER if self.size.width >= NARROW else 0

    @property
    def wanted_size(self) -> tuple[int, int]:
        """Columns and rows of the program's screen."""
        return max(self.size.width - self.gutter_width, 1), max(self.size.height, 1)

    def on_mount(self) -> None:
        """Follow the session."""
        self.session.on_output = self.output_arrived

    def on_unmount(self) -> None:
        """Stop the timers."""
        for timer in (self._frame_timer, self._resize_timer):
            if timer is not None:
                timer.cancel()

    def on_resize(self) -> None:
        """Give the program the new size, soon."""
        if not self.size:
            return
        if self._resize_timer is None:
            self._fit()
            self._resize_timer = asyncio.get_running_loop().call_later(RESIZE_SECONDS, self._resized)

    def _resized(self) -> None:
        self._resize_timer = None
        if self.is_attached:
            self._fit()

    def _fit(self) -> None:
        emulator = self.session.emulator
        if self.size and self.wanted_size != (emulator.columns, emulator.rows):
            columns, row = emulator.columns, emulator.cursor.row
            self.session.resize(*self.wanted_size)
            if emulator.columns == columns:
                self._shift_places(emulator.cursor.row - row)
            else:
                self.forget_places()
        self._lines = []
        self.request_frame()

    def _shift_places(self, rows: int) -> None:
        """Follow the text, whose rows are counted anew while no line is wrapped anew."""
        current = self.matches.index(self.current_match) if self.current_match in self.matches else None
        self.matches = [match.shifted(rows) for match in self.matches]
        self.current_match = None if current is None else self.matches[current]
        self.selection = self.selection and self.selection.shifted(rows)
        self.current_link = self._hovered = None
        self.cursor.shift(rows)
        if self.viewport.top is not None:
            self.viewport.top += rows

    def forget_places(self) -> None:
        """Drop what names rows: they are counted anew."""
        self.selection = self.current_match = self.current_link = self._hovered = None
        self.matches = []
        self.viewport.top = None
        self.cursor = BrowsingCursor((self.session.emulator.cursor.row, 0))

    def on_show(self) -> None:
        """Catch up."""
        self.request_frame()

    # Frames

    def output_arrived(self) -> None:
        """Draw what the program printed; while it is in the middle of a picture, not yet."""
        if self.session.emulator.modes.synchronized:
            now = time.perf_counter()
            if not self._is_hanging:
                self._is_hanging, self._unfinished_since = True, now
            if now - self._unfinished_since < LONGEST_PICTURE:
                self._schedule(LONGEST_PICTURE)
                return
        elif self._is_hanging and self._frame_timer is not None:
            self._frame_timer.cancel()
            self._frame_timer = None
        self._is_hanging = False
        self.request_frame()

    def request_frame(self) -> None:
        """Draw now, or as soon as the last frame is old enough."""
        if self._frame_timer is None:
            left = self._last_frame + FRAME_SECONDS - time.perf_counter()
            if left <= 0:
                self._frame()
            else:
                self._schedule(left)

    @property
    def is_frame_due(self) -> bool:
        """Whether something will be drawn soon."""
        return self._frame_timer is not None

    def _schedule(self, seconds: float) -> None:
        if self._frame_timer is None:
            self._frame_timer = asyncio.get_running_loop().call_later(seconds, self._frame)

    def _frame(self) -> None:
        """Find the lines that look different and have them drawn."""
        self._frame_timer = None
        self._last_frame = time.perf_counter()
        is_alternate = self.session.emulator.modes.alternate_screen
        if is_alternate != self._is_alternate:
            self._is_alternate = is_alternate
            self.forget_places()
        if not self.is_attached or not self.size:
            return
        lines = self._look()
        width, former = self.size.width, self._lines
        changed = [y for y, line in enumerate(lines) if y >= len(former) or former[y] != line]
        self._lines = lines
        if len(former) != len(lines):
            self._strips.clear()
            self.refresh()
        elif changed:
            for y in changed:
                self._strips.pop(y, None)
            self.refresh(*(Region(0, y, width, 1) for y in changed))
        self._place_cursor()

    def _place_cursor(self) -> None:
        """Put the terminal's own cursor where the program's is: input methods open their window there."""
        if self.has_focus and not self.is_browsing:
            cursor = self.session.emulator.cursor
            if cursor.row in self._rows:
                left, top = self.content_region.offset
                self.app.cursor_position = Offset(left + self.gutter_width + cursor.column, top + self._rows.index(cursor.row))

    @property
    def visible_rows(self) -> VisibleRows:
        """The rows that can be scrolled to."""
        emulator = self.session.emulator
        hidden = () if emulator.modes.alternate_screen else self.session.blocks.hidden()
        return VisibleRows(emulator.first_row, emulator.screen_top + emulator.rows, hidden)

    @property
    def height(self) -> int:
        """Rows that are shown at a time."""
        return max(self.size.height, 1)

    def _look(self) -> list[DrawnLine]:
        """Return all lines as they should look now."""
        self._rows = self.viewport.rows(self.visible_rows, self.height)
        decorate = decoration.Decorator(self, self.part)
        emulator = self.session.emulator
        return [DrawnLine(emulator.runs(row), *decorate.line(row)) for row in self._rows]

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        table = self._styles()
        width, gutter = self.size.width, self.gutter_width
        if not self._lines:
            self._lines = self._look()
        if y >= len(self._lines):
            return Strip.blank(width, table.base)
        strip = self._strips.get(y)
        if strip is None or strip.cell_length != width:
            line = self._lines[y]
            strip = row_strip(line.runs, width - gutter, table, line.overlays, line.note)
            if gutter:
                mark, style = line.gutter or (" ", table.base)
                strip = Strip.join([Strip([Segment(mark, style), Segment(" ", table.base)], gutter), strip])
            self._strips[y] = strip
        return strip

    def notify_style_update(self) -> None:
        """Forget styles of the former theme."""
        super().notify_style_update()
        self._table = None
        self._parts.clear()
        self._lines = []
        self._strips.clear()

    def _styles(self) -> StyleTable:
        if self._table is None:
            self._table = StyleTable(self.app.theme_variables)
        return self._table

    def part(self, name: str) -> RichStyle:
        """Return the style of a part of the pane."""
        if name not in self._parts:
            self._parts[name] = self.get_component_rich_style(f"terminal-screen--{name}", partial=True)
        return self._parts[name]

    # Typing

    @property
    def is_typing(self) -> bool:
        """Whether keys go to the program."""
        return self.has_focus and not self.is_browsing

    def on_key(self, event: events.Key) -> None:
        """Pass a key on to the program."""
        self._is_fresh = False
        if self.is_browsing:
            return
        event.stop()
        event.prevent_default()
        if not self.session.is_running:
            if event.key == "enter" and self.session.state in ("exited", "failed"):
                self.restart()
            return
        character = event.character or ""
        if len(character) > 1:  # Textual takes it for another key
            self._typed(character.encode())
        else:
            self._typed(keys.key_bytes(event.key, event.character, self.session.emulator.modes))

    def on_paste(self, event: events.Paste) -> None:
        """Pass a paste on."""
        event.stop()
        if self.session.is_running:
            self.is_browsing = False
            self._typed(keys.paste_bytes(event.text, self.session.emulator.modes))

    def _typed(self, data: bytes) -> None:
        if not data:
            return
        had_offer = self.offers_explanation
        self.session.type(data)
        if self.selection is not None or self.viewport.top is not None or had_offer:
            self.selection = None
            self.viewport.top = None
            self.request_frame()
            self.post_message(self.Changed(self))

    def restart(self) -> None:
        """Start the shell anew."""
        self.session.state = "new"
        self.post_message(self.Changed(self))

    def on_focus(self, event: events.Focus) -> None:
        """Tell the program, if it wants to know."""
        self._is_fresh = not event.from_app_focus
        self._focus_changed(has_focus=True)

    def on_blur(self) -> None:
        """Tell the program, if it wants to know."""
        self._focus_changed(has_focus=False)

    def _focus_changed(self, *, has_focus: bool) -> None:
        self.session.report(keys.focus_bytes(has_focus, self.session.emulator.modes))
        self.request_frame()
        self.post_message(self.Changed(self))

    @property
    def offers_explanation(self) -> bool:
        """Whether the last command has failed and nothing was typed since."""
        block = self.session.blocks.last
        return block is not None and block.is_failure and not block.is_withheld and self.session.is_prompt_untouched

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that are taken from the program only while they have something to do."""
        if action == "copy_marked":
            return self.selection is not None
        if action == "explain_offered":
            return not self.is_browsing and self.offers_explanation
        if action in ("type", "move"):
            return self.is_browsing
        return True

    def action_explain_offered(self) -> None:
        """Ask why the last command failed."""
        self.post_message(self.ExplainWanted(self))

    # Browsing

    def action_step(self) -> None:
        """Leave the program; a second time, send it the key."""
        if self.is_browsing:
            self.action_type()
            if self.session.is_running:
                self._typed(b"\x1d")
        else:
            self.browse()

    def browse(self) -> None:
        """Look around in the output."""
        if not self.is_browsing:
            cursor = self.session.emulator.cursor
            row = cursor.row if cursor.row in self._rows else (self._rows[-1] if self._rows else cursor.row)
            self.cursor = BrowsingCursor((row, cursor.column if row == cursor.row else 0))
            self.is_browsing = True

    def action_type(self) -> None:
        """Let keys go to the program again; what browsing selected is dropped, and the newest output is shown."""
        self.is_browsing = False
        self.viewport.top = None
        self.selection = self.current_link = self.current_match = None
        self.matches = []
        self.request_frame()

    def watch_is_browsing(self) -> None:
        """Show it."""
        self.request_frame()
        self.refresh_bindings()
        self.post_message(self.Changed(self))

    def action_move(self, motion: Motion) -> None:
        """Move the cursor."""
        self.cursor.move(motion, self.session.emulator, self.visible_rows, self.height)
        self.current_link = None
        self.reveal(self.cursor.cell[0])

    def go_to(self, cell: Cell, *, margin: int = 0) -> None:
        """Put the browsing cursor on a cell and show it."""
        self.browse()
        self.cursor.cell = cell
        self.reveal(cell[0], margin=margin)

    def reveal(self, row: int, *, margin: int = 0) -> None:
        """Scroll to a row."""
        self.viewport.reveal(self.visible_rows, self.height, row, margin)
        self.request_frame()
        self.post_message(self.Changed(self))

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll the output without leaving the program."""
        self.scroll_lines(pages * max(self.height - 1, 1))

    def scroll_lines(self, lines: int) -> None:
        """Scroll up (negative) or down."""
        if not self.session.emulator.modes.alternate_screen:
            self.viewport.scroll(self.visible_rows, self.height, lines)
            self.request_frame()
            self.post_message(self.Changed(self))

    @property
    def selected(self) -> SelectedCells | None:
        """What is selected, by mouse or keys."""
        return self.selection or (self.cursor.selected if self.is_browsing else None)

    def selected_text(self) -> str:
        """Return the selected text, without what is folded away."""
        selected = self.selected
        if selected is None:
            return ""
        visible = self.visible_rows
        (first, _), (last, _) = selected.ordered
        rows = [visible.row(index) for index in range(visible.index(first), visible.index(last) + 1)]
        return selected_text(self.session.emulator, selected, rows)

    def action_copy_marked(self) -> None:
        """Copy what the mouse has selected."""
        self.copy(self.selected_text())
        self.selection = None
        self.cursor.anchor = None
        self.refresh_bindings()
        self.request_frame()

    def copy(self, text: str) -> None:
        """Put text into the clipboard and say so."""
        if text:
            self.app.copy_to_clipboard(text)
            lines = text.count("\n") + 1
            self.notify(f"Copied {lines:,} line{'s' if lines != 1 else ''}.", timeout=2)

    # The mouse

    def _cell(self, event: events.MouseEvent) -> Cell | None:
        """Return the cell under the mouse; None where there is none, such as the gutter."""
        y = int(event.y)
        column = int(event.x) - self.gutter_width
        if not 0 <= y < len(self._rows) or column < 0:
            return None
        return self._rows[y], min(column, self.session.emulator.columns - 1)

    def _is_for_program(self, event: events.MouseEvent) -> bool:
        """Whether the program has asked for the mouse, and the user does not keep it with Shift."""
        return bool(self.session.emulator.modes.mouse) and not event.shift and not self.is_browsing and self.session.is_running

    def _report(self, event: events.MouseEvent, action: keys.MouseAction, button: int) -> None:
        """Tell the program of the mouse, as far as it wants to know."""
        emulator = self.session.emulator
        cell = self._cell(event)
        if cell is not None and cell[0] >= emulator.screen_top:
            row = cell[0] - emulator.screen_top
            modes = emulator.modes._replace(alternate_scroll=True)  # pagers expect it, though few ask for it
            sent = keys.mouse_bytes(action, button, cell[1], row, modes, shift=event.shift, alt=event.meta, ctrl=event.ctrl)
            self.session.report(sent)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to select, or tell the program."""
        event.stop()
        if self._is_fresh and self.is_browsing:  # whoever comes back with a click expects to type
            self.action_type()
        self._is_fresh = False
        if self._is_for_program(event):
            self._held_button = event.button
            self.capture_mouse()
            self._report(event, "press", event.button)
            return
        self._pressed = self._cell(event) if event.button == 1 else None
        if self._pressed is not None:
            self.capture_mouse()
        if self.selection is not None:
            self._select(None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Extend the selection, tell the program, or show what a click would open."""
        if self._held_button:
            self._report(event, "move", self._held_button)
        elif self._pressed is not None:
            self._drag(event)
        elif self._is_for_program(event):
            self._report(event, "move", keys.NO_BUTTON)
        else:
            self._hover(self._cell(event))

    def _drag(self, event: events.MouseMove) -> None:
        assert self._pressed is not None
        if not 0 <= event.y < self.height:
            self.scroll_lines(-1 if event.y < 0 else 1)
            self._rows = self.viewport.rows(self.visible_rows, self.height)
        y = min(max(int(event.y), 0), len(self._rows) - 1)
        column = min(max(int(event.x) - self.gutter_width, 0), self.session.emulator.columns - 1)
        self._select(SelectedCells(self._pressed, (self._rows[y], column)))

    def _select(self, selection: SelectedCells | None) -> None:
        if (selection is None) != (self.selection is None):
            self.call_later(self.refresh_bindings)
            self.post_message(self.Changed(self))
        self.selection = selection
        self.request_frame()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End it."""
        event.stop()
        self.release_mouse()
        if self._held_button:
            self._report(event, "release", self._held_button)
            self._held_button = keys.NO_BUTTON
        self._pressed = None

    def on_click(self, event: events.Click) -> None:
        """Open a link, fold at the gutter, and select words and lines."""
        event.stop()
        if self._is_for_program(event) and not event.ctrl:
            return
        cell = self._cell(event)
        y = int(event.y)
        if cell is None:
            if 0 <= y < len(self._rows):
                self.fold_at(self._rows[y])
        elif event.chain == 1:
            link = None if self.selection else self._link_at(cell)
            if link is not None:
                self.post_message(PlaceSelected(link.path, link.line))
            elif self.is_browsing:
                self.cursor.cell = cell
                self.request_frame()
        else:
            emulator = self.session.emulator
            self._select(word_at(emulator, cell) if event.chain == 2 else line_at(emulator, cell[0]))

    def fold_at(self, row: int) -> None:
        """Fold or unfold the block of a row."""
        place = self.session.blocks.at(row)
        if place is not None and place.end > place.output and place.block.state != "running":
            place.block.is_folded = not place.block.is_folded
            self.session.blocks.changed()
            if place.block.is_folded and self.is_browsing and self.cursor.cell[0] >= place.output:
                self.cursor.cell = (place.command, 0)
            self.request_frame()

    def run(self, command: str) -> None:
        """Type a command line and run it."""
        modes = self.session.emulator.modes
        self._typed(keys.paste_bytes(command, modes) + b"\r")

    def next_link(self, step: int) -> Link | None:
        """Put the browsing cursor on the next link below (`step` 1) or above (-1); None when there is none."""
        visible, emulator = self.visible_rows, self.session.emulator
        index = visible.index(self.cursor.cell[0])
        while 0 <= index < len(visible):
            row = visible.row(index)
            links = self.links.links(emulator, row, self.folder_at(row)) if "." in row_text(emulator, row) else []
            ahead = [link for link in links if (link.start > self.cursor.cell if step > 0 else link.start < self.cursor.cell)]
            ahead = [link for link in ahead if link.start[0] == row]
            if ahead:
                link = ahead[0] if step > 0 else ahead[-1]
                self.go_to(link.start, margin=2)
                self.current_link = link
                return link
            index += step
        return None

    @property
    def link_at_cursor(self) -> Link | None:
        """The link that the browsing cursor is on."""
        return self.current_link or self._link_at(self.cursor.cell)

    def _link_at(self, cell: Cell) -> Link | None:
        return self.links.link_at(self.session.emulator, cell, self.folder_at(cell[0]))

    def folder_at(self, row: int) -> str:
        """Return where the command of a row was run."""
        place = self.session.blocks.at(row)
        return place.block.folder if place is not None else self.session.current_folder

    def _hover(self, cell: Cell | None) -> None:
        link = None if cell is None else self._link_at(cell)
        if link != self._hovered:
            self._hovered = link
            self.styles.pointer = "pointer" if link is not None else "text"
            self.request_frame()

    def on_leave(self) -> None:
        """The mouse is elsewhere."""
        self._hover(None)

    @property
    def hovered(self) -> Link | None:
        """The link under the mouse."""
        return self._hovered

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll back."""
        self._wheel(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll forward."""
        self._wheel(event, 1)

    def _wheel(self, event: events.MouseEvent, direction: int) -> None:
        """Tell the program, send it arrow keys where it has the whole screen, else scroll."""
        event.stop()
        is_whole_screen = self.session.emulator.modes.alternate_screen and not self.is_browsing
        if self._is_for_program(event) or is_whole_screen:
            self._report(event, "press", keys.WHEEL_UP if direction < 0 else keys.WHEEL_DOWN)
        else:
            self.scroll_lines(direction * WHEEL_LINES)
