"""The mouse on one shell: told to the program where that asked for it, else it selects, opens links, folds and scrolls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events

from ramet.terminal import keys
from ramet_tui.messages import PlaceSelected
from ramet_tui.widgets.terminal.selection import Cell, SelectedCells, line_at, word_at

if TYPE_CHECKING:
    from ramet_tui.widgets.terminal.screen import TerminalScreen

WHEEL_LINES = 3


class Mouse:
    """Owns what is held and where it was pressed."""

    def __init__(self, screen: TerminalScreen) -> None:
        self._screen = screen
        self._pressed: Cell | None = None
        """Where a selection begins."""
        self._held = keys.NO_BUTTON
        """The button whose release the program must hear of."""

    def _cell(self, event: events.MouseEvent) -> Cell | None:
        """Return the cell under the mouse; None where there is none, such as the gutter."""
        rows, y = self._screen.shown_rows, int(event.y)
        column = int(event.x) - self._screen.gutter_width
        if not 0 <= y < len(rows) or column < 0:
            return None
        return rows[y], min(column, self._screen.session.emulator.columns - 1)

    def _is_for_program(self, event: events.MouseEvent) -> bool:
        """Whether the program has asked for the mouse, and the user does not keep it with Shift."""
        session = self._screen.session
        return bool(session.emulator.modes.mouse) and not event.shift and not self._screen.is_browsing and session.is_running

    def _report(self, event: events.MouseEvent, action: keys.MouseAction, button: int) -> None:
        """Tell the program of the mouse, as far as it wants to know."""
        session = self._screen.session
        cell, top = self._cell(event), session.emulator.screen_top
        if cell is not None and cell[0] >= top:
            modes = session.emulator.modes._replace(alternate_scroll=True)  # pagers expect it, though few ask for it
            column, row = cell[1], cell[0] - top
            session.report(
                keys.mouse_bytes(action, button, column, row, modes, shift=event.shift, alt=event.meta, ctrl=event.ctrl)
            )

    def press(self, event: events.MouseDown) -> None:
        """Begin to select, or tell the program."""
        if self._is_for_program(event):
            self._held = event.button
            self._screen.capture_mouse()
            self._report(event, "press", event.button)
            return
        self._pressed = self._cell(event) if event.button == 1 else None
        if self._pressed is not None:
            self._screen.capture_mouse()
        if self._screen.places.selection is not None:
            self._screen.select(None)

    def move(self, event: events.MouseMove) -> None:
        """Extend the selection, tell the program, or show what a click would open."""
        if self._held:
            self._report(event, "move", self._held)
        elif self._pressed is not None:
            self._drag(event, self._pressed)
        elif self._is_for_program(event):
            self._report(event, "move", keys.NO_BUTTON)
        else:
            cell = self._cell(event)
            self._screen.hover(None if cell is None else self._screen.link_at(cell))

    def _drag(self, event: events.MouseMove, pressed: Cell) -> None:
        screen = self._screen
        if not 0 <= event.y < screen.height:
            screen.scroll_lines(-1 if event.y < 0 else 1)
        rows = screen.places.viewport.rows(screen.visible_rows, screen.height)
        y = min(max(int(event.y), 0), len(rows) - 1)
        column = min(max(int(event.x) - screen.gutter_width, 0), screen.session.emulator.columns - 1)
        screen.select(SelectedCells(pressed, (rows[y], column)))

    def release(self, event: events.MouseUp) -> None:
        """End it."""
        self._screen.release_mouse()
        if self._held:
            self._report(event, "release", self._held)
        self._held, self._pressed = keys.NO_BUTTON, None

    def click(self, event: events.Click) -> None:
        """Open a link, fold at the gutter, and select words and lines."""
        if self._is_for_program(event) and not event.ctrl:
            return
        screen, cell, y = self._screen, self._cell(event), int(event.y)
        if cell is None:
            if 0 <= y < len(screen.shown_rows):
                screen.fold_at(screen.shown_rows[y])
        elif event.chain > 1:
            emulator = screen.session.emulator
            screen.select(word_at(emulator, cell) if event.chain == 2 else line_at(emulator, cell[0]))
        elif screen.places.selection is None:
            link = screen.link_at(cell)
            if link is not None:
                screen.post_message(PlaceSelected(link.path, link.line))
            elif screen.is_browsing:
                screen.go_to(cell)

    def wheel(self, event: events.MouseEvent, direction: int) -> None:
        """Tell the program, send it arrow keys where it has the whole screen, else scroll up (-1) or down."""
        screen = self._screen
        is_whole_screen = screen.session.emulator.modes.alternate_screen and not screen.is_browsing
        if self._is_for_program(event) or is_whole_screen:
            self._report(event, "press", keys.WHEEL_UP if direction < 0 else keys.WHEEL_DOWN)
        else:
            screen.scroll_lines(direction * WHEEL_LINES)
