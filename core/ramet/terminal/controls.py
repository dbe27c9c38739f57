"""What controls and sequences do: to the screen, to the modes that keys heed, and what is answered.

Sources: xterm's ctlseqs.txt, ECMA-48, the VT510 manual. Nothing that is answered holds anything that the program chose: what
it got back would be typed into the next program that reads. So there is no report of the title, of the clipboard or of
settings, and links, pictures, colours of the palette and the clipboard are ignored. docs/terminal.md lists what is known.
"""

from __future__ import annotations

from collections.abc import Callable

from ramet.inert import inert_line
from ramet.terminal.charsets import is_mapped, mapped
from ramet.terminal.modes import ModeSwitches
from ramet.terminal.screen import Screen

_NUMBER_LIMIT = 32_767
_TITLE_LIMIT = 256
_TITLE_STACK_LIMIT = 10
_REPLY_LIMIT = 4_096
"""Bytes of answers that are kept for a reader; a program that asks without reading gets no more."""
_CACHE_LIMIT = 4_096
_PRIMARY_ATTRIBUTES = b"\x1b[?62;22c"
"""A VT220 with colours."""
_SECONDARY_ATTRIBUTES = b"\x1b[>41;279;0c"
"""An xterm that knows SGR mouse reports, which Vim asks by this number."""

Parameters = tuple[int, ...]
Action = Callable[[Parameters], None]


