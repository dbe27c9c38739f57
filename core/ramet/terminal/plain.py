"""The text that a program printed, as a person would see it: no escape sequences, no control characters, no redrawn lines.

What is printed is hostile. Nothing here raises, and nothing but printable characters, line feeds and tabs comes out.
"""

from __future__ import annotations

import re

from ramet.inert import inert_block

LONGEST_OUTPUT = 8 * 1024 * 1024
"""Bytes of one output that are looked at; of a longer one the middle is left out."""
_HEAD_SHARE = 0.25
"""Of a bounded output that is kept from its beginning: errors are at the end more often."""
_WIDEST = 1000
"""Columns that a cursor movement can reach, so that a hostile number does not make lines of gigabytes."""
_TALLEST = 500
"""Rows of a screen that a program addresses."""

_COLOR = re.compile("\x1b\\[[0-9;:]*m")
"""By far the most frequent sequence, and with its literal beginning found fast."""
_MOVEMENT = "A-HJKPXf@"
_STRING = "[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\\\|\x9c)|[^\x07\x1b\x90\x98\x9c-\x9f\n]*"
"""OSC, DCS, APC, PM and SOS; one that is never ended takes the rest of its line only, or it would hide what follows."""
_SEQUENCE = f"(?![0-9;]*[{_MOVEMENT}])[0-?]*[ -/]*[@-~]?"
"""A control sequence that moves nothing, without its beginning."""
_CONTROL = re.compile(
    # It begins with a set of characters, not with alternatives, because only then it is searched for fast.
    "[\x00-\x07\x0b\x0c\x0e-\x1f\x7f-\x9f](?:"
    f"(?<=\x1b)(?:[\\]PX^_](?:{_STRING})|\\[{_SEQUENCE}|(?!\\[)[ -/]*[0-~]?)"
    f"|(?<=[\x90\x98\x9d-\x9f])(?:{_STRING})|(?<=\x9b){_SEQUENCE}|(?<=[^\x1b\x90\x98\x9b\x9d-\x9f]))"
)
_STEP = re.compile(f"([^\n\r\b\x1b\x9b]+)|(\n)|(\r)|(\b)|(?:\x1b\\[|\x9b)([0-9;]*)([{_MOVEMENT}])|[\x1b\x9b]")
_REDRAWN = re.compile("[\r\b\x1b\x9b]")
_SUSPECT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_REORDERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain_text(data: bytes, limit: int = LONGEST_OUTPUT) -> str:
    """Return what is left on a screen of endless size after the bytes were printed to it; invalid UTF-8 becomes U+FFFD.

    Of more than `limit` bytes the middle is left out, which a line of the text says.
    """
    if len(data) > limit:
        head = int(limit * _HEAD_SHARE)
        tail = limit - head
        return plain_parts(data[:head], data[len(data) - tail :], len(data) - limit)
    return _plain(data)


def plain_parts(head: bytes, tail: bytes, omitted: int) -> str:
    """Return the text of an output of which only both ends were kept, `omitted` bytes apart.

    The broken lines at the gap are left out: half a secret is not recognised as one. Where nothing is
    `omitted`, the parts are joined.
    """
    if not omitted:
        return plain_text(head + tail)
    whole_head = head[: head.rfind(b"\n") + 1]
    whole_tail = tail[tail.find(b"\n") + 1 :]
    left_out = omitted + len(head) - len(whole_head) + len(tail) - len(whole_tail)
    return f"{_ended(_plain(whole_head))}{gap_line(left_out)}\n{_plain(whole_tail)}"


