"""Adds up the signals of the candidates: a weighted sum, whose parts are the reasons that a hit gives.

The weights are fitted to the development half of the evaluation data by `python -m tests.bench.tuning`; `docs/benchmarks.md`
says what each part brings.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.models import Reason, ReasonKind
from ramet.retrieve.question import QuestionKind
from ramet.retrieve.signals import Evidence, Signals, gather
from ramet.retrieve.view_index import ViewIndex

_SHOWN_WORDS = 6
_LEAST_REASON = 0.02

Column = NDArray[np.float32]
"""One number for each candidate."""


class Spread(Struct, frozen=True):
    """How much counts what depends on the kind of a question."""

    similarity: float
    """Of the vector of the chunk."""
    file_similarity: float
    """Of the mean vector of its file."""
    function: float
    """For something that runs."""
    used: float
    """For what is used by the code that has most of the question's words."""
    commits: float
    """What past commits say."""
    next_chunk: float
    """Factor of what speaks for the second chunk of a file; for the third it counts twice more, and so on."""
    next_of_file: float
    """Factor of what speaks for the file, for each better chunk of it."""


class Weights(Struct, frozen=True):
    """How much each signal counts."""

    words: float = 1.0
    path: float = 0.2
    stem: float = 0.05
    definition: float = 0.1
    sole_definition: float = 0.8
    """When the question is nothing but the name."""
    mention: float = 0.4
    frame: float = 1.2
    """As much as words can say: the questions that the weights are fitted to hardly name lines."""
    mention_base: float = 0.2
    """Added to what the text of a chunk says before it is multiplied by `mention`."""
    commits_base: float = 0.2
    """Added to what the text of a chunk says before it is multiplied by `Spread.commits`."""
    test: float = 0.3
    """Factor of tests, unless the question is about them."""
    document: float = 0.3
    """Factor of documentation and examples, unless the question is about them."""
    old: float = 0.85
    """Factor of deprecated and vendored code."""
    subject: Spread = Spread(
        similarity=0.7, file_similarity=0.5, function=0.1, used=0.1, commits=0.45, next_chunk=0.85, next_of_file=0.0
    )
    action: Spread = Spread(
        similarity=0.9, file_similarity=0.05, function=0.3, used=0.3, commits=0.3, next_chunk=1.0, next_of_file=1.0
    )
    report: Spread = Spread(
        similarity=0.55, file_similarity=0.1, function=0.15, used=0.0, commits=0.45, next_chunk=1.0, next_of_file=1.0
    )

    def spread_for(self, kind: QuestionKind) -> Spread:
        """Return what applies to a kind of question."""
        spread: Spread = getattr(self, kind)
        return spread


class Ranked(Struct, frozen=True):
    """A document and its score."""

    document: int
    score: float


class Parts(Struct, frozen=True):
    """What each reason adds to each candidate."""

    words: Column
    similarity: Column
    file_similarity: Column
    symbol: Column
    kind: Column
    used: Column
    place: Column
    """Of the file's path."""
    frame: Column
    history: Column

    @property
    def of_chunk(self) -> Column:
        """What speaks for the chunk itself."""
        return self.words + self.similarity + self.symbol + self.kind + self.used + self.frame

    @property
    def of_file(self) -> Column:
        """What speaks for its file, and so for every chunk in it."""
        return self.file_similarity + self.place + self.history


