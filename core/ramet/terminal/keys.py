"""What a terminal sends for keys, the mouse, pasted text and the focus.

Keys are named as Textual names them: `a`, `left_square_bracket`, `ctrl+left`, `alt+shift+f5`. Source: xterm's ctlseqs.txt
("PC-Style Function Keys", "Mouse Tracking", "Bracketed Paste Mode").
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from ramet.terminal.protocol import Modes

MouseAction = Literal["press", "release", "move"]

LEFT, MIDDLE, RIGHT, WHEEL_UP, WHEEL_DOWN, WHEEL_LEFT, WHEEL_RIGHT = range(1, 8)
NO_BUTTON = 0

_CURSOR_KEYS = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
_NUMBERED_KEYS = {"insert": 2, "delete": 3, "pageup": 5, "pagedown": 6}
_NUMBERED_KEYS |= {f"f{5 + index}": number for index, number in enumerate((15, 17, 18, 19, 20, 21, 23, 24))}
_FIRST_FUNCTION_KEYS = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_PLAIN_KEYS = {"enter": "\r", "return": "\r", "tab": "\t", "backspace": "\x7f", "escape": "\x1b", "space": " "}
_RENAMED = {
    "at": "@",
    "backslash": "\\",
    "minus": "-",
    "plus": "+",
    "slash": "/",
    "underscore": "_",
}
"""Characters that have a shorter name than Unicode's."""
_CONTROL_CHARACTERS = {
    "2": "\0",
    "3": "\x1b",
    "4": "\x1c",
    "5": "\x1d",
    "6": "\x1e",
    "7": "\x1f",
    "8": "\x7f",
    "/": "\x1f",
    "?": "\x7f",
    " ": "\0",
}
_MODIFIERS = {"shift": 1, "alt": 2, "ctrl": 4, "super": 8, "meta": 8, "hyper": 16}
_SHIFT, _ALT, _CTRL = 1, 2, 4

_WHEEL_LINES = 3
"""How many arrow keys a turn of the wheel is for programs that do not know the mouse."""
_BUTTON_CODES = {NO_BUTTON: 3, LEFT: 0, MIDDLE: 1, RIGHT: 2, WHEEL_UP: 64, WHEEL_DOWN: 65, WHEEL_LEFT: 66, WHEEL_RIGHT: 67}
_MOVING = 32
_RELEASED = 3
_LARGEST_BYTE = 223

_PASTE_MARKS = re.compile("\x1b\\[20[01]~")
_NOT_PASTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def key_bytes(key: str, character: str | None, modes: Modes) -> bytes:
    """Return what a key sends; nothing for keys that a terminal of this kind does not know."""
    *names, base = key.split("+") if key != "+" else ["+"]
    modifiers = sum(_MODIFIERS.get(name, 0) for name in set(names))
    if base.startswith("f") and base[1:].isdecimal() and 13 <= int(base[1:]) <= 24:
        base, modifiers = f"f{int(base[1:]) - 12}", modifiers | _SHIFT
    sent = _function_key(base, modifiers, modes)
    if sent is None:
        sent = _plain_key(base, character, modifiers)
    return sent.encode("utf-8", "replace")


def _function_key(base: str, modifiers: int, modes: Modes) -> str | None:
    """Return what a key sends whose modifiers are numbers."""
    code = modifiers + 1
    if base in _CURSOR_KEYS:
        final = _CURSOR_KEYS[base]
        if modifiers:
            return f"\x1b[1;{code}{final}"
        return f"\x1bO{final}" if modes.application_cursor else f"\x1b[{final}"
    if base in _FIRST_FUNCTION_KEYS:
        final = _FIRST_FUNCTION_KEYS[base]
        return f"\x1b[1;{code}{final}" if modifiers else f"\x1bO{final}"
    if base in _NUMBERED_KEYS:
        return f"\x1b[{_NUMBERED_KEYS[base]};{code}~" if modifiers else f"\x1b[{_NUMBERED_KEYS[base]}~"
    if base == "tab" and modifiers & _SHIFT:
        return "\x1b[Z"
    return None


