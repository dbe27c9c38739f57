"""What git was told not to look at is read from its index, and only where its form is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramet.branches.index_entries import Hidden, folders_of, hidden_among, index_entries
from tests.core.branches.conftest import Run


def hidden_entries(index: bytes, id_bytes: int) -> Hidden | None:
    entries = index_entries(index, id_bytes)
    return None if entries is None else hidden_among(entries)


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_hidden_entries_are_those_that_git_lists(tmp_path: Path, git: Run, object_format: str) -> None:
    git(tmp_path, "init", "-q", f"--object-format={object_format}", "x")
    root = tmp_path / "x"
    names = ["a", "b/c.py", "é" * 20, *(f"deep/{'n' * length}" for length in range(1, 12))]
    for name in names:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(name)
    blob = git(root, "hash-object", "-w", "a").strip()
    git(root, "add", "-A")
    git(root, "update-index", "--add", "--cacheinfo", f"100644,{blob},{'long/' * 900}end")
    git(root, "write-tree")
    index = root / ".git/index"
    id_bytes = len(blob) // 2
    plain = hidden_entries(index.read_bytes(), id_bytes)
    git(root, "update-index", "--assume-unchanged", "a", "deep/nnn", f"{'long/' * 900}end")
    assumed = hidden_entries(index.read_bytes(), id_bytes)
    git(root, "update-index", "--skip-worktree", "b/c.py", "deep/nnn", "deep/nnnnnnn")
    both = hidden_entries(index.read_bytes(), id_bytes)

    assert plain == ([], [])
    assert assumed == ([b"a", b"deep/nnn", b"long/" * 900 + b"end"], [])
    assert both == ([b"a", b"deep/nnn", b"long/" * 900 + b"end"], [b"b/c.py", b"deep/nnn", b"deep/nnnnnnn"])


def test_an_index_that_only_git_understands_is_left_to_git(shop: Path, git: Run) -> None:
    index = shop / ".git/index"
    whole = index.read_bytes()
    git(shop, "update-index", "--index-version=4")
    compressed = index.read_bytes()
    git(shop, "update-index", "--index-version=2")
    git(shop, "update-index", "--split-index")
    split = index.read_bytes()
    git(shop, "update-index", "--no-split-index")
    git(shop, "sparse-checkout", "set", "--cone", "--sparse-index", "web")
    sparse = index.read_bytes()

    assert [hidden_entries(each, 20) for each in (compressed, split, sparse, whole[:200], whole[:-9], b"DIRC")] == [None] * 6
    assert hidden_entries(b"", 20) == ([], [])


def test_paths_and_folders_are_those_that_git_lists(shop: Path, git: Run) -> None:
    (shop / "shop/deep/er").mkdir(parents=True)
    (shop / "shop/deep/er/a b").touch()
    git(shop, "add", "-A")
    git(shop, "update-index", "--skip-worktree", "README.md")
    entries = index_entries((shop / ".git/index").read_bytes(), 20)

    assert entries is not None
    assert sorted(path.decode() for path in entries.paths) == git(shop, "ls-files", "-z").split("\0")[:-1]
    assert folders_of(entries.paths) == (b"shop", b"shop/deep", b"shop/deep/er", b"tests", b"web")
