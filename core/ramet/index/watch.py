"""Says that something in a working tree may have changed, never what: the scan finds that out."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ramet.errors import GitError
from ramet.git.repository import Location
from ramet.git.status import are_ignored, list_ignored_folders
from ramet.index.scan import git_for
from ramet.paths import absolute

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

_QUIET_MS = 100
"""How long nothing may happen until a burst of events is over."""

_BURST_MS = 500
"""How long a burst may last until it is told anyway."""

_WAIT_MS = 5_000
"""How long one wait for events lasts; then the next one begins."""

_POLL_SECONDS = 3.0
"""Where events cannot be had: as often as a scan of a large repository is no burden."""

_LARGE_BURST = 1_000
"""So many events at once are not worth asking git whether all of them are ignored."""

_GIT_FILES = {"HEAD", "index", "packed-refs"}
_MODIFIED = 2
"""watchfiles' number for a file or folder that neither came nor went."""

_IS_RECURSIVE = sys.platform != "linux"
"""inotify watches folder by folder; elsewhere one stream of events covers all below a folder, whatever is ignored there."""

_FALLBACK_POLL_MS = 1_000
"""Between two looks of watchfiles itself, where the system has no events at all."""

_log = logging.getLogger(__name__)


async def watch_changes(
    location: Location, private: Path, say: Callable[[str], None] | None = None, poll_seconds: float = _POLL_SECONDS
) -> AsyncGenerator[None, None]:
    """Yield when watching has begun, and then whenever something may have changed. Endless; closing it ends the watching.

    Args:
        location: What to watch; ignored folders are left out where the system watches folders one by one.
        private: The folder that the scan of the same root was given.
        say: Is told, in a sentence, why events cannot be had and that the folder is looked at every few seconds instead.
        poll_seconds: The time between two looks then.
    """
    with ThreadPoolExecutor(1, "ramet-watch") as executor:
        loop = asyncio.get_running_loop()
        while True:
            watch = await loop.run_in_executor(executor, _start, location, private)
            if isinstance(watch, str):
                break
            with watch.closing():
                yield None
                while not await _wait(loop, executor, watch):
                    yield None
    _log.warning("%s is polled: %s", location.root, watch)
    if say is not None:
        say(_polled(watch, poll_seconds))
    while True:
        yield None
        await asyncio.sleep(poll_seconds)


def why_polled(location: Location, private: Path) -> str:
    """Return in a sentence why changes to a folder cannot be had as events; empty when they can. Tries it, and blocks."""
    watch = _start(location, private)
    if isinstance(watch, str):
        return _polled(watch, _POLL_SECONDS)
    with watch.closing():
        return ""


def _polled(reason: str, seconds: float) -> str:
    return f"Changes are looked for every {seconds:g} seconds, because {reason}"


async def _wait(loop: asyncio.AbstractEventLoop, executor: ThreadPoolExecutor, watch: _Watch) -> bool:
    """Wait for a change; return whether the set of watched folders must be renewed."""
    waiting = loop.run_in_executor(executor, watch.wait)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        # The thread looks at this every _QUIET_MS; the watcher may not be closed under it.
        watch.stop.set()
        await asyncio.wait([waiting])
        raise


class _Places(Struct, frozen=True):
    """The folders to watch, and those whose events mean something only for certain names."""

    folders: frozenset[str]
    git_dirs: tuple[str, ...]


