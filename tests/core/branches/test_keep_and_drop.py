"""A branch becomes an ordinary one of git, or goes and can come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramet.branch_models import FileEdit, MergeRequest
from ramet.branches.branches import Branches
from ramet.errors import UsageError
from tests.core.branches.conftest import Open, Run, fork, git_state


def test_a_kept_branch_is_a_git_branch_with_commits(branches: Branches, dirty: Path, git: Run) -> None:
    (dirty / ".env").write_text("KEY=1\n")
    before = {path: mark for path, mark in git_state(dirty).items() if "ramet" not in path}
    fork(branches)
    branches.write("try", [FileEdit("one.py", b"ONE = 1\n")], "Add one")
    branches.write("try", [FileEdit("two.py", b"TWO = 2\n")], "Add two\n\nWith a body.")
    kept = branches.keep("try")
    one = branches.keep("try", "single", "All at once")
    after = {path: mark for path, mark in git_state(dirty).items() if "ramet" not in path and not path.endswith("single")}

    assert (kept.name, kept.commits, one.commits) == ("ramet/try", 3, 2)
    assert git(dirty, "log", "--format=%s %an", "ramet/try").splitlines() == [
        "Add two Test",
        "Add one Test",
        "What was not committed when the branch was forked Test",
        "The shop Test",
    ]
    assert git(dirty, "show", "ramet/try:two.py") == "TWO = 2\n"
    assert git(dirty, "rev-parse", "ramet/try^{tree}") == git(dirty, "rev-parse", "single^{tree}")
    assert [note.split()[0] for note in kept.notes] == [".env"]
    assert after == before
    assert git(dirty, "fsck", "--strict", "--no-dangling") == ""
    assert branches.get("try").kept == "single"


def test_what_cannot_be_kept_says_why(branches: Branches, shop: Path, tmp_path: Path, opened: Open) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    fork(opened(plain))
    fork(branches)
    with pytest.raises(UsageError, match="does not differ"):
        branches.keep("try")
    branches.write("try", [FileEdit("x", b"x")])
    for name in ("main", "a..b", "-x"):
        with pytest.raises(UsageError, match=r"already|cannot be called"):
            branches.keep("try", name)
    with pytest.raises(UsageError, match="not a git repository"):
        opened(plain).keep("try")


def test_a_dropped_branch_comes_back(branches: Branches, shop: Path) -> None:
    fork(branches)
    fork(branches, "other")
    branches.write("try", [FileEdit("x", b"x")])
    dropped = branches.drop("try")
    listed = [branch.name for branch in branches.listed()], [branch.name for branch in branches.listed(dropped=True)]
    with pytest.raises(UsageError, match=r"was dropped.*ramet branch undo try"):
        branches.read("try", "x")
    undone = branches.undo("try")

    assert dropped.expires is not None
    assert dropped.dropped is not None
    assert dropped.expires - dropped.dropped == 7 * 24 * 3600
    assert listed == (["other"], ["try"])
    assert (undone.kind, branches.read("try", "x")) == ("drop", b"x")


def test_undo_takes_back_what_was_last(branches: Branches, shop: Path) -> None:
    fork(branches)
    fork(branches, "other")
    branches.write("try", [FileEdit("x", b"x")])
    branches.merge(MergeRequest("try"))
    branches.drop("other")
    first, second = branches.undo(), branches.undo()
    with pytest.raises(UsageError, match="nothing to undo"):
        branches.undo()
    branches.drop("other")
    fork(branches, "other")
    with pytest.raises(UsageError, match="another branch"):
        branches.undo("other")

    assert (first.kind, first.branch, second.kind, second.branch) == ("drop", "other", "merge", "try")
    assert not (shop / "x").exists()
