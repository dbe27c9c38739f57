"""Searches a working tree or a commit: lists from words, vectors, names and paths, fused, and every hit read where it is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.config import IndexLimits
from ramet.embed.protocol import Embedder
from ramet.errors import EmbedError, StoreError
from ramet.index.chunker import join_lines
from ramet.index.file_reader import FileReader
from ramet.index.indexer import working_view
from ramet.index.reading import Unreadable
from ramet.index.references import find_references
from ramet.index.relocate import find_chunk
from ramet.index.revision_tree import RevisionTree, revision_view
from ramet.index.symbol_table import SymbolTable, outline
from ramet.index.tree_reader import TreeReader
from ramet.models import Hit, Reference, Symbol
from ramet.retrieve.commits import CommitMemory
from ramet.retrieve.file_vectors import FileVectors
from ramet.retrieve.loaded_views import LoadedViews
from ramet.retrieve.names import NameSimilarity
from ramet.retrieve.question import Question, understand
from ramet.retrieve.ranking import Ranking, Weights
from ramet.retrieve.signals import Evidence, choose_candidates, similarity_floor, votes_by_file
from ramet.retrieve.spelling import neighbours
from ramet.retrieve.view_index import ViewIndex
from ramet.store.protocol import VectorStore
from ramet.store.repository_stores import RepositoryStores
from ramet.tokens import query_terms, term_hash, terms

_logger = logging.getLogger(__name__)

_NEAREST = 300
"""Vectors asked for where the store holds no other view's."""
_MOST_NEAREST = 2_000
"""Vectors asked for where most of the store's are those of other views."""
_NAME_SHARE = 0.5
"""Of the name in the similarity of a chunk."""
_PATH_SHARE = 0.5
"""Of the path in the similarity of a file."""
_SAMPLE = 256
"""Chunks whose similarities stand for those of all chunks."""
_EMBEDDED_CHARACTERS = 8_000
"""Of a question; embedders have input limits, and the rest of a pasted log adds nothing."""
_MOST_DEFINITIONS = 5_000
"""Definitions of one file that are given."""
_MOST_NAMESAKES = 50
_CORRECTED_WORDS = 8
_CORRECTION_WEIGHT = 0.5
_DRAWN_EXTRA = 3
"""Hits looked at for each one wanted, since some may be gone from the disk."""


class Found(Struct, frozen=True):
    """Hits, best first, and sentences about what the search could not use."""

    hits: tuple[Hit, ...]
    notes: tuple[str, ...]
    is_stale: bool
    """Whether files have changed since the last sync, as far as the hits show."""


class _Sample(Struct, frozen=True):
    """Vectors of arbitrary chunks of one state of a view."""

    revision: int
    vectors: NDArray[np.float32]


class _Near(Struct, frozen=True):
    """What the vectors say to a question."""

    store: VectorStore | None
    unit: NDArray[np.float32]
    documents: dict[int, float]
    """The nearest documents and their cosine."""
    of_files: NDArray[np.float32]


_NOTHING_NEAR = _Near(None, np.zeros(0, np.float32), {}, np.zeros(0, np.float32))


