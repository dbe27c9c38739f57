"""What was done in a branch comes back into the working tree as it is now, and nothing of the user's is ever lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ramet.branch_models import ConflictChoice, FileEdit, HunkChoice, MergedFile, MergeRequest
from ramet.branches import disk
from ramet.branches.branches import Branches
from ramet.errors import BranchConflict, StoreFull, UsageError
from tests.core.branches.conftest import Open, Run, fork, git_state

LINES = [f"line {number}\n" for number in range(1, 41)]


def changed(**lines: str) -> bytes:
    """Return the forty lines with some replaced: `changed(l3="new")`."""
    result = list(LINES)
    for key, text in lines.items():
        result[int(key[1:]) - 1] = f"{text}\n"
    return "".join(result).encode()


@pytest.fixture
def text(shop: Path, git: Run) -> Path:
    """A file of forty lines in the shop."""
    path = shop / "text.txt"
    path.write_bytes(changed())
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "Text")
    return path


def test_a_merge_meets_the_working_tree_as_it_is_now(branches: Branches, shop: Path, text: Path, git: Run) -> None:
    fork(branches)
    branches.write(
        "try",
        [
            FileEdit("text.txt", changed(l5="theirs")),
            FileEdit("new/deep/file.py", b"NEW = 1\n"),
            FileEdit("run.sh", b"#!/bin/sh\n", is_executable=True),
            FileEdit("web/app.ts", None),
            FileEdit("shop/payment.py", branches.read("try", "shop/payment.py"), is_executable=True),
        ],
    )
    text.write_bytes(changed(l30="mine"))
    (shop / "README.md").write_text("edited meanwhile\n")
    git(shop, "add", "README.md")
    before = {path: mark for path, mark in git_state(shop).items() if path.startswith(".git/")}
    result = branches.merge(MergeRequest("try"))
    after = git_state(shop)

    assert (result.is_written, result.conflicts, result.notes) == (True, (), ())
    assert set(result.files) == {
        MergedFile("text.txt", "changed"),
        MergedFile("new/deep/file.py", "added"),
        MergedFile("run.sh", "added"),
        MergedFile("web/app.ts", "deleted"),
        MergedFile("shop/payment.py", "changed"),
    }
    assert text.read_bytes() == changed(l5="theirs", l30="mine")
    assert (shop / "new/deep/file.py").read_text() == "NEW = 1\n"
    assert (shop / "run.sh").stat().st_mode & 0o111
    assert (shop / "shop/payment.py").stat().st_mode & 0o100
    assert not (shop / "web").exists()
    assert {path: mark for path, mark in after.items() if path.startswith(".git/")} == before
    assert not [path for path in after if ".ramet-" in path]
    assert branches.get("try").stat.files == 0
    assert branches.merge(MergeRequest("try")).files == ()


def test_a_merge_is_undone_to_the_byte_and_not_over_later_work(branches: Branches, shop: Path, text: Path) -> None:
    fork(branches)
    branches.write("try", [FileEdit("text.txt", changed(l5="theirs")), FileEdit("web/app.ts", None), FileEdit("n/x", b"x")])
    before = git_state(shop)
    branches.merge(MergeRequest("try"))
    text.write_bytes(changed(l5="theirs, and mine"))
    with pytest.raises(BranchConflict, match=r"text\.txt was changed in the same place"):
        branches.undo()
    text.write_bytes(changed(l5="theirs", l30="elsewhere"))
    undone = branches.undo()
    kept = text.read_bytes()
    text.write_bytes(changed())

    assert kept == changed(l30="elsewhere")
    assert git_state(shop) == before
    assert (undone.kind, undone.branch, len(undone.files)) == ("merge", "try", 3)
    assert branches.get("try").stat.files == 3
    assert branches.merge(MergeRequest("try")).is_written
    branches.undo()
    with pytest.raises(UsageError, match="no merge"):
        branches.undo()


def test_only_some_files_or_hunks_are_merged_and_the_rest_stays_in_the_branch(branches: Branches, shop: Path, text: Path) -> None:
    fork(branches)
    branches.write(
        "try", [FileEdit("text.txt", changed(l3="one", l20="two", l38="three")), FileEdit("a/x", b"x"), FileEdit("a/y", b"y")]
    )
    some = branches.merge(MergeRequest("try", hunks=(HunkChoice("text.txt", (1, 3)),)))
    after_hunks = text.read_bytes()
    left = branches.diff("try")
    folder = branches.merge(MergeRequest("try", paths=("a",)))
    rest = branches.merge(MergeRequest("try"))

    assert some.files == (MergedFile("text.txt", "changed"),)
    assert after_hunks == changed(l3="one", l38="three")
    assert {file.path: len(file.hunks) for file in left.files} == {"text.txt": 1, "a/x": 1, "a/y": 1}
    assert {file.path for file in folder.files} == {"a/x", "a/y"}
    assert rest.files == (MergedFile("text.txt", "changed"),)
    assert text.read_bytes() == changed(l3="one", l20="two", l38="three")
    for request in (MergeRequest("try", paths=("nowhere",)), MergeRequest("try", hunks=(HunkChoice("text.txt", (9,)),))):
        with pytest.raises(UsageError):
            branches.merge(request)


def test_a_conflict_has_three_versions_and_writes_nothing_until_somebody_chooses(
    branches: Branches, shop: Path, text: Path
) -> None:
    fork(branches)
    branches.write("try", [FileEdit("text.txt", changed(l5="theirs", l20="clean", l35="theirs too")), FileEdit("other", b"x")])
    text.write_bytes(changed(l5="mine", l35="mine too"))
    before = git_state(shop)
    open_ = branches.merge(MergeRequest("try"))
    untouched = git_state(shop)
    half = branches.merge(MergeRequest("try", choices=(ConflictChoice("text.txt", "theirs", 1),)))
    trial = branches.merge(MergeRequest("try", rest="theirs", is_trial=True))
    assert git_state(shop) == before
    done = branches.merge(MergeRequest("try", choices=(ConflictChoice("text.txt", "theirs", 1),), rest="mine"))

    (conflict,) = open_.conflicts
    assert untouched == before
    assert (open_.is_written, half.is_written, trial.is_written, done.is_written) == (False, False, False, True)
    assert conflict.kind == "content"
    assert conflict.base is not None
    assert conflict.base.text == changed().decode()
    assert [(region.start_line, region.mine, region.base, region.theirs) for region in conflict.regions] == [
        (5, "mine\n", "line 5\n", "theirs\n"),
        (35, "mine too\n", "line 35\n", "theirs too\n"),
    ]
    assert text.read_bytes() == changed(l5="theirs", l20="clean", l35="mine too")
    assert (shop / "other").read_text() == "x"


def test_conflicts_may_be_left_or_written_with_marks(branches: Branches, shop: Path, text: Path) -> None:
    fork(branches)
    branches.write("try", [FileEdit("text.txt", changed(l5="theirs")), FileEdit("other", b"x")])
    text.write_bytes(changed(l5="mine"))
    left = branches.merge(MergeRequest("try", leave_conflicts=True))
    still = branches.diff("try")
    marked = branches.merge(MergeRequest("try", rest="markers"))

    assert (left.is_written, [conflict.path for conflict in left.conflicts]) == (True, ["text.txt"])
    assert [file.path for file in still.files] == ["text.txt"]
    assert marked.is_written
    assert b"<<<<<<< working tree\nmine\n||||||| fork\nline 5\n=======\ntheirs\n>>>>>>> try\n" in text.read_bytes()


def test_files_that_one_side_deletes_renames_or_adds(branches: Branches, shop: Path, text: Path) -> None:
    (shop / "kept.txt").write_bytes(changed(l1="kept"))
    (shop / "gone.txt").write_bytes(changed(l1="gone"))
    (shop / "moved.txt").write_bytes(changed(l1="moved"))
    fork(branches)
    branches.write(
        "try",
        [
            FileEdit("text.txt", changed(l5="theirs")),  # renamed here
            FileEdit("kept.txt", None),  # changed here
            FileEdit("gone.txt", changed(l1="gone", l9="theirs")),  # deleted here
            FileEdit("moved.txt", None),  # renamed there, changed here
            FileEdit("moved-there.txt", changed(l1="moved")),
            FileEdit("both.txt", b"theirs\n"),
            FileEdit("same.txt", b"same\n"),
            FileEdit("bin", b"\0theirs"),
        ],
    )
    text.rename(shop / "renamed.txt")
    (shop / "kept.txt").write_bytes(changed(l1="kept", l7="mine"))
    (shop / "gone.txt").unlink()
    (shop / "moved.txt").write_bytes(changed(l1="moved", l30="mine"))
    (shop / "both.txt").write_text("mine\n")
    (shop / "same.txt").write_text("same\n")
    (shop / "bin").write_bytes(b"\0mine")
    result = branches.merge(MergeRequest("try", leave_conflicts=True))
    kinds = {conflict.path: conflict.kind for conflict in result.conflicts}
    settled = branches.merge(MergeRequest("try", rest="theirs"))

    assert kinds == {
        "kept.txt": "changed-and-deleted",
        "gone.txt": "deleted-and-changed",
        "both.txt": "both-added",
        "bin": "binary",
    }
    assert (shop / "renamed.txt").read_bytes() == changed(l5="theirs")
    assert not text.exists()
    assert (shop / "moved-there.txt").read_bytes() == changed(l1="moved", l30="mine")
    assert not (shop / "moved.txt").exists()
    assert settled.is_written
    assert not (shop / "kept.txt").exists()
    assert (shop / "gone.txt").read_bytes() == changed(l1="gone", l9="theirs")
    assert (shop / "both.txt").read_text() == "theirs\n"
    assert (shop / "bin").read_bytes() == b"\0theirs"


def test_files_become_folders_and_folders_files(branches: Branches, shop: Path) -> None:
    (shop / "a").write_text("file\n")
    (shop / "b").mkdir()
    (shop / "b/x").write_text("x\n")
    (shop / "b/y").write_text("y\n")
    fork(branches)
    branches.write(
        "try",
        [
            FileEdit("a", None),
            FileEdit("a/x/y", b"deep\n"),
            FileEdit("b/x", None),
            FileEdit("b/y", None),
        ],
    )
    branches.write("try", [FileEdit("b", b"file\n")])
    before = git_state(shop)
    result = branches.merge(MergeRequest("try"))
    merged = (shop / "a/x/y").read_text(), (shop / "b").read_text()
    branches.undo()

    assert result.conflicts == ()
    assert merged == ("deep\n", "file\n")
    assert git_state(shop) == before


def test_what_is_ignored_but_stands_in_the_way_is_a_conflict(branches: Branches, shop: Path) -> None:
    fork(branches)
    branches.write("try", [FileEdit("build/out", b"theirs\n"), FileEdit("x.log/y", b"theirs\n")])
    (shop / "build").mkdir()
    (shop / "build/out").write_text("mine, and ignored\n")
    (shop / "x.log").write_text("mine as well\n")
    result = branches.merge(MergeRequest("try"))

    assert {conflict.path: conflict.kind for conflict in result.conflicts} == {"build/out": "both-added", "x.log/y": "place"}
    assert (shop / "build/out").read_text() == "mine, and ignored\n"


def test_links_are_merged_as_links_and_never_followed(branches: Branches, shop: Path, tmp_path: Path, git: Run) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("theirs must not come here\n")
    (shop / "folder").mkdir()
    (shop / "folder/file").write_text("inside\n")
    (shop / "link").symlink_to("one")
    fork(branches)
    branches.write("try", [FileEdit("folder/file", b"changed\n"), FileEdit("link", None), FileEdit("folder/new", b"new\n")])
    (shop / "folder/file").unlink()
    (shop / "folder").rmdir()
    (shop / "folder").symlink_to(outside)
    result = branches.merge(MergeRequest("try", rest="theirs"))
    with pytest.raises(UsageError, match="cannot be written"):
        branches.merge(MergeRequest("try", choices=(ConflictChoice("folder/new", "theirs"),)))

    assert {path.name: path.read_text() for path in outside.iterdir()} == {"file": "theirs must not come here\n"}
    assert (shop / "link").is_symlink()
    assert not result.is_written
    assert {(conflict.path, conflict.kind) for conflict in result.conflicts} == {
        ("folder/file", "place"),
        ("folder/new", "place"),
    }


def test_line_ends_stay_as_they_are_on_the_disk(branches: Branches, shop: Path, git: Run) -> None:
    (shop / ".gitattributes").write_text("*.txt text eol=crlf\n")
    text = shop / "dos.txt"
    text.write_bytes(changed().replace(b"\n", b"\r\n"))
    mixed = shop / "mixed.txt"
    mixed.write_bytes(b"one\r\ntwo\nthree\r\n")
    fork(branches)
    branches.write("try", [FileEdit("dos.txt", changed(l5="theirs")), FileEdit("mixed.txt", b"one\ntwo\nfour\n")])
    branches.merge(MergeRequest("try"))
    merged = text.read_bytes(), mixed.read_bytes()
    branches.undo()

    assert merged == (changed(l5="theirs").replace(b"\n", b"\r\n"), b"one\r\ntwo\r\nfour\r\n")
    assert text.read_bytes() == changed().replace(b"\n", b"\r\n")
    assert mixed.read_bytes() == b"one\r\ntwo\nthree\r\n"


def test_a_plain_folder_is_merged_into_as_well(tmp_path: Path, opened: Open) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "a.txt").write_text("one\n")
    branches = opened(folder)
    fork(branches)
    branches.write("try", [FileEdit("a.txt", b"two\n")])
    result = branches.merge(MergeRequest("try"))

    assert result.is_written
    assert (folder / "a.txt").read_text() == "two\n"
    assert [path.name for path in folder.iterdir()] == ["a.txt"]


def test_a_full_disk_in_the_middle_of_a_merge_leaves_everything_as_it_was(
    branches: Branches, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork(branches)
    branches.write("try", [FileEdit(f"new/{number}.txt", b"x") for number in range(4)] + [FileEdit("web/app.ts", None)])
    before = git_state(shop)
    write, left = disk.write_new, 2

    def full(root: Path, path: str, mode: int, content: bytes, like: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            (root / path).write_bytes(b"")  # what a full disk leaves of a file
            raise OSError(errno.ENOSPC, "No space left on device")
        write(root, path, mode, content, like)

    monkeypatch.setattr(disk, "write_new", full)
    with pytest.raises(StoreFull, match="disk is full"):
        branches.merge(MergeRequest("try"))
    monkeypatch.undo()

    assert git_state(shop) == before
    assert branches.merge(MergeRequest("try")).is_written


def test_a_name_that_changes_only_its_case_is_merged(branches: Branches, shop: Path) -> None:
    fork(branches)
    branches.write("try", [FileEdit("README.md", None), FileEdit("readme.md", branches.read("try", "README.md"))])
    branches.merge(MergeRequest("try"))

    assert {path.name for path in shop.iterdir() if path.name.lower() == "readme.md"} == {"readme.md"}


@contextmanager
def ignoring_case(root: Path, path: str) -> Iterator[tuple[int, bytes]]:
    """Open the folder above a path as a file system does that does not tell upper from lower case."""
    with TELLING_CASE(root, path) as (folder, name):
        names = [os.fsencode(each) for each in os.listdir(folder)]  # noqa: PTH208  # of a descriptor
        yield folder, next((each for each in names if each.lower() == name.lower()), name)


TELLING_CASE = disk._parent


def test_names_that_differ_only_in_their_case_lose_no_file_where_they_are_one(
    branches: Branches, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stands in for macOS and Windows: no file system of this kind can be mounted everywhere."""
    monkeypatch.setattr(disk, "_parent", ignoring_case)
    fork(branches)
    edits = [FileEdit("README.md", None), FileEdit("readme.md", b"# Theirs\n"), FileEdit("shop/Cart.py", b"THEIRS = 1\n")]
    edits += [FileEdit("web/app.ts", None), FileEdit("web/App.ts", branches.read("try", "web/app.ts"))]
    branches.write("try", edits)
    before = git_state(shop)
    trial = branches.merge(MergeRequest("try", rest="theirs"))
    refused = git_state(shop)
    merged = branches.merge(MergeRequest("try", leave_conflicts=True))
    readme = (shop / "README.md").read_text()
    names = {path.name for path in shop.iterdir()}
    branches.undo()

    assert [(conflict.path, conflict.kind) for conflict in trial.conflicts] == [("shop/Cart.py", "place")]
    assert refused == before
    assert merged.files == (MergedFile("README.md", "changed"),)
    assert (readme, "readme.md" in names) == ("# Theirs\n", False)
    assert git_state(shop) == before
