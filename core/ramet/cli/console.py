"""Writing to the two output streams: everything becomes inert here, so that no command has to remember to do it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TextIO

import msgspec
from msgspec import Struct

from ramet.inert import inert_block, inert_line
from ramet.models import Revision

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_STYLES |= {"bold red": "1;4;31", "bold green": "1;4;32"}
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What JSON leaves as it is and a terminal may act on."""


class Painted(Struct, frozen=True):
    """A piece of a line in a style: bold, dim, red, green, yellow, cyan, bold red, bold green, or none."""

    text: str
    style: str


class Console:
    """The output of one run: results on stdout, everything about the run on stderr. Owns nothing, closes nothing."""

    def __init__(self, environment: Mapping[str, str], out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        for stream in (self.out, self.err):
            with suppress(AttributeError, ValueError, OSError):
                # A terminal that cannot show a character gets a question mark, not a traceback.
                stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # only real text files have it
        is_dumb = environment.get("TERM", "") in ("", "dumb")
        wants_colours = not environment.get("NO_COLOR") and not is_dumb
        self.is_terminal = self.out.isatty()
        self.is_error_terminal = self.err.isatty()
        self.repaints = self.is_error_terminal and not is_dumb
        """Whether `overwrite` works."""
        self._paints_out = wants_colours and self.is_terminal
        self._paints_err = wants_colours and self.is_error_terminal

    def line(self, *pieces: str | Painted) -> None:
        """Print one line on stdout."""
        self.out.write(_joined(pieces, self._paints_out) + "\n")

    def block(self, text: str) -> None:
        """Print text of several lines on stdout, as it comes and at once."""
        self.out.write(inert_block(text))
        self.out.flush()

    def json(self, value: object) -> None:
        """Print a value as one line of JSON on stdout, at once."""
        self.out.write(json_text(value) + "\n")
        self.out.flush()

    def note(self, *pieces: str | Painted) -> None:
        """Print one line about the run on stderr, after everything that stdout got before."""
        self.out.flush()
        self.err.write(_joined(pieces, self._paints_err) + "\n")
        self.err.flush()

    def error(self, what: str, advice: str = "") -> None:
        """Say on stderr what failed and what to do next."""
        self.note(Painted("ramet: ", "red"), f"{what} {advice}".rstrip())

    def overwrite(self, text: str) -> None:
        """Replace the last line of the terminal at stderr; the empty text clears it."""
        columns = _columns()
        self.err.write("\r\x1b[K" + inert_line(text)[: columns - 1])
        self.err.flush()


def place(path: str, lines: str, revision: Revision | None = None) -> str:
    """Return `path:lines`, or `commit:path:lines` as git writes it, which `git show` takes without the lines.

    For a branch of the file system, which git does not know, it is `branch:path:lines`.
    """
    return f"{revision.short}:{path}:{lines}" if revision is not None else f"{path}:{lines}"


def at_revision(values: Iterable[object], revision: Revision | None) -> list[dict[str, object]]:
    """Return values as JSON objects, each with the commit that it is from if it is from one."""
    origin = {"commit": revision.commit} if revision is not None else {}
    return [{**msgspec.to_builtins(value), **origin} for value in values]


def json_text(value: object) -> str:
    """Return a value as one line of JSON that no terminal acts on."""
    text = msgspec.json.encode(value).decode()
    return _UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _joined(pieces: tuple[str | Painted, ...], paints: bool) -> str:
    return "".join(_piece(piece, paints) for piece in pieces)


def _piece(piece: str | Painted, paints: bool) -> str:
    if isinstance(piece, str):
        return inert_line(piece)
    text = inert_line(piece.text)
    return f"\x1b[{_STYLES[piece.style]}m{text}\x1b[0m" if paints and piece.style and text else text


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns
