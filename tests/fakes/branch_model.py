"""Random work on a working tree and on a branch of it, whose merge is compared with plain git and survives whatever happens.

`agrees_with_git` compares the decisions and the result, `survives_writers` lets somebody write while the merge is at work, and
`survives_kills` ends the merging process at every step. Each takes a seed and raises AssertionError when something is lost.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from ramet.branch_models import FileEdit, ForkRequest, MergeRequest
from ramet.branches import disk
from ramet.branches.branches import Branches
from ramet.branches.content_merge import ContentMerger
from ramet.branches.journal import JournalFile
from ramet.branches.loose import LooseObjects
from ramet.errors import BranchConflict
from ramet.git.repository import locate
from ramet.git.runner import Git
from ramet.paths import UserDirectories
from tests.fakes.plain_git import Files, PlainGit, on_disk

STEPS = ("write_new", "exchange", "move", "remove", "make_folders", "remove_empty_folder")
_NAMES = ("a.txt", "b.txt", "dir/c.txt", "dir/d.txt", "dir/sub/e.txt", "f", "g")


def agrees_with_git(seed: int, folder: Path) -> str:
    """Merge at random and compare with `git merge` in a clone; return which way it went: clean or conflict."""
    scenario = Scenario(seed, folder)
    theirs, mine = scenario.edited(scenario.base), scenario.edited(scenario.base)
    scenario.write_branch(theirs)
    scenario.write_tree(mine)
    expected = scenario.merged_by_git(mine, theirs)
    result = scenario.branches.merge(MergeRequest("try"))
    found = scenario.on_disk()
    if expected is None:
        assert result.conflicts, f"git finds a conflict in {seed}"
        assert found == mine, f"a conflict wrote something in {seed}"
        return "conflict"
    assert not result.conflicts, f"git finds no conflict in {seed}: {result.conflicts}"
    assert found == expected, f"git merges {seed} differently"
    if result.is_written:
        scenario.branches.undo()
        assert scenario.on_disk() == mine, f"the undo of {seed} is not exact"
    return "clean"


def survives_writers(seed: int, folder: Path) -> int:
    """Merge while somebody writes files, and look for everything that was written; return how often somebody did."""
    scenario = Scenario(seed, folder)
    scenario.write_branch(scenario.edited(scenario.base))
    generator = scenario.random
    written: dict[str, bytes] = {}

    def intrude() -> None:
        if generator.random() < 0.15:
            path = generator.choice(_NAMES)
            place = scenario.root / path
            if place.is_file():
                token = b"user-%d\n" % generator.getrandbits(60)
                save(place, place.read_bytes() + token, by_rename=generator.random() < 0.5)
                written[path] = token

    with at_each_step(intrude), suppress(BranchConflict):  # it gave up, which loses nothing
        scenario.branches.merge(MergeRequest("try", rest="mine"))
    found = scenario.on_disk()
    for path, token in written.items():
        renamed = [content for content in found.values() if token in content]
        assert renamed, f"what was written to {path} is lost in {seed}"
    assert not [path for path in found if ".ramet-" in path], f"something is left over in {seed}"
    return len(written)


def survives_kills(seed: int, folder: Path, every: int = 1) -> int:
    """Kill the merging process at each step, repair, and compare; return how many kills there were."""
    scenario = Scenario(seed, folder)
    theirs = scenario.edited(scenario.base)
    scenario.write_branch(theirs)
    mine = scenario.on_disk()
    kills = 0
    step = 1 + scenario.random.randrange(every)
    while True:
        status = in_child(partial(scenario.merge_and_die, step))
        if status == 0:
            break
        kills += 1
        token = b"after the crash %d\n" % step
        victim = next((path for path in sorted(scenario.on_disk()) if ".ramet-" not in path), None)
        edits = victim is not None and scenario.random.random() < 0.3
        if victim is not None and edits:
            save(scenario.root / victim, (scenario.root / victim).read_bytes() + token, by_rename=True)
        again = scenario.reopened()
        again.recover()
        found = scenario.on_disk()
        assert not [path for path in found if ".ramet-" in path], f"something is left over after step {step} in {seed}"
        if victim is not None and edits:
            assert token in found[victim], f"an edit after the crash is lost after step {step} in {seed}"
            rest = {path: content for path, content in found.items() if path != victim}
            assert rest in ({p: c for p, c in mine.items() if p != victim}, {p: c for p, c in theirs.items() if p != victim})
        else:
            assert found in (mine, theirs), f"half a merge is left after step {step} in {seed}"
        if found == theirs != mine:
            assert again.undo().kind == "merge"
        scenario.write_tree(mine)
        assert scenario.on_disk() == mine
        while again.store.state().merges:
            try:
                again.undo()
            except BranchConflict:
                break
            scenario.write_tree(mine)
        step += every
    assert scenario.on_disk() == theirs
    return kills


def decides_like_git(seed: int, count: int, folder: Path) -> int:
    """Merge random files and compare each with `git merge-file`; return how many conflicts there were."""
    generator = random.Random(seed)

    def version(lines: list[bytes]) -> list[bytes]:
        changed = list(lines)
        for _ in range(generator.randint(0, 3)):
            place = generator.randrange(len(changed) + 1)
            new = [b"%d\n" % generator.randrange(5) for _ in range(generator.randint(0, 2))]
            changed[place : place + generator.randint(0, 2)] = new
        return changed

    triples = []
    for number in range(count):
        lines = [b"%d\n" % generator.randrange(5) for _ in range(generator.randint(0, 8))]
        triples.append(tuple(b"".join(each) for each in (version(lines), lines, version(lines))))
        for name, content in zip(("mine", "base", "theirs"), triples[-1], strict=True):
            (folder / f"{number}.{name}").write_bytes(content)
    # One shell for all: that takes a tenth of the time.
    script = f"for i in $(seq 0 {count - 1}); do git merge-file -p -q $i.mine $i.base $i.theirs > $i.out; echo $?; done"
    codes = subprocess.run(["sh", "-c", script], cwd=folder, capture_output=True, check=True).stdout.split()
    merger = ContentMerger(Git(folder), folder)
    conflicts = 0
    for number, ((mine, base, theirs), code) in enumerate(zip(triples, codes, strict=True)):
        merged = merger.merge(base, mine, theirs)
        assert merged.is_clean == (code == b"0"), f"git decides differently about {number} of {seed}"
        if merged.is_clean:
            assert merged.content == (folder / f"{number}.out").read_bytes()
        else:
            conflicts += 1
            regions = range(1, len(merged.regions()) + 1)
            assert b"<<<<<<< working tree" in merged.resolved(dict.fromkeys(regions, "markers"), "x")
    return conflicts


class Scenario:
    """A repository with a few files and one branch that was just forked."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = random.Random(seed)
        self.root = folder / f"tree-{seed}"
        self.root.mkdir(parents=True)
        self._clone = folder / f"clone-{seed}"
        data = folder / f"data-{seed}"
        self._directories = UserDirectories(data, data, data)
        names = [name for name in _NAMES if self.random.random() < 0.8]
        self.base: Files = {name: random_text(self.random) for name in names}
        self._git(self.root, "init", "-q")
        self.write_tree(self.base)
        if self.random.random() < 0.7:
            self._git(self.root, "add", "-A")
            self._git(self.root, "commit", "-qm", "Base", "--allow-empty")
        self.branches = self.reopened()
        self.branches.fork(ForkRequest(("try",)))

    def reopened(self) -> Branches:
        return Branches(locate(self.root), self._directories)

    def edited(self, files: Files) -> Files:
        """Return the files with a few random changes."""
        edited = dict(files)
        for _ in range(self.random.randint(1, 4)):
            action = self.random.random()
            name = self.random.choice(_NAMES)
            if action < 0.15:
                edited.pop(name, None)
            elif name in edited:
                edited[name] = changed_text(self.random, edited[name])
            elif _has_room(edited, name):
                edited[name] = random_text(self.random)
        return edited

    def write_branch(self, files: Files) -> None:
        removed = [FileEdit(path, None) for path in self.base if path not in files]
        changed = [FileEdit(path, content) for path, content in files.items() if self.base.get(path) != content]
        for edits in (removed, changed):
            if edits:
                self.branches.write("try", edits)

    def write_tree(self, files: Files) -> None:
        for path in self.on_disk():
            if path not in files:
                (self.root / path).unlink()
        for path, content in files.items():
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists() or place.read_bytes() != content:
                place.write_bytes(content)

    def on_disk(self) -> Files:
        return on_disk(self.root)

    def merged_by_git(self, mine: Files, theirs: Files) -> Files | None:
        """Return what plain git makes of the same three states; None where it finds a conflict."""
        merged, conflicts = PlainGit(self._clone).merge(self.base, mine, theirs)
        return None if conflicts else merged

    def merge_and_die(self, step: int) -> None:
        """Merge, and end this process in the hardest way at a step."""
        with at_each_step(countdown(step)):
            self.reopened().merge(MergeRequest("try"))

    @staticmethod
    def _git(folder: Path, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def random_text(generator: random.Random) -> bytes:
    """Return a few lines that no other text has."""
    return b"".join(b"line %d %d\n" % (number, generator.getrandbits(30)) for number in range(generator.randint(3, 14)))


def changed_text(generator: random.Random, content: bytes) -> bytes:
    """Return a text with up to two lines replaced by up to two others."""
    lines = content.splitlines(keepends=True)
    place = generator.randrange(len(lines) + 1)
    count = generator.randint(0, 2)
    lines[place : place + count] = [b"new %d\n" % generator.getrandbits(30) for _ in range(generator.randint(0, 2))]
    return b"".join(lines)


@contextmanager
def at_each_step(act: Callable[[], None]) -> Iterator[None]:
    """Call something before each step that a merge does on the disk, the writing of its journal included."""
    kept = {name: getattr(disk, name) for name in STEPS}
    journal = {name: getattr(JournalFile, name) for name in ("write", "remove")}

    def before(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            act()
            return function(*arguments, **named)

        return call

    try:
        for name, function in kept.items():
            setattr(disk, name, before(function))
        for name, function in journal.items():
            setattr(JournalFile, name, before(function))
        yield
    finally:
        for name, function in kept.items():
            setattr(disk, name, function)
        for name, function in journal.items():
            setattr(JournalFile, name, function)


def countdown(step: int) -> Callable[[], None]:
    """Return what ends this process in the hardest way when it is called so many times."""
    left = step

    def count() -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    return count


@contextmanager
def die_at(step: int) -> Iterator[None]:
    """End this process in the hardest way before the given one of all steps that leave something behind.

    These are the steps of a merge, objects and records that are written, names that are given, and processes of git, which go on.
    """
    count = countdown(step)

    def before(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            count()
            return function(*arguments, **named)

        return call

    seams: tuple[tuple[Any, str], ...] = (
        (LooseObjects, "write"), (LooseObjects, "copy"), (Path, "replace"), (Path, "write_bytes"),
        (os, "fsync"), (subprocess.Popen, "communicate"),
    )  # fmt: skip
    kept = [(owner, name, getattr(owner, name)) for owner, name in seams]
    try:
        for owner, name, function in kept:
            setattr(owner, name, before(function))
        with at_each_step(count):
            yield
    finally:
        for owner, name, function in kept:
            setattr(owner, name, function)


def in_child(work: Callable[[], None]) -> int:
    """Run something in a copy of this process and return how that ended: 0, or the signal that killed it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            os._exit(70)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL), f"the merging process ended with {code}"
    return code


def save(path: Path, content: bytes, *, by_rename: bool) -> None:
    """Write a file as an editor does: in place, or another one under its name. It is no step that `die_at` counts."""
    place = path.with_name(f".{path.name}.swp") if by_rename else path
    with place.open("wb") as file:
        file.write(content)
    if by_rename:
        os.replace(place, path)  # noqa: PTH105  # `Path.replace` is a step


def _has_room(files: Files, name: str) -> bool:
    """Whether a file may be added without standing where a folder is."""
    return not any(other.startswith(f"{name}/") or name.startswith(f"{other}/") for other in files)
