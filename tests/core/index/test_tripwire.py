"""Real changes to real folders, seen as soon as they are made."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ramet.git.repository import locate
from ramet.index import inotify, tripwire
from ramet.index.tripwire import Tripwire

if sys.platform != "linux":
    pytest.skip("only Linux tells of changes at once", allow_module_level=True)

Git = Callable[..., str]


@pytest.fixture
def laid(shop: Path, git: Git, tmp_path: Path) -> Iterator[Tripwire]:
    """A tripwire around a repository with an ignored folder and a branch."""
    (shop / ".gitignore").write_text("build/\n")
    (shop / "build").mkdir()
    git(shop, "branch", "other")
    made = Tripwire.lay(locate(shop), tmp_path / "private")
    assert made is not None
    yield made
    made.close()


def _written(shop: Path, _: Git) -> None:
    with (shop / "shop/cart.py").open("r+") as file:
        file.write("#")
        file.flush()


def _same_size(shop: Path, _: Git) -> None:
    cart = shop / "shop/cart.py"
    cart.write_bytes(cart.read_bytes().swapcase())


def _made_executable(shop: Path, _: Git) -> None:
    (shop / "shop/cart.py").chmod(0o755)


def _created(shop: Path, _: Git) -> None:
    (shop / "shop/new.py").touch()


def _removed(shop: Path, _: Git) -> None:
    (shop / "shop/cart.py").unlink()


def _renamed(shop: Path, _: Git) -> None:
    (shop / "shop/cart.py").rename(shop / "shop/basket.py")


def _replaced(shop: Path, _: Git) -> None:
    (shop / "build/new").write_text("x = 1\n")
    (shop / "build/new").replace(shop / "shop/cart.py")


def _folder_made(shop: Path, _: Git) -> None:
    (shop / "fresh").mkdir()


def _folder_gone(shop: Path, _: Git) -> None:
    (shop / "shop").rename(shop.parent / "elsewhere")


def _rules_changed(shop: Path, _: Git) -> None:
    (shop / ".gitignore").write_text("")


def _own_rules_changed(shop: Path, _: Git) -> None:
    (shop / ".git/info/exclude").write_text("*.py\n")


def _added(shop: Path, git: Git) -> None:
    git(shop, "update-index", "--chmod=+x", "shop/cart.py")


def _committed(shop: Path, git: Git) -> None:
    git(shop, "commit", "-q", "--allow-empty", "-m", "Nothing")


def _switched(shop: Path, git: Git) -> None:
    git(shop, "symbolic-ref", "HEAD", "refs/heads/other")


def _configured(shop: Path, git: Git) -> None:
    git(shop, "config", "core.filemode", "false")


_CHANGES = (
    _written, _same_size, _made_executable, _created, _removed, _renamed, _replaced, _folder_made, _folder_gone, _rules_changed,
    _own_rules_changed, _added, _committed, _switched, _configured,
)  # fmt: skip
_OUTDATING = {_folder_made, _folder_gone, _rules_changed, _own_rules_changed, _added, _configured}


@pytest.mark.parametrize("change", _CHANGES)
def test_a_change_is_known_as_soon_as_it_is_made(
    laid: Tripwire, shop: Path, git: Git, change: Callable[[Path, Git], None]
) -> None:
    before = laid.changes()
    change(shop, git)
    after = laid.changes()

    assert after > before
    assert laid.is_outdated == (change in _OUTDATING)


def test_what_git_does_not_see_is_no_change(laid: Tripwire, shop: Path, git: Git) -> None:
    before = laid.changes()
    (shop / "build/out.py").write_text("x = 1\n")
    (shop / "shop/cart.py").read_text()
    git(shop, "--no-optional-locks", "status")
    (shop / ".git/COMMIT_EDITMSG").write_text("not yet\n")

    assert laid.changes() == before


def test_more_changes_than_the_system_remembers_are_a_change_like_any_other(laid: Tripwire, shop: Path) -> None:
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text(encoding="ascii"))
    with (shop / "shop/cart.py").open("r+b", 0) as one, (shop / "shop/new.py").open("wb", 0) as other:
        laid.changes()
        for _ in range(most // 2 + 10):
            one.write(b"#")
            other.write(b"#")
    after = laid.changes()

    assert laid.is_outdated
    assert laid.changes() == after


@pytest.mark.parametrize("reason", ["no events", "too many folders"])
def test_without_enough_watches_nothing_is_promised(
    shop: Path, tmp_path: Path, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(24, "Too many open files")

    if reason == "no events":
        monkeypatch.setattr(inotify.Inotify, "__init__", refuse)
    else:
        monkeypatch.setattr(tripwire, "_MOST_FOLDERS", 3)

    assert Tripwire.lay(locate(shop), tmp_path / "private") is None


def test_a_plain_folder_is_told_of_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    (folder / "deep").mkdir(parents=True)
    laid = Tripwire.lay(locate(folder), tmp_path / "private")
    assert laid is not None
    before = laid.changes()
    (folder / "deep/notes.txt").write_text("x\n")
    after = laid.changes()
    laid.close()

    assert after > before
