"""Says what is in a working tree now: a Merkle tree of everything that is not ignored, at about the price of `git status`.

Nothing in the user's folder is written, the git index included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from ramet.config import IndexLimits
from ramet.errors import UsageError
from ramet.git.history import CommitHistory
from ramet.git.repository import GitRepository, Location
from ramet.git.runner import Git
from ramet.git.settings import FileStamp, file_stamp
from ramet.git.status import NO_MODE, IndexEntry, Status, StatusEntry, list_plain_folder, read_index, read_status
from ramet.index.hashing import FileHasher
from ramet.index.merkle import SUBMODULE_MODE, MerkleTree, ObjectFormat, TreeFile
from ramet.index.reading import Unreadable
from ramet.models import FileChange, FileState, GitHead, SkippedFile

_ATTEMPTS = 3
"""How often a scan starts over because git's index was written in the middle of it."""


def git_for(location: Location, private: Path) -> Git:
    """Return the git of a root; a plain folder gets an empty repository below `private` as its git directory."""
    if location.is_git:
        return Git(location.root)
    repository = private / "plain.git"
    if not (repository / "HEAD").exists():
        private.mkdir(parents=True, exist_ok=True)
        Git(private).run("init", "-q", "--bare", "--template=", "--initial-branch=main", str(repository))
    return Git(location.root, git_dir=repository, work_tree=location.root)


class Scan(Struct, frozen=True):
    """A working tree at one moment."""

    tree: MerkleTree
    changes: tuple[FileChange, ...]
    """How it differs from the last commit; empty outside git."""
    head: GitHead | None
    skipped: tuple[SkippedFile, ...]
    """What stands in the folder but not in the tree, and submodules, of which the tree has the commit alone."""


class WorkingTree:
    """Scans one workspace root, and remembers enough to make the next scan cheap. Not for several threads at once."""

    def __init__(self, location: Location, limits: IndexLimits, private: Path) -> None:
        """Take the root; `private` is a folder of Ramet's own, where a plain folder's empty repository is kept."""
        self._location = location
        self._limits = limits
        self._scanner: _GitScanner | _PlainScanner | None = None
        self._private = private

    def history(self) -> CommitHistory | None:
        """Return the commits of the repository; None outside git."""
        return CommitHistory(Git(self._location.root)) if self._location.is_git else None

    def scan(self) -> Scan:
        """Look at the working tree. Raises GitError when git cannot read it, UsageError when there is none."""
        if self._location.is_bare:
            raise UsageError(
                f"{self._location.root} is a bare repository: it has no files but those of its commits.",
                "Name a branch, tag or commit: --at main.",
            )
        if self._scanner is None:
            self._scanner = (
                _GitScanner(self._location, self._limits)
                if self._location.is_git
                else _PlainScanner(self._location.root, self._limits, self._private)
            )
        return self._scanner.scan()


class _GitScanner:
    """Takes the ids of unchanged files from git's index and hashes only what `git status` names."""

    def __init__(self, location: Location, limits: IndexLimits) -> None:
        assert location.git_dir is not None
        self._git = Git(location.root)
        self._index_file = str(location.git_dir / "index")
        object_format: ObjectFormat = "sha256" if GitRepository(location).object_format() == "sha256" else "sha1"
        self._hasher = FileHasher(location.root, limits.max_file_bytes, object_format)
        self._index: _IndexContent | None = None
        self._tree = _LastTree(object_format)

    def scan(self) -> Scan:
        index, status = self._read_git()
        look = _Look(self._hasher)
        for entry in status.entries:
            look.at_status(entry)
        for unwatched in index.unwatched:
            look.at_unwatched(unwatched)
        look.at_unreadable_folders(status.unreadable_folders)
        self._hasher.forget_all_but(look.files)
        tree = self._tree.derived_from(index.tree, look.files)
        skipped = tuple(sorted([*index.submodules, *look.skipped], key=lambda file: file.path))
        changes = tuple(FileChange(path, state) for path, state in sorted(look.changes.items()))
        return Scan(tree=tree, changes=changes, head=status.head, skipped=skipped)

    def _read_git(self) -> tuple[_IndexContent, Status]:
        """Return index and status of the same moment, as far as three attempts can tell."""
        attempts = 0
        while True:
            attempts += 1
            stamp = file_stamp(self._index_file)
            index = self._current_index(stamp)
            status = read_status(self._git)
            if attempts == _ATTEMPTS or file_stamp(self._index_file) == stamp:
                return index, status

    def _current_index(self, stamp: FileStamp) -> _IndexContent:
        if self._index is None or self._index.stamp != stamp:
            self._index = _IndexContent.of(read_index(self._git), stamp, self._tree.object_format)
        return self._index


class _IndexContent(Struct, frozen=True):
    """What git's index says, and the stamp of the file it was read from."""

    stamp: FileStamp
    tree: MerkleTree
    unwatched: tuple[IndexEntry, ...]
    submodules: tuple[SkippedFile, ...]

    @classmethod
    def of(cls, entries: list[IndexEntry], stamp: FileStamp, object_format: ObjectFormat) -> _IndexContent:
        return cls(
            stamp=stamp,
            tree=MerkleTree({entry.path: TreeFile(entry.mode, entry.oid) for entry in entries}, object_format),
            unwatched=tuple(entry for entry in entries if entry.is_unwatched),
            submodules=tuple(submodule(entry.path, entry.oid) for entry in entries if entry.mode == SUBMODULE_MODE),
        )


