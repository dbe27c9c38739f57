"""A file as the viewer shows it: lines, what cannot be shown and why, display columns, and search. Pure, no widgets."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Literal

from msgspec import Struct
from rich.cells import cell_len

from ramet.inert import inert_line

TAB_SIZE = 4
MAX_WIDE_LINE = 20_000
"""Characters of one line that are drawn where the line is not plain ASCII and its cells must be counted one by one."""
MAX_MATCHES = 20_000
"""Matches of a search in one file that are kept."""

DocumentState = Literal["text", "empty", "binary", "huge", "unreadable", "link", "gone", "special"]


class FileStamp(Struct, frozen=True):
    """What tells that a file changed on the disk."""

    modified_ns: int
    size: int
    inode: int


class Match(Struct, frozen=True):
    """A found span: 0-based line and columns in characters."""

    line: int
    start: int
    end: int


class DisplayLine(Struct, frozen=True):
    """A line as drawn: tabs expanded, control characters inert. `columns` maps characters of the file to it; None is 1:1."""

    text: str
    columns: tuple[int, ...] | None

    def column(self, raw: int) -> int:
        """Return where a character of the file is drawn."""
        if self.columns is None:
            return min(raw, len(self.text))
        return self.columns[min(raw, len(self.columns) - 1)]


@lru_cache(maxsize=2048)
def display_line(raw: str) -> DisplayLine:
    """Return the drawn form of one line of a file."""
    if not raw.isascii() and len(raw) > MAX_WIDE_LINE:
        raw = raw[:MAX_WIDE_LINE] + "…"
    inert = inert_line(raw)
    if "\t" not in raw and len(inert) == len(raw):
        return DisplayLine(inert, None)
    columns = []
    pieces = []
    length = cells = 0
    for char in raw:
        columns.append(length)
        piece = " " * (TAB_SIZE - cells % TAB_SIZE) if char == "\t" else inert_line(char)
        pieces.append(piece)
        length += len(piece)
        cells += len(piece) if piece.isascii() else cell_len(piece)
    columns.append(length)
    return DisplayLine("".join(pieces), tuple(columns))


class Document:
    """The content of one file at one moment; frozen in use, its lines are never changed."""

    def __init__(
        self,
        path: str,
        text: str = "",
        *,
        language: str = "",
        state: DocumentState = "text",
        detail: str = "",
        stamp: FileStamp | None = None,
        first_line: int = 1,
    ) -> None:
        self.path = path
        self.text = text.replace("\r\n", "\n")
        self.language = language
        self.state: DocumentState = "empty" if state == "text" and not text else state
        self.detail = detail
        """For a file that is not shown, why; in words."""
        self.stamp = stamp
        self.first_line = first_line
        """Number of the first line, for a piece of a file."""
        lines = self.text.split("\n")
        if len(lines) > 1 and not lines[-1]:
            lines.pop()
        self.lines = lines if self.state == "text" else []

    @property
    def is_shown(self) -> bool:
        """It has lines to draw."""
        return self.state == "text"

    @cached_property
    def width(self) -> int:
        """Cells of the widest line."""
        return max(map(_line_width, self.lines), default=0)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        for line in self.lines:
            starts.append(starts[-1] + len(line) + 1)
        return starts

    def find(self, query: str) -> list[Match]:
        """Return where a text occurs; upper and lower case are one unless the query has an upper-case letter."""
        if not query or not self.is_shown:
            return []
        flags = re.NOFLAG if query != query.lower() else re.IGNORECASE
        matches: list[Match] = []
        for found in self._finds(query, flags):
            matches.append(found)
            if len(matches) >= MAX_MATCHES:
                break
        return matches

    def _finds(self, query: str, flags: re.RegexFlag) -> Iterator[Match]:
        starts = self._line_starts
        for found in re.finditer(re.escape(query), self.text, flags):
            line = bisect_right(starts, found.start()) - 1
            if line < len(self.lines):
                yield Match(line, found.start() - starts[line], found.end() - starts[line])


def _line_width(line: str) -> int:
    if line.isascii() and "\t" not in line:
        return len(line)
    return cell_len(display_line(line).text)
