"""Ignored folders are copied into branches where the file system shares blocks, so that what a command installs stays there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ramet.branch_models import BranchPlace
from ramet.branches.artefacts import artefacts_of
from ramet.branches.branches import Branches
from ramet.branches.command import command_environment
from ramet.branches.environments import relocate
from ramet.branches.reflink import CopyLimits, NotCloned, clone_tree
from ramet.branches.working import Needs
from ramet.git.repository import locate
from ramet.paths import UserDirectories, absolute
from ramet.workspace.doctor_branches import branch_findings
from tests.core.branches.conftest import Run, fork
from tests.core.branches.file_systems import sharing_folder

NEEDS = Needs(artefacts_of(".venv node_modules target=rebuild"))


@pytest.fixture(scope="module")
def sharing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder on a file system that shares blocks."""
    yield from sharing_folder(tmp_path_factory.mktemp("sharing"))


@pytest.fixture
def project(sharing: Path, shop: Path, request: pytest.FixtureRequest) -> Path:
    """The shop with ignored folders, on that file system."""
    root = sharing / str(request.node.name) / "shop"
    shutil.copytree(shop, root, symlinks=True)
    (root / ".gitignore").write_text(".venv/\nnode_modules/\ntarget/\n")
    for name in ("node_modules/.bin", "target"):
        (root / name).mkdir(parents=True)
    (root / "node_modules/index.js").write_text("module.exports = 1\n")
    return root


@pytest.fixture
def branches(project: Path) -> Branches:
    data = project.parent / "data"
    return Branches(locate(project), UserDirectories(data=data, config=data, runtime=data))


def place(branches: Branches, name: str = "try", needs: Needs = NEEDS) -> BranchPlace:
    return branches.place(name, os.getpid(), needs)


def folder(place: BranchPlace) -> Path:
    return absolute(Path("/"), place.path)


def test_what_a_command_installs_stays_in_its_branch(branches: Branches, project: Path) -> None:
    fork(branches)
    fork(branches, "other")
    first = place(branches)
    (folder(first) / "node_modules/index.js").write_text("module.exports = 2\n")
    (folder(first) / "node_modules/added.js").write_text("added\n")
    finished = branches.finished("try", first.slot).branches[0]
    again = place(branches)
    seen_again = (folder(again) / "node_modules/added.js").exists()
    branches.finished("try", again.slot)
    other = place(branches, "other")

    assert first.notes == ("Copied by reflink: node_modules; what a command installs there stays in the branch.",)
    assert seen_again
    assert finished.stat.files == 0
    assert other.slot == first.slot
    assert sorted(path.name for path in (folder(other) / "node_modules").iterdir()) == [".bin", "index.js"]
    assert (folder(other) / "node_modules/index.js").read_text() == "module.exports = 1\n"
    assert (project / "node_modules/index.js").read_text() == "module.exports = 1\n"
    assert not (folder(other) / "target").exists()


def test_a_copy_keeps_modes_times_and_links(branches: Branches, project: Path) -> None:
    packages = project / "node_modules"
    tool = packages / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    (packages / ".bin/tool").symlink_to("../tool")
    (packages / ".bin/absolute").symlink_to(tool)
    (packages / "outside").symlink_to("/etc/passwd")
    (packages / "empty").touch()
    os.mkfifo(packages / "pipe")
    locked = packages / "locked"
    locked.mkdir()
    (locked / "file").write_text("x")
    locked.chmod(0o555)
    for path in (tool, locked):
        os.utime(path, ns=(1_500_000_000_123_456_789, 1_600_000_000_123_456_789))
    fork(branches)
    copy = folder(place(branches)) / "node_modules"
    status, locked_status = (copy / "tool").stat(), (copy / "locked").stat()

    assert (status.st_mode & 0o7777, status.st_mtime_ns) == (0o755, 1_600_000_000_123_456_789)
    assert (locked_status.st_mode & 0o7777, locked_status.st_mtime_ns) == (0o555, 1_600_000_000_123_456_789)
    assert (copy / ".bin/tool").readlink() == Path("../tool")
    assert (copy / ".bin/absolute").readlink() == copy / "tool"
    assert (copy / "outside").readlink() == Path("/etc/passwd")
    assert (copy / "empty").stat().st_size == 0
    assert not (copy / "pipe").exists()


