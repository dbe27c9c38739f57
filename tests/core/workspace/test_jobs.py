"""Index runs that are shared."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from ramet.errors import RametError, StoreFull
from ramet.events import IndexEvent, IndexFinished, IndexProgress, IndexWaiting
from ramet.models import Budget
from ramet.workspace.jobs import SyncJobs
from tests.tui.scripted_workspace import NO_CHANGES


def progress(done: int) -> IndexProgress:
    """A snapshot."""
    return IndexProgress(phase="parsing", done=done, total=9, reused=0, failed=0)


class Runs:
    """Scripted runs: each waits for the events that the test gives it."""

    def __init__(self) -> None:
        self.begun: list[bool] = []
        self.budgets: list[Budget | None] = []
        self.cancelled = 0
        self.events: asyncio.Queue[IndexEvent | RametError] = asyncio.Queue()
        self.told: list[str] = []
        self.jobs = SyncJobs(self._run, lambda: self.told.append("progress"), lambda: self.told.append("end"))

    async def _run(self, rebuild: bool, budget: Budget | None) -> AsyncGenerator[IndexEvent, None]:
        self.begun.append(rebuild)
        self.budgets.append(budget)
        try:
            while True:
                event = await self.events.get()
                if isinstance(event, RametError):
                    raise event
                yield event
                if isinstance(event, IndexFinished):
                    return
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


async def everything(stream: AsyncGenerator[IndexEvent, None]) -> list[IndexEvent]:
    """Read a stream to its end."""
    return [event async for event in stream]


async def until_begun(runs: Runs, count: int) -> None:
    """Wait for the start of a run."""
    while len(runs.begun) < count:  # noqa: ASYNC110  - a few turns of the loop
        await asyncio.sleep(0)


async def test_a_later_caller_waits_for_a_run_of_its_own_and_sees_the_progress_of_the_present_one() -> None:
    runs = Runs()
    first = asyncio.create_task(everything(runs.jobs.run()))
    await until_begun(runs, 1)
    second, third = asyncio.create_task(everything(runs.jobs.run())), asyncio.create_task(everything(runs.jobs.run()))
    await asyncio.sleep(0)
    for event in (progress(1), IndexFinished(NO_CHANGES), progress(5), IndexFinished(NO_CHANGES)):
        runs.events.put_nowait(event)
    events = await asyncio.gather(first, second, third)

    assert events[0] == [progress(1), IndexFinished(NO_CHANGES)]
    assert events[1] == events[2]
    assert isinstance(events[1][0], IndexWaiting)
    assert events[1][-2:] == [progress(5), IndexFinished(NO_CHANGES)]
    assert runs.begun == [False, False]
    assert not runs.jobs.is_running


async def test_a_rebuild_is_not_lost_among_plain_callers() -> None:
    runs = Runs()
    first = asyncio.create_task(everything(runs.jobs.run()))
    await until_begun(runs, 1)
    later = [asyncio.create_task(everything(runs.jobs.run(rebuild=rebuild))) for rebuild in (False, True, False)]
    await asyncio.sleep(0)
    runs.events.put_nowait(IndexFinished(NO_CHANGES))
    runs.events.put_nowait(IndexFinished(NO_CHANGES))
    await asyncio.gather(first, *later)

    assert runs.begun == [False, True]


async def test_a_run_is_cancelled_when_its_last_reader_leaves() -> None:
    runs = Runs()
    runs.events.put_nowait(progress(1))
    async with aclosing(runs.jobs.run()) as events:
        await anext(events)
    was_running = runs.jobs.is_running
    runs.events.put_nowait(IndexFinished(NO_CHANGES))
    again = await everything(runs.jobs.run())

    assert not was_running
    assert runs.cancelled == 1
    assert again == [IndexFinished(NO_CHANGES)]


async def test_a_waiting_run_begins_when_the_present_one_is_cancelled() -> None:
    runs = Runs()
    runs.events.put_nowait(progress(1))
    first = runs.jobs.run()
    await anext(first)
    second = asyncio.create_task(everything(runs.jobs.run()))
    await asyncio.sleep(0)
    await first.aclose()
    runs.events.put_nowait(IndexFinished(NO_CHANGES))
    events = await second

    assert runs.begun == [False, False]
    assert events[-1] == IndexFinished(NO_CHANGES)


async def test_a_slow_reader_gets_the_newest_progress_and_the_end() -> None:
    runs = Runs()
    stream = runs.jobs.run()
    reading = asyncio.create_task(anext(stream))
    await until_begun(runs, 1)
    runs.events.put_nowait(progress(1))
    first = await reading
    for done in range(2, 9):
        runs.events.put_nowait(progress(done))
    runs.events.put_nowait(IndexFinished(NO_CHANGES))
    while runs.jobs.is_running:  # noqa: ASYNC110  - a few turns of the loop
        await asyncio.sleep(0)
    rest = await everything(stream)

    assert first == progress(1)
    assert rest == [progress(8), IndexFinished(NO_CHANGES)]


async def test_a_failed_run_fails_for_its_readers_and_the_next_one_may_succeed() -> None:
    runs = Runs()
    runs.events.put_nowait(StoreFull("The disk is full."))
    with pytest.raises(StoreFull):
        await everything(runs.jobs.run())
    problem = runs.jobs.problem
    runs.events.put_nowait(IndexFinished(NO_CHANGES))
    await everything(runs.jobs.run())

    assert isinstance(problem, StoreFull)
    assert runs.jobs.problem is None
    assert runs.jobs.stats == NO_CHANGES


async def test_closing_cancels_the_present_run_and_ends_the_waiting_one() -> None:
    runs = Runs()
    first, second = asyncio.create_task(everything(runs.jobs.run())), asyncio.create_task(everything(runs.jobs.run()))
    await until_begun(runs, 1)
    await runs.jobs.close()
    outcomes = await asyncio.gather(first, second, return_exceptions=True)

    assert runs.cancelled == 1
    assert runs.begun == [False]
    assert all(isinstance(outcome, RametError) for outcome in outcomes)


async def test_progress_is_told_apart_from_the_end_of_a_run() -> None:
    runs = Runs()
    for event in (progress(1), IndexFinished(NO_CHANGES)):
        runs.events.put_nowait(event)
    await everything(runs.jobs.run())

    assert runs.told == ["progress", "progress", "end"]
