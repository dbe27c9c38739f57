"""The bytes that a program gets for a key, a paste and the mouse: what xterm sends (ctlseqs.txt), given what was asked for."""

from __future__ import annotations

import re

from textual.keys import _get_unicode_name_from_key  # the only way from the name of a key to its character

from ramet.terminal.protocol import Modes

_ESC = b"\x1b"
_MODIFIERS = {"shift": 1, "alt": 2, "meta": 2, "ctrl": 4}
_CURSOR = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
_TILDE = {"insert": 2, "delete": 3, "pageup": 5, "pagedown": 6, "f5": 15, "f6": 17, "f7": 18, "f8": 19, "f9": 20, "f10": 21}
_TILDE |= {"f11": 23, "f12": 24, "f13": 25, "f14": 26, "f15": 28, "f16": 29, "f17": 31, "f18": 32, "f19": 33, "f20": 34}
_FUNCTION = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_PLAIN = {"enter": b"\r", "tab": b"\t", "escape": _ESC, "backspace": b"\x7f", "space": b" "}
_CONTROL = {" ": 0, "@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, "_": 31, "/": 31, "?": 127, "2": 0, "3": 27, "4": 28}
_CONTROL |= {"5": 29, "6": 30, "7": 31, "8": 127}
_UNTYPED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters that no paste may type."""


def key_bytes(key: str, character: str | None, modes: Modes) -> bytes:
    """Return what a key sends, given by its Textual name and the character that it types; empty for what sends nothing."""
    *names, base = key.split("+") if key != "+" else ["+"]
    modifiers = sum({_MODIFIERS.get(name, 0) for name in names})
    special = _special(base, modifiers, modes)
    if special:
        return special
    if key == "shift+tab":
        return b"\x1b[Z"
    alt = _ESC if modifiers & 2 else b""
    if base in _PLAIN:
        if base == "backspace" and modifiers & 4:
            return alt + b"\x08"
        if base == "space" and modifiers & 4:
            return alt + b"\x00"
        return alt + _PLAIN[base]
    typed = _typed(base, character, is_shifted=bool(modifiers & 1))
    if modifiers & 4:
        code = _control(typed)
        return alt + bytes([code]) if code is not None else b""
    return alt + typed.encode("utf-8", "ignore") if typed else b""


def _special(base: str, modifiers: int, modes: Modes) -> bytes:
    """Return the sequence of a cursor or function key."""
    if base in _CURSOR:
        final = _CURSOR[base]
        if modifiers:
            return f"\x1b[1;{modifiers + 1}{final}".encode()
        return f"\x1b{'O' if modes.application_cursor else '['}{final}".encode()
    if base in _FUNCTION:
        return f"\x1b[1;{modifiers + 1}{_FUNCTION[base]}".encode() if modifiers else f"\x1bO{_FUNCTION[base]}".encode()
    if base in _TILDE:
        return f"\x1b[{_TILDE[base]};{modifiers + 1}~".encode() if modifiers else f"\x1b[{_TILDE[base]}~".encode()
    return b""


def _typed(base: str, character: str | None, *, is_shifted: bool) -> str:
    """Return the character of a key without its modifiers."""
    if len(base) == 1:
        return base.upper() if is_shifted else base
    if character and len(character) == 1 and character.isprintable():
        return character
    name = _get_unicode_name_from_key(base)
    try:
        import unicodedata

        return unicodedata.lookup(name)
    except KeyError:
        return ""


def _control(typed: str) -> int | None:
    if len(typed) == 1 and typed.isascii() and typed.isalpha():
        return ord(typed.lower()) - 96
    return _CONTROL.get(typed)


def paste_bytes(text: str, modes: Modes) -> bytes:
    """Return what a paste sends: no character of it can end the paste or act as a key, except line ends and tabs."""
    text = _UNTYPED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if modes.bracketed_paste:
        return b"\x1b[200~" + text.encode("utf-8", "ignore") + b"\x1b[201~"
    return text.replace("\n", "\r").encode("utf-8", "ignore")


def mouse_bytes(button: int, column: int, row: int, modes: Modes, *, is_release: bool = False) -> bytes:
    """Return the report of a button (as xterm counts them, with modifiers) at a 0-based cell; empty where it cannot be told."""
    if modes.mouse_sgr:
        return f"\x1b[<{button};{column + 1};{row + 1}{'m' if is_release else 'M'}".encode()
    if column > 222 or row > 222:  # the old form has one byte for each
        return b""
    code = (button & ~3) | 3 if is_release else button
    return b"\x1b[M" + bytes((32 + code, 33 + column, 33 + row))