def test_an_environment_works_where_it_was_copied(branches: Branches, project: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", project / ".venv"], check=True)
    (packages,) = (project / ".venv").glob("lib/python*/site-packages")
    (packages / "shop.pth").write_text(f"{project}\n")
    tool = project / ".venv/bin/tool"
    tool.write_text(f"#!{project}/.venv/bin/python -E\nimport shop, sys\nprint(shop.__file__)\nprint(sys.prefix)\n")
    tool.chmod(0o755)
    fork(branches)
    laid_out = place(branches)
    active = {"PATH": f"{project}/.venv/bin:/usr/bin:/bin", "VIRTUAL_ENV": f"{project}/.venv"}
    environment = command_environment(active, laid_out.environment, folder(laid_out), laid_out.copies)
    ran = subprocess.run(["/usr/bin/env", "tool"], env=environment, cwd=folder(laid_out), capture_output=True, text=True)

    assert ran.stdout.splitlines() == [f"{folder(laid_out)}/shop/__init__.py", f"{folder(laid_out)}/.venv"], ran.stderr
    assert environment["VIRTUAL_ENV"] == f"{folder(laid_out)}/.venv"
    assert laid_out.environment["PYTHONPATH"] == str(folder(laid_out))
    assert str(project) not in (folder(laid_out) / ".venv/bin/activate").read_text()


def test_a_folder_with_too_many_files_is_linked(sharing: Path, request: pytest.FixtureRequest) -> None:
    base = sharing / request.node.name
    for number in range(20):
        (base / f"old/{number}").mkdir(parents=True)

    with pytest.raises(NotCloned, match="more than 10 entries"):
        clone_tree(base / "old", base / "new", (base, base), CopyLimits(10, 60))
    with pytest.raises(NotCloned, match="longer than 0 s"):
        clone_tree(base / "old", base / "newer", (base, base), CopyLimits(100, 0))


def test_without_a_copy_the_note_says_why(branches: Branches, shop: Path, opened: object, directories: UserDirectories) -> None:
    (shop / ".gitignore").write_text("node_modules/\n")
    (shop / "node_modules").mkdir()
    (shop / "node_modules/index.js").write_text("module.exports = 1\n")
    elsewhere = Branches(locate(shop), UserDirectories(data=branches.folder / "data", config=shop, runtime=shop))
    fork(elsewhere)
    laid_out, again = place(elsewhere), place(elsewhere)
    findings = branch_findings(elsewhere, 1_000_000_000, NEEDS.artefacts)

    assert (folder(laid_out) / "node_modules").readlink() == shop / "node_modules"
    assert laid_out.notes == again.notes
    assert laid_out.notes[0].endswith("is seen by both (no copy: the branches are on another file system).")
    assert "Ignored folders such as .venv are linked, because the branches are on another file system." in {
        finding.sentence for finding in findings
    }


def test_a_plain_folder_keeps_its_copy_out_of_the_branch(branches: Branches, project: Path) -> None:
    shutil.rmtree(project / ".git")
    shutil.rmtree(project / "node_modules")
    (project / ".gitignore").unlink()
    plain = Branches(locate(project), UserDirectories(data=project.parent / "plain", config=project, runtime=project))
    fork(plain)
    (project / "node_modules").mkdir()
    (project / "node_modules/index.js").write_text("module.exports = 1\n")
    laid_out = place(plain)
    (folder(laid_out) / "node_modules/added.js").write_text("added\n")
    (folder(laid_out) / "made.txt").write_text("made\n")
    (branch,) = plain.finished("try", laid_out.slot).branches

    assert branch.stat.files == 1


def test_a_script_whose_path_is_too_long_for_its_first_line_still_starts(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / f"with space {'x' * 120}"
    for root in (old, new):
        (root / "bin").mkdir(parents=True)
    (new / "pyvenv.cfg").touch()
    (new / "bin/python").symlink_to(sys.executable)
    scripts = {
        "plain": f"#!{old}/bin/python -E\nprint('{old}/x', '{old}er', 'a{old}')\n",
        "shell": f"#!/bin/sh\n'''exec' {old}/bin/python \"$0\" \"$@\"\n' '''\nimport sys\nprint(sys.argv[1:])\n",
    }
    for name, script in scripts.items():
        (new / "bin" / name).write_text(script)
        (new / "bin" / name).chmod(0o755)
    relocate(new, old, new)
    said = [subprocess.run([new / "bin" / name, "a b"], capture_output=True, text=True).stdout for name in scripts]

    assert said == [f"{new}/x {old}er a{old}\n", "['a b']\n"]
    assert (new / "bin/plain").stat().st_mode & 0o777 == 0o755


def test_nothing_outside_is_changed_through_links(branches: Branches, project: Path) -> None:
    outside = project.parent / "outside"
    for place_ in ("bin", "node_modules"):
        (outside / place_).mkdir(parents=True)
    (outside / "bin/tool").write_text(f"#!{project}/.venv/bin/python\n")
    (project / ".venv").mkdir()
    (project / ".venv/pyvenv.cfg").touch()
    (project / ".venv/bin").symlink_to(outside / "bin")
    (project / ".gitignore").write_text(".venv/\nnode_modules/\n")
    (project / "web/node_modules").mkdir()
    (project / "web/node_modules/index.js").write_text("1\n")
    needs = Needs(artefacts_of(".venv web/node_modules"))
    for name in ("try", "linked", "other"):
        fork(branches, name)
    first = place(branches, "try", needs)
    shutil.rmtree(folder(first) / "web")
    (folder(first) / "web").symlink_to(outside)
    branches.finished("try", first.slot)
    second = place(branches, "try", needs)
    branches.finished("try", second.slot)
    place(branches, "other", needs)

    assert set(first.copies) == {str(project / ".venv"), str(project / "web/node_modules")}
    assert (outside / "bin/tool").read_text() == f"#!{project}/.venv/bin/python\n"
    assert sorted(path.name for path in outside.iterdir()) == ["bin", "node_modules"]
    assert list((outside / "node_modules").iterdir()) == []


def test_read_only_copies_are_deleted(branches: Branches, project: Path, git: Run) -> None:
    (project / "node_modules/locked").mkdir()
    (project / "node_modules/locked/file").write_text("x")
    (project / "node_modules/locked").chmod(0o555)
    fork(branches)
    laid_out = place(branches)
    branches.finished("try", laid_out.slot)
    (branches.folder / "pool/1/copy-of-a-killed-process").mkdir()
    branches.tidy(10)
    branches.examine()

    assert list((branches.folder / "trash").iterdir()) == []
    assert not (branches.folder / "pool/1").exists()


def test_a_copy_takes_no_room_until_it_is_changed(branches: Branches, project: Path) -> None:
    (project / "node_modules/large.js").write_bytes(os.urandom(300_000))
    (project / "node_modules/other.js").write_bytes(os.urandom(200_000))
    fork(branches)
    laid_out = place(branches)
    branches.finished("try", laid_out.slot)
    copied = branches.get("try").disk
    (folder(place(branches)) / "node_modules/other.js").write_bytes(os.urandom(200_000))
    branches.finished("try", laid_out.slot)
    changed = branches.get("try").disk

    assert copied is not None
    assert changed is not None
    assert copied < 20_000
    assert abs(changed - copied - 200_000) < 1_000
