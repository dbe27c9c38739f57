"""Text piped into a command: read without ever waiting for nobody, and kept within bounds.

Which standard input is meant for us cannot be known for certain: a pipe may come from `pytest |`, which is silent for minutes,
or from a scheduler that holds one open and never writes. With a person at the terminal we wait and say so; without one we give
up after some seconds and say so.
"""

from __future__ import annotations

import os
import re
import select
import stat
import sys

from ramet.cli.console import Console
from ramet.errors import UsageError
from ramet.models import Attachment

PATIENCE_SECONDS = 10.0
"""How long a pipe may be silent at its beginning where nobody watches: most programs have said something by then."""
_SAY_SO_SECONDS = 1.0
_HEAD_BYTES = 16 * 1024
_TAIL_BYTES = 48 * 1024
"""The end of a log says what went wrong, its beginning what was run; together they stay within a model's budget."""
_QUESTION_BYTES = 1_000_000
_PIECE_BYTES = 64 * 1024
_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
"""Colours and titles: no use to a model, and they cost tokens."""


class StandardInput:
    """Reads the standard input of this process once."""

    def __init__(self, console: Console, *, waits: bool = False, patience: float = PATIENCE_SECONDS) -> None:
        self._console = console
        self._waits = waits
        self._patience = patience
        self._descriptor = _descriptor()

    def is_piped(self) -> bool:
        """Whether something other than a terminal or a device such as /dev/null is connected."""
        if self._descriptor is None:
            return False
        mode = os.fstat(self._descriptor).st_mode
        return stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)

    def question(self) -> str:
        """Return all of standard input as a question, typed or piped. Raises UsageError when it is too long for one."""
        if self._descriptor is None:
            return ""
        if not self._is_worth_waiting():
            return ""
        read = bytearray()
        while piece := os.read(self._descriptor, _PIECE_BYTES):
            read += piece
            if len(read) > _QUESTION_BYTES:
                advice = 'Give the text as context and ask about it: COMMAND | ramet ask "QUESTION".'
                raise UsageError("Standard input is too long to be a question.", advice)
        return _text(bytes(read)).strip()

    def attachment(self) -> Attachment | None:
        """Return what was piped in; None when there is nothing."""
        if self._descriptor is None or not self.is_piped() or not self._is_worth_waiting():
            return None
        kept = HeadAndTail(_HEAD_BYTES, _TAIL_BYTES)
        while piece := os.read(self._descriptor, _PIECE_BYTES):
            kept.add(piece)
        if b"\0" in kept.content():
            self._console.note("Standard input is not text and is left out.")
            return None
        text = _text(kept.content())
        if not text.strip():
            return None
        if kept.left_out:
            shown = f"{(_HEAD_BYTES + _TAIL_BYTES) // 1024} of {kept.total / 1024:,.0f} KiB"
            self._console.note(f"Standard input is long: its head and tail are used, {shown}.")
        return Attachment("standard input", text)

    def _is_worth_waiting(self) -> bool:
        """Wait for the first byte or the end; False when it is given up."""
        assert self._descriptor is not None
        is_watched = self._console.is_error_terminal
        seconds = 0.0 if self._waits else _SAY_SO_SECONDS if is_watched else self._patience
        if os.isatty(self._descriptor) or select.select([self._descriptor], [], [], seconds)[0]:
            return True
        if is_watched:
            self._console.note("Waiting for standard input (Ctrl-C ends it; --no-stdin does not look at it).")
            return True
        if self._waits:
            return True
        self._console.note(
            f"Standard input is an open pipe that sent nothing for {self._patience:g} s; going on without it. "
            "Use --stdin to wait for it, --no-stdin to skip it."
        )
        return False


class HeadAndTail:
    """Keeps the first and the last bytes of a stream of any length, cut at line ends."""

    def __init__(self, head: int, tail: int) -> None:
        self._head_size = head
        self._tail_size = tail
        self._head = bytearray()
        self._tail = bytearray()
        self.total = 0

    @property
    def left_out(self) -> int:
        """How many bytes of the middle are gone."""
        return max(0, self.total - self._head_size - self._tail_size)

    def add(self, piece: bytes) -> None:
        """Take the next bytes."""
        self.total += len(piece)
        room = self._head_size - len(self._head)
        self._head += piece[:room]
        self._tail += piece[room:]
        if len(self._tail) > 2 * self._tail_size:
            del self._tail[: -self._tail_size]

    def content(self) -> bytes:
        """Return what was kept, with a line that says how much is left out."""
        tail = bytes(self._tail[-self._tail_size :])
        if not self.left_out:
            return bytes(self._head) + tail
        head = bytes(self._head)
        cut = head.rfind(b"\n") + 1
        start = tail.find(b"\n") + 1
        head, left = (head[:cut], len(head) - cut) if cut else (head + b"\n", 0)
        return b"%s[... %d bytes are left out here ...]\n%s" % (head, self.left_out + left + start, tail[start:])


def _text(content: bytes) -> str:
    return _ESCAPE_SEQUENCE.sub("", content.decode("utf-8", "replace").replace("\r\n", "\n"))


def _descriptor() -> int | None:
    """Return the descriptor of standard input; None when it is closed or stands for nothing real."""
    try:
        descriptor = sys.stdin.fileno() if sys.stdin is not None else None
        if descriptor is not None:
            os.fstat(descriptor)
    except (OSError, ValueError):  # io.UnsupportedOperation is both
        return None
    return descriptor
