"""A fork holds what the working tree holds, and nobody notices that it was made."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from ramet.branch_models import Branch, ForkRequest
from ramet.branches.branches import Branches
from ramet.errors import UsageError
from ramet.git.repository import locate
from ramet.paths import UserDirectories
from tests.core.branches.conftest import Open, Run, fork, git_state
from tests.fakes.branch_model import die_at, in_child


def laid_out(branches: Branches, branch: Branch, target: Path) -> dict[str, tuple[int, bytes]]:
    """Check a branch out with plain git and return its files."""
    target.mkdir()
    objects = branches.store.objects
    environment = {"GIT_INDEX_FILE": str(target) + ".index", "GIT_WORK_TREE": str(target)}
    objects.git.run("read-tree", "--reset", "-u", branch.tree, environment=environment)
    return contents(target)


def contents(root: Path) -> dict[str, tuple[int, bytes]]:
    """Return mode and content of every file and link below a folder but `.git`."""
    found: dict[str, tuple[int, bytes]] = {}
    for path in root.rglob("*"):
        place = path.relative_to(root).as_posix()
        if place.split("/")[0] != ".git" and (path.is_symlink() or path.is_file()):
            content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[place] = path.lstat().st_mode & 0o170111, content
    return found


def test_a_fork_holds_exactly_what_is_on_the_disk_and_changes_nothing(
    dirty: Path, branches: Branches, tmp_path: Path, git: Run
) -> None:
    git(dirty, "stash", "store", git(dirty, "stash", "create").strip())
    before = git_state(dirty), git(dirty, "status", "--porcelain"), git(dirty, "reflog"), git(dirty, "for-each-ref", "refs/heads")
    branch = fork(branches)
    after = git_state(dirty), git(dirty, "status", "--porcelain"), git(dirty, "reflog"), git(dirty, "for-each-ref", "refs/heads")
    expected = {path: file for path, file in contents(dirty).items() if path not in ("build/out.o", "debug.log")}

    assert laid_out(branches, branch, tmp_path / "out") == expected
    assert after == before
    assert (branch.base.source, branch.base.head and branch.base.head.branch, branch.moved) == ("working tree", "main", 0)


def test_several_forks_share_one_look_and_a_fork_of_a_fork_begins_with_its_state(branches: Branches, shop: Path) -> None:
    made = branches.fork(ForkRequest(("a", "b", ""))).branches
    (shop / "shop/cart.py").write_text("CART = 1\n")
    (child,) = branches.fork(ForkRequest(("child",), source="a")).branches
    later = fork(branches, "later")
    listed = branches.listed()

    assert len({branch.commit for branch in made}) == 1
    assert made[2].name
    assert (child.tree, child.base.source) == (made[0].tree, "a")
    assert later.tree != made[0].tree
    assert {branch.name: branch.moved for branch in listed} == {"a": 1, "b": 1, made[2].name: 1, "child": 1, "later": 0}
    assert replace(branches.get("later"), disk=None) == later


def test_ignored_files_come_by_name_only_and_do_not_stay(branches: Branches, dirty: Path) -> None:
    (with_build,) = branches.fork(ForkRequest(("with",), include=("build", "debug.log"))).branches
    without = fork(branches, "without")
    changed = {change.path for change in branches.store.objects.changes(without.tree, with_build.tree)}

    assert changed == {"build/out.o", "debug.log"}


def test_what_is_ignored_later_leaves_the_next_fork(branches: Branches, dirty: Path) -> None:
    first = fork(branches, "first")
    (dirty / ".gitignore").write_text("build/\n*.log\nshop/new.py\n")
    second = fork(branches, "second")
    changed = {change.path for change in branches.store.objects.changes(first.tree, second.tree)}

    assert changed == {".gitignore", "shop/new.py"}


def test_files_that_are_too_large_or_cannot_be_read_are_named(branches: Branches, shop: Path) -> None:
    with (shop / "data.bin").open("wb") as file:
        file.truncate(6_000_000)
    os.mkfifo(shop / "shop/pipe")
    (shop / "nested").mkdir()
    shutil.copytree(shop / ".git", shop / "nested/.git")
    made = branches.fork(ForkRequest(("try",)))
    (all_of_it,) = branches.fork(ForkRequest(("all",), include=("data.bin",))).branches

    assert {(file.path, file.reason) for file in made.skipped} == {("data.bin", "huge"), ("nested", "nested-repository")}
    assert {change.path for change in branches.store.objects.changes(made.branches[0].tree, all_of_it.tree)} == {"data.bin"}


def test_too_many_untracked_files_are_left_out_and_counted(
    branches: Branches, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ramet.branches.snapshot._MOST_NEW_FILES", 20)
    monkeypatch.setattr("ramet.branches.branches._MOST_NAMED", 10)
    (shop / "data").mkdir()
    for number in range(35):
        (shop / f"data/{number:02}").touch()
    made = branches.fork(ForkRequest(("try",)))

    assert (len(made.skipped), made.notes) == (10, ("5 more files were left out for the same reasons.",))
    assert len(branches.files("try")) == 7 + 20


def test_a_change_within_the_same_second_and_of_the_same_size_is_seen(branches: Branches, shop: Path, git: Run) -> None:
    (shop / "shop/cart.py").write_text("A = 1\n")
    git(shop, "add", "-A")
    (shop / "shop/cart.py").write_text("A = 2\n")
    first = fork(branches, "first")
    (shop / "shop/cart.py").write_text("A = 3\n")
    second = fork(branches, "second")
    read = branches.store.objects.git.run("cat-file", "blob", f"{first.tree}:shop/cart.py")

    assert read == b"A = 2\n"
    assert first.tree != second.tree


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_files_that_git_was_told_not_to_look_at(branches: Branches, shop: Path, git: Run, flag: str) -> None:
    git(shop, "update-index", flag, "shop/cart.py")
    (shop / "shop/cart.py").write_text("CHANGED = 1\n")
    branch = fork(branches)
    read = branches.store.objects.git.run("cat-file", "blob", f"{branch.tree}:shop/cart.py")

    assert read == b"CHANGED = 1\n"


def test_a_folder_outside_git_and_a_repository_without_commits(tmp_path: Path, opened: Open, git: Run) -> None:
    plain = tmp_path / "plain"
    (plain / "src").mkdir(parents=True)
    (plain / "src/a.py").write_text("A = 1\n")
    (plain / ".gitignore").write_text("*.log\n")
    (plain / "x.log").write_text("x\n")
    unborn = tmp_path / "unborn"
    shutil.copytree(plain, unborn)
    git(unborn, "init", "-q")
    git(unborn, "add", "src")
    before = git_state(unborn)
    trees = {fork(opened(folder)).tree for folder in (plain, unborn)}
    head = fork(opened(unborn), "again").base.head

    assert len(trees) == 1
    assert git_state(unborn) == before
    assert head is not None
    assert (head.branch, head.commit) == ("main", "")
    assert not (plain / ".git").exists()


def test_a_fork_outlives_a_garbage_collection_a_rebase_and_a_move(
    dirty: Path, opened: Open, tmp_path: Path, git: Run, directories: object
) -> None:
    (dirty / "staged.py").write_text("ONLY_STAGED = 1\n")
    git(dirty, "add", "staged.py")
    branches = opened(dirty)
    branch = fork(branches)
    expected = laid_out(branches, branch, tmp_path / "before")
    git(dirty, "reset", "-q", "--hard")
    git(dirty, "clean", "-qfdx")
    git(dirty, "commit", "-q", "--amend", "-m", "Another history", "--allow-empty")
    (dirty / "README.md").write_text("rewritten\n")
    git(dirty, "commit", "-q", "--amend", "-a", "-m", "Rewritten")
    git(dirty, "reflog", "expire", "--expire=now", "--all")
    git(dirty, "gc", "-q", "--prune=now")
    moved = dirty.rename(tmp_path / "moved")
    again = opened(moved)
    found = again.get("try")

    assert laid_out(again, found, tmp_path / "after") == expected
    assert git(moved, "fsck", "--strict") == ""


def test_references_that_keep_commits_are_not_pushed(branches: Branches, shop: Path, tmp_path: Path, git: Run) -> None:
    fork(branches)
    git(tmp_path, "init", "-q", "--bare", "other.git")
    git(shop, "push", "-q", "--all", str(tmp_path / "other.git"))
    git(shop, "push", "-q", "--tags", str(tmp_path / "other.git"))
    there = git(tmp_path / "other.git", "for-each-ref", "--format=%(refname)").split()

    assert there == ["refs/heads/main"]
    assert "refs/ramet/" in git(shop, "for-each-ref")


def test_a_split_index_and_a_change_in_a_sparse_checkout(shop: Path, tmp_path: Path, opened: Open, git: Run) -> None:
    expected = git(shop, "rev-parse", "HEAD^{tree}").strip()
    git(tmp_path, "clone", "-q", "shop", "split")
    git(tmp_path / "split", "update-index", "--split-index")
    git(tmp_path, "clone", "-q", "shop", "sparse")
    git(tmp_path / "sparse", "sparse-checkout", "set", "--cone", "--sparse-index", "web")
    forked = [fork(opened(tmp_path / name)).tree for name in ("split", "sparse")]
    (tmp_path / "sparse/web/app.ts").write_text("changed\n")
    changed = fork(opened(tmp_path / "sparse"), "changed")

    assert forked == [expected, expected]
    assert {c.path for c in opened(tmp_path / "sparse").store.objects.changes(expected, changed.tree)} == {"web/app.ts"}


def test_a_bare_repository_is_forked_at_a_commit(shop: Path, tmp_path: Path, opened: Open, git: Run) -> None:
    git(tmp_path, "clone", "-q", "--bare", "shop", "bare.git")
    branches = opened(tmp_path / "bare.git")
    (branch,) = branches.fork(ForkRequest(("try",), source="main")).branches

    with pytest.raises(UsageError, match="bare"):
        fork(branches, "other")
    assert branch.tree == git(shop, "rev-parse", "HEAD^{tree}").strip()
    assert branches.listed()[0].moved is None


def test_a_repository_with_sha256_and_one_whose_git_folder_cannot_be_written(
    shop: Path, tmp_path: Path, opened: Open, git: Run
) -> None:
    modern = tmp_path / "modern"
    git(tmp_path, "init", "-q", "--object-format=sha256", str(modern))
    (modern / "a.py").write_text("A = 1\n")
    git(modern, "add", "a.py")
    git(modern, "commit", "-qm", "One")
    (modern / "b.py").write_text("B = 1\n")
    long = fork(opened(modern))
    (shop / ".git/refs/ramet").write_text("no folder can be made here")
    branches = opened(shop)
    kept = fork(branches)
    names = branches.store.objects.own.run("ls-tree", "-r", "--name-only", kept.tree).split()
    sizes = branches.store.objects.own.run("ls-tree", "-r", "-l", kept.tree)

    assert len(long.tree) == 64
    assert b"shop/cart.py" in names
    assert b"BAD" not in sizes


def test_line_ends_are_recorded_as_git_would(shop: Path, branches: Branches, git: Run) -> None:
    (shop / ".gitattributes").write_text("*.md text eol=crlf\n")
    (shop / "README.md").write_bytes(b"# Shop\r\nlines\r\n")
    branch = fork(branches)
    git(shop, "add", "-A")

    assert branch.tree == git(shop, "write-tree").strip()


def test_a_submodule_is_recorded_by_its_commit_and_its_changes_are_named(shop: Path, branches: Branches, git: Run) -> None:
    git(shop, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(shop), "inner")
    git(shop, "commit", "-qm", "A submodule")
    (shop / "inner/README.md").write_text("changed inside\n")
    made = branches.fork(ForkRequest(("try",)))

    assert made.branches[0].tree == git(shop, "rev-parse", "HEAD^{tree}").strip()
    assert "inner" in made.notes[0]


def test_a_conflict_that_is_not_resolved_yet_is_recorded_with_its_marks(shop: Path, branches: Branches, git: Run) -> None:
    git(shop, "checkout", "-qb", "other")
    for branch, line in (("other", "one\n"), ("main", "two\n")):
        git(shop, "checkout", "-q", branch)
        (shop / "README.md").write_text(line)
        git(shop, "commit", "-qam", line)
    with pytest.raises(Exception, match="returned non-zero"):
        git(shop, "merge", "other")
    made = fork(branches)
    read = branches.store.objects.git.run("cat-file", "blob", f"{made.tree}:README.md")

    assert b"<<<<<<<" in read


@pytest.mark.parametrize("name", ["-x", "a..b", "../x", "a b", "main", "x.lock", "a\x1b[31m", "/x", "x/"])
def test_names_that_cannot_be_used_are_refused(branches: Branches, name: str) -> None:
    with pytest.raises(UsageError):
        fork(branches, name)


def test_a_name_is_used_once_and_the_next_branch_is_the_newest(branches: Branches) -> None:
    fork(branches)
    time.sleep(0)
    with pytest.raises(UsageError, match="already"):
        fork(branches)
    with pytest.raises(UsageError, match="no branch"):
        branches.get("nowhere")


def test_a_first_fork_that_is_killed_at_any_step_does_not_stand_in_the_way(shop: Path, tmp_path: Path) -> None:
    kills = 0
    for step in range(10, 15):
        data = tmp_path / str(step)
        directories = UserDirectories(data, data, data)

        def fork_and_die(step: int = step, directories: UserDirectories = directories) -> None:
            with die_at(step):
                fork(Branches(locate(shop), directories))

        kills += in_child(fork_and_die) != 0
        branch = fork(Branches(locate(shop), directories), "again")
        assert len(Branches(locate(shop), directories).files(branch.name)) == 7

    assert kills > 2
