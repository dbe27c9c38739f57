"""Indexing: cold, with nothing changed, with one file changed, and a second clone."""

from __future__ import annotations

import json
import shutil
import statistics
from typing import Any

from tests.bench.bench import Bench
from tests.bench.measure import Row, milliseconds, run, seconds


def measure(bench: Bench) -> list[Row]:
    """Return the rows of this part; leaves a warm index behind."""
    return [*_cold(bench), _nothing_changed(bench), _one_file_changed(bench), _second_clone(bench)]


def _stats(output: bytes) -> dict[str, Any]:  # Any: decoded JSON
    """Return the stats that `ramet index --json` printed."""
    return dict(json.loads(output))


def _cold(bench: Bench) -> list[Row]:
    bench.forget_everything()
    output: list[bytes] = []
    first = seconds(lambda: output.append(bench.run("index", "--json")))
    stats = _stats(output[0])
    hashing = seconds(lambda: bench.git("grep", "-c", ""))
    what = f"{stats['files']:,} files, {stats['chunks']:,} chunks"
    return [
        Row(
            f"cold index, whole process with engine start ({what})",
            f"{first:.1f} s",
            f"`git grep -c ''` reads every line: {hashing:.2f} s",
            f"{first / hashing:.0f}x",
        )
    ]


def _sync_seconds(bench: Bench) -> float:
    """Return what one sync through the warm engine takes inside, without the start of the command around it."""
    return float(_stats(bench.run("index", "--json"))["seconds"])


def _nothing_changed(bench: Bench) -> Row:
    bench.run("index", "--json")
    ours, theirs = [], []
    for _ in range(bench.runs):
        ours.append(_sync_seconds(bench))
        theirs.append(seconds(lambda: bench.git("status", "--porcelain")))
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    return Row("sync, nothing changed", milliseconds(ours), f"git status {milliseconds(theirs)}", f"{ratio:.2f}x", "<= 1.5x")


def _one_file_changed(bench: Bench) -> Row:
    name = next(line for line in bench.git("ls-files", "*.py", "*.js", "*.ts").decode().splitlines())
    path = bench.repository / name
    original = path.read_text()
    ours, theirs = [], []
    for number in range(bench.runs):
        path.write_text(f"{original}\n# bench {number}\n")
        theirs.append(seconds(lambda: bench.git("status", "--porcelain")))
        ours.append(_sync_seconds(bench))
    path.write_text(original)
    bench.run("index", "--json")
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    return Row("sync, one file changed", milliseconds(ours), f"git status {milliseconds(theirs)}", f"{ratio:.2f}x")


def _second_clone(bench: Bench) -> Row:
    clone = bench.home / "clone"
    bench.git("clone", "--quiet", "--no-hardlinks", str(bench.repository), str(clone))
    stats = _stats(run([bench.ramet, "-C", clone, "index", "--json"], clone, bench.environment))
    shutil.rmtree(clone)
    share = stats["reused"] / max(1, stats["reused"] + stats["embedded"])
    return Row("index of a second clone", f"{stats['seconds']:.2f} s", "vectors reused", f"{share:.1%}", ">= 98 %")
