"""How the emulator's styles look in the theme of the app: colours 0 to 15 are the theme's, the others are xterm's."""

from __future__ import annotations

from collections.abc import Mapping

from rich.color import Color
from rich.style import Style as RichStyle

from ramet.terminal.protocol import Color as TerminalColor
from ramet.terminal.protocol import Style

_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
PALETTE = (*(f"terminal-{name}" for name in _NAMES), *(f"terminal-bright-{name}" for name in _NAMES))
"""The theme's variables of colours 0 to 15."""
_TRUE_COLOR = 0x1000000
_STEPS = (0, 95, 135, 175, 215, 255)


class StyleTable:
    """Styles of one theme, made once each."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Take the variables of the theme."""
        self.foreground = Color.parse(variables["foreground"])
        self.background = Color.parse(variables["background"])
        self._palette = [Color.parse(variables[name]) for name in PALETTE]
        self._styles: dict[Style, RichStyle] = {}
        self.base = RichStyle(color=self.foreground, bgcolor=self.background)

    def style(self, style: Style) -> RichStyle:
        """Return the style of a run."""
        found = self._styles.get(style)
        if found is None:
            if len(self._styles) > 8192:  # a program may use any number of colours
                self._styles.clear()
            found = self._styles[style] = self._made(style)
        return found

    def _made(self, style: Style) -> RichStyle:
        front = self._color(style.foreground, self.foreground)
        back = self._color(style.background, self.background)
        if style.reverse:
            front, back = back, front
        if style.hidden:
            front = back
        return RichStyle(
            color=front,
            bgcolor=back,
            bold=style.bold or None,
            dim=style.dim or None,
            italic=style.italic or None,
            underline=(style.underline not in ("", "double")) or None,
            underline2=style.underline == "double" or None,
            strike=style.strike or None,
            overline=style.overline or None,
        )

    def _color(self, color: TerminalColor, default: Color) -> Color:
        if color is None:
            return default
        if color < 16:
            return self._palette[color]
        return Color.from_rgb(*_rgb(color))


def _rgb(color: int) -> tuple[int, int, int]:
    """Return red, green and blue of a colour from 16 on."""
    if color >= _TRUE_COLOR:
        return color >> 16 & 255, color >> 8 & 255, color & 255
    if color >= 232:
        grey = 8 + (color - 232) * 10
        return grey, grey, grey
    color -= 16
    return _STEPS[color // 36], _STEPS[color // 6 % 6], _STEPS[color % 6]
