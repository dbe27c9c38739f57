"""Reads what `git ls-files` and `git status` print: the index, and how the working tree differs from it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

from ramet.git.runner import Git
from ramet.models import GitHead
from ramet.paths import path_to_text

NO_MODE = 0
"""The mode of a file that is not there."""


class IndexEntry(NamedTuple):
    """One file of the index."""

    path: str
    mode: int
    oid: str
    is_unwatched: bool
    """`git status` does not look at it: assume-unchanged or skip-worktree."""
    is_skipped: bool
    """Skip-worktree: it may well not be in the working tree."""


class StatusEntry(NamedTuple):
    """One path where HEAD, index and working tree are not all the same."""

    path: str
    kind: str
    """`1` tracked, `u` in conflict, `?` untracked."""
    staged: str
    """How the index differs from HEAD: `.`, `M`, `A`, `D`, `T`; in a conflict, what one side did."""
    unstaged: str
    """How the working tree differs from the index; `.` when it does not."""
    mode: int
    """In the working tree; NO_MODE when the file is not there or untracked."""


class Status(Struct, frozen=True):
    """HEAD and everything that differs."""

    head: GitHead
    entries: tuple[StatusEntry, ...]
    unreadable_folders: tuple[str, ...]


def read_index(git: Git) -> list[IndexEntry]:
    """Return the index without the entries of conflicts, which stand for no single content."""
    entries = []
    for line in git.run("ls-files", "--stage", "-v", "-z", "--full-name").split(b"\0")[:-1]:
        meta, _, path = path_to_text(line).partition("\t")
        tag, mode, oid, stage = meta.split(" ")
        if stage == "0":
            entries.append(IndexEntry(path, int(mode, 8), oid, tag != "H", tag in "Ss"))
    return entries


def read_status(git: Git) -> Status:
    """Return what differs, untracked files one by one; submodules are not looked into."""
    warnings: list[str] = []
    listing = git.run(
        "status",
        "--porcelain=v2",
        "--branch",
        "--no-ahead-behind",
        "-z",
        "--untracked-files=all",
        "--no-renames",
        "--ignore-submodules=all",
        warnings=warnings,
    )
    branch = commit = ""
    entries = []
    for record in listing.split(b"\0")[:-1]:
        line = path_to_text(record)
        if line.startswith("? "):
            entries.append(StatusEntry(line[2:], "?", ".", "?", NO_MODE))
        elif line.startswith("1 "):
            _, states, _, _, _, mode, _, _, path = line.split(" ", 8)
            entries.append(StatusEntry(path, "1", states[0], states[1], int(mode, 8)))
        elif line.startswith("u "):
            _, states, _, _, _, _, mode, _, _, _, path = line.split(" ", 10)
            entries.append(StatusEntry(path, "u", states[0], states[1], int(mode, 8)))
        elif line.startswith("# branch.head "):
            branch = line.removeprefix("# branch.head ")
        elif line.startswith("# branch.oid "):
            commit = line.removeprefix("# branch.oid ")
    head = GitHead(branch="" if branch == "(detached)" else branch, commit="" if commit == "(initial)" else commit)
    return Status(head=head, entries=tuple(entries), unreadable_folders=_unreadable_folders(warnings))


def list_plain_folder(git: Git) -> tuple[list[str], tuple[str, ...]]:
    """Return the files of a work tree without index, and the folders that could not be read.

    Files that an ignore rule excludes are left out; a nested repository ends in a slash.
    """
    warnings: list[str] = []
    listing = git.run("ls-files", "--others", "--exclude-standard", "-z", warnings=warnings)
    return [path_to_text(path) for path in listing.split(b"\0")[:-1]], _unreadable_folders(warnings)


def _unreadable_folders(warnings: Iterable[str]) -> tuple[str, ...]:
    matches = (re.match("warning: could not open directory '(.*)/': ", warning) for warning in warnings)
    return tuple(path_to_text(os.fsencode(match[1])) for match in matches if match is not None)


def list_ignored_folders(git: Git) -> list[str]:
    """Return the folders that are ignored as a whole, without those inside them."""
    listing = git.run("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
    return [path_to_text(path[:-1]) for path in listing.split(b"\0") if path.endswith(b"/")]


def are_ignored(git: Git, paths: Iterable[bytes]) -> set[bytes]:
    """Return those of some paths that are ignored and not tracked. Raises GitError for a path in a submodule."""
    listing = git.run("check-ignore", "-z", "--stdin", input=b"".join(path + b"\0" for path in paths), ok_codes=(0, 1))
    return set(listing.split(b"\0")[:-1])
