"""Measure against semble: `python -m tests.bench.peer --semble VENV --repository DIR [--repository DIR ...] [--runs N]`.

VENV is a virtual environment with the package `semble` in it. Its model comes from a hub; in its place it gets a table of the
same kind and of the size of ours, 40,000 rows of 256 numbers drawn at random, since speed is all that is measured. Both are
whole processes and take turns. Repositories are copied first.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from tests.bench.__main__ import copied_repository
from tests.bench.bench import Bench
from tests.bench.measure import Row, milliseconds, run, seconds, table
from tests.bench.search import QUERIES, warm_queries

_MAKE_MODEL = """
import itertools, re, sys
import numpy as np
from model2vec import StaticModel
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from pathlib import Path

words = {}
for path in sorted(Path(sys.argv[1]).rglob("*")):
    if path.is_file() and path.suffix in (".py", ".js", ".ts", ".txt", ".md", ".rst", ".go", ".rs"):
        for word in re.findall(r"[a-z]+|[0-9]+|[^\\sa-z0-9]", path.read_text(errors="replace").lower()):
            words[word] = words.get(word, 0) + 1
letters = [chr(code) for code in range(33, 127)]
common = sorted(words, key=lambda word: -words[word])
filler = ("w" + "".join(pair) for pair in itertools.product("abcdefghijklmnopqrstuvwxyz", repeat=4))
names = list(dict.fromkeys(itertools.islice(itertools.chain(
    ["[UNK]", "[PAD]"], letters, ["##" + letter for letter in letters], common, filler), 90_000)))[:40_000]
tokenizer = Tokenizer(models.WordPiece({name: number for number, name in enumerate(names)}, unk_token="[UNK]"))
tokenizer.normalizer = normalizers.BertNormalizer()
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
vectors = np.random.default_rng(1).normal(size=(len(names), 256)).astype(np.float32)
StaticModel(vectors, tokenizer).save_pretrained(sys.argv[2])
"""


class Semble:
    """The package in its own environment, with a cache of its own."""

    def __init__(self, venv: Path, folder: Path, repository: Path, environment: dict[str, str]) -> None:
        self._command = venv / "bin" / "semble"
        self._repository = repository
        self._cache = folder / "semble-cache"
        model = folder / "model"
        self._environment = environment | {"SEMBLE_CACHE_LOCATION": str(self._cache), "SEMBLE_MODEL_NAME": str(model)}
        script = folder / "make_model.py"
        script.write_text(_MAKE_MODEL)
        run([venv / "bin" / "python", script, repository, model], folder, self._environment)

    def search(self) -> None:
        """Search as a whole process, as a user does."""
        run([self._command, "search", QUERIES[0], self._repository], self._repository, self._environment)

    def forget(self) -> None:
        """Remove the cache."""
        shutil.rmtree(self._cache, ignore_errors=True)


def _measured(bench: Bench, semble: Semble, runs: int) -> list[Row]:
    def ours() -> None:
        bench.run("search", QUERIES[0], "--json")

    cold: list[tuple[float, float]] = []
    for _ in range(runs):
        bench.forget_everything()
        semble.forget()
        cold.append((seconds(ours), seconds(semble.search)))
    bench.run("index", "--quiet")
    warm = [(seconds(ours), seconds(semble.search)) for _ in range(runs + 2)][2:]
    name = bench.repository.name
    return [
        _row(f"{name}: nothing there to the first answer, whole process", cold, "<= 0.5x"),
        _row(f"{name}: search with everything warm, whole process", warm, "<= 0.2x"),
        warm_queries(bench),
    ]


def _row(what: str, pairs: list[tuple[float, float]], target: str) -> Row:
    ours, theirs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    ratio = statistics.median(mine / other for mine, other in pairs)
    return Row(what, milliseconds(ours), f"semble {milliseconds(theirs)}", f"{ratio:.2f}x", target)


def main() -> int:
    """Measure on each repository and print one table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peer", description=__doc__)
    parser.add_argument("--semble", type=Path, required=True, help="a virtual environment with semble")
    parser.add_argument("--repository", type=Path, action="append", required=True, help="a folder to measure on (repeatable)")
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each pair")
    options = parser.parse_args()
    rows: list[Row] = []
    for source in options.repository:
        with tempfile.TemporaryDirectory(prefix="ramet-peer-") as folder:
            repository = Path(folder) / source.resolve().name
            copied_repository(source.resolve(), repository)
            with Bench(repository, Path(folder) / "home", options.runs) as bench:
                semble = Semble(options.semble.resolve(), Path(folder), repository, bench.environment)
                print(f"measuring {source.name} ...", file=sys.stderr)
                rows += _measured(bench, semble, options.runs)
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
