"""The whole life of a branch in repositories of every kind, and on disks that refuse: all of it works, or says why not."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ramet.branch_models import FileEdit, ForkRequest, MergeRequest
from ramet.branches.branches import Branches
from ramet.branches.working import Needs
from ramet.errors import GitError, StoreError
from ramet.git.repository import locate
from ramet.paths import UserDirectories
from tests.core.branches.conftest import Open, Run, fork, git_state
from tests.fakes.branch_model import in_child

_NOBODY = 65_534
Make = Callable[[Path, Path, Run], tuple[Path, ...]]
"""Makes a repository of a kind from the shop in a folder; returns its working tree and whatever else belongs to it."""


def seen(roots: tuple[Path, ...], git: Run) -> list[object]:
    """Return everything that git knows and shows of a working tree, but for what was kept of a branch."""
    words = (["status", "--porcelain"], ["stash", "list"], ["reflog"], ["branch", "-a"], ["config", "--list", "--local"])
    files = [
        {path: mark for path, mark in git_state(root).items() if "/ramet/" not in path and not path.startswith("objects/")}
        for root in roots
    ]
    return [
        *files,
        *([line for line in git(roots[0], "--no-optional-locks", *each).splitlines() if "ramet/" not in line] for each in words),
    ]


def live_a_whole_life(branches: Branches, root: Path, *, can_keep: bool = True, can_run: bool = True) -> None:
    """Fork, edit, run, compare, merge, undo, keep, drop and bring back; what is in the working tree stays."""
    untouched = {path: path.read_bytes() for path in root.rglob("*") if ".git" not in path.parts and path.is_file()}
    fork(branches)
    branches.write("try", [FileEdit("web/app.ts", b"edited\n"), FileEdit("new/file.py", b"NEW = 1\n")])
    if can_run:
        place = branches.place("try", os.getpid(), Needs())
        assert (Path(place.path) / "web/app.ts").read_bytes().splitlines() == [b"edited"]
        (Path(place.path) / "made.txt").write_text("made\n")
        branches.finished("try", place.slot)
    else:
        branches.write("try", [FileEdit("made.txt", b"made\n")])
    changed = {file.path for file in branches.diff("try").files}
    now = {file.path for file in branches.diff("try", "now").files}
    merged = branches.merge(MergeRequest("try"))
    after = {path: (root / path).read_bytes() for path in ("web/app.ts", "new/file.py", "made.txt")}
    branches.undo()
    if can_keep:
        branches.keep("try")
    branches.drop("try")
    branches.undo("try")
    content = branches.read("try", "made.txt")
    branches.drop("try")

    assert changed == now == {"web/app.ts", "new/file.py", "made.txt"}
    assert merged.conflicts == ()
    assert {path: content.replace(b"\r\n", b"\n") for path, content in after.items()} == {
        "web/app.ts": b"edited\n",
        "new/file.py": b"NEW = 1\n",
        "made.txt": b"made\n",
    }
    assert content == b"made\n"
    assert {path: path.read_bytes() for path in untouched} == untouched


def detached(shop: Path, place: Path, git: Run) -> tuple[Path, ...]:
    git(place, "clone", "-q", str(shop), "x")
    git(place / "x", "checkout", "-q", "--detach")
    return (place / "x",)


def linked(shop: Path, place: Path, git: Run) -> tuple[Path, ...]:
    git(shop, "worktree", "add", "-q", str(place / "x"), "-b", "linked")
    return place / "x", shop


def bare_with_worktree(shop: Path, place: Path, git: Run) -> tuple[Path, ...]:
    git(place, "clone", "-q", "--bare", str(shop), "bare.git")
    git(place / "bare.git", "worktree", "add", "-q", str(place / "x"), "main")
    return place / "x", place / "bare.git"


def shallow(shop: Path, place: Path, git: Run) -> tuple[Path, ...]:
    git(shop, "commit", "-q", "--allow-empty", "-m", "Another")
    git(place, "clone", "-q", "--depth=1", f"file://{shop}", "x")
    return (place / "x",)


def sparse(shop: Path, place: Path, git: Run) -> tuple[Path, ...]:
    git(place, "clone", "-q", str(shop), "x")
    git(place / "x", "sparse-checkout", "set", "--cone", "web")
    return (place / "x",)


def sparse_index(shop: Path, place: Path, git: Run) -> tuple[Path, ...]:
    git(place, "clone", "-q", str(shop), "x")
    git(place / "x", "sparse-checkout", "set", "--cone", "--sparse-index", "web")
    return (place / "x",)


def sha256(shop: Path, place: Path, git: Run) -> tuple[Path, ...]:
    git(place, "init", "-q", "--object-format=sha256", "x")
    for name in git(shop, "ls-files").splitlines():
        (place / "x" / name).parent.mkdir(exist_ok=True)
        (place / "x" / name).write_bytes((shop / name).read_bytes())
    git(place / "x", "add", "-A")
    git(place / "x", "commit", "-qm", "The shop")
    return (place / "x",)


def line_ends(shop: Path, place: Path, git: Run) -> tuple[Path, ...]:
    git(place, "-c", "core.autocrlf=true", "clone", "-q", str(shop), "x")
    git(place / "x", "config", "core.autocrlf", "true")
    (place / "x/.gitattributes").write_text("*.md text eol=lf\n*.py -text\n")
    assert b"\r\n" in (place / "x/web/app.ts").read_bytes()
    return (place / "x",)


def locked_index(shop: Path, place: Path, git: Run) -> tuple[Path, ...]:
    git(place, "clone", "-q", str(shop), "x")
    git(place / "x", "rm", "-q", "--cached", "README.md")
    (place / "x/.git/index.lock").touch()
    return (place / "x",)


@pytest.mark.parametrize(
    "make",
    [detached, linked, bare_with_worktree, shallow, sparse, sparse_index, sha256, line_ends, locked_index],
)
def test_a_branch_lives_in_every_kind_of_repository(shop: Path, tmp_path: Path, opened: Open, git: Run, make: Make) -> None:
    place = tmp_path / "place"
    place.mkdir()
    roots = make(shop, place, git)
    root = roots[0]
    is_locked = (root / ".git/index.lock").exists()
    (root / "README.md").write_text("# Mine, not staged\n")
    (root / "untracked.txt").write_text("untracked\n")
    if not is_locked:
        (root / "staged.py").write_text("STAGED = 1\n")
        git(root, "add", "staged.py")
        git(root, "stash", "store", git(root, "stash", "create").strip())
        git(root, "status")  # which writes the index once more
    head = git(root, "symbolic-ref", "-q", "HEAD").strip() if make is not detached else "refs/heads/"
    before = seen(roots, git)
    branches = opened(root)
    live_a_whole_life(branches, root)
    branches.undo("try")
    stands_on = branches.record("try").origin.head

    assert stands_on is not None
    assert (f"refs/heads/{stands_on.branch}", stands_on.commit) == (head, git(root, "rev-parse", "HEAD").strip())
    assert seen(roots, git) == before
    assert git(root, "fsck", "--strict", "--no-dangling") == ""


def test_what_a_partial_clone_does_not_have_is_never_fetched(shop: Path, tmp_path: Path, opened: Open, git: Run) -> None:
    git(shop, "config", "uploadpack.allowFilter", "true")
    git(shop, "commit", "-q", "--allow-empty", "-m", "Again")
    (shop / "web/app.ts").write_text("newer\n")
    git(shop, "commit", "-qam", "Newer")
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--sparse", f"file://{shop}", "x")
    root = tmp_path / "x"
    git(root, "sparse-checkout", "set", "--cone", "web")
    (root / "shop").mkdir()
    (root / "shop/new.py").write_text("NEW = 1\n")
    git(root, "add", "--sparse", "shop/new.py")  # a folder whose other files are not there is made anew
    asked = tmp_path / "asked"
    (tmp_path / "upload").write_text(f"#!/bin/sh\ntouch {asked}\nexit 1\n")
    (tmp_path / "upload").chmod(0o755)
    git(root, "config", "remote.origin.uploadpack", str(tmp_path / "upload"))
    git(root, "status")
    before = seen((root,), git)
    branches = opened(root)
    live_a_whole_life(branches, root)
    branches.fork(ForkRequest(("other",), source="HEAD~1"))
    with pytest.raises(GitError, match="partial clone") as refused:
        branches.read("other", "shop/cart.py")
    with pytest.raises(GitError, match="partial clone"):
        branches.place("other", os.getpid(), Needs())
    branches.drop("other")

    assert "--refetch" in refused.value.advice
    assert not asked.exists()
    assert seen((root,), git) == before


@pytest.fixture
def lfs(isolated_environment: Path) -> Path:
    """What stands in for Git LFS: filters that keep contents in a folder and leave pointers to them."""
    store = isolated_environment / "lfs"
    store.mkdir()
    clean, smudge = isolated_environment / "clean", isolated_environment / "smudge"
    clean.write_text(
        f"#!/bin/sh\ncat > {store}/new\noid=$(sha256sum < {store}/new | cut -d' ' -f1)\nsize=$(wc -c < {store}/new)\n"
        f"mv {store}/new {store}/$oid\n"
        "printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:%s\\nsize %s\\n' $oid $size\n"
    )
    smudge.write_text(f"#!/bin/sh\ncat {store}/$(sed -n 's/oid sha256://p')\n")
    for script in (clean, smudge):
        script.chmod(0o755)
    return isolated_environment


def configured(home: Path, git: Run) -> None:
    for name in ("clean", "smudge"):
        git(home, "config", "--global", f"filter.lfs.{name}", str(home / name))


@pytest.mark.parametrize("is_configured", [True, False])
def test_files_of_lfs_stay_what_they_are(
    shop: Path, tmp_path: Path, opened: Open, git: Run, lfs: Path, is_configured: bool
) -> None:
    configured(lfs, git)
    (shop / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    for number in range(3):
        (shop / f"{number}.bin").write_bytes(b"content %d\n" % number * 100)
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "Large files")
    if not is_configured:
        git(lfs, "config", "--global", "--remove-section", "filter.lfs")
    git(tmp_path, "clone", "-q", str(shop), "x")
    root = tmp_path / "x"
    is_content = (root / "0.bin").read_bytes().startswith(b"content")
    changed = b"changed\n" * 100
    (root / "1.bin").write_bytes(changed)
    before = seen((root,), git)
    os.utime(root / "2.bin")  # the index does not say any more that it is unchanged
    branches = opened(root)
    branch = fork(branches)
    contents = [branches.read("try", f"{number}.bin") for number in range(3)]
    branches.write("try", [FileEdit("1.bin", b"edited\n"), FileEdit("2.bin", b"edited\n")])
    branches.merge(MergeRequest("try"))
    merged = [(root / f"{number}.bin").read_bytes() for number in range(3)]
    branches.undo()
    branches.drop("try")

    assert is_content == is_configured
    assert contents[1] == changed
    assert [content.startswith(b"version https://git-lfs") for content in contents] == [True, False, True]
    assert {change.path for change in branches.store.objects.changes(branches.store.objects.head().tree, branch.tree)} == {
        "1.bin"
    }
    assert merged == [(root / "0.bin").read_bytes(), b"edited\n", b"edited\n"]
    assert seen((root,), git) == before


def as_nobody(work: Callable[[], None]) -> int:
    """Run something in a copy of this process that has no rights; return its exit code."""

    def without_rights() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
        work()

    return in_child(without_rights)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike those of tests."""
    with tempfile.TemporaryDirectory(prefix="ramet-test-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


def test_a_git_folder_that_may_not_be_written_is_left_alone(
    shop: Path, open_folder: Path, git: Run, isolated_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, data = open_folder / "x", open_folder / "data"
    git(open_folder, "clone", "-q", str(shop), "x")
    (open_folder / "config").write_text(f"[safe]\n\tdirectory = {root}\n[user]\n\tname = N\n\temail = n@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(open_folder / "config"))
    monkeypatch.setenv("HOME", str(open_folder))
    (root / "untracked.txt").write_text("untracked\n")
    data.mkdir()
    for folder, names, files in os.walk(open_folder):
        for name in (*names, *files):
            if os.geteuid() == 0:
                os.chown(Path(folder, name), _NOBODY, _NOBODY, follow_symlinks=False)
    for path in [root / ".git", *(root / ".git").rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    git(root, "status")
    before = seen((root,), git)
    branches = Branches(locate(root), UserDirectories(data, data, data))

    def live() -> None:
        live_a_whole_life(branches, root, can_keep=False)
        fork(branches, "kept")
        branches.write("kept", [FileEdit("x", b"x")])
        with pytest.raises(GitError) as refused:
            branches.keep("kept")
        (open_folder / "said").write_text(str(refused.value))

    code = as_nobody(live)
    after = seen((root,), git)
    for path in [root / ".git", *(root / ".git").rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)

    assert code == 0
    assert "may not be written" in (open_folder / "said").read_text()
    assert branches.read("kept", "shop/cart.py") == (shop / "shop/cart.py").read_bytes()
    assert not (root / ".git/refs/ramet").exists()
    assert after == before


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[None]:
    """Mount a file system of a few bytes in memory, or skip the test where that is not allowed."""
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("is_data", [False, True])
def test_a_disk_that_is_full_in_the_middle_of_a_merge(
    shop: Path, tmp_path: Path, git: Run, directories: UserDirectories, is_data: bool
) -> None:
    """Either that of the working tree or that of the branches."""
    disk = tmp_path / "disk"
    with small_disk(disk, "2m"):
        root = tmp_path / "x" if is_data else disk / "x"
        git(tmp_path, "clone", "-q", str(shop), str(root))
        (root / "README.md").write_text("# Mine\n")
        data = UserDirectories(disk / "data", disk, disk) if is_data else directories
        branches = Branches(locate(root), data)
        fork(branches)
        branches.write("try", [FileEdit(f"new/{number}.txt", os.urandom(50_000)) for number in range(10)])
        branches.write("try", [FileEdit("web/app.ts", None), FileEdit("README.md", b"# Theirs\n")])
        before = seen((root,), git)
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        (disk / "filler").write_bytes(b"x" * (free - (20_000 if is_data else 250_000)))
        with pytest.raises(StoreError, match="disk is full"):
            branches.merge(MergeRequest("try", rest="theirs"))
        refused = seen((root,), git)
        (disk / "filler").unlink()
        merged = Branches(locate(root), data).merge(MergeRequest("try", rest="theirs"))
        Branches(locate(root), data).undo()
        after = seen((root,), git)

    assert refused == before
    assert len(merged.files) == 12
    assert after == before


def test_a_flood_of_untracked_files_is_left_out_by_name_and_stays(
    shop: Path, branches: Branches, git: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ramet.branches.snapshot._MOST_NEW_FILES", 30)
    (shop / "data").mkdir()
    for number in range(400):
        (shop / f"data/{number}").write_text(f"{number}\n")
    before = seen((shop,), git)
    made = branches.fork(ForkRequest(("other",)))
    live_a_whole_life(branches, shop)
    again = branches.fork(ForkRequest(("again",)))
    branches.write("other", [FileEdit("data/399", b"theirs\n")])
    result = branches.merge(MergeRequest("other"))

    assert made.skipped == again.skipped
    assert len(made.skipped) == 370
    assert [(conflict.path, conflict.kind) for conflict in result.conflicts] == [("data/399", "both-added")]
    assert seen((shop,), git) == before
