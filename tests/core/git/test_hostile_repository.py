"""A repository that tries to run programs: every way that plain git would take is set up, and none may be taken."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.config import IndexLimits
from ramet.git.repository import GitRepository, locate
from ramet.git.runner import Git
from ramet.index.scan import WorkingTree

Run = Callable[..., str]


class Trap:
    """A repository whose configuration names a program; the program leaves a mark."""

    def __init__(self, root: Path, mark: Path) -> None:
        self.root = root
        self.mark = mark
        self.program = mark.parent / "trap.sh"
        self.program.write_text(f'#!/bin/sh\necho "$0 $*" >> "{mark}"\n')
        self.program.chmod(0o755)

    @property
    def sprung(self) -> str:
        return self.mark.read_text() if self.mark.exists() else ""


@pytest.fixture
def trap(shop: Path, tmp_path: Path, git: Run) -> Trap:
    trap = Trap(shop, tmp_path / "mark")
    program = str(trap.program)
    for name in ("evil", "a=b", "Mixed.Case", "in cluded"):
        for key in ("clean", "smudge", "process"):
            git(shop, "config", "--file", str(tmp_path / "included"), f"filter.{name}.{key}", program)
        git(shop, "config", "--file", str(tmp_path / "included"), f"filter.{name}.required", "true")
    settings = {
        "core.fsmonitor": program,
        "core.hooksPath": str(tmp_path / "hooks"),
        "core.pager": program,
        "core.sshCommand": program,
        "core.askPass": program,
        "core.editor": program,
        "core.alternateRefsCommand": program,
        "pager.status": program,
        "diff.external": program,
        "diff.evil.textconv": program,
        "diff.evil.command": program,
        "merge.evil.driver": program,
        "gpg.program": program,
        "log.showSignature": "true",
        "credential.helper": f"!{program}",
        "alias.status": f"!{program}",
        "alias.ls-files": f"!{program}",
        "hook.evil.event": "post-index-change",
        "hook.evil.command": program,
        "protocol.ext.allow": "always",
        "remote.origin.url": f"ext::{program}",
        "remote.origin.promisor": "true",
        "include.path": str(tmp_path / "included"),
        "status.submoduleSummary": "true",
        "core.untrackedCache": "true",
    }
    for key, value in settings.items():
        git(shop, "config", key, value)
    (tmp_path / "hooks").mkdir()
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc", "fsmonitor-watchman"):
        for folder in (tmp_path / "hooks", shop / ".git" / "hooks"):
            folder.mkdir(exist_ok=True)
            (folder / hook).symlink_to(trap.program)
    (shop / ".gitattributes").write_text("*.py filter=evil diff=evil merge=evil\n*.md filter=a=b\n*.ts filter=Mixed.Case\n")
    # Same size, other time: git must look at the content to know, and asks the filter for it.
    for path in ("shop/cart.py", "README.md", "web/app.ts"):
        os.utime(shop / path, (1, 1))
    (shop / "shop" / "payment.py").write_text("changed\n")
    (shop / "new.py").write_text("new\n")
    return trap


@pytest.mark.parametrize("command", [["status"], ["diff"], ["log", "-p", "-1"], ["cat-file", "-e", "1" * 40]])
def test_plain_git_falls_into_the_trap(trap: Trap, command: list[str]) -> None:
    """Without this the other tests would prove nothing."""
    subprocess.run(["git", *command], cwd=trap.root, check=False, capture_output=True, timeout=60)

    assert trap.sprung


def test_a_scan_runs_nothing(trap: Trap, tmp_path: Path) -> None:
    tree = WorkingTree(locate(trap.root / "shop"), IndexLimits(), tmp_path / "private")
    first, second = tree.scan(), tree.scan()

    assert trap.sprung == ""
    assert {change.path for change in second.changes} >= {"shop/payment.py", "new.py", ".gitattributes"}
    assert first.tree.root == second.tree.root


def test_what_is_asked_of_a_repository_runs_nothing(trap: Trap, tmp_path: Path) -> None:
    repository = GitRepository(locate(trap.root), tmp_path / "data")

    assert repository.head() is not None
    assert repository.identity().startswith("git-")
    assert repository.object_format() == "sha1"
    assert trap.sprung == ""


@pytest.mark.parametrize(
    "command",
    [
        ["diff"],
        ["diff", "HEAD"],
        ["diff-index", "-p", "HEAD"],
        ["diff-files", "-p"],
        ["log", "-p", "--format=%G?"],
        ["log", "-p"],
        ["show", "HEAD"],
        ["grep", "-n", "cart"],
        ["blame", "README.md"],
        ["status"],
        ["ls-files", "--stage"],
    ],
)
def test_commands_that_show_content_run_nothing(trap: Trap, command: list[str]) -> None:
    Git(trap.root).run(*command)

    assert trap.sprung == ""


def test_a_missing_object_is_not_fetched(trap: Trap) -> None:
    """The remote is a promisor whose URL is a command."""
    Git(trap.root).run("cat-file", "-e", "1" * 40, ok_codes=(1, 128))

    assert trap.sprung == ""


def test_a_filter_that_is_configured_later_is_switched_off_too(shop: Path, tmp_path: Path, git: Run) -> None:
    tree = WorkingTree(locate(shop), IndexLimits(), tmp_path / "private")
    tree.scan()
    trap = Trap(shop, tmp_path / "mark")
    git(shop, "config", "filter.late.clean", str(trap.program))
    (shop / ".gitattributes").write_text("* filter=late\n")
    os.utime(shop / "README.md", (1, 1))
    tree.scan()

    assert trap.sprung == ""
    git(shop, "status")
    assert trap.sprung
