"""What crosses the pipes between the engine and the process that keeps Chroma: each message is its length and its MessagePack."""

from __future__ import annotations

import struct
from typing import BinaryIO, Literal, TypeVar

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.models import Problem

_LENGTH = struct.Struct(">I")

T = TypeVar("T")


class Rows(Struct, frozen=True, array_like=True):
    """Vectors as the bytes of a matrix of 32-bit floats."""

    columns: int = 0
    data: bytes = b""

    @classmethod
    def of(cls, matrix: NDArray[np.float32]) -> Rows:
        """Return the rows of a matrix."""
        return cls(matrix.shape[1], np.ascontiguousarray(matrix, dtype=np.float32).tobytes())

    def matrix(self) -> NDArray[np.float32]:
        """Return the matrix, which cannot be written to."""
        return (
            np.frombuffer(self.data, dtype=np.float32).reshape(-1, self.columns) if self.columns else np.zeros((0, 0), np.float32)
        )


class Open(Struct, frozen=True, tag=True):
    """Open a collection under a number of the caller's choice: in a folder, or at the URL of a server."""

    id: int
    store: int
    name: str
    folder: bytes
    url: str


class Call(Struct, frozen=True, tag=True):
    """Call a method of an open collection."""

    id: int
    store: int
    method: Literal["missing", "add", "nearest", "get", "keys", "remove", "count", "close"]
    keys: list[str] = []
    rows: Rows = Rows()
    limit: int = 0


class Reply(Struct, frozen=True):
    """The answer to the message of the same id; which fields are filled depends on the method."""

    id: int
    keys: list[str] = []
    scores: list[float] = []
    rows: Rows = Rows()
    count: int = 0
    generation: str = ""
    problem: Problem | None = None


Request = Open | Call


def write_message(stream: BinaryIO, message: Struct) -> None:
    """Send a message."""
    encoded = msgspec.msgpack.encode(message)
    stream.write(_LENGTH.pack(len(encoded)))
    stream.write(encoded)
    stream.flush()


def read_message(stream: BinaryIO, decoder: msgspec.msgpack.Decoder[T]) -> T | None:
    """Return the next message; None when the other side is gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    size = _LENGTH.unpack(head)[0]
    body = stream.read(size)
    return decoder.decode(body) if len(body) == size else None
