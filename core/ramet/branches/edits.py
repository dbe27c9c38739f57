"""Edits files of a branch where they are stored: one process of git for any number of files, whatever size the repository has."""

from __future__ import annotations

from collections.abc import Sequence

from ramet.branch_models import FileEdit
from ramet.branches.loose import FOLDER_MODE
from ramet.branches.names import checked_path
from ramet.branches.objects import ObjectStore
from ramet.branches.trees import StoredTree
from ramet.errors import UsageError
from ramet.index.merkle import EXECUTABLE_MODE, FILE_MODE, SUBMODULE_MODE, SYMLINK_MODE, TreeFile
from ramet.inert import inert_line


def edited_tree(objects: ObjectStore, tree: str, edits: Sequence[FileEdit]) -> str:
    """Store a tree with some files changed and return its id. Raises UsageError when an edit cannot be made."""
    paths = [checked_path(edit.path) for edit in edits]
    if len(set(paths)) < len(paths):
        raise UsageError("A file is named twice in one edit.", "Give each file once, as it shall be.")
    stored = StoredTree(objects, tree)
    removed = {path for path, edit in zip(paths, edits, strict=True) if edit.content is None}
    changes: dict[bytes, TreeFile | None] = {}
    for path, edit, old in zip(paths, edits, stored.entries(paths), strict=True):
        _check(stored, path, edit, old, removed)
        if edit.content is None:
            changes[path] = None
        else:
            was_executable = old is not None and old.mode == EXECUTABLE_MODE
            is_executable = was_executable if edit.is_executable is None else edit.is_executable
            changes[path] = TreeFile(EXECUTABLE_MODE if is_executable else FILE_MODE, objects.write_blob(edit.content))
    return stored.with_changes(changes)


def _check(stored: StoredTree, path: bytes, edit: FileEdit, old: TreeFile | None, removed: set[bytes]) -> None:
    """Raise UsageError when a path cannot be written or removed."""
    shown = inert_line(edit.path[:200])
    if edit.content is None:
        if old is None:
            raise UsageError(f"The branch has no file {shown} to remove.", "`ramet branch show NAME --files` lists them.")
        if old.mode == FOLDER_MODE:
            raise UsageError(f"{shown} is a folder in the branch.", "Remove its files one by one.")
        return
    if old is not None and old.mode in (FOLDER_MODE, SYMLINK_MODE, SUBMODULE_MODE):
        kind = {FOLDER_MODE: "a folder", SYMLINK_MODE: "a symbolic link", SUBMODULE_MODE: "a submodule"}[old.mode]
        raise UsageError(f"{shown} is {kind} in the branch and cannot be written.", "Write another path, or remove it first.")
    parts = path.split(b"/")[:-1]
    above = [b"/".join(parts[: depth + 1]) for depth in range(len(parts))]
    for folder, entry in zip(above, stored.entries(above), strict=True):
        if entry is not None and entry.mode != FOLDER_MODE and folder not in removed:
            raise UsageError(f"{shown} cannot be written: a folder of its path is a file or a link.", "Remove that first.")
