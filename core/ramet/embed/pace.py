"""Holds the calls of one index run back together: a service that asks one of them to wait means all."""

from __future__ import annotations

import threading
import time

from ramet.errors import EmbedError


class Stopped(EmbedError):
    """The run was stopped, so that the call was given up; nothing is wrong with the embedder."""


class Pace:
    """Shared by the calls of one run; for any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._until = 0.0
        """On the monotonic clock."""
        self._reason = ""
        self._is_stopped = False

    @property
    def reason(self) -> str:
        """Why calls wait, as a sentence; empty while they do not."""
        seconds = self._until - time.monotonic()
        return f"{self._reason} Going on in {seconds:.0f} s." if seconds > 0 and not self._is_stopped else ""

    def hold(self, seconds: float, reason: str) -> None:
        """Let no call go on before so many seconds have passed."""
        with self._changed:
            until = time.monotonic() + seconds
            if until > self._until:
                self._until, self._reason = until, reason

    def wait(self) -> None:
        """Return when calls may go on. Raises Stopped."""
        with self._changed:
            while not self._is_stopped and (left := self._until - time.monotonic()) > 0:
                self._changed.wait(left)
            if self._is_stopped:
                raise Stopped("The run was stopped.")

    def stop(self) -> None:
        """Give up all calls that wait or have not begun."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
