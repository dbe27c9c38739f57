"""Parses many files in processes of their own, which costs no more than the file when a grammar crashes or hangs on it.

Few files are parsed in this process, since starting another takes longer than that. Before each of them its id is noted in a
file: should this process be lost, the next one leaves that file to a process of its own.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import msgspec

from ramet.index.blobs import cut_by_lines, parse_packed
from ramet.index.parse_messages import ParseBatch, ParsedBlob, ParseJob
from ramet.index.parse_spares import ForkedProcess, SpareParsers
from ramet.store.vector_messages import read_message, write_message

_logger = logging.getLogger(__name__)

_ALONE_BYTES = 200_000
"""Up to so much is parsed in this process: a tenth of a second, about what it takes to start another."""
_BATCH_BYTES = 200_000
_BATCH_FILES = 64
_MOST_WORKERS = 8
_RESULTS = 128
"""Parsed files that wait to be stored; more of them make the processes wait."""
_POLL_SECONDS = 0.05
_SILENT_SECONDS = 300.0
"""After which a process that neither computes nor answers is killed."""
_END_SECONDS = 10.0
"""For a process that has closed its pipes to end."""
_COMMAND = (sys.executable, "-P", "-m", "ramet.index.parse_worker")
"""-P: no modules from the current folder."""
_CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP)


class ParserUnavailable(Exception):
    """No process can be started."""


class _Lost(Exception):
    """A process ended before it answered; the code is that of `subprocess`."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exit code {code}")
        self.code = code


class Suspect:
    """A file that holds the id of what this process is parsing; what an earlier process left there may have ended it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = -1
        try:
            self.left = path.read_text("ascii", "replace").strip()
        except OSError:
            self.left = ""

    def note(self, oid: str) -> None:
        """Write down an id; all ids of a repository have the same length."""
        with suppress(OSError):  # a full disk is reported by what needs it
            if self._handle < 0:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            os.pwrite(self._handle, oid.encode("ascii"), 0)

    def clear(self) -> None:
        """Remove the file: nothing happened."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        self._path.unlink(missing_ok=True)


def worker_count() -> int:
    """Return how many processes may parse at a time."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_MOST_WORKERS, usable)


class ParserPool:
    """The processes of one run; `parse` starts them when they pay and ends them."""

    def __init__(self, suspect: Suspect, *, with_vectors: bool, spares: SpareParsers | None = None) -> None:
        self._suspect = suspect
        self._with_vectors = with_vectors
        self._spares = spares or SpareParsers()

    def parse(self, jobs: Iterable[ParseJob]) -> Generator[ParsedBlob | None, None, None]:
        """Yield every file cut up, in any order, and None now and then while waiting; closing it ends the processes."""
        remaining = iter(jobs)
        first: list[ParseJob] = []
        size = 0
        for job in remaining:
            first.append(job)
            size += len(job.data)
            if size > _ALONE_BYTES:
                break
        if size > _ALONE_BYTES or any(job.oid == self._suspect.left for job in first):
            yield from self._in_processes(chain(first, remaining))
        else:
            yield from self._here(first)
        self._suspect.clear()

    def _here(self, jobs: Iterable[ParseJob]) -> Iterator[ParsedBlob]:
        for job in jobs:
            self._suspect.note(job.oid)
            yield parse_packed(job, with_vectors=self._with_vectors)

    def _in_processes(self, jobs: Iterator[ParseJob]) -> Iterator[ParsedBlob | None]:
        lines = _Lines(self._with_vectors, self._spares)
        batches = _batches(jobs)
        try:
            while True:
                while lines.wants_more and (batch := next(batches, None)) is not None:
                    lines.put(batch)
                if lines.is_idle:
                    return
                yield lines.next()
        except ParserUnavailable as error:
            _logger.warning("files are parsed by this process: %s", error)
            yield from self._here(chain(lines.taken_back(), chain.from_iterable(batches)))
        finally:
            lines.close()


def _batches(jobs: Iterator[ParseJob]) -> Iterator[list[ParseJob]]:
    batch: list[ParseJob] = []
    size = 0
    for job in jobs:
        batch.append(job)
        size += len(job.data)
        if size > _BATCH_BYTES or len(batch) == _BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class _Lines:
    """Production lines: each has a process, and a thread that hands it batches and collects what comes back."""

    def __init__(self, with_vectors: bool, spares: SpareParsers) -> None:
        self._with_vectors = with_vectors
        self._spares = spares
        self._batches: queue.SimpleQueue[list[ParseJob] | None] = queue.SimpleQueue()
        self._results: queue.Queue[ParsedBlob | BaseException] = queue.Queue(_RESULTS)
        self._most = worker_count()
        self._lines: list[_Line] = []
        self._open: dict[int, ParseJob] = {}
        """What was put in and has not come out."""

    @property
    def wants_more(self) -> bool:
        """Whether a process could soon be without work."""
        return self._batches.qsize() < self._most and len(self._open) < (self._most * 2 + 1) * _BATCH_FILES

    @property
    def is_idle(self) -> bool:
        """Whether everything that was put in has come out."""
        return not self._open

    def put(self, batch: list[ParseJob]) -> None:
        """Hand over a batch; starts a process for it while there are fewer than processors."""
        self._open.update((job.number, job) for job in batch)
        self._batches.put(batch)
        if len(self._lines) < self._most:
            self._lines.append(_Line(self._batches, self._results, self._with_vectors, self._spares))

    def next(self) -> ParsedBlob | None:
        """Return the next parsed file, None when there is none for a moment. Raises ParserUnavailable."""
        try:
            result = self._results.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            return None
        if isinstance(result, BaseException):
            raise result
        del self._open[result.number]
        return result

    def taken_back(self) -> list[ParseJob]:
        """Stop, and return what was not parsed."""
        self.close()
        left = list(self._open.values())
        self._open.clear()
        return left

    def close(self) -> None:
        """End the processes, whatever they are at."""
        for line in self._lines:
            line.stop()
        for _ in self._lines:
            self._batches.put(None)
        for line in self._lines:
            while line.is_alive:
                with suppress(queue.Empty):  # a thread may wait for room
                    self._results.get(timeout=0.01)
        self._lines.clear()


class _Line:
    """One process, started anew when it is lost, and the thread that serves it."""

    def __init__(
        self,
        batches: queue.SimpleQueue[list[ParseJob] | None],
        results: queue.Queue[ParsedBlob | BaseException],
        with_vectors: bool,
        spares: SpareParsers,
    ) -> None:
        self._spares = spares
        self._incoming = batches
        self._results = results
        self._with_vectors = with_vectors
        self._process: _Process | None = None
        self._guard = threading.Lock()
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="parse", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread still works."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Kill the process; the thread ends soon after."""
        with self._guard:
            self._is_stopped = True
            if self._process is not None:
                self._process.kill()

    def _run(self) -> None:
        try:
            while not self._is_stopped and (batch := self._incoming.get()) is not None:
                self._parse(batch)
        except BaseException as error:  # raised again by whoever waits for results
            if not self._is_stopped:
                self._results.put(error)
        finally:
            if self._process is not None:
                self._process.end()

    def _parse(self, batch: Sequence[ParseJob]) -> None:
        is_second_try = False
        while batch and not self._is_stopped:
            done = 0
            try:
                for parsed in self._running().parsed(ParseBatch(list(batch), self._with_vectors)):
                    done += 1
                    is_second_try = False
                    self._results.put(parsed)
                return
            except _Lost as lost:
                self._process = None
                if self._is_stopped:
                    return
                reason = _reason(lost.code)
                batch = batch[done:]
                if reason or is_second_try:
                    _logger.warning("a process that parses was lost (%s)", lost)
                    self._results.put(cut_by_lines(batch[0], reason or "cannot be parsed", with_vectors=self._with_vectors))
                    batch = batch[1:]
                is_second_try = not reason and not is_second_try

    def _running(self) -> _Process:
        with self._guard:
            if self._process is None:
                self._process = _Process(self._spares.take() or _started())
                if self._is_stopped:
                    self._process.kill()
            return self._process


