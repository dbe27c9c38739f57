"""A repository that tries to run programs or to write elsewhere, through the whole life of a branch."""

from __future__ import annotations

import os
import zlib
from hashlib import sha1
from pathlib import Path

import pytest

from ramet.branch_models import FileEdit, ForkRequest, MergeRequest
from ramet.branches.artefacts import artefacts_of
from ramet.branches.branches import Branches
from ramet.branches.working import Needs
from ramet.errors import RametError
from ramet.git.runner import Git
from tests.core.branches.conftest import Open, Run, fork
from tests.core.git.test_hostile_repository import Trap, trap  # noqa: F401  # a fixture

NEEDS = Needs(artefacts_of(".venv ../outside /etc"))


def test_no_program_runs_in_the_whole_life_of_a_branch(
    trap: Trap,  # noqa: F811
    opened: Open,
    git: Run,
    tmp_path: Path,
) -> None:
    inner = trap.root / "inner"
    git(trap.root, "clone", "-q", ".", "inner")
    for key in ("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "diff.external"):
        git(inner, "config", key, str(trap.program))
    (trap.root / ".gitmodules").write_text('[submodule "inner"]\n\tpath = inner\n\turl = ext::sh -c evil\n\tupdate = !evil\n')
    head = git(inner, "rev-parse", "HEAD").strip()
    Git(trap.root).run("update-index", "--add", "--cacheinfo", f"160000,{head},inner")
    (inner / "README.md").write_text("dirty\n")
    trap.mark.unlink(missing_ok=True)
    branches = opened(trap.root)
    fork(branches)
    fork(branches, "other")
    branches.write("try", [FileEdit("shop/cart.py", b"CART = 1\n"), FileEdit("new/file.py", b"NEW = 1\n")])
    (trap.root / "README.md").write_text("mine\n")
    branches.write("try", [FileEdit("README.md", b"theirs\n")])
    for against in ("", "now", "other"):
        branches.diff("try", against)
    branches.merge(MergeRequest("try"))
    branches.merge(MergeRequest("try", rest="theirs"))
    branches.undo()
    place = branches.place("try", os.getpid(), NEEDS)
    (Path(place.path) / "shop/cart.py").write_text("CART = 2\n")
    branches.finished("try", place.slot)
    branches.place("other", 0, NEEDS)
    branches.keep("try")
    branches.get("try")
    branches.listed()
    branches.drop("try")
    branches.undo("try")
    branches.tidy(1)
    branches.examine()

    assert trap.sprung == ""
    assert branches.read("try", "shop/cart.py") == b"CART = 2\n"


def broken_tree(root: Path, name: bytes, oid: str) -> str:
    """Store a tree with a name that git itself would not write."""
    data = b"100644 " + name + b"\0" + bytes.fromhex(oid)
    whole = b"tree %d\0" % len(data) + data
    digest = sha1(whole, usedforsecurity=False).hexdigest()
    place = root / ".git/objects" / digest[:2] / digest[2:]
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(zlib.compress(whole))
    return digest


@pytest.mark.parametrize("name", [b".git", b"..", b".", b"a/../../escaped", b".GIT", b"git~1"])
def test_trees_with_names_that_lead_elsewhere_write_nothing(shop: Path, branches: Branches, git: Run, name: bytes) -> None:
    blob = git(shop, "hash-object", "-w", "README.md").strip()
    inner = broken_tree(shop, name, blob)
    data = b"40000 sub\0" + bytes.fromhex(inner)
    whole = b"tree %d\0" % len(data) + data
    digest = sha1(whole, usedforsecurity=False).hexdigest()
    place = shop / ".git/objects" / digest[:2] / digest[2:]
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(zlib.compress(whole))
    commit = git(shop, "commit-tree", digest, "-m", "Evil").strip()
    before = sorted(str(path) for path in shop.parent.rglob("*") if "objects" not in path.parts and "refs" not in path.parts)
    branches.fork(ForkRequest(("try",), source=commit))
    with pytest.raises(RametError):
        branches.place("try", 0, Needs())
    branches.fork(ForkRequest(("plain",)))
    with pytest.raises(RametError):
        branches.write("plain", [FileEdit("sub/" + name.decode(), b"x")])
    after = sorted(str(path) for path in shop.parent.rglob("*") if "objects" not in path.parts and "refs" not in path.parts)

    assert after == before


def test_links_in_a_branch_lead_no_merge_out_of_the_folder(shop: Path, branches: Branches, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (shop / "way").symlink_to(outside)
    fork(branches)
    place = branches.place("try", os.getpid(), NEEDS)
    there = Path(place.path)
    (there / "way").unlink()
    (there / "way").mkdir()
    (there / "way/file").write_text("inside\n")
    (there / "up").symlink_to("../../../../..")
    branches.finished("try", place.slot)
    result = branches.merge(MergeRequest("try"))

    assert result.is_written
    assert list(outside.iterdir()) == []
    assert (shop / "way/file").read_text() == "inside\n"
    assert not (shop / "way").is_symlink()
    assert (shop / "up").is_symlink()


def test_patterns_of_the_repository_copy_nothing_from_outside(shop: Path, branches: Branches, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret\n")
    (shop / ".gitignore").write_text("secret\nlink\n")
    (shop / "link").symlink_to(secret)
    (shop / ".worktreeinclude").symlink_to(secret)
    fork(branches)
    first = branches.place("try", 0, NEEDS)
    (shop / ".worktreeinclude").unlink()
    (shop / ".worktreeinclude").write_text("/../secret\nlink\n*\n")
    second = branches.place("try", 0, NEEDS)

    assert not (Path(first.path) / "link").exists()
    assert not (Path(second.path) / "link").exists()
    assert secret.read_text() == "secret\n"
