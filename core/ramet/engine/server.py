"""The engine's end of the socket: connections, concurrent requests, cancellation, and leaving when nobody is there."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from ramet.engine.environment import secrets
from ramet.engine.front_end import FrontEnd
from ramet.engine.logs import EngineLog
from ramet.engine.place import EnginePlace
from ramet.engine.protocol import MAX_LINE_BYTES, EngineStatus
from ramet.workspace.protocol import Workspace

_log = logging.getLogger(__name__)

_GRACE_SECONDS = 2.0
"""How long short requests may go on when the engine leaves; streams are cancelled at once."""
_LOOK_SECONDS = 30.0
"""How often the engine looks whether its socket is still there; without it nobody could reach or stop it."""
_WARM_UP_SECONDS = 3.0
"""How long the engine must be idle before it imports what the next question will need."""


class Host(Protocol):
    """Opens workspaces and owns what they share."""

    async def open(
        self, folder: Path, environment: Mapping[str, str], overrides: Mapping[str, Any]
    ) -> Workspace:  # Any: see `load_config`
        """Return the workspace of one connection."""

    def roots(self) -> tuple[str, ...]:
        """Return the roots that are open."""

    async def warm_up(self) -> None:
        """Import what the next question will need."""

    async def close(self) -> None:
        """Release everything; running jobs are cancelled."""


class EngineServer:
    """Serves one socket until it is told to leave, receives a signal, or has been without front ends for `idle_seconds`."""

    def __init__(
        self, host: Host, place: EnginePlace, *, version: str, idle_seconds: float, log: EngineLog | None = None
    ) -> None:
        self.host = host
        self.version = version
        self._place = place
        self._idle_seconds = idle_seconds
        self._log = log
        self._front_ends: set[FrontEnd] = set()
        self._leaving = asyncio.Event()
        self._started = time.monotonic()
        self._idle_timer: asyncio.TimerHandle | None = None
        self._warm_timer: asyncio.TimerHandle | None = None
        self._warming: asyncio.Task[None] | None = None
        self._serving: dict[FrontEnd, asyncio.Task[None]] = {}

    async def run(self, listening: asyncio.Event | None = None) -> None:
        """Listen, serve and clean up; returns when the engine has left. The caller holds the engine's lock."""
        listener = _bound_socket(self._place.socket)
        identity = self._place.socket.stat()
        server = await asyncio.start_unix_server(self._accept, sock=listener, limit=MAX_LINE_BYTES)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with suppress(ValueError, RuntimeError):  # not the main thread: a test
                loop.add_signal_handler(number, self.leave, signal.Signals(number).name)
        looking = asyncio.create_task(self._look_for_socket(identity))
        self._restart_timers()
        _log.info("listening, version %s", self.version)
        if listening is not None:
            listening.set()
        try:
            await self._leaving.wait()
        finally:
            looking.cancel()
            server.close()
            self._remove_socket(identity)
            await self._clean_up()
            _log.info("left")

    def leave(self, why: str) -> None:
        """End the engine."""
        if not self._leaving.is_set():
            _log.info("leaving: %s", why)
            self._leaving.set()

    def status(self) -> EngineStatus:
        """Return what the engine says about itself; connections that hold no workspace do not count."""
        return EngineStatus(
            pid=os.getpid(),
            version=self.version,
            seconds=time.monotonic() - self._started,
            workspaces=self.host.roots(),
            connections=sum(front_end.has_workspace for front_end in self._front_ends),
            memory=_resident_bytes(),
        )

    def hide(self, environment: Mapping[str, str]) -> None:
        """Keep the keys of a front end out of the log."""
        if self._log is not None:
            self._log.hide(secrets(environment))

    def busy(self) -> None:
        """Put the warming up off: a request has come in or ended."""
        if self._warm_timer is not None:
            self._warm_timer.cancel()
        if self._front_ends and not self._leaving.is_set():
            self._warm_timer = asyncio.get_running_loop().call_later(_WARM_UP_SECONDS, self._warm_up)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        front_end = FrontEnd(self, reader, writer)
        self._front_ends.add(front_end)
        task = asyncio.current_task()
        assert task is not None
        self._serving[front_end] = task
        self._restart_timers()
        try:
            await front_end.serve()
        except Exception:
            _log.exception("a connection failed")
        finally:
            self._front_ends.discard(front_end)
            del self._serving[front_end]
            self._restart_timers()

    def _restart_timers(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        if not self._front_ends and not self._leaving.is_set():
            loop = asyncio.get_running_loop()
            self._idle_timer = loop.call_later(self._idle_seconds, self.leave, "no front end for a while")
        self.busy()

    def _warm_up(self) -> None:
        if any(front_end.is_busy for front_end in self._front_ends) or (self._warming and not self._warming.done()):
            return
        self._warming = asyncio.create_task(self._warm_host())

    async def _warm_host(self) -> None:
        try:
            await self.host.warm_up()
        except Exception:
            _log.exception("warming up failed")

    async def _look_for_socket(self, identity: os.stat_result) -> None:
        while self._is_our_socket(identity):  # noqa: ASYNC110  - the file system sends no event
            await asyncio.sleep(_LOOK_SECONDS)
        self.leave("the socket is gone")

    def _is_our_socket(self, identity: os.stat_result) -> bool:
        try:
            found = self._place.socket.stat()
        except OSError:
            return False
        return (found.st_ino, found.st_dev) == (identity.st_ino, identity.st_dev)

    def _remove_socket(self, identity: os.stat_result) -> None:
        if self._is_our_socket(identity):
            self._place.socket.unlink(missing_ok=True)

    async def _clean_up(self) -> None:
        for timer in (self._idle_timer, self._warm_timer):
            if timer is not None:
                timer.cancel()
        await asyncio.gather(*(front_end.leave(_GRACE_SECONDS) for front_end in self._front_ends))
        await _cancelled(task for front_end, task in self._serving.items() if not front_end.waits_for_end)
        if self._warming is not None:
            await _cancelled([self._warming])
        await self.host.close()
        await _cancelled(self._serving.values())


async def _cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they have stopped."""
    stopping = list(tasks)
    for task in stopping:
        task.cancel()
    await asyncio.gather(*stopping, return_exceptions=True)


def _bound_socket(path: Path) -> socket.socket:
    """Return a listening-ready socket that only the user may connect to; one left by a killed engine is replaced."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(os.fspath(path))
        path.chmod(0o600)
    except BaseException:
        listener.close()
        raise
    return listener


def _resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS: bytes, and the highest so far
