"""Records what a working tree holds right now as a commit of the private repository, at about the price of `git status`.

The user's index is copied, never written: its time stamps say which files need no reading.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from msgspec import Struct

from ramet.branches.index_entries import Hidden, folders_of, hidden_among, index_entries
from ramet.branches.index_merge import MergedIndex, merged_index
from ramet.branches.lfs import unchanged_files
from ramet.branches.names import checked_path
from ramet.branches.objects import Head, ObjectStore
from ramet.errors import GitError, UsageError
from ramet.git.runner import Git
from ramet.index.merkle import SUBMODULE_MODE
from ramet.index.reading import Unreadable, open_parent
from ramet.inert import inert_line
from ramet.models import SkippedFile, SkipReason
from ramet.paths import absolute, path_to_text
from ramet.store.lock import store_error

_MOST_FILE_BYTES = 5_000_000
"""An untracked file that is larger is rarely source; it is left out by name unless it is asked for."""
_MOST_NEW_FILES = 2_000
_MOST_NEW_BYTES = 200_000_000
"""New files beyond these are left out by name: a data set that nobody has ignored yet."""
_PLAIN_FACTOR = 10
"""In a folder outside git all files are untracked, so that more is normal there."""
_TOO_MANY = "untracked, and there are too many or too large new files"
_ATTEMPTS = 3
"""How often a look starts over because files vanished in the middle of it."""
_IGNORE_FILE = b".gitignore"

_Stamp = tuple[int, int, int, int] | None


class Snapshot(Struct, frozen=True):
    """A working tree at one moment."""

    commit: str
    tree: str
    head: Head
    taken: float
    skipped: tuple[SkippedFile, ...] = ()
    notes: tuple[str, ...] = ()


class _Listed(Struct):
    """What differs from the index that the look begins with."""

    changed: list[bytes]
    untracked: list[bytes]
    nested: list[bytes]

    @property
    def touches_rules(self) -> bool:
        return any(path.rsplit(b"/", 1)[-1] == _IGNORE_FILE for path in (*self.changed, *self.untracked))


class _IndexMark(Struct, frozen=True):
    """What the private index was made of."""

    user: _Stamp
    rules: tuple[_Stamp, ...]
    """Of the files besides .gitignore that say what is ignored."""


class _Renewed(Struct, frozen=True):
    """What became of the private index."""

    copied: bytes | None = None
    """The user's index where it was copied as it is."""
    is_merged: bool = False


class _Kept(Struct, frozen=True):
    """What is known of the private index."""

    folders: tuple[bytes, ...] = ()
    """The folders of the files that the user's index has."""
    new: dict[bytes, int] = {}
    """The new files that it has besides those of the user's, and their sizes."""


