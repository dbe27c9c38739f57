"""Measure Ramet on a repository: `python -m tests.bench --repository DIR [--only NAME ...] [--runs N] [--json FILE]`.

The repository is copied first (a plain folder becomes a git repository), so nothing of the original is touched. Every row of
the table that claims speed is a ratio against a yardstick that ran in turn with it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.bench import app, index, search, terminal_pane
from tests.bench.bench import Bench
from tests.bench.measure import Row, table

PARTS: dict[str, Callable[[Bench], list[Row]]] = {
    "index": index.measure,
    "search": search.measure,
    "app": app.measure,
    "terminal": terminal_pane.measure,
}


def copied_repository(source: Path, target: Path) -> None:
    """Copy a folder and make it a clean git repository with one commit."""
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Bench"]):
        subprocess.run(["git", *identity, *arguments], cwd=target, check=True, stdout=subprocess.DEVNULL)


def main() -> int:
    """Run the parts asked for and print their tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--repository", type=Path, required=True, help="the folder to measure on")
    parser.add_argument("--only", choices=sorted(PARTS), action="append", help="measure only this part (repeatable)")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each pair")
    parser.add_argument("--json", type=Path, help="write the rows there, too")
    options = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="ramet-bench-") as folder:
        repository = Path(folder) / options.repository.resolve().name
        copied_repository(options.repository.resolve(), repository)
        with Bench(repository, Path(folder) / "home", options.runs) as bench:
            for name in options.only or PARTS:
                print(f"measuring {name} ...", file=sys.stderr)
                rows += PARTS[name](bench)
    files = sum(len(names) for _, _, names in os.walk(options.repository))
    machine = f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    print(f"{options.repository.name}: {files:,} files; {machine}\n")
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
