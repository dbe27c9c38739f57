"""Paths that are a folder at one time, a file or a link at another: recorded, merged and taken back as git would."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.branch_models import FileEdit, MergeRequest
from ramet.branches.branches import Branches
from ramet.branches.working import Needs
from tests.core.branches.conftest import Run, fork, git_state
from tests.fakes.plain_git import on_disk

Change = Callable[[Path], object]


def folder_to_outer_link(root: Path) -> None:
    """A folder outside of the tree has files of the same names, and more."""
    shutil.copytree(root / "web", root.parent / "outside")
    (root.parent / "outside/private.txt").write_text("not of this tree\n")
    shutil.rmtree(root / "web")
    (root / "web").symlink_to("../outside")


def folder_to_inner_link(root: Path) -> None:
    """The folder got another name and a link has the old one, so that the time stamps say that nothing changed."""
    (root / "web").rename(root / "new")
    (root / "web").symlink_to("new")


def folder_to_broken_link(root: Path) -> None:
    shutil.rmtree(root / "web")
    (root / "web").symlink_to("nowhere")


def folder_to_file(root: Path) -> None:
    shutil.rmtree(root / "web")
    (root / "web").write_text("a file\n")


def file_to_folder(root: Path) -> None:
    (root / "README.md").unlink()
    (root / "README.md/deep/er").mkdir(parents=True)
    (root / "README.md/deep/er/page.md").write_text("deep\n")


def file_to_empty_folder(root: Path) -> None:
    (root / "README.md").unlink()
    (root / "README.md").mkdir()


def file_to_link_and_program(root: Path) -> None:
    (root / "README.md").unlink()
    (root / "README.md").symlink_to("shop/cart.py")
    (root / "shop/cart.py").chmod(0o755)


def nested_folder_to_link(root: Path) -> None:
    """Below a link there is a folder of the same name again."""
    (root / "web/inner").mkdir()
    (root / "web/inner/new.ts").write_text("untracked\n")
    (root / "shop/web/inner").mkdir(parents=True)
    for name in ("app.ts", "inner/new.ts"):
        (root / "shop/web" / name).write_text("other\n")
    shutil.rmtree(root / "web")
    (root / "web").symlink_to("shop/web")


def folder_to_ignored_link(root: Path) -> None:
    (root / ".gitignore").write_text("/web\n")
    folder_to_inner_link(root)


CHANGES = [value for value in list(globals().values()) if getattr(value, "__module__", "") == __name__]
SOME = [folder_to_outer_link, folder_to_inner_link, folder_to_file, file_to_folder, nested_folder_to_link]


def copy_of(root: Path) -> Path:
    """Return a copy in a folder of its own."""
    folder = Path(tempfile.mkdtemp(dir=root.parent)) / root.name
    shutil.copytree(root, folder, symlinks=True)
    return folder


def recorded_by_git(root: Path, git: Run) -> str:
    """Return the tree that plain git makes of a copy of a working tree."""
    copy = copy_of(root)
    git(copy, "add", "-A")
    return git(copy, "write-tree").strip()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_fork_is_what_git_would_add_when_a_path_changes_its_kind(
    branches: Branches, shop: Path, git: Run, change: Change
) -> None:
    fork(branches, "before")
    change(shop)
    expected, before = recorded_by_git(shop, git), git_state(shop)

    assert fork(branches, "after").tree == expected
    assert fork(branches, "again").tree == expected
    assert git_state(shop) == before


@pytest.mark.parametrize("change", SOME, ids=lambda change: change.__name__)
def test_a_path_that_changed_its_kind_in_a_branch_comes_back_and_can_be_taken_back(
    branches: Branches, shop: Path, git: Run, change: Change
) -> None:
    fork(branches)
    place = branches.place("try", os.getpid(), Needs())
    change(Path(place.path))
    branches.finished("try", place.slot)
    (shop / "tests/test_cart.py").write_text("# mine\n")
    before = git_state(shop)
    change(copied := copy_of(shop))
    git(copied, "add", "-A")
    result = branches.merge(MergeRequest("try"))
    merged = recorded_by_git(shop, git)
    branches.undo()

    assert not result.conflicts
    assert merged == git(copied, "write-tree").strip()
    assert git_state(shop) == before


@pytest.mark.parametrize("change", SOME, ids=lambda change: change.__name__)
def test_a_branch_is_merged_into_a_tree_in_which_paths_changed_their_kind_since(
    branches: Branches, shop: Path, git: Run, change: Change
) -> None:
    fork(branches)
    branches.write("try", [FileEdit("tests/test_cart.py", b"# theirs\n"), FileEdit("added/new.py", b"NEW = 1\n")])
    change(shop)
    before, outside = git_state(shop), on_disk(shop.parent / "outside")
    result = branches.merge(MergeRequest("try"))
    differing = {file.path for file in branches.diff("try", "now").files}
    merged = (shop / "tests/test_cart.py").read_text(), (shop / "added/new.py").read_text()
    branches.undo()

    assert not result.conflicts
    assert merged == ("# theirs\n", "NEW = 1\n")
    assert not differing & {"tests/test_cart.py", "added/new.py"}
    assert (git_state(shop), on_disk(shop.parent / "outside")) == (before, outside)


@pytest.mark.parametrize("change", [folder_to_outer_link, folder_to_file, folder_to_inner_link], ids=lambda each: each.__name__)
def test_what_a_branch_adds_to_a_folder_that_is_none_any_more_is_a_conflict(
    branches: Branches, shop: Path, change: Change
) -> None:
    fork(branches)
    branches.write("try", [FileEdit("web/app.ts", b"theirs\n"), FileEdit("web/new.ts", b"theirs\n")])
    change(shop)
    before, outside = git_state(shop), on_disk(shop.parent / "outside")
    result = branches.merge(MergeRequest("try"))

    # The folder that got another name has the file, so that only the new one is in the way of the link.
    paths = {"web/new.ts"} if change is folder_to_inner_link else {"web/app.ts", "web/new.ts"}
    assert {conflict.path for conflict in result.conflicts} == paths
    assert not result.is_written
    assert (git_state(shop), on_disk(shop.parent / "outside")) == (before, outside)
