"""After the user's index changed, a fork uses what it found out before, and is still what git would add."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from ramet.branches.branches import Branches
from ramet.git.runner import Git
from tests.core.branches.conftest import Open, Run, fork, git_state


def test_forks_are_what_git_would_add_while_the_user_stages_commits_and_switches(
    shop: Path, branches: Branches, git: Run
) -> None:
    numbers = iter(range(100))

    def check() -> None:
        copied = Path(tempfile.mkdtemp(dir=shop.parent)) / "shop"
        shutil.copytree(shop, copied, symlinks=True)
        git(copied, "add", "-A")
        before = git_state(shop)
        assert fork(branches, f"f{next(numbers)}").tree == git(copied, "write-tree").strip()
        assert git_state(shop) == before

    (shop / "shop/cart.py").write_text("CART = 1\n")
    (shop / "new").mkdir()
    for name in ("new/a.py", "new/b.log", "z.py"):
        (shop / name).write_text(f"{name}\n")
    (shop / "web/app.ts").unlink()
    check()
    git(shop, "add", "new/a.py", "shop/cart.py")
    check()
    (shop / "shop/cart.py").write_text("CART = 2\n")
    (shop / "README.md").write_text("# Staged\n")
    git(shop, "add", "README.md")
    (shop / "README.md").write_text("# Change\n")
    check()
    git(shop, "rm", "-q", "--cached", "shop/payment.py")
    git(shop, "update-index", "--cacheinfo", f"100755,{git(shop, 'hash-object', '-w', 'z.py').strip()},shop/cart.py")
    check()
    (shop / "new/a.py").unlink()
    (shop / "new/a.py").mkdir()
    (shop / "new/a.py/deep.py").write_text("DEEP = 1\n")
    (shop / "z.py").chmod(0o755)
    git(shop, "add", "-A", "new")
    check()
    git(shop, "reset", "-q")
    check()
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "All")
    check()
    git(shop, "checkout", "-q", "--detach", "HEAD^")
    shutil.rmtree(shop / "new", ignore_errors=True)
    (shop / "new").write_text("a file now\n")
    check()
    git(shop, "add", "-N", "new")
    check()
    (shop / ".gitignore").write_text("*.log\nz.*\n")
    git(shop, "add", ".gitignore")
    check()
    (shop / "z.py").write_text("ignored\n")
    git(shop, "update-index", "--assume-unchanged", "README.md")
    (shop / "README.md").write_text("assumed\n")
    git(shop, "update-index", "--no-assume-unchanged", "README.md")
    check()


def test_nothing_is_recorded_again_after_a_git_add(
    shop: Path, branches: Branches, git: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("shop/cart.py", "README.md", "untracked.py"):
        (shop / name).write_text("changed\n")
    fork(branches)
    (shop / "README.md").write_text("staged\n")
    git(shop, "add", "README.md")
    asked: list[str] = []
    run = Git.run

    def noted(self: Git, *arguments: str, **named: object) -> bytes:
        asked.append(arguments[0])
        return run(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Git, "run", noted)
    fork(branches, "other")

    assert sorted(asked) == ["cat-file", "ls-files", "rev-parse", "write-tree"]


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_the_ids_of_folders_that_did_not_change_are_used_again(
    tmp_path: Path, opened: Open, git: Run, object_format: str
) -> None:
    git(tmp_path, "init", "-q", f"--object-format={object_format}", "x")
    root = tmp_path / "x"
    for name in ("a/one", "a/b/two", "c/d/three", "e"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    git(root, "add", "-A")
    branches = opened(root)
    fork(branches)
    (root / "c/d/three").write_text("changed")
    git(root, "add", "-A")
    tree = fork(branches, "other").tree

    assert tree == git(root, "write-tree").strip()
