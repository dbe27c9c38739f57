"""Bytes to text, controls and control sequences: a fast path for what is complete, a state machine for the rest.

One regular expression takes printable runs and complete sequences as one token each. What it does not take (sequences
that are cut, hold controls, or are wrong) goes through a state machine character by character, which keeps its state
between calls, so that it does not matter where a stream is cut. Source: Paul Williams' parser for the VT500 series and ECMA-48.
"""

from __future__ import annotations

import codecs
import re
from typing import Protocol

from ramet.terminal.widths import NARROW, WIDE

STRING_LIMIT = 65_536
"""Characters of an operating system command; a longer one is ignored as a whole."""
_PARAMETER_LIMIT = 200

_TOKEN = re.compile(
    f"([{NARROW}]++)"
    "|(\r\n|[\x00-\x1a\x1c-\x1f\x7f-\x9f])"
    "|\x1b\\[([0-9;:]{0,200}+)m"
    "|(\x1b\\(B)"
    "|\x1b\\[([0-9;:]{0,200}+)([@-ln-~])"
    "|\x1b\\[([<=>?]?)([0-9;:]{0,200}+)([ -/]{0,2}+)([@-~])"
    "|\x1b([0-OQ-WYZ`-~\\\\])"
    "|\x1b([ -/]{1,2}+)([0-~])"
    f"|([{WIDE}]++)"
    f"|([^\x00-\x1f\x7f-\x9f{NARROW}])"
    "|(\x1b)"
)
_TEXT, _CONTROL, _SGR, _ASCII, _PARAMETERS, _CSI = 1, 2, 3, 4, 5, 6
_PREFIX, _PRIVATE_PARAMETERS, _BETWEEN, _PRIVATE_CSI = 7, 8, 9, 10
_ESCAPE, _INTERMEDIATES, _ESCAPE_BETWEEN, _WIDE, _OTHER, _BROKEN = 11, 12, 13, 14, 15, 16

_STRING_END = re.compile("[\x07\x18\x1a\x1b]")
_GROUND, _AFTER_ESCAPE, _IN_SEQUENCE, _IN_STRING, _IN_STRING_END = range(5)
_STRINGS = "]PX^_"
"""What begins, after ESC, an operating system command, device control, start of string, privacy message, application command."""


class Handler(Protocol):
    """What is told of the parts of a stream."""

    def text(self, text: str) -> None:
        """Take characters of one cell each."""

    def wide_text(self, text: str) -> None:
        """Take characters of two cells each."""

    def character(self, char: str) -> None:
        """Take a character of any width."""

    def control(self, char: str) -> None:
        """Take a control character, or CR LF."""

    def rendition(self, parameters: str) -> None:
        """Take `CSI parameters m`."""

    def sequence(self, name: str, parameters: str) -> None:
        """Take a control sequence; its name is made of its private prefix, intermediates and final character."""

    def ascii_set(self) -> None:
        """Take `ESC ( B`, which curses programs send with each change of style."""

    def escape(self, name: str) -> None:
        """Take an escape sequence; its name is what follows ESC."""

    def command(self, text: str) -> None:
        """Take an operating system command."""


