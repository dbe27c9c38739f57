"""What each branch takes of the disk alone: what several have counts for none of them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from ramet.branch_models import FileEdit, ForkRequest, MergeRequest
from ramet.branches.branches import Branches
from ramet.branches.working import Needs
from tests.core.branches.conftest import Open, fork
from tests.core.cli.conftest import Ramet, ramet  # noqa: F401  # a fixture

LARGE = 200_000
"""Bytes of a file that cannot be packed; the rest of a branch is far less."""
LITTLE = 10_000


def disk(branches: Branches) -> dict[str, int]:
    found = {branch.name: branch.disk for branch in branches.listed()}
    return {name: size for name, size in found.items() if size is not None}


def write(branches: Branches, name: str, path: str, size: int = LARGE) -> bytes:
    content = os.urandom(size)
    branches.write(name, [FileEdit(path, content)])
    return content


def test_objects_count_for_the_branch_that_alone_has_them(branches: Branches, dirty: Path) -> None:
    fork(branches)
    fork(branches, "other")
    nothing = disk(branches)
    content = write(branches, "try", "data")
    one = disk(branches)
    branches.write("other", [FileEdit("same", content)])
    both = disk(branches)
    branches.write("other", [FileEdit("same", None)])
    kept_by_its_history = disk(branches)
    branches.forget("other")
    alone = disk(branches)
    (dirty / "untracked").write_bytes(os.urandom(LARGE))
    fork(branches, "later")
    with_own_file = disk(branches)

    assert max(nothing.values()) < LITTLE
    assert LARGE < one["try"] < LARGE + LITTLE
    assert one["other"] < LITTLE
    assert max(*both.values(), *kept_by_its_history.values()) < LITTLE
    assert LARGE < alone["try"] < LARGE + LITTLE
    assert LARGE < with_own_file["later"] < LARGE + LITTLE
    assert branches.get("try").disk == with_own_file["try"]


def test_a_fork_of_a_branch_shares_what_that_had_then(branches: Branches) -> None:
    fork(branches)
    write(branches, "try", "before")
    branches.fork(ForkRequest(("child",), source="try"))
    write(branches, "child", "after", 2 * LARGE)
    shared = disk(branches)
    branches.merge(MergeRequest("child"))
    branches.drop("child")
    (dropped,) = branches.listed(dropped=True)
    branches.forget("child")
    alone = disk(branches)

    assert shared["try"] < LITTLE
    assert 2 * LARGE < shared["child"] < 2 * LARGE + LITTLE
    assert dropped.disk == shared["child"]
    assert LARGE < alone["try"] < LARGE + LITTLE


def test_the_folder_of_a_branch_counts_as_it_is(branches: Branches, opened: Open, shop: Path) -> None:
    fork(branches)
    place = branches.place("try", os.getpid(), Needs())
    (Path(place.path) / "ignored.log").write_bytes(os.urandom(LARGE))
    branches.finished("try", place.slot)
    sizes = [disk(branches)["try"], disk(opened(shop))["try"], opened(shop).usage(0).worktrees]
    shutil.rmtree(branches.folder / "pool")
    without = disk(branches)["try"]

    assert sizes[0] == sizes[1]
    assert LARGE < sizes[2] <= sizes[0] < LARGE + 2 * LITTLE
    assert without < LITTLE


def test_what_is_remembered_may_be_lost(branches: Branches, opened: Open, shop: Path) -> None:
    fork(branches)
    write(branches, "try", "data")
    before = disk(branches)
    (branches.folder / "disk.json").write_text("nonsense")

    assert disk(opened(shop)) == before


def test_outside_git_the_fork_itself_counts_for_nobody(tmp_path: Path, opened: Open) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    (root / "data").write_bytes(os.urandom(LARGE))
    branches = opened(root)
    fork(branches)
    write(branches, "try", "more")

    assert LARGE < disk(branches)["try"] < LARGE + LITTLE


@pytest.mark.parametrize("action", ["list", "show"])
def test_the_command_line_shows_it(ramet: Ramet, shop: Path, branches: Branches, action: str) -> None:  # noqa: F811
    fork(branches)
    write(branches, "try", "data")
    words = ["-C", str(shop), "--in-process", "branch", action, *(["try"] if action == "show" else [])]
    said, found = ramet(*words), json.loads(ramet(*words, "--json").out)

    assert "  0.2 MB" in said.out if action == "list" else "takes 0.2 MB of the disk alone" in said.out
    assert LARGE < (found["branches"][0] if action == "list" else found)["disk"] < LARGE + LITTLE
