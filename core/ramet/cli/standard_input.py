"""Text piped into a command: read without ever waiting for nobody, and kept within bounds.

Which standard input is meant for us cannot be known for certain: a pipe may come from `pytest |`, which is silent for minutes,
or from a scheduler that holds one open and never writes. With a person at the terminal we wait and say so; without one we give
up after some seconds and say so.
"""

from __future__ import annotations

import os
import select
import stat
import sys

from ramet.cli.console import Console
from ramet.errors import UsageError
from ramet.models import Attachment
from ramet.terminal.kept import HeadAndTail

PATIENCE_SECONDS = 10.0
"""How long a pipe may be silent at its beginning where nobody watches: most programs have said something by then."""
_SAY_SO_SECONDS = 1.0
_HEAD_BYTES = 16 * 1024
_TAIL_BYTES = 48 * 1024
"""The end of a log says what went wrong, its beginning what was run; together they stay within a model's budget."""
_QUESTION_BYTES = 1_000_000
_PIECE_BYTES = 64 * 1024


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
        return _text(bytes(read), b"", 0).strip()

    def attachment(self) -> Attachment | None:
        """Return what was piped in; None when there is nothing."""
        if self._descriptor is None or not self.is_piped() or not self._is_worth_waiting():
            return None
        stream = HeadAndTail(_HEAD_BYTES, _TAIL_BYTES)
        while piece := os.read(self._descriptor, _PIECE_BYTES):
            stream.add(piece)
        kept = stream.kept()
        if b"\0" in kept.head + kept.tail:
            self._console.note("Standard input is not text and is left out.")
            return None
        text = _text(kept.head, kept.tail, kept.omitted)
        if not text.strip():
            return None
        if kept.omitted:
            shown = f"{(_HEAD_BYTES + _TAIL_BYTES) // 1024} of {stream.total / 1024:,.0f} KiB"
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


def _text(head: bytes, tail: bytes, omitted: int) -> str:
    """Return piped bytes as plain text: escape sequences are of no use to a model."""
    from ramet.terminal.plain import plain_parts

    return plain_parts(head, tail, omitted)


def _descriptor() -> int | None:
    """Return the descriptor of standard input; None when it is closed or stands for nothing real."""
    try:
        descriptor = sys.stdin.fileno() if sys.stdin is not None else None
        if descriptor is not None:
            os.fstat(descriptor)
    except (OSError, ValueError):  # io.UnsupportedOperation is both
        return None
    return descriptor
