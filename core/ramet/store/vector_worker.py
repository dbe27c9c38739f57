"""The process that keeps Chroma: `python -m ramet.store.vector_worker`, started by `ramet.store.vector_process`.

Chroma's import and its writes stop every thread of their process, which is therefore another one than the engine.
It ends with its standard input, however the process at the other end of it ended.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import msgspec

from ramet.errors import RametError, StoreError, StoreLocked
from ramet.models import Problem
from ramet.priority import lower_process, set_session
from ramet.store.lock import RunLock
from ramet.store.vector_messages import Call, Open, Reply, Request, Rows, read_message, write_message
from ramet.store.vectors import ChromaVectorStore

_logger = logging.getLogger(__name__)

_THREADS = 4
"""Of one collection: a server that does not answer holds up no other collection, and a search need not wait for a whole run."""
_LOCK_SECONDS = 30.0
"""How long the worker of an engine that was killed may take to end; it finishes the write that it is at."""
_LOCK_POLL_SECONDS = 0.02
_NICENESS = 5
"""Searches use the local copy of the vectors, so storing them here may wait for whatever the user is doing."""


class _Served:
    """One collection and the threads that work for it."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(_THREADS)
        self.store: ChromaVectorStore | None = None


class Worker:
    """Answers requests until there are no more; requests to different collections run side by side."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO) -> None:
        self._requests = requests
        self._replies = replies
        self._replying = threading.Lock()
        self._served: dict[int, _Served] = {}
        self._locks: dict[Path, RunLock] = {}
        """Folders that this process writes, until it ends."""
        self._locking = threading.Lock()

    def serve(self) -> None:
        """Read requests and hand them to their threads."""
        decoder = msgspec.msgpack.Decoder(Request)
        is_lowered = False
        while (request := read_message(self._requests, decoder)) is not None:
            is_lowered = is_lowered or set_session(_NICENESS)
            served = self._served.setdefault(request.store, _Served())
            served.threads.submit(self._answer, served, request)
            if isinstance(request, Call) and request.method == "close":
                self._forget(request.store)

    def _answer(self, served: _Served, request: Request) -> None:
        try:
            reply = self._open(served, request) if isinstance(request, Open) else _called(served.store, request)
        except Exception as error:
            reply = Reply(request.id, problem=_problem(error))
            if isinstance(request, Open):
                self._forget(request.store)
        try:
            with self._replying:
                write_message(self._replies, reply)
        except OSError:
            os._exit(0)  # nobody is there to answer to

    def _open(self, served: _Served, request: Open) -> Reply:
        folder = Path(os.fsdecode(request.folder)) if request.folder else None
        if folder is not None:
            self._own(folder)
        served.store = ChromaVectorStore(request.name, folder=folder, url=request.url)
        return Reply(request.id, generation=served.store.generation)

    def _forget(self, store: int) -> None:
        served = self._served.pop(store, None)
        if served is not None:
            served.threads.shutdown(wait=False)

    def _own(self, folder: Path) -> None:
        """Be the only process that writes a folder. Raises StoreLocked."""
        with self._locking:
            if folder in self._locks:
                return
            lock = RunLock(folder.with_name(f"{folder.name}.lock"))
            deadline = time.monotonic() + _LOCK_SECONDS
            while not lock.try_acquire():
                if time.monotonic() > deadline:
                    raise StoreLocked(f"Another process is still writing {folder}.", "Wait until it has ended.")
                time.sleep(_LOCK_POLL_SECONDS)
            self._locks[folder] = lock


def _problem(error: Exception) -> Problem:
    if isinstance(error, RametError):
        return Problem(type(error).__name__, error.what, error.advice)
    _logger.error("a request failed", exc_info=error)
    return Problem("StoreError", f"The process that keeps the vectors failed: {type(error).__name__}: {error}.")


def _called(store: ChromaVectorStore | None, call: Call) -> Reply:
    if store is None:
        raise StoreError("The vectors are not open.")
    match call.method:
        case "missing":
            return Reply(call.id, keys=store.missing(call.keys))
        case "add":
            store.add(call.keys, call.rows.matrix())
            return Reply(call.id)
        case "nearest":
            found = store.nearest(call.rows.matrix()[0], call.limit)
            return Reply(call.id, keys=[key for key, _ in found], scores=[score for _, score in found])
        case "get":
            keys, rows = store.get(call.keys)
            return Reply(call.id, keys=keys, rows=Rows.of(rows))
        case "keys":
            return Reply(call.id, keys=list(store.keys()))
        case "remove":
            store.remove(call.keys)
            return Reply(call.id)
        case "count":
            return Reply(call.id, count=store.count())
        case "close":
            store.close()
            return Reply(call.id)


def main() -> None:
    """Serve the pipes that the process was started with."""
    # Ctrl-C is meant for the front end, which ends this process by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lower_process(_NICENESS)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not end up among the replies.
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    Worker(requests, replies).serve()
    # Threads may still be at work for an engine that is gone; nobody waits for them.
    os._exit(0)


if __name__ == "__main__":
    main()
