"""Context packing: how many gold lines a request of 2k and 8k tokens holds, packed and as plain top-k, from the same hits.

`python -m tests.bench.packing --eval DIR --trees DIR [--mirrors DIR] [--wheels DIR] [--dataset NAME ...] [--each N] [--out DIR]`

DIR of --eval is the one of `tests.bench.retrieval`. Search results are kept below --out, so that a second run only packs anew.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from ramet.engine.client import open_workspace
from ramet.index.chunker import split_lines
from ramet.index.references import definition_line
from ramet.models import Hit, Symbol
from ramet.prompt.outline import FileText, file_text
from ramet.prompt.packer import Candidate, pack_sources, shown_lines
from ramet.prompt.sources import source_of, sources_block
from tests.bench.evaluation import materialise, tree_key
from tests.bench.measure import bench_environment

DATASETS = ("doc", "semble", "hist_py", "hist_other", "swe")
REPOSITORIES = {
    "hist_py": ("aio-libs/aiohttp", "pallets/click", "pallets/flask", "pydantic/pydantic", "pytest-dev/pytest"),
    "hist_other": ("axios/axios", "gin-gonic/gin", "spf13/cobra", "google/gson"),
    "swe": ("pytest-dev/pytest", "pallets/flask"),
}
"""Of a dataset, where not all: the trees of the others are so large that indexing them takes most of an hour."""
HITS = 60
"""What a question with a model searches for."""

BUDGETS = (2_000, 8_000)
"""Tokens."""
DRAWS = 5_000
"""Of the bootstrap."""
FIELDS = {"lines": "gold lines", "is_whole": "questions with all gold lines", "named": "gold functions named"}

Row = dict[str, Any]  # Any: a line of a dataset as decoded from JSON
Key = tuple[str, str, str | None]


class Found(Struct, frozen=True):
    """The hits of one question."""

    id: str
    hits: tuple[Hit, ...]


class Tree(Struct, frozen=True):
    """What one tree gives: the hits of its questions and the definitions of the files in question."""

    path: str
    prefix: str
    """What the dataset puts before the paths of the tree."""
    found: tuple[Found, ...]
    symbols: dict[str, tuple[Symbol, ...]]


def gold_paths(row: Row) -> set[str]:
    """Return the files in which the answer of a question lies."""
    return {row["file"]} if "file" in row else set(row["files"])


async def search(folder: Path, rows: list[Row], home: Path) -> Tree:
    """Index one tree and search for its questions."""
    root = rows[0].get("root")
    prefix = f"{root}/" if root and not (folder / root).exists() else ""
    workspace = await open_workspace(folder, in_process=True, environment=bench_environment(home))
    found: list[Found] = []
    paths: set[str] = set()
    try:
        async with contextlib.aclosing(workspace.sync()) as events:
            async for _ in events:
                pass
        for row in rows:
            hits = (await workspace.search(row["query"], HITS)).hits
            found.append(Found(row["id"], hits))
            paths |= {hit.path for hit in hits} | {path.removeprefix(prefix) for path in gold_paths(row)}
        symbols = {path: await workspace.symbols(path=path, limit=100_000) for path in sorted(paths)}
    finally:
        await workspace.close()
    return Tree(str(folder), prefix, tuple(found), symbols)


def wanted_rows(options: argparse.Namespace, name: str) -> dict[Key, list[Row]]:
    """Return the questions of a dataset by tree, of each repository at most --each trees."""
    groups: dict[Key, list[Row]] = defaultdict(list)
    with (options.eval / "dev" / f"{name}.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["repo"] in REPOSITORIES.get(name, (row["repo"],)):
                groups[tree_key(row)].append(row)
    taken: dict[str, int] = defaultdict(int)
    chosen: dict[Key, list[Row]] = {}
    for key, rows in groups.items():
        taken[key[0]] += 1
        if taken[key[0]] <= options.each:
            chosen[key] = rows
    return chosen


def gather(options: argparse.Namespace, name: str) -> dict[str, tuple[Row, Tree, Found]]:
    """Return what was found for each question, from --out where an earlier run has left it there."""
    groups = wanted_rows(options, name)
    subset = options.out / f"{name}.jsonl"
    subset.write_text("".join(json.dumps(row) + "\n" for rows in groups.values() for row in rows), encoding="utf-8")
    places = materialise(options, subset, options.trees / name)
    gathered: dict[str, tuple[Row, Tree, Found]] = {}
    for (repo, version, root), rows in groups.items():
        if (repo, version, root) not in places:
            print(f"no tree for {repo} {version}", file=sys.stderr)
            continue
        kept = options.out / f"{name}-{repo.replace('/', '+')}-{version[:20]}.msgpack"
        if not kept.exists():
            with tempfile.TemporaryDirectory(prefix="ramet-bench-") as home:
                tree = asyncio.run(search(places[repo, version, root], rows, Path(home)))
            kept.write_bytes(msgspec.msgpack.encode(tree))
        tree = msgspec.msgpack.decode(kept.read_bytes(), type=Tree)
        by_id = {found.id: found for found in tree.found}
        gathered |= {row["id"]: (row, tree, by_id[row["id"]]) for row in rows if row["id"] in by_id}
    return gathered


class Gold(Struct, frozen=True):
    """Lines that answer a question: those of a function, of a span, or of a file."""

    path: str
    lines: frozenset[int]
    """Without empty ones."""
    name_line: int
    """The line that names the function; 0 for what has no name."""


class Score(Struct, frozen=True):
    """What one context holds of the answer."""

    lines: float
    """Share of all gold lines."""
    is_whole: float
    """1 when no gold line is missing."""
    named: float
    """Share of the gold functions whose naming line is shown, in full or in an outline."""


Shown = dict[str, set[int]]
"""Path -> numbers of the lines that a context shows."""


class Texts:
    """The files of one tree, read once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._files: dict[str, FileText] = {}

    def file(self, path: str) -> FileText:
        """Return a file with its definitions; an empty one where there is none."""
        if path not in self._files:
            try:
                data = (Path(self._tree.path) / path).read_bytes()
            except OSError:
                data = b""
            lines = split_lines(data.decode("utf-8", "replace"))
            self._files[path] = file_text(lines, self._tree.symbols.get(path, ()))
        return self._files[path]


