"""The widget of one shell: typing, keys and mouse go to the program; browsing, they go through what it printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from ramet.terminal import keys
from ramet_tui.widgets.terminal.bindings import SCREEN_BINDINGS
from ramet_tui.widgets.terminal.browsing import BrowsingCursor, Motion
from ramet_tui.widgets.terminal.canvas import Canvas
from ramet_tui.widgets.terminal.links import Link, LinkFinder
from ramet_tui.widgets.terminal.mouse import Mouse
from ramet_tui.widgets.terminal.selection import Cell, SelectedCells, selected_text
from ramet_tui.widgets.terminal.session import Session


class TerminalScreen(Canvas, can_focus=True):
    """One shell."""

    BINDINGS: ClassVar[list[BindingType]] = SCREEN_BINDINGS

    DEFAULT_CSS = """
    TerminalScreen {
        height: 1fr;
        background: $background;
        pointer: text;

        & > .terminal-screen--ok { color: $status-passed; background: $background; }
        & > .terminal-screen--failed { color: $status-failed; background: $background; }
        & > .terminal-screen--running { color: $status-running; background: $background; }
        & > .terminal-screen--faint { color: $secondary-text; background: $background; }
        & > .terminal-screen--note { color: $faint-text; background: $background; }
        & > .terminal-screen--block { color: $accent; background: $background; }
        & > .terminal-screen--selection { background: $input-selection-background; }
        & > .terminal-screen--match { background: $code-match; }
        & > .terminal-screen--match-current { background: $code-match-current; color: $background; }
        & > .terminal-screen--link { text-style: underline; }
        & > .terminal-screen--link-current { text-style: underline; background: $code-mark; }
        & > .terminal-screen--cursor { background: $foreground; color: $background; }
        & > .terminal-screen--cursor-blurred { background: $line; }
        & > .terminal-screen--browsing-cursor { background: $accent; color: $background; }
    }
    """

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
        super().__init__(session)
        self.links = links
        self._mouse = Mouse(self)
        self._is_fresh = False
        """Whether the focus has come and nothing was done since."""

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
        if self.places.selection is not None or self.places.viewport.top is not None or had_offer:
            self.places.selection = None
            self.places.viewport.top = None
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
            return self.places.selection is not None
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
            row = cursor.row if cursor.row in self.shown_rows else (self.shown_rows[-1] if self.shown_rows else cursor.row)
            self.places.cursor = BrowsingCursor((row, cursor.column if row == cursor.row else 0))
            self.is_browsing = True

    def action_type(self) -> None:
        """Let keys go to the program again; what browsing selected is dropped, and the newest output is shown."""
        self.is_browsing = False
        self.places.drop_marks()
        self.request_frame()

    def watch_is_browsing(self) -> None:
        """Show it."""
        self.request_frame()
        self.refresh_bindings()
        self.post_message(self.Changed(self))

    def action_move(self, motion: Motion) -> None:
        """Move the cursor."""
        self.places.cursor.move(motion, self.session.emulator, self.visible_rows, self.height)
        self.places.link = None
        self.reveal(self.places.cursor.cell[0])

    def go_to(self, cell: Cell, *, margin: int = 0) -> None:
        """Put the browsing cursor on a cell and show it."""
        self.browse()
        self.places.cursor.cell = cell
        self.reveal(cell[0], margin=margin)

    def reveal(self, row: int, *, margin: int = 0) -> None:
        """Scroll to a row."""
        self.places.viewport.reveal(self.visible_rows, self.height, row, margin)
        self.request_frame()
        self.post_message(self.Changed(self))

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll the output without leaving the program."""
        self.scroll_lines(pages * max(self.height - 1, 1))

    def scroll_lines(self, lines: int) -> None:
        """Scroll up (negative) or down."""
        if not self.session.emulator.modes.alternate_screen:
            self.places.viewport.scroll(self.visible_rows, self.height, lines)
            self.request_frame()
            self.post_message(self.Changed(self))

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
        self.places.selection = None
        self.places.cursor.anchor = None
        self.refresh_bindings()
        self.request_frame()

    def copy(self, text: str) -> None:
        """Put text into the clipboard and say so."""
        if text:
            self.app.copy_to_clipboard(text)
            lines = text.count("\n") + 1
            self.notify(f"Copied {lines:,} line{'s' if lines != 1 else ''}.", timeout=2)

    def fold_at(self, row: int) -> None:
        """Fold or unfold the block of a row."""
        place = self.session.blocks.at(row)
        if place is not None and place.end > place.output and place.block.state != "running":
            place.block.is_folded = not place.block.is_folded
            self.session.blocks.changed()
            if place.block.is_folded and self.is_browsing and self.places.cursor.cell[0] >= place.output:
                self.places.cursor.cell = (place.command, 0)
            self.request_frame()

    def run(self, command: str) -> None:
        """Type a command line and run it."""
        modes = self.session.emulator.modes
        self._typed(keys.paste_bytes(command, modes) + b"\r")

    def next_link(self, step: int) -> Link | None:
        """Put the browsing cursor on the next link below (`step` 1) or above (-1); None when there is none."""
        visible, emulator, here = self.visible_rows, self.session.emulator, self.places.cursor.cell
        index = visible.index(here[0])
        while 0 <= index < len(visible):
            row = visible.row(index)
            links = self.links.links(emulator, row, self.folder_at(row)) if self.links.may_have_one(emulator, row) else []
            beginning = [link for link in links if link.start[0] == row]
            ahead = [link for link in beginning if (link.start > here if step > 0 else link.start < here)]
            if ahead:
                link = ahead[0] if step > 0 else ahead[-1]
                self.go_to(link.start, margin=2)
                self.places.link = link
                return link
            index += step
        return None

    @property
    def link_at_cursor(self) -> Link | None:
        """The link that the browsing cursor is on."""
        return self.places.link or self.link_at(self.places.cursor.cell)

    def link_at(self, cell: Cell) -> Link | None:
        """Return the link at a cell."""
        return self.links.link_at(self.session.emulator, cell, self.folder_at(cell[0]))

    def folder_at(self, row: int) -> str:
        """Return where the command of a row was run."""
        place = self.session.blocks.at(row)
        return place.block.folder if place is not None else self.session.current_folder

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to select, or tell the program."""
        event.stop()
        if self._is_fresh and self.is_browsing:  # whoever comes back with a click expects to type
            self.action_type()
        self._is_fresh = False
        self._mouse.press(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Extend the selection, tell the program, or show what a click would open."""
        self._mouse.move(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End it."""
        event.stop()
        self._mouse.release(event)

    def on_click(self, event: events.Click) -> None:
        """Open a link, fold at the gutter, and select words and lines."""
        event.stop()
        self._mouse.click(event)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll back."""
        event.stop()
        self._mouse.wheel(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll forward."""
        event.stop()
        self._mouse.wheel(event, 1)

    def on_leave(self) -> None:
        """The mouse is elsewhere."""
        self.hover(None)

    def hover(self, link: Link | None) -> None:
        """Show the link under the mouse."""
        if link != self.places.hovered:
            self.places.hovered = link
            self.styles.pointer = "pointer" if link is not None else "text"
            self.request_frame()

    def select(self, selection: SelectedCells | None) -> None:
        """Select by mouse."""
        if (selection is None) != (self.places.selection is None):
            self.call_later(self.refresh_bindings)
            self.post_message(self.Changed(self))
        self.places.selection = selection
        self.request_frame()