class Searcher:
    """Answers from the newest stored state of a view. Safe to use from several threads, also during a sync."""

    def __init__(self, root: Path, limits: IndexLimits, stores: RepositoryStores, embedder: Embedder) -> None:
        """Take the root of a working tree, whose view is searched."""
        self._name = working_view(root)
        self._new_reader: Callable[[], FileReader] = lambda: TreeReader(root, limits)
        self._stores = stores
        self._embedder = embedder
        self._views = LoadedViews(stores)
        self._symbols: tuple[int, SymbolTable] | None = None
        self._sample: _Sample | None = None
        self._names = NameSimilarity()
        self._guard = threading.Lock()
        self._file_vectors = FileVectors()
        self._commits = CommitMemory("", ())
        self._lost = "have changed since the last sync"
        """Why files do not hold the chunks that the view has of them."""

    def at(self, tree: RevisionTree) -> Searcher:
        """Return a searcher of the view of a commit; the two share what they have loaded."""
        searcher = copy(self)
        searcher._name = revision_view(tree.revision)
        searcher._new_reader = tree.reader
        searcher._symbols = searcher._sample = None
        searcher._file_vectors, searcher._commits = FileVectors(), CommitMemory("", ())
        searcher._lost = "are in another form when they are checked out"
        return searcher

    def warm(self) -> None:
        """Load everything a search needs, also the vectors; takes seconds in a fresh process."""
        view = self.current()
        if view is not None:
            view.prepare()
        try:
            identity = self._embedder.identity
            if identity and not self._stores.matrix(identity).count() and self._stores.has_vector_files():
                self._stores.vectors(identity)
        except StoreError:
            _logger.warning("The vectors could not be opened", exc_info=True)

    def search(self, query: str, limit: int) -> tuple[Hit, ...]:
        """Return the best hits."""
        return self.find(query, limit).hits

    def find(self, query: str, limit: int) -> Found:
        """Return the best hits and what is to be said about them."""
        view = self.current()
        if view is None:
            return Found((), ("This folder is not indexed yet.",), False)
        notes: list[str] = []
        evidence = self.evidence(view, query, notes)
        if evidence is None:
            return Found((), (), False)
        return self._checked(view, Ranking(view, evidence, Weights()), limit, notes)

    def evidence(self, view: ViewIndex, query: str, notes: list[str]) -> Evidence | None:
        """Return what words, vectors and past commits say to a question; None when it asks nothing.

        Args:
            notes: Is extended by sentences for whoever asked.
        """
        question = understand(query)
        if not question.terms and not question.paths:
            return None
        matches = view.lexical.matches(self._corrected(view, question, notes))
        scores = view.lexical.scores(matches)
        if not matches:
            notes.append("No word of the question occurs here; what follows is only similar.")
        votes = votes_by_file(view, self._votes(question))
        near = self._near(view, question, notes)
        candidates = choose_candidates(view, question, scores, near.documents, votes, near.of_files)
        similarities, floor = self._compared(view, question, near, candidates)
        of_files = self._with_paths(view, question, near.of_files, candidates)
        return Evidence(question, matches, scores, votes, of_files, candidates, similarities, floor)

    def symbols(self, query: str = "", path: str = "", limit: int = 200) -> tuple[Symbol, ...]:
        """Return the definitions of a file in its order, or those of the view whose names fit the query best."""
        view = self.current()
        if view is None:
            return ()
        if path:
            file = view.files.get(path)
            return outline(path, file.symbols)[:limit] if file is not None else ()
        if self._symbols is None or self._symbols[0] != view.view.revision:
            self._symbols = view.view.revision, SymbolTable((file.path, file.symbols) for file in view.files.values())
        return self._symbols[1].matching(query, limit)

    def definitions(self, paths: Sequence[str], names: Sequence[str]) -> tuple[Symbol, ...]:
        """Return the definitions in files and those of exactly these names."""
        found = [symbol for path in paths for symbol in self.symbols(path=path, limit=_MOST_DEFINITIONS)]
        for name in names:
            found += [symbol for symbol in self.symbols(name, limit=_MOST_NAMESAKES) if symbol.name == name]
        return tuple(found)

    def references(self, name: str, limit: int = 200) -> tuple[Reference, ...]:
        """Return the places that use a name, its definitions excluded."""
        view = self.current()
        last = name.strip().rsplit(".", 1)[-1].rsplit("::", 1)[-1]
        if view is None or not last:
            return ()
        documents = view.lexical.documents_with_all([term_hash(term) for term in terms(last)])
        files = {(file := view.file_of(int(document))).path: file for document in documents}
        candidates = [(file.path, file.symbols) for _, file in sorted(files.items())]
        return find_references(self._new_reader(), last, candidates, limit)

    def current(self) -> ViewIndex | None:
        """Return the view as last stored; None before the first sync."""
        return self._views.current(self._name)

    def _corrected(self, view: ViewIndex, question: Question, notes: list[str]) -> dict[str, tuple[int, float]]:
        """Return the question's terms and, for words the view does not know, near ones that it does."""
        wanted = dict(question.terms)
        if question.kind == "report":
            return wanted  # its unknown words are names and numbers of somebody else's program
        unknown = [term for term, (hash_, _) in question.terms.items() if not view.lexical.knows(hash_)]
        for term in unknown[:_CORRECTED_WORDS]:
            for near in neighbours(term, view.vocabulary)[:2]:
                if near not in wanted:
                    wanted[near] = (term_hash(near), _CORRECTION_WEIGHT)
                    notes.append(f"“{question.words[term]}” does not occur here; words with “{near}” were searched as well.")
        return wanted

    def _near(self, view: ViewIndex, question: Question, notes: list[str]) -> _Near:
        """Ask the vectors; without them the search goes on and says so."""
        if not query_terms(question.text):
            return _NOTHING_NEAR
        try:
            store = self._vector_source(view)
            if store is None:
                notes.append("Vectors are not loaded yet; these results are by words only.")
                return _NOTHING_NEAR
            vector = self._embedder.embed_query(question.text[:_EMBEDDED_CHARACTERS])
            norm = float(np.linalg.norm(vector))
            if norm == 0:
                return _NOTHING_NEAR
            unit = vector / norm
            documents = view.documents_by_key
            asked = min(_MOST_NEAREST, _NEAREST * max(store.count(), 1) // max(len(documents), 1) + 1)
            found = store.nearest(unit, max(_NEAREST, asked))
            places = documents.get_all([key for key, _ in found])
            nearest = {document: score for (_, score), shown in zip(found, places, strict=True) for document in shown}
            with self._guard:
                of_files = self._file_vectors.similarities(view, store, unit)
            return _Near(store, unit, nearest, of_files)
        except (EmbedError, StoreError) as error:
            _logger.warning("The search goes on without vectors", exc_info=True)
            notes.append(f"These results are by words only: {error}")
            return _NOTHING_NEAR

    def _compared(
        self, view: ViewIndex, question: Question, near: _Near, candidates: Sequence[int]
    ) -> tuple[dict[int, float], float]:
        """Return the similarity of each candidate that has a vector, its name taken in, and that of an arbitrary chunk."""
        if near.store is None:
            return {}, 0.0
        documents = list(candidates)
        chunks = view.chunks_of(documents)
        asked = {document: chunk.key for document, chunk in zip(documents, chunks, strict=True) if document not in near.documents}
        try:
            found = _cosines(near.store, near.unit, list(asked.values()))
            floor = self._floor(view, near.store, near.unit)
        except StoreError:
            _logger.warning("Some candidates are not compared", exc_info=True)
            found, floor = {}, 0.0
        of_texts = {**near.documents, **{document: found[key] for document, key in asked.items() if key in found}}
        if not of_texts:
            return {}, 0.0
        # A chunk whose vector is not there yet counts as a middling candidate, or those that have theirs would win by that alone.
        middling = float(np.median(list(of_texts.values())))
        names = [(view.file_of(document).path, chunk.symbol) for document, chunk in zip(documents, chunks, strict=True)]
        of_names = self._names.similarities(names, self._names.vector(question.text[:_EMBEDDED_CHARACTERS])).tolist()
        mixed = {
            document: (1 - _NAME_SHARE) * of_texts.get(document, middling) + _NAME_SHARE * of_name
            for document, of_name in zip(documents, of_names, strict=True)
        }
        # The name of an arbitrary chunk says nothing about the question.
        return mixed, (1 - _NAME_SHARE) * floor

    def _with_paths(
        self, view: ViewIndex, question: Question, of_files: NDArray[np.float32], candidates: Sequence[int]
    ) -> NDArray[np.float32]:
        """Return the similarities of files, the paths of the candidates' files taken in."""
        if not len(of_files) or not candidates:
            return of_files
        numbers = np.unique(view.file_numbers[candidates])
        paths = [(view.listed[number].path, "") for number in numbers.tolist()]
        of_paths = self._names.similarities(paths, self._names.vector(question.text[:_EMBEDDED_CHARACTERS]))
        mixed = of_files.copy()
        mixed[numbers] = (1 - _PATH_SHARE) * of_files[numbers] + _PATH_SHARE * of_paths
        return mixed

    def _votes(self, question: Question) -> Mapping[str, float]:
        """Ask past commits; without them the search goes on."""
        try:
            with self._guard:
                head = self._stores.commits.head(self._name)
                if head != self._commits.head:
                    self._commits = CommitMemory(head, self._stores.commits.records(self._name))
            return self._commits.votes(question.terms)
        except StoreError:
            _logger.warning("The search goes on without the history", exc_info=True)
            return {}

    def _vector_source(self, view: ViewIndex) -> VectorStore | None:
        """Return where to look for vectors: in the local copy, unless that was lost and is being filled again."""
        identity = self._embedder.identity
        if not identity:
            return None  # it is not known yet which vectors would be those of the embedder
        matrix = self._stores.matrix(identity)
        if matrix.count() * 2 >= len(view.documents_by_key) > 0:
            if self._stores.has_vector_files():
                self._stores.start_opening(identity)  # so that damage to the store of record does not stay unnoticed
            return matrix
        if not self._stores.has_vector_files():
            return None
        return self._stores.vectors_or_open(identity)

    def _floor(self, view: ViewIndex, store: VectorStore, unit: NDArray[np.float32]) -> float:
        sample = self._sample
        if sample is None or sample.revision != view.view.revision:
            drawn = view.documents_by_key.sample(_SAMPLE)
            known, vectors = store.get(drawn)
            sample = _Sample(view.view.revision, vectors)
            if len(known) == len(drawn):
                self._sample = sample
        return similarity_floor(sample.vectors @ unit) if len(sample.vectors) else 0.0

    def _checked(self, view: ViewIndex, ranking: Ranking, limit: int, notes: list[str]) -> Found:
        """Read the text of the best documents; what is not there any more is left out and counted."""
        hits: list[Hit] = []
        best = ranking.ranked()[: limit * _DRAWN_EXTRA]
        reader = self._new_reader()
        reader.expect(list(dict.fromkeys(view.file_of(ranked.document).path for ranked in best[:limit])))
        lines: dict[str, list[str] | None] = {}
        dropped: set[str] = set()
        for ranked in best:
            if len(hits) >= limit:
                break
            file, chunk = view.file_of(ranked.document), view.chunk_of(ranked.document)
            if file.path not in lines:
                lines[file.path] = _lines(reader, file.path)
            held = lines[file.path]
            first = find_chunk(held, chunk.key, chunk.start_line, chunk.end_line) if held is not None else None
            if held is None or first is None:
                dropped.add(file.path)
                continue
            last = first + chunk.end_line - chunk.start_line
            hits.append(
                Hit(
                    path=file.path,
                    start_line=first,
                    end_line=last,
                    symbol=chunk.symbol,
                    kind=chunk.kind,
                    language=file.language,
                    score=ranked.score,
                    reasons=ranking.reasons(ranked.document),
                    text=join_lines(held, first, last),
                    key=chunk.key,
                )
            )
        if dropped:
            notes.append(f"{len(dropped)} files {self._lost} and were left out: {_listed(dropped)}.")
        return Found(tuple(hits), tuple(notes), bool(dropped))


def _lines(reader: FileReader, path: str) -> list[str] | None:
    try:
        return reader.lines(path)
    except Unreadable:
        return None


def _cosines(store: VectorStore, unit: NDArray[np.float32], keys: Sequence[str]) -> dict[str, float]:
    if not keys:
        return {}
    known, rows = store.get(keys)
    if not known:
        return {}
    scores = rows @ unit / np.maximum(np.linalg.norm(rows, axis=1), 1e-12)
    return dict(zip(known, map(float, scores), strict=True))


def _listed(paths: set[str]) -> str:
    shown = sorted(paths)[:3]
    return ", ".join(shown) + (", ..." if len(paths) > len(shown) else "")
