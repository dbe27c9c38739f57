"""What searches look at: one view in memory, immutable, built from the database and carried over from one state to the next."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import chain
from typing import TypeVar

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.errors import StoreDamaged
from ramet.retrieve.lexical import MAX_DOCUMENTS, LexicalIndex, Segment, packed
from ramet.retrieve.spelling import Vocabulary
from ramet.store.index_database import IndexDatabase
from ramet.store.records import ChunkRecord, PackedBlob, Postings, SymbolRecord, ViewFile, ViewRow
from ramet.tokens import term_hash, term_hashes, terms

_MOST_DEAD = 0.3
"""Share of documents that may be dead before everything is built anew."""
_DECODED_FILES = 8_192
"""Files whose chunks are kept decoded: some 30 MB."""
_SEGMENT_POSTINGS = 4_000_000
"""Postings sorted at once while a view is loaded; a bound for memory."""
_READ_FILES = 500

_T = TypeVar("_T")


class IndexedFile:
    """One file of the view; its chunks are the documents from `first` on. They are decoded when they are looked at."""

    __slots__ = ("_chunks", "_key_prefixes", "_name_hashes", "_symbols", "blob", "chunk_count", "first", "language", "path")

    def __init__(self, path: str, number: int, blob: PackedBlob, first: int) -> None:
        self.path = path
        self.blob = number
        self.language = blob.language
        self.first = first
        self.chunk_count = blob.chunk_count
        self._chunks = blob.chunks
        self._symbols = blob.symbols
        self._key_prefixes: bytes | None = None
        self._name_hashes: bytes | None = None

    @property
    def chunks(self) -> tuple[ChunkRecord, ...]:
        """The chunks in the file's order."""
        return _chunks(self._chunks)

    @property
    def symbols(self) -> tuple[SymbolRecord, ...]:
        """The definitions in the file's order."""
        return _symbols(self._symbols)

    @property
    def keys(self) -> list[str]:
        """The keys of the chunks; remembers nothing."""
        return [chunk.key for chunk in _decode_keys(self._chunks)]

    @property
    def names(self) -> list[str]:
        """The names of the definitions in lower case; remembers nothing."""
        return [symbol.name.lower() for symbol in _decode_names(self._symbols)]

    @property
    def key_prefixes(self) -> bytes:
        """The first 64 bits of each chunk's key, as an array of numbers; later states of the view need not decode them again."""
        if self._key_prefixes is None:
            self._key_prefixes = _prefixes(self.keys).tobytes()
        return self._key_prefixes

    @property
    def name_hashes(self) -> bytes:
        """The `term_hash` of each of `names`, as an array of 32-bit numbers; kept as the prefixes are."""
        if self._name_hashes is None:
            names = self.names
            self._name_hashes = np.fromiter(map(term_hash, names), np.uint32, len(names)).tobytes()
        return self._name_hashes


class _Key(Struct, array_like=True):
    """The first field of a chunk."""

    key: str


class _Name(Struct, array_like=True):
    """The first field of a definition."""

    name: str


def _decoder(kind: type[_T]) -> Callable[[bytes], _T]:
    decode = msgspec.msgpack.Decoder(kind).decode

    def checked(packed: bytes) -> _T:
        try:
            return decode(packed)
        except msgspec.MsgspecError as error:
            raise StoreDamaged(f"The index is damaged: {error}.", "Run `ramet index --rebuild`.") from error

    return checked


_decode_keys = _decoder(list[_Key])
_decode_names = _decoder(list[_Name])
_chunks = lru_cache(_DECODED_FILES)(_decoder(tuple[ChunkRecord, ...]))
_symbols = lru_cache(_DECODED_FILES)(_decoder(tuple[SymbolRecord, ...]))


class NamedSymbol(Struct, frozen=True):
    """A definition and the file it is in."""

    file: IndexedFile
    record: SymbolRecord

    @property
    def document(self) -> int:
        """The document that holds it; -1 where there is none."""
        return self.file.first + self.record.chunk if self.record.chunk >= 0 else -1


