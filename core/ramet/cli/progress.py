"""Shows on stderr how far an index run is: one line that changes on a terminal, else a few lines that do not."""

from __future__ import annotations

import time

from ramet.cli.console import Console
from ramet.events import Event, IndexProgress, IndexWaiting, Scanned

_REPAINT_SECONDS = 0.08
"""A terminal is not repainted more often: nobody reads faster, and a remote one would lag behind."""


class IndexProgressLine:
    """Takes the events of an index run; `clear` before anything else is written to the terminal."""

    def __init__(self, console: Console, *, is_quiet: bool = False) -> None:
        self._console = console
        self._is_quiet = is_quiet
        self._repaints = console.repaints
        self._next_paint = 0.0
        self._phase = ""
        self._is_painted = False

    def show(self, event: Event) -> None:
        """Show an event of an index run; other events are ignored."""
        if self._is_quiet:
            return
        if isinstance(event, IndexWaiting):
            self._write(f"Waiting: {event.reason}", "waiting")
        elif isinstance(event, Scanned):
            if event.changed or event.removed:
                self._write(f"{event.files:,} files, {event.changed:,} to read, {event.removed:,} gone", "scanned")
        elif isinstance(event, IndexProgress) and event.total:
            self._write(_sentence(event, with_count=self._repaints), event.phase)

    def clear(self) -> None:
        """Remove the line from the terminal."""
        if self._is_painted:
            self._console.overwrite("")
            self._is_painted = False

    def _write(self, text: str, phase: str) -> None:
        is_new = phase != self._phase
        self._phase = phase
        if not self._repaints:
            if is_new:
                self._console.note(text)
            return
        now = time.monotonic()
        if is_new or now >= self._next_paint:
            self._console.overwrite(text)
            self._is_painted = True
            self._next_paint = now + _REPAINT_SECONDS


def _sentence(event: IndexProgress, *, with_count: bool) -> str:
    unit = {"parsing": "files", "history": "commits"}.get(event.phase, "chunks")
    doing = {"parsing": "Reading", "history": "Reading", "embedding": "Computing vectors of"}.get(
        event.phase, event.phase.capitalize() or "Working on"
    )
    if not with_count:
        return f"{doing} {event.total:,} {unit}"
    failed = f", {event.failed:,} failed" if event.failed else ""
    return f"{doing} {unit}: {event.done:,} of {event.total:,}{failed}  {event.note or event.path}".rstrip()
