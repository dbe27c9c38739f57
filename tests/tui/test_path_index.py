"""The file tree as data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ramet.models import FileChange
from ramet_tui.path_index import Entry, PathIndex, UnreadableFolder, folder_states, read_folder


def test_folders_come_first_then_names_without_case() -> None:
    index = PathIndex(["b.py", "A.py", "z/x.py", "c/d/e.py"])

    assert [entry.path for entry in index.entries("")] == ["c", "z", "A.py", "b.py"]
    assert index.entries("c") == [Entry("c/d", "folder")]
    assert index.entries("c/d") == [Entry("c/d/e.py", "file")]
    assert index.entries("nowhere") == []


def test_the_disk_is_listed_without_git_and_without_following_links(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "readme.md").write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path)

    assert read_folder(tmp_path, "") == [Entry("src", "folder"), Entry("loop", "link"), Entry("readme.md", "file")]


def test_names_that_are_not_utf_8_are_listed(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text("x")
    except OSError:
        pytest.skip("this file system refuses such names")

    assert [entry.path for entry in read_folder(tmp_path, "")] == ["caf\uefe9.py"]


def test_a_folder_that_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFolder, match="No such file"):
        read_folder(tmp_path, "gone")


def test_a_folder_has_the_weightiest_state_inside() -> None:
    states = folder_states([FileChange("a/b/new.py", "untracked"), FileChange("a/old.py", "conflict")])

    assert states == {"a/b/new.py": "untracked", "a/b": "untracked", "a": "conflict", "a/old.py": "conflict"}
