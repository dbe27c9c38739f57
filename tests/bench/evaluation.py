"""The questions with known answers: their trees, indexed by the project's own code, and the scorer beside them.

Trees of commits are searched as views of one clone per repository, so that consecutive commits share what they have in common
and the history that leads to each of them is known.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec import Struct

from ramet.config import IndexLimits
from ramet.git.revisions import resolve_revision
from ramet.git.runner import Git
from ramet.index.revision_tree import RevisionTree
from ramet.paths import UserDirectories
from ramet.retrieve.search import Searcher
from tests.fakes.indexed import Indexed

DATASETS = ("doc", "semble", "swe", "hist_py", "hist_other")
Row = dict[str, Any]  # Any: a line of a dataset as decoded from JSON


class Question(Struct, frozen=True):
    """One question, and what answers it."""

    row: Row
    searcher: Searcher
    folder: Path
    """The working tree or, where the searcher shows a commit, the clone."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where the evaluation data lie."""
    parser.add_argument("--eval", type=Path, required=True, help="the folder of materialise.py, score.py and dev/")
    parser.add_argument("--work", type=Path, required=True, help="a folder for clones and indexes; kept for the next run")
    parser.add_argument("--mirrors", type=Path, default=Path("mirrors"), help="bare clones, OWNER+NAME/repo")
    parser.add_argument("--wheels", type=Path, default=Path("wheels"))
    parser.add_argument("--dataset", choices=DATASETS, action="append")


def rows_of(options: argparse.Namespace, dataset: str) -> list[Row]:
    """Return the questions of a dataset."""
    text = (options.eval / "dev" / f"{dataset}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def load_scorer(options: argparse.Namespace) -> ModuleType:
    """Return the module that scores hits."""
    spec = importlib.util.spec_from_file_location("evaluation_scorer", options.eval / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def questions(options: argparse.Namespace, dataset: str) -> Iterator[Question]:
    """Yield the questions of a dataset, each with a searcher of its indexed tree; the next one may close it."""
    by_tree: dict[tuple[str, str | None], list[Row]] = defaultdict(list)
    for row in rows_of(options, dataset):
        by_tree[row["repo"], row.get("root")].append(row)
    wheels = materialise(options, options.eval / "dev" / "doc.jsonl", options.work / "trees") if dataset == "doc" else {}
    for (repository, root), rows in by_tree.items():
        name = repository.replace("/", "+")
        if dataset == "doc":
            yield from _in_folder(wheels[tree_key(rows[0])], options.work / "data" / f"doc+{name}", rows)
        elif root:
            tree = _partial_clone(options, name, rows[0]["commit"], root)
            yield from _in_folder(tree, options.work / "data" / f"{name}+{root.replace('/', '+')}", rows)
        else:
            yield from _at_commits(_clone(options, name), options.work / "data" / name, rows)


def tree_key(row: Row) -> tuple[str, str, str | None]:
    """Return what identifies the tree that a question is about."""
    return row["repo"], row.get("commit") or row["wheel"], row.get("root")


def materialise(options: argparse.Namespace, dataset: Path, out: Path) -> dict[tuple[str, str, str | None], Path]:
    """Write the trees of a dataset and return where they are; trees that cannot be had are left out."""
    command = [sys.executable, options.eval / "materialise.py", dataset, out]
    command += ["--mirrors", options.mirrors, "--wheels", options.wheels]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    places = [json.loads(line) for line in lines]
    return {(place["repo"], place["version"], place["root"]): Path(place["path"]) for place in places if "path" in place}


def _clone(options: argparse.Namespace, name: str) -> Path:
    clone: Path = options.work / "clones" / name
    if not clone.exists():
        source = options.mirrors.resolve() / name / "repo"
        subprocess.run(["git", "clone", "-q", "--shared", "--no-checkout", source, clone], check=True)
    return clone


def _partial_clone(options: argparse.Namespace, name: str, commit: str, root: str) -> Path:
    """Return a clone whose working tree is one folder of a commit, at the place that it has in the repository."""
    clone: Path = options.work / "clones" / f"{name}+{root.replace('/', '+')}"
    if not clone.exists():
        source = options.mirrors.resolve() / name / "repo"
        subprocess.run(["git", "clone", "-q", "--shared", "--no-checkout", source, clone], check=True)
        subprocess.run(["git", "update-ref", "--no-deref", "HEAD", commit], cwd=clone, check=True)
        subprocess.run(["git", "reset", "-q", "--mixed"], cwd=clone, check=True)
        subprocess.run(["git", "checkout", "-q", "--", root], cwd=clone, check=True)
    return clone


def _opened(folder: Path, data: Path) -> Indexed:
    directories = UserDirectories(config=data / "config", data=data / "data", runtime=data / "run")
    return Indexed(folder, directories)


def _in_folder(folder: Path, data: Path, rows: list[Row]) -> Iterator[Question]:
    index = _opened(folder, data)
    try:
        index.sync()
        index.searcher.warm()
        for row in rows:
            yield Question(row, index.searcher, folder)
    finally:
        index.close()


def _at_commits(clone: Path, data: Path, rows: list[Row]) -> Iterator[Question]:
    index = _opened(clone, data)
    git = Git(clone)
    age: Callable[[Row], int] = lambda row: int(git.run("show", "-s", "--format=%ct", row["commit"]))  # noqa: E731
    try:
        for row in sorted(rows, key=age):
            tree = RevisionTree(git, resolve_revision(git, _without_missing(clone, row["commit"])), IndexLimits())
            for _ in index.indexer.index_revision(tree):
                pass
            searcher = index.searcher.at(tree)
            searcher.warm()
            yield Question(row, searcher, clone)
    finally:
        index.close()


def _without_missing(clone: Path, commit: str) -> str:
    """Return the commit, or one on top of it without the files whose content the mirror lacks (large ones, usually)."""
    environment = {**os.environ, "GIT_INDEX_FILE": str(clone / ".git" / "evaluation-index")}

    def run(*arguments: str, text: str = "") -> str:
        command = ["git", "-c", "user.name=Bench", "-c", "user.email=bench@example.org", *arguments]
        done = subprocess.run(command, cwd=clone, env=environment, input=text, check=True, capture_output=True, text=True)
        return done.stdout

    listing = [line.partition("\t") for line in run("ls-tree", "-r", "-z", "-l", commit).split("\0") if line]
    missing = [path for meta, _, path in listing if meta.split()[-1] == "BAD"]
    if not missing:
        return commit
    run("read-tree", commit)
    run("update-index", "--force-remove", "-z", "--stdin", text="\0".join(missing))
    return run("commit-tree", run("write-tree", "--missing-ok").strip(), "-p", commit, "-m", "Leave out").strip()