class Snapshotter:
    """Takes snapshots of one working tree; for one thread at a time."""

    def __init__(self, objects: ObjectStore, folder: Path) -> None:
        """Take the store of objects and a private folder for the index."""
        self._objects = objects
        self._index = folder / "index"
        self._mark = folder / "index-mark"
        self._new = folder / "index-new"
        self._environment = {"GIT_INDEX_FILE": str(self._index)}
        self._last: Snapshot | None = None
        self._written: tuple[_Stamp, str] | None = None

    def take(self, include: Collection[str] = ()) -> Snapshot:
        """Record the working tree. Raises GitError, or UsageError where there is none."""
        location = self._objects.location
        if location.is_bare:
            raise UsageError(
                f"{location.root} is a bare repository: it has no working tree.", "Name a commit to begin with: --from main."
            )
        self._objects.prepare()
        with ThreadPoolExecutor(1) as beside:
            heading = beside.submit(self._objects.head)
            tree, skipped = self._attempt(include)
            head = heading.result()
        notes = tuple(self._dirty_submodules(tree))
        last = self._last
        now = time.time()
        if last is not None and (last.tree, last.head) == (tree, head) and self._objects.loose.has(last.commit):
            commit = last.commit
        else:
            origin = f"\n\nHEAD: {head.commit}" if head.commit else ""
            commit = self._objects.write_commit(tree, (), f"The working tree{origin}", now)
        self._last = Snapshot(commit, tree, head, now, skipped, notes)
        return self._last

    def _attempt(self, include: Collection[str]) -> tuple[str, tuple[SkippedFile, ...]]:
        """Record the files, several times when some of them vanish meanwhile."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._record(self._expanded(include))
            except GitError:
                self._index.unlink(missing_ok=True)
                if attempt == _ATTEMPTS:
                    raise

    def _record(self, include: Collection[bytes]) -> tuple[str, tuple[SkippedFile, ...]]:
        (self._index.parent / f"{self._index.name}.lock").unlink(missing_ok=True)  # of a git that was killed: the store is ours
        listed = self._look(self._renew())
        kept = self._kept()
        beyond = self._remove_beyond_links(kept)
        listed.changed = [path for path in listed.changed if path not in beyond]
        gone = beyond.union(path for path in listed.changed if path in kept.new and self._size(path) < 0)
        recorded = {path: size for path, size in kept.new.items() if path not in gone}
        chosen, skipped = self._choose(listed, include, recorded)
        chosen += self._ignored_but_wanted(include)
        if chosen:
            self._objects.git.run(
                "update-index", "--add", "--remove", "--replace", "-z", "--stdin",
                input=b"".join(path + b"\0" for path in chosen), environment=self._environment,
            )  # fmt: skip
        if recorded != kept.new:
            self._keep(_Kept(kept.folders, recorded))
        tree = self._write_tree()
        if include:
            self._forget(include)
        return tree, tuple(skipped)

    def _kept(self) -> _Kept:
        try:
            return msgspec.msgpack.decode(self._new.read_bytes(), type=_Kept) if self._index.exists() else _Kept()
        except (FileNotFoundError, msgspec.DecodeError):
            return _Kept()

    def _keep(self, kept: _Kept) -> None:
        self._new.write_bytes(msgspec.msgpack.encode(kept))

    def _remove_beyond_links(self, kept: _Kept) -> set[bytes]:
        """Take out of the index what lies in folders that are links now, and return it: git would look at what they lead to."""
        folders = dict.fromkeys([*kept.folders, *folders_of(kept.new)])
        links = [folder for folder in folders if os.path.islink(self._place(folder))]  # noqa: PTH114  # bytes
        if not links:
            return set()
        asked = [b":(top,literal)" + link + b"/" for link in links]
        listing = self._objects.git.run("ls-files", "-z", "--", *asked, environment=self._environment)
        if listing:
            self._objects.git.run("update-index", "--force-remove", "-z", "--stdin", input=listing, environment=self._environment)
        return set(listing.split(b"\0")[:-1])

    def _write_tree(self) -> str:
        """Return the tree of the private index; git need not be asked again while that file stays as it is."""
        if self._written is None or self._written[0] != _stamp(self._index):
            try:
                output = self._objects.git.run("write-tree", environment=self._environment)
            except GitError:
                # What a partial clone does not have is the same in its commit, which promises it.
                if not self._objects.is_partial():
                    raise
                output = self._objects.git.run("write-tree", "--missing-ok", environment=self._environment)
            self._written = _stamp(self._index), output.decode().strip()
        return self._written[1]

    # -- the index

    def _renew(self) -> _Renewed:
        """Bring the private index up to the user's unless it was made of the very same."""
        location = self._objects.location
        if location.git_dir is None:
            return _Renewed()
        source = location.git_dir / "index"
        try:
            handle = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            for file in (self._index, self._mark, self._new):
                file.unlink(missing_ok=True)
            return _Renewed(b"")
        except OSError as error:
            raise store_error(error, f"read {source}") from error
        with os.fdopen(handle, "rb") as stream:
            status = os.fstat(stream.fileno())
            mark = _IndexMark(_stamp_of(status), tuple(_stamp(file) for file in _rule_files(self._objects)))
            before = self._marked()
            if before == mark:
                return _Renewed()
            content = stream.read()
        merged = self._merged(content) if before is not None and before.rules == mark.rules else None
        modified = status.st_mtime_ns
        self._mark.unlink(missing_ok=True)
        if merged is None:
            self._keep(_Kept())
        else:
            modified = min(modified, self._index.stat().st_mtime_ns)
            new = self._kept().new
            self._keep(_Kept(merged.folders, {path: new[path] for path in merged.new}))
        self._written = None  # the file may have the size and the time that it had
        self._index.write_bytes(merged.content if merged is not None else content)
        # git takes a file for unread that is as young as the index, so that the copy must be as old as the original.
        os.utime(self._index, ns=(status.st_atime_ns, modified))
        self._mark.write_bytes(msgspec.json.encode(mark))
        return _Renewed(is_merged=True) if merged is not None else _Renewed(content)

    def _marked(self) -> _IndexMark | None:
        """Return what the private index was made of; None where there is none that can be used."""
        try:
            return msgspec.json.decode(self._mark.read_bytes(), type=_IndexMark) if self._index.exists() else None
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def _merged(self, content: bytes) -> MergedIndex | None:
        """Return the user's index together with what was found out about the files before."""
        id_bytes = len(self._objects.empty_tree) // 2
        try:
            user, ours = (index_entries(index, id_bytes) for index in (content, self._index.read_bytes()))
            return merged_index(user, ours, self._kept().new, self._objects.object_format)
        except ValueError:  # nonsense in an index, which git will name
            return None

    def _look(self, renewed: _Renewed) -> _Listed:
        """Return what differs from the index; of a new copy, also where the user told git not to look."""
        if renewed.copied is None:
            listed = self._list_and_write() if renewed.is_merged else self._list()
            if not listed.touches_rules:
                return listed
            # What was recorded before may be ignored now.
            self._index.unlink(missing_ok=True)
            renewed = self._renew()
        (unwatched, left_out), folders = self._read(renewed.copied or b"")
        self._keep(_Kept(folders))
        # A file that is left out of a sparse checkout and is there nevertheless is somebody's work.
        unwanted = [path for path in left_out if self._size(path) >= 0]
        for flag, paths in (("--no-assume-unchanged", unwatched), ("--no-skip-worktree", unwanted)):
            if paths:
                asked = b"".join(path + b"\0" for path in paths)
                self._objects.git.run("update-index", flag, "-z", "--stdin", input=asked, environment=self._environment)
        return self._list()

    def _read(self, index: bytes) -> tuple[Hidden, tuple[bytes, ...]]:
        """Return the files that git was told not to look at, and the folders of all files."""
        entries = index_entries(index, len(self._objects.empty_tree) // 2)
        if entries is not None:
            return hidden_among(entries), folders_of(entries.paths)
        listing = self._objects.git.run("ls-files", "-v", "-z", environment=self._environment).split(b"\0")[:-1]
        assumed = [entry[2:] for entry in listing if entry[:1].islower()]
        skipped = [entry[2:] for entry in listing if entry[:1] in b"sS"]
        return (assumed, skipped), folders_of(entry[2:] for entry in listing)

    def _list_and_write(self) -> _Listed:
        """Return what differs, and write the tree meanwhile: often nothing does but what the user has just added."""
        with ThreadPoolExecutor(1) as beside:
            writing = beside.submit(self._write_tree)
            listed = self._list()
            writing.result()
        return listed

    def _list(self) -> _Listed:
        listing = self._objects.git.run(
            "ls-files", "-t", "-z", "--modified", "--deleted", "--others", "--exclude-standard", environment=self._environment
        )
        changed: dict[bytes, None] = {}
        untracked: list[bytes] = []
        nested: list[bytes] = []
        for line in listing.split(b"\0")[:-1]:
            tag, path = line[:1], line[2:]
            if tag != b"?":
                changed[path] = None
            elif path.endswith(b"/"):
                nested.append(path[:-1])
            else:
                untracked.append(path)
        return _Listed(list(changed), untracked, nested)

    # -- what is taken

    def _choose(
        self, listed: _Listed, include: Collection[bytes], recorded: dict[bytes, int]
    ) -> tuple[list[bytes], list[SkippedFile]]:
        """Return the paths to record and those that are left out; `recorded` gets the new ones among them."""
        skipped = [_skipped(path, "nested-repository", "a git repository of its own") for path in listed.nested]
        chosen = []
        as_committed = unchanged_files(self._objects, self._environment, listed.changed)
        for path in listed.changed:
            if path in as_committed:
                continue
            reason = self._unreadable(path)
            if reason is None:
                chosen.append(path)
            else:
                skipped.append(reason)
        factor = 1 if self._objects.location.is_git else _PLAIN_FACTOR
        # What was recorded before counts, too, or each look would take some more of a flood.
        left_files = _MOST_NEW_FILES * factor - len(recorded)
        left_bytes = _MOST_NEW_BYTES * factor - sum(recorded.values())
        for path in listed.untracked:
            if left_files <= 0 and path not in include:
                skipped.append(_skipped(path, "huge", _TOO_MANY))  # without a look: there may be a hundred thousand
                continue
            size = self._size(path)
            reason = self._unreadable(path)
            if reason is not None:
                skipped.append(reason)
            elif path in include:
                chosen.append(path)
            elif size > _MOST_FILE_BYTES * factor:
                skipped.append(_skipped(path, "huge", f"untracked and {size:,} bytes large"))
            elif size > left_bytes:
                skipped.append(_skipped(path, "huge", _TOO_MANY))
            else:
                left_files -= 1
                left_bytes -= size
                recorded[path] = size
                chosen.append(path)
        return chosen, skipped

    def _forget(self, include: Collection[bytes]) -> None:
        """Take what was asked for by name out of the index again: the next snapshot may not want it."""
        if self._objects.location.is_git:
            self._mark.unlink(missing_ok=True)
            return
        asked = b"".join(path + b"\0" for path in include)
        self._objects.git.run("update-index", "--force-remove", "-z", "--stdin", input=asked, environment=self._environment)

    def _ignored_but_wanted(self, include: Collection[bytes]) -> list[bytes]:
        """Return the files that were asked for by name; they are taken whatever rule excludes them."""
        return [path for path in include if self._is_file(path)]

    def _expanded(self, include: Collection[str]) -> set[bytes]:
        """Return the files that were asked for, those of a folder one by one."""
        found: set[bytes] = set()
        for text in include:
            path = checked_path(text.rstrip("/"))
            found.add(path)
            for folder, names, files in os.walk(self._place(path)) if not os.path.islink(self._place(path)) else ():  # noqa: PTH114
                names[:] = [name for name in names if name != b".git"]
                place = os.path.relpath(folder, os.fsencode(self._objects.location.root))
                found.update(os.path.join(place, name) for name in files)  # noqa: PTH118  # bytes
        return found

    def _size(self, path: bytes) -> int:
        try:
            return os.lstat(self._place(path)).st_size
        except OSError:
            return -1

    def _is_file(self, path: bytes) -> bool:
        """Whether a file or link can be recorded, no folder of its path being a link."""
        try:
            with open_parent(self._objects.location.root, path_to_text(path)) as (folder, name):
                mode = os.lstat(name, dir_fd=folder).st_mode
        except (OSError, Unreadable):
            return False
        return stat.S_ISLNK(mode) or (stat.S_ISREG(mode) and os.access(self._place(path), os.R_OK))

    def _unreadable(self, path: bytes) -> SkippedFile | None:
        """Return why a file cannot be recorded; None when it can, or when it is gone."""
        place = self._place(path)
        try:
            mode = os.lstat(place).st_mode
        except OSError:
            return None
        if stat.S_ISLNK(mode) or stat.S_ISDIR(mode):
            return None
        if not stat.S_ISREG(mode):
            return _skipped(path, "special", "neither a file nor a link")
        if not os.access(place, os.R_OK):
            return _skipped(path, "unreadable", "the file may not be read")
        return None

    def _place(self, path: bytes) -> bytes:
        return os.path.join(os.fsencode(self._objects.location.root), path)  # noqa: PTH118  # bytes

    def _dirty_submodules(self, tree: str) -> Iterator[str]:
        """Yield a sentence for each submodule whose own changes are not recorded."""
        root = self._objects.location.root
        if not (root / ".gitmodules").exists():
            return
        listing = self._objects.git.run("ls-files", "--stage", "-z", environment=self._environment)
        for line in listing.split(b"\0")[:-1]:
            meta, _, raw = line.partition(b"\t")
            path = path_to_text(raw)
            folder = absolute(root, path)
            if int(meta.split(b" ")[0], 8) != SUBMODULE_MODE or not (folder / ".git").exists():
                continue
            try:
                is_dirty = bool(Git(folder).run("status", "--porcelain", "-z", "--ignore-submodules=all"))
            except GitError:
                is_dirty = True
            if is_dirty:
                yield f"The submodule {inert_line(path)} has changes of its own; the branch has its commit without them."


def _rule_files(objects: ObjectStore) -> Iterator[Path]:
    """Yield the files besides .gitignore that decide what is ignored."""
    common = objects.location.common_dir
    if common is not None:
        yield common / "info" / "exclude"
        yield common / "config"


def _skipped(path: bytes, reason: SkipReason, detail: str) -> SkippedFile:
    return SkippedFile(path_to_text(path), reason, detail)


def _stamp(file: Path) -> _Stamp:
    try:
        return _stamp_of(file.stat())
    except OSError:
        return None


def _stamp_of(status: os.stat_result) -> _Stamp:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
