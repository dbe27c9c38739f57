"""Reading a stream of events that may be stopped from outside. Imports no Textual."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeVar

T = TypeVar("T")


async def until_stopped(events: AsyncGenerator[T, None], stop: asyncio.Event) -> AsyncGenerator[T, None]:
    """Yield events until the stream ends or `stop` is set; then the stream is closed.

    Stopping interrupts only the wait for the next event and never what the reader does with the last one, so that a
    half-updated widget cannot remain.
    """
    stopping = asyncio.ensure_future(stop.wait())
    coming: asyncio.Future[T] | None = None
    try:
        while True:
            coming = asyncio.ensure_future(anext(events))
            await asyncio.wait({coming, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                return
            try:
                event = coming.result()
            except StopAsyncIteration:
                return
            yield event
    finally:
        unfinished = [future for future in (stopping, coming) if future is not None]
        for future in unfinished:
            future.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        await events.aclose()
