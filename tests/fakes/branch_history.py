"""A random history of a working tree and its branches, each step compared with a model in memory and with plain git.

Users edit, stage, commit and stash; branches are forked, edited, worked in, merged whole, by file and by hunk, undone, kept,
dropped and brought back. Some of these happen in a process that is killed on the way, and into some merges somebody writes. One
seed is one history; `History.run` raises AssertionError where anything differs.
"""

from __future__ import annotations

import copy
import hashlib
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ramet.branch_models import FileEdit, ForkRequest, HunkChoice, MergeRequest, Side
from ramet.branches.branches import Branches
from ramet.branches.trees import read_objects
from ramet.branches.working import Needs
from ramet.errors import BranchConflict, RametError
from ramet.git.repository import locate
from ramet.git.revisions import list_tree
from ramet.paths import UserDirectories
from tests.fakes.branch_model import at_each_step, changed_text, die_at, in_child, random_text, save
from tests.fakes.plain_git import Files, PlainGit, on_disk, tree_id

_NAMES = ("a.txt", "b.txt", "dir/c.txt", "dir/d.txt", "dir/sub/e.txt", "f", "g")
_IGNORED = "dir/private.log"
_MOST_STEPS = 40
"""Steps after which a process is killed at the latest; most have fewer, and end by themselves then."""


@dataclass
class ModelBranch:
    """What a branch holds and what it is compared with."""

    name: str
    files: Files
    base: Files
    dropped: int = 0
    """When it was dropped, in steps; 0 for a live one."""


@dataclass
class ModelMerge:
    """A merge that can be taken back."""

    key: int
    at: int
    before: Files
    after: Files
    base: Files


@dataclass
class Model:
    """What there should be."""

    tree: Files
    branches: dict[int, ModelBranch] = field(default_factory=dict)
    merges: list[ModelMerge] = field(default_factory=list)

    def live(self) -> dict[int, ModelBranch]:
        return {key: branch for key, branch in self.branches.items() if not branch.dropped}

    def dropped(self, name: str = "") -> list[int]:
        """Return the dropped branches, or those of one name, the latest last."""
        found = [key for key, branch in self.branches.items() if branch.dropped and name in ("", branch.name)]
        return sorted(found, key=lambda key: self.branches[key].dropped)


Act = Callable[[Branches], object]


