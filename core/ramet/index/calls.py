"""Gives batches of texts to an embedder: one at a time to one that works here, several at a time to one over the network."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Protocol

from msgspec import Struct
from numpy import float32
from numpy.typing import NDArray

from ramet.embed.pace import Pace, Stopped
from ramet.embed.protocol import Embedder, HostedEmbedder, PreparedEmbedder
from ramet.errors import EmbedError

_logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.08
_GRACE_SECONDS = 1.5
"""How long a run that is stopped waits for answers to what was sent: they are paid for."""

Batch = tuple[list[str], list[str]]
"""Keys and texts."""


class Embedded(Struct, frozen=True):
    """What became of one batch."""

    keys: list[str]
    outcome: NDArray[float32] | EmbedError
    """Vectors as rows, or why there are none."""


class Calls(Protocol):
    """The calls of one run to its embedder."""

    def results(self, batches: Iterator[Batch]) -> Iterator[Embedded | str]:
        """Yield what became of each batch; while there is nothing, why it takes so long as a sentence, or an empty one."""

    def stop(self) -> Iterator[Embedded]:
        """Give up, and yield what was sent before and is answered soon."""


def calls_to(embedder: Embedder) -> Calls:
    """Return how a run calls an embedder."""
    return _SeveralAtATime(embedder) if isinstance(embedder, HostedEmbedder) else _OneAtATime(embedder)


def prepared(embedder: Embedder) -> Iterator[None]:
    """Make an embedder ready in a thread of its own, since that may take minutes; yields meanwhile. Raises EmbedError."""
    if not isinstance(embedder, PreparedEmbedder):
        return
    outcome: list[EmbedError | None] = []

    def prepare() -> None:
        try:
            embedder.prepare()
            outcome.append(None)
        except EmbedError as error:
            outcome.append(error)
        except Exception as error:  # nobody else would see it in a thread of its own
            _logger.exception("the embedder cannot be made ready")
            outcome.append(EmbedError(f"{embedder.name} failed: {type(error).__name__}.", "The engine's log says more."))

    thread = threading.Thread(target=prepare, name="prepare-embedder", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_POLL_SECONDS)
        yield
    if outcome[0] is not None:
        raise outcome[0]


class _OneAtATime:
    """Calls in the thread of the run."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def results(self, batches: Iterator[Batch]) -> Iterator[Embedded | str]:
        """See `Calls`."""
        for keys, texts in batches:
            yield Embedded(keys, _outcome(self._embedder.embed_documents, texts))

    def stop(self) -> Iterator[Embedded]:
        """Nothing is under way."""
        return iter(())


class _SeveralAtATime:
    """Calls in threads of their own, which a stopped run leaves behind when they do not end soon."""

    def __init__(self, embedder: HostedEmbedder) -> None:
        self._embedder = embedder
        self._pace = Pace()
        self._done: SimpleQueue[Embedded] = SimpleQueue()
        self._running = 0

    def results(self, batches: Iterator[Batch]) -> Iterator[Embedded | str]:
        """See `Calls`."""
        for keys, texts in batches:
            self._start(keys, texts)
            while self._running >= self._embedder.parallel:
                yield self._next()
        while self._running:
            yield self._next()

    def stop(self) -> Iterator[Embedded]:
        """See `Calls`."""
        self._pace.stop()
        deadline = time.monotonic() + _GRACE_SECONDS
        while self._running and (left := deadline - time.monotonic()) > 0:
            try:
                embedded = self._done.get(timeout=left)
            except Empty:
                return
            self._running -= 1
            if not isinstance(embedded.outcome, EmbedError):
                yield embedded

    def _start(self, keys: list[str], texts: list[str]) -> None:
        def call() -> None:
            self._done.put(Embedded(keys, _outcome(lambda given: self._embedder.embed_paced(given, self._pace), texts)))

        self._running += 1
        threading.Thread(target=call, name="embed", daemon=True).start()

    def _next(self) -> Embedded | str:
        try:
            embedded = self._done.get(timeout=_POLL_SECONDS)
        except Empty:
            return self._pace.reason
        self._running -= 1
        return embedded


class _Embed(Protocol):
    def __call__(self, texts: Sequence[str], /) -> NDArray[float32]: ...


def _outcome(embed: _Embed, texts: list[str]) -> NDArray[float32] | EmbedError:
    try:
        return embed(texts)
    except Stopped as stopped:
        return stopped
    except EmbedError as error:
        _logger.warning("%d chunks were not embedded: %s", len(texts), type(error).__name__)
        return error
    except Exception as error:  # nobody else would see it in a thread of its own
        _logger.exception("%d chunks were not embedded", len(texts))
        return EmbedError(f"The embedder failed: {type(error).__name__}.", "The engine's log says more.")
