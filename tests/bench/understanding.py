"""How fast output is cleaned, redacted and searched for places, and how often the line to open first is found.

`python -m tests.bench.understanding --repository PATH [--megabytes 4]`

Speed is megabytes per second of processor time, the median of five. The texts: the history of a repository with its patches, a
verbose run of tests in colour as a terminal receives it, a log with a time on each line, and a progress bar.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ramet.terminal.digest import DIGEST_TOKENS, digest
from ramet.terminal.failures.registry import find_failures
from ramet.terminal.plain import plain_text
from ramet.terminal.redaction import redact
from ramet.terminal.references import find_references
from tests.core.terminal.corpus import Example, count_tokens, examples

RUNS = 5


def history(repository: Path, size: int) -> bytes:
    """Return the newest patches of a repository."""
    with subprocess.Popen(["git", "log", "-p", "--no-color"], cwd=repository, stdout=subprocess.PIPE) as process:
        assert process.stdout
        data = process.stdout.read(size)
        process.kill()
    return data


def test_run(size: int) -> bytes:
    """Return a verbose run of tests in colour."""
    lines: list[str] = []
    for number in range(size // 100):
        share = number * 10_000 // size
        name = f"tests/shop/test_module_{number % 97}.py::TestCart::test_sum[case-{number}]"
        lines.append(f"{name} \x1b[32mPASSED\x1b[0m\x1b[32m          [{share:3}%]\x1b[0m\r\n")
    return "".join(lines).encode()


def log(size: int) -> bytes:
    """Return the log of a server."""
    request = "INFO [worker-{}] GET http://localhost:8000/items/{} 200 id=3f2504e0-4f89-11d3-9a0c-{:012x}"
    line = f"2026-01-02 03:{{:02}}:{{:02}},123 {request}\r\n"
    return "".join(line.format(n // 60 % 60, n % 60, n % 8, n, n * 7919) for n in range(size // 112)).encode()


def progress(size: int) -> bytes:
    """Return progress bars that redraw themselves."""
    bar = "".join(f"\r\x1b[K {n:3}% |{'#' * (n // 5):20}| {n}/100 [00:{n % 60:02}<00:10]" for n in range(101)) + "\r\n"
    return (bar * (size // len(bar) + 1)).encode()


def speed(action: Callable[[], object], size: int) -> float:
    """Return megabytes per second of processor time."""
    times: list[float] = []
    for _ in range(RUNS):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return size / 1e6 / max(statistics.median(times), 1e-9)


def speeds(name: str, data: bytes) -> str:
    """Return one row of the table of speeds."""
    text = plain_text(data, 1 << 40)
    size = len(text.encode())
    cells = [
        speed(lambda: plain_text(data, 1 << 40), len(data)),
        speed(lambda: redact(text), size),
        speed(lambda: find_references(text), size),
        speed(lambda: find_failures(text), size),
    ]
    found = f"{redact(text).count('<secret:')} | {len(find_references(text)):,}"
    return f"| {name}, {len(data) / 1e6:.1f} MB | {' | '.join(f'{cell:.1f}' for cell in cells)} | {found} |"


def scores(corpus: list[Example]) -> list[str]:
    """Return the rows of the table of what is understood."""
    first = tests = kept = 0
    tokens: list[int] = []
    times: list[float] = []
    for example in corpus:
        run = example.run()
        start = time.process_time()
        understood = digest(run, example.label.files, example.read_lines, count_tokens)
        times.append(time.process_time() - start)
        label = example.label
        places = [(place.path, place.line) for place in understood.places[:1]]
        first += places == ([(label.path, label.line)] if label.path else [])
        tests += set(label.tests) <= set(understood.tests)
        kept += label.keeps in understood.text
        tokens.append(count_tokens(understood.text))
    tools = len({example.label.tool for example in corpus})
    total = len(corpus)
    return [
        f"| outputs, of tools | {total}, {tools} |",
        f"| line to open first comes first | {first} of {total} ({first / total:.1%}) |",
        f"| all failing tests named | {tests} of {total} |",
        f"| error kept | {kept} of {total} |",
        f"| tokens of a digest, median and largest (limit {DIGEST_TOKENS:,}) | {statistics.median(tokens):.0f}, {max(tokens)} |",
        f"| time of a digest, median and longest | {statistics.median(times) * 1000:.1f} ms, {max(times) * 1000:.0f} ms |",
    ]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repository", type=Path, default=Path.cwd())
    parser.add_argument("--megabytes", type=int, default=4)
    options = parser.parse_args()
    size = options.megabytes * 1_000_000
    print("| MB/s of processor time | plain_text | redact | find_references | find_failures | placeholders | references |")
    print("|---|---|---|---|---|---|---|")
    for name, data in (
        (f"history of {options.repository.name}", history(options.repository, size)),
        ("verbose tests in colour", test_run(size)),
        ("log with times", log(size)),
        ("progress bars", progress(size)),
    ):
        print(speeds(name, data))
    print("\n| corpus | |\n|---|---|")
    print("\n".join(scores(examples())))


if __name__ == "__main__":
    main()
