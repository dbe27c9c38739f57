"""What crosses the pipes between the engine and the processes that parse for it."""

from __future__ import annotations

from msgspec import Struct

from ramet.store.records import PackedBlob


class ParseJob(Struct, frozen=True, array_like=True):
    """A file to be cut up."""

    number: int
    """Tells the jobs of a run apart."""
    oid: str
    flavour: str
    path: str
    data: bytes


class ParseBatch(Struct, frozen=True, array_like=True):
    """Files that are parsed one after the other; each gets a reply of its own, in order."""

    jobs: list[ParseJob]
    with_vectors: bool
    """Whether to embed the chunks by the table of the default embedder, whose terms are at hand here."""


class ParsedBlob(Struct, frozen=True, array_like=True):
    """A file cut up."""

    number: int
    """Of its job."""
    blob: PackedBlob
    keys: list[str]
    """Of its chunks in order; empty unless vectors were wanted."""
    vectors: bytes
    """The rows of a matrix of 16-bit floats, one for each key."""
