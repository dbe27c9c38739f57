"""What searches look at: one view in memory, immutable, built from the database and carried over from one state to the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from itertools import chain

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.retrieve.lexical import MAX_DOCUMENTS, LexicalIndex, TermBag, packed
from ramet.store.index_database import IndexDatabase
from ramet.store.records import BlobRecord, ChunkRecord, SymbolRecord, ViewFile, ViewRow
from ramet.tokens import term_hashes, terms

_PATH_WEIGHT = 1
_NAME_WEIGHT = 2
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
        bags: list[TermBag] = []
        lengths: list[NDArray[np.float32]] = []
        for listed in fresh:
            # A blob may be gone when the view moved on while this state was being read; the next state has it.
            blob = blobs.get(listed.blob)
            if blob is None or len(owners) + len(blob.chunks) > MAX_DOCUMENTS:
                continue
            file = IndexedFile(listed.path, listed.blob, blob.language, blob.chunks, blob.symbols, len(owners))
            files[listed.path] = file
            owners += [file] * len(blob.chunks)
            if blob.chunks:
                bag = _bag(file, blob)
                bags.append(bag)
                sums = np.bincount(bag.documents - np.uint32(file.first), weights=bag.counts, minlength=len(blob.chunks))
                lengths.append(sums.astype(np.float32))
        dead = list(chain.from_iterable(range(file.first, file.first + len(file.chunks)) for file in gone))
        added = np.concatenate(lengths) if lengths else np.zeros(0, np.float32)
        return ViewIndex(view, files, owners, self.lexical.with_changes(dead, packed(bags), added))


def _bag(file: IndexedFile, blob: BlobRecord) -> TermBag:
    """Return the terms of a file's chunks: content, path, and qualified names."""
    size = len(file.chunks)
    path_terms = np.fromiter(term_hashes(file.path), dtype=np.uint32)
    names = [term_hashes(chunk.symbol) if chunk.symbol else () for chunk in file.chunks]
    name_sizes = np.fromiter(map(len, names), dtype=np.int64, count=size)
    name_terms = np.fromiter(chain.from_iterable(names), dtype=np.uint32, count=int(name_sizes.sum()))
    documents = np.arange(file.first, file.first + size, dtype=np.uint32)
    return TermBag(
        hashes=np.concatenate([blob.postings.hashes, np.tile(path_terms, size), name_terms]),
        documents=np.concatenate(
            [np.repeat(documents, blob.postings.lengths), np.repeat(documents, len(path_terms)), np.repeat(documents, name_sizes)]
        ),
        counts=np.concatenate(
            [
                blob.postings.counts.astype(np.uint16),
                np.full(len(path_terms) * size, _PATH_WEIGHT, np.uint16),
                np.full(len(name_terms), _NAME_WEIGHT, np.uint16),
            ]
        ),
    )
