"""What "select graphic rendition" makes of a style, and the pens that remember it.

Sources: ECMA-48 8.3.117 and xterm's ctlseqs.txt (CSI Pm m); ISO 8613-6 for colours and underlines with colons.
"""

from __future__ import annotations

from collections.abc import Iterator

from ramet.terminal.protocol import Color, Style, Underline

DEFAULT = Style()

_TRUE_COLOR = 0x1000000
_UNDERLINES: tuple[Underline, ...] = ("", "single", "double", "curly", "dotted", "dashed")
_SWITCHES: dict[int, dict[str, object]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": "single"},
    5: {"blink": True},
    6: {"blink": True},
    7: {"reverse": True},
    8: {"hidden": True},
    9: {"strike": True},
    21: {"underline": "double"},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": ""},
    25: {"blink": False},
    27: {"reverse": False},
    28: {"hidden": False},
    29: {"strike": False},
    39: {"foreground": None},
    49: {"background": None},
    53: {"overline": True},
    55: {"overline": False},
    59: {"underline_color": None},
    **{30 + color: {"foreground": color} for color in range(8)},
    **{40 + color: {"background": color} for color in range(8)},
    **{90 + color: {"foreground": 8 + color} for color in range(8)},
    **{100 + color: {"background": 8 + color} for color in range(8)},
}
_COLORED = {38: "foreground", 48: "background", 58: "underline_color"}


def restyled(style: Style, parameters: str) -> Style:
    """Return a style after `CSI parameters m`; what is not understood changes nothing."""
    parts = iter(parameters.split(";"))
    for part in parts:
        head, colon, tail = part.partition(":")
        number = _number(head)
        if number == 0:
            style = DEFAULT
        elif number in _COLORED:
            found, color = _color_of_colons(tail) if colon else _color_of_parts(parts)
            if found:
                style = style._replace(**{_COLORED[number]: color})  # type: ignore[arg-type]
        elif number == 4 and colon:
            kind = _number(tail)
            if kind < len(_UNDERLINES):
                style = style._replace(underline=_UNDERLINES[kind])
        elif number in _SWITCHES and not colon:
            style = style._replace(**_SWITCHES[number])  # type: ignore[arg-type]
    return style


def _number(text: str) -> int:
    """Return a parameter: 0 when it is left out, -1 when it is none."""
    return int(text[:8]) if text.isdecimal() else (0 if not text else -1)


def _color_of_parts(parts: Iterator[str]) -> tuple[bool, Color]:
    """Return the colour of `38;5;n` and `38;2;r;g;b`, taking its parts."""
    kind = _number(next(parts, ""))
    if kind == 5:
        return _palette_color(next(parts, ""))
    if kind == 2:
        return _true_color([next(parts, ""), next(parts, ""), next(parts, "")])
    return False, None


def _color_of_colons(text: str) -> tuple[bool, Color]:
    """Return the colour of `38:5:n`, `38:2:r:g:b` and `38:2:space:r:g:b`."""
    parts = text.split(":")
    if parts[0] == "5" and len(parts) > 1:
        return _palette_color(parts[1])
    if parts[0] == "2" and len(parts) > 3:
        return _true_color(parts[2:5] if len(parts) > 4 else parts[1:4])
    return False, None


def _palette_color(text: str) -> tuple[bool, Color]:
    number = _number(text)
    return (True, number) if 0 <= number <= 255 else (False, None)


def _true_color(texts: list[str]) -> tuple[bool, Color]:
    red, green, blue = (_number(text) for text in texts)
    if all(0 <= part <= 255 for part in (red, green, blue)):
        return True, _TRUE_COLOR | red << 16 | green << 8 | blue
    return False, None


class Pen:
    """A style to write with, and where "select graphic rendition" leads from it."""

    __slots__ = ("following", "style", "wiped")

    def __init__(self, style: Style) -> None:
        self.style = style
        self.wiped = DEFAULT if style.background is None else Style(background=style.background)
        """The style of cells that are erased with this pen: its background stays."""
        self.following: dict[str, Pen] = {}
        """The pens that parameters led to before."""


class Pens:
    """One pen for each style in use, so that equal styles are mostly one object. Bounded: a program may use any number."""

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._pens: dict[Style, Pen] = {}
        self._transitions = 0
        self.default = self.pen(DEFAULT)

    def pen(self, style: Style) -> Pen:
        """Return the pen of a style."""
        pen = self._pens.get(style)
        if pen is None:
            pen = self._pens[style] = Pen(style)
        return pen

    def after(self, pen: Pen, parameters: str) -> Pen:
        """Return the pen that `CSI parameters m` leads to."""
        following = pen.following.get(parameters)
        if following is None:
            if self._transitions >= self._limit:
                self._forget()
            following = pen.following[parameters] = self.pen(restyled(pen.style, parameters))
            self._transitions += 1
        return following

    def _forget(self) -> None:
        for pen in self._pens.values():
            pen.following.clear()
        self._transitions = 0
        self._pens = {DEFAULT: self.default}