def gap_line(left_out: int, unit: str = "bytes") -> str:
    """Return the line that stands for output that was left out."""
    return f"[... {left_out:,} {unit} left out ...]"


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _plain(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    if not _SUSPECT.search(text):
        return _inert(text)
    if "\r\n" in text:
        text = text.replace("\r\r\n", "\n").replace("\r\n", "\n")
    text = _COLOR.sub("", text)
    if _SUSPECT.search(text):
        text = _CONTROL.sub("", text)
    if _REDRAWN.search(text):
        text = _rendered(text)
    return _inert(text)


def _inert(text: str) -> str:
    return inert_block(text) if not text.isascii() and _REORDERING.search(text) else text


class _Paper:
    """Lines that can be written over, and where the next character goes."""

    def __init__(self) -> None:
        self.done: list[str | list[str]] = []
        """The lines; those that were written to character by character are lists of characters."""
        self.row = 0
        self.column = 0
        self.page = 0
        """The row that a program which addresses rows calls the first."""
        self.is_paged = False

    @property
    def is_at_end(self) -> bool:
        """Whether nothing stands right of the cursor or below it."""
        rows = len(self.done)
        return self.row >= rows or (self.row == rows - 1 and self.column >= len(self.done[self.row]))

    def append(self, text: str) -> None:
        """Add whole lines of text and one that may go on; the cursor must be at the end."""
        lines = text.split("\n")
        if self.row < len(self.done):
            current = self.done[self.row]
            padding = " " * (self.column - len(current))
            if isinstance(current, list):
                current.extend(padding + lines[0])
            else:
                self.done[self.row] = current + padding + lines[0]
            self.column += len(lines[0])
            lines = lines[1:]
        elif self.column:
            lines[0] = " " * self.column + lines[0]
        if lines:
            self.done.extend([""] * (self.row - len(self.done)) if self.row > len(self.done) else [])
            self.done.extend(lines)
            self.row = len(self.done) - 1
            self.column = len(lines[-1])

    def characters(self) -> list[str]:
        """Return the line of the cursor, to be written to."""
        while self.row >= len(self.done):
            self.done.append("")
        current = self.done[self.row]
        if isinstance(current, str):
            current = self.done[self.row] = list(current)
        return current

    def write(self, text: str) -> None:
        """Put text at the cursor, over what stands there."""
        line = self.characters()
        if self.column > len(line):
            line.extend(" " * (self.column - len(line)))
        end = self.column + len(text)
        line[self.column : end] = text
        self.column = end

    def line_feed(self) -> None:
        """Go to the beginning of the next line."""
        self.characters()
        self.row += 1
        self.column = 0
        if self.row >= len(self.done):
            self.done.append("")

    def move(self, parameters: str, final: str) -> None:
        """Carry out one control sequence that moves the cursor or erases."""
        first = self._number(parameters, 0)
        count = max(first, 1)
        if final in "ABEF":
            step = -count if final in "AF" else count
            lowest = self.page if self.is_paged else 0
            self.row = min(max(self.row + step, lowest), max(len(self.done) - 1, lowest))
            if final in "EF":
                self.column = 0
        elif final in "CDG":
            place = {"C": self.column + count, "D": self.column - count, "G": count - 1}[final]
            self.column = min(max(place, 0), max(_WIDEST, self.column))
        elif final in "Hf":
            self._go_to(count, max(self._number(parameters, 1), 1))
        else:
            self._erase(final, first, count)

    def _go_to(self, row: int, column: int) -> None:
        is_scrolled = self.row - self.page >= _TALLEST
        if not self.is_paged or is_scrolled:
            self.is_paged = True
            self.page = len(self.done) if self.done and self.done[-1] else max(len(self.done) - 1, 0)
        self.row = self.page + min(row, _TALLEST) - 1
        self.column = min(column, _WIDEST) - 1

    def _erase(self, final: str, mode: int, count: int) -> None:
        if final == "J" and mode >= 2:  # what was on the screen stays readable, as it does in the scrollback
            self.is_paged = False
            self._go_to(1, 1)
            return
        line = self.characters()
        if final == "K" or final == "J":
            if mode == 0:
                del line[self.column :]
            elif mode == 2:
                line.clear()
            else:
                line[: self.column + 1] = " " * min(self.column + 1, len(line))
            if final == "J" and mode == 0:
                del self.done[self.row + 1 :]
        elif final == "P":
            del line[self.column : self.column + count]
        elif final == "X":
            end = min(self.column + count, len(line))
            line[self.column : end] = " " * max(end - self.column, 0)
        else:
            line[self.column : self.column] = " " * min(count, _WIDEST)

    @staticmethod
    def _number(parameters: str, place: int) -> int:
        fields = parameters[:32].split(";")
        return int(fields[place][:6]) if place < len(fields) and fields[place] else 0

    def text(self) -> str:
        """Return the lines."""
        return "\n".join(line if isinstance(line, str) else "".join(line).rstrip() for line in self.done)


def _rewritten_line(line: str) -> str | None:
    """Return a line that only goes back to its beginning and clears itself, as most progress bars do; None for any other."""
    shown = ""
    for part in line.split("\r"):
        written = part.removeprefix("\x1b[K").removeprefix("\x1b[2K")
        if "\x1b" in written or "\b" in written or "\x9b" in written:
            return None
        shown = written + shown[len(written) :] if written == part else written
    return shown


def _rendered(text: str) -> str:
    text = text.replace("\x1b[1G", "\r").replace("\x1b[G", "\r").replace("\x1b[0K", "\x1b[K").replace("\x1b[2K\r", "\r\x1b[2K")
    paper = _Paper()
    place = 0
    end = len(text)
    while place < end:
        if paper.is_at_end:
            found = _REDRAWN.search(text, place)
            until = found.start() if found else end
            if found and paper.column == 0:
                until = max(text.rfind("\n", place, until) + 1, place)
            if until > place:
                paper.append(text[place:until])
                place = until
                continue
            if found and paper.column == 0:
                line_end = text.find("\n", place)
                line_end = end if line_end < 0 else line_end
                line = _rewritten_line(text[place:line_end])
                if line is not None:
                    paper.append(line)
                    place = line_end
                    continue
        step = _STEP.match(text, place)
        assert step is not None
        _take(paper, step)
        place = step.end()
    return paper.text()


def _take(paper: _Paper, step: re.Match[str]) -> None:
    kind = step.lastindex
    if kind == 1:
        paper.write(step[1])
    elif kind == 2:
        paper.line_feed()
    elif kind == 3:
        paper.column = 0
    elif kind == 4:
        paper.column = max(paper.column - 1, 0)
    elif kind is not None:
        paper.move(step[5], step[6])
