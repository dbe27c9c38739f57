"""Vector stores in a process of their own: the engine stays responsive while Chroma is imported and while it writes.

Never imports chromadb. What breaks on the way is repeated once in a new process, then it is a StoreError.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from ramet.errors import StoreDamaged, StoreError, error_named
from ramet.store.vector_messages import Call, Open, Reply, Request, Rows, read_message, write_message

_logger = logging.getLogger(__name__)

_END_SECONDS = 10.0
"""How long the process may take to finish the write that it is at, before it is killed."""
_CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE)
_LAST_WORDS = 4_000
"""Bytes of what a process said before it broke, for the log."""

T = TypeVar("T")


class _Lost(Exception):
    """The process ended while it was needed; the text says how. `is_crash` means by a fault of its own, not by being killed."""

    def __init__(self, text: str, is_crash: bool) -> None:
        super().__init__(text)
        self.is_crash = is_crash


class VectorProcess:
    """Owns the one process that keeps Chroma for this process: started with the first store, and anew after it was lost.

    Safe to use from several threads.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder to run in; Chroma reads settings from the current one, which must be no repository."""
        self._folder = folder
        self._guard = threading.Lock()
        self._running: _Running | None = None
        self._last_store = 0
        self._is_closed = False

    @property
    def pid(self) -> int | None:
        """The id of the process; None while there is none."""
        running = self._running
        return running.pid if running is not None and not running.is_lost else None

    def open(self, name: str, *, folder: Path | None = None, url: str = "") -> RemoteVectorStore:
        """Return a collection in a folder or at the URL of a server; takes seconds. Raises StoreError."""
        return RemoteVectorStore(self, name, folder, url)

    def close(self) -> None:
        """End the process; harmless when repeated."""
        with self._guard:
            self._is_closed = True
            running, self._running = self._running, None
        if running is not None:
            running.end()

    def current(self) -> _Running:
        """Return the running process, a new one when there is none. Raises StoreError when it cannot be started."""
        with self._guard:
            if self._is_closed:
                raise StoreError("The stores are closed.")
            if self._running is None or self._running.is_lost:
                self._running = _Running(self._folder)
            return self._running

    def number(self) -> int:
        """Return a number that no other store of this object has."""
        with self._guard:
            self._last_store += 1
            return self._last_store


class RemoteVectorStore:
    """A `VectorStore` in the vector process; opened again there after the process was lost."""

    def __init__(self, process: VectorProcess, name: str, folder: Path | None, url: str) -> None:
        self._process = process
        self._name = name
        self._folder = os.fsencode(folder) if folder is not None else b""
        self._url = url
        self._number = process.number()
        self._opening = threading.Lock()
        self._opened_in: _Running | None = None
        self._generation = ""
        self._is_closed = False
        self._repeated(self._opened)

    @property
    def generation(self) -> str:
        """See `VectorStore`."""
        return self._generation

    def missing(self, keys: Sequence[str]) -> list[str]:
        """See `VectorStore`."""
        return self._ask(Call(0, self._number, "missing", list(keys))).keys

    def add(self, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """See `VectorStore`."""
        self._ask(Call(0, self._number, "add", list(keys), Rows.of(vectors)))

    def nearest(self, vector: NDArray[np.float32], limit: int) -> list[tuple[str, float]]:
        """See `VectorStore`."""
        reply = self._ask(Call(0, self._number, "nearest", rows=Rows.of(vector[None, :]), limit=limit))
        return list(zip(reply.keys, reply.scores, strict=True))

    def get(self, keys: Sequence[str]) -> tuple[list[str], NDArray[np.float32]]:
        """See `VectorStore`."""
        reply = self._ask(Call(0, self._number, "get", list(keys)))
        return reply.keys, reply.rows.matrix()

    def keys(self) -> set[str]:
        """See `VectorStore`."""
        return set(self._ask(Call(0, self._number, "keys")).keys)

    def remove(self, keys: Sequence[str]) -> None:
        """See `VectorStore`."""
        self._ask(Call(0, self._number, "remove", list(keys)))

    def count(self) -> int:
        """See `VectorStore`."""
        return self._ask(Call(0, self._number, "count")).count

    def close(self) -> None:
        """See `VectorStore`."""
        self._is_closed = True
        with self._opening:
            running, self._opened_in = self._opened_in, None
        if running is not None:
            with suppress(StoreError, _Lost):
                running.ask(Call(0, self._number, "close"))

    def _ask(self, call: Call) -> Reply:
        return self._repeated(lambda: self._opened().ask(call))

    def _repeated(self, action: Callable[[], T]) -> T:
        """Do something again when the process was lost meanwhile: whatever is asked may be asked twice."""
        try:
            return action()
        except _Lost as error:
            _logger.warning("%s; it is started anew", error)
        try:
            return action()
        except _Lost as error:
            if error.is_crash and self._folder:
                # Twice at the same request: native code that reads damaged files.
                raise StoreDamaged(f"{error}.", "Run `ramet index`; the vectors are moved aside and built anew.") from error
            raise StoreError(f"{error}.", "Words are still searched; the next request tries again.") from error

    def _opened(self) -> _Running:
        """Return the process in which the collection is open."""
        with self._opening:
            if self._is_closed:
                raise StoreError("The vectors of this repository are closed.")
            running = self._process.current()
            if running is not self._opened_in:
                reply = running.ask(Open(0, self._number, self._name, self._folder, self._url))
                self._opened_in, self._generation = running, reply.generation
            return running


class _Running:
    """One life of the vector process: sends requests, and hands each reply to the thread that waits for it."""

    def __init__(self, folder: Path) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  - lives as long as the process
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._process = subprocess.Popen(
                # -P: no modules from the current folder.
                [sys.executable, "-P", "-m", "ramet.store.vector_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                cwd=folder,
                # Out of the reach of Ctrl-C and of a terminal that is closed.
                start_new_session=True,
            )
        except OSError as error:
            self._said.close()
            raise StoreError(f"The process that keeps the vectors could not be started: {error.strerror or error}.") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.pid = self._process.pid
        self.is_lost = False
        self._requests: BinaryIO = self._process.stdin  # type: ignore[assignment]  # typeshed says IO[bytes]
        self._replies: BinaryIO = self._process.stdout  # type: ignore[assignment]  # the same
        self._sending = threading.Lock()
        self._waiting_guard = threading.Lock()
        self._waiting: dict[int, Future[Reply]] = {}
        self._last_id = 0
        self._ending = ""
        self._is_crash = False
        self._receiver = threading.Thread(target=self._receive, name="vector-replies", daemon=True)
        self._receiver.start()

    def ask(self, request: Request) -> Reply:
        """Return the reply to a request, which gets an id here. Raises StoreError, or _Lost when the process ended."""
        with self._waiting_guard:
            if self.is_lost:
                raise _Lost(self._ending, self._is_crash)
            self._last_id += 1
            request = msgspec.structs.replace(request, id=self._last_id)
            waiting = self._waiting[request.id] = Future()
        try:
            with self._sending:
                write_message(self._requests, request)
        except (OSError, ValueError):
            pass  # it is ending: the receiver says how
        reply = waiting.result()
        if reply.problem is not None:
            raise error_named(reply.problem.error, reply.problem.what, reply.problem.advice)
        return reply

    def end(self) -> None:
        """Let the process end and wait for it."""
        # Whoever is sending to a process that does not read holds the lock until it is killed.
        if self._sending.acquire(timeout=_END_SECONDS):
            with suppress(OSError):
                self._requests.close()
            self._sending.release()
            self._receiver.join(_END_SECONDS)
        if self._receiver.is_alive():
            self._process.kill()
            self._receiver.join()

    def _receive(self) -> None:
        decoder = msgspec.msgpack.Decoder(Reply)
        try:
            while (reply := read_message(self._replies, decoder)) is not None:
                with self._waiting_guard:
                    waiting = self._waiting.pop(reply.id)
                waiting.set_result(reply)
        except (OSError, msgspec.MsgspecError, KeyError):
            _logger.exception("a reply about vectors could not be understood")
        self._process.kill()
        self._lose(self._process.wait())

    def _lose(self, code: int) -> None:
        how = signal.strsignal(-code) or f"signal {-code}" if code < 0 else f"exit code {code}"
        with self._said as said:
            size = said.seek(0, os.SEEK_END)
            said.seek(max(0, size - _LAST_WORDS))
            last_words = said.read().decode("utf-8", "replace").strip()
        if last_words:
            _logger.warning("the process that keeps the vectors said: %s", last_words)
        with self._waiting_guard:
            self._ending = f"The process that keeps the vectors ended unexpectedly ({how})"
            self._is_crash = -code in _CRASHES
            self.is_lost = True
            waiting = list(self._waiting.values())
            self._waiting.clear()
        for each in waiting:
            each.set_exception(_Lost(self._ending, self._is_crash))
        self._replies.close()
        with suppress(OSError):
            self._requests.close()
