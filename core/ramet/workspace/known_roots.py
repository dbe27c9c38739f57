"""Remembers which root a folder belongs to: asking git takes several processes, looking at a few files nearly nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from ramet.git.repository import Location
from ramet.git.settings import FileStamp

_MOST_KNOWN = 256
"""Folders remembered; a program that opens more than that starts over."""


class Root(Struct, frozen=True):
    """The root of a workspace and the identity of its repository."""

    location: Location
    identity: str


class _Known(Struct, frozen=True):
    root: Root
    stamps: tuple[tuple[str, FileStamp], ...]
    is_sure: bool
    """Whether git gave this answer after the stamps were taken; a change before that could not be noticed."""

    def holds(self) -> bool:
        """Whether nothing has changed since the stamps were taken."""
        return all(stamp == _stamp(path) for path, stamp in self.stamps)


class KnownRoots:
    """Answers from memory while nothing has changed that the answer came from. Safe to use from several threads."""

    def __init__(self, look: Callable[[Path], Root]) -> None:
        """Take what asks git; it raises for a folder that is none."""
        self._look = look
        self._known: dict[str, _Known] = {}

    def of(self, folder: Path) -> Root:
        """Return the root that a folder belongs to. Raises what looking raises."""
        resolved = os.path.realpath(folder)
        known = self._known.pop(resolved, None)
        if known is not None and not known.holds():
            known = None
        if known is None or not known.is_sure:
            root = self._look(folder)
            if known is not None and known.root == root:
                known = _Known(root, known.stamps, is_sure=True)
            else:
                known = _Known(
                    root, tuple((path, _stamp(path)) for path in _witnesses(Path(resolved), root.location)), is_sure=False
                )
        if _may_be_kept(known.root):
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[resolved] = known
        return known.root


def _may_be_kept(root: Root) -> bool:
    """Whether the witnesses tell of every change: the first commit of a repository gives it another identity, which they miss."""
    return not root.location.is_git or root.identity.startswith("git-")


def _witnesses(folder: Path, location: Location) -> Iterator[str]:
    """Yield the files and folders that decide which root a folder has and which repository that is."""
    yield str(folder)
    for ancestor in (folder, *folder.parents):
        yield str(ancestor / ".git")
    if folder != location.root:  # unless it is ignored, which a folder with files in the index never is
        below_root = [each for each in (folder, *folder.parents) if each.is_relative_to(location.root)]
        yield from (str(each / ".gitignore") for each in below_root)
        if location.git_dir is not None:
            yield str(location.git_dir / "index")
    if location.git_dir is not None:
        yield from (str(location.git_dir / name) for name in ("HEAD", "commondir", "config.worktree"))
    if location.common_dir is not None:
        yield from (str(location.common_dir / name) for name in ("config", "info/exclude", "shallow"))
    yield from _user_files()


def _user_files() -> Iterator[str]:
    """Yield where a user may forbid a repository or ignore a folder."""
    chosen = os.environ.get("GIT_CONFIG_GLOBAL")
    if chosen:
        yield chosen
    configuration = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")  # noqa: PTH111  - a text is wanted
    yield from (os.path.expanduser("~/.gitconfig"), "/etc/gitconfig")  # noqa: PTH111
    yield from (f"{configuration}/git/{name}" for name in ("config", "ignore"))


def _stamp(path: str) -> FileStamp:
    """Return the stamp of a file; of a folder only which one it is and whose, for its content changes all the time."""
    try:
        status = os.stat(path)  # noqa: PTH116  - for every connection, and Path is slower
    except OSError:
        return None
    if stat.S_ISDIR(status.st_mode):
        return status.st_dev, status.st_ino, status.st_mode, status.st_uid
    return status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns
