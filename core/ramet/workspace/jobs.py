"""Index runs of one workspace, one at a time, each shared by everyone who wants it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress

from ramet.errors import RametError
from ramet.events import IndexEvent, IndexFinished, IndexProgress, IndexWaiting, Scanned
from ramet.models import Budget, IndexStats

StartRun = Callable[[bool, Budget | None], AsyncGenerator[IndexEvent, None]]
"""Begin a run; the arguments say whether to rebuild, and what its vectors may cost, None meaning what is usual."""

_REPORT_SECONDS = 0.2
"""Shortest time between two reports of progress to one reader, each of which is sent, shown and drawn."""


class _Mailbox:
    """Events for one reader; progress that was not read yet is replaced by newer progress."""

    def __init__(self) -> None:
        self._events: deque[IndexEvent] = deque()
        self._error: BaseException | None = None
        self._is_over = False
        self._arrived = asyncio.Event()
        self._ends = asyncio.Event()
        """Set when there is more than progress to report."""

    def put(self, event: IndexEvent) -> None:
        if self._events and type(self._events[-1]) is type(event):
            self._events[-1] = event
        else:
            self._events.append(event)
        if isinstance(event, IndexFinished):
            self._ends.set()
        self._arrived.set()

    def end(self, error: BaseException | None) -> None:
        self._is_over, self._error = True, error
        self._ends.set()
        self._arrived.set()

    async def read(self) -> AsyncGenerator[IndexEvent, None]:
        while True:
            while self._events:
                yield self._events.popleft()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ends.wait(), _REPORT_SECONDS)
            if self._is_over:
                if self._error is not None:
                    raise self._error
                return
            self._arrived.clear()
            await self._arrived.wait()


class _Job:
    """One run, begun or waiting for its turn."""

    def __init__(self) -> None:
        self.rebuild = False
        self.budget: Budget | None = None
        self.readers: set[_Mailbox] = set()
        self.task: asyncio.Task[None] | None = None

    def publish(self, event: IndexEvent) -> None:
        for reader in self.readers:
            reader.put(event)

    def end(self, error: BaseException | None) -> None:
        for reader in self.readers:
            reader.end(error)


class SyncJobs:
    """Owns the running index run and the next one.

    A run that has begun may have passed a file that changed since, so a later caller never joins it: it waits, together with
    all other later callers, for the next run.
    """

    def __init__(self, start: StartRun, progressed: Callable[[], None], ended: Callable[[], None]) -> None:
        self._start = start
        self._tell_progress = progressed
        self._tell_end = ended
        self._current: _Job | None = None
        self._next: _Job | None = None
        self.progress: Scanned | IndexProgress | IndexWaiting | None = None
        """The newest event of the running run."""
        self.problem: BaseException | None = None
        """What the last run ended in; None when it ended well."""
        self.stats: IndexStats | None = None
        """What the last complete run did."""

    @property
    def is_running(self) -> bool:
        """Whether a run is at work."""
        return self._current is not None

    async def run(self, *, rebuild: bool = False, budget: Budget | None = None) -> AsyncGenerator[IndexEvent, None]:
        """Yield the events of a run that begins after this call; closing the last reader of a run cancels it."""
        async with aclosing(self._read(self._wanted(rebuild=rebuild, budget=budget))) as events:
            async for event in events:
                yield event

    async def join(self) -> AsyncGenerator[IndexEvent, None]:
        """Yield the events of the present run from now on, or of a new one when none is at work."""
        async with aclosing(self._read(self._current or self._wanted(rebuild=False, budget=None))) as events:
            async for event in events:
                yield event

    async def ended(self) -> None:
        """Wait for the end of the present run without keeping it alive."""
        if self._current is not None and self._current.task is not None:
            await asyncio.wait([self._current.task])

    async def close(self) -> None:
        """Cancel everything and wait until it has stopped."""
        for job in (self._next, self._current):
            if job is not None:
                await self._abandon(job)

    def _wanted(self, *, rebuild: bool, budget: Budget | None) -> _Job:
        if self._current is None:
            job = _Job()
            job.rebuild, job.budget = rebuild, budget
            self._begin(job)
            return job
        if self._next is None:
            self._next = _Job()
        self._next.rebuild = self._next.rebuild or rebuild
        self._next.budget = _larger(self._next.budget, budget)
        return self._next

    async def _read(self, job: _Job) -> AsyncGenerator[IndexEvent, None]:
        mailbox = _Mailbox()
        job.readers.add(mailbox)
        if job is self._next:
            mailbox.put(IndexWaiting("Another index run of this repository is at work."))
        try:
            async with aclosing(mailbox.read()) as events:
                async for event in events:
                    yield event
        finally:
            job.readers.discard(mailbox)
            if not job.readers:
                await self._abandon(job)

    def _begin(self, job: _Job) -> None:
        self._current = job
        job.task = asyncio.create_task(self._work(job))
        job.task.add_done_callback(lambda task: self._ended(job, task))

    async def _work(self, job: _Job) -> None:
        async with aclosing(self._start(job.rebuild, job.budget)) as events:
            async for event in events:
                self._publish(job, event)

    def _ended(self, job: _Job, task: asyncio.Task[None]) -> None:
        self._current = None
        self.progress = None
        if task.cancelled():
            job.end(_closed())
        else:
            self.problem = task.exception()
            job.end(self.problem)
        following, self._next = self._next, None
        if following is not None and following.readers:
            self._begin(following)
        self._tell_end()

    def _publish(self, job: _Job, event: IndexEvent) -> None:
        if isinstance(event, IndexFinished):
            self.stats = event.stats
        else:
            self.progress = event
            if self._next is not None:
                self._next.publish(event)
        job.publish(event)
        self._tell_progress()

    async def _abandon(self, job: _Job) -> None:
        if job is self._next:
            self._next = None
            job.end(_closed())
        if job.task is not None and not job.task.done():
            job.task.cancel()
            await asyncio.wait([job.task])


def _larger(one: Budget | None, other: Budget | None) -> Budget | None:
    """Return what satisfies everybody who waits for a run."""
    if one is None or other is None:
        return one or other
    return Budget(max(one.usd, other.usd), max(one.tokens, other.tokens))


def _closed() -> RametError:
    return RametError("The index run was cancelled because the workspace was closed.", "What it had done is kept.")
