"""Retrieval quality: run the project's search over questions with known answers and print the scorer's numbers.

`python -m tests.bench.retrieval --eval DIR --work DIR [--mirrors DIR] [--wheels DIR] [--dataset NAME ...]`

DIR of --eval holds `dev/*.jsonl`, `materialise.py` and `score.py`. One behaviour for all datasets: the query goes to the search
as it is.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from pathlib import Path

from ramet.models import Hit
from tests.bench.evaluation import DATASETS, add_options, load_scorer, questions

HITS = 50
"""The scorer looks at up to this many hits of a question."""


def as_result(hit: Hit) -> dict[str, object]:
    """Return a hit as the scorer reads it."""
    return {"path": hit.path, "start_line": hit.start_line, "end_line": hit.end_line, "symbol": hit.symbol}


def measure(options: argparse.Namespace, dataset: str) -> dict[str, float]:
    """Answer all questions of one dataset, keep the answers, and return the mean of each score."""
    scorer = load_scorer(options)
    scores: dict[str, list[float]] = defaultdict(list)
    with (options.work / f"{dataset}.jsonl").open("w", encoding="utf-8") as out:
        for question in questions(options, dataset):
            hits = [as_result(hit) for hit in question.searcher.search(question.row["query"], HITS)]
            out.write(json.dumps({"id": question.row["id"], "hits": hits}) + "\n")
            scorer.score_row(question.row, hits, scores)
    return {name: round(sum(values) / len(values), 4) for name, values in scores.items()}


def main() -> int:
    """Measure the datasets asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.retrieval", description=__doc__)
    add_options(parser)
    options = parser.parse_args()
    Path(options.work).mkdir(parents=True, exist_ok=True)
    for dataset in options.dataset or DATASETS:
        start = time.perf_counter()
        scores = measure(options, dataset)
        print(f"{dataset}: {json.dumps(scores)} ({time.perf_counter() - start:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
