"""The front end's end of the engine's socket: requests, streams, and noticing that the engine is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ramet.engine.protocol import (
    CONNECTION_PROBLEM,
    MAX_LINE_BYTES,
    Call,
    Cancel,
    ClientMessage,
    Failure,
    Hello,
    Ping,
    Request,
    Result,
    ServerMessage,
    Stream,
    StreamEvent,
    Welcome,
    decode,
    encode,
    line,
)
from ramet.errors import EngineCrashed, EngineError, RametError, error_named
from ramet.models import Problem

HEARTBEAT_SECONDS = 5.0
"""How often the engine is asked whether it is alive while a request waits."""
_MISSED_BEATS = 6
"""Silent heartbeats after which the engine counts as gone; importing litellm can stop it for some seconds."""
_CANCEL_SECONDS = 2.0
"""How long closing a stream waits for the engine to say that the job has stopped."""

P = TypeVar("P", bound=Struct)
R = TypeVar("R")

_End = Result | Failure


def _error_of(problem: Problem) -> RametError:
    return error_named(problem.error, problem.what, problem.advice)


class EngineConnection:
    """One connection to the engine, greeted; for one event loop. Raises EngineCrashed once the engine is gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heartbeat: float) -> None:
        self._reader = reader
        self._writer = writer
        self._heartbeat = heartbeat
        self._pending: dict[int, asyncio.Queue[StreamEvent | _End | None]] = {}
        """None in a queue says that the engine is gone."""
        self._last_id = CONNECTION_PROBLEM
        self._silent_beats = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._lost = asyncio.Event()
        self.why_lost = "the connection was closed"
        self.welcome = Welcome(protocol=0, version="", pid=0)

    @classmethod
    async def open(cls, path: Path, hello: Hello, *, heartbeat: float = HEARTBEAT_SECONDS) -> EngineConnection:
        """Connect and greet. Raises OSError when nobody listens, else what the engine says against the workspace."""
        reader, writer = await asyncio.open_unix_connection(path, limit=MAX_LINE_BYTES)
        connection = cls(reader, writer, heartbeat)
        try:
            await connection._greet(hello)
        except BaseException:
            writer.close()
            raise
        connection._tasks = [asyncio.create_task(connection._receive()), asyncio.create_task(connection._watch_heartbeat())]
        return connection

    @property
    def is_lost(self) -> bool:
        """Whether the engine is gone."""
        return self._lost.is_set()

    async def call(self, method: Call[P, R], params: P) -> R:
        """Return the answer to one request."""
        number, messages = self._begin(method, params)
        message: StreamEvent | _End | None = None
        try:
            message = await messages.get()
        finally:
            del self._pending[number]
            if message is None:
                self._cancel(number)
        return self._value(message, method.answer)  # type: ignore[no-any-return]  # decoded as the method's answer type

    async def stream(self, method: Stream[P, R], params: P) -> AsyncGenerator[R, None]:
        """Yield the events of one request; closing it cancels the job in the engine and waits until it has stopped."""
        number, messages = self._begin(method, params)
        is_over = False
        try:
            while True:
                message = await messages.get()
                if not isinstance(message, StreamEvent):
                    is_over = True
                    self._value(message, None)
                    return
                yield decode(message.event, method.answer)
        finally:
            if not is_over:
                self._cancel(number)
                await self._ended(messages)
            del self._pending[number]

    async def gone(self) -> None:
        """Wait until the engine has closed the connection."""
        await self._lost.wait()

    async def close(self) -> None:
        """Close the connection; the engine cancels what is still running for it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._lose("the connection was closed")
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _greet(self, hello: Hello) -> None:
        self._write(hello)
        encoded = await self._line()
        if encoded is None:
            raise EngineCrashed(f"The engine went away before it answered: {self.why_lost}.")
        message = decode(encoded, ServerMessage)
        if isinstance(message, Failure):
            raise _error_of(message.problem)
        if not isinstance(message, Welcome):
            raise EngineError("The engine answered with something else than a welcome.", "Run `ramet engine stop`.")
        self.welcome = message

    def _begin(self, method: Call[P, R] | Stream[P, R], params: P) -> tuple[int, asyncio.Queue[StreamEvent | _End | None]]:
        if self.is_lost:
            raise EngineCrashed(f"The engine is gone: {self.why_lost}.")
        self._last_id += 1
        request = line(Request(id=self._last_id, method=method.name, params=msgspec.Raw(encode(params))))
        messages: asyncio.Queue[StreamEvent | _End | None] = asyncio.Queue()
        self._pending[self._last_id] = messages
        self._silent_beats = 0
        self._writer.write(request)
        return self._last_id, messages

    def _write(self, message: ClientMessage) -> None:
        if not self.is_lost:
            self._writer.write(line(message))

    def _cancel(self, number: int) -> None:
        self._write(Cancel(number))

    async def _ended(self, messages: asyncio.Queue[StreamEvent | _End | None]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_CANCEL_SECONDS):
                while isinstance(await messages.get(), StreamEvent):
                    pass

    def _value(self, message: StreamEvent | _End | None, type_: object) -> Any:  # noqa: ANN401  - see `decode`
        match message:
            case Result():
                return decode(message.value, type_)
            case Failure():
                raise _error_of(message.problem)
            case _:
                raise EngineCrashed(f"The engine went away in the middle of the request: {self.why_lost}.")

    async def _line(self) -> bytes | None:
        """Return the next line; None when there is no more."""
        try:
            return await self._reader.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            self.why_lost = "it ended or was stopped"
        except asyncio.LimitOverrunError:
            self.why_lost = "it sent more than can be read"
        except OSError as error:
            self.why_lost = f"{error.strerror or error}"
        return None

    async def _receive(self) -> None:
        try:
            while (encoded := await self._line()) is not None:
                self._silent_beats = 0
                message = decode(encoded, ServerMessage)
                if isinstance(message, StreamEvent | Result | Failure) and (queue := self._pending.get(message.id)):
                    queue.put_nowait(message)
        except EngineError as error:
            self.why_lost = error.what.rstrip(".")
        self._lose(self.why_lost)

    async def _watch_heartbeat(self) -> None:
        while not self.is_lost:
            await asyncio.sleep(self._heartbeat)
            if not self._pending:
                self._silent_beats = 0
                continue
            self._silent_beats += 1
            if self._silent_beats > _MISSED_BEATS:
                self._lose(f"it has not answered for {self._heartbeat * self._silent_beats:.0f} s")
            else:
                self._write(Ping())

    def _lose(self, why: str) -> None:
        if self.is_lost:
            return
        self.why_lost = why
        self._lost.set()
        for queue in self._pending.values():
            queue.put_nowait(None)