class Parser:
    """A stream of bytes, cut anywhere. Nothing in it raises."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._state = _GROUND
        self._collected: list[str] = []
        self._size = 0
        self._string_kind = ""

    @property
    def is_between_tokens(self) -> bool:
        """Whether no sequence has begun that is not complete."""
        return self._state == _GROUND

    def decode(self, data: bytes) -> str:
        """Return the characters that are complete; what is not UTF-8 becomes the replacement character."""
        return self._decoder.decode(data)

    def parse(self, text: str, start: int, end: int) -> None:
        """Hand the tokens of a part of a text to the handler."""
        while start < end:
            start = self._parse_complete(text, start, end) if self._state == _GROUND else self._parse_slowly(text, start, end)

    def _parse_complete(self, text: str, start: int, end: int) -> int:
        """Take complete tokens, and stop at what is none."""
        handler = self._handler
        write, control, rendition, sequence = handler.text, handler.control, handler.rendition, handler.sequence
        ascii_set = handler.ascii_set
        for match in _TOKEN.finditer(text, start, end):
            kind = match.lastindex
            if kind == _TEXT:
                write(match[_TEXT])
            elif kind == _SGR:
                rendition(match[_SGR])
            elif kind == _CSI:
                sequence(match[_CSI], match[_PARAMETERS])
            elif kind == _ASCII:
                ascii_set()
            elif kind == _CONTROL:
                control(match[_CONTROL])
            elif kind == _PRIVATE_CSI:
                sequence(match[_PREFIX] + match[_BETWEEN] + match[_PRIVATE_CSI], match[_PRIVATE_PARAMETERS])
            elif kind == _BROKEN:
                self._begin(_AFTER_ESCAPE)
                return match.end()
            else:
                self._take_rare(match)
        return end

    def _take_rare(self, match: re.Match[str]) -> None:
        kind = match.lastindex
        if kind == _WIDE:
            self._handler.wide_text(match[_WIDE])
        elif kind == _OTHER:
            self._handler.character(match[_OTHER])
        elif kind == _ESCAPE:
            self._handler.escape(match[_ESCAPE])
        else:
            self._handler.escape(match[_INTERMEDIATES] + match[_ESCAPE_BETWEEN])

    def _parse_slowly(self, text: str, start: int, end: int) -> int:
        """Take characters until no sequence is open."""
        while start < end and self._state != _GROUND:
            if self._state == _IN_STRING:
                start = self._parse_string(text, start, end)
            elif self._state == _IN_STRING_END:
                start += self._step_in_string_end(text[start])
            else:
                start += self._step(text[start])
        return start

    def _begin(self, state: int) -> None:
        self._state = state
        self._collected.clear()
        self._size = 0

    def _step(self, char: str) -> int:
        """Take a character inside a sequence. Returns 0 when it must be looked at again, outside of one."""
        if char == "\x1b":
            self._begin(_AFTER_ESCAPE)
        elif char in "\x18\x1a":
            self._begin(_GROUND)
        elif char < " ":
            self._handler.control(char)
        elif char == "\x7f":
            pass
        elif char > "\x7f":
            self._begin(_GROUND)
            return 0
        elif self._state == _AFTER_ESCAPE:
            self._step_after_escape(char)
        elif char < "@":
            self._collect(char)
        else:
            self._finish_sequence(char)
        return 1

    def _collect(self, char: str) -> None:
        if self._size <= _PARAMETER_LIMIT + 8:
            self._collected.append(char)
            self._size += 1

    def _step_after_escape(self, char: str) -> None:
        if char < "0":
            self._collect(char)
        elif self._size == 0 and char == "[":
            self._begin(_IN_SEQUENCE)
        elif self._size == 0 and char in _STRINGS:
            self._begin(_IN_STRING)
            self._string_kind = char
        else:
            name = "".join(self._collected) + char
            self._begin(_GROUND)
            self._handler.escape(name)

    def _finish_sequence(self, final: str) -> None:
        match = _TOKEN.fullmatch("\x1b[" + "".join(self._collected) + final)
        self._begin(_GROUND)
        if match is None:
            return
        if match.lastindex == _SGR:
            self._handler.rendition(match[_SGR])
        elif match.lastindex == _CSI:
            self._handler.sequence(final, match[_PARAMETERS])
        else:
            self._handler.sequence(match[_PREFIX] + match[_BETWEEN] + final, match[_PRIVATE_PARAMETERS])

    def _step_in_string_end(self, char: str) -> int:
        """Take what follows ESC in a string: its end, or the next sequence, so that a string swallows only so much."""
        if char != "\\":
            self._begin(_AFTER_ESCAPE)
            return 0
        self._finish_string()
        return 1

    def _parse_string(self, text: str, start: int, end: int) -> int:
        """Take a string up to what ends it."""
        found = _STRING_END.search(text, start, end)
        stop = found.start() if found else end
        if self._string_kind == "]" and self._size <= STRING_LIMIT:
            self._collected.append(text[start : min(stop, start + STRING_LIMIT + 1)])
            self._size += stop - start
        if found is None:
            return end
        if found[0] == "\x1b":
            self._state = _IN_STRING_END
        elif found[0] != "\x07":
            self._begin(_GROUND)
        elif self._string_kind == "]":
            self._finish_string()
        return found.end()

    def _finish_string(self) -> None:
        content = "".join(self._collected) if self._size <= STRING_LIMIT else ""
        kind = self._string_kind
        self._begin(_GROUND)
        if kind == "]" and content:
            self._handler.command(content)
