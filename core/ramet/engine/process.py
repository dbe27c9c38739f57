"""What happens in the engine's process around the server: log, lock, configuration, event loop."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import select
import time

from ramet.config import Config, load_config
from ramet.engine.lifecycle import LEAVE_SECONDS, report_started
from ramet.engine.logs import EngineLog
from ramet.engine.place import EnginePlace, FileLock, engine_place, secure
from ramet.engine.protocol import problem_of
from ramet.engine.server import EngineServer
from ramet.errors import ConfigError, EngineError, RametError
from ramet.index.parse_pool import worker_count
from ramet.index.parse_spares import SpareParsers
from ramet.models import Problem
from ramet.paths import UserDirectories, user_directories
from ramet.version import __version__

_log = logging.getLogger(__name__)

_LOCK_POLL_SECONDS = 0.05


def run_engine(ready: int) -> None:
    """Serve until told to leave; `ready` is the pipe on which the front end waits for the first word."""
    directories = user_directories(os.environ)
    # Before there is a thread, a log, a lock or a socket that a forked process would share.
    spares = SpareParsers()
    spares.fork(worker_count())
    log = EngineLog(directories.log_file)
    log.take_standard_streams()
    faulthandler.enable()
    try:
        place = engine_place(directories)
        secure(place)
        lock = _engine_lock(place, ready)
        asyncio.run(_serve(directories, place, log, ready, spares))
        lock.release()
    except RametError as error:
        _log.exception("the engine could not run")
        report_started(ready, problem_of(error))
    except Exception as error:
        _log.exception("the engine failed")
        problem = Problem("EngineError", f"The engine could not run: {type(error).__name__}.", f"See {directories.log_file}.")
        report_started(ready, problem)
    finally:
        spares.close()
        log.close()


def _engine_lock(place: EnginePlace, ready: int) -> FileLock:
    """Return the held lock; an engine that is just leaving is waited for, as long as the front end waits too."""
    lock = FileLock(place.engine_lock)
    deadline = time.monotonic() + LEAVE_SECONDS
    while not lock.try_acquire():
        if time.monotonic() > deadline or _has_no_reader(ready):
            raise EngineError(
                "Another engine is running but cannot be reached.", "End its process; `ps` shows it as ramet.engine."
            )
        time.sleep(_LOCK_POLL_SECONDS)
    if _has_no_reader(ready):
        raise EngineError("The front end that wanted an engine is gone.")
    return lock


def _has_no_reader(pipe: int) -> bool:
    poll = select.poll()
    poll.register(pipe, 0)  # hang-ups and errors are reported always
    return bool(poll.poll(0))


async def _serve(directories: UserDirectories, place: EnginePlace, log: EngineLog, ready: int, spares: SpareParsers) -> None:
    from ramet.workspace.host import LocalHost

    host = LocalHost(directories, spares)
    server = EngineServer(host, place, version=__version__, idle_seconds=_idle_seconds(directories), log=log)
    listening = asyncio.Event()
    running = asyncio.create_task(server.run(listening))
    waiting = asyncio.create_task(listening.wait())
    await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if listening.is_set():
        report_started(ready)
    await running


def _idle_seconds(directories: UserDirectories) -> float:
    try:
        return load_config(None, os.environ, directories).engine_idle_minutes * 60
    except ConfigError as error:
        # The front end hears of it when it opens its workspace.
        _log.warning("%s", error)
        return Config().engine_idle_minutes * 60
