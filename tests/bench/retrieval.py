"""Retrieval quality: run the real search over questions with known answers and print the scorer's numbers.

`python -m tests.bench.retrieval --eval DIR --trees DIR [--mirrors DIR] [--wheels DIR] [--dataset NAME ...] [--out DIR]`

DIR of --eval holds `dev/*.jsonl`, `materialise.py` and `score.py`; trees are written below --trees once. One behaviour for all
datasets: the query goes to `Workspace.search` as it is.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from ramet.engine.client import open_workspace
from tests.bench.measure import bench_environment

DATASETS = ("doc", "semble", "swe", "hist_py", "hist_other")
HITS = 50
"""The scorer looks at up to this many hits of a question."""

Row = dict[str, Any]  # Any: a line of a dataset as decoded from JSON


def tree_key(row: Row) -> tuple[str, str, str | None]:
    """Return what identifies the tree that a question is about."""
    return row["repo"], row.get("commit") or row["wheel"], row.get("root")


def materialise(options: argparse.Namespace, dataset: Path) -> dict[tuple[str, str, str | None], Path]:
    """Write the trees of a dataset and return where they are; trees that cannot be had are left out."""
    command = [sys.executable, options.eval / "materialise.py", dataset, options.trees / dataset.stem]
    command += ["--mirrors", options.mirrors, "--wheels", options.wheels]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    places = [json.loads(line) for line in lines]
    return {(place["repo"], place["version"], place["root"]): Path(place["path"]) for place in places if "path" in place}


async def answer(tree: Path, rows: list[Row], home: Path) -> list[Row]:
    """Index one tree and return the hits of its questions, paths as the dataset spells them."""
    workspace = await open_workspace(tree, in_process=True, environment=bench_environment(home))
    answers = []
    try:
        async with contextlib.aclosing(workspace.sync()) as events:
            async for _ in events:
                pass
        for row in rows:
            result = await workspace.search(row["query"], HITS)
            prefix = f"{row['root']}/" if row.get("root") and not (tree / row["root"]).exists() else ""
            hits = [
                {"path": prefix + hit.path, "start_line": hit.start_line, "end_line": hit.end_line, "symbol": hit.symbol}
                for hit in result.hits
            ]
            answers.append({"id": row["id"], "hits": hits})
    finally:
        await workspace.close()
    return answers


def measure(options: argparse.Namespace, name: str) -> dict[str, Any]:
    """Answer all questions of one dataset and return what the scorer says."""
    dataset = options.eval / "dev" / f"{name}.jsonl"
    trees = materialise(options, dataset)
    groups: dict[tuple[str, str, str | None], list[Row]] = defaultdict(list)
    for line in dataset.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        groups[tree_key(row)].append(row)
    results = options.out / f"{name}.jsonl"
    with results.open("w", encoding="utf-8") as out:
        for key, rows in groups.items():
            if key not in trees:
                continue
            with tempfile.TemporaryDirectory(prefix="ramet-bench-") as home:
                for line in asyncio.run(answer(trees[key], rows, Path(home))):
                    out.write(json.dumps(line) + "\n")
    scored = subprocess.run(
        [sys.executable, options.eval / "score.py", dataset, results], check=True, capture_output=True, text=True
    )
    return dict(json.loads(scored.stdout))


def main() -> int:
    """Measure the datasets asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.retrieval", description=__doc__)
    parser.add_argument("--eval", type=Path, required=True)
    parser.add_argument("--trees", type=Path, required=True)
    parser.add_argument("--mirrors", type=Path, default=Path("mirrors"))
    parser.add_argument("--wheels", type=Path, default=Path("wheels"))
    parser.add_argument("--out", type=Path, default=Path("build/retrieval"))
    parser.add_argument("--dataset", choices=DATASETS, action="append")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.dataset or DATASETS:
        start = time.perf_counter()
        scores = measure(options, name)
        print(f"{name}: {json.dumps(scores)} ({time.perf_counter() - start:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
