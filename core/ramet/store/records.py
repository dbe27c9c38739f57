"""What the index database keeps: blobs with everything that was learnt from their text, and views over them.

No text of the repository is kept, only spans, names, hashes of terms and hashes of chunks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class BlobId(Struct, frozen=True):
    """What decides how a text is cut up: its content and the language its name stands for."""

    oid: str
    """git's id of the content."""
    flavour: str
    """The language that the file's name chooses; the same content is parsed once per flavour."""


class ChunkRecord(Struct, frozen=True, array_like=True):
    """One chunk of a blob."""

    key: str
    start_line: int
    end_line: int
    symbol: str
    kind: str


class SymbolRecord(Struct, frozen=True, array_like=True):
    """One definition in a blob."""

    name: str
    qualified_name: str
    kind: str
    start_line: int
    end_line: int
    signature: str
    chunk: int
    """Position of the chunk that holds the definition's first line; -1 where there is none."""


class Postings(Struct, frozen=True):
    """The terms of a blob's chunks: for chunk i the next `lengths[i]` entries of `hashes` and `counts`."""

    lengths: NDArray[np.uint32]
    hashes: NDArray[np.uint32]
    counts: NDArray[np.uint8]
    """Weighted occurrences of the term in the chunk and its name; more than 255 are 255."""


class BlobRecord(Struct, frozen=True):
    """One parsed blob."""

    id: BlobId
    parser: int
    """Version of the code that cut it up."""
    language: str
    lines: int
    note: str
    """Why it was indexed by lines only; empty when it parsed."""
    skip_reason: str
    """A `SkipReason` when the content is not worth indexing; then there are no chunks."""
    skip_detail: str
    chunks: tuple[ChunkRecord, ...]
    symbols: tuple[SymbolRecord, ...]
    postings: Postings


class PackedBlob(Struct, frozen=True, array_like=True):
    """One parsed blob as the database keeps it; `packed_blob` makes it of a `BlobRecord`."""

    oid: str
    flavour: str
    parser: int
    language: str
    lines: int
    note: str
    skip_reason: str
    skip_detail: str
    chunk_count: int
    chunks: bytes
    symbols: bytes
    lengths: bytes
    hashes: bytes
    counts: bytes

    @property
    def id(self) -> BlobId:
        """What identifies it."""
        return BlobId(self.oid, self.flavour)


class ViewRow(Struct, frozen=True):
    """One tree as the index sees it."""

    number: int
    name: str
    folder: str
    """Text form of the folder the view was taken from."""
    tree: str
    """Root id of the Merkle tree of its files."""
    revision: int
    """Grows with every change of the view."""
    embedded: str
    """The vector collection that holds every chunk of `tree`; empty when vectors are missing."""


class ViewFile(Struct, frozen=True):
    """One file of a view."""

    path: str
    mode: int
    """As git writes it: 0o100644, 0o100755."""
    oid: str
    blob: int
    """Row number of its blob."""


class OddFile(Struct, frozen=True):
    """A file of a view that is not indexed, or only by lines."""

    path: str
    skip_reason: str
    """Empty when it is indexed."""
    skip_detail: str
    note: str


class ViewSummary(Struct, frozen=True):
    """Totals of a view."""

    files: int
    """Those that are indexed: not the ones that were skipped for their content."""
    chunks: int
    oldest_parser: int
    odd_files: tuple[OddFile, ...]
