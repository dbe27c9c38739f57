"""Finding, starting, replacing and stopping the engine, seen from a front end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from ramet.engine.connection import HEARTBEAT_SECONDS, EngineConnection
from ramet.engine.environment import inherited
from ramet.engine.place import EnginePlace, FileLock, engine_place, secure
from ramet.engine.protocol import ENGINE_STATUS, LEAVE, PROTOCOL, EngineStatus, Hello, NoParams, decode
from ramet.errors import EngineCrashed, EngineError, error_named
from ramet.models import Problem
from ramet.paths import UserDirectories
from ramet.version import __version__

START_SECONDS = 30.0
"""How long a starting engine, or one that another front end is starting, is waited for; a cold disk takes seconds."""
LEAVE_SECONDS = 10.0
"""How long an engine that was asked to leave may take to cancel its jobs."""
_LOCK_POLL_SECONDS = 0.02
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""numpy compares vectors no faster with several threads, which wait for each other where other programs are at work."""
_NOBODY_LISTENS = (errno.ENOENT, errno.ECONNREFUSED, errno.ECONNRESET, errno.EPIPE)


class Started(Struct, frozen=True):
    """The one line that a starting engine writes to the pipe it was given: it listens, or why it does not."""

    pid: int
    problem: Problem | None = None


async def ensure_engine(
    directories: UserDirectories,
    environment: Mapping[str, str],
    hello: Hello,
    *,
    may_replace: bool = True,
    heartbeat: float = HEARTBEAT_SECONDS,
) -> EngineConnection:
    """Return a greeted connection to an engine of this version; start one, or replace one of another version, where needed.

    `may_replace=False` is for a front end that had an engine before: finding another version then means that Ramet was
    updated meanwhile, and replacing the new engine would take it away from the new front ends.
    """
    place = engine_place(directories)
    secure(place)
    connection = await _connect(place, hello, heartbeat)
    if connection is not None and _is_alike(connection, hello):
        return connection
    if connection is not None:
        await connection.close()
    async with _start_lock(place):
        connection = await _connect(place, hello, heartbeat)
        if connection is not None and not _is_alike(connection, hello):
            if not may_replace:
                await connection.close()
                raise _updated(connection)
            await _leave(connection)
            connection = None
        if connection is None:
            await _start(place, environment)
            connection = await _connect(place, hello, heartbeat)
    if connection is None:
        raise EngineError("The engine was started but cannot be reached.", _look_at(place.log))
    if not _is_alike(connection, hello):
        await connection.close()
        raise _updated(connection)
    return connection


def _updated(connection: EngineConnection) -> EngineError:
    what = f"Ramet was updated to {connection.welcome.version} while this program ran."
    return EngineError(what, "Close this program and start it anew.")


async def engine_status(directories: UserDirectories) -> EngineStatus | None:
    """Return what the running engine says about itself; None when none runs."""
    place = engine_place(directories)
    connection = await _connect(place, _control_hello(), HEARTBEAT_SECONDS)
    if connection is None:
        return None
    try:
        return await connection.call(ENGINE_STATUS, NoParams())
    finally:
        await connection.close()


async def stop_engine(directories: UserDirectories) -> bool:
    """End the running engine and wait until it is gone; False when none runs."""
    connection = await _connect(engine_place(directories), _control_hello(), HEARTBEAT_SECONDS)
    if connection is None:
        return False
    await _leave(connection)
    return True


def _control_hello() -> Hello:
    return Hello(protocol=PROTOCOL, version=__version__)


def _is_alike(connection: EngineConnection, hello: Hello) -> bool:
    return (connection.welcome.version, connection.welcome.protocol) == (hello.version, hello.protocol)


async def _connect(place: EnginePlace, hello: Hello, heartbeat: float) -> EngineConnection | None:
    """Return a greeted connection; None when no engine listens, or the one that did is just going."""
    if not place.socket.exists():
        return None
    secure(place)
    try:
        return await EngineConnection.open(place.socket, hello, heartbeat=heartbeat)
    except OSError as error:
        if error.errno in _NOBODY_LISTENS:
            return None
        raise EngineError(
            f"The engine's socket {place.socket} cannot be used: {error.strerror or error}.",
            "Run with --in-process to do without.",
        ) from error
    except EngineCrashed:
        return None


