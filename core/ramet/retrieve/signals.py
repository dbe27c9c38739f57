"""What words, vectors, names, paths and past commits say about each candidate of one question, as columns of numbers.

Every column is between 0 and 1, so that the weights of `ramet.retrieve.ranking` can be read as votes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.retrieve.lexical import TermMatch, best_places
from ramet.retrieve.question import PathMention, Question, QuestionKind
from ramet.retrieve.view_index import IndexedFile, NamedSymbol, ViewIndex
from ramet.tokens import bare_name, term_hashes

_LEXICAL_CANDIDATES = 200
_LIKELY_FILES = 15
"""Files with the best chunk by words, the mean vector nearest to the question, or most votes of past commits."""
_CHUNKS_OF_FILE = 24
"""Candidates of a likely file."""
_FLOOR_PERCENTILE = 75
"""A vector that is no nearer than three quarters of all chunks says nothing."""
_FILE_FLOOR_PERCENTILE = 20
"""The same for the vectors of the candidates' files, most of which have something to do with the question."""
_LEAST_SPAN = 0.05
"""Of the cosines of files: what lies closer together differs by chance. On flask 20 questions spread over .2 to .5."""
_OTHER_CASE = 0.6
"""`cart` for a class `Cart`."""
_LAST_PART_ONLY = 0.5

_USERS = 5
"""Chunks with the most words of the question, whose use of a name speaks for what defines it."""
_SHORTEST_USED = 3
"""Characters of a name whose use says anything."""

_FUNCTIONS = frozenset({"function", "method", "constructor"})

_TEST_PATH = re.compile(
    r"(?:^|/)(?:tests?|testing|__tests__|specs?|testdata|fixtures|js_tests|test[-_]\w+)/"
    r"|(?:^|/)(?:test_[^/]*|conftest\.py|[^/]*(?:_test|_spec|[.-]test|[.-]spec|Tests?)\.\w+)$"
)
_DOCUMENT_PATH = re.compile(
    r"(?:^|/)(?:docs?|documentation|examples?|samples?|demos?|tutorials?|benchmarks?|docs_src|locale)/"
    r"|\.(?:md|mdx|rst|txt|adoc|po|svg|ipynb)$|(?:^|/)(?:changelog|changes|license|authors|readme)[^/]*$",
    re.IGNORECASE,
)
_OLD_PATH = re.compile(
    r"(?:^|/)_?(?:deprecated|legacy|compat|vendor(?:ed)?|third[_-]?party|v[01])(?:/|\.\w+$)|/compat[_.]|\.d\.ts$", re.IGNORECASE
)
"""Code kept for those who still need it, copies of others' code, declarations without code."""


class PathTraits(Struct, frozen=True):
    """What a path says about its file."""

    stem: tuple[int, ...]
    """Hashes of the terms of the name without its extensions."""
    terms: frozenset[int]
    """Hashes of the terms of the whole path."""
    is_test: bool
    is_document: bool
    is_old: bool


@lru_cache(maxsize=100_000)
def path_traits(path: str) -> PathTraits:
    """Return what a path says about its file."""
    stem = path.rsplit("/", 1)[-1].split(".", 1)[0]
    return PathTraits(
        tuple(term_hashes(stem)),
        frozenset(term_hashes(path)),
        _TEST_PATH.search(path) is not None,
        _DOCUMENT_PATH.search(path) is not None,
        _OLD_PATH.search(path) is not None,
    )


class Evidence(Struct, frozen=True):
    """What was found out about a question and its candidates before they are compared with each other."""

    question: Question
    matches: Sequence[TermMatch]
    scores: NDArray[np.float32]
    """Score by words of every document."""
    votes: NDArray[np.float32]
    """What past commits say of each file, as a share of the best one."""
    file_similarities: NDArray[np.float32]
    """Cosine of the question with the mean vector of each file; empty when it is not known."""
    candidates: Sequence[int]
    """Documents that may be an answer, ascending."""
    similarities: Mapping[int, float]
    """Cosine of the question with candidates, as far as they have vectors."""
    floor: float
    """The cosine of an arbitrary chunk that is nearer than most."""


