"""Fuses the lists into one: a weighted sum of what words, vectors, names and paths say about each chunk.

The weights are values of the design: a prototype was measured with them on real repositories. They were not fitted to this code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.models import Reason, ReasonKind
from ramet.retrieve.lexical import TermMatch
from ramet.retrieve.question import PathMention, Question
from ramet.retrieve.view_index import IndexedFile, NamedSymbol, ViewIndex
from ramet.tokens import terms

_LEXICAL = 0.65
_DENSE = 0.35
_DEFINITION = 0.25
_SOLE_DEFINITION = 1.5
"""When the question is nothing but the name."""
_PATH_STEM = 0.25
_EXPLICIT_PATH = 0.8
_FRAME = 0.6
"""For the chunk that holds a line which the question names."""
_MINOR = 0.3
"""Tests, documentation and examples, unless the question is about them."""
_NEXT_OF_FILE = 0.5
"""Each further chunk of a file counts half of what it would."""
_LEXICAL_CANDIDATES = 200
_FLOOR_PERCENTILE = 75
"""A vector that is no nearer than three quarters of all chunks says nothing."""
_OTHER_CASE = 0.6
"""`cart` for a class `Cart`."""
_LAST_PART_ONLY = 0.5
_SHOWN_WORDS = 6
_LEAST_REASON = 0.02

_TEST_PATH = re.compile(
    r"(?:^|/)(?:tests?|testing|__tests__|specs?|testdata|fixtures|js_tests|test[-_]\w+)/"
    r"|(?:^|/)(?:test_[^/]*|conftest\.py|[^/]*(?:_test|_spec|[.-]test|[.-]spec|Tests?)\.\w+)$"
)
_DOCUMENT_PATH = re.compile(
    r"(?:^|/)(?:docs?|documentation|examples?|samples?|demos?|tutorials?|benchmarks?|docs_src|locale)/"
    r"|\.(?:md|mdx|rst|txt|adoc|po|svg|ipynb)$|(?:^|/)(?:changelog|changes|license|authors|readme)[^/]*$",
    re.IGNORECASE,
)


class _Traits(Struct, frozen=True):
    """What a path says about its file."""

    stem: tuple[str, ...]
    """Terms of the name without its extensions."""
    is_test: bool
    is_document: bool


@lru_cache(maxsize=100_000)
def _traits(path: str) -> _Traits:
    stem = path.rsplit("/", 1)[-1].split(".", 1)[0]
    return _Traits(tuple(terms(stem)), _TEST_PATH.search(path) is not None, _DOCUMENT_PATH.search(path) is not None)


class Dense(Struct, frozen=True):
    """What the vectors say: cosine similarities of some documents, and the range in which they mean something."""

    similarities: dict[int, float]
    floor: float
    """The similarity of an arbitrary chunk that is nearer than most."""

    def scaled(self, document: int, best: float) -> float:
        """Return a document's similarity between 0 (nothing) and 1 (the nearest of all)."""
        similarity = self.similarities.get(document, 0.0)
        return max(0.0, (similarity - self.floor) / max(best - self.floor, 1e-6)) if similarity > 0 else 0.0


NO_DENSE = Dense({}, 0.0)


class Ranked(Struct, frozen=True):
    """A document and its score."""

    document: int
    score: float


class _Parts(Struct, frozen=True):
    """What each signal adds to one document."""

    lexical: float
    dense: float
    definition: float
    path: float
    factor: float
    """Below 1 for tests and documentation."""

    @property
    def total(self) -> float:
        return (self.lexical + self.dense + self.definition + self.path) * self.factor


def lexical_candidates(scores: NDArray[np.float32]) -> list[int]:
    """Return the documents with the best scores by words, the best first."""
    count = min(_LEXICAL_CANDIDATES, int(np.count_nonzero(scores)))
    if count == 0:
        return []
    best = np.argpartition(-scores, count - 1)[:count]
    return [int(document) for document in best[np.argsort(-scores[best], kind="stable")]]


def similarity_floor(similarities: NDArray[np.float32]) -> float:
    """Return the floor for `Dense` from the similarities of a sample of all chunks."""
    return float(np.percentile(similarities, _FLOOR_PERCENTILE)) if len(similarities) else 0.0


