"""Fits the weights of the ranking to the development half of the evaluation data, and says what each of them brings.

`python -m tests.bench.tuning --eval DIR --work DIR [--mirrors DIR] [--wheels DIR] [--rounds N] [--ablate]`

The signals of all questions are gathered once by the project's own search and kept in the folder of --work. Then one weight at a
time is moved along its grid and kept where the sum of the datasets' scores grows. `--ablate` shows the scores without each part,
with the 95 % interval of the difference (paired bootstrap over questions). Prints the weights for `ramet.retrieve.ranking`.
"""

from __future__ import annotations

import argparse
import pickle
import random
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import ModuleType

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from ramet.retrieve.ranking import Weights, order_of
from ramet.retrieve.signals import Signals, gather
from tests.bench.evaluation import DATASETS, Question, Row, add_options, load_scorer, questions

HITS = 50
MAIN_SCORES = {
    "doc": ("mrr@10",),
    "semble": ("ndcg@10",),
    "swe": ("file acc@1", "file acc@5", "file acc@10", "func acc@10"),
    "hist_py": ("file acc@1", "file acc@5", "file acc@10", "func acc@10"),
    "hist_other": ("file acc@1", "file acc@5", "file acc@10", "func acc@10"),
}
"""What a dataset is judged by; the mean of these is its part of the objective."""
SHARES = {"semble": 1.5}
"""How much a dataset counts in the objective, where not once: plain questions about a subject are what people ask most."""
LEAST_GAIN = 2e-4
GRIDS: dict[str, tuple[float, ...]] = {
    "words": (0.5, 0.65, 0.8, 1.0, 1.2),
    "path": (0.0, 0.1, 0.2, 0.3, 0.4, 0.6),
    "stem": (0.0, 0.05, 0.1, 0.15, 0.2, 0.3),
    "definition": (0.0, 0.1, 0.2, 0.3, 0.45),
    "sole_definition": (0.0, 0.8, 1.5),
    "mention": (0.0, 0.2, 0.4, 0.8, 1.2),
    "frame": (0.0, 0.6, 1.2),
    "commits_base": (0.0, 0.1, 0.2, 0.3, 0.5),
    "test": (0.1, 0.2, 0.3, 0.45, 0.6, 1.0),
    "document": (0.1, 0.2, 0.3, 0.45, 0.6, 1.0),
    "old": (0.5, 0.7, 0.85, 1.0),
    **{
        f"{kind}.{name}": values
        for kind in ("subject", "action", "report")
        for name, values in {
            "similarity": (0.0, 0.1, 0.2, 0.3, 0.4, 0.55, 0.7, 0.9),
            "file_similarity": (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65),
            "function": (0.0, 0.05, 0.1, 0.15, 0.2, 0.3),
            "used": (0.0, 0.05, 0.1, 0.15, 0.2, 0.3),
            "commits": (0.0, 0.15, 0.3, 0.45, 0.6, 0.8, 1.0),
            "next_chunk": (0.85, 0.9, 0.93, 0.96, 1.0),
            "next_of_file": (0.0, 0.1, 0.3, 0.5, 0.7, 1.0),
        }.items()
    },
}
NEUTRAL = dict.fromkeys(("test", "document", "old", "next_chunk", "next_of_file"), 1.0)
"""Values of factors that change nothing; every other weight says nothing at 0."""
DRAWS = 2_000


class Gathered(Struct, frozen=True):
    """A question with the signals of its candidates, and how the scorer sees them."""

    row: Row
    signals: Signals
    hits: list[dict[str, object]]


def gathered(question: Question) -> Gathered | None:
    """Return the signals of a question; None where there is nothing to rank."""
    view = question.searcher.current()
    evidence = question.searcher.evidence(view, question.row["query"], []) if view is not None else None
    if view is None or evidence is None:
        return None
    signals = gather(view, evidence)
    hits: list[dict[str, object]] = []
    for document in signals.documents.tolist():
        chunk = view.chunk_of(document)
        place = {"path": view.file_of(document).path, "start_line": chunk.start_line, "end_line": chunk.end_line}
        hits.append({**place, "symbol": chunk.symbol})
    return Gathered(question.row, signals, hits)


def gather_all(options: argparse.Namespace, dataset: str) -> list[Gathered]:
    """Return the signals of a dataset's questions, from the folder of --work where they are kept."""
    kept = options.work / f"signals-{dataset}.pickle"
    if kept.exists() and not options.again:
        return list(pickle.loads(kept.read_bytes()))
    found = [each for question in questions(options, dataset) if (each := gathered(question)) is not None]
    kept.write_bytes(pickle.dumps(found, 4))
    return found


