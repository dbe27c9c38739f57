"""What searches look at: one view in memory, immutable, built from the database and carried over from one state to the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from itertools import chain

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.retrieve.lexical import MAX_DOCUMENTS, LexicalIndex, packed
from ramet.store.index_database import IndexDatabase
from ramet.store.records import ChunkRecord, Postings, SymbolRecord, ViewFile, ViewRow
from ramet.tokens import term_hashes, terms

_MOST_DEAD = 0.3
"""Share of documents that may be dead before everything is built anew."""


class IndexedFile(Struct, frozen=True):
    """One file of the view; its chunks are the documents from `first` on."""

    path: str
    blob: int
    language: str
    chunks: tuple[ChunkRecord, ...]
    symbols: tuple[SymbolRecord, ...]
    first: int


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
        dead = len(self._owners) - self.lexical.count + sum(len(file.chunks) for file in gone)
        if dead > _MOST_DEAD * max(len(self._owners), 1):
            return ViewIndex.load(database, view, listed)
        fresh = [file for file in listed if file.path not in self.files or self.files[file.path].blob != file.blob]
        return self._with(database, view, fresh, gone)

    def file_of(self, document: int) -> IndexedFile:
        """Return the file that a document is in."""
        return self._owners[document]

    def chunk_of(self, document: int) -> ChunkRecord:
        """Return the chunk that a document stands for."""
        file = self._owners[document]
        return file.chunks[document - file.first]

    @cached_property
    def listed(self) -> tuple[IndexedFile, ...]:
        """The files by their numbers."""
        return tuple(self.files.values())

    @cached_property
    def file_numbers(self) -> NDArray[np.int32]:
        """The number of each document's file; meaningless for documents that the view no longer shows."""
        numbers = np.zeros(len(self._owners), np.int32)
        for number, file in enumerate(self.listed):
            numbers[file.first : file.first + len(file.chunks)] = number
        return numbers

    @cached_property
    def documents_by_key(self) -> dict[str, list[int]]:
        """The documents of a chunk key; copies of a file share keys."""
        documents: dict[str, list[int]] = defaultdict(list)
        for file in self.files.values():
            for position, chunk in enumerate(file.chunks):
                documents[chunk.key].append(file.first + position)
        return dict(documents)

    @cached_property
    def symbols_by_name(self) -> dict[str, list[NamedSymbol]]:
        """The definitions of a name in lower case."""
        symbols: dict[str, list[NamedSymbol]] = defaultdict(list)
        for file in self.files.values():
            for record in file.symbols:
                symbols[record.name.lower()].append(NamedSymbol(file, record))
        return dict(symbols)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words that names and paths of the view are made of."""
        words = set(self.symbols_by_name)
        for name in list(words):
            words.update(terms(name))
        for file in self.files.values():
            words.update(terms(file.path))
        return frozenset(words)

    @cached_property
    def files_by_name(self) -> dict[str, list[IndexedFile]]:
        """The files of a base name in lower case."""
        files: dict[str, list[IndexedFile]] = defaultdict(list)
        for file in self.files.values():
            files[file.path.rsplit("/", 1)[-1].lower()].append(file)
        return dict(files)

    def _with(self, database: IndexDatabase, view: ViewRow, fresh: Sequence[ViewFile], gone: Sequence[IndexedFile]) -> ViewIndex:
        blobs = dict(database.blobs({file.blob for file in fresh}))
        files = dict(self.files)
        owners = list(self._owners)
        for file in gone:
            del files[file.path]
        added: list[tuple[IndexedFile, Postings]] = []
        for listed in fresh:
            # A blob may be gone when the view moved on while this state was being read; the next state has it.
            blob = blobs.get(listed.blob)
            if blob is None or len(owners) + len(blob.chunks) > MAX_DOCUMENTS:
                continue
            file = IndexedFile(listed.path, listed.blob, blob.language, blob.chunks, blob.symbols, len(owners))
            files[listed.path] = file
            if blob.chunks:
                owners += [file] * len(blob.chunks)
                added.append((file, blob.postings))
        dead = list(chain.from_iterable(range(file.first, file.first + len(file.chunks)) for file in gone))
        lexical = self.lexical.with_changes(dead, *_postings(added, len(self._owners))) if added or dead else self.lexical
        return ViewIndex(view, files, owners, lexical)


def _postings(added: Sequence[tuple[IndexedFile, Postings]], first: int) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
    """Return the postings of new documents, the first of which has the number `first`, and the documents' lengths."""
    if not added:
        return np.zeros(0, np.uint64), np.zeros(0, np.float32)
    sizes = np.fromiter((len(file.chunks) for file, _ in added), dtype=np.int64)
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
