"""Branches that are dropped for good are gone at once, and their space soon after."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ramet.branch_models import FileEdit, ForkRequest, MergeRequest
from ramet.branches.branches import Branches
from ramet.branches.working import Needs
from ramet.errors import BranchConflict, UsageError
from tests.core.branches.conftest import Open, fork
from tests.core.cli.conftest import Ramet, ramet  # noqa: F401  # a fixture

PLENTY = 1_000_000_000


def names(branches: Branches, *, dropped: bool) -> list[str]:
    return [branch.name for branch in branches.listed(dropped=dropped)]


@pytest.mark.parametrize("is_dropped_before", [False, True])
def test_it_is_gone_and_its_space_is_freed(branches: Branches, opened: Open, shop: Path, is_dropped_before: bool) -> None:
    fork(branches)
    fork(branches, "other")
    branches.write("try", [FileEdit("data", os.urandom(50_000))])
    place = branches.place("try", os.getpid(), Needs())
    branches.finished("try", place.slot)
    before = branches.usage(PLENTY)
    if is_dropped_before:
        branches.drop("try")
    gone = branches.forget("try")
    left = names(branches, dropped=False), names(branches, dropped=True)
    opened(shop).tidy(PLENTY)
    branches.examine()
    after = branches.usage(PLENTY)

    assert (gone.name, gone.state, gone.expires) == ("try", "dropped", gone.dropped)
    assert left == (["other"], [])
    assert before.objects - after.objects >= 50_000
    assert after.worktrees == 0
    assert not Path(place.path).exists()
    with pytest.raises(UsageError, match="no branch 'try'"):
        branches.get("try")
    with pytest.raises(UsageError, match="nothing to undo"):
        branches.undo()
    fork(branches)


def test_its_merge_stays_in_the_working_tree_and_cannot_be_undone(branches: Branches, shop: Path) -> None:
    fork(branches)
    fork(branches, "other")
    for name, path in (("other", "kept.txt"), ("try", "merged.txt")):
        branches.write(name, [FileEdit(path, b"text\n")])
        branches.merge(MergeRequest(name))
    branches.forget("try")
    undone = branches.undo()

    assert undone.branch == "other"
    assert (shop / "merged.txt").read_text() == "text\n"
    assert not (shop / "kept.txt").exists()


def test_a_fork_of_it_lives_on(branches: Branches) -> None:
    fork(branches)
    branches.write("try", [FileEdit("data", b"data\n")])
    branches.fork(ForkRequest(("child",), source="try"))
    branches.forget("try")
    branches.tidy(PLENTY)

    assert branches.read("child", "data") == b"data\n"
    assert branches.examine() == ()


def test_the_next_fork_has_again_what_went_with_it(branches: Branches, shop: Path) -> None:
    (shop / "new.txt").write_text("untracked\n")
    fork(branches)
    branches.forget("try")
    branches.tidy(PLENTY)
    fork(branches, "next")

    assert branches.read("next", "new.txt") == b"untracked\n"
    assert branches.examine() == ()


def test_nothing_is_removed_while_a_command_runs(branches: Branches) -> None:
    fork(branches)
    branches.place("try", os.getpid(), Needs())

    with pytest.raises(BranchConflict, match=f"Process {os.getpid()} works in the branch try"):
        branches.forget("try")
    assert names(branches, dropped=False) == ["try"]


def test_the_live_one_of_two_is_meant(branches: Branches) -> None:
    fork(branches)
    branches.drop("try")
    fork(branches)
    branches.forget("try")
    left = names(branches, dropped=True)
    branches.forget("try")

    assert left == ["try"]
    assert names(branches, dropped=True) == []
    with pytest.raises(UsageError, match="no branch 'try'"):
        branches.forget("try")


def test_the_command_line_asks_first(ramet: Ramet, shop: Path) -> None:  # noqa: F811
    made = ramet("-C", shop, "--in-process", "branch", "new", "try")
    refused = ramet("-C", shop, "--in-process", "branch", "drop", "try", "--for-good")
    gone = ramet("-C", shop, "--in-process", "branch", "drop", "try", "--for-good", "--yes")

    assert (made.code, refused.code, refused.out) == (0, 2, "")
    assert refused.err == "ramet: Removing for good asks first, and there is no terminal to ask on. Add --yes.\n"
    assert (gone.code, gone.out) == (0, "try is removed for good.\n")