class History:
    """One random history in a folder of its own."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.tally: Counter[str] = Counter()
        self.root = folder / f"history-{seed}"
        self._home = folder / f"home-{seed}"
        self._user = PlainGit(self.root)
        self._oracle = PlainGit(folder / f"oracle-{seed}")
        files = {name: random_text(self.random) for name in _NAMES if self.random.random() < 0.8}
        (self.root / ".git/info").mkdir(exist_ok=True)
        (self.root / ".git/info/exclude").write_text("*.log\n")
        (self.root / _IGNORED).parent.mkdir(exist_ok=True)
        (self.root / _IGNORED).write_bytes(b"ignored, and the user's\n")
        self.model = Model({})
        self._write_tree(files)
        self._head: Files | None = None
        self._now = 0
        self._branches = self._opened()

    def run(self, steps: int) -> Counter[str]:
        """Take so many steps, look at everything once more, and return what happened how often."""
        steps_of = {
            self._edit: 5, self._git: 2, self._fork: 3, self._write: 4, self._work: 2, self._merge: 6, self._undo: 3,
            self._drop: 1, self._bring_back: 1, self._keep: 1, self._intrude: 2,
        }  # fmt: skip
        self._fork()
        for _ in range(steps):
            self._now += 1
            (step,) = self.random.choices(list(steps_of), list(steps_of.values()))
            try:
                step()
                self._check(self.model)
            except AssertionError as error:
                raise AssertionError(f"seed {self.seed}, step {self._now} ({step.__name__.strip('_')}): {error}") from error
        self._check_contents()
        return self.tally

    # -- what a user does

    def _edit(self) -> None:
        self._write_tree(self._edited(self.model.tree))

    def _git(self) -> None:
        action = self.random.choice(["add", "commit", "stash", "gc"])
        if action == "commit":
            self._user.run("add", "-A")
            self._user.run("commit", "-q", "--allow-empty", "-m", "x")
            self._head = dict(self.model.tree)
        elif action == "stash" and self._head is not None:
            self._user.run("stash", "-q", "-u")
            self._user.run("stash", "pop", "-q", "--index", ok_codes=(0, 1))
        elif action == "gc":
            self._user.run("gc", "-q", "--prune=now")
        else:
            self._user.run("add", "-A")

    # -- what is done with branches

    def _fork(self) -> None:
        name = f"n{self.random.randrange(6)}"
        after = copy.deepcopy(self.model)
        source = self.random.choice(["", "", "branch", "HEAD"])
        files = after.tree
        if source == "HEAD":
            source, files = ("HEAD", self._head) if self._head is not None else ("", files)
        elif source == "branch":
            source, files = self.random.choice([(each.name, each.files) for each in after.live().values()] or [("", files)])
        is_taken = any(branch.name == name for branch in after.live().values())
        if not is_taken:
            after.branches[self._now] = ModelBranch(name, dict(files), dict(files))
        self._do(lambda branches: branches.fork(ForkRequest((name,), source=source)), after, is_refused=is_taken)

    def _write(self) -> None:
        branch = self._some()
        if branch is None:
            return
        after = copy.deepcopy(self.model)
        edited = self._edited(branch.files)
        edits = [FileEdit(path, edited.get(path)) for path in {**branch.files, **edited}]
        edits = [edit for edit in edits if branch.files.get(edit.path) != edit.content]
        after.branches[self._key(branch)].files = edited
        self._do(lambda branches: branches.write(branch.name, edits), after)

    def _work(self) -> None:
        """Change files where a branch is laid out."""
        branch = self._some()
        if branch is None:
            return
        after = copy.deepcopy(self.model)
        edited = self._edited(branch.files)
        after.branches[self._key(branch)].files = edited

        def command(branches: Branches) -> None:
            place = branches.place(branch.name, os.getpid(), Needs())
            assert on_disk(Path(place.path)) == branch.files, "a branch is laid out wrongly"
            _write_files(Path(place.path), edited)
            branches.finished(branch.name, place.slot)

        self._do(command, after, settle=lambda branches: branches.get(branch.name))

    def _merge(self) -> None:
        branch = self._differing()
        if branch is None:
            return
        request, theirs = self._request(branch)
        after, is_conflict = self._merged(branch, request, theirs)
        self._do(lambda branches: branches.merge(request), after)
        self.tally["merges"] += 1
        self.tally["conflicts"] += is_conflict

    def _request(self, branch: ModelBranch) -> tuple[MergeRequest, Files]:
        """Return what to merge and the state of the branch with only that."""
        differing = [path for path in {**branch.base, **branch.files} if branch.base.get(path) != branch.files.get(path)]
        texts = [path for path in differing if path in branch.base and path in branch.files]
        both = [path for path in texts if b"\0" not in branch.base[path] + branch.files[path]]
        kind = self.random.choice(["whole", "whole", "mine", "theirs", "leave", "trial", "paths", "hunks"])
        if kind == "paths" and differing:
            paths = self.random.sample(differing, self.random.randint(1, len(differing)))
            return MergeRequest(branch.name, paths=tuple(paths)), _partly(branch, paths)
        if kind == "hunks" and both:
            path = self.random.choice(both)
            diffs = self._branches.diff(branch.name, paths=(path,)).files
            numbers = [hunk.number for hunk in diffs[0].hunks if self.random.random() < 0.6] or [1]
            content = self._oracle.with_hunks(path, branch.base[path], branch.files[path], numbers)
            self.tally["hunks"] += 1
            return MergeRequest(branch.name, hunks=(HunkChoice(path, tuple(numbers)),)), {**branch.base, path: content}
        rest: Side | None = "mine" if kind == "mine" else "theirs" if kind == "theirs" else None
        request = MergeRequest(branch.name, rest=rest, leave_conflicts=kind == "leave", is_trial=kind == "trial")
        return request, branch.files

    def _merged(self, branch: ModelBranch, request: MergeRequest, theirs: Files) -> tuple[Model, bool]:
        """Return what should be there after a merge, as plain git says, and whether there is a conflict."""
        after = copy.deepcopy(self.model)
        mine = after.tree
        side = {"mine": "ours", "theirs": "theirs"}.get(request.rest or "", "")
        merged, conflicts = self._oracle.merge(branch.base, mine, theirs, side)
        if request.is_trial or (conflicts and request.rest is None and not request.leave_conflicts):
            return after, bool(conflicts)
        left = () if request.rest is not None else conflicts
        _take(merged, theirs if request.rest == "theirs" else mine, conflicts)
        base = dict(theirs)
        _take(base, branch.base, left)
        target = after.branches[self._key(branch)]
        if merged != mine:
            after.merges.append(ModelMerge(self._key(branch), self._now, mine, merged, target.base))
            after.tree = merged
        target.base = base
        return after, bool(conflicts)

    def _undo(self) -> None:
        after = copy.deepcopy(self.model)
        dropped = after.dropped()
        last = after.branches[dropped[-1]] if dropped else None
        if last is not None and not any(merge.at > last.dropped for merge in after.merges):
            is_refused = any(branch.name == last.name for branch in after.live().values())
            last.dropped = last.dropped if is_refused else 0
        elif not after.merges:
            is_refused = True
        else:
            merge = after.merges.pop()
            tree, conflicts = self._oracle.merge(merge.after, after.tree, merge.before)
            is_refused = bool(conflicts)
            if is_refused:
                after = self.model
            else:
                after.tree = tree
                after.branches[merge.key].base = merge.base
        self._do(lambda branches: branches.undo(), after, is_refused=is_refused)

    def _drop(self) -> None:
        branch = self._some()
        if branch is None:
            return
        after = copy.deepcopy(self.model)
        after.branches[self._key(branch)].dropped = self._now
        self._do(lambda branches: branches.drop(branch.name), after)

    def _bring_back(self) -> None:
        name = f"n{self.random.randrange(6)}"
        after = copy.deepcopy(self.model)
        dropped = after.dropped(name)
        is_refused = not dropped or any(branch.name == name for branch in after.live().values())
        if not is_refused:
            after.branches[dropped[-1]].dropped = 0
        self._do(lambda branches: branches.undo(name), after, is_refused=is_refused)

    def _keep(self) -> None:
        branch = self._some()
        if branch is None:
            return
        name = f"kept-{self._now}"
        try:
            self._branches.keep(branch.name, name)
        except RametError:  # nothing differs from the commit that it was forked from
            return
        kept = self._user.run("rev-parse", f"{name}^{{tree}}").stdout.decode().strip()
        assert kept == tree_id(branch.files), "a git branch holds something else than the branch"

    def _intrude(self) -> None:
        """Merge while somebody writes files; what they wrote is there afterwards."""
        branch = self._differing()
        if branch is None:
            return
        written: dict[str, bytes] = {}

        def intrude() -> None:
            places = [name for name in _NAMES if (self.root / name).is_file()]
            if places and self.random.random() < 0.1:
                path = self.random.choice(places)
                written[path] = b"user-%d\n" % self.random.getrandbits(60)
                content = (self.root / path).read_bytes() + written[path]
                save(self.root / path, content, by_rename=self.random.random() < 0.5)

        with at_each_step(intrude):
            try:
                self._branches.merge(MergeRequest(branch.name, rest="mine"))
            except BranchConflict:  # it gave up, which loses nothing
                self.tally["given up"] += 1
        found = self._tree()
        for path, token in written.items():
            assert any(token in content for content in found.values()), f"what was written to {path} is lost"
        assert not [path for path in found if ".ramet-" in path], "something is left over"
        self.tally["writes"] += len(written)
        self._believe(branch, found)

    # -- inside

    def _do(self, act: Act, after: Model, *, is_refused: bool = False, settle: Act | None = None) -> None:
        """Do something, perhaps in a process that is killed on the way; then everything is as after it, or as before."""
        before = self._git_files()
        if self.random.random() < 0.3:
            step = self.random.randint(1, _MOST_STEPS)
            died = in_child(partial(self._doomed, act, step)) != 0
            self._branches = self._opened()
            self._branches.recover()
            if settle is not None:
                settle(self._branches)
            self.tally["kills"] += died
            if died and not self._is(after):
                assert self._is(self.model), f"half of it is left after a kill at {step}: {self._difference(after)}"
                after = self.model
        else:
            complaint = None
            try:
                act(self._branches)
            except RametError as error:
                complaint = error
            assert (complaint is not None) == is_refused, f"refused or not: {complaint}"
        assert self._git_files() == before, "git is not as it was"
        self.model = after

    def _doomed(self, act: Act, step: int) -> None:
        with die_at(step):
            try:
                act(self._opened())
            except RametError:
                return

    def _check(self, model: Model) -> None:
        assert self._is(model), self._difference(model)
        assert (self.root / _IGNORED).read_bytes() == b"ignored, and the user's\n"

    def _is(self, model: Model) -> bool:
        return self._tree() == model.tree and self._recorded() == _expected(model)

    def _difference(self, model: Model) -> str:
        found, recorded = self._tree(), self._recorded()
        paths = sorted(path for path in {**found, **model.tree} if found.get(path) != model.tree.get(path))
        return f"files that differ: {paths}; branches {recorded}, expected {_expected(model)}"

    def _recorded(self) -> list[object]:
        state = self._branches.store.state()
        found = sorted((record.name, record.is_live, record.tree, record.base_tree) for record in state.branches)
        return [*found, len(state.merges)]

    def _check_contents(self) -> None:
        """Read all files of all branches, which must all be there, also after the user's repository forgot what it can."""
        self._user.run("reflog", "expire", "--expire=now", "--all")
        self._user.run("gc", "-q", "--prune=now")
        for branch in self.model.live().values():
            found = self._files_of(self._branches.record(branch.name).tree)
            assert found == branch.files, f"seed {self.seed}: {branch.name} holds something else in the end"
        self._user.run("fsck", "--strict", "--no-dangling")

    def _files_of(self, tree: str) -> Files:
        objects = self._branches.store.objects
        entries = list_tree(objects.git, tree)
        return dict(zip([e.path for e in entries], read_objects(objects, [e.oid for e in entries]), strict=True))

    def _believe(self, branch: ModelBranch, tree: Files) -> None:
        """Take over how a merge went into which somebody wrote: nobody can say beforehand."""
        state = self._branches.store.state()
        record = self._branches.record(branch.name)
        self.model.tree = tree
        if len(state.merges) > len(self.model.merges):
            merge = state.merges[-1]
            objects = self._branches.store.objects
            before, after = (self._files_of(objects.tree_of(commit)) for commit in (merge.before, merge.after))
            self.model.merges.append(ModelMerge(self._key(branch), self._now, before, after, branch.base))
        branch.base = self._files_of(record.base_tree)

    def _differing(self) -> ModelBranch | None:
        """Return a live branch that a merge has something to do with, if there is any: mostly both sides have changed."""
        if not any(branch.files != branch.base for branch in self.model.live().values()):
            self._write()
        if self.random.random() < 0.5:
            self._edit()
        return self._some(is_changed=True)

    def _some(self, *, is_changed: bool = False) -> ModelBranch | None:
        """Return a live branch if there is any, one with changes if there is one and it matters."""
        live = list(self.model.live().values())
        changed = [branch for branch in live if branch.files != branch.base]
        return self.random.choice((changed if is_changed else []) or live) if live else None

    def _key(self, branch: ModelBranch) -> int:
        return next(key for key, each in self.model.branches.items() if each is branch)

    def _edited(self, files: Files) -> Files:
        edited = dict(files)
        for _ in range(self.random.randint(1, 5)):
            name = self.random.choice(_NAMES[: self.random.choice([3, len(_NAMES)])])
            action = self.random.random()
            if action < 0.15:
                edited.pop(name, None)
            elif action < 0.2:
                edited[name] = b"\0binary" + self.random.randbytes(8)
            elif name in edited:
                edited[name] = changed_text(self.random, edited[name])
            else:
                edited[name] = random_text(self.random)
        return edited

    def _write_tree(self, files: Files) -> None:
        _write_files(self.root, files, keep=_IGNORED, by_rename=self.random.random() < 0.5)
        self.model.tree = files

    def _tree(self) -> Files:
        found = on_disk(self.root)
        found.pop(_IGNORED, None)
        return found

    def _git_files(self) -> dict[str, str]:
        """Return digests of everything in `.git` but objects, and references that keep commits."""
        found = {}
        for folder, names, files in os.walk(self.root / ".git"):
            names[:] = [name for name in names if name not in ("objects", "ramet")]
            for name in files:
                place = os.path.join(folder, name)  # noqa: PTH118  # many of them
                found[place] = hashlib.sha1(Path(place).read_bytes(), usedforsecurity=False).hexdigest()
        return found

    def _opened(self) -> Branches:
        return Branches(locate(self.root), UserDirectories(self._home, self._home, self._home))


