"""Who wants to know about changes, the file watcher that runs while anybody does, and what looks at files need not repeat."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

from msgspec import Struct

from ramet.errors import RametError
from ramet.git.repository import Location
from ramet.index.tripwire import Tripwire

_log = logging.getLogger(__name__)

_TRUST_SECONDS = 30.0
"""After which files are looked at again although nothing has happened: a tripwire does not see everything."""
_RETRY_SECONDS = 60.0
"""Where watching is impossible, or folders changed too fast to begin with it."""


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


class Moment(Struct, frozen=True):
    """A point in time, as `Stillness` knows it."""

    tripwire: Tripwire
    changes: int
    seconds: float


class Stillness:
    """Knows whether nothing has changed since a moment, so that nobody has to look. For one event loop."""

    def __init__(self, location: Location, private: Path) -> None:
        self._location = location
        self._private = private
        self._tripwire: Tripwire | None = None
        self._laying: asyncio.Future[Tripwire | None] | None = None
        self._next_try = 0.0

    def moment(self) -> Moment | None:
        """Return this moment; None where nothing can be said about it later."""
        if self._tripwire is None:
            return None
        changes = self._tripwire.changes()
        return None if self._tripwire.is_outdated else Moment(self._tripwire, changes, time.monotonic())

    def lasts_since(self, moment: Moment | None) -> bool:
        """Whether nothing has changed since a moment, as far as anybody knows."""
        now = self.moment()
        return (
            now is not None
            and moment is not None
            and now.tripwire is moment.tripwire
            and now.changes == moment.changes
            and now.seconds - moment.seconds < _TRUST_SECONDS
        )

    async def begin(self) -> None:
        """Let changes be told from now on, where they are not and the system can."""
        if self._laying is not None or time.monotonic() < self._next_try or self.moment() is not None:
            return
        self.close()
        self._laying = asyncio.ensure_future(asyncio.to_thread(Tripwire.lay, self._location, self._private))
        try:
            self._tripwire = await asyncio.shield(self._laying)
        except asyncio.CancelledError:
            self._laying.add_done_callback(_close_laid)
            raise
        finally:
            self._laying = None
        if self._tripwire is None:
            self._next_try = time.monotonic() + _RETRY_SECONDS

    def close(self) -> None:
        """End it."""
        tripwire, self._tripwire = self._tripwire, None
        if tripwire is not None:
            tripwire.close()


def _close_laid(laying: asyncio.Future[Tripwire | None]) -> None:
    tripwire = laying.result()
    if tripwire is not None:
        tripwire.close()
