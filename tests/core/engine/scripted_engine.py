"""A real engine server over scripted workspaces, in the test's process or (run as a program) in one of its own.

As a program it hangs in every `search` and, after one event, in every `sync`: something to be killed in the middle of.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ramet.engine.place import EnginePlace, FileLock, engine_place, secure
from ramet.engine.server import EngineServer
from ramet.errors import RametError
from ramet.events import IndexProgress
from ramet.paths import user_directories
from ramet.version import __version__
from ramet.workspace.protocol import Workspace
from tests.tui.scripted_workspace import Pause, ScriptedWorkspace

PROGRESS = IndexProgress(phase="parsing", done=1, total=9, reused=0, failed=0, path="shop/cart.py")


class ScriptedHost:
    """Opens one scripted workspace per folder."""

    def __init__(self) -> None:
        self.workspaces: dict[Path, ScriptedWorkspace] = {}
        self.environments: list[dict[str, str]] = []
        self.overrides: list[dict[str, Any]] = []
        self.failure: RametError | None = None
        self.is_closed = False

    def workspace(self, folder: Path) -> ScriptedWorkspace:
        """The workspace of a folder, also before anybody opened it."""
        return self.workspaces.setdefault(folder.resolve(), ScriptedWorkspace(folder))

    async def open(self, folder: Path, environment: Mapping[str, str], overrides: Mapping[str, Any]) -> Workspace:
        if self.failure is not None:
            raise self.failure
        self.environments.append(dict(environment))
        self.overrides.append(dict(overrides))
        return self.workspace(folder)

    def roots(self) -> tuple[str, ...]:
        return tuple(str(folder) for folder in self.workspaces)

    async def warm_up(self) -> None:
        pass

    async def close(self) -> None:
        self.is_closed = True


class RunningEngine:
    """A server that listens in this process."""

    def __init__(self, server: EngineServer, host: ScriptedHost, place: EnginePlace, task: asyncio.Task[None]) -> None:
        self.server = server
        self.host = host
        self.place = place
        self.task = task


@asynccontextmanager
async def running_engine(
    environment: Mapping[str, str], *, version: str = __version__, idle_seconds: float = 3600.0
) -> AsyncGenerator[RunningEngine, None]:
    """Serve until the block ends or the engine has left by itself."""
    place = engine_place(user_directories(environment))
    secure(place)
    lock = FileLock(place.engine_lock)
    assert lock.try_acquire()
    host = ScriptedHost()
    server = EngineServer(host, place, version=version, idle_seconds=idle_seconds)
    listening = asyncio.Event()
    task = asyncio.create_task(server.run(listening))
    task.add_done_callback(lambda _: lock.release())
    await listening.wait()
    try:
        yield RunningEngine(server, host, place, task)
    finally:
        server.leave("the test is over")
        await task


async def _hang(folder: Path) -> None:
    async with running_engine(os.environ) as engine:
        workspace = engine.host.workspace(folder)
        workspace.hold("search")
        workspace.syncs = [[PROGRESS, Pause()] for _ in range(9)]
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        await engine.task


if __name__ == "__main__":
    asyncio.run(_hang(Path(sys.argv[1])))
