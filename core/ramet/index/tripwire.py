"""Says whether a working tree may have changed since a moment, at no cost and without delay; never what changed.

What it does not see: writes to mapped memory, through hard links from elsewhere, by other machines, and changes of the user's own
configuration of git. Nobody should trust it for long.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from ramet.errors import GitError
from ramet.git.repository import Location
from ramet.git.status import list_ignored_folders
from ramet.index.inotify import FolderEvent, Inotify
from ramet.index.scan import git_for
from ramet.paths import absolute

_MOST_FOLDERS = 20_000
"""A watch takes about a kilobyte of the kernel's memory."""
_SHARE = 8
"""Of the watches that a user may have no more than one in so many."""
_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")
_GIT_FILES = {"HEAD", "index", "packed-refs", "config", "config.worktree"}
_LAYOUT_FILES = {"index", "config", "config.worktree", "exclude"}
"""Files of a git directory that may decide which folders are ignored as a whole."""


class TooLarge(Exception):
    """There are more folders than may be watched."""


class Tripwire:
    """Watches all folders of a root that are not ignored, and what decides about HEAD and ignored files. For one thread."""

    def __init__(self, events: Inotify, git_dirs: Iterable[str]) -> None:
        self._events = events
        self._git_dirs = tuple(git_dirs)
        self._changes = 0
        self.is_outdated = False
        """Whether other folders must be watched now, so that nothing it says from here on may be believed."""

    @classmethod
    def lay(cls, location: Location, private: Path) -> Tripwire | None:
        """Begin to watch; None where the system has no such events, or not enough of them. Blocks.

        `private` is the folder that the scan of the same root was given.
        """
        if sys.platform != "linux":
            return None
        try:
            events = Inotify()
        except OSError:
            return None
        try:
            git_dirs = dict.fromkeys(str(folder) for folder in (location.git_dir, location.common_dir) if folder is not None)
            _watch_all(events, location, private, git_dirs)
        except (OSError, GitError, TooLarge):
            events.close()
            return None
        return cls(events, git_dirs)

    def changes(self) -> int:
        """Return how often something may have changed until now."""
        for event in self._events.read():
            if event.is_end or not self._counts(event):
                continue
            self._changes += 1
            self.is_outdated = self.is_outdated or event.is_loss or event.moves_folders or self._is_layout(event)
        return self._changes

    def close(self) -> None:
        """End the watching."""
        self._events.close()

    def _counts(self, event: FolderEvent) -> bool:
        """Return whether an event is in the working tree, or says something about HEAD, index, references or ignored files."""
        if event.folder in self._git_dirs:
            return event.name in _GIT_FILES or event.is_loss
        return not (event.name.endswith(".lock") and any(event.folder.startswith(f"{folder}/refs") for folder in self._git_dirs))

    def _is_layout(self, event: FolderEvent) -> bool:
        if any(event.folder == folder or event.folder.startswith(folder + os.sep) for folder in self._git_dirs):
            return event.name in _LAYOUT_FILES
        return event.name in (".gitignore", ".git")


def _watch_all(events: Inotify, location: Location, private: Path, git_dirs: Iterable[str]) -> None:
    """Watch everything; a folder is watched before it is listed, so that none can come in between."""
    git = git_for(location, private)
    ignored = list_ignored_folders(git)
    left = _most_folders()
    for folder in git_dirs:
        events.add(folder)
        for name in ("refs", "reftable", "info"):
            left = _watch_below(events, f"{folder}/{name}", set(), left)
    _watch_below(events, str(location.root), {str(absolute(location.root, folder)) for folder in ignored}, left)
    if list_ignored_folders(git) != ignored:
        raise OSError("rules about ignored files have changed meanwhile")


def _watch_below(events: Inotify, root: str, ignored: set[str], left: int) -> int:
    """Watch a folder and those in it, but no ignored ones, git folders and nested repositories; return how many may follow."""
    pending = [root]
    while pending:
        folder = pending.pop()
        left -= 1
        if left < 0:
            raise TooLarge
        try:
            events.add(folder)
            with os.scandir(folder) as entries:
                below = [entry for entry in entries if entry.name == ".git" or entry.is_dir(follow_symlinks=False)]
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue  # what stands above it tells when that changes
        if folder != root and any(entry.name == ".git" for entry in below):
            continue
        pending.extend(entry.path for entry in below if entry.name != ".git" and entry.path not in ignored)
    return left


def _most_folders() -> int:
    try:
        return min(_MOST_FOLDERS, int(_LIMIT.read_text(encoding="ascii")) // _SHARE)
    except (OSError, ValueError):
        return 0
