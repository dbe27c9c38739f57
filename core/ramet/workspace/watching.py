"""Who wants to know about changes, and the file watcher that runs while anybody does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

from ramet.errors import RametError
from ramet.git.repository import Location

_log = logging.getLogger(__name__)


class Listeners:
    """Tells everyone who listens that something changed, and counts how often it did; progress does not count."""

    def __init__(self) -> None:
        self.revision = 1
        self._events: set[asyncio.Event] = set()

    def tell(self) -> None:
        """Something changed."""
        self.revision += 1
        self.tell_progress()

    def tell_progress(self) -> None:
        """Something goes on: what there is to show is the same, except for how far it is."""
        for event in self._events:
            event.set()

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """Give an event that is set by every change while the block runs."""
        event = asyncio.Event()
        self._events.add(event)
        try:
            yield event
        finally:
            self._events.discard(event)


class FileWatch:
    """Runs one file watcher for any number of users of it."""

    def __init__(self, location: Location, private: Path, changed: Callable[[], None]) -> None:
        self._location = location
        self._private = private
        self._changed = changed
        self._users = 0
        self._task: asyncio.Task[None] | None = None
        self.is_alive = False
        """Whether every change from now on will be told at once; not where the folder is only looked at now and then."""

    def start(self) -> None:
        """Begin to watch, or share the watching that goes on; matched by one `stop`."""
        self._users += 1
        if self._task is None:
            self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Leave; the last one ends the watching."""
        self._users -= 1
        if self._users <= 0:
            await self.close()

    async def close(self) -> None:
        """End the watching for everyone."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _watch(self) -> None:
        from ramet.index.watch import watch_changes

        reasons: list[str] = []
        try:
            async with aclosing(watch_changes(self._location, self._private, reasons.append)) as changes:
                async for _ in changes:
                    # The first one says that the watching has begun: what happened before is unknown.
                    self.is_alive = not reasons
                    self._changed()
        except RametError as error:
            _log.warning("files are not watched: %s", error.what)
        finally:
            self.is_alive = False
