"""What tmux shows after the same bytes: the expected screens of the emulator.

The pane runs `cat` on a raw terminal, so that tmux sees exactly the bytes of a recording. Cells are read with
`capture-pane -e`, whose escape sequences are taken apart here on their own, and not by the code that is tested.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from ramet.terminal.protocol import Color, Style, Underline
from ramet.terminal.widths import width

IS_INSTALLED = shutil.which("tmux") is not None

_UNDERLINES: dict[str, Underline] = {"4": "single", "4:2": "double", "4:3": "curly", "4:4": "dotted", "4:5": "dashed"}
# tmux 3.3 writes 53, the overline, as 5:3.
_FLAGS = {
    "1": "bold",
    "2": "dim",
    "3": "italic",
    "5": "blink",
    "7": "reverse",
    "8": "hidden",
    "9": "strike",
    "53": "overline",
    "5:3": "overline",
}
_DRAWN = dict(zip("`afgjklmnopqrstuvwxyz{|}~", "◆▒°±┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·", strict=True))
_PIECE = re.compile("\x1b\\[([0-9;:]*)m|([\x0e\x0f])|([^\x1b\x0e\x0f])", re.DOTALL)


class Cell(NamedTuple):
    """One cell: its characters (none right of one that takes two) and its style."""

    text: str
    style: Style


class Shown(NamedTuple):
    """A screen: its cells, and where the cursor is.

    tmux leaves out cells at the end of a row that were erased, even where they have a background.
    """

    cells: list[list[Cell]]
    row: int
    column: int
    cursor_is_visible: bool


class Tmux:
    """A pane in a tmux of its own."""

    def __init__(self, folder: Path, columns: int, rows: int) -> None:
        self._columns, self._rows = columns, rows
        self._folder = folder
        self._socket = folder / "tmux"
        self._count = 0
        self._tmux = ["tmux", "-u", "-S", str(self._socket)]
        self._environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder), "TERM": "xterm-256color"}
        settings = folder / "tmux.conf"
        settings.write_text("set -g status off\nset -s escape-time 0\nset -g remain-on-exit on\nset -g history-limit 20000\n")
        pipe, command = self._new_pipe()
        start = ["-f", str(settings), "new-session", "-d", "-x", str(columns), "-y", str(rows), command]
        subprocess.run([*self._tmux, *start], env=self._environment, check=True, capture_output=True)
        self._client = subprocess.Popen(
            [*self._tmux, "-C", "attach", "-f", "no-output,ignore-size"],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._answer()
        self._writer = pipe.open("wb", buffering=0)

    def restart(self) -> None:
        """Begin anew, with an empty screen of the first size."""
        self._writer.close()
        pipe, command = self._new_pipe()
        self._ask(f"respawn-pane -k '{command}'")
        self._ask("clear-history")
        self.resize(self._columns, self._rows)
        self._writer = pipe.open("wb", buffering=0)

    def _ask(self, command: str) -> str:
        """Run a command of tmux and return what it prints."""
        assert self._client.stdin is not None
        self._client.stdin.write(command.encode() + b"\n")
        self._client.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        """Return what is between the next marks of control mode."""
        assert self._client.stdout is not None
        lines: list[bytes] = []
        is_inside = False
        while line := self._client.stdout.readline():
            if line.startswith(b"%begin "):
                is_inside = True
            elif is_inside and line.startswith((b"%end ", b"%error ")):
                return b"".join(lines).decode("utf-8", "replace")
            elif is_inside:
                lines.append(line)
        message = "tmux has ended"
        raise TimeoutError(message)

    def _new_pipe(self) -> tuple[Path, str]:
        """Return a pipe of its own and the command that shows what is written to it: an old reader must not get anything."""
        self._count += 1
        pipe = self._folder / f"pipe-{self._count}"
        os.mkfifo(pipe)
        return pipe, f"stty raw -echo; exec cat {pipe}"

    def resize(self, columns: int, rows: int) -> None:
        """Give the pane another size."""
        self._ask(f"resize-window -x {columns} -y {rows}")

    def shown_after(self, data: bytes) -> Shown:
        """Return what is shown after these bytes, which must not end inside a sequence."""
        place = f"{self._feed(data)} #{{cursor_x}} #{{cursor_y}} #{{cursor_flag}} #{{pane_width}} #{{pane_height}}"
        column, row, flag, columns, rows = map(int, self._when_done(place).split()[1:])
        lines = self._ask("capture-pane -e -p -N").split("\n")
        return Shown(_cells(lines[:rows]), row, min(column, columns - 1), flag == 1)

    def text_after(self, data: bytes) -> str:
        """Return the text of the scrollback and the screen after these bytes, wrapped lines joined."""
        self._when_done(self._feed(data))
        return self._ask("capture-pane -p -J -S -")

    def _feed(self, data: bytes) -> str:
        """Show bytes and set a title, which tells when that is done. Returns the format that asks for the title."""
        self._count += 1
        self._writer.write(data + f"\x1b]2;done-{self._count}\x1b\\".encode())
        return "#{pane_title}"

    def _when_done(self, wanted: str) -> str:
        """Return a format, which must begin with the title, once everything that was fed is shown."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            output = self._ask(f"display -p '{wanted}'")
            if output.split(None, 1)[0] == f"done-{self._count}":
                return output
        message = "tmux did not show what it was given"
        raise TimeoutError(message)

    def close(self) -> None:
        """End it."""
        self._writer.close()
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
        self._client.communicate()


def _cells(lines: list[str]) -> list[list[Cell]]:
    """Return the cells of captured lines: a style goes on in the next line."""
    found = []
    style, is_drawing = Style(), False
    for line in lines:
        row: list[Cell] = []
        for match in _PIECE.finditer(line):
            rendition, shift, char = match.groups()
            if rendition is not None:
                style = _restyled(style, rendition)
            elif shift:
                is_drawing = shift == "\x0e"
            elif width(char) == 0 and row:
                target = -2 if row[-1].text == "" else -1
                row[target] = row[target]._replace(text=row[target].text + char)
            else:
                row.append(Cell(_DRAWN.get(char, char) if is_drawing else char, style))
                row += [Cell("", style)] * (width(char) - 1)
        found.append(row)
    return found


def _restyled(style: Style, rendition: str) -> Style:
    parts = rendition.split(";")
    while parts:
        part = parts.pop(0)
        number = int(part.split(":")[0] or 0)
        if number == 0:
            style = Style()
        elif part in _UNDERLINES:
            style = style._replace(underline=_UNDERLINES[part])
        elif part in _FLAGS:
            style = style._replace(**{_FLAGS[part]: True})  # type: ignore[arg-type]
        elif number in (38, 48, 58):
            name = {38: "foreground", 48: "background", 58: "underline_color"}[number]
            style = style._replace(**{name: _color(part.split(":")[1:] if ":" in part else parts)})  # type: ignore[arg-type]
        elif number in (39, 49):
            style = style._replace(**{"foreground" if number == 39 else "background": None})  # type: ignore[arg-type]
        else:
            base, name = {3: (30, "foreground"), 4: (40, "background"), 9: (82, "foreground"), 10: (92, "background")}[
                number // 10
            ]
            style = style._replace(**{name: number - base})  # type: ignore[arg-type]
    return style


def _color(parts: list[str]) -> Color:
    """Take a colour off the front of parameters."""
    if parts.pop(0) == "5":
        return int(parts.pop(0))
    if len(parts) > 3 and not parts[0]:
        parts.pop(0)
    red, green, blue = (int(parts.pop(0)) for _ in range(3))
    return 0x1000000 | red << 16 | green << 8 | blue