def submodule(path: str, commit: str) -> SkippedFile:
    """Return what is said about a submodule."""
    return SkippedFile(path, "submodule", f"a submodule at commit {commit[:10]}")


class _Look:
    """Collects what one scan finds besides the index."""

    def __init__(self, hasher: FileHasher) -> None:
        self._hasher = hasher
        self.files: dict[str, TreeFile | None] = {}
        """What differs from the index; None where a file is not there."""
        self.changes: dict[str, FileState] = {}
        self.skipped: list[SkippedFile] = []

    def at_status(self, entry: StatusEntry) -> None:
        """Take in one path that git says is not as committed."""
        if entry.kind == "?":
            self._at_untracked(entry.path)
            return
        state = _state(entry)
        if state is not None:
            self.changes[entry.path] = state
        if entry.unstaged != "." or entry.kind == "u":
            self.files[entry.path] = None if entry.mode == NO_MODE else self._hashed(entry.path, entry.mode)

    def at_unwatched(self, entry: IndexEntry) -> None:
        """Take in a tracked file that `git status` does not look at."""
        if entry.mode == SUBMODULE_MODE:
            return
        file = self._hashed(entry.path)
        if file is None and entry.is_skipped:
            self.files[entry.path] = None
        elif file != TreeFile(entry.mode, entry.oid):
            self.files[entry.path] = file
            self.changes[entry.path] = "modified" if file is not None else "deleted"

    def at_plain(self, path: str) -> None:
        """Take in a file of a folder that git does not manage."""
        if path.endswith("/"):
            self._skip(path[:-1], Unreadable("nested-repository", "a git repository of its own"))
        else:
            file = self._hashed(path)
            if file is not None:
                self.files[path] = file

    def at_unreadable_folders(self, paths: Iterable[str]) -> None:
        """Take in folders whose untracked files nobody knows."""
        for path in paths:
            self._skip(path, Unreadable("unreadable", "the folder may not be read"))

    def _at_untracked(self, path: str) -> None:
        self.at_plain(path)
        if not path.endswith("/"):
            # A file removed from the index but kept in the working tree is listed twice, as deleted and as untracked.
            self.changes[path] = "modified" if path in self.changes else "untracked"

    def _hashed(self, path: str, mode: int | None = None) -> TreeFile | None:
        """Return a file as it is, None where it is not or cannot be read; `mode` is git's word where the disk cannot say."""
        if mode == SUBMODULE_MODE:
            self._skip(path, Unreadable("nested-repository", "a git repository of its own"))
            return None
        try:
            file = self._hasher.file(path)
        except Unreadable as error:
            if error.reason != "gone":
                self._skip(path, error)
            return None
        return file if mode is None else TreeFile(mode, file.oid)

    def _skip(self, path: str, error: Unreadable) -> None:
        self.skipped.append(SkippedFile(path, error.reason, error.detail))


def _state(entry: StatusEntry) -> FileState | None:
    """Return how a tracked path differs from the last commit; None when it is back where it was."""
    if entry.kind == "u":
        return "conflict"
    if entry.unstaged == "D":
        return None if entry.staged == "A" else "deleted"
    if entry.staged == "D":
        return "deleted"
    return "added" if "A" in (entry.staged, entry.unstaged) else "modified"


class _PlainScanner:
    """Hashes every file of a folder outside git; an empty repository of our own makes git apply its ignore rules."""

    def __init__(self, root: Path, limits: IndexLimits, private: Path) -> None:
        self._git = git_for(Location(root, is_git=False), private)
        self._hasher = FileHasher(root, limits.max_file_bytes)
        self._tree = _LastTree("sha1")
        self._empty = MerkleTree()

    def scan(self) -> Scan:
        look = _Look(self._hasher)
        paths, unreadable_folders = list_plain_folder(self._git)
        for path in paths:
            look.at_plain(path)
        look.at_unreadable_folders(unreadable_folders)
        self._hasher.forget_all_but(look.files)
        tree = self._tree.derived_from(self._empty, look.files)
        return Scan(tree=tree, changes=(), head=None, skipped=tuple(sorted(look.skipped, key=lambda file: file.path)))


class _LastTree:
    """Builds a tree from a base and what differs from it, out of the tree that was built the last time."""

    def __init__(self, object_format: ObjectFormat) -> None:
        self.object_format = object_format
        self._base = MerkleTree(object_format=object_format)
        self._differing: Mapping[str, TreeFile | None] = {}
        self._tree = self._base

    def derived_from(self, base: MerkleTree, differing: Mapping[str, TreeFile | None]) -> MerkleTree:
        """Return the tree; the very same object when nothing changed."""
        if base is not self._base:
            self._base = base
            self._tree = base
            self._differing = {}
        if differing != self._differing:
            restored = {path: base.files.get(path) for path in self._differing.keys() - differing.keys()}
            self._tree = self._tree.with_changes({**restored, **differing})
            self._differing = differing
        return self._tree