class Ranking:
    """Ranks the candidates of one view for one question."""

    def __init__(self, view: ViewIndex, evidence: Evidence, weights: Weights) -> None:
        self._view = view
        self._evidence = evidence
        self._weights = weights
        self._signals = gather(view, evidence)
        self._parts = parts_of(self._signals, weights)
        self._factors = factors_of(self._signals, weights)

    def ranked(self) -> list[Ranked]:
        """Return all candidates, the best first."""
        places, scores = order_of(self._signals, self._weights)
        documents = self._signals.documents[places]
        return [Ranked(document, score) for document, score in zip(documents.tolist(), scores.tolist(), strict=True) if score > 0]

    def reasons(self, document: int) -> tuple[Reason, ...]:
        """Return why a document was found, the weightiest reason first."""
        place = int(np.searchsorted(self._signals.documents, document))
        parts = self._parts
        similarity = f"similarity {self._evidence.similarities.get(document, 0.0):.2f}"
        given: list[tuple[ReasonKind, str, Column]] = [
            ("lexical", self._matched_words(document), parts.words),
            ("dense", similarity, parts.similarity + parts.file_similarity),
            ("symbol", self._signals.defined.get(document, ""), parts.symbol),
            ("kind", self._view.chunk_of(document).kind, parts.kind),
            ("usage", self._signals.users.get(document, ""), parts.used),
            ("path", self._view.file_of(document).path, parts.place + parts.frame),
            ("history", "commits about this changed the file", parts.history),
        ]
        factor = float(self._factors[place])
        reasons = [Reason(kind, detail, float(part[place]) * factor) for kind, detail, part in given]
        return tuple(sorted((reason for reason in reasons if reason.score >= _LEAST_REASON), key=lambda reason: -reason.score))

    def _matched_words(self, document: int) -> str:
        found = sorted(((match.score_of(document), match.term) for match in self._evidence.matches), reverse=True)
        words = dict.fromkeys(self._evidence.question.words.get(term, term) for score, term in found if score > 0)
        return ", ".join(list(words)[:_SHOWN_WORDS])


def parts_of(signals: Signals, weights: Weights) -> Parts:
    """Return what each reason adds to each candidate."""
    spread = weights.spread_for(signals.kind)
    words = weights.words * signals.words
    similarity = spread.similarity * signals.similarity
    file_similarity = spread.file_similarity * signals.file_similarity
    text = words + similarity + file_similarity
    by_name = weights.path * signals.path + weights.stem * signals.stem
    symbol = weights.definition * signals.definition + weights.sole_definition * signals.sole_definition
    return Parts(
        words=words,
        similarity=similarity,
        file_similarity=file_similarity,
        symbol=symbol,
        kind=spread.function * signals.function,
        used=spread.used * signals.used,
        place=np.where(signals.mention > 0, weights.mention * (weights.mention_base + text), by_name),
        frame=weights.frame * signals.frame,
        history=spread.commits * signals.commits * (weights.commits_base + text),
    )


def factors_of(signals: Signals, weights: Weights) -> Column:
    """Return what each candidate's sum is multiplied by: less than 1 for what people rarely mean."""
    factors = np.where(signals.is_test, weights.test, np.where(signals.is_document, weights.document, 1.0))
    factors *= np.where(signals.is_old, weights.old, 1.0)
    return factors.astype(np.float32)


def order_of(signals: Signals, weights: Weights) -> tuple[NDArray[np.int64], Column]:
    """Return the places of the candidates and their scores, the best first.

    What speaks for a file counts in full for its best candidate only. What speaks for a further candidate itself is worth less
    and less, so that several functions of a file may lead the list and no file fills it.
    """
    parts, factors = parts_of(signals, weights), factors_of(signals, weights)
    of_chunk, of_file = parts.of_chunk * factors, parts.of_file * factors
    order = np.argsort(-(of_chunk + of_file), kind="stable")
    seen: dict[int, int] = {}
    earlier = np.zeros(len(order), np.int64)
    for place, file in zip(order.tolist(), signals.files[order].tolist(), strict=True):
        earlier[place] = seen[file] = seen.get(file, -1) + 1
    spread = weights.spread_for(signals.kind)
    of_chunk *= (spread.next_chunk ** (earlier * (earlier + 1) / 2)).astype(np.float32)
    scores: Column = of_chunk + of_file * (spread.next_of_file**earlier).astype(np.float32)
    places = np.argsort(-scores, kind="stable")
    return places, scores[places]
