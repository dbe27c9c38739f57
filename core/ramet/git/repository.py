"""What git knows about a folder as a whole: where its root is, what HEAD is, and which repository it is."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from msgspec import Struct

from ramet.errors import GitError, UsageError
from ramet.git.runner import Git
from ramet.models import GitHead
from ramet.paths import path_to_text

_IDENTITY_DIGITS = 20
"""80 bits of a hash: two repositories of one user do not meet by chance."""

_NOTHING = 1
"""Exit code of git for "no such thing", as against 128 for an error."""

_FAILED = 128


class Location(Struct, frozen=True):
    """The root of a workspace; `is_git` is False for a plain folder, also for one that its repository ignores."""

    root: Path
    is_git: bool
    git_dir: Path | None = None
    """Where HEAD and the index are; None for a plain folder."""
    common_dir: Path | None = None
    """Where refs and configuration are; another folder than `git_dir` in a linked worktree."""
    is_bare: bool = False
    """The root is the repository itself, and there is no working tree: only its commits can be searched."""


class GitRepository:
    """The git side of a workspace root, which may also be a plain folder."""

    def __init__(self, location: Location, data: Path | None = None) -> None:
        """Take the root; `data` is the folder in which the identity is kept, because finding it walks the history."""
        self._location = location
        self._data = data
        self._git = Git(location.root)

    def head(self) -> GitHead | None:
        """Return the branch and commit of HEAD; None outside git."""
        if not self._location.is_git:
            return None
        branch = self._git.run("symbolic-ref", "-q", "HEAD", ok_codes=(0, _NOTHING)).rstrip(b"\n")
        commit = self._git.run("rev-parse", "-q", "--verify", "HEAD^{commit}", ok_codes=(0, _NOTHING)).strip()
        return GitHead(branch=path_to_text(branch.removeprefix(b"refs/heads/")), commit=commit.decode())

    def object_format(self) -> str:
        """Return `sha1` or `sha256`, the hash of the repository's ids."""
        if not self._location.is_git:
            return "sha1"
        return self._git.run("rev-parse", "--show-object-format").decode().strip()

    def identity(self) -> str:
        """Return an id that all clones share: from the first commit, or from the path where there is none."""
        root_commit = self._root_commit() if self._location.is_git else ""
        if root_commit:
            return f"git-{root_commit[:_IDENTITY_DIGITS]}"
        return f"folder-{_digest(self._location.root)}"

    def _root_commit(self) -> str:
        kept = self._kept_root_commit()
        if kept:
            return kept
        # The first parents alone: merging an unrelated history adds a root but does not make it another repository.
        listing = self._git.run("rev-list", "--first-parent", "--max-parents=0", "HEAD", "--", ok_codes=(0, _FAILED))
        found = listing.decode().split()
        if found:
            self._keep_root_commit(found[-1])
        return found[-1] if found else ""

    def _record(self) -> Path | None:
        if self._data is None or self._location.common_dir is None:
            return None
        return self._data / "identities" / _digest(self._location.common_dir)

    def _kept_root_commit(self) -> str:
        """Return the root commit found earlier, if the repository at this path still has it."""
        record = self._record()
        try:
            commit = record.read_text("ascii").strip() if record is not None else ""
        except (OSError, UnicodeDecodeError):
            return ""
        if not commit or not commit.isalnum():
            return ""
        try:
            self._git.run("cat-file", "-e", f"{commit}^{{commit}}")
        except GitError:
            return ""
        return commit

    def _keep_root_commit(self, commit: str) -> None:
        record = self._record()
        if record is None:
            return
        record.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=record.parent)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(commit)
        Path(name).replace(record)


def locate(folder: Path) -> Location:
    """Return the workspace root that a folder belongs to. Raises UsageError when it is no folder that can be read."""
    folder = _readable(folder)
    location = _git_location(folder)
    if location is not None:
        return location
    home = _home()
    if folder == Path(folder.anchor) or (home is not None and home.is_relative_to(folder)):
        raise UsageError(
            f"{folder} holds your whole home folder or more and is not a git repository.",
            "Open one project's folder instead.",
        )
    return Location(root=folder, is_git=False)


def _readable(folder: Path) -> Path:
    """Return the folder without symlinks in it."""
    try:
        resolved = folder.expanduser().resolve(strict=True)
        with os.scandir(resolved):
            return resolved
    except FileNotFoundError as error:
        raise UsageError(f"There is no folder {folder}.", "Check the path.") from error
    except NotADirectoryError as error:
        raise UsageError(f"{folder} is not a folder.", "Give the folder that holds it.") from error
    except PermissionError as error:
        raise UsageError(f"You may not read the folder {folder}.", "Check its owner and permissions.") from error
    except (OSError, RuntimeError) as error:
        raise UsageError(f"The folder {folder} cannot be opened: {error}.", "Check the path.") from error


def _git_location(folder: Path) -> Location | None:
    """Return the repository around a folder, or None when git has none or does not look into the folder."""
    git = Git(folder)
    try:
        if git.run("rev-parse", "--is-inside-work-tree").strip() != b"true":
            return _bare_location(folder, git)
        git_dir = _path(git, "--git-dir")
        common_dir = _path(git, "--git-common-dir")
        root = (folder / _path(git, "--show-cdup")).resolve()
    except GitError as error:
        if "is not a git repository" in error.what:
            return None
        raise
    # core.worktree lets a repository claim any folder, the whole home for example.
    if not _is_git_dir_of(root, git_dir) or _is_ignored(folder, root):
        return None
    return Location(root=root, is_git=True, git_dir=git_dir, common_dir=common_dir)


def _bare_location(folder: Path, git: Git) -> Location | None:
    """Return the folder as a bare repository, or None when it is none but, say, a folder inside one."""
    if git.run("rev-parse", "--is-bare-repository").strip() != b"true" or not folder.samefile(_path(git, "--git-dir")):
        return None
    return Location(root=folder, is_git=True, git_dir=folder, common_dir=folder, is_bare=True)


def _path(git: Git, option: str) -> Path:
    """Return one path of `git rev-parse`; asked one by one, for a path may hold a line break."""
    return Path(os.fsdecode(git.run("rev-parse", "--path-format=absolute", option).removesuffix(b"\n")))


def _is_git_dir_of(root: Path, git_dir: Path) -> bool:
    """Return whether the folder's own `.git`, a folder or a file with its path, is `git_dir`."""
    entry = root / ".git"
    try:
        if entry.is_file():
            entry = root / os.fsdecode(entry.read_bytes().removeprefix(b"gitdir: ").rstrip(b"\r\n"))
        return entry.samefile(git_dir)
    except OSError:
        return False


def _is_ignored(folder: Path, root: Path) -> bool:
    """Return whether the repository ignores the folder, which is then a workspace of its own."""
    if folder == root:
        return False
    relative = os.fsencode(folder.relative_to(root))
    return bool(Git(root).run("check-ignore", "-z", "--stdin", input=relative + b"/\0", ok_codes=(0, _NOTHING)))


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except (RuntimeError, OSError):
        return None


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:_IDENTITY_DIGITS]
