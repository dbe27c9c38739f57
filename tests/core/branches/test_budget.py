"""What branches take of the disk is counted and limited, and nothing that is live is ever removed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from ramet.branch_models import FileEdit, MergeRequest
from ramet.branches.branches import Branches
from ramet.branches.records import StoreState
from ramet.branches.working import Needs
from ramet.errors import UsageError
from tests.core.branches.conftest import Run, fork

PLENTY = 1_000_000_000


def age(branches: Branches, seconds: float) -> None:
    """Let all dropped branches have been dropped earlier."""
    file = branches.folder / "state.json"
    state = msgspec.json.decode(file.read_bytes(), type=StoreState)
    aged = tuple(
        msgspec.structs.replace(record, dropped=record.dropped - seconds) if record.dropped is not None else record
        for record in state.branches
    )
    file.write_bytes(msgspec.json.encode(msgspec.structs.replace(state, branches=aged)))


def test_a_branch_that_was_dropped_a_week_ago_is_gone_with_its_objects(branches: Branches, shop: Path, git: Run) -> None:
    fork(branches)
    fork(branches, "live")
    branches.write("try", [FileEdit("data", os.urandom(50_000))])
    branches.write("live", [FileEdit("other", os.urandom(20_000))])
    branches.merge(MergeRequest("live"))
    branches.drop("try")
    before = branches.usage(PLENTY).objects
    branches.tidy(PLENTY)
    still = branches.usage(PLENTY).objects
    age(branches, 8 * 24 * 3600)
    branches.tidy(PLENTY)
    after = branches.usage(PLENTY).objects

    assert still == before
    assert before - after >= 50_000
    assert len(branches.read("live", "other")) == 20_000
    assert branches.undo().kind == "merge"
    with pytest.raises(UsageError, match="No branch 'try' was dropped"):
        branches.undo("try")
    assert git(shop, "for-each-ref", "refs/ramet")


def test_beyond_the_limit_the_oldest_dropped_branch_goes_first(branches: Branches) -> None:
    for name in ("one", "two", "live"):
        fork(branches, name)
        branches.write(name, [FileEdit("data", os.urandom(60_000))])
    for name in ("one", "two"):
        branches.drop(name)
    notes = branches.tidy(branches.usage(0).objects - 50_000)
    dropped = [branch.name for branch in branches.listed(dropped=True)]
    more = branches.tidy(10_000)

    assert len(notes) == 1
    assert dropped == ["two"]
    assert more[-1].endswith("drop some.")
    assert len(branches.read("live", "data")) == 60_000


def test_idle_folders_are_given_up_beyond_the_limit(branches: Branches, shop: Path) -> None:
    (shop / "large.txt").write_bytes(os.urandom(200_000))
    fork(branches)
    place = branches.place("try", os.getpid(), Needs())
    busy = branches.tidy(100_000)
    branches.finished("try", place.slot)
    (Path(place.path) / "by-hand.txt").write_text("later\n")
    branches.tidy(100_000)

    assert branches.read("try", "by-hand.txt") == b"later\n"
    assert busy[-1].endswith("drop some.")
    assert branches.usage(PLENTY).worktrees == 0
    assert len(branches.read("try", "large.txt")) == 200_000


def test_the_doctor_removes_what_was_left(branches: Branches) -> None:
    fork(branches)
    (branches.folder / "trash/slot-1").mkdir(parents=True)
    (branches.folder / "tmp").mkdir(exist_ok=True)
    (branches.folder / "tmp/leftover").mkdir()
    found, again = branches.examine(), branches.examine()

    assert found == ("2 leftovers of interrupted commands were removed.",)
    assert again == ()


def test_the_doctor_names_a_branch_whose_repository_was_replaced(branches: Branches, shop: Path, git: Run) -> None:
    fork(branches)
    shutil.rmtree(shop / ".git")
    git(shop, "init", "-q")

    assert branches.examine() == ("The branch try lacks files that the repository does not have any more.",)
