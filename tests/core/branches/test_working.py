"""Commands run in a folder that holds a branch, and what they change there becomes part of the branch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ramet.branch_models import BranchPlace, BranchRun, FileEdit, MergeRequest
from ramet.branches.artefacts import artefacts_of
from ramet.branches.branches import Branches
from ramet.branches.command import branch_run, command_environment
from ramet.branches.working import Needs
from ramet.cli.recorded_run import run_recorded
from ramet.paths import absolute
from tests.core.branches.conftest import Run, fork, git_state

NEEDS = Needs(artefacts_of(".venv=link node_modules=link"))


def folder(place: BranchPlace) -> Path:
    return absolute(Path("/"), place.path)


def run(branches: Branches, name: str, program: str, needs: Needs = NEEDS) -> BranchRun:
    """Run a Python program in a branch and return what is remembered of it."""
    place = branches.place(name, os.getpid(), needs)
    environment = command_environment(os.environ, place.environment, folder(place))
    ran = run_recorded([sys.executable, "-c", program], folder(place), environment)
    done = branch_run("program", ran.exit_code, ran.started, ran.duration, ran.output.output.kept())
    (branch,) = branches.finished(name, place.slot, done).branches
    return branch.runs[-1]


def test_what_a_command_changes_becomes_part_of_the_branch(branches: Branches, dirty: Path) -> None:
    before = git_state(dirty)
    fork(branches)
    done = run(
        branches, "try",
        "import pathlib, sys, os\n"
        "print('\\033[31mworking\\033[0m in', os.environ['RAMET_BRANCH'])\n"
        "assert pathlib.Path('shop/new.py').exists() and not pathlib.Path('.git').exists()\n"
        "pathlib.Path('made.py').write_text('MADE = 1')\n"
        "pathlib.Path('README.md').unlink()\n"
        "pathlib.Path('debug.log').write_text('ignored')\n"
        "sys.exit(3)",
    )  # fmt: skip

    assert (done.command, done.exit_code, done.output, done.changed) == ("program", 3, "working in try\n", 2)
    assert branches.read("try", "made.py") == b"MADE = 1"
    assert "README.md" not in branches.files("try")
    assert "debug.log" not in branches.files("try")
    assert git_state(dirty) == before
    assert branches.get("try").runs == (done,)


def test_a_folder_that_a_command_replaced_by_a_link_is_one_in_the_branch(branches: Branches, shop: Path) -> None:
    fork(branches)
    (shop.parent / "outside").mkdir()
    (shop.parent / "outside/app.ts").write_text("outside\n")
    program = (
        f"import os, shutil; shutil.rmtree('web'); os.symlink({str(shop.parent / 'outside')!r}, 'web'); os.remove('README.md')"
    )
    done = run(branches, "try", program)

    assert done.exit_code == 0
    assert "web" in branches.files("try")
    assert not {"web/app.ts", "README.md"} & set(branches.files("try"))


def test_one_folder_serves_one_branch_after_the_other(branches: Branches, shop: Path) -> None:
    for name in ("one", "two"):
        fork(branches, name)
        branches.write(name, [FileEdit("name.txt", name.encode())])
    program = "import pathlib; p = pathlib.Path('seen.txt'); p.write_text(pathlib.Path('name.txt').read_text())"
    for name in ("one", "two", "one"):
        run(branches, name, program)
    pool = branches.folder / "pool"

    assert [branches.read(name, "seen.txt") for name in ("one", "two")] == [b"one", b"two"]
    assert [path.name for path in pool.iterdir()] == ["1"]


def test_the_same_change_by_a_command_and_from_elsewhere_is_one_change(branches: Branches, shop: Path) -> None:
    fork(branches)
    place = branches.place("try", os.getpid(), NEEDS)
    (folder(place) / "README.md").write_text("the same\n")
    written = branches.write("try", [FileEdit("README.md", b"the same\n")])
    (after,) = branches.finished("try", place.slot).branches

    assert after.tree == written.tree
    assert branches.read("try", "shop/cart.py") == (shop / "shop/cart.py").read_bytes()


def test_edits_by_hand_and_from_elsewhere_meet_in_the_branch(branches: Branches, shop: Path) -> None:
    fork(branches)
    fork(branches, "other")
    place = folder(branches.place("try", 0, NEEDS))
    (place / "by-hand.txt").write_text("by hand\n")
    branches.write("try", [FileEdit("elsewhere.txt", b"elsewhere\n")])
    (place / "later.txt").write_text("later\n")
    other = folder(branches.place("other", os.getpid(), NEEDS))
    merged = branches.merge(MergeRequest("try"))

    assert place != other
    assert {file.path for file in merged.files} == {"by-hand.txt", "elsewhere.txt", "later.txt"}
    assert folder(branches.place("try", 0, NEEDS)) == place
    assert (place / "elsewhere.txt").exists()


def test_a_command_that_ran_while_the_branch_was_edited(branches: Branches, shop: Path) -> None:
    fork(branches)
    place = branches.place("try", os.getpid(), NEEDS)
    branches.write("try", [FileEdit("shop/cart.py", b"EDITED = 1\n"), FileEdit("both.txt", b"edit\n")])
    (folder(place) / "made.txt").write_text("made\n")
    (folder(place) / "both.txt").write_text("command\n")
    branches.finished("try", place.slot, BranchRun("make", 0, time.time(), 0.1))

    assert branches.read("try", "shop/cart.py") == b"EDITED = 1\n"
    assert branches.read("try", "made.txt") == b"made\n"
    assert branches.read("try", "both.txt") == b"command\n"


def test_what_a_process_left_that_was_killed_is_not_lost(branches: Branches, shop: Path) -> None:
    fork(branches)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    place = branches.place("try", gone.pid, NEEDS)
    (folder(place) / "half.txt").write_text("half\n")
    gone.wait()
    fork(branches, "other")
    branches.place("other", os.getpid(), NEEDS)

    assert branches.read("try", "half.txt") == b"half\n"


def test_what_changes_while_somebody_works_there_is_recorded_when_asked_and_edits_come_in(branches: Branches, shop: Path) -> None:
    """Until somebody asks, nothing is taken; what is not recorded yet is never overwritten by an edit from elsewhere."""
    fork(branches)
    place = branches.place("try", os.getpid(), NEEDS)
    (folder(place) / "made.txt").write_text("made\n")
    untouched = branches.diff("try").files
    taken, is_changed = branches.capture("try", place.slot, "make")
    branches.write("try", [FileEdit("elsewhere.txt", b"elsewhere\n"), FileEdit("README.md", b"edited\n")])
    (folder(place) / "README.md").write_text("by the shell\n")
    branches.capture("try", place.slot)
    again = branches.capture("try", place.slot)[1]

    assert untouched == ()
    assert (taken.branches[0].stat.files, is_changed, again) == (1, True, False)
    assert (folder(place) / "elsewhere.txt").read_text() == "elsewhere\n"
    assert branches.read("try", "README.md") == b"by the shell\n"


def test_a_folder_is_free_when_the_last_of_those_who_work_there_has_left(branches: Branches, shop: Path) -> None:
    """The same process counts as often as it came; an end that names nobody is that of the last one."""
    fork(branches)
    fork(branches, "other")
    other = subprocess.Popen(["sleep", "60"])
    try:
        first = branches.place("try", os.getpid(), NEEDS)
        second = branches.place("try", other.pid, NEEDS)
        branches.place("try", os.getpid(), NEEDS)
        branches.finished("try", first.slot, owner=other.pid)
        branches.finished("try", first.slot)
        while_one_works = branches.place("other", os.getpid(), NEEDS)
        branches.finished("try", first.slot, owner=os.getpid())
        branches.finished("other", while_one_works.slot)
        fork(branches, "third")
        third = branches.place("third", os.getpid(), NEEDS)
    finally:
        other.kill()
        other.wait()

    assert [f"Process {os.getpid()} works in the branch as well" in note for note in second.notes] == [True]
    assert first.slot == second.slot != while_one_works.slot
    assert third.slot == first.slot


def test_a_folder_that_was_deleted_takes_no_file_out_of_its_branch(branches: Branches, shop: Path) -> None:
    fork(branches)
    place = branches.place("try", os.getpid(), NEEDS)
    (folder(place) / "made.txt").write_text("made\n")
    branches.capture("try", place.slot)
    before = branches.files("try")
    shutil.rmtree(folder(place))
    taken, is_changed = branches.capture("try", place.slot)
    again = branches.place("try", os.getpid(), NEEDS)

    assert (branches.files("try"), is_changed) == (before, False)
    assert "is gone" in taken.notes[0]
    assert (folder(again) / "made.txt").read_text() == "made\n"


def test_what_is_done_in_a_branch_that_was_dropped_meanwhile_is_kept_with_it(branches: Branches, shop: Path) -> None:
    fork(branches)
    place = branches.place("try", os.getpid(), NEEDS)
    branches.drop("try")
    (folder(place) / "made.txt").write_text("made\n")
    taken, _ = branches.capture("try", place.slot)
    (folder(place) / "late.txt").write_text("late\n")
    branches.finished("try", place.slot)
    branches.undo("try")

    assert taken.branches[0].state == "dropped"
    assert {file.path for file in branches.diff("try").files} == {"late.txt", "made.txt"}


def test_ignored_folders_are_linked_and_named_files_copied(branches: Branches, shop: Path, git: Run) -> None:
    (shop / ".gitignore").write_text(".venv/\n.env\nsecret.txt\nnode_modules\n")
    packages = shop / ".venv/lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    (packages / "shop.pth").write_text(f"{shop}/shop\n")
    (packages / "__editable___shop_finder.py").write_text(f"MAPPING = {{'shop': '{shop}/shop'}}\n")
    (shop / ".env").write_text("KEY=1\n")
    (shop / "secret.txt").write_text("not asked for\n")
    (shop / ".worktreeinclude").write_text("# what runs need\n.env\n")
    fork(branches)
    place = branches.place("try", os.getpid(), NEEDS)
    there = folder(place)
    (branch,) = branches.finished("try", place.slot).branches

    assert (there / ".venv").readlink() == shop / ".venv"
    assert (there / ".env").read_text() == "KEY=1\n"
    assert not (there / "secret.txt").exists()
    assert place.environment == {"RAMET_BRANCH": "try", "PYTHONPATH": str(there / "shop")}
    assert [note.split(":")[0].split()[0] for note in place.notes] == ["Linked", ".venv", ".venv", "Copied"]
    assert branch.stat.files == 0
    assert not {".venv", ".env"} & set(branches.files("try"))


def test_a_folder_that_commands_shall_build_anew_is_not_linked_any_more(branches: Branches, shop: Path) -> None:
    (shop / ".gitignore").write_text("node_modules\n")
    (shop / "node_modules").mkdir()
    fork(branches)
    linked = folder(branches.place("try", os.getpid(), NEEDS)) / "node_modules"
    was_linked = linked.is_symlink()
    again = branches.place("try", os.getpid(), Needs(artefacts_of("node_modules=rebuild")))
    linked.mkdir()
    kept = branches.place("try", os.getpid(), NEEDS)

    assert was_linked
    assert again.notes == kept.notes == ()
    assert not linked.is_symlink()


def test_the_set_up_command_is_asked_for_once_per_folder(branches: Branches) -> None:
    fork(branches)
    fork(branches, "other")
    needs = Needs(setup="make prepare")
    first = branches.place("try", os.getpid(), needs)
    branches.finished("try", first.slot, setup=first.setup)
    second, third = branches.place("try", 0, needs), branches.place("other", os.getpid(), needs)

    assert (first.setup, second.setup, third.setup) == ("make prepare", "", "make prepare")


def test_the_end_of_a_long_output_is_kept(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ran = run_recorded([sys.executable, "-c", "print('x\\n' * 50_000); print('one\\rthe end')"], tmp_path, os.environ)
    done = branch_run("program", ran.exit_code, ran.started, ran.duration, ran.output.output.kept())
    shown = capfd.readouterr().out

    assert done.output.endswith("\nthe end\n")
    assert len(done.output) < 70_000
    assert done.omitted > 30_000
    assert len(shown) > 100_000


def test_a_folder_stays_busy_until_everything_in_it_is_over(branches: Branches) -> None:
    fork(branches, "try")
    first = branches.place("try", os.getpid(), NEEDS)
    second = branches.place("try", os.getpid(), NEEDS)
    (folder(second) / "made.txt").write_text("made\n")

    branches.finished("try", first.slot)
    fork(branches, "other")
    beside = branches.place("other", os.getpid(), NEEDS)
    branches.finished("other", beside.slot)
    branches.finished("try", second.slot)
    fork(branches, "third")
    after = branches.place("third", os.getpid(), NEEDS)

    assert (first.slot, second.slot, beside.slot, after.slot) == (1, 1, 2, 2)
    assert branches.read("try", "made.txt") == b"made\n"
