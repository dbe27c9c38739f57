"""Vectors in Chroma, embedded below the user's data directory or on a server: chunk keys and numbers, nothing else.

The only module that knows chromadb. Its import takes seconds, so it happens when a store is opened and never before; the
engine does not even do that, but leaves it to `ramet.store.vector_process`.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from ramet.errors import StoreDamaged, StoreError, StoreFull

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration, UpdateHNSWConfiguration
    from chromadb.api.models.Collection import Collection
    from chromadb.config import Settings

_logger = logging.getLogger(__name__)

_BATCH = 5_000
"""Ids of one look-up: embedded Chroma takes 5,461 at most."""
_WRITE_BATCH = 250
"""Vectors of one write. Chroma's native code stops every thread of its process while it writes: a tenth of a second for so
many, seconds for 5,000, which would be a fifth faster and make searches wait."""
_HNSW: CreateHNSWConfiguration = {
    "space": "cosine",
    "ef_construction": 40,
    "ef_search": 200,
    "batch_size": 1_000,
    "sync_threshold": 2_000,
}
"""Measured on vectors of 256 dimensions: the fastest build that still finds all ten nearest of ten.

Each write goes through all vectors that came after the last time that Chroma wrote its index, 25 ms for a thousand of them;
writing the index takes 2 ms for a thousand of all.
"""
_PROBED = 16
"""Vectors read back when a store is opened, to notice index files that are gone."""
_CHROMA_IMPORT = threading.Lock()


def collection_name(identity: str, embedder: str) -> str:
    """Return the collection of one repository and one embedder, in the characters and the length that Chroma takes."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", embedder).strip("._-")[:100] or "embedder"
    digest = hashlib.sha256(f"{identity}\0{embedder}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return f"ramet-{plain}-{digest}"


def _is_unexpected(error: BaseException) -> bool:
    """Whether an error is not about the store; a panic of Chroma's native code is no `Exception`."""
    return isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError))


