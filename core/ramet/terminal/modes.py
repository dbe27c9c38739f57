"""Modes: what a program switches on and off, and asks about.

Sources: xterm's ctlseqs.txt (DECSET, DECRST, DECRQM) and https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036
for synchronized output.
"""

from __future__ import annotations

from collections.abc import Callable

from ramet.terminal.protocol import CursorShape, Modes, MouseTracking
from ramet.terminal.screen import Screen

_FLAGS = {
    1: "application_cursor",
    66: "application_keypad",
    1004: "focus_events",
    1006: "mouse_sgr",
    1007: "alternate_scroll",
    2004: "bracketed_paste",
    2026: "synchronized",
}
"""Private modes that only change what keys, mouse and paste send, or when the screen is drawn."""
_MOUSE: dict[int, MouseTracking] = {9: "press", 1000: "click", 1002: "drag", 1003: "motion"}
_SHAPES: tuple[CursorShape, ...] = ("block", "underline", "bar")
_SET, _RESET = 1, 2


class ModeSwitches:
    """The modes of one terminal."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.reset()

    def reset(self) -> None:
        """Set every mode as it was at the start."""
        self.modes = Modes(alternate_scroll=True)
        self.cursor_is_visible = True
        self.cursor_shape: CursorShape = "block"
        self.cursor_blinks = False

    def soft_reset(self) -> None:
        """Set those modes back that keep a shell from working."""
        self.modes = self.modes._replace(application_cursor=False, application_keypad=False, synchronized=False)
        self.cursor_is_visible = True

    def set_keypad(self, is_application: bool) -> None:
        """Choose what the keypad sends."""
        self.modes = self.modes._replace(application_keypad=is_application)

    def set_cursor_shape(self, number: int) -> None:
        """Set the shape (DECSCUSR): 1 and 2 a block, 3 and 4 a line below, 5 and 6 a bar; odd ones blink. 0 is the usual."""
        if number <= 6:
            self.cursor_shape = _SHAPES[(max(number, 1) - 1) // 2]
            self.cursor_blinks = number % 2 == 1

    def set_ansi(self, numbers: tuple[int, ...], is_set: bool) -> None:
        """Set or reset modes of ECMA-48: 4 is insert, 20 is new line."""
        if 4 in numbers:
            self._screen.is_inserting = is_set
        if 20 in numbers:
            self._screen.starts_lines = is_set

    def set_private(self, numbers: tuple[int, ...], is_set: bool) -> None:
        """Set or reset modes of DEC and xterm; unknown ones are ignored."""
        for number in numbers:
            if number in _FLAGS:
                self.modes = self.modes._replace(**{_FLAGS[number]: is_set})  # type: ignore[arg-type]
            elif number in _MOUSE:
                self.modes = self.modes._replace(mouse=_MOUSE[number] if is_set else "")
            else:
                self._set_on_screen(number, is_set)

    def _set_on_screen(self, number: int, is_set: bool) -> None:
        screen = self._screen
        if number == 6:
            screen.is_origin = is_set
            screen.move_to(0, 0)
        elif number == 7:
            screen.wraps = is_set
            screen.is_wrapping = screen.is_wrapping and is_set
        elif number == 12:
            self.cursor_blinks = is_set
        elif number == 25:
            self.cursor_is_visible = is_set
        elif number in (47, 1047, 1049):
            self._show_alternate(number, is_set)
        elif number == 1048:
            if is_set:
                screen.save_cursor()
            else:
                screen.restore_cursor()

    def _show_alternate(self, number: int, is_set: bool) -> None:
        """Switch buffers: 47 only does that, 1047 clears the alternate one at its end, 1049 at its start and keeps the cursor."""
        screen = self._screen
        if number == 1049 and is_set:
            screen.save_cursor()
        screen.show_alternate(is_set, clears=number == (1049 if is_set else 1047))
        if number == 1049 and not is_set:
            screen.restore_cursor()
        self.modes = self.modes._replace(alternate_screen=screen.is_alternate)

    # Reports

    def ansi_report(self, number: int) -> bytes:
        """Return what is answered to a question about a mode of ECMA-48; nothing for unknown ones."""
        states = {4: self._screen.is_inserting, 20: self._screen.starts_lines}
        return b"\x1b[%d;%d$y" % (number, _SET if states[number] else _RESET) if number in states else b""

    def private_report(self, number: int) -> bytes:
        """Return what is answered to a question about a mode of DEC or xterm; nothing for unknown ones."""
        state = self._private_state(number)
        return b"" if state is None else b"\x1b[?%d;%d$y" % (number, _SET if state else _RESET)

    def _private_state(self, number: int) -> bool | None:
        if number in _FLAGS:
            return bool(getattr(self.modes, _FLAGS[number]))
        if number in _MOUSE:
            return self.modes.mouse == _MOUSE[number]
        screen = self._screen
        states: dict[int, Callable[[], bool]] = {
            6: lambda: screen.is_origin,
            7: lambda: screen.wraps,
            12: lambda: self.cursor_blinks,
            25: lambda: self.cursor_is_visible,
            47: lambda: screen.is_alternate,
            1047: lambda: screen.is_alternate,
            1049: lambda: screen.is_alternate,
        }
        return states[number]() if number in states else None