class Controls:
    """The control functions of one terminal; keeps `parser.Handler`."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.modes = ModeSwitches(screen)
        self.title = ""
        self.bells = 0
        self.replies = bytearray()
        self._titles: list[str] = []
        self._is_mapped = False
        self._numbers: dict[str, Parameters] = {}
        self._controls = self._control_table()
        self._sequences = self._editing_table() | self._moving_table() | self._other_table()
        self._escapes = self._escape_table()

    # What the parser calls

    def text(self, text: str) -> None:
        """Write characters of one cell each."""
        self.screen.write(self._translated(text) if self._is_mapped else text)

    def wide_text(self, text: str) -> None:
        """Write characters of two cells each."""
        self.screen.write_wide(text)

    def character(self, char: str) -> None:
        """Write a character of any width."""
        self.screen.write_one(char)

    def control(self, char: str) -> None:
        """Do what a control character, or CR LF, says."""
        action = self._controls.get(char)
        if action is not None:
            action()

    def rendition(self, parameters: str) -> None:
        """Change the style of what is written from now on."""
        screen = self.screen
        screen.pen = screen.pen.following.get(parameters) or screen.pens.after(screen.pen, parameters)

    def sequence(self, name: str, parameters: str) -> None:
        """Do what a control sequence says; unknown ones do nothing."""
        action = self._sequences.get(name)
        if action is not None:
            action(self._numbers.get(parameters) or self._parsed(parameters))

    def ascii_set(self) -> None:
        """Make ASCII the first character set."""
        if self.screen.charsets[0] != "B":
            self._designate(0, "B")

    def escape(self, name: str) -> None:
        """Do what an escape sequence says."""
        action = self._escapes.get(name)
        if action is not None:
            action()
        elif len(name) == 2 and name[0] in "()*+":
            self._designate("()*+".index(name[0]), name[1])

    def command(self, text: str) -> None:
        """Take the window title; every other operating system command is ignored."""
        number, _, content = text.partition(";")
        if number in ("0", "2"):
            self.title = inert_line("".join(char for char in content if char >= " "))[:_TITLE_LIMIT]

    # Tables

    def _control_table(self) -> dict[str, Callable[[], None]]:
        screen = self.screen
        return {
            "\r\n": self._new_line,
            "\n": self._line_feed,
            "\v": self._line_feed,
            "\f": self._line_feed,
            "\r": lambda: screen.to_column(0),
            "\b": lambda: screen.to_column(screen.column - 1),
            "\t": lambda: screen.tab(1),
            "\a": self._ring,
            "\x0e": lambda: self._activate(1),
            "\x0f": lambda: self._activate(0),
        }

    def _moving_table(self) -> dict[str, Action]:
        screen = self.screen
        position: Action = lambda p: screen.move_to((p[0] or 1) - 1, (p[1] or 1) - 1 if len(p) > 1 else 0)  # noqa: E731
        column: Action = lambda p: screen.to_column(_count(p) - 1)  # noqa: E731
        right: Action = lambda p: screen.to_column(screen.column + _count(p))  # noqa: E731
        down: Action = lambda p: screen.down(_count(p))  # noqa: E731
        return {
            "A": lambda p: screen.up(_count(p)),
            "B": down,
            "e": down,
            "C": right,
            "a": right,
            "D": lambda p: screen.to_column(screen.column - _count(p)),
            "E": lambda p: self._to_line(_count(p)),
            "F": lambda p: self._to_line(-_count(p)),
            "G": column,
            "`": column,
            "H": position,
            "f": position,
            "I": lambda p: screen.tab(_count(p)),
            "Z": lambda p: screen.back_tab(_count(p)),
            "d": lambda p: self._to_row(_count(p) - 1),
            "r": lambda p: screen.set_margins(_count(p) - 1, (p[1] if len(p) > 1 and p[1] else screen.rows) - 1),
            "s": lambda _: screen.save_cursor(),
            "u": lambda _: self._restore_cursor(),
        }

    def _editing_table(self) -> dict[str, Action]:
        screen = self.screen
        erase_in_display: Action = lambda p: screen.erase_in_display(p[0])  # noqa: E731
        erase_in_line: Action = lambda p: screen.erase_in_line(p[0])  # noqa: E731
        return {
            "@": lambda p: screen.insert_cells(_count(p)),
            "J": erase_in_display,
            "?J": erase_in_display,
            "K": erase_in_line,
            "?K": erase_in_line,
            "L": lambda p: screen.insert_lines(_count(p)),
            "M": lambda p: screen.delete_lines(_count(p)),
            "P": lambda p: screen.delete_cells(_count(p)),
            "S": lambda p: screen.scroll_up(_count(p)),
            "T": lambda p: screen.scroll_down(_count(p)) if len(p) == 1 else None,
            "X": lambda p: screen.erase_cells(_count(p)),
            "b": lambda p: screen.repeat(_count(p)),
        }

    def _other_table(self) -> dict[str, Action]:
        modes = self.modes
        return {
            "g": self._clear_tabs,
            "h": lambda p: modes.set_ansi(p, True),
            "l": lambda p: modes.set_ansi(p, False),
            "?h": lambda p: modes.set_private(p, True),
            "?l": lambda p: modes.set_private(p, False),
            "$p": lambda p: self._reply(modes.ansi_report(p[0])),
            "?$p": lambda p: self._reply(modes.private_report(p[0])),
            "!p": lambda _: self._soft_reset(),
            " q": lambda p: modes.set_cursor_shape(p[0]),
            "c": lambda p: self._reply(_PRIMARY_ATTRIBUTES) if p[0] == 0 else None,
            ">c": lambda p: self._reply(_SECONDARY_ATTRIBUTES) if p[0] == 0 else None,
            "n": self._report_status,
            "?n": lambda p: self._reply(self._position(b"?")) if p[0] == 6 else None,
            "t": self._stack_title,
        }

    def _escape_table(self) -> dict[str, Callable[[], None]]:
        screen = self.screen
        return {
            "7": screen.save_cursor,
            "8": self._restore_cursor,
            "D": screen.line_feed,
            "E": self._new_line,
            "H": lambda: screen.tabs.set(screen.column),
            "M": screen.reverse_line_feed,
            "c": self.reset,
            "n": lambda: self._activate(2),
            "o": lambda: self._activate(3),
            "=": lambda: self.modes.set_keypad(True),
            ">": lambda: self.modes.set_keypad(False),
            "#8": screen.align,
            "(B": self.ascii_set,
            "(0": lambda: self._designate(0, "0"),
        }

    # Controls

    def _new_line(self) -> None:
        self.screen.column = 0
        self.screen.line_feed()

    def _line_feed(self) -> None:
        if self.screen.starts_lines:
            self.screen.column = 0
        self.screen.line_feed()

    def _ring(self) -> None:
        self.bells += 1

    def _to_line(self, distance: int) -> None:
        if distance > 0:
            self.screen.down(distance)
        else:
            self.screen.up(-distance)
        self.screen.to_column(0)

    def _to_row(self, row: int) -> None:
        self.screen.move_to(row, self.screen.column)

    def _clear_tabs(self, parameters: Parameters) -> None:
        if parameters[0] == 0:
            self.screen.tabs.clear(self.screen.column)
        elif parameters[0] == 3:
            self.screen.tabs.clear_all()

    # Character sets

    def _designate(self, slot: int, charset: str) -> None:
        charsets = self.screen.charsets
        if charsets[slot] != charset:
            self.screen.charsets = (*charsets[:slot], charset, *charsets[slot + 1 :])
            self._notice_charset()

    def _activate(self, slot: int) -> None:
        self.screen.active_charset = slot
        self._notice_charset()

    def _notice_charset(self) -> None:
        self._is_mapped = is_mapped(self.screen.charsets[self.screen.active_charset])

    def _translated(self, text: str) -> str:
        return mapped(text, self.screen.charsets[self.screen.active_charset])

    @property
    def is_mapped(self) -> bool:
        """Whether a character set other than Unicode is active."""
        return self._is_mapped

    # States

    def _restore_cursor(self) -> None:
        self.screen.restore_cursor()
        self._notice_charset()

    def reset(self) -> None:
        """Begin anew, as after `ESC c`; the scrollback stays."""
        screen = self.screen
        screen.show_alternate(False, clears=False)
        screen.reset()
        screen.erase_in_display(2)
        screen.clear_other()
        self.modes.reset()
        self.title = ""
        self._titles.clear()
        self._notice_charset()

    def _soft_reset(self) -> None:
        self.screen.soft_reset()
        self.modes.soft_reset()
        self._notice_charset()

    def _stack_title(self, parameters: Parameters) -> None:
        """Keep the title (22) or bring back the one kept last (23); every other window operation is ignored."""
        if len(parameters) > 1 and parameters[1] == 1:
            return  # only the name of the icon
        if parameters[0] == 22:
            self._titles = [*self._titles, self.title][-_TITLE_STACK_LIMIT:]
        elif parameters[0] == 23 and self._titles:
            self.title = self._titles.pop()

    # Answers

    def _reply(self, answer: bytes) -> None:
        if len(self.replies) + len(answer) <= _REPLY_LIMIT:
            self.replies += answer

    def _report_status(self, parameters: Parameters) -> None:
        if parameters[0] == 5:
            self._reply(b"\x1b[0n")
        elif parameters[0] == 6:
            self._reply(self._position(b""))

    def _position(self, prefix: bytes) -> bytes:
        screen = self.screen
        row = screen.row - (screen.top if screen.is_origin else 0)
        return b"\x1b[%s%d;%dR" % (prefix, row + 1, screen.column + 1)

    def _parsed(self, parameters: str) -> Parameters:
        """Return parameters as numbers: 0 for what is left out, and only what precedes a colon."""
        if len(self._numbers) >= _CACHE_LIMIT:
            self._numbers.clear()
        parts = (part.partition(":")[0][:6] for part in parameters.split(";"))
        numbers = tuple(min(int(part), _NUMBER_LIMIT) if part else 0 for part in parts)
        self._numbers[parameters] = numbers
        return numbers


def _count(parameters: Parameters, index: int = 0) -> int:
    """Return a parameter that is 1 when it is left out or 0."""
    return (parameters[index] if len(parameters) > index else 0) or 1
