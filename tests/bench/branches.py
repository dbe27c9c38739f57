"""Measure branches of the file system: `python -m tests.bench.branches --repository DIR [--files N] [--runs N]`.

The repository is copied first; `--files` generates one of so many files instead. `--property N --seed S --jobs J` runs N random
histories of branches from seed S on, in J processes; see `tests.bench.branch_properties`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from ramet.branch_models import FileEdit, ForkRequest, MergeRequest
from ramet.branches.branches import Branches
from ramet.branches.working import Needs
from ramet.git.repository import locate
from ramet.paths import UserDirectories
from tests.bench.__main__ import copied_repository
from tests.bench.branch_properties import run_properties
from tests.bench.measure import Meter, Row, bench_environment, milliseconds, paired, run, seconds, table

_MEMORY = Path("/dev/shm")
"""Where files are kept in memory: histories are about contents, not about a disk."""


class Measured:
    """One repository with changes of all kinds in it, and its branches."""

    def __init__(self, root: Path, data: Path, runs: int) -> None:
        self.root = root
        self.runs = runs
        self.branches = Branches(locate(root), UserDirectories(data, data, data))
        self.files = self.git("ls-files", "-z").decode("utf-8", "surrogateescape").split("\0")[:-1]
        self.texts = [name for name in self.files if name.endswith((".py", ".txt", ".cs", ".ts")) and (root / name).is_file()]
        for name in self.texts[:23]:
            with (root / name).open("a") as file:
                file.write("\n# changed\n")
        self.git("add", *self.texts[20:23])
        for number in range(5):
            (root / f"untracked-{number}.txt").write_text(f"untracked {number}\n")
        self._numbers = iter(range(1_000_000))

    def git(self, *arguments: str) -> bytes:
        return run(["git", *arguments], self.root, os.environ)

    def status(self) -> bytes:
        return self.git("status", "--porcelain")

    def fork(self, count: int = 1) -> list[str]:
        made = self.branches.fork(ForkRequest(tuple(f"fork-{next(self._numbers)}" for _ in range(count))))
        return [branch.name for branch in made.branches]

    def edits(self, count: int = 20) -> list[FileEdit]:
        mark = f"\n# edit {next(self._numbers)}\n".encode()
        chosen = self.texts[40 : 40 + count]
        return [FileEdit(name, (self.root / name).read_bytes() + mark) for name in chosen]


def measure(measured: Measured) -> list[Row]:
    """Return all rows."""
    rows = [*_forks(measured), *_edits(measured), *_places(measured), *_merges(measured)]
    before = measured.branches.usage(0)
    names = measured.fork(8)
    for name in names:
        measured.branches.write(name, measured.edits())
    used = measured.branches.usage(0).objects - before.objects
    tree = sum((measured.root / name).lstat().st_size for name in measured.files if (measured.root / name).is_file())
    rows.append(
        Row("disk of 8 branches, 20 files changed in each", f"{used / 1e3:,.0f} kB", f"8 copies {8 * tree / 1e6:,.0f} MB")
    )
    taken = [seconds(partial(measured.branches.drop, name)) for name in names]
    rows.append(Row("drop", milliseconds(taken), "", "", "<= 50 ms"))
    return rows


def _forks(measured: Measured) -> Iterator[Row]:
    pair = paired(measured.fork, measured.status, measured.runs)
    yield Row("fork", milliseconds(pair.ours), f"git status {milliseconds(pair.theirs)}", f"{pair.ratio:.2f}x", "<= 2x")

    def stage() -> float:
        with (measured.root / measured.texts[20]).open("a") as file:
            file.write("# staged\n")
        measured.git("add", measured.texts[20])
        return seconds(measured.fork)

    stage()
    pairs = [(stage(), seconds(measured.status)) for _ in range(measured.runs)]
    ratio = sorted(ours / theirs for ours, theirs in pairs)[len(pairs) // 2]
    ours, theirs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    yield Row("fork after a `git add`", milliseconds(ours), f"git status {milliseconds(theirs)}", f"{ratio:.2f}x", "<= 2x")
    pair = paired(lambda: measured.fork(8), measured.fork, measured.runs)
    yield Row("8 forks", milliseconds(pair.ours), f"1 fork {milliseconds(pair.theirs)}", f"{pair.ratio:.2f}x", "<= 1.2x")


def _edits(measured: Measured) -> Iterator[Row]:
    (name,) = measured.fork()
    measured.branches.write(name, measured.edits())
    taken = []
    for _ in range(measured.runs):
        edits = measured.edits()
        taken.append(seconds(partial(measured.branches.write, name, edits)))
    yield Row("edit 20 files of a branch", milliseconds(taken), "", "", "<= 50 ms")
    taken = [seconds(lambda: measured.branches.diff(name)) for _ in range(measured.runs)]
    yield Row("diff of a branch with 20 changed files", milliseconds(taken))


def _places(measured: Measured) -> Iterator[Row]:
    first, second = measured.fork(2)
    measured.branches.write(first, measured.edits())
    measured.branches.write(second, measured.edits(40))
    cold = seconds(lambda: measured.branches.place(first, os.getpid(), Needs()))
    target = measured.root.with_name("worktree")

    def place(name: str) -> Callable[[], None]:
        def work() -> None:
            slot = measured.branches.place(name, os.getpid(), Needs()).slot
            measured.branches.finished(name, slot)

        return work

    place(first)()
    warm, eager = [], []
    for number in range(measured.runs):
        warm.append(seconds(place((second, first)[number % 2])))
        eager.append(seconds(lambda: measured.git("worktree", "add", "-q", "--detach", str(target))))
        measured.git("worktree", "remove", "--force", str(target))
    ratio = sorted(theirs / ours for ours, theirs in zip(warm, eager, strict=True))[len(warm) // 2]
    yield Row("lay out a branch the first time", f"{cold * 1000:,.0f} ms")
    yield Row(
        "lay out in a warm folder, and take in what changed", milliseconds(warm), f"git worktree add {milliseconds(eager)}",
        f"{ratio:.0f}x faster", ">= 10x",
    )  # fmt: skip


def _merges(measured: Measured) -> Iterator[Row]:
    taken, undone = [], []
    for _ in range(measured.runs):
        (name,) = measured.fork()
        measured.branches.write(name, measured.edits())
        for path in measured.texts[40:43]:
            place = measured.root / path
            place.write_bytes(b"# mine\n" + place.read_bytes())
        taken.append(seconds(partial(measured.branches.merge, MergeRequest(name))))
        undone.append(seconds(measured.branches.undo))
    yield Row("merge back 20 files, 3 of them changed on both sides", milliseconds(taken), "", "", "<= 500 ms")
    yield Row("undo it", milliseconds(undone))


def costs(measured: Measured) -> list[Row]:
    """Return what the same takes of a processor, which load changes less, and how many processes it starts."""
    meter = Meter()
    (name,) = measured.fork()
    measured.branches.write(name, measured.edits())
    edits = [measured.edits() for _ in range(measured.runs)]

    def stage() -> None:
        with (measured.root / measured.texts[20]).open("a") as file:
            file.write("# staged\n")
        measured.git("add", measured.texts[20])

    def change() -> None:
        (branch,) = measured.fork()
        measured.branches.write(branch, measured.edits())
        for path in measured.texts[40:43]:
            place = measured.root / path
            place.write_bytes(b"# mine\n" + place.read_bytes())

    def merge() -> None:
        measured.branches.merge(MergeRequest(measured.branches.store.state().branches[-1].name))

    steps: tuple[tuple[str, Callable[[], object], Callable[[], object]], ...] = (
        ("git status", lambda: None, measured.status),
        ("fork", lambda: None, measured.fork),
        ("fork after a `git add`", stage, measured.fork),
        ("8 forks", lambda: None, lambda: measured.fork(8)),
        ("edit 20 files of a branch", lambda: None, lambda: measured.branches.write(name, edits.pop())),
        ("merge back 20 files, 3 of them changed on both sides", change, merge),
    )
    rows: list[Row] = []
    status = 0.0
    for what, prepare, act in steps:
        spent = []
        for _ in range(measured.runs):
            prepare()
            spent.append(meter.spent(act))
        taken, processes = sorted(spent)[len(spent) // 2]
        status = status or taken
        rows.append(Row(what, f"{taken * 1000:.0f} ms of a processor", f"{processes} processes", f"{taken / status:.2f}x"))
    return rows


def flooded(measured: Measured, count: int) -> list[Row]:
    """Return the rows of a fork among so many untracked files, nearly all of which are left out by name."""
    for number in range(count):
        place = measured.root / f"flood/{number // 1_000}"
        if number % 1_000 == 0:
            place.mkdir(parents=True)
        (place / f"{number}.csv").write_text(f"{number}\n")
    made = measured.branches.fork(ForkRequest(("first",)))
    pair = paired(measured.fork, measured.status, measured.runs)
    what = f"fork among {count:,} untracked files"
    row = Row(what, milliseconds(pair.ours), f"git status {milliseconds(pair.theirs)}", f"{pair.ratio:.2f}x")
    return [
        row,
        Row(
            "of them in the branch",
            str(sum(name.startswith("flood/") for name in measured.branches.files("first"))),
            made.notes[-1],
        ),
    ]


def vectors_reused(repository: Path, home: Path) -> Row:
    """Return the row of indexing a branch with one changed file after the working tree."""
    environment = bench_environment(home)
    home.mkdir()
    ramet: list[str | Path] = [Path(sys.executable).with_name("ramet"), "-C", repository]
    try:
        run([*ramet, "index", "--quiet"], repository, environment)
        run([*ramet, "branch", "new", "try"], repository, environment)
        script = "for f in $(git -C $0 ls-files '*.py' | head -1); do echo 'def added(): return 1' >> $f; done"
        run([*ramet, "branch", "run", "try", "--", "sh", "-c", script, repository], repository, environment)
        started = time.monotonic()
        stats = json.loads(run([*ramet, "index", "--branch", "try", "--json"], repository, environment))
        share = 100 * stats["reused"] / (stats["reused"] + stats["embedded"])
        figure = f"{time.monotonic() - started:.2f} s"
        return Row("index of a branch with one file changed", figure, "vectors reused", f"{share:.2f}%", ">= 98 %")
    finally:
        run([*ramet, "engine", "stop"], repository, environment, ok_codes=(0, 1))


def generated(root: Path, files: int) -> None:
    """Make a repository of so many files, a hundred in each folder."""
    for number in range(files):
        folder = root / f"part{number // 2_500:02}" / f"module{number // 100:04}"
        if number % 100 == 0:
            folder.mkdir(parents=True)
        (folder / f"file{number}.py").write_text(f"# {number}\n" + f"def function_{number}(value):\n    return value\n\n\n" * 100)
    commands = (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Bench"], ["gc", "-q"])
    for arguments in commands:
        # Without a collection of git's own in the background, which would be measured, too.
        subprocess.run(["git", "-c", "gc.auto=0", *arguments], cwd=root, check=True, stdout=subprocess.DEVNULL)


def main() -> int:
    """Measure, or run the properties."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.branches", description=__doc__)
    parser.add_argument("--repository", type=Path, help="the folder to measure on")
    parser.add_argument("--files", type=int, help="generate a repository of so many files")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--untracked", type=int, metavar="N", help="fork among so many untracked files")
    parser.add_argument("--vectors", action="store_true", help="index the repository, and a branch of it")
    parser.add_argument("--property", type=int, metavar="N", help="run so many random histories")
    parser.add_argument("--seed", type=int, default=1_000, help="of the first history")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes for the histories")
    options = parser.parse_args()
    in_memory = str(_MEMORY) if options.property and _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="ramet-bench-", dir=in_memory) as name:
        folder = Path(name)
        os.environ.update({"HOME": name, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": str(folder / ".gitconfig")})
        (folder / ".gitconfig").write_text(
            "[user]\n\tname = Bench\n\temail = bench@example.org\n[merge]\n\tdirectoryRenames = false\n"
        )
        if options.property:
            return run_properties(options.property, options.seed, options.jobs, folder / "runs")
        root = folder / "repository"
        if options.files:
            generated(root, options.files)
        else:
            copied_repository(options.repository.resolve(), root)
        count = sum(len(names) for place, _, names in os.walk(root) if "/.git" not in place)
        if options.vectors:
            rows = [vectors_reused(root, folder / "home")]
        else:
            measured = Measured(root, folder / "data", options.runs)
            rows = flooded(measured, options.untracked) if options.untracked else [*measure(measured), *costs(measured)]
        print(f"{options.repository.name if options.repository else 'generated'}: {count:,} files\n\n{table(rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
