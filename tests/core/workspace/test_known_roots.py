"""A remembered root is as good as asking git: whatever could change the answer makes it ask again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.errors import UsageError
from ramet.paths import UserDirectories
from ramet.workspace.known_roots import KnownRoots, Root
from ramet.workspace.services import look_at_root

Git = Callable[..., str]


class Looker:
    """Asks git and counts how often."""

    def __init__(self, directories: UserDirectories) -> None:
        self._directories = directories
        self.count = 0

    def __call__(self, folder: Path) -> Root:
        self.count += 1
        return look_at_root(folder, self._directories)


@pytest.fixture
def looker(directories: UserDirectories) -> Looker:
    return Looker(directories)


@pytest.fixture
def roots(looker: Looker) -> KnownRoots:
    return KnownRoots(looker)


def settle(roots: KnownRoots, folder: Path) -> Root:
    """Ask until the answer is remembered."""
    roots.of(folder)
    return roots.of(folder)


@pytest.mark.parametrize("inside", [".", "shop"])
def test_git_is_asked_twice_and_then_no_more_while_files_change(
    roots: KnownRoots, looker: Looker, shop: Path, git: Git, inside: str
) -> None:
    first = settle(roots, shop / inside)
    (shop / "shop/new.py").write_text("x = 1\n")
    git(shop, "commit", "-q", "--allow-empty", "-m", "more")
    later = [roots.of(shop / inside) for _ in range(3)]

    assert later == [first] * 3
    assert first.location.root == shop.resolve()
    assert looker.count == 2


def test_a_repository_that_goes_comes_or_is_another_one_is_noticed(roots: KnownRoots, shop: Path, git: Git) -> None:
    before = settle(roots, shop)
    (shop / ".git").rename(shop / "kept")
    without = settle(roots, shop)
    git(shop, "init", "-q")
    empty = settle(roots, shop)
    git(shop, "add", "README.md")
    git(shop, "commit", "-qm", "Another first commit")
    other = settle(roots, shop)
    git(shop, "init", "-q", "shop")
    nested = settle(roots, shop / "shop")

    assert (before.location.is_git, without.location.is_git, empty.location.is_git) == (True, False, True)
    assert empty.identity.startswith("folder-")
    assert other.identity.startswith("git-")
    assert len({before.identity, without.identity, other.identity}) == 3
    assert nested.location.root == (shop / "shop").resolve()


def test_a_folder_that_becomes_ignored_or_vanishes_is_noticed(roots: KnownRoots, shop: Path, git: Git) -> None:
    (shop / "drafts").mkdir()
    inside = settle(roots, shop / "drafts")
    (shop / ".gitignore").write_text("drafts/\nweb/\n")
    ignored, tracked = settle(roots, shop / "drafts"), settle(roots, shop / "web")
    git(shop, "rm", "-q", "--cached", "-r", "web")
    untracked = roots.of(shop / "web")
    (shop / "drafts").rmdir()

    assert inside.location.root == shop.resolve()
    assert ignored.location.root == (shop / "drafts").resolve()
    assert tracked.location.root == shop.resolve()
    assert untracked.location.root == (shop / "web").resolve()
    with pytest.raises(UsageError, match="no folder"):
        roots.of(shop / "drafts")


def test_a_link_that_points_elsewhere_is_followed(roots: KnownRoots, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    link = tmp_path / "link"
    link.symlink_to(shop)
    before = settle(roots, link)
    link.unlink()
    link.symlink_to(tmp_path / "plain")
    after = roots.of(link)

    assert before.location.root == shop.resolve()
    assert after.location.root == (tmp_path / "plain").resolve()


def test_a_worktree_is_not_its_repository(roots: KnownRoots, shop: Path, git: Git, tmp_path: Path) -> None:
    git(shop, "worktree", "add", "-q", str(tmp_path / "tree"))
    tree, main = settle(roots, tmp_path / "tree"), settle(roots, shop)
    git(shop, "worktree", "remove", str(tmp_path / "tree"))
    (tmp_path / "tree").mkdir()
    plain = settle(roots, tmp_path / "tree")

    assert tree.identity == main.identity
    assert tree.location != main.location
    assert not plain.location.is_git