class ViewIndex:
    """One state of a view. Documents are numbered; numbers of files that changed are left empty."""

    def __init__(self, view: ViewRow, files: dict[str, IndexedFile], owners: list[IndexedFile], lexical: LexicalIndex) -> None:
        self.view = view
        self.files = files
        self._owners = owners
        self.lexical = lexical

    @classmethod
    def load(cls, database: IndexDatabase, view: ViewRow, listed: Sequence[ViewFile]) -> ViewIndex:
        """Build the index of a view from the database."""
        empty = LexicalIndex((), np.zeros(0, np.float32), np.zeros(0, dtype=bool))
        return cls(view, {}, [], empty)._with(database, view, listed, ())

    def updated(self, database: IndexDatabase, view: ViewRow, listed: Sequence[ViewFile]) -> ViewIndex:
        """Return the index of a later state of the view."""
        blobs = {file.path: file.blob for file in listed}
        gone = [file for path, file in self.files.items() if blobs.get(path) != file.blob]
        dead = len(self._owners) - self.lexical.count + sum(file.chunk_count for file in gone)
        if dead > _MOST_DEAD * max(len(self._owners), 1):
            return ViewIndex.load(database, view, listed)
        fresh = [file for file in listed if file.path not in self.files or self.files[file.path].blob != file.blob]
        return self._with(database, view, fresh, gone)

    def prepare(self) -> None:
        """Make what a search looks things up in, which takes a moment after loading."""
        for _ in (self.vocabulary, self.documents_by_key, self.symbols_by_name, self.files_by_name):
            continue

    def file_of(self, document: int) -> IndexedFile:
        """Return the file that a document is in."""
        return self._owners[document]

    def chunk_of(self, document: int) -> ChunkRecord:
        """Return the chunk that a document stands for."""
        file = self._owners[document]
        return file.chunks[document - file.first]

    def chunks_of(self, documents: Iterable[int]) -> list[ChunkRecord]:
        """Return the chunks of many documents; quick where those of a file follow each other."""
        found: list[ChunkRecord] = []
        owner: IndexedFile | None = None
        chunks: tuple[ChunkRecord, ...] = ()
        for document in documents:
            file = self._owners[document]
            if file is not owner:
                owner, chunks = file, file.chunks
            found.append(chunks[document - file.first])
        return found

    @cached_property
    def listed(self) -> tuple[IndexedFile, ...]:
        """The files by their numbers."""
        return tuple(self.files.values())

    @cached_property
    def file_numbers(self) -> NDArray[np.int32]:
        """The number of each document's file; meaningless for documents that the view no longer shows."""
        numbers = np.zeros(len(self._owners), np.int32)
        for number, file in enumerate(self.listed):
            numbers[file.first : file.first + file.chunk_count] = number
        return numbers

    @cached_property
    def documents_by_key(self) -> KeyDocuments:
        """The documents of a chunk key; copies of a file share keys."""
        return KeyDocuments(self)

    @cached_property
    def symbols_by_name(self) -> NamedSymbols:
        """The definitions of a name in lower case."""
        return NamedSymbols(list(self.files.values()))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words that names and paths of the view are made of."""
        words = set(chain.from_iterable(file.names for file in self.files.values()))
        for name in list(words):
            words.update(terms(name))
        for file in self.files.values():
            words.update(terms(file.path))
        return Vocabulary(words)

    @cached_property
    def files_by_name(self) -> dict[str, list[IndexedFile]]:
        """The files of a base name in lower case."""
        files: dict[str, list[IndexedFile]] = defaultdict(list)
        for file in self.files.values():
            files[file.path.rsplit("/", 1)[-1].lower()].append(file)
        return dict(files)

    def _with(self, database: IndexDatabase, view: ViewRow, fresh: Sequence[ViewFile], gone: Sequence[IndexedFile]) -> ViewIndex:
        files = dict(self.files)
        owners = list(self._owners)
        for file in gone:
            del files[file.path]
        added: list[tuple[IndexedFile, Postings]] = []
        size = 0
        segments: list[Segment] = []
        lengths = [np.zeros(0, np.float32)]

        def settle() -> None:
            if added:
                segment, of_documents = _postings(added, added[0][0].first)
                segments.append(segment)
                lengths.append(of_documents)
                added.clear()

        for start in range(0, len(fresh), _READ_FILES):
            batch = fresh[start : start + _READ_FILES]
            blobs = dict(database.packed_blobs({file.blob for file in batch}))
            for listed in batch:
                # A blob may be gone when the view moved on while this state was being read; the next state has it.
                blob = blobs.get(listed.blob)
                if blob is None or len(owners) + blob.chunk_count > MAX_DOCUMENTS:
                    continue
                file = IndexedFile(listed.path, listed.blob, blob, len(owners))
                files[listed.path] = file
                if blob.chunk_count:
                    owners += [file] * blob.chunk_count
                    added.append((file, database.postings(blob)))
                    size += len(blob.counts)
            if size > _SEGMENT_POSTINGS:
                settle()
                size = 0
        settle()
        dead = list(chain.from_iterable(range(file.first, file.first + file.chunk_count) for file in gone))
        lexical = self.lexical.with_changes(dead, segments, np.concatenate(lengths)) if segments or dead else self.lexical
        return ViewIndex(view, files, owners, lexical)


class KeyDocuments:
    """Chunk key -> the documents that have it. Keys are told apart by their first 64 bits, as hashes may be."""

    def __init__(self, view: ViewIndex) -> None:
        self._view = view
        files = [file for file in view.files.values() if file.chunk_count]
        sizes = np.fromiter((file.chunk_count for file in files), np.int64, len(files))
        firsts = np.fromiter((file.first for file in files), np.int64, len(files))
        unsorted = np.frombuffer(b"".join(file.key_prefixes for file in files), np.uint64)
        documents = np.repeat(firsts - (np.cumsum(sizes) - sizes), sizes) + np.arange(len(unsorted))
        order = np.argsort(unsorted, kind="stable")
        self._documents = documents.astype(np.uint32)[order]
        self._prefixes = unsorted[order]
        is_first = np.ones(len(order), dtype=bool)
        np.not_equal(self._prefixes[1:], self._prefixes[:-1], out=is_first[1:])
        # In the order in which the files of the view have them first.
        self._distinct = self._documents[is_first][np.argsort(order[is_first])]

    def __len__(self) -> int:
        return len(self._distinct)

    def get(self, key: str, default: Sequence[int] = ()) -> Sequence[int]:
        """Return the documents of a key."""
        prefix = _prefixes([key])[0]
        start, end = np.searchsorted(self._prefixes, prefix), np.searchsorted(self._prefixes, prefix, side="right")
        found: list[int] = self._documents[start:end].tolist()
        return found or default

    def get_all(self, keys: Sequence[str]) -> list[list[int]]:
        """Return the documents of each key; much faster than asking for one after the other."""
        prefixes = _prefixes(keys)
        starts = np.searchsorted(self._prefixes, prefixes).tolist()
        ends = np.searchsorted(self._prefixes, prefixes, side="right").tolist()
        return [self._documents[start:end].tolist() for start, end in zip(starts, ends, strict=True)]

    def sample(self, count: int) -> list[str]:
        """Return some of the keys, always the same ones of the same view."""
        drawn = random.Random(len(self)).sample(range(len(self)), min(count, len(self)))  # noqa: S311  # a sample, no secret
        return [self._view.chunk_of(int(self._distinct[number])).key for number in drawn]


class NamedSymbols:
    """Name in lower case -> the definitions of that name."""

    def __init__(self, files: Sequence[IndexedFile]) -> None:
        self._files = files
        of_files = [file.name_hashes for file in files]
        hashes = np.frombuffer(b"".join(of_files), np.uint32)
        sizes = np.fromiter(map(len, of_files), np.int64, len(of_files)) // hashes.itemsize
        order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[order]
        self._owners = np.repeat(np.arange(len(files), dtype=np.uint32), sizes)[order]
        self._places = (np.arange(len(hashes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)).astype(np.uint32)[order]

    def get(self, name: str, default: Sequence[NamedSymbol] = ()) -> Sequence[NamedSymbol]:
        """Return the definitions of a name."""
        hash_ = np.uint32(term_hash(name))
        start, end = np.searchsorted(self._hashes, hash_), np.searchsorted(self._hashes, hash_, side="right")
        found: list[NamedSymbol] = []
        for owner, place in zip(self._owners[start:end].tolist(), self._places[start:end].tolist(), strict=True):
            file = self._files[owner]
            record = file.symbols[place]
            if record.name.lower() == name:
                found.append(NamedSymbol(file, record))
        return found or default


def _prefixes(keys: Sequence[str]) -> NDArray[np.uint64]:
    return np.fromiter((int(key[:16], 16) for key in keys), np.uint64, len(keys))


def _postings(added: Sequence[tuple[IndexedFile, Postings]], first: int) -> tuple[Segment, NDArray[np.float32]]:
    """Return the postings of new documents, the first of which has the number `first`, and the documents' lengths."""
    sizes = np.fromiter((file.chunk_count for file, _ in added), dtype=np.int64)
    documents = np.arange(first, first + int(sizes.sum()), dtype=np.uint32)
    content_documents = np.repeat(documents, np.concatenate([postings.lengths for _, postings in added]))
    content_counts = np.concatenate([postings.counts for _, postings in added])
    # Every document has the terms of its file's path.
    paths = [term_hashes(file.path) for file, _ in added]
    path_sizes = np.fromiter(map(len, paths), dtype=np.int64)
    path_starts = np.cumsum(path_sizes) - path_sizes
    repeats = np.repeat(path_sizes, sizes)
    within = np.arange(int(repeats.sum())) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    path_hashes = np.fromiter(chain.from_iterable(paths), dtype=np.uint32)
    lengths = np.bincount(content_documents - np.uint32(first), weights=content_counts, minlength=len(documents)) + repeats
    postings = packed(
        np.concatenate(
            [*(postings.hashes for _, postings in added), path_hashes[np.repeat(np.repeat(path_starts, sizes), repeats) + within]]
        ),
        np.concatenate([content_documents, np.repeat(documents, repeats)]),
        np.concatenate([content_counts, np.ones(len(within), np.uint8)]),
    )
    return postings, lengths.astype(np.float32)