def _reason(code: int) -> str:
    """Return why a file ended the process that parsed it; empty when the file may have had no part in it."""
    if -code == signal.SIGPROF:
        return "takes too long to parse"
    return "crashes the parser" if -code in _CRASHES else ""


def _started() -> subprocess.Popen[bytes]:
    """Start a process. Raises ParserUnavailable."""
    try:
        return subprocess.Popen(
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            # Out of the reach of Ctrl-C and of a terminal that is closed.
            start_new_session=True,
        )
    except OSError as error:
        raise ParserUnavailable(str(error)) from error


class _Process:
    """One life of a process that parses."""

    def __init__(self, process: subprocess.Popen[bytes] | ForkedProcess) -> None:
        self._process = process
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._batches: BinaryIO = self._process.stdin  # type: ignore[assignment]  # typeshed says IO[bytes]
        self._replies: BinaryIO = self._process.stdout  # type: ignore[assignment]  # the same
        self._decoder = msgspec.msgpack.Decoder(ParsedBlob)
        self._has_answered = False

    def parsed(self, batch: ParseBatch) -> Iterator[ParsedBlob]:
        """Yield the files of a batch, in order. Raises _Lost, or ParserUnavailable when it never began to work."""
        guard = threading.Timer(_SILENT_SECONDS, self.kill)
        guard.daemon = True
        guard.start()
        try:
            write_message(self._batches, batch)
            for _ in batch.jobs:
                reply = read_message(self._replies, self._decoder)
                if reply is None:
                    raise self._lost()
                self._has_answered = True
                yield reply
        except (OSError, ValueError) as error:
            raise self._lost() from error
        except msgspec.MsgspecError as error:
            self._process.kill()
            raise self._lost() from error
        finally:
            guard.cancel()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def end(self) -> None:
        """Let it end, and release what it held."""
        self._close()
        self._process.wait()

    def _lost(self) -> Exception:
        try:
            code = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._close()
        if code > 0 and not self._has_answered:
            return ParserUnavailable(f"exit code {code}")
        return _Lost(code)

    def _close(self) -> None:
        for stream in (self._batches, self._replies):
            with suppress(OSError):
                stream.close()
