"""Embedding models behind litellm: hosted ones, Ollama, and servers that speak OpenAI's protocol."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.embed.connection import EmbedderConnection
from ramet.embed.failures import Failure, failure_of
from ramet.embed.learned import LearnedDimensions
from ramet.embed.pace import Pace
from ramet.embed.services import entry_of, price_per_token, tasks_of
from ramet.errors import EmbedderUnavailable, EmbedError
from ramet.providers.litellm_library import litellm_library

_CHARACTERS_PER_TOKEN = 3
"""Of source code, at the low end, so that requests keep within the limits of a service."""
_UNKNOWN_INPUT = 8_192
"""Tokens of one text that a model is trusted to take when nothing says how many; one that takes fewer says so."""
_SHORTEST = 200
"""Characters below which a text is not shortened further."""
_PROBE = "ramet"
"""Sent once to learn how long the vectors of a model are, and whether the key and the name are right, before any code is."""


class Patience(Struct, frozen=True):
    """How long a request may take and how often it is repeated."""

    seconds: float
    """Until an answer."""
    retries: int
    """After a refusal that may pass."""
    unreached: int
    """After a connection that failed."""
    first_wait: float
    """Seconds before the first repetition where the service does not say, doubled each time."""
    longest_wait: float
    """Seconds; a service that asks for more is given up."""


INDEXING = Patience(seconds=120.0, retries=6, unreached=2, first_wait=1.0, longest_wait=120.0)
"""The waits add up to a minute, which is the window of most rate limits."""
SEARCHING = Patience(seconds=10.0, retries=1, unreached=0, first_wait=0.5, longest_wait=1.0)
"""Somebody waits, and the words alone find something too."""
_KEPT_QUERIES = 64


class LitellmEmbedder:
    """One embedding model that litellm reaches; safe to use from several threads."""

    def __init__(
        self,
        model: str,
        connection: EmbedderConnection,
        learned: LearnedDimensions,
        dimensions: int = 0,
        patience: tuple[Patience, Patience] = (INDEXING, SEARCHING),
    ) -> None:
        """`model` is litellm's full name; `dimensions` asks for vectors of that length, 0 for the model's own."""
        self._model = model
        self._connection = connection
        self._learned = learned
        self._asked = dimensions
        self._indexing, self._searching = patience
        self._tasks = tasks_of(model)
        self._space = self._space_name()
        self._dimensions = learned.get(self._space)
        self._queries: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._guard = threading.Lock()

    @property
    def name(self) -> str:
        """litellm's name of the model."""
        return self._model

    @property
    def identity(self) -> str:
        """Model, server, and everything else that decides about the vectors; empty before the model has answered once."""
        return f"{self._space}-{self._dimensions}" if self._dimensions else ""

    @property
    def dimensions(self) -> int:
        """Length of every vector; 0 before the model has answered once."""
        return self._dimensions

    @property
    def batch_size(self) -> int:
        """How many texts one request may hold."""
        return self._connection.service.texts

    @property
    def batch_characters(self) -> int:
        """How many characters the texts of one request may have together."""
        return self._connection.service.tokens * _CHARACTERS_PER_TOKEN

    @property
    def parallel(self) -> int:
        """How many requests may run at a time."""
        return self._connection.service.parallel

    def warm(self) -> None:
        """Import litellm."""
        litellm_library()

    def prepare(self) -> None:
        """Look whether there is a key; ask a model that is not known yet how long its vectors are. Raises EmbedError."""
        self._check_key()
        self.warm()
        if not self._dimensions:
            self._embedded([_PROBE], Pace(), self._indexing, is_query=False)

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit row per text. Raises EmbedError."""
        return self.embed_paced(texts, Pace())

    def embed_paced(self, texts: Sequence[str], pace: Pace) -> NDArray[np.float32]:
        """Return one unit row per text, zeros for blank ones; waits with the other calls of the run. Raises EmbedError."""
        self._check_key()
        rows = np.zeros((len(texts), self._dimensions), np.float32)
        filled = [number for number, text in enumerate(texts) if text.strip()]
        if filled:
            found = self._embedded([texts[number] for number in filled], pace, self._indexing, is_query=False)
            rows = np.zeros((len(texts), found.shape[1]), np.float32)
            rows[filled] = found
        return rows

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return the unit vector of a question; one that was asked a moment ago is remembered. Raises EmbedError."""
        self._check_key()
        with self._guard:
            known = self._queries.get(text)
        if known is not None:
            return known
        row: NDArray[np.float32] = self._embedded([text], Pace(), self._searching, is_query=True)[0]
        with self._guard:
            self._queries[text] = row
            while len(self._queries) > _KEPT_QUERIES:
                self._queries.popitem(last=False)
        return row

    def estimate_cost(self, tokens: int) -> float | None:
        """Return US dollars by litellm's price list; 0 for Ollama and unlisted models of a server on this machine."""
        if self._connection.is_ollama and not self._model.endswith("cloud"):
            return 0.0
        price = price_per_token(self._model, litellm_library().model_cost)
        if price is None:
            return 0.0 if self._connection.is_here else None
        return price * tokens

    def _space_name(self) -> str:
        base = self._connection.api_base
        server = "" if base is None or self._connection.is_ollama else f"-{self._connection.destination}"
        length = f"-asked-{self._asked}" if self._asked else ""
        return "".join(f"{self._model}{server}{length}-{self._tasks.document or 'plain'}".split())

    def _check_key(self) -> None:
        service = self._connection.service
        if self._connection.lacks_key:
            variable = service.variables[0]
            raise EmbedderUnavailable(
                f"The embedder {self._model} needs a key of {service.title}, and there is none.",
                f"Set {variable} in the environment, or store it with `ramet key set {variable}`.",
            )

    def _embedded(self, texts: Sequence[str], pace: Pace, patience: Patience, *, is_query: bool) -> NDArray[np.float32]:
        """Return the rows of texts; what the model finds too long is sent in smaller lots, and a single text shortened."""
        prefix, parameters = self._tasks.prefix(is_query=is_query), self._tasks.parameters(is_query=is_query)
        longest = self._longest()
        return self._in_lots([f"{prefix}{text}"[:longest] for text in texts], pace, patience, parameters)

    def _in_lots(
        self, texts: Sequence[str], pace: Pace, patience: Patience, parameters: Mapping[str, str]
    ) -> NDArray[np.float32]:
        try:
            return self._answered(texts, pace, patience, parameters)
        except _TooLong as refused:
            if len(texts) == 1 and len(texts[0]) <= _SHORTEST:
                raise refused.error from None
        if len(texts) == 1:
            return self._in_lots([texts[0][: len(texts[0]) // 2]], pace, patience, parameters)
        half = len(texts) // 2
        lots = [self._in_lots(lot, pace, patience, parameters) for lot in (texts[:half], texts[half:])]
        return np.concatenate(lots)

    def _answered(
        self, texts: Sequence[str], pace: Pace, patience: Patience, parameters: Mapping[str, str]
    ) -> NDArray[np.float32]:
        """Send one request until it is answered, waiting where the service asks for it."""
        failures = 0
        while True:
            pace.wait()
            try:
                response = self._request(texts, patience, parameters)
            except Exception as error:  # litellm raises whatever its provider code stumbles over
                failure = failure_of(error, self._model, self._connection)
                failures += 1
                seconds = _wait_before(failure, failures, patience)
                if seconds is None:
                    raise failure.error from None
                pace.hold(seconds, failure.error.what)
                continue
            return self._rows(response, len(texts))

    def _request(self, texts: Sequence[str], patience: Patience, parameters: Mapping[str, str]) -> object:
        options: dict[str, Any] = dict(parameters)  # Any: litellm's options have many types
        if self._asked:
            options |= {"dimensions": self._asked, "allowed_openai_params": ["dimensions"]}
        if self._connection.api_version:
            options["api_version"] = self._connection.api_version
        response: object = litellm_library().embedding(
            model=self._model,
            input=list(texts),
            api_key=self._connection.key,
            api_base=self._connection.api_base,
            timeout=patience.seconds,
            max_retries=0,
            num_retries=0,
            **options,
        )
        return response

    def _rows(self, response: object, count: int) -> NDArray[np.float32]:
        """Return unit rows in the order of the texts. Raises EmbedError for an answer that cannot be right."""
        entries = [entry if isinstance(entry, Mapping) else vars(entry) for entry in getattr(response, "data", None) or ()]
        entries.sort(key=lambda entry: int(entry.get("index") or 0))
        try:
            rows = np.asarray([entry["embedding"] for entry in entries], dtype=np.float32)
        except (KeyError, TypeError, ValueError) as error:
            advice = "Look whether `embedder` names the right model."
            raise EmbedError(f"The answer of {self._model} holds no vectors.", advice) from error
        if rows.ndim != 2 or len(rows) != count or not rows.shape[1] or not np.isfinite(rows).all():
            raise EmbedError(f"{self._model} gave {len(rows)} usable vectors for {count} texts.", "Look whether it embeds texts.")
        self._check_length(rows.shape[1])
        norms = np.linalg.norm(rows, axis=1, keepdims=True).astype(np.float32)
        rows /= np.where(norms > 0, norms, np.float32(1))
        return rows

    def _check_length(self, length: int) -> None:
        if self._asked and length != self._asked:
            raise EmbedderUnavailable(
                f"{self._model} was asked for vectors of {self._asked} numbers and gives {length}.",
                "It cannot shorten them: remove `embedder_dimensions`, or set it to what the model can do.",
            )
        with self._guard:
            before, self._dimensions = self._dimensions, length
            if length == before:
                return
            self._queries.clear()
        self._learned.put(self._space, length)
        if before:
            raise EmbedderUnavailable(
                f"{self._model} gives vectors of {length} numbers where it gave {before} before: it is another model now.",
                "Run `ramet index`: it computes vectors of their own for it.",
            )

    def _longest(self) -> int:
        entry = entry_of(self._model, litellm_library().model_cost)
        tokens = entry.get("max_input_tokens") if entry else None
        return (tokens if isinstance(tokens, int) and tokens > 0 else _UNKNOWN_INPUT) * _CHARACTERS_PER_TOKEN


class _TooLong(Exception):  # never leaves this module
    """A request was refused for its length."""

    def __init__(self, error: EmbedError) -> None:
        super().__init__()
        self.error = error


def _wait_before(failure: Failure, failures: int, patience: Patience) -> float | None:
    """Return the seconds to wait before a request is repeated; None when it is not. Raises _TooLong."""
    if failure.is_too_long:
        raise _TooLong(failure.error) from None
    if not failure.is_passing or failures > (patience.unreached if failure.is_unreached else patience.retries):
        return None
    seconds = failure.seconds if failure.seconds is not None else patience.first_wait * 2 ** (failures - 1)
    return seconds if seconds <= patience.longest_wait else None