def _plain_key(base: str, character: str | None, modifiers: int) -> str:
    """Return what a key sends that stands for a character."""
    if base in _PLAIN_KEYS:
        sent = _PLAIN_KEYS[base]
        if modifiers & _CTRL and base in ("backspace", "space"):
            sent = "\b" if base == "backspace" else "\0"
    else:
        sent = _character(base, character)
        if modifiers & _CTRL:
            sent = _control(sent)
    return f"\x1b{sent}" if modifiers & _ALT and sent else sent


def _character(base: str, character: str | None) -> str:
    if len(base) == 1:
        return character if character and character.lower() == base.lower() else base
    if base in _RENAMED:
        return _RENAMED[base]
    try:
        return unicodedata.lookup(base.replace("_", " "))
    except KeyError:
        pass
    try:
        return unicodedata.lookup(base.replace("_", "-"))
    except KeyError:
        return character if character and character.isprintable() else ""


def _control(char: str) -> str:
    """Return the control character of a key, or what it sends without ctrl if there is none."""
    upper = char.upper()
    if len(upper) == 1 and "@" <= upper <= "_":
        return chr(ord(upper) & 0x1F)
    return _CONTROL_CHARACTERS.get(char, char)


def mouse_bytes(
    action: MouseAction,
    button: int,
    column: int,
    row: int,
    modes: Modes,
    *,
    shift: bool = False,
    alt: bool = False,
    ctrl: bool = False,
) -> bytes:
    """Return what the mouse sends at a cell, counted from 0; nothing when the program does not want to hear of it."""
    if not modes.mouse:
        return _wheel_as_keys(action, button, modes)
    if not _is_wanted(action, button, modes) or button not in _BUTTON_CODES or min(column, row) < 0:
        return b""
    code = _BUTTON_CODES[button] | (_MOVING if action == "move" else 0)
    if modes.mouse != "press":
        code |= shift * 4 | alt * 8 | ctrl * 16
    if modes.mouse_sgr:
        return b"\x1b[<%d;%d;%d%s" % (code, column + 1, row + 1, b"m" if action == "release" else b"M")
    if action == "release":
        code |= _RELEASED
    if max(column, row) >= _LARGEST_BYTE:
        return b""
    return b"\x1b[M" + bytes((32 + code, 33 + column, 33 + row))


def _is_wanted(action: MouseAction, button: int, modes: Modes) -> bool:
    if action == "move":
        return modes.mouse == "motion" or (modes.mouse == "drag" and button != NO_BUTTON)
    if button == NO_BUTTON or (action == "release" and button >= WHEEL_UP):
        return False
    return modes.mouse != "press" or (action == "press" and button <= RIGHT)


def _wheel_as_keys(action: MouseAction, button: int, modes: Modes) -> bytes:
    """Return arrow keys for the wheel, which let a pager scroll that does not know the mouse."""
    if action != "press" or button not in (WHEEL_UP, WHEEL_DOWN) or not (modes.alternate_scroll and modes.alternate_screen):
        return b""
    return key_bytes("up" if button == WHEEL_UP else "down", None, modes) * _WHEEL_LINES


def paste_bytes(text: str, modes: Modes) -> bytes:
    """Return what pasting sends: no mark of its end and no control character in it can make the rest look typed."""
    text = _NOT_PASTED.sub("", _PASTE_MARKS.sub("", text))
    sent = text.replace("\r\n", "\r").replace("\n", "\r").encode("utf-8", "replace")
    return b"\x1b[200~" + sent + b"\x1b[201~" if modes.bracketed_paste else sent


def focus_bytes(has_focus: bool, modes: Modes) -> bytes:
    """Return what is sent when the terminal gets or loses the focus."""
    if not modes.focus_events:
        return b""
    return b"\x1b[I" if has_focus else b"\x1b[O"