class Objective:
    """Scores weights on all questions."""

    def __init__(self, scorer: ModuleType, data: Mapping[str, Sequence[Gathered]]) -> None:
        self._scorer = scorer
        self._data = data

    def scores(self, weights: Weights) -> dict[str, dict[str, list[float]]]:
        """Return dataset -> score -> its values by question."""
        found: dict[str, dict[str, list[float]]] = {}
        for dataset, asked in self._data.items():
            values: dict[str, list[float]] = defaultdict(list)
            for each in asked:
                places, _ = order_of(each.signals, weights)
                self._scorer.score_row(each.row, [each.hits[place] for place in places[:HITS].tolist()], values)
            found[dataset] = dict(values)
        return found

    def value(self, weights: Weights) -> float:
        """Return the sum over the datasets of the mean of their main scores, each times its share."""
        scores = self.scores(weights)
        means = {name: float(np.mean([np.mean(scores[name][score]) for score in MAIN_SCORES[name]])) for name in scores}
        return sum(SHARES.get(name, 1.0) * mean for name, mean in means.items())


def value_of(weights: Weights, name: str) -> float:
    """Return a weight by its name, `subject.function` for one of a part."""
    part, _, inner = name.rpartition(".")
    return float(getattr(getattr(weights, part) if part else weights, inner))


def changed(weights: Weights, name: str, value: float) -> Weights:
    """Return the weights with one of them changed."""
    part, _, inner = name.rpartition(".")
    return replace(weights, **{part: replace(getattr(weights, part), **{inner: value})} if part else {inner: value})


def ascend(objective: Objective, weights: Weights, rounds: int) -> Weights:
    """Return better weights: each in turn takes the value of its grid that is best while the others stay."""
    best = objective.value(weights)
    for number in range(rounds):
        names = list(GRIDS)
        random.Random(number).shuffle(names)
        before = best
        for name in names:
            for value in GRIDS[name]:
                moved = changed(weights, name, value)
                if value != value_of(weights, name) and (reached := objective.value(moved)) > best + LEAST_GAIN:
                    best, weights = reached, moved
        print(f"round {number + 1}: {best:.4f}", file=sys.stderr, flush=True)
        if best == before:
            break
    return weights


def summary(scores: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """Return the main scores in one line."""
    parts = []
    for dataset, values in scores.items():
        parts.append(f"{dataset} " + "/".join(f"{np.mean(values[name]):.3f}" for name in MAIN_SCORES[dataset]))
    return "  ".join(parts)


def interval(before: Sequence[float], after: Sequence[float]) -> str:
    """Return the mean difference and its 95 % interval, by a paired bootstrap over questions."""
    differences = np.array(after) - np.array(before)
    drawn = np.random.default_rng(1).choice(differences, (DRAWS, len(differences))).mean(axis=1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return f"{differences.mean():+.3f} [{low:+.3f}, {high:+.3f}]"


def ablate(objective: Objective, weights: Weights) -> None:
    """Print what each part brings: the scores with it minus those without it."""
    whole = objective.scores(weights)
    for name in GRIDS:
        without = objective.scores(changed(weights, name, NEUTRAL.get(name.rpartition(".")[2], 0.0)))
        gains = [
            f"{dataset} {score} {interval(without[dataset][score], whole[dataset][score])}"
            for dataset in whole
            for score in (MAIN_SCORES[dataset][0], MAIN_SCORES[dataset][-1])
        ]
        print(f"{name}: " + "; ".join(dict.fromkeys(gains)))


def main() -> int:
    """Fit and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tuning", description=__doc__)
    add_options(parser)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--again", action="store_true", help="gather the signals anew")
    parser.add_argument("--ablate", action="store_true", help="show what each part brings")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    data = {dataset: gather_all(options, dataset) for dataset in options.dataset or DATASETS}
    objective = Objective(load_scorer(options), data)
    print("now:   ", summary(objective.scores(Weights())))
    weights = ascend(objective, Weights(), options.rounds)
    print("fitted:", summary(objective.scores(weights)))
    print("\n".join(f"    {name} = {value_of(weights, name)}" for name in GRIDS))
    if options.ablate:
        ablate(objective, weights)
    return 0


if __name__ == "__main__":
    sys.exit(main())