def gold_of(row: Row, tree: Tree, texts: Texts) -> list[Gold]:
    """Return where the answer of a question is: its functions, else its spans, else its files."""
    functions = [(row["file"], row["func"])] if "func" in row else [tuple(pair) for pair in row.get("funcs", [])]
    gold: list[Gold] = []
    for path, name in functions:
        file = texts.file(path.removeprefix(tree.prefix))
        for symbol in file.symbols:
            if symbol.qualified_name == name:
                lines = _filled(file.lines, symbol.start_line, symbol.end_line)
                gold.append(Gold(path.removeprefix(tree.prefix), lines, definition_line(file.lines, symbol)))
    if "category" in row:
        spans = {span["path"]: (span["start_line"], span["end_line"]) for span in row["spans"] if span.get("start_line")}
        for path in row["files"]:
            file = texts.file(path.removeprefix(tree.prefix))
            first, last = spans.get(path, (1, len(file.lines)))
            gold.append(Gold(path.removeprefix(tree.prefix), _filled(file.lines, first, last), 0))
    return [each for each in gold if each.lines]


def _filled(lines: Sequence[str], first: int, last: int) -> frozenset[int]:
    return frozenset(number for number in range(first, min(last, len(lines)) + 1) if lines[number - 1].strip())


def count(text: str) -> int:
    """Return a number of tokens, as the product estimates it."""
    return len(text.encode("utf-8", "surrogatepass")) // 3 + 1


def plain(hits: Sequence[Hit], tokens: int) -> Shown:
    """Return what the first `tokens` of the hits show, one after the other in the order of the search, the last one cut."""
    shown: Shown = defaultdict(set)
    spent = 0.0
    for number, hit in enumerate(hits, 1):
        spent += count(sources_block([replace(source_of(hit), number=number, text="")]))
        for line, text in enumerate(hit.text.split("\n"), hit.start_line):
            spent += (len(text.encode("utf-8", "surrogatepass")) + 1) / 3
            if spent > tokens:
                return shown
            shown[hit.path].add(line)
    return shown