class Signals(Struct, frozen=True):
    """The candidates of a question, and for each of them what speaks for it."""

    documents: NDArray[np.int64]
    """Ascending."""
    files: NDArray[np.int32]
    """Number of each candidate's file, by `ViewIndex.listed`."""
    words: NDArray[np.float32]
    """BM25F score, as a share of the best document's."""
    similarity: NDArray[np.float32]
    """Of the vectors: 0 for an arbitrary chunk, 1 for the nearest one."""
    file_similarity: NDArray[np.float32]
    """Of the mean vectors of files: 1 for the nearest one among the candidates' files, less where all are nearly as near."""
    path: NDArray[np.float32]
    """How much of the question the path says."""
    stem: NDArray[np.float32]
    """Whether the question says all of the file's name."""
    definition: NDArray[np.float32]
    """Whether it defines a name that is written in the question, among other words."""
    sole_definition: NDArray[np.float32]
    """Whether it defines the name that is the whole question."""
    function: NDArray[np.float32]
    """Whether it is something that runs."""
    used: NDArray[np.float32]
    """How much the chunks with the most words of the question, tests among them, use the name that it defines."""
    mention: NDArray[np.float32]
    """Whether the question holds the file's path."""
    frame: NDArray[np.float32]
    """Whether it holds a line that the question names; the last one named counts most."""
    commits: NDArray[np.float32]
    """What past commits like the question say of the file."""
    is_test: NDArray[np.bool_]
    """Tests, unless the question is about them or names the file; so for the next two."""
    is_document: NDArray[np.bool_]
    is_old: NDArray[np.bool_]
    kind: QuestionKind
    """What the question asks for."""
    defined: Mapping[int, str]
    """Document -> the qualified name that `definition` is about."""
    users: Mapping[int, str]
    """Document -> the name of what `used` is about."""


def similarity_floor(similarities: NDArray[np.float32]) -> float:
    """Return the similarity that means nothing, from the similarities of a sample of all chunks."""
    return float(np.percentile(similarities, _FLOOR_PERCENTILE)) if len(similarities) else 0.0


def choose_candidates(
    view: ViewIndex,
    question: Question,
    scores: NDArray[np.float32],
    nearest: Iterable[int],
    votes: NDArray[np.float32],
    file_similarities: NDArray[np.float32],
) -> list[int]:
    """Return the documents that may be an answer, ascending: those with most words, the nearest, and the best of likely files."""
    by_words = best_places(scores, _LEXICAL_CANDIDATES).tolist()
    mentioned = _mentioned_files(view, question)
    found = {*by_words, *nearest, *_defined(view, question), *_named_lines(view, mentioned)}
    voted, similar = (best_places(column, _LIKELY_FILES).tolist() for column in (votes, file_similarities))
    likely = dict.fromkeys([*mentioned, *voted, *similar])
    likely.update(dict.fromkeys(view.file_numbers[by_words[:_LIKELY_FILES]].tolist()))
    for number in likely:
        found.update(_best_chunks(view.listed[number], scores))
    return sorted(document for document in found if view.lexical.alive[document])


