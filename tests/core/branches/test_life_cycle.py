"""The whole life of a branch leaves git as it was, and the user may do what users do in the middle of it."""

from __future__ import annotations

import os
from pathlib import Path

from ramet.branch_models import FileEdit, MergeRequest
from ramet.branches.branches import Branches
from ramet.branches.working import Needs
from tests.core.branches.conftest import Open, Run, fork, git_state


def test_git_does_not_notice_the_life_of_a_branch(branches: Branches, dirty: Path, git: Run) -> None:
    git(dirty, "stash", "store", git(dirty, "stash", "create").strip())
    git(dirty, "status")  # which writes the index once more

    def seen() -> tuple[object, ...]:
        words = (["status", "--porcelain"], ["stash", "list"], ["reflog"], ["branch", "-a"], ["config", "--list", "--local"])
        return (git_state(dirty), *(git(dirty, *each) for each in words))

    before = seen()
    fork(branches)
    fork(branches, "second")
    branches.write("try", [FileEdit("shop/new.py", b"NEW = 2\n"), FileEdit("added.py", b"ADDED = 1\n")])
    place = branches.place("try", os.getpid(), Needs())
    (Path(place.path) / "tool").unlink()
    branches.finished("try", place.slot)
    branches.diff("try", "now")
    merged = branches.merge(MergeRequest("try"))
    branches.undo()
    branches.merge(MergeRequest("second"))
    branches.drop("try")
    branches.undo("try")
    branches.drop("second")
    branches.tidy(1)
    branches.examine()

    assert len(merged.files) == 3
    assert seen() == before
    assert git(dirty, "fsck", "--strict", "--no-dangling") == ""


def test_a_branch_survives_what_users_do_and_git_does_not_notice_the_branch(
    dirty: Path, opened: Open, tmp_path: Path, git: Run
) -> None:
    """After each thing that a user does the branch is whole, is merged and undone, and git is as the user left it."""
    (dirty / "staged.py").write_text("ONLY_STAGED = 1\n")
    git(dirty, "add", "staged.py")
    fork(opened(dirty))
    opened(dirty).write("try", [FileEdit("coupon.py", b"COUPON = 5\n")])
    expected = {path: opened(dirty).read("try", path) for path in opened(dirty).files("try")}

    def stash() -> None:
        git(dirty, "stash", "-q", "-u")

    def checkout() -> None:
        git(dirty, "checkout", "-qb", "other")
        (dirty / "shop/payment.py").write_text("PAYMENT = 1\n")
        git(dirty, "commit", "-qam", "Payment")

    def rebase() -> None:
        git(dirty, "checkout", "-q", "main")
        git(dirty, "commit", "-q", "--amend", "--allow-empty", "-m", "Reworded")
        git(dirty, "rebase", "-q", "main", "other")

    def clean() -> None:
        (dirty / "left.txt").write_text("left\n")
        git(dirty, "clean", "-qfdx")

    def collect() -> None:
        git(dirty, "reflog", "expire", "--expire=now", "main", "other", "HEAD")
        git(dirty, "gc", "-q", "--prune=now")

    def move() -> None:
        nonlocal dirty
        dirty = dirty.rename(tmp_path / "moved")

    for act in (stash, checkout, rebase, clean, collect, move):
        act()
        git(dirty, "status")
        words = (["status", "--porcelain"], ["stash", "list"], ["reflog"], ["config", "--list", "--local"])
        before = git_state(dirty), [git(dirty, "--no-optional-locks", *each) for each in words]
        branches = opened(dirty)
        found = {path: branches.read("try", path) for path in branches.files("try")}
        merged = branches.merge(MergeRequest("try", rest="theirs"))
        coupon = (dirty / "coupon.py").read_bytes()
        branches.undo()
        after = git_state(dirty), [git(dirty, "--no-optional-locks", *each) for each in words]

        assert found == expected, act.__name__
        assert (merged.is_written, coupon) == (True, b"COUPON = 5\n"), act.__name__
        assert after == before, act.__name__


def test_users_do_what_they_do_meanwhile(branches: Branches, dirty: Path, git: Run) -> None:
    fork(branches)
    branches.write("try", [FileEdit("shop/cart.py", b"COUPON = 5\n" + branches.read("try", "shop/cart.py"))])
    expected = {path: branches.read("try", path) for path in branches.files("try") if path != "link"}
    git(dirty, "add", "-A")
    git(dirty, "stash")
    git(dirty, "checkout", "-qb", "other")
    (dirty / "shop/payment.py").write_text("PAYMENT = 1\n")
    git(dirty, "commit", "-qam", "Payment")
    git(dirty, "checkout", "-q", "main")
    git(dirty, "commit", "-q", "--amend", "-m", "Reworded")
    git(dirty, "rebase", "-q", "main", "other")
    git(dirty, "stash", "drop")
    git(dirty, "clean", "-qfdx")
    git(dirty, "reflog", "expire", "--expire=now", "--all")
    git(dirty, "gc", "-q", "--prune=now")
    found = {path: branches.read("try", path) for path in branches.files("try") if path != "link"}
    merged = branches.merge(MergeRequest("try"))

    assert found == expected
    assert merged.conflicts == ()
    assert (dirty / "shop/cart.py").read_text().startswith("COUPON = 5\n")
    assert "TAX" not in (dirty / "shop/cart.py").read_text()
    assert (dirty / "shop/payment.py").read_text() == "PAYMENT = 1\n"
