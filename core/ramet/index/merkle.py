"""Content hashes of files and folders, computed as git computes blob and tree ids. Touches neither disk nor git."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from ramet.paths import path_from_text

ObjectFormat = Literal["sha1", "sha256"]

FILE_MODE = 0o100644
EXECUTABLE_MODE = 0o100755
SYMLINK_MODE = 0o120000
SUBMODULE_MODE = 0o160000

_SHA256_DIGITS = 64


class TreeFile(Struct, frozen=True, gc=False):
    """What stands at one path: git's mode and git's id of the content, in hexadecimal."""

    mode: int
    oid: str


class Changes(Struct, frozen=True):
    """What differs between two trees; paths are sorted."""

    added: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.modified or self.removed)


class _Folder:
    """One folder: what stands in it, by name. Never changed once it is settled, so that trees can share it."""

    __slots__ = ("files", "folders", "id")

    def __init__(self, files: dict[str, TreeFile], folders: dict[str, str]) -> None:
        self.files = files
        self.folders = folders
        """Name to id."""
        self.id = ""

    def copy(self) -> _Folder:
        return _Folder(dict(self.files), dict(self.folders))


class MerkleTree:
    """Paths with their content ids, hashed folder by folder; immutable, and cheap to derive another one from."""

    def __init__(self, files: Mapping[str, TreeFile] | None = None, object_format: ObjectFormat | None = None) -> None:
        """Take text paths of `ramet.paths`; the hash is that of the files' ids unless it is given, sha1 for no files.

        Raises ValueError when one path is both a file and a folder.
        """
        self._files = dict(files or {})
        self._format = object_format or _format_of(self._files)
        self._folders: dict[str, _Folder] = {}
        self._apply(self._files)

    @property
    def root(self) -> str:
        """The id of the whole tree; equals `git write-tree` of the same content."""
        return self._folders[""].id

    @property
    def object_format(self) -> ObjectFormat:
        """The hash that the ids are made of."""
        return self._format

    @property
    def files(self) -> Mapping[str, TreeFile]:
        """All files by path; not to be changed."""
        return self._files

    def folder(self, path: str) -> str:
        """Return the id of a folder, "" for the root. Raises KeyError when there is none."""
        return self._folders[path].id

    def with_changes(self, changes: Mapping[str, TreeFile | None]) -> MerkleTree:
        """Return this tree with some files replaced, or removed where the value is None; only their folders are hashed."""
        changes = {path: file for path, file in changes.items() if self._files.get(path) != file}
        if not changes:
            return self
        derived = MerkleTree.__new__(MerkleTree)
        derived._files = dict(self._files)
        derived._format = self._format
        derived._folders = dict(self._folders)
        for path, file in changes.items():
            if file is None:
                del derived._files[path]
            else:
                derived._files[path] = file
        derived._apply(changes)
        return derived

    def changes_since(self, old: MerkleTree) -> Changes:
        """Return how this tree differs from an older one; looks only into folders whose ids differ."""
        added: list[str] = []
        modified: list[str] = []
        removed: list[str] = []
        pending = [""] if self.root != old.root else []
        while pending:
            path = pending.pop()
            prefix = f"{path}/" if path else ""
            mine = self._folders.get(path, _NO_FOLDER)
            theirs = old._folders.get(path, _NO_FOLDER)
            added.extend(prefix + name for name in mine.files.keys() - theirs.files.keys())
            removed.extend(prefix + name for name in theirs.files.keys() - mine.files.keys())
            modified.extend(prefix + name for name, file in mine.files.items() if theirs.files.get(name, file) != file)
            names = mine.folders.keys() | theirs.folders.keys()
            pending.extend(prefix + name for name in names if mine.folders.get(name) != theirs.folders.get(name))
        return Changes(added=tuple(sorted(added)), modified=tuple(sorted(modified)), removed=tuple(sorted(removed)))

    def _apply(self, changes: Mapping[str, TreeFile | None]) -> None:
        """Put changes into the folders of this tree, which nobody else holds yet."""
        touched = self._own_folders(changes)
        for path, file in changes.items():
            parent, _, name = path.rpartition("/")
            if file is None:
                del touched[parent].files[name]
            else:
                touched[parent].files[name] = file
        # A folder's path is longer than that of any folder above it, so this settles the deepest first.
        for path in sorted(touched, key=len, reverse=True):
            self._settle(path, touched)

    def _own_folders(self, paths: Iterable[str]) -> dict[str, _Folder]:
        """Return copies of all folders above some paths, the root always among them."""
        owned = {"": self._copy("")}
        for path in paths:
            parent = path.rpartition("/")[0]
            while parent not in owned:
                owned[parent] = self._copy(parent)
                parent = parent.rpartition("/")[0]
        return owned

    def _copy(self, path: str) -> _Folder:
        known = self._folders.get(path)
        return known.copy() if known is not None else _Folder({}, {})

    def _settle(self, path: str, owned: Mapping[str, _Folder]) -> None:
        """Hash a folder and enter it into the one above; drop it when it is empty, for git has no empty folders."""
        folder = owned[path]
        parent, _, name = path.rpartition("/")
        if path and not folder.files and not folder.folders:
            self._folders.pop(path, None)
            owned[parent].folders.pop(name, None)
            return
        folder.id = _folder_id(folder, path, self._format)
        self._folders[path] = folder
        if path:
            owned[parent].folders[name] = folder.id


def blob_oid(content: bytes, object_format: ObjectFormat = "sha1") -> str:
    """Return git's id of a file's content."""
    return _object_id("blob", content, object_format)


def _format_of(files: Mapping[str, TreeFile]) -> ObjectFormat:
    first = next(iter(files.values()), None)
    return "sha256" if first is not None and len(first.oid) == _SHA256_DIGITS else "sha1"


def _folder_id(folder: _Folder, path: str, object_format: ObjectFormat) -> str:
    if not folder.files.keys().isdisjoint(folder.folders):
        both = min(folder.files.keys() & folder.folders.keys())
        message = f"{path}/{both} is both a file and a folder"
        raise ValueError(message)
    # git sorts by bytes, and as if the name of a folder ended in a slash.
    entries = [
        (name_bytes, b"%o %b\0%b" % (file.mode, name_bytes, bytes.fromhex(file.oid)))
        for name, file in folder.files.items()
        for name_bytes in (path_from_text(name),)
    ]
    entries += [
        (name_bytes + b"/", b"40000 %b\0%b" % (name_bytes, bytes.fromhex(oid)))
        for name, oid in folder.folders.items()
        for name_bytes in (path_from_text(name),)
    ]
    entries.sort()
    return _object_id("tree", b"".join([entry for _, entry in entries]), object_format)


def _object_id(kind: str, content: bytes, object_format: ObjectFormat) -> str:
    digest = hashlib.new(object_format, usedforsecurity=False)
    digest.update(f"{kind} {len(content)}\0".encode())
    digest.update(content)
    return digest.hexdigest()


_NO_FOLDER = _Folder({}, {})