class Ranking:
    """Ranks the documents of one view for one question."""

    def __init__(
        self, view: ViewIndex, question: Question, matches: Sequence[TermMatch], scores: NDArray[np.float32], dense: Dense
    ) -> None:
        self._view = view
        self._question = question
        self._matches = matches
        self._scores = scores
        self._best_score = float(scores.max()) if len(scores) else 0.0
        self._dense = dense
        self._best_similarity = max(dense.similarities.values(), default=0.0)
        self._definitions = self._defined_names()
        self._mentioned = self._mentioned_files()

    def ranked(self) -> list[Ranked]:
        """Return all candidates, the best first."""
        candidates = {*lexical_candidates(self._scores), *self._dense.similarities, *self._definitions}
        for path in self._mentioned:
            file = self._view.files[path]
            candidates.update(range(file.first, file.first + len(file.chunks)))
        scored = sorted((self._score(document) for document in candidates), key=lambda hit: (-hit.score, hit.document))
        return _spread(self._view, [hit for hit in scored if hit.score > 0])

    def reasons(self, document: int) -> tuple[Reason, ...]:
        """Return why a document was found, the weightiest reason first."""
        parts = self._parts(document)
        given: list[tuple[ReasonKind, str, float]] = [
            ("lexical", self._matched_words(document), parts.lexical),
            ("dense", f"similarity {self._dense.similarities.get(document, 0.0):.2f}", parts.dense),
            ("symbol", self._definitions.get(document, ("", 0.0))[0], parts.definition),
            ("path", self._view.file_of(document).path, parts.path),
        ]
        reasons = [Reason(kind, detail, score * parts.factor) for kind, detail, score in given if score >= _LEAST_REASON]
        return tuple(sorted(reasons, key=lambda reason: -reason.score))

    def _score(self, document: int) -> Ranked:
        return Ranked(document, self._parts(document).total)

    def _parts(self, document: int) -> _Parts:
        file = self._view.file_of(document)
        lexical = _LEXICAL * float(self._scores[document]) / self._best_score if self._best_score > 0 else 0.0
        dense = _DENSE * self._dense.scaled(document, self._best_similarity)
        stem, is_minor = self._path_facts(file)
        mention = self._mentioned.get(file.path)
        if mention is not None:
            chunk = self._view.chunk_of(document)
            is_named_line = chunk.start_line <= mention.line <= chunk.end_line
            stem = _EXPLICIT_PATH * (0.2 + lexical + dense) + (_FRAME if is_named_line else 0.0)
        definition = self._definitions.get(document, ("", 0.0))[1]
        return _Parts(lexical, dense, definition, stem, _MINOR if is_minor and mention is None else 1.0)

    def _path_facts(self, file: IndexedFile) -> tuple[float, bool]:
        """Return what the file's name adds, and whether the file is a test or documentation that nobody asked for."""
        traits = _traits(file.path)
        is_named = bool(traits.stem) and all(term in self._question.terms for term in traits.stem)
        is_minor = (traits.is_test and not self._question.is_about_tests) or (
            traits.is_document and not self._question.is_about_documents
        )
        return (_PATH_STEM if is_named else 0.0, is_minor)

    def _matched_words(self, document: int) -> str:
        found = sorted(((match.score_of(document), match.term) for match in self._matches), reverse=True)
        words = dict.fromkeys(self._question.words.get(term, term) for score, term in found if score > 0)
        return ", ".join(list(words)[:_SHOWN_WORDS])

    def _defined_names(self) -> dict[int, tuple[str, float]]:
        """Return the documents that define a name of the question, with the name and what that adds."""
        defined: dict[int, tuple[str, float]] = {}
        weight = _SOLE_DEFINITION if self._question.sole_name else _DEFINITION
        for name in self._question.names:
            for symbol, share in _definitions(self._view, name):
                if symbol.document >= 0 and weight * share > defined.get(symbol.document, ("", 0.0))[1]:
                    defined[symbol.document] = (symbol.record.qualified_name, weight * share)
        return defined

    def _mentioned_files(self) -> dict[str, PathMention]:
        mentioned: dict[str, PathMention] = {}
        for mention in self._question.paths:
            for file in self._view.files_by_name.get(mention.path.rsplit("/", 1)[-1].lower(), ()):
                if _is_same_place(file.path, mention.path):
                    known = mentioned.get(file.path)
                    if known is None or not known.line:
                        mentioned[file.path] = mention
        return mentioned


def _definitions(view: ViewIndex, name: str) -> list[tuple[NamedSymbol, float]]:
    """Return the definitions that a name may mean, and how much each counts: all of it for exactly that name."""
    last = name.rsplit(".", 1)[-1]
    found: list[tuple[NamedSymbol, float]] = []
    for symbol in view.symbols_by_name.get(last.lower(), ()):
        qualified = symbol.record.qualified_name
        if "." in name and not f".{qualified}".lower().endswith(f".{name}".lower()):
            continue
        found.append((symbol, 1.0 if symbol.record.name == last else _OTHER_CASE))
    # `module.function` and `instance.method` name something whose qualified name does not hold the first part.
    if not found and "." in name:
        found = [(symbol, share * _LAST_PART_ONLY) for symbol, share in _definitions(view, last)]
    return found


def _is_same_place(path: str, mentioned: str) -> bool:
    """Whether a path of the question names a file: either may have folders in front that the other lacks."""
    mine, theirs = f"/{path.lower()}", f"/{mentioned.lower().lstrip('/')}"
    return mine.endswith(theirs) or theirs.endswith(mine)


def _spread(view: ViewIndex, hits: Sequence[Ranked]) -> list[Ranked]:
    """Let each further chunk of a file count less, so that one file does not fill the list."""
    seen: dict[str, int] = {}
    spread: list[Ranked] = []
    for hit in hits:
        path = view.file_of(hit.document).path
        place = seen.get(path, 0)
        seen[path] = place + 1
        spread.append(Ranked(hit.document, hit.score * _NEXT_OF_FILE**place))
    return sorted(spread, key=lambda hit: (-hit.score, hit.document))