def gather(view: ViewIndex, evidence: Evidence) -> Signals:
    """Return what speaks for each candidate."""
    question, scores = evidence.question, evidence.scores
    documents = np.array(evidence.candidates, dtype=np.int64)
    listed = documents.tolist()
    files = view.file_numbers[documents]
    definitions = _defined(view, question)
    mentioned = _mentioned_files(view, question)
    lines = _named_lines(view, mentioned)
    stems, paths = _path_signals(view, files, question, evidence.matches)
    best = float(scores.max()) if len(scores) else 0.0
    chunks = view.chunks_of(listed)
    kinds = [chunk.kind for chunk in chunks]
    traits = [path_traits(view.listed[number].path) for number in files.tolist()]
    mention = np.isin(files, list(mentioned))
    defined = np.array([definitions.get(document, ("", 0.0))[1] for document in listed], dtype=np.float32)
    nothing = np.zeros(len(listed), np.float32)
    used, users = _used(view, documents, [chunk.symbol for chunk in chunks], scores)
    return Signals(
        documents=documents,
        files=files,
        words=scores[documents] / np.float32(max(best, 1e-6)),
        similarity=_similarity(listed, evidence),
        file_similarity=_file_similarity(files, evidence.file_similarities),
        path=paths,
        stem=stems,
        definition=nothing if question.sole_name else defined,
        sole_definition=defined if question.sole_name else nothing,
        function=np.array([kind in _FUNCTIONS for kind in kinds], dtype=np.float32),
        used=used,
        mention=mention.astype(np.float32),
        frame=np.array([lines.get(document, 0.0) for document in listed], dtype=np.float32),
        commits=evidence.votes[files],
        is_test=np.array([trait.is_test for trait in traits], dtype=bool) & ~mention & (not question.is_about_tests),
        is_document=np.array([trait.is_document for trait in traits], dtype=bool) & ~mention & (not question.is_about_documents),
        is_old=np.array([trait.is_old for trait in traits], dtype=bool) & ~mention,
        kind=question.kind,
        defined={document: name for document, (name, _) in definitions.items()},
        users=users,
    )


def votes_by_file(view: ViewIndex, votes: Mapping[str, float]) -> NDArray[np.float32]:
    """Return the votes for paths as a column over the files of a view."""
    by_file = np.zeros(len(view.listed), np.float32)
    for path, share in votes.items():
        file = view.files.get(path)
        if file is not None and file.chunk_count:
            by_file[view.file_numbers[file.first]] = share
    return by_file


def _best_chunks(file: IndexedFile, scores: NDArray[np.float32]) -> list[int]:
    """Return the documents of a file that have most of the question's words."""
    own = scores[file.first : file.first + file.chunk_count]
    return [file.first + int(place) for place in np.argsort(-own, kind="stable")[:_CHUNKS_OF_FILE]]


def _similarity(documents: Sequence[int], evidence: Evidence) -> NDArray[np.float32]:
    span = max(max(evidence.similarities.values(), default=0.0) - evidence.floor, 1e-6)
    known = np.array([evidence.similarities.get(document, -1.0) for document in documents], dtype=np.float32)
    scaled: NDArray[np.float32] = np.maximum(known - np.float32(evidence.floor), 0) / np.float32(span)
    return scaled


def _file_similarity(files: NDArray[np.int32], similarities: NDArray[np.float32]) -> NDArray[np.float32]:
    if not len(similarities) or not len(files):
        return np.zeros(len(files), np.float32)
    known = similarities[files]
    floor = np.float32(np.percentile(known, _FILE_FLOOR_PERCENTILE))
    scaled: NDArray[np.float32] = np.maximum(known - floor, 0) / max(known.max() - floor, np.float32(_LEAST_SPAN))
    return scaled


def _used(
    view: ViewIndex, documents: NDArray[np.int64], names: Sequence[str], scores: NDArray[np.float32]
) -> tuple[NDArray[np.float32], dict[int, str]]:
    """Return how much each candidate's name is used by the chunks with most of the question's words, and by which one most.

    What a function does is often said where it is called: in a test, or in the code that needs it. A rare name counts more.
    """
    users = np.sort(best_places(scores, _USERS))
    last = [bare_name(name).rsplit(".", 1)[-1] for name in names]
    # The last term of an identifier is the whole of it.
    whole = [(term_hashes(name) or [0])[-1] if len(name.strip("_")) >= _SHORTEST_USED else 0 for name in last]
    terms, places = np.unique(np.array(whole, dtype=np.uint32), return_inverse=True)
    if not len(users) or not len(terms):
        return np.zeros(len(documents), np.float32), {}
    held, frequency = view.lexical.occurrences(terms, users)
    count = max(view.lexical.count, 2)
    rarity = np.log(count / np.clip(frequency, 1, count)) / np.log(count)
    rarity[terms == 0] = 0
    # Nothing uses itself.
    by_user = (held[places] & (documents[:, None] != users[None, :])) * (scores[users] / scores[users].max()) ** 2
    uses = by_user.sum(axis=1) * rarity[places]
    share: NDArray[np.float32] = (uses / max(float(uses.max(initial=0.0)), 1e-6)).astype(np.float32)
    named = [
        chunk.symbol or view.file_of(user).path
        for user, chunk in zip(users.tolist(), view.chunks_of(users.tolist()), strict=True)
    ]
    most = by_user.argmax(axis=1)
    return share, {int(documents[place]): named[most[place]] for place in np.flatnonzero(share).tolist()}


