"""A first index of very many files behind the open app: `python -m tests.bench.large_index [--files N] [--limit SECONDS]`.

The repository is generated: Python files of three functions each, committed to git. The app is opened on it with nothing indexed;
while the engine indexes, keys are typed and the time until they are on the screen is taken, a set of them every few seconds.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.bench import Bench
from tests.bench.measure import Row, percentile, table
from tests.bench.terminal import TerminalProgram

_VERBS = ("load", "save", "parse", "make", "find", "read", "send", "merge", "count", "check")
_NOUNS = ("user", "cart", "file", "token", "row", "page", "key", "order", "node", "price")
_FILES_OF_FOLDER = 200
_KEYS = 30
"""Letters of one set; `Z` occurs in no escape sequence."""
_PAUSE_SECONDS = 5.0
"""Between two sets."""


def _function(draw: random.Random, number: int) -> str:
    verb, noun, other = draw.choice(_VERBS), *draw.sample(_NOUNS, 2)
    return (
        f'def {verb}_{noun}_{number}({noun}s, {other}):\n    """{verb.capitalize()} the {noun} of each {other}."""\n'
        f"    total = 0\n    for item in {noun}s:\n        if item.{other} > {draw.randrange(99)}:\n"
        f"            total += {verb}_{other}(item, {draw.randrange(99)})\n    return total\n"
    )


def generate(root: Path, files: int) -> None:
    """Write and commit the repository."""
    draw = random.Random(1)  # the same files each time
    for number in range(files):
        folder = root / f"part{number // _FILES_OF_FOLDER % 50}" / f"module{number // _FILES_OF_FOLDER}"
        if number % _FILES_OF_FOLDER == 0:
            folder.mkdir(parents=True)
        functions = (_function(draw, number * 3 + place) for place in range(3))
        (folder / f"file{number}.py").write_text("\n\n".join(functions), encoding="utf-8")
    identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Bench"]):
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True, stdout=subprocess.DEVNULL)


def _shows_within(program: TerminalProgram, text: str, seconds: float) -> bool:
    """Return whether the app shows a text within some time."""
    try:
        program.wait_for(text, seconds)
    except TimeoutError:
        return False
    return True


def measure(bench: Bench, limit: float) -> list[Row]:
    """Return how keys are answered while the engine indexes, and how long that took."""
    program = TerminalProgram([bench.ramet, "-C", bench.repository], bench.repository, bench.environment)
    started = time.monotonic()
    taken: list[float] = []
    is_over = False
    try:
        program.wait_for("Files")
        program.wait_for("parsing")
        while not is_over and time.monotonic() - started < limit:
            for _ in range(_KEYS):
                taken.append(program.answer_time(b"Z"))
                program.quiet(pause=0.02, timeout=0.1)
            is_over = _shows_within(program, "index ✓", _PAUSE_SECONDS)
        seconds = time.monotonic() - started
    finally:
        program.close()
    keys = f"{statistics.median(taken) * 1000:.0f} ms, {len(taken)} keys"
    what = "until all is indexed" if is_over else "not finished after"
    return [
        Row("key to screen during the first index", keys, f"p95 {percentile(taken, 0.95) * 1000:.0f} ms", "", "p95 <= 30 ms"),
        Row(what, f"{seconds:.0f} s", ""),
    ]


def main() -> int:
    """Generate, measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.large_index", description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--limit", type=float, default=1_800.0, help="seconds after which the measurement ends")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ramet-large-") as folder:
        repository = Path(folder) / "repository"
        repository.mkdir()
        print("generating ...", file=sys.stderr)
        generate(repository, options.files)
        with Bench(repository, Path(folder) / "home", 1) as bench:
            print(table(measure(bench, options.limit)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
