"""Blocking generators in an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import aclosing
from contextvars import ContextVar

import pytest

from ramet.workspace.bridge import iterate_in_thread

request_name: ContextVar[str] = ContextVar("request_name", default="none")


async def test_items_come_in_order_and_from_another_thread() -> None:
    def count() -> Generator[tuple[int, bool], None, None]:
        for number in range(200):
            yield number, threading.current_thread() is threading.main_thread()

    items = [item async for item in iterate_in_thread(count)]

    assert items == [(number, False) for number in range(200)]


async def test_an_error_reaches_the_reader_after_the_items_before_it() -> None:
    def fail() -> Generator[int, None, None]:
        yield 1
        raise ValueError("no")

    stream = iterate_in_thread(fail)
    first = await anext(stream)
    with pytest.raises(ValueError, match="no"):
        await anext(stream)

    assert first == 1


async def test_the_generator_never_runs_far_ahead_of_its_reader() -> None:
    produced: list[int] = []

    def count() -> Generator[int, None, None]:
        for number in range(10_000):
            produced.append(number)
            yield number

    async with aclosing(iterate_in_thread(count)) as items:
        await anext(items)

    assert len(produced) < 100


async def test_closing_waits_until_the_generator_is_closed() -> None:
    is_closed = threading.Event()

    def endless() -> Generator[int, None, None]:
        try:
            while True:
                yield 1
        finally:
            is_closed.set()

    async with asyncio.timeout(10), aclosing(iterate_in_thread(endless)) as items:
        await anext(items)

    assert is_closed.is_set()


async def test_cancelling_the_reader_closes_the_generator() -> None:
    is_closed = threading.Event()
    go_on = threading.Event()

    def waits() -> Generator[int, None, None]:
        try:
            yield 1
            go_on.wait()
            yield 2
        finally:
            is_closed.set()

    async def read() -> None:
        async for _ in iterate_in_thread(waits):
            reading.set()

    reading = asyncio.Event()
    task = asyncio.create_task(read())
    await reading.wait()
    task.cancel()
    asyncio.get_running_loop().call_soon(go_on.set)
    await asyncio.wait([task])

    assert task.cancelled()
    assert is_closed.is_set()


async def test_context_variables_are_kept() -> None:
    def name() -> Generator[str, None, None]:
        yield request_name.get()

    request_name.set("ask")

    assert [item async for item in iterate_in_thread(name)] == ["ask"]