class _Watch:
    """One running watcher with a fixed set of folders."""

    def __init__(self, location: Location, private: Path, places: _Places, watcher: RustNotify) -> None:
        self._root = str(location.root)
        self._git = git_for(location, private)
        self._places = places
        self._watcher = watcher
        self.stop = threading.Event()

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Close the watcher at the end."""
        try:
            yield
        finally:
            self.stop.set()
            self._watcher.close()

    def wait(self) -> bool:
        """Wait until something that counts changed or the watch is stopped; return whether folders came or went."""
        while not self.stop.is_set():
            try:
                events = self._watcher.watch(_BURST_MS, _QUIET_MS, _WAIT_MS, self.stop)
            except RuntimeError:
                # A file name that is not UTF-8 breaks the watcher; it tells at least that something changed.
                return True
            if isinstance(events, str):
                continue
            in_tree = [(kind, path) for kind, path in events if not self._is_git_internal(path)]
            counted = self._not_ignored([(kind, path) for kind, path in in_tree if not self._is_in_git(path)])
            if counted or any(self._is_in_git(path) for _, path in in_tree):
                return any(self._moves_folders(kind, path) for kind, path in counted)
        return False

    def _is_in_git(self, path: str) -> bool:
        return any(path == folder or path.startswith(folder + os.sep) for folder in self._places.git_dirs)

    def _is_git_internal(self, path: str) -> bool:
        """Return whether a path is in the git directory and says nothing about HEAD, index or refs."""
        for folder in self._places.git_dirs:
            if path == folder:
                return True
            if path.startswith(folder + os.sep):
                name = path[len(folder) + 1 :]
                is_ref = name.startswith(("refs" + os.sep, "reftable" + os.sep)) and not name.endswith(".lock")
                return name not in _GIT_FILES and not is_ref
        return False

    def _not_ignored(self, events: list[tuple[int, str]]) -> list[tuple[int, str]]:
        if not events or len(events) > _LARGE_BURST:
            return events
        relative = [os.fsencode(os.path.relpath(path, self._root)) for _, path in events]
        try:
            ignored = are_ignored(self._git, relative)
        except GitError:
            # A path in a submodule or beyond a symlink is an error to git; the scan is cheaper than finding out which.
            return events
        return [event for event, path in zip(events, relative, strict=True) if path not in ignored]

    def _moves_folders(self, kind: int, path: str) -> bool:
        """Return whether folders must be watched that are not, or no longer need to be."""
        if _IS_RECURSIVE:
            return False
        if path in self._places.folders:
            return kind != _MODIFIED
        place = Path(path)
        return place.name == ".gitignore" or (place.is_dir() and not place.is_symlink())


def _start(location: Location, private: Path) -> _Watch | str:
    """Start watching; return why not when the system does not let us."""
    from watchfiles._rust_notify import RustNotify

    try:
        places = _places(location, private)
        watcher = RustNotify(sorted(places.folders), False, False, _FALLBACK_POLL_MS, _IS_RECURSIVE, True)
    except UnicodeError:
        return "a folder has a name that is not UTF-8."
    except GitError as error:
        return error.what
    except (OSError, RuntimeError) as error:
        return f"the system does not report them: {error}."
    return _Watch(location, private, places, watcher)


def _places(location: Location, private: Path) -> _Places:
    git_dirs = tuple(dict.fromkeys(str(folder) for folder in (location.git_dir, location.common_dir) if folder is not None))
    if _IS_RECURSIVE:
        return _Places(frozenset({str(location.root), *git_dirs}), git_dirs)
    ignored = {str(absolute(location.root, folder)) for folder in list_ignored_folders(git_for(location, private))}
    folders = set(_folders_below(str(location.root), ignored)) | set(git_dirs)
    for folder in git_dirs:
        for name in ("refs", "reftable"):
            folders.update(_folders_below(f"{folder}/{name}", set()))
    return _Places(frozenset(folders), git_dirs)


def _folders_below(root: str, ignored: Iterable[str]) -> Iterator[str]:
    """Yield a folder and those in it; not ignored ones, git directories and nested repositories."""
    ignored = set(ignored)
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                below = [entry for entry in entries if entry.name == ".git" or entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        if folder != root and any(entry.name == ".git" for entry in below):
            continue
        yield folder
        pending.extend(entry.path for entry in below if entry.name != ".git" and entry.path not in ignored)
