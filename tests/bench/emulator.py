"""How fast the emulator is, against pyte: `python -m tests.bench.emulator [--pyte VENV] [--runs N]`, and a fuzzer: `--fuzz N`.

pyte is no dependency of this project: it is imported where it is installed, or from the site-packages of the environment named.
Both get the same bytes in the same pieces, in turn, in this process; only feeding is timed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from ramet.terminal.emulator import ScreenEmulator
from tests.core.terminal.recording import COLUMNS, ROWS, load, names
from tests.core.terminal.streams import stream

_PIECE = 65_536
_WIDTH, _HEIGHT = 120, 40
_SLOW_PART = 400_000
"""Bytes of a corpus that pyte gets: it needs a minute for ten million."""
_RECORDED_BYTES = 300_000
"""A recording is repeated until it is so long."""


class Corpus(NamedTuple):
    """Bytes to feed, and the size of the screen."""

    name: str
    data: bytes
    columns: int
    rows: int


class Speed(NamedTuple):
    """Megabytes a second, of the median run."""

    ours: float
    pyte: float | None


def floods() -> list[Corpus]:
    """Return what programs print that print a lot."""
    texts = {
        "seq 1 1000000": "".join(f"{number}\r\n" for number in range(1, 1_000_001)).encode(),
        "yes": b"y\r\n" * 1_500_000,
        "ls -lR --color": _listing(),
        "pytest -v": _test_report(),
    }
    return [Corpus(name, data, _WIDTH, _HEIGHT) for name, data in texts.items()]


def recordings() -> list[Corpus]:
    """Return what full-screen programs sent, each repeated until it is long enough to be timed."""
    found = []
    for name in names():
        data = load(name).data + b"\x1b[?1049l\x1b[r\x1b[m\x1b[H"
        found.append(Corpus(name, data * (_RECORDED_BYTES // len(data) + 1), COLUMNS, ROWS))
    return found


def _listing() -> bytes:
    """Return a coloured listing of the library of this Python, repeated to several megabytes."""
    folder = Path(os.__file__).parent
    environment = {**os.environ, "LS_COLORS": "di=01;34:ln=01;36:ex=01;32:*.py=00;33", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["ls", "-lR", "--color=always", folder], capture_output=True, env=environment, check=False)
    text = done.stdout.replace(b"\n", b"\r\n")
    return text * (6_000_000 // len(text) + 1)


def _test_report() -> bytes:
    """Return the report of a run of pytest on 2,000 small tests, repeated to several megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "test_numbers.py"
        file.write_text(
            "import pytest\n\n@pytest.mark.parametrize('number', range(2000))\n"
            "def test_number_is_small_enough(number):\n    assert number % 97 != 5\n"
        )
        command = [sys.executable, "-m", "pytest", "-v", "--color=yes", "--tb=no", "-pno:cacheprovider", "-c/dev/null", str(file)]
        done = subprocess.run(command, capture_output=True, cwd=folder, check=False, env={**os.environ, "COLUMNS": "110"})
    text = done.stdout.replace(b"\n", b"\r\n")
    return text * (4_000_000 // len(text) + 1)


def _pyte(environment: Path | None) -> ModuleType | None:
    """Return pyte, from an environment of its own if one is named, or None where there is none."""
    if environment:
        sys.path += [str(path) for path in environment.glob("lib/python*/site-packages")]
    try:
        return importlib.import_module("pyte")
    except ImportError:
        return None


def _speed(corpus: Corpus, data: bytes, begin: Callable[[], Callable[[bytes], object]]) -> float:
    """Return megabytes a second of one run; begin returns what takes the pieces."""
    pieces = [data[start : start + _PIECE] for start in range(0, len(data), _PIECE)]
    feed = begin()
    started = time.perf_counter()
    for piece in pieces:
        feed(piece)
    return len(data) / (time.perf_counter() - started) / 1e6


def measure(corpus: Corpus, pyte: ModuleType | None, runs: int) -> Speed:
    """Feed a corpus to both, in turn."""

    def theirs() -> Callable[[bytes], object]:
        assert pyte is not None
        feed: Callable[[bytes], object] = pyte.ByteStream(pyte.Screen(corpus.columns, corpus.rows)).feed
        return feed

    ours, other = [], []
    for _ in range(runs):
        ours.append(_speed(corpus, corpus.data, lambda: ScreenEmulator(corpus.columns, corpus.rows).feed))
        if pyte is not None:
            try:
                other.append(_speed(corpus, corpus.data[:_SLOW_PART], theirs))
            except (TypeError, ValueError, IndexError, KeyError):
                pyte = None  # it does not survive this recording
    return Speed(statistics.median(ours), statistics.median(other) if pyte is not None else None)


def compare(pyte: ModuleType | None, runs: int) -> None:
    """Print a table of both."""
    print("| corpus | MB | Ramet MB/s | pyte MB/s | ratio |\n|---|---|---|---|---|")
    for corpus in (*floods(), *recordings()):
        speed = measure(corpus, pyte, runs)
        other = f"{speed.pyte:.2f} | {speed.ours / speed.pyte:.0f}x" if speed.pyte else "fails | "
        print(f"| {corpus.name} | {len(corpus.data) / 1e6:.1f} | {speed.ours:.1f} | {other} |", flush=True)


def draw(runs: int) -> None:
    """Print how long reading 200 rows takes, which a pane does for each frame."""
    emulator = ScreenEmulator(_WIDTH, _HEIGHT)
    emulator.feed(_listing())
    shown = ScreenEmulator(COLUMNS, ROWS)
    recording = load("vim")
    shown.feed(recording.data[: recording.pauses[5]])
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        for row in range(emulator.screen_top - 160, emulator.screen_top + 40):
            emulator.runs(row)
        times.append(time.perf_counter() - started)
        started = time.perf_counter()
        for row in range(shown.screen_top, shown.screen_top + ROWS):
            shown.runs(row)
        times[-1] = max(times[-1], (time.perf_counter() - started) * 200 / ROWS)
    print(f"\n200 rows of runs: {statistics.median(times) * 1000:.1f} ms")


def fuzz(chunks: int, seed: int) -> None:
    """Feed random pieces of every kind, resize and read at random; anything raised ends it with the seed."""
    source = random.Random(seed)
    emulator = ScreenEmulator(80, 24, scrollback=1000)
    started, fed, made, data = time.perf_counter(), 0, 0, b""
    while made < chunks:
        if not data:
            data = stream(source, 200)
        size = source.choice((1, 2, 5, 17, 100, 2500))
        piece, data = data[:size], data[size:]
        emulator.feed(piece)
        made, fed = made + 1, fed + len(piece)
        if made % 50 == 0:
            emulator.take_replies()
            emulator.mark(source.randrange(500))
            for row in range(emulator.screen_top, emulator.screen_top + emulator.rows):
                emulator.runs(row)
        if made % 500 == 0:
            emulator.resize(source.randrange(2, 140), source.randrange(1, 60))
            emulator.text(emulator.first_row, emulator.screen_top + emulator.rows)
        if made % (chunks // 10 or 1) == 0:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(f"{made:,} pieces, {fed / 1e6:.0f} MB, {time.perf_counter() - started:.0f} s, peak {peak} MB", flush=True)


def main(arguments: Sequence[str]) -> None:
    """Measure, or fuzz."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.emulator", description=__doc__)
    parser.add_argument("--pyte", type=Path, metavar="VENV", help="an environment that pyte is installed in")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--fuzz", type=int, metavar="N", help="feed N random pieces instead")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if options.fuzz:
        fuzz(options.fuzz, options.seed)
        return
    compare(_pyte(options.pyte), options.runs)
    draw(options.runs * 5)


if __name__ == "__main__":
    main(sys.argv[1:])
