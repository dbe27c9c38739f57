"""Blocking generators for an event loop: they run in a thread of their own, at the pace of their reader."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import closing, suppress
from contextvars import copy_context
from typing import TypeVar

from ramet.priority import lower_thread

_AHEAD = 32
"""Items that the thread may produce before the reader has taken the first of them."""

T = TypeVar("T")


class _End:
    """The thread is done, with the error that it ended in."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


async def iterate_in_thread(make: Callable[[], Iterator[T]], *, niceness: int = 0) -> AsyncGenerator[T, None]:
    """Yield what a blocking iterator yields. Closing it closes that iterator at its next item and waits until it is closed.

    `niceness` is that of its thread, where threads have one.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[T | _End] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)
    is_cancelled = threading.Event()

    def deliver(item: T | _End) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(arrived.put_nowait, item)

    def work() -> None:
        error: BaseException | None = None
        if niceness:
            lower_thread(niceness)
        try:
            with closing(_generator(make)) as items:
                for item in items:
                    room.acquire()
                    if is_cancelled.is_set():
                        break
                    deliver(item)
        except BaseException as caught:  # raised again by the reader
            error = caught
        deliver(_End(error))

    threading.Thread(target=copy_context().run, args=(work,), name="ramet-job", daemon=True).start()
    is_over = False
    try:
        while True:
            item = await arrived.get()
            if isinstance(item, _End):
                is_over = True
                if item.error is not None:
                    raise item.error
                return
            room.release()
            yield item
    finally:
        if not is_over:
            is_cancelled.set()
            room.release()
            while not isinstance(await arrived.get(), _End):
                pass


def _generator(make: Callable[[], Iterator[T]]) -> Generator[T, None, None]:
    yield from make()
