"""One front end at the engine: its greeting, its workspace, and its requests, which run side by side."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ramet.engine.protocol import (
    CONNECTION_PROBLEM,
    ENGINE_STATUS,
    LEAVE,
    PROTOCOL,
    WORKSPACE_METHODS,
    AnyMethod,
    Cancel,
    ClientMessage,
    Failure,
    Hello,
    Ping,
    Pong,
    Request,
    Result,
    ServerMessage,
    Stream,
    StreamEvent,
    Welcome,
    decode,
    encode,
    line,
    problem_of,
)
from ramet.errors import EngineError, RametError
from ramet.models import Problem
from ramet.paths import absolute, path_to_text
from ramet.workspace.protocol import Workspace

if TYPE_CHECKING:
    from ramet.engine.server import EngineServer

_log = logging.getLogger(__name__)

_MOST_REQUESTS = 256
"""Of one connection at a time; an honest front end has a handful."""


class FrontEnd:
    """One front end: its greeting, its workspace and its requests."""

    def __init__(self, server: EngineServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._workspace: Workspace | None = None
        self._requests: dict[int, asyncio.Task[None]] = {}
        self._streams: set[int] = set()
        self._is_leaving = False
        self.waits_for_end = False
        """It asked the engine to leave; the end of its connection tells it that all is closed."""

    @property
    def has_workspace(self) -> bool:
        """Whether it is more than a question to the engine itself."""
        return self._workspace is not None

    @property
    def is_busy(self) -> bool:
        """Whether a request is running."""
        return bool(self._requests)

    async def serve(self) -> None:
        """Answer until the front end goes away or breaks the protocol."""
        try:
            if await self._greet():
                while (encoded := await self._line()) is not None:
                    await self._handle(encoded)
        except OSError:
            pass  # the front end went away while it was being answered
        finally:
            await self._cancel_requests(tuple(self._requests))
            self._writer.close()
            if self._workspace is not None:
                await self._workspace.close()

    async def leave(self, grace: float) -> None:
        """Cancel streams, let short requests finish for a moment, then hang up, which tells the front end what happened."""
        self._is_leaving = True
        await self._cancel_requests(tuple(self._streams))
        if self._requests:
            await asyncio.wait(self._requests.values(), timeout=grace)
        await self._cancel_requests(tuple(self._requests))
        if not self.waits_for_end:
            self._writer.close()

    async def _greet(self) -> bool:
        """Open the workspace that the front end asks for; False when the connection is of no use."""
        encoded = await self._line()
        if encoded is None:
            return False
        try:
            hello = decode(encoded, ClientMessage)
            if not isinstance(hello, Hello):
                raise EngineError("The first message must be a hello.")
            await self._send(await self._welcome(hello))
        except RametError as error:
            await self._send(Failure(CONNECTION_PROBLEM, problem_of(error)))
            return False
        except Exception as error:
            await self._send(Failure(CONNECTION_PROBLEM, _unexpected(error, "opening the workspace")))
            return False
        return True

    async def _welcome(self, hello: Hello) -> Welcome:
        self._server.hide(hello.environment)
        root = ""
        is_alike = (hello.version, hello.protocol) == (self._server.version, PROTOCOL)
        if hello.folder and is_alike:
            folder = absolute(Path("/"), hello.folder)
            self._workspace = await self._server.host.open(folder, hello.environment, hello.overrides)
            root = path_to_text(os.fsencode(self._workspace.root))
        return Welcome(protocol=PROTOCOL, version=self._server.version, pid=os.getpid(), root=root)

    async def _handle(self, encoded: bytes) -> None:
        try:
            message = decode(encoded, ClientMessage)
        except EngineError as error:
            await self._send(Failure(CONNECTION_PROBLEM, problem_of(error)))
            return
        match message:
            case Request():
                await self._begin(message)
            case Cancel():
                if message.id in self._requests:
                    self._requests[message.id].cancel()
            case Ping():
                await self._send(Pong())
            case Hello():
                await self._send(Failure(CONNECTION_PROBLEM, Problem("EngineError", "A connection has one hello.")))

    async def _begin(self, request: Request) -> None:
        if request.id in self._requests or request.id <= CONNECTION_PROBLEM:
            await self._send(Failure(request.id, Problem("EngineError", f"The request id {request.id} cannot be used.")))
        elif len(self._requests) >= _MOST_REQUESTS:
            await self._send(Failure(request.id, Problem("EngineError", "Too many requests at once.", "Wait for some to end.")))
        else:
            task = asyncio.create_task(self._answer(request))
            self._requests[request.id] = task
            task.add_done_callback(lambda task: self._ended(request.id, task))
            self._server.busy()

    def _ended(self, id: int, task: asyncio.Task[None]) -> None:
        del self._requests[id]
        if task.cancelled() and not self._is_leaving and not self._writer.is_closing():
            self._writer.write(line(Result(id)))
        self._streams.discard(id)
        self._server.busy()

    async def _answer(self, request: Request) -> None:
        """Run one request to its end and say how it ended; `_ended` does so for a cancelled one."""
        started = time.monotonic()
        outcome = "done"
        try:
            end: Result | Failure = Result(request.id, await self._run(request))
        except asyncio.CancelledError:
            _log.info("%s: cancelled after %.3f s", request.method, time.monotonic() - started)
            raise
        except RametError as error:
            end, outcome = Failure(request.id, problem_of(error)), type(error).__name__
        except Exception as error:
            end, outcome = Failure(request.id, _unexpected(error, request.method)), "failed"
        _log.info("%s: %s after %.3f s", request.method, outcome, time.monotonic() - started)
        with suppress(OSError):
            await self._send_end(end)

    async def _run(self, request: Request) -> msgspec.Raw:
        if request.method == ENGINE_STATUS.name:
            return msgspec.Raw(encode(self._server.status()))
        if request.method == LEAVE.name:
            self.waits_for_end = True
            self._server.leave("asked to")
            return msgspec.Raw(b"null")
        method = WORKSPACE_METHODS.get(request.method)
        if method is None:
            raise EngineError(
                "There is no such method.", "Front end and engine may be of different versions: run `ramet engine stop`."
            )
        if self._workspace is None:
            raise EngineError("This connection has no workspace.")
        answering = getattr(self._workspace, method.name)(**_arguments(method, request.params))
        if isinstance(method, Stream):
            self._streams.add(request.id)
            await self._forward(request.id, answering)
            return msgspec.Raw(b"null")
        return msgspec.Raw(encode(await answering))

    async def _forward(self, id: int, stream: AsyncGenerator[object, None]) -> None:
        async with aclosing(stream) as events:
            async for event in events:
                await self._send(StreamEvent(id, msgspec.Raw(encode(event))))

    async def _send_end(self, end: Result | Failure) -> None:
        try:
            await self._send(end)
        except EngineError as error:
            await self._send(Failure(end.id, problem_of(error)))

    async def _send(self, message: ServerMessage) -> None:
        # Waiting for the socket is what slows a job down to the pace of its reader.
        self._writer.write(line(message))
        await self._writer.drain()

    async def _cancel_requests(self, ids: tuple[int, ...]) -> None:
        tasks = [task for number, task in self._requests.items() if number in ids]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _line(self) -> bytes | None:
        """Return the next line; None when the front end is gone or sends without end."""
        try:
            return await self._reader.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            return None
        except asyncio.LimitOverrunError:
            await self._send(Failure(CONNECTION_PROBLEM, Problem("EngineError", "A message is too long.", "Send less at once.")))
            return None
        except OSError:
            return None


def _arguments(method: AnyMethod, params: msgspec.Raw) -> dict[str, Any]:  # Any: keyword arguments of many methods
    return msgspec.structs.asdict(decode(params, method.params))


def _unexpected(error: Exception, doing: str) -> Problem:
    """Log a mistake of Ramet and return what the user is told."""
    _log.exception("%s failed", doing)
    return Problem("EngineError", f"The engine failed at {doing}: {type(error).__name__}.", "Its log has the details.")
