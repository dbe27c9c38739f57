"""A working tree with everything that git knows of it, and its branches."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.branch_models import Branch, ForkRequest
from ramet.branches.branches import Branches
from ramet.git.repository import locate
from ramet.paths import UserDirectories

Run = Callable[..., str]
Open = Callable[[Path], Branches]


@pytest.fixture
def opened(directories: UserDirectories) -> Open:
    """Open the branches of a folder."""

    def branches(folder: Path) -> Branches:
        return Branches(locate(folder), directories)

    return branches


@pytest.fixture
def branches(shop: Path, opened: Open) -> Branches:
    """The branches of the shop."""
    return opened(shop)


@pytest.fixture
def dirty(shop: Path, git: Run) -> Path:
    """The shop with everything that a working tree may hold besides what is committed."""
    (shop / "shop/cart.py").write_text((shop / "shop/cart.py").read_text() + "\n\nTAX = 19\n")
    (shop / "README.md").write_text("# Staged\n")
    git(shop, "add", "README.md")
    (shop / "README.md").write_text("# Staged and changed\n")
    (shop / "web/app.ts").unlink()
    git(shop, "rm", "-q", "--cached", "tests/test_cart.py")
    (shop / "shop/new.py").write_text("NEW = 1\n")
    (shop / "tool").write_text("#!/bin/sh\n")
    (shop / "tool").chmod(0o755)
    (shop / "link").symlink_to("shop/cart.py")
    (shop / "build").mkdir()
    (shop / "build/out.o").write_bytes(b"\0ignored")
    (shop / "debug.log").write_text("ignored\n")
    return shop


def fork(branches: Branches, name: str = "try") -> Branch:
    """Fork the working tree under a name."""
    (branch,) = branches.fork(ForkRequest((name,))).branches
    return branch


def git_state(root: Path) -> dict[str, str]:
    """Return digests of everything in `.git` but objects and the references that keep commits, and of the working tree."""
    found = {}
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if not (folder.endswith(".git") and name == "objects")]
        for name in files:
            path = Path(folder, name)
            place = path.relative_to(root).as_posix()
            if not place.startswith(".git/refs/ramet/"):
                content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
                found[place] = f"{path.lstat().st_mode:o} {hashlib.sha256(content).hexdigest()}"
    return found