def packed(hits: Sequence[Hit], tokens: int, texts: Texts) -> Shown:
    """Return what a request shows whose sources may take `tokens`."""
    best = max((hit.score for hit in hits), default=1.0)
    candidates = [Candidate(source_of(hit), hit.score / best) for hit in hits]
    files = {hit.path: texts.file(hit.path) for hit in hits}
    sources = pack_sources(candidates, tokens, count, files)
    return {source.path: shown_lines(sources, source.path) for source in sources}


def score(gold: Sequence[Gold], shown: Shown) -> Score:
    """Return what a context holds of an answer."""
    wanted = sum(len(each.lines) for each in gold)
    found = sum(len(each.lines & shown.get(each.path, set())) for each in gold)
    names = [float(each.name_line in shown.get(each.path, set())) for each in gold if each.name_line]
    return Score(found / wanted, float(found == wanted), statistics.fmean(names) if names else 0.0)


def table(name: str, tokens: int, pairs: Sequence[tuple[Score, Score]]) -> list[str]:
    """Return the rows of the table for one dataset and budget."""
    rows: list[str] = []
    for field, title in FIELDS.items():
        if name == "semble" and field != "lines":
            continue
        ours = np.array([getattr(pair[1], field) for pair in pairs])
        theirs = np.array([getattr(pair[0], field) for pair in pairs])
        low, high = interval(ours - theirs)
        rows.append(
            f"| {name} ({len(pairs)}) | {tokens // 1000}k | {title} | {theirs.mean():.3f} | {ours.mean():.3f}"
            f" | {(ours - theirs).mean():+.3f} [{low:+.3f}, {high:+.3f}] |"
        )
    return rows


def interval(differences: NDArray[np.float64]) -> tuple[float, float]:
    """Return where the mean of paired differences lies in 95 % of the draws of a bootstrap."""
    drawn = np.random.default_rng(0).choice(differences, (DRAWS, len(differences)))
    low, high = np.percentile(drawn.mean(axis=1), (2.5, 97.5))
    return float(low), float(high)


def measure(options: argparse.Namespace, name: str) -> dict[int, list[tuple[Score, Score]]]:
    """Return the scores of plain top-k and of packing, question by question, for each budget."""
    texts: dict[str, Texts] = {}
    pairs: dict[int, list[tuple[Score, Score]]] = defaultdict(list)
    for row, tree, found in gather(options, name).values():
        held = texts.setdefault(tree.path, Texts(tree))
        gold = gold_of(row, tree, held)
        for tokens in BUDGETS if gold else ():
            pairs[tokens].append((score(gold, plain(found.hits, tokens)), score(gold, packed(found.hits, tokens, held))))
    return pairs


def main() -> int:
    """Measure the datasets asked for and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.packing", description=__doc__)
    parser.add_argument("--eval", type=Path, required=True)
    parser.add_argument("--trees", type=Path, required=True)
    parser.add_argument("--mirrors", type=Path, default=Path("mirrors"))
    parser.add_argument("--wheels", type=Path, default=Path("wheels"))
    parser.add_argument("--out", type=Path, default=Path("build/packing"))
    parser.add_argument("--dataset", choices=DATASETS, action="append")
    parser.add_argument("--each", type=int, default=2, help="trees of one repository that are indexed")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    print("| questions | tokens | | plain top-k | packed | difference |\n|---|---|---|---|---|---|")
    together: dict[int, list[tuple[Score, Score]]] = defaultdict(list)
    for name in options.dataset or DATASETS:
        for tokens, pairs in measure(options, name).items():
            print("\n".join(table(name, tokens, pairs)), flush=True)
            together[tokens] += pairs if name != "semble" else []
    for tokens, pairs in together.items():
        print("\n".join(table("all but semble", tokens, pairs)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
