"""Scans of real folders; git itself is the oracle for what is in them."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ramet.config import IndexLimits
from ramet.git.repository import locate
from ramet.git.runner import Git
from ramet.git.status import IndexEntry, Status, read_index, read_status
from ramet.index.merkle import MerkleTree, blob_oid
from ramet.index.scan import Scan, WorkingTree
from ramet.models import FileChange, GitHead
from ramet.paths import path_to_text

Run = Callable[..., str]
ODD_NAMES = [
    b"sp ace.py",
    b"line\nbreak.py",
    b"caf\xe9.py",
    b"tab\t.py",
    b'quo"te.py',
    b"-dash",
    b"a",
    b"a.b",
    b"\xf0\x9f\x90\x8d.py",
]


@pytest.fixture
def working_tree(tmp_path: Path) -> Callable[[Path], WorkingTree]:
    """Open a folder as a working tree."""

    def open_folder(folder: Path) -> WorkingTree:
        return WorkingTree(locate(folder), IndexLimits(), tmp_path / "private")

    return open_folder


Open = Callable[[Path], WorkingTree]


def written_by_git(root: Path, git: Run) -> str:
    """Return the id of the tree that git would record of the folder, made in a copy of the index."""
    index = root.parent / "oracle-index"
    if (root / ".git" / "index").exists():
        index.write_bytes((root / ".git" / "index").read_bytes())
    environment = {**os.environ, "GIT_INDEX_FILE": str(index)}
    for command in (["add", "-A"], ["write-tree"]):
        done = subprocess.run(["git", *command], cwd=root, env=environment, check=True, capture_output=True)
    return done.stdout.decode().strip()


def bytes_below(folder: Path) -> dict[str, tuple[str, int]]:
    """Return content hash and time of change of every file."""
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def skips(scan: Scan) -> dict[str, str]:
    return {file.path: file.reason for file in scan.skipped}


def states(scan: Scan) -> dict[str, str]:
    return {change.path: change.state for change in scan.changes}


def test_a_clean_tree_is_the_commit_s_tree(shop: Path, git: Run, working_tree: Open) -> None:
    scan = working_tree(shop).scan()

    assert scan.tree.root == git(shop, "rev-parse", "HEAD^{tree}").strip()
    assert scan.changes == ()
    assert scan.skipped == ()
    assert scan.head == GitHead("main", git(shop, "rev-parse", "HEAD").strip())


def test_every_kind_of_change_is_in_the_tree(shop: Path, git: Run, working_tree: Open) -> None:
    tree = working_tree(shop)
    tree.scan()
    (shop / "shop" / "cart.py").write_text("modified\n")
    (shop / "shop" / "payment.py").unlink()
    (shop / "staged.py").write_text("staged\n")
    git(shop, "add", "staged.py")
    (shop / "staged.py").write_text("staged and then modified\n")
    (shop / "untracked.py").write_text("untracked\n")
    (shop / "README.md").chmod(0o755)
    (shop / "web" / "app.ts").unlink()
    (shop / "web" / "app.ts").symlink_to("../README.md")
    (shop / "noise.log").write_text("ignored\n")
    git(shop, "rm", "-q", "--cached", "tests/test_cart.py")
    scan = tree.scan()

    assert scan.tree.root == written_by_git(shop, git)
    assert states(scan) == {
        "README.md": "modified",
        "shop/cart.py": "modified",
        "shop/payment.py": "deleted",
        "staged.py": "added",
        "tests/test_cart.py": "modified",
        "untracked.py": "untracked",
        "web/app.ts": "modified",
    }


def test_undoing_changes_leads_back_to_the_first_tree(shop: Path, git: Run, working_tree: Open) -> None:
    tree = working_tree(shop)
    clean = tree.scan().tree
    (shop / "shop" / "cart.py").write_text("modified\n")
    (shop / "shop" / "new").mkdir()
    (shop / "shop" / "new" / "file.py").write_text("x\n")
    (shop / "README.md").unlink()
    dirty = tree.scan().tree
    git(shop, "checkout", "-q", ".")
    (shop / "shop" / "new" / "file.py").unlink()

    assert dirty.root != clean.root
    assert tree.scan().tree.root == clean.root


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_edits_give_git_s_own_tree(tmp_path_factory: pytest.TempPathFactory, git: Run, data: st.DataObject) -> None:
    """One long-lived working tree sees files come, change, turn into folders and go, partly staged."""
    root = tmp_path_factory.mktemp("random") / "root"
    root.mkdir()
    git(root, "init", "-q")
    tree = WorkingTree(locate(root), IndexLimits(), root.parent / "private")
    path = st.lists(st.sampled_from(ODD_NAMES), min_size=1, max_size=2).map(lambda parts: os.fsdecode(b"/".join(parts)))
    for _ in range(data.draw(st.integers(1, 4))):
        for name in data.draw(st.lists(path, min_size=1, max_size=4)):
            _replace(
                root / name,
                root,
                data.draw(st.sampled_from(["text", "program", "link", "nothing"])),
                data.draw(st.binary(max_size=4)),
            )
        if data.draw(st.booleans()):
            git(root, "add", "-A")
        if data.draw(st.booleans()):
            git(root, "commit", "-q", "--allow-empty", "-m", "Step")

        assert tree.scan().tree.root == written_by_git(root, git)


def _replace(file: Path, root: Path, kind: str, content: bytes) -> None:
    """Put something in the place of a path, whatever is there or in its way."""
    for place in (file.parent, file):
        if place != root and (place.is_symlink() or place.is_file()):
            place.unlink()
    if file.is_dir():
        subprocess.run(["rm", "-rf", "--", str(file)], check=True)
    file.parent.mkdir(exist_ok=True)
    if kind == "link":
        file.symlink_to(os.fsdecode(content.replace(b"\0", b"_").replace(b"/", b"_") or b"x"))
    elif kind != "nothing":
        file.write_bytes(content)
        file.chmod(0o755 if kind == "program" else 0o644)


def test_names_of_any_bytes_survive(shop: Path, git: Run, working_tree: Open) -> None:
    for name in ODD_NAMES:
        (shop / os.fsdecode(name)).write_bytes(name)
    untracked = working_tree(shop).scan()
    git(shop, "add", "-A")
    tracked = working_tree(shop).scan()

    assert {path_to_text(name) for name in ODD_NAMES} <= set(untracked.tree.files)
    assert untracked.tree.root == tracked.tree.root == git(shop, "write-tree").strip()


def test_links_are_entries_and_never_followed(shop: Path, git: Run, working_tree: Open, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (shop / "loop").symlink_to("loop")
    (shop / "out").symlink_to("../secret")
    (shop / "alias").symlink_to("shop")
    scan = working_tree(shop).scan()

    assert scan.tree.files["out"].mode == 0o120000
    assert scan.tree.files["out"].oid == blob_oid(b"../secret")
    assert "alias/cart.py" not in scan.tree.files
    assert scan.tree.root == written_by_git(shop, git)


def test_the_git_directory_is_left_byte_for_byte(shop: Path, working_tree: Open) -> None:
    """Touched files would make plain `git status` rewrite the index."""
    for file in (shop / "shop").iterdir():
        os.utime(file, (1, 1))
    (shop / "untracked.py").touch()
    before = bytes_below(shop)
    tree = working_tree(shop)
    tree.scan()
    tree.scan()

    assert bytes_below(shop) == before


def test_a_repository_without_commits(tmp_path: Path, git: Run, working_tree: Open) -> None:
    (tmp_path / "new").mkdir()
    git(tmp_path / "new", "init", "-q")
    tree = working_tree(tmp_path / "new")
    empty = tree.scan()
    (tmp_path / "new" / "first.py").write_text("x\n")

    assert (empty.tree.root, empty.head, empty.changes) == (MerkleTree().root, GitHead("main", ""), ())
    assert tree.scan().changes == (FileChange("first.py", "untracked"),)
    git(tmp_path / "new", "add", "-A")
    assert tree.scan().changes == (FileChange("first.py", "added"),)


def test_sha256_repositories(tmp_path: Path, git: Run, working_tree: Open) -> None:
    (tmp_path / "new").mkdir()
    git(tmp_path / "new", "init", "-q", "--object-format=sha256")
    (tmp_path / "new" / "a").write_text("x\n")
    git(tmp_path / "new", "add", "-A")
    (tmp_path / "new" / "b").write_text("y\n")

    assert working_tree(tmp_path / "new").scan().tree.root == written_by_git(tmp_path / "new", git)


def test_a_conflict_is_in_the_tree_as_it_stands_in_the_file(shop: Path, git: Run, working_tree: Open) -> None:
    git(shop, "checkout", "-q", "-b", "other")
    (shop / "README.md").write_text("theirs\n")
    git(shop, "rm", "-q", "web/app.ts")
    git(shop, "commit", "-qam", "Theirs")
    git(shop, "checkout", "-q", "main")
    (shop / "README.md").write_text("ours\n")
    (shop / "web" / "app.ts").write_text("ours\n")
    git(shop, "commit", "-qam", "Ours")
    subprocess.run(["git", "merge", "-q", "other"], cwd=shop, check=False, capture_output=True)
    scan = working_tree(shop).scan()

    assert states(scan) == {"README.md": "conflict", "web/app.ts": "conflict"}
    assert scan.tree.root == written_by_git(shop, git)


def test_a_submodule_is_kept_as_its_commit_and_reported(shop: Path, tmp_path: Path, git: Run, working_tree: Open) -> None:
    (tmp_path / "inner").mkdir()
    git(tmp_path / "inner", "init", "-q")
    git(tmp_path / "inner", "commit", "-q", "--allow-empty", "-m", "Inner")
    git(shop, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(tmp_path / "inner"), "vendored")
    git(shop, "commit", "-qm", "Vendor")
    (shop / "vendored" / "dirty.py").touch()
    scan = working_tree(shop).scan()

    assert skips(scan) == {"vendored": "submodule"}
    assert scan.tree.files["vendored"].mode == 0o160000
    assert scan.tree.root == git(shop, "rev-parse", "HEAD^{tree}").strip()


def test_a_nested_repository_is_reported(shop: Path, git: Run, working_tree: Open) -> None:
    (shop / "nested").mkdir()
    git(shop / "nested", "init", "-q")
    (shop / "nested" / "file.py").touch()
    git(shop / "nested", "add", "-A")
    git(shop / "nested", "commit", "-qm", "Nested")
    scan = working_tree(shop).scan()

    assert skips(scan) == {"nested": "nested-repository"}
    assert not [path for path in scan.tree.files if path.startswith("nested")]
    assert scan.changes == ()


def test_files_that_git_does_not_look_at_are_looked_at(shop: Path, git: Run, working_tree: Open) -> None:
    git(shop, "update-index", "--assume-unchanged", "shop/cart.py", "README.md")
    git(shop, "update-index", "--skip-worktree", "shop/payment.py", "web/app.ts")
    tree = working_tree(shop)
    assert tree.scan().changes == ()
    (shop / "shop" / "cart.py").write_text("modified\n")
    (shop / "shop" / "payment.py").write_text("modified\n")
    (shop / "README.md").unlink()
    (shop / "web" / "app.ts").unlink()
    scan = tree.scan()

    assert states(scan) == {"README.md": "deleted", "shop/cart.py": "modified", "shop/payment.py": "modified"}
    assert scan.tree.files["shop/cart.py"].oid == blob_oid(b"modified\n")
    assert "web/app.ts" not in scan.tree.files


def test_a_sparse_checkout_has_only_what_is_on_the_disk(shop: Path, git: Run, working_tree: Open) -> None:
    git(shop, "sparse-checkout", "set", "--cone", "--sparse-index", "shop")
    scan = working_tree(shop).scan()

    assert set(scan.tree.files) == {".gitignore", "README.md", "shop/__init__.py", "shop/cart.py", "shop/payment.py"}
    assert scan.changes == ()


def test_only_changed_files_are_hashed_and_only_once(shop: Path, working_tree: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / "old.py").write_text("old\n")
    os.utime(shop / "old.py", (1_000_000_000, 1_000_000_000))
    (shop / "young.py").write_text("young\n")
    opened = opened_files(monkeypatch)
    # The time of change cannot be set, so the clock is moved instead.
    monkeypatch.setattr("ramet.index.hashing.time.time_ns", lambda: (shop / "old.py").stat().st_ctime_ns + 3_600 * 10**9)
    tree = working_tree(shop)
    first = tree.scan()
    assert sorted(opened) == [b"old.py", b"young.py"]
    opened.clear()

    assert tree.scan().tree is first.tree
    assert opened == []
    (shop / "young.py").write_text("older\n")
    assert tree.scan().tree is not first.tree
    assert opened == [b"young.py"]


def test_a_file_too_young_to_trust_its_time_is_hashed_again(
    shop: Path, working_tree: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / "young.py").write_text("young\n")
    opened = opened_files(monkeypatch)
    monkeypatch.setattr("ramet.index.hashing.time.time_ns", lambda: (shop / "young.py").stat().st_ctime_ns)
    tree = working_tree(shop)
    tree.scan()
    tree.scan()

    assert opened == [b"young.py", b"young.py"]


def opened_files(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Record which files are opened to be read."""
    opened: list[bytes] = []
    real_open = os.open

    def recording(path: str | bytes | os.PathLike[str], flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if isinstance(path, bytes) and not flags & os.O_DIRECTORY:
            opened.append(path)
        return real_open(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", recording)
    return opened


def test_the_index_is_listed_again_only_when_it_changed(
    shop: Path, git: Run, working_tree: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    listings: list[Git] = []

    def recording(runner: Git) -> list[IndexEntry]:
        listings.append(runner)
        return read_index(runner)

    monkeypatch.setattr("ramet.index.scan.read_index", recording)
    tree = working_tree(shop)
    tree.scan()
    tree.scan()
    assert len(listings) == 1
    (shop / "new.py").touch()
    git(shop, "add", "new.py")

    assert "new.py" in tree.scan().tree.files
    assert len(listings) == 2


def test_huge_files_are_reported_and_not_hashed(shop: Path, working_tree: Open) -> None:
    with (shop / "dump.sql").open("wb") as file:
        file.truncate(200_000_000)
    scan = working_tree(shop).scan()

    assert skips(scan) == {"dump.sql": "huge"}
    assert "dump.sql" not in scan.tree.files
    assert states(scan) == {"dump.sql": "untracked"}


def test_an_unreadable_file_is_reported(shop: Path, working_tree: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / "private.py").write_text("x\n")
    real_open = os.open

    def refusing(path: str | bytes | os.PathLike[str], flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == b"private.py":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real_open(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)
    scan = working_tree(shop).scan()

    assert [(file.path, file.reason, file.detail) for file in scan.skipped] == [("private.py", "unreadable", "Permission denied")]
    assert "shop/cart.py" in scan.tree.files


def test_a_file_deleted_after_git_named_it_is_left_out(shop: Path, working_tree: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def then_delete(runner: Git) -> Status:
        status = read_status(runner)
        (shop / "fleeting.py").unlink(missing_ok=True)
        return status

    monkeypatch.setattr("ramet.index.scan.read_status", then_delete)
    (shop / "fleeting.py").write_text("x\n")
    scan = working_tree(shop).scan()

    assert "fleeting.py" not in scan.tree.files
    assert scan.skipped == ()


def test_a_tracked_file_replaced_by_a_pipe_is_reported(shop: Path, working_tree: Open) -> None:
    (shop / "README.md").unlink()
    os.mkfifo(shop / "README.md")
    scan = working_tree(shop).scan()

    assert "README.md" not in scan.tree.files
    assert skips(scan) == {"README.md": "special"}


def test_a_folder_that_may_not_be_read_is_reported(
    shop: Path, tmp_path: Path, working_tree: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The warning is git's own; it is put in by a wrapper, because a test that runs as root may read everything."""
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    warning = "warning: could not open directory 'web/locked/': Permission denied"
    wrapper.write_text(f"""#!/bin/sh\necho "{warning}" >&2\nexec {shutil.which("git")} "$@"\n""")
    wrapper.chmod(0o755)
    (tmp_path / "plain").mkdir()
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")

    assert skips(working_tree(shop).scan()) == {"web/locked": "unreadable"}
    assert skips(working_tree(tmp_path / "plain").scan()) == {"web/locked": "unreadable"}


def test_a_linked_worktree_is_scanned_by_its_own_index(shop: Path, tmp_path: Path, git: Run, working_tree: Open) -> None:
    git(shop, "worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    (tmp_path / "linked" / "README.md").write_text("side\n")
    git(tmp_path / "linked", "commit", "-qam", "Side")
    scan = working_tree(tmp_path / "linked").scan()

    assert scan.tree.root == git(shop, "rev-parse", "side^{tree}").strip()
    assert scan.head == GitHead("side", git(shop, "rev-parse", "side").strip())


def test_a_plain_folder_has_the_tree_that_git_would_give_it(tmp_path: Path, git: Run, working_tree: Open) -> None:
    plain = tmp_path / "plain"
    for name in ["keep.py", "drop.log", "sub/keep.log", "sub/drop.tmp", "build/out.o", "sub/deep/caf\udce9 \n.py"]:
        (plain / name).parent.mkdir(parents=True, exist_ok=True)
        (plain / name).write_text(name, errors="surrogateescape")
    (plain / ".gitignore").write_text("*.log\nbuild/\n")
    (plain / "sub" / ".gitignore").write_text("!keep.log\n*.tmp\n")
    (plain / "loop").symlink_to("loop")
    before = bytes_below(plain)
    tree = working_tree(plain)
    first = tree.scan()

    assert set(first.tree.files) == {
        ".gitignore", "keep.py", "loop", "sub/.gitignore", "sub/keep.log", "sub/deep/" + path_to_text(b"caf\xe9 \n.py"),
    }  # fmt: skip
    assert (first.head, first.changes) == (None, ())
    assert tree.scan().tree is first.tree or tree.scan().tree.root == first.tree.root
    assert bytes_below(plain) == before
    (plain / "sub" / "keep.log").unlink()
    (plain / "keep.py").write_text("changed")
    second = tree.scan()
    assert second.tree.changes_since(first.tree).removed == ("sub/keep.log",)
    assert second.tree.changes_since(first.tree).modified == ("keep.py",)
    git(plain, "init", "-q")
    assert second.tree.root == written_by_git(plain, git)


def test_an_empty_folder_is_an_empty_tree(tmp_path: Path, working_tree: Open) -> None:
    (tmp_path / "empty").mkdir()
    scan = working_tree(tmp_path / "empty").scan()

    assert (scan.tree.root, dict(scan.tree.files), scan.skipped) == (MerkleTree().root, {}, ())


def test_repositories_in_a_plain_folder_are_reported(tmp_path: Path, git: Run, working_tree: Open) -> None:
    (tmp_path / "projects" / "one").mkdir(parents=True)
    git(tmp_path / "projects" / "one", "init", "-q")
    (tmp_path / "projects" / "one" / "a.py").touch()
    (tmp_path / "projects" / "note.txt").touch()
    scan = working_tree(tmp_path / "projects").scan()

    assert set(scan.tree.files) == {"note.txt"}
    assert skips(scan) == {"one": "nested-repository"}


def test_an_ignored_folder_opened_by_itself_is_scanned_by_its_own_rules(shop: Path, working_tree: Open) -> None:
    (shop / "build").mkdir()
    (shop / "build" / "out.log").write_text("x\n")
    scan = working_tree(shop / "build").scan()

    assert set(scan.tree.files) == {"out.log"}


def test_the_user_s_global_ignore_rules_hold_in_plain_folders_too(
    tmp_path: Path, isolated_environment: Path, working_tree: Open
) -> None:
    (isolated_environment / ".config" / "git").mkdir(parents=True)
    (isolated_environment / ".config" / "git" / "ignore").write_text("*.swp\n")
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "a.swp").touch()
    (tmp_path / "plain" / "a.py").touch()

    assert set(working_tree(tmp_path / "plain").scan().tree.files) == {"a.py"}