class ChromaVectorStore:
    """One Chroma collection. Raises StoreDamaged for an embedded store whose files are broken, else StoreError."""

    def __init__(self, name: str, *, folder: Path | None = None, url: str = "") -> None:
        if (folder is None) == (not url):
            raise StoreError("A vector store needs either a folder or the URL of a Chroma server.")
        self._name = name
        self._folder = folder
        self._url = url
        with self._errors("open"):
            self._client = _local_client(folder) if folder is not None else _server_client(url)
            try:
                self._collection = self._open_collection()
                self._probe()
            except BaseException:
                self.close()
                raise

    @property
    def generation(self) -> str:
        """An id that changes when the collection was created anew."""
        return str(self._collection.id)

    def missing(self, keys: Sequence[str]) -> list[str]:
        """Return those of `keys` that have no vector, in order, without repeats."""
        distinct = list(dict.fromkeys(keys))
        known: set[str] = set()
        with self._errors("look up chunks"):
            for start in range(0, len(distinct), _BATCH):
                known.update(self._collection.get(ids=distinct[start : start + _BATCH], include=[])["ids"])
        return [key for key in distinct if key not in known]

    def add(self, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Store vectors; a key that exists is overwritten."""
        with self._errors("store vectors"):
            for start in range(0, len(keys), _WRITE_BATCH):
                stop = start + _WRITE_BATCH
                self._collection.upsert(ids=list(keys[start:stop]), embeddings=vectors[start:stop])

    def nearest(self, vector: NDArray[np.float32], limit: int) -> list[tuple[str, float]]:
        """Return up to `limit` keys with their cosine similarity, best first."""
        if limit < 1:
            return []
        with self._errors("search"):
            found = self._collection.query(query_embeddings=vector[None, :], n_results=limit, include=["distances"])
        distances = found["distances"]
        return [
            (key, 1.0 - float(distance)) for key, distance in zip(found["ids"][0], distances[0] if distances else (), strict=True)
        ]

    def get(self, keys: Sequence[str]) -> tuple[list[str], NDArray[np.float32]]:
        """Return those of `keys` that have a vector, without repeats, and their vectors as rows."""
        found: list[str] = []
        rows: list[NDArray[np.float32]] = [np.zeros((0, 0), np.float32)]
        distinct = list(dict.fromkeys(keys))
        with self._errors("read vectors"):
            for start in range(0, len(distinct), _BATCH):
                batch = self._collection.get(ids=distinct[start : start + _BATCH], include=["embeddings"])
                if batch["ids"]:
                    found += batch["ids"]
                    rows.append(np.asarray(batch["embeddings"], dtype=np.float32))
        return found, np.concatenate(rows[1:]) if found else rows[0]

    def keys(self) -> set[str]:
        """Return all keys."""
        with self._errors("list chunks"):
            return set(self._collection.get(include=[])["ids"])

    def remove(self, keys: Sequence[str]) -> None:
        """Forget vectors; unknown keys are ignored."""
        with self._errors("remove vectors"):
            for start in range(0, len(keys), _WRITE_BATCH):
                self._collection.delete(ids=list(keys[start : start + _WRITE_BATCH]))

    def count(self) -> int:
        """Return the number of vectors."""
        with self._errors("count vectors"):
            return int(self._collection.count())

    def close(self) -> None:
        """Release files and connections."""
        client = self._client
        with suppress(Exception):
            client.close()

    def _open_collection(self) -> Collection:
        # Without an explicit None Chroma downloads an embedding model.
        collection = self._client.get_or_create_collection(self._name, configuration={"hnsw": _HNSW}, embedding_function=None)
        present = collection.configuration_json.get("hnsw") or {}
        if self._folder is not None and present.get("sync_threshold", 0) > _HNSW["sync_threshold"]:
            # Made by an older version. Counts from the first use on, so that it must come before any other call.
            steps: UpdateHNSWConfiguration = {"batch_size": _HNSW["batch_size"], "sync_threshold": _HNSW["sync_threshold"]}
            with warnings.catch_warnings():
                # Chroma finds its own record of a collection without an embedding function out of date.
                warnings.simplefilter("ignore", DeprecationWarning)
                collection.modify(configuration={"hnsw": steps})
        return collection

    def _probe(self) -> None:
        """Read a few vectors back: missing index files do not show in the count."""
        if self._folder is None:
            return
        sample = self._collection.get(limit=_PROBED, include=["embeddings"])
        rows = np.asarray(sample["embeddings"], dtype=np.float32)
        if len(rows) != len(sample["ids"]):
            raise StoreDamaged(f"Vectors are missing in {self._folder}.", "Run `ramet index`; it is moved aside and built anew.")
        if len(rows):
            found = self._collection.query(query_embeddings=rows[:1], n_results=len(rows), include=[])
            if len(found["ids"][0]) < len(rows):
                raise StoreDamaged(f"Vectors are missing in {self._folder}.", "Run `ramet index`; it is built anew.")

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except BaseException as error:
            if _is_unexpected(error):
                raise
            _logger.warning("Chroma could not %s (%s)", doing, self._folder or self._url, exc_info=True)
            raise self._translated(error, doing) from error

    def _translated(self, error: BaseException, doing: str) -> StoreError:
        message = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        if isinstance(error, ImportError):
            return StoreError(f"Chroma cannot be loaded: {message}.", "Install Ramet anew; words are still searched.")
        if self._folder is None:
            return StoreError(
                f"The Chroma server {_without_secrets(self._url)} could not {doing}: {message}.",
                "Check `chroma_url` and that the server runs; words are still searched.",
            )
        if "disk is full" in message or "(code: 13)" in message or "No space left" in message:
            return StoreFull(f"The disk is full: Chroma could not {doing} in {self._folder}.", "Free some space and index again.")
        return StoreDamaged(
            f"The vectors in {self._folder} cannot be used: {message}.", "Run `ramet index`; they are moved aside and built anew."
        )


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}" + (f":{parts.port}" if parts.port else "")


def _settings() -> Settings:
    from chromadb.config import Settings

    # Chroma would take settings from an `.env` in the working directory, which a repository controls.
    return Settings(_env_file=None, anonymized_telemetry=False)  # type: ignore[call-arg]  # of pydantic-settings, untyped there


def _local_client(folder: Path) -> Client:
    with _CHROMA_IMPORT:
        import chromadb
        from chromadb.api.shared_system_client import SharedSystemClient
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return cast("Client", chromadb.PersistentClient(path=str(folder), settings=_settings()))
    except BaseException:
        # Chroma remembers the broken half-started system under its path and would hand it out again.
        SharedSystemClient._identifier_to_system.pop(str(folder), None)
        SharedSystemClient._identifier_to_refcount.pop(str(folder), None)
        raise


def _server_client(url: str) -> Client:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise StoreError(f"chroma_url is not a URL of a server: {_without_secrets(url)}.", "Write it like http://localhost:8000.")
    with _CHROMA_IMPORT:
        import chromadb
    is_tls = parts.scheme == "https"
    client = chromadb.HttpClient(
        host=parts.hostname,
        port=parts.port or (443 if is_tls else 8000),
        ssl=is_tls,
        settings=_settings(),
    )
    return cast("Client", client)
