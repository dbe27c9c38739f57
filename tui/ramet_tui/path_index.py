"""The file tree as data: which names each folder holds, from a list of paths or from one folder on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from ramet.models import FileChange, FileState
from ramet.paths import absolute, path_to_text

EntryKind = Literal["folder", "file", "link"]
HIDDEN_NAMES = frozenset({".git"})


class Entry(Struct, frozen=True):
    """One line of the tree."""

    path: str
    kind: EntryKind

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def order(self) -> tuple[bool, str, str]:
        """Folders first, then by name without case."""
        return (self.kind != "folder", self.name.lower(), self.path)


class UnreadableFolder(Exception):
    """A folder on the disk cannot be listed; the text says why."""


class PathIndex:
    """Folders and their entries for a fixed list of file paths."""

    def __init__(self, paths: Iterable[str]) -> None:
        folders: dict[str, list[Entry]] = {"": []}
        for path in paths:
            folder = path.rpartition("/")[0]
            if folder not in folders:
                _add_folder(folders, folder)
            folders[folder].append(Entry(path, "file"))
        for entries in folders.values():
            entries.sort(key=lambda entry: entry.order)
        self._folders = folders

    def entries(self, folder: str) -> list[Entry]:
        """Return what a folder holds, folders first; empty for an unknown folder."""
        return self._folders.get(folder, [])


def _add_folder(folders: dict[str, list[Entry]], folder: str) -> None:
    missing = []
    while folder not in folders:
        missing.append(folder)
        folder = folder.rpartition("/")[0]
    for name in reversed(missing):
        folders[name] = []
        folders[folder].append(Entry(name, "folder"))
        folder = name


def read_folder(root: Path, folder: str) -> list[Entry]:
    """Return what a folder on the disk holds, without following links. Blocks, so it runs in a thread."""
    prefix = f"{folder}/" if folder else ""
    entries = []
    try:
        with os.scandir(os.fsencode(absolute(root, folder))) as found:
            for item in found:
                name = path_to_text(item.name)
                if name not in HIDDEN_NAMES:
                    entries.append(Entry(prefix + name, _kind(item)))
    except OSError as error:
        raise UnreadableFolder(error.strerror or str(error)) from error
    return sorted(entries, key=lambda entry: entry.order)


def _kind(item: os.DirEntry[bytes]) -> EntryKind:
    if item.is_symlink():
        return "link"
    return "folder" if item.is_dir(follow_symlinks=False) else "file"


_WEIGHT: Mapping[FileState, int] = {"untracked": 1, "added": 2, "renamed": 3, "modified": 4, "deleted": 5, "conflict": 6}


def folder_states(changes: Iterable[FileChange]) -> dict[str, FileState]:
    """Return the state of every changed path and, for each folder above it, the weightiest state inside."""
    states: dict[str, FileState] = {}
    for change in changes:
        states[change.path] = change.state
        folder = change.path.rpartition("/")[0]
        while folder:
            present = states.get(folder)
            if present is not None and _WEIGHT[present] >= _WEIGHT[change.state]:
                break
            states[folder] = change.state
            folder = folder.rpartition("/")[0]
    return states
