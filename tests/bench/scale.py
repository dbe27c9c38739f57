"""Questions to a very large repository: `python -m tests.bench.scale [--chunks N] [--files N]`.

The repository is generated: an index database and vectors as a sync leaves them, without the source files, which would say
nothing about searching. Words are drawn as they are in real code, a few very often and most hardly ever; vectors lie in
clusters, as those of real chunks do. Prints how long the index takes to load, how long questions take and what memory is used.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ramet.config import IndexLimits
from ramet.embed.table import TableEmbedder
from ramet.index.blobs import PARSER_VERSION
from ramet.index.indexer import working_view
from ramet.paths import user_directories
from ramet.retrieve.search import Searcher
from ramet.store.records import BlobId, BlobRecord, ChunkRecord, Postings, SymbolRecord, ViewFile
from ramet.store.repository_stores import RepositoryStores
from ramet.tokens import term_hash
from tests.bench.measure import Row, bench_environment, milliseconds, percentile, table

_WORDS = 200_000
"""Distinct terms of the generated code."""
_TERMS_OF_CHUNK = 45
"""Distinct terms of a chunk; 40 to 50 in Django and in sympy."""
_QUESTIONS = 60
_WARM_UP = 10
_CLUSTERS = 2_000
_WRITTEN_FILES = 1_000


class _Words:
    """Terms by how common they are: the n-th comes about 1/n as often as the first."""

    def __init__(self, draw: np.random.Generator) -> None:
        self._draw = draw
        self._share = np.cumsum(1 / np.arange(3, _WORDS + 3))
        self._share /= self._share[-1]
        self.texts = [f"term{number:x}" for number in range(_WORDS)]
        self.hashes = np.fromiter(map(term_hash, self.texts), np.uint32, _WORDS)

    def numbers(self, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Return terms, drawn with repeats."""
        return np.searchsorted(self._share, self._draw.random(count)).astype(np.int64)


def _blobs(words: _Words, files: int, per_file: int) -> Iterator[BlobRecord]:
    for number in range(files):
        drawn = [np.unique(words.numbers(_TERMS_OF_CHUNK)) for _ in range(per_file)]
        keys = [hashlib.blake2b(b"%d-%d" % (number, place), digest_size=20).hexdigest() for place in range(per_file)]
        names = [words.texts[int(each[-1])] for each in drawn]
        postings = Postings(
            np.array([len(each) for each in drawn], np.uint32),
            words.hashes[np.concatenate(drawn)],
            np.ones(sum(map(len, drawn)), np.uint8),
        )
        chunks = tuple(
            ChunkRecord(key, 1 + 20 * place, 20 + 20 * place, names[place], "function") for place, key in enumerate(keys)
        )
        symbols = tuple(
            SymbolRecord(name, name, "function", 1 + 20 * place, 20 + 20 * place, f"def {name}():", place)
            for place, name in enumerate(names)
        )
        blob = BlobId(f"{number:040x}", "python")
        yield BlobRecord(blob, PARSER_VERSION, "python", 20 * per_file, "", "", "", chunks, symbols, postings)


def _fill(stores: RepositoryStores, root: Path, identity: str, files: int, per_file: int) -> None:
    draw = np.random.default_rng(1)
    words = _Words(draw)
    matrix = stores.matrix(identity)
    centres = draw.normal(size=(_CLUSTERS, 256)).astype(np.float32)
    listed: list[ViewFile] = []
    waiting: list[BlobRecord] = []

    def settle() -> None:
        numbers = stores.database.add_blobs(waiting)
        for blob, number in zip(waiting, numbers, strict=True):
            place = int(blob.id.oid, 16)
            listed.append(ViewFile(f"src/part{place % 500}/module{place}.py", 0o100644, blob.id.oid, number))
        keys = [chunk.key for blob in waiting for chunk in blob.chunks]
        rows = centres[draw.integers(0, _CLUSTERS, len(keys))] + draw.normal(size=(len(keys), 256)).astype(np.float32)
        matrix.add(keys, rows / np.linalg.norm(rows, axis=1, keepdims=True))
        waiting.clear()

    for blob in _blobs(words, files, per_file):
        waiting.append(blob)
        if len(waiting) == _WRITTEN_FILES:
            settle()
    settle()
    stores.database.update_view(working_view(root), str(root), "0" * 40, listed, ())


def _memory() -> float:
    """Return what is resident now, in MB; mapped pages of files included."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    """Generate, load, ask, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description=__doc__)
    parser.add_argument("--chunks", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="keep the generated index there, or use the one that is there")
    options = parser.parse_args()
    embedder = TableEmbedder()
    with tempfile.TemporaryDirectory(prefix="ramet-scale-") as temporary:
        home = options.folder or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        stores = RepositoryStores(user_directories(bench_environment(home)), "generated")
        if stores.database.view(working_view(home)) is None:
            print("generating ...", file=sys.stderr)
            _fill(stores, home, embedder.identity, options.files, options.chunks // options.files)
        stores.close()
        stores = RepositoryStores(user_directories(bench_environment(home)), "generated")
        before = _memory()
        rows = _asked(Searcher(home, IndexLimits(), stores, embedder), options.chunks)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows.append(
            Row(
                "memory after the questions",
                f"{_memory():,.0f} MB",
                f"{before:,.0f} MB before; peak {peak:,.0f} MB",
                "",
                "<= 2 GB",
            )
        )
        stores.close()
    print(table(rows))
    return 0


def _asked(searcher: Searcher, chunks: int) -> list[Row]:
    words = _Words(np.random.default_rng(2))
    start, used = time.perf_counter(), time.process_time()
    searcher.find("term3 term40", 10)
    loaded, loading = time.perf_counter() - start, time.process_time() - used
    searcher.warm()
    taken: list[float] = []
    computed: list[float] = []
    for number in range(_QUESTIONS + _WARM_UP):
        terms = " ".join(words.texts[int(term)] for term in words.numbers(3 + number % 6))
        start, used = time.perf_counter(), time.process_time()
        searcher.find(terms, 10)
        if number >= _WARM_UP:
            taken.append(time.perf_counter() - start)
            computed.append(time.process_time() - used)
    return [
        Row(f"{chunks:,} chunks: first question, with loading", f"{loaded:.1f} s", f"{loading:.1f} s of a processor"),
        Row(
            "a question of 3 to 8 words", milliseconds(taken), f"p95 {percentile(taken, 0.95) * 1000:.0f} ms", "", "p95 <= 50 ms"
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