def _path_signals(
    view: ViewIndex, files: NDArray[np.int32], question: Question, matches: Sequence[TermMatch]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return for each candidate whether the question says the file's name, and how much of the question the path says."""
    weights = {question.terms[match.term][0]: match.weight for match in matches if match.term in question.terms}
    everything = max(sum(weights.values()), 1e-6)
    asked = {hash_ for hash_, _ in question.terms.values()}
    numbers, places = np.unique(files, return_inverse=True)
    stems, said = np.zeros(len(numbers), np.float32), np.zeros(len(numbers), np.float32)
    for place, number in enumerate(numbers.tolist()):
        traits = path_traits(view.listed[number].path)
        stems[place] = bool(traits.stem) and asked.issuperset(traits.stem)
        said[place] = sum(weights[term] for term in weights.keys() & traits.terms) / everything
    return stems[places], said[places]


def _defined(view: ViewIndex, question: Question) -> dict[int, tuple[str, float]]:
    """Return the documents that define a name of the question, with the name and how exactly it is that name."""
    defined: dict[int, tuple[str, float]] = {}
    for name in question.names:
        for symbol, share in _definitions(view, name):
            if symbol.document >= 0 and share > defined.get(symbol.document, ("", 0.0))[1]:
                defined[symbol.document] = (symbol.record.qualified_name, share)
    return defined


def _definitions(view: ViewIndex, name: str) -> list[tuple[NamedSymbol, float]]:
    """Return the definitions that a name may mean, and how much each counts: all of it for exactly that name."""
    last = name.rsplit(".", 1)[-1]
    found: list[tuple[NamedSymbol, float]] = []
    for symbol in view.symbols_by_name.get(last.lower(), ()):
        qualified = bare_name(symbol.record.qualified_name)
        if "." in name and not f".{qualified}".lower().endswith(f".{name}".lower()):
            continue
        found.append((symbol, 1.0 if symbol.record.name == last else _OTHER_CASE))
    # `module.function` and `instance.method` name something whose qualified name does not hold the first part.
    if not found and "." in name:
        found = [(symbol, share * _LAST_PART_ONLY) for symbol, share in _definitions(view, last)]
    return found


def _mentioned_files(view: ViewIndex, question: Question) -> dict[int, list[tuple[int, PathMention]]]:
    """Return the files whose path is written in the question: number -> how late it is mentioned (0 is last), and how."""
    mentioned: dict[int, list[tuple[int, PathMention]]] = {}
    for age, mention in enumerate(reversed(question.paths)):
        for file in view.files_by_name.get(mention.path.rsplit("/", 1)[-1].lower(), ()):
            if file.chunk_count and _is_same_place(file.path, mention.path):
                mentioned.setdefault(int(view.file_numbers[file.first]), []).append((age, mention))
    return mentioned


def _is_same_place(path: str, mentioned: str) -> bool:
    """Whether a path of the question names a file: either may have folders in front that the other lacks."""
    mine, theirs = f"/{path.lower()}", f"/{mentioned.lower().lstrip('/')}"
    return mine.endswith(theirs) or theirs.endswith(mine)


def _named_lines(view: ViewIndex, mentioned: Mapping[int, Sequence[tuple[int, PathMention]]]) -> dict[int, float]:
    """Return the documents that hold a line which the question names; the last line named counts 1, earlier ones less."""
    named: dict[int, float] = {}
    for number, mentions in mentioned.items():
        file = view.listed[number]
        for age, mention in mentions:
            for place, chunk in enumerate(file.chunks):
                if chunk.start_line <= mention.line <= chunk.end_line:
                    named[file.first + place] = max(named.get(file.first + place, 0.0), 1 / (1 + age))
    return named
