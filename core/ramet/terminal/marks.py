"""The marks that a shell puts between its output and that of its commands, and how they are found in a stream of bytes.

A mark of our own is `ESC ] 7717 ; NONCE ; KIND [; FIELD]... ST`, its fields percent-encoded. A mark without the nonce of the
session is a forgery, and no mark of our own ever reaches a screen. What the shells of others print is only read: OSC 133
(FinalTerm), 633 (Visual Studio Code), 7 and 1337 (the folder).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

from msgspec import Struct

MARK = b"7717"
"""Number of our marks; registered by nobody."""
_END = rb"(?:\x07|\x1b\\)"
_FOUND = re.compile(
    rb"\x1b(?:\]7717;(?P<own>[^\x00-\x1f]*)(?P<end>\x07|\x1b\\|(?=[\x00-\x06\x08-\x1a\x1c-\x1f]|\x1b[^\\]))"
    rb"|\](?P<number>133|633|1337|7);(?P<public>[^\x00-\x1f]{0,4096})" + _END + rb"|\[\?(?P<modes>[0-9;]{1,64})(?P<set>[hl]))"
)
"""A mark of ours that a control character breaks off is one too, or it could be left on the screen."""
_BEGUN = re.compile(
    rb"\x1b(?:\](?:\d{0,4}|7717;[^\x00-\x1f]*\x1b?|(?:133|633|1337|7);[^\x00-\x1f]{0,4096}\x1b?)|\[(?:\?[0-9;]{0,64})?)?\Z"
)
"""What may become one of the above with the next bytes."""
_CONTROL = re.compile(rb"[\x00-\x1f]")
_ALTERNATE = frozenset({b"47", b"1047", b"1049"})
"""Modes that show the alternate screen."""
_MOST_HELD = 512 * 1024
"""Bytes of an unfinished mark that are kept: few command lines are longer, and each new piece is looked through with it."""
_ENCODED = re.compile(rb"%([0-9A-Fa-f]{2})")


class Mark(Struct, frozen=True):
    """A mark with the nonce of the session."""

    kind: str
    """P (prompt), C (command), W (command to withhold), E (its output is over), D (it is done)."""
    fields: tuple[bytes, ...]


class PublicMark(Struct, frozen=True):
    """A mark that anybody may print: the number of the operating system command, and its text."""

    number: bytes
    text: bytes
    raw: bytes
    """The whole sequence, for the screen."""


class AlternateScreen(Struct, frozen=True):
    """The alternate screen is shown from here on, or is not."""

    is_shown: bool
    raw: bytes
    """The whole sequence, for the screen."""


Found = Mark | PublicMark | AlternateScreen


class MarkScanner:
    """Splits a stream, cut anywhere, into what goes to the screen and what the marks say."""

    def __init__(self, nonce: str) -> None:
        """Take the nonce of the session; an empty one is that of no mark."""
        self._nonce = nonce.encode("ascii")
        self._held = b""
        self._is_dropping = False
        """Whether a forged mark has begun whose end has not come yet."""

    def feed(self, data: bytes) -> Iterator[bytes | Found]:
        """Yield the bytes for the screen and what was found between them, in order."""
        if self._is_dropping:
            data = self._after_forgery(data)
        data, self._held = self._held + data, b""
        start = yield from self._whole(data)
        begun = _BEGUN.search(data, start)
        end = begun.start() if begun is not None else len(data)
        if end > start:
            yield data[start:end]
        if begun is not None:
            self._hold(begun[0])

    def _whole(self, data: bytes) -> Generator[bytes | Found, None, int]:
        """Yield what comes before the last whole sequence, and that; return where it ends."""
        start = 0
        for match in _FOUND.finditer(data):
            is_alternate = match["modes"] and _ALTERNATE & set(match["modes"].split(b";"))
            if match["own"] is None and not match["number"] and not is_alternate:
                continue
            if match.start() > start:
                yield data[start : match.start()]
            start = match.end()
            if match["own"] is not None:
                mark = self._own(match["own"]) if match["end"] else None
                if mark is not None:
                    yield mark
            elif is_alternate:
                yield AlternateScreen(match["set"] == b"h", match[0])
            else:
                yield PublicMark(match["number"], match["public"], match[0])
        return start

    def rest(self) -> bytes:
        """Return what was held back when the stream ends."""
        held, self._held = self._held, b""
        return b"" if held.startswith(b"\x1b]" + MARK) else held

    def _own(self, body: bytes) -> Mark | None:
        nonce, *parts = body.split(b";")
        if nonce != self._nonce or not nonce or not parts:
            return None
        return Mark(parts[0].decode("ascii", "replace"), tuple(decoded(part) for part in parts[1:]))

    def _hold(self, begun: bytes) -> None:
        """Keep an unfinished sequence; one of ours that cannot become right any more is dropped as it comes."""
        intro = b"\x1b]" + MARK + b";"
        if begun.startswith(intro):
            body = begun[len(intro) :].rstrip(b"\x1b")
            expected = self._nonce + b";"
            is_right = bool(self._nonce) and body[: len(expected)] == expected[: len(body)]
            if not is_right or len(begun) > _MOST_HELD:
                self._is_dropping = True
                self._held = b"\x1b" if begun.endswith(b"\x1b") else b""
                return
        self._held = begun

    def _after_forgery(self, data: bytes) -> bytes:
        """Return what follows the end of a forged mark; empty while that has not come."""
        data, self._held = self._held + data, b""
        end = _CONTROL.search(data)
        if end is None:
            return b""
        rest = data[end.start() :]
        if rest == b"\x1b":
            self._held = rest
            return b""
        self._is_dropping = False
        for ending in (b"\x07", b"\x1b\\"):
            if rest.startswith(ending):
                return rest[len(ending) :]
        return rest


def decoded(field: bytes) -> bytes:
    """Return a field of a mark without its percent encoding."""
    return _ENCODED.sub(lambda match: bytes((int(match[1], 16),)), field)
