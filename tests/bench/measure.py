"""Timing that can be trusted on a noisy machine: several runs, medians, and ratios against a yardstick run in turn with it."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, the figure, the yardstick and their ratio."""

    what: str
    figure: str
    yardstick: str = ""
    ratio: str = ""
    target: str = ""


@dataclass(frozen=True)
class Paired:
    """Seconds of two things run in turn, A B A B ..., so that a drifting machine hits both alike."""

    ours: list[float]
    theirs: list[float]

    @property
    def ratio(self) -> float:
        """Median of the ratios pair by pair."""
        return statistics.median(ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True))


class Meter:
    """Measures what this process and those that it starts take of a processor, and counts the latter."""

    def __init__(self) -> None:
        self._started = 0
        sys.addaudithook(self._count)

    def spent(self, action: Callable[[], object]) -> tuple[float, int]:
        """Return seconds of a processor and the number of processes."""
        started, before = self._started, self._processor()
        action()
        return self._processor() - before, self._started - started

    def _count(self, event: str, _: object) -> None:
        self._started += event == "subprocess.Popen"

    @staticmethod
    def _processor() -> float:
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def seconds(action: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def paired(ours: Callable[[], object], theirs: Callable[[], object], runs: int) -> Paired:
    """Run both once to warm up and then in turn."""
    ours()
    theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(runs)]
    return Paired([pair[0] for pair in pairs], [pair[1] for pair in pairs])


def run(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str], ok_codes: tuple[int, ...] = (0,)) -> bytes:
    """Run a command to its end and return what it printed. Raises RuntimeError with its errors when it fails."""
    done = subprocess.run([str(part) for part in command], cwd=folder, env=dict(environment), capture_output=True)
    if done.returncode not in ok_codes:
        message = f"{command} failed with {done.returncode}:\n{done.stderr.decode(errors='replace')}"
        raise RuntimeError(message)
    return done.stdout


def bench_environment(home: Path) -> dict[str, str]:
    """Return an environment with its own data directory and no keys: nothing of the user is measured or touched."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return kept | {
        "HOME": str(home),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "RAMET_DATA_DIR": str(home / "data"),
        "RAMET_CONFIG_DIR": str(home / "config"),
        "RAMET_RUNTIME_DIR": str(home / "run"),
        "OLLAMA_HOST": "http://127.0.0.1:1",
    }


def milliseconds(values: Sequence[float]) -> str:
    """Return median and range of seconds as text in milliseconds."""
    low, middle, high = min(values) * 1000, statistics.median(values) * 1000, max(values) * 1000
    return f"{middle:,.0f} ms ({low:,.0f}-{high:,.0f})" if middle >= 10 else f"{middle:.1f} ms ({low:.1f}-{high:.1f})"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the values lie."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, round(share * (len(ranked) - 1)))]


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| what | measured | yardstick | ratio | target |", "|---|---|---|---|---|"]
    lines += [f"| {row.what} | {row.figure} | {row.yardstick} | {row.ratio} | {row.target} |" for row in rows]
    return "\n".join(lines)
