"""The files of one commit as the index sees them, read from git's object database and never from the disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from ramet.config import IndexLimits
from ramet.errors import GitError
from ramet.git.history import CommitHistory
from ramet.git.revisions import TreeEntry, list_tree, read_blobs
from ramet.git.runner import Git
from ramet.index.chunker import split_lines
from ramet.index.merkle import SUBMODULE_MODE, SYMLINK_MODE, MerkleTree, ObjectFormat, TreeFile
from ramet.index.reading import RememberedContent, Unreadable, worth_indexing
from ramet.index.scan import Scan, submodule
from ramet.models import Revision

_READ_BYTES = 32 << 20
"""Content asked of git at once: it is in memory until it is read."""


def revision_view(revision: Revision) -> str:
    """Return the name of the view that shows a commit; commits with the same files share it."""
    return f"{REVISION_VIEWS}{revision.tree}"


REVISION_VIEWS = "tree:"
"""How the names of views of commits begin."""


class Past(Struct, frozen=True):
    """Where the commits are that led to what a tree shows, and the last of them; an empty id where there is none."""

    git: Git
    commit: str


class RevisionTree:
    """All files of one commit; immutable, and safe to use from several threads."""

    def __init__(self, git: Git, revision: Revision, limits: IndexLimits, past: Past | None = None) -> None:
        """List the files; without a `past` it is that of the commit itself. Raises GitError when git lacks a part of them."""
        self.revision = revision
        self.past = past or Past(git, revision.commit)
        self._git = git
        self._limits = limits
        entries = list_tree(git, revision.tree)
        self._entries = {entry.path: entry for entry in entries}
        object_format: ObjectFormat = "sha256" if len(revision.tree) == _SHA256_DIGITS else "sha1"
        try:
            self._tree = MerkleTree({entry.path: TreeFile(entry.mode, entry.oid) for entry in entries}, object_format)
        except ValueError as error:
            raise GitError(f"The tree of {revision.name} is broken: {error}.", "Run `git fsck` to see what is wrong.") from error

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of all files, sorted; submodules are no files."""
        return tuple(sorted(path for path, entry in self._entries.items() if entry.mode != SUBMODULE_MODE))

    def history(self) -> CommitHistory | None:
        """Return the commits of the repository; None where there are none."""
        return CommitHistory(self.past.git) if self.past.commit else None

    def scan(self) -> Scan:
        """Return what a clean checkout of the commit would be."""
        skipped = [submodule(path, entry.oid) for path, entry in sorted(self._entries.items()) if entry.mode == SUBMODULE_MODE]
        return Scan(tree=self._tree, changes=(), head=None, skipped=tuple(skipped))

    def reader(self) -> RevisionReader:
        """Return a reader of the files, for one thread."""
        return RevisionReader(self._git, self._entries, self._limits)


_SHA256_DIGITS = 64


class RevisionReader:
    """Reads files of one commit; see `FileReader`. All methods raise GitError when git lacks a content."""

    def __init__(self, git: Git, entries: Mapping[str, TreeEntry], limits: IndexLimits) -> None:
        self._git = git
        self._entries = entries
        self._limits = limits
        self._expected: dict[str, None] = {}
        self._fetched: dict[str, bytes] = {}
        self._remembered = RememberedContent()

    def expect(self, paths: Sequence[str]) -> None:
        """See `FileReader`."""
        self._expected = dict.fromkeys(path for path in paths if self._refusal(path) is None)

    def content(self, path: str) -> bytes:
        """See `FileReader`."""
        refusal = self._refusal(path)
        if refusal is not None:
            raise refusal
        if path not in self._fetched:
            self._fetch(path)
        return self._fetched.pop(path)

    def indexable(self, path: str) -> bytes:
        """See `FileReader`."""
        return worth_indexing(self.content(path), self._limits)

    def lines(self, path: str) -> list[str]:
        """See `FileReader`."""
        data = self._remembered.take(path)
        return split_lines((self.content(path) if data is None else data).decode("utf-8", "replace"))

    def remember(self, path: str, data: bytes) -> None:
        """See `FileReader`."""
        self._remembered.keep(path, data)

    def may_have_changed(self, path: str, since: float) -> bool:
        """See `FileReader`: a commit never changes."""
        return False

    def _refusal(self, path: str) -> Unreadable | None:
        """Return why a file cannot be read, None when it can."""
        entry = self._entries.get(path)
        if entry is None:
            return Unreadable("gone", "the commit has no such file")
        if entry.mode == SYMLINK_MODE:
            return Unreadable("symlink", "a symbolic link, which is not followed")
        if entry.mode == SUBMODULE_MODE:
            return Unreadable("submodule", "another repository")
        if entry.size > self._limits.max_file_bytes:
            return Unreadable("huge", f"{entry.size:,} bytes, the limit is {self._limits.max_file_bytes:,}")
        return None

    def _fetch(self, path: str) -> None:
        """Read a file and, while there is room, those that are expected after it."""
        self._expected.pop(path, None)
        wanted = [path]
        room = _READ_BYTES - self._entries[path].size
        for expected in self._expected:
            room -= self._entries[expected].size
            if room < 0:
                break
            if expected not in self._fetched and expected not in self._remembered:
                wanted.append(expected)
        for read in wanted[1:]:
            del self._expected[read]
        contents = read_blobs(self._git, [self._entries[each].oid for each in wanted])
        self._fetched.update(zip(wanted, contents, strict=True))