def run_history(seed: int, folder: Path, steps: int = 14) -> Counter[str]:
    """Run one history and remove what it wrote; return what happened how often."""
    history = History(seed, folder)
    tally = history.run(steps)
    for name in ("history", "home", "oracle"):
        shutil.rmtree(folder / f"{name}-{seed}", ignore_errors=True)
    return tally


def _expected(model: Model) -> list[object]:
    found = [(branch.name, not branch.dropped, tree_id(branch.files), tree_id(branch.base)) for branch in model.branches.values()]
    return [*sorted(found), len(model.merges)]


def _partly(branch: ModelBranch, paths: list[str]) -> Files:
    """Return the base of a branch with only some of its changes."""
    files = dict(branch.base)
    _take(files, branch.files, paths)
    return files


def _take(files: Files, source: Files, paths: Iterable[str]) -> None:
    """Make some paths what they are in another state."""
    for path in paths:
        if path in source:
            files[path] = source[path]
        else:
            files.pop(path, None)


def _write_files(root: Path, files: Files, keep: str = "", *, by_rename: bool = False) -> None:
    """Make a folder hold just these files, as somebody who edits does: others are not touched."""
    found = on_disk(root)
    for path in found:
        if path not in files and path != keep:
            (root / path).unlink()
    for path, content in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if found.get(path) != content:
            save(place, content, by_rename=by_rename)
