"""The tree against git itself: `git write-tree` is the oracle."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ramet.index.merkle import Changes, MerkleTree, ObjectFormat, TreeFile, blob_oid
from ramet.paths import path_to_text

MODES = (0o100644, 0o100755, 0o120000, 0o160000)
ODD_NAMES = [
    b"a",
    b"a.b",
    b"a-",
    b"a0",
    b"A",
    b"a b",
    b"a\nb",
    b"\xff\xfe",
    b"caf\xc3\xa9",
    b"\xe9",
    b"\xf0\x9f\x90\x8d",
    b"-x",
    b"\t",
]

names = st.sampled_from(ODD_NAMES) | st.binary(min_size=1, max_size=6).filter(
    lambda name: b"/" not in name and b"\0" not in name and name.lower() not in (b".", b"..", b".git", b"git~1")
)
paths = st.lists(names, min_size=1, max_size=4).map(b"/".join)


@st.composite
def trees(draw: st.DrawFn) -> dict[bytes, tuple[int, bytes]]:
    """Files with mode and content, none of which is also a folder."""
    chosen = draw(st.dictionaries(paths, st.tuples(st.sampled_from(MODES), st.binary(max_size=8)), max_size=12))
    folders = {path.rsplit(b"/", depth)[0] for path in chosen for depth in range(1, path.count(b"/") + 1)}
    return {path: file for path, file in chosen.items() if path not in folders}


def tree_of(files: dict[bytes, tuple[int, bytes]], object_format: ObjectFormat = "sha1") -> MerkleTree:
    return MerkleTree(
        {path_to_text(path): TreeFile(mode, blob_oid(content, object_format)) for path, (mode, content) in files.items()},
        object_format,
    )


def git_bytes(folder: Path, *arguments: str, input: bytes = b"") -> bytes:
    """Run git with an index of its own and without the checks for names that other systems refuse."""
    environment = {**os.environ, "GIT_INDEX_FILE": str(folder / "property-index"), "GIT_CONFIG_GLOBAL": os.devnull}
    lenient = ("-c", "core.protectNTFS=false", "-c", "core.protectHFS=false")
    return subprocess.run(
        ["git", *lenient, *arguments], cwd=folder, env=environment, input=input, check=True, capture_output=True
    ).stdout


def written_by_git(repository: Path, files: dict[bytes, tuple[int, bytes]], object_format: ObjectFormat) -> str:
    """Return the root that git computes for the same entries."""
    (repository / "property-index").unlink(missing_ok=True)
    entries = b"".join(
        b"%06o %b\t%b\0" % (mode, blob_oid(content, object_format).encode(), path) for path, (mode, content) in files.items()
    )
    git_bytes(repository, "update-index", "-z", "--index-info", input=entries)
    return git_bytes(repository, "write-tree", "--missing-ok").decode().strip()


@pytest.fixture(scope="module", params=["sha1", "sha256"])
def repository(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ObjectFormat]:
    folder = tmp_path_factory.mktemp("oracle")
    git_bytes(folder, "init", "-q", f"--object-format={request.param}")
    return folder, request.param


@settings(max_examples=60, deadline=None)
@given(files=trees())
def test_root_equals_git_write_tree(repository: tuple[Path, ObjectFormat], files: dict[bytes, tuple[int, bytes]]) -> None:
    folder, object_format = repository

    assert tree_of(files, object_format).root == written_by_git(folder, files, object_format)


@settings(max_examples=200, deadline=None)
@given(before=trees(), after=trees())
def test_a_derived_tree_equals_one_built_anew(
    before: dict[bytes, tuple[int, bytes]], after: dict[bytes, tuple[int, bytes]]
) -> None:
    old, new = tree_of(before), tree_of(after)
    steps: dict[str, TreeFile | None] = {path: None for path in old.files if path not in new.files}
    derived = old.with_changes({**steps, **new.files})

    assert derived.root == new.root
    assert derived.files == new.files
    assert not derived.changes_since(new)
    assert old.root == tree_of(before).root, "deriving must not change the tree that is derived from"


@settings(max_examples=200, deadline=None)
@given(before=trees(), after=trees())
def test_changes_are_exactly_what_differs(before: dict[bytes, tuple[int, bytes]], after: dict[bytes, tuple[int, bytes]]) -> None:
    old, new = tree_of(before), tree_of(after)

    assert new.changes_since(old) == Changes(
        added=tuple(sorted(new.files.keys() - old.files.keys())),
        modified=tuple(sorted(path for path in new.files.keys() & old.files.keys() if new.files[path] != old.files[path])),
        removed=tuple(sorted(old.files.keys() - new.files.keys())),
    )


def test_files_on_disk_hash_as_git_adds_them(shop: Path, git: Callable[..., str]) -> None:
    (shop / "link").symlink_to("README.md")
    (shop / "run.sh").write_text("#!/bin/sh\n")
    (shop / "run.sh").chmod(0o755)
    git(shop, "add", "-A")
    files = {}
    for line in git(shop, "ls-files", "-s").splitlines():
        meta, path = line.split("\t")
        content = os.fsencode((shop / path).readlink()) if meta.startswith("12") else (shop / path).read_bytes()
        files[path] = TreeFile(int(meta.split()[0], 8), blob_oid(content))

    assert MerkleTree(files).root == git(shop, "write-tree").strip()


def test_an_empty_tree_has_git_s_well_known_id() -> None:
    assert MerkleTree().root == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def test_folder_ids_are_those_of_the_subtrees() -> None:
    tree = MerkleTree({"a/b/c": TreeFile(0o100644, blob_oid(b"x")), "d": TreeFile(0o100644, blob_oid(b"y"))})

    assert tree.folder("") == tree.root
    assert tree.folder("a/b") == MerkleTree({"c": TreeFile(0o100644, blob_oid(b"x"))}).root
    with pytest.raises(KeyError):
        tree.folder("a/x")


def test_a_path_that_is_both_file_and_folder_is_refused() -> None:
    file = TreeFile(0o100644, blob_oid(b""))

    with pytest.raises(ValueError, match="both a file and a folder"):
        MerkleTree({"a": file, "a/b": file})


def test_removing_the_last_file_of_a_folder_removes_the_folder() -> None:
    file = TreeFile(0o100644, blob_oid(b""))
    tree = MerkleTree({"a/b/c/d": file, "e": file}).with_changes({"a/b/c/d": None})

    assert tree.root == MerkleTree({"e": file}).root
    with pytest.raises(KeyError):
        tree.folder("a")


def test_a_deeply_nested_path_needs_no_deep_stack() -> None:
    file = TreeFile(0o100644, blob_oid(b""))
    path = "/".join(["d"] * 3000)

    assert MerkleTree({path: file}).files == {path: file}