async def _leave(connection: EngineConnection) -> None:
    """Ask an engine to end and wait until it has; one that does not is killed."""
    pid = connection.welcome.pid
    with contextlib.suppress(EngineCrashed):
        await connection.call(LEAVE, NoParams())
    try:
        async with asyncio.timeout(LEAVE_SECONDS):
            await connection.gone()
    except TimeoutError:
        # What it stores is safe against a kill at any moment.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        await connection.gone()
    finally:
        await connection.close()


@asynccontextmanager
async def _start_lock(place: EnginePlace) -> AsyncGenerator[None, None]:
    """Let one front end at a time start or replace the engine."""
    lock = FileLock(place.start_lock)
    try:
        async with asyncio.timeout(START_SECONDS):
            while not lock.try_acquire():  # noqa: ASYNC110  - a lock of the kernel, nothing to wait on
                await asyncio.sleep(_LOCK_POLL_SECONDS)
    except TimeoutError:
        raise EngineError(
            "Another Ramet has been starting the engine for too long.", f"End it, or remove {place.start_lock} and try again."
        ) from None
    try:
        yield
    finally:
        lock.release()


async def _start(place: EnginePlace, environment: Mapping[str, str]) -> None:
    """Start an engine and wait until it listens. Raises EngineError with its reason when it does not."""
    try:
        receiving = _launch(place, environment)
    except OSError as error:
        raise EngineError(f"The engine could not be started: {error.strerror or error}.", _look_at(place.log)) from error
    try:
        async with asyncio.timeout(START_SECONDS):
            written = await _read_to_end(receiving)
    except TimeoutError:
        raise EngineError(f"The engine did not start within {START_SECONDS:.0f} s.", _look_at(place.log)) from None
    finally:
        os.close(receiving)
    if not written:
        raise EngineError("The engine could not be started: it ended before it was ready.", _look_at(place.log))
    problem = decode(written, Started).problem
    if problem is not None:
        raise error_named(problem.error, problem.what, problem.advice)


def _launch(place: EnginePlace, environment: Mapping[str, str]) -> int:
    """Start the engine's process and return the end of the pipe on which it reports."""
    import subprocess

    place.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    receiving, sending = os.pipe()
    try:
        with place.log.open("ab") as log:
            # -P: the current folder, which may be a hostile repository, is no place to import modules from.
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "ramet.engine", "--ready-fd", str(sending)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=place.log.parent,
                env=_ONE_THREAD | inherited(environment),
                pass_fds=(sending,),
                start_new_session=True,
            )
    except BaseException:
        os.close(receiving)
        raise
    finally:
        os.close(sending)
    # The engine forks away from this process at once, before it imports anything.
    process.wait()
    return receiving


async def _read_to_end(descriptor: int) -> bytes:
    loop = asyncio.get_running_loop()
    os.set_blocking(descriptor, False)
    is_readable = asyncio.Event()
    loop.add_reader(descriptor, is_readable.set)
    written = b""
    try:
        while True:
            await is_readable.wait()
            is_readable.clear()
            with contextlib.suppress(BlockingIOError):
                piece = os.read(descriptor, 65536)
                if not piece:
                    return written
                written += piece
    finally:
        loop.remove_reader(descriptor)


def _look_at(log: Path) -> str:
    from ramet.engine.logs import last_line

    line = last_line(log)
    return f"Its log {log} ends with: {line}" if line else f"Its log is {log}."


def report_started(descriptor: int, problem: Problem | None = None) -> None:
    """Tell the front end that waits in `ensure_engine`; called by the engine. The front end may be gone by now."""
    with contextlib.suppress(OSError):
        os.write(descriptor, msgspec.json.encode(Started(os.getpid(), problem)))
    with contextlib.suppress(OSError):
        os.close(descriptor)
