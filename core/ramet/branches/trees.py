"""Changes files of a stored tree in the object database: reads the folders on the way, writes the new ones, no checkout."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from ramet.branches.loose import FOLDER_MODE, parsed_tree
from ramet.branches.objects import RAW, ObjectStore
from ramet.index.merkle import TreeFile


class _Folder(Struct):
    """What stands in one folder, and the changes below it."""

    entries: dict[bytes, TreeFile]
    changes: dict[bytes, TreeFile | None]
    below: dict[bytes, _Folder]


class StoredTree:
    """One tree in the store, to look at and to derive another one from."""

    def __init__(self, objects: ObjectStore, tree: str) -> None:
        self._objects = objects
        self.tree = tree
        self._known: dict[bytes, dict[bytes, TreeFile] | None] = {}

    def entries(self, paths: Sequence[bytes]) -> list[TreeFile | None]:
        """Return what stands at some paths, folders with their mode; None where nothing does."""
        self._load({folder for path in paths for folder in _parents(path)})
        found = []
        for path in paths:
            parent, _, name = path.rpartition(b"/")
            folder = self._known[parent]
            found.append(None if folder is None else folder.get(name))
        return found

    def names(self, folder: bytes) -> Collection[bytes]:
        """Return the names in a folder, none where there is no folder."""
        self._load({*_parents(folder), folder})
        return self._known[folder] or ()

    def contents(self, paths: Sequence[bytes]) -> list[bytes | None]:
        """Return what files hold; None where there is no file."""
        files = [entry if entry is not None and _is_blob(entry) else None for entry in self.entries(paths)]
        contents = iter(read_objects(self._objects, [file.oid for file in files if file is not None]))
        return [None if file is None else next(contents) for file in files]

    def with_changes(self, changes: Mapping[bytes, TreeFile | None]) -> str:
        """Store a tree in which some files are replaced, or removed where the value is None, and return its id.

        A file that stands in the way of a folder gives way to it.
        """
        if not changes:
            return self.tree
        self._load({folder for path in changes for folder in _parents(path)})
        root = self._folder(b"")
        for path, file in changes.items():
            folder = root
            *parents, name = path.split(b"/")
            for depth, parent in enumerate(parents):
                if parent not in folder.below:
                    folder.below[parent] = self._folder(b"/".join(parents[: depth + 1]))
                folder = folder.below[parent]
            folder.changes[name] = file
        return self._settle(root) or self._objects.write_tree(b"")

    def _folder(self, path: bytes) -> _Folder:
        return _Folder(dict(self._known.get(path) or {}), {}, {})

    def _settle(self, folder: _Folder) -> str:
        """Store a folder and return its id, the empty text for one without files."""
        entries = folder.entries
        for name, file in folder.changes.items():
            if file is None:
                entries.pop(name, None)
            else:
                entries[name] = file
        for name, below in folder.below.items():
            tree = self._settle(below)
            if tree:
                entries[name] = TreeFile(FOLDER_MODE, tree)
            elif entries.get(name, _NO_FILE).mode == FOLDER_MODE:
                del entries[name]
        if not entries:
            return ""
        # git sorts as if the name of a folder ended in a slash.
        ranked = sorted(entries.items(), key=lambda item: item[0] + (b"/" if item[1].mode == FOLDER_MODE else b""))
        return self._objects.write_tree(
            b"".join(b"%o %b\0" % (file.mode, name) + bytes.fromhex(file.oid) for name, file in ranked)
        )

    def _load(self, folders: set[bytes]) -> None:
        """Read folders that are not known yet, those that git must be asked for all at once."""
        # The outer ones first: they say which objects the inner ones are.
        asked = [folder for folder in sorted(folders - self._known.keys()) if not self._load_loose(folder)]
        names = [self.tree.encode() + (b":" + folder if folder else b"") for folder in asked]
        for folder, (kind, content) in zip(asked, _batch(self._objects, names), strict=True):
            self._known[folder] = parsed_tree(content, len(self.tree) // 2) if kind == b"tree" else None

    def _load_loose(self, folder: bytes) -> bool:
        """Read a folder without git; False where its own folder is not known, or its object is not at hand."""
        parent, _, name = folder.rpartition(b"/")
        if folder and parent not in self._known:
            return False
        entry = TreeFile(FOLDER_MODE, self.tree) if not folder else (self._known[parent] or {}).get(name, _NO_FILE)
        if entry.mode != FOLDER_MODE:
            self._known[folder] = None
            return True
        kind, content = self._objects.loose.read(entry.oid) or (b"", b"")
        if kind == b"tree":
            self._known[folder] = parsed_tree(content, len(self.tree) // 2)
        return kind == b"tree"


_NO_FILE = TreeFile(0, "")


def read_objects(objects: ObjectStore, ids: Sequence[str]) -> list[bytes]:
    """Return what objects hold, in order. Raises GitError when one is missing."""
    found = {oid: loose[1] for oid in ids if (loose := objects.loose.read(oid)) is not None}
    asked = [oid for oid in dict.fromkeys(ids) if oid not in found]
    for oid, (kind, content) in zip(asked, _batch(objects, [each.encode() for each in asked]), strict=True):
        if not kind:
            raise objects.missing(oid)
        found[oid] = content
    return [found[oid] for oid in ids]


def _batch(objects: ObjectStore, names: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of what some names stand for; an empty kind where there is nothing."""
    if not names:
        return
    ends_in_nul = any(b"\n" in name for name in names)
    end, flags = (b"\0", ("-z",)) if ends_in_nul else (b"\n", ())
    output = objects.git.run("cat-file", "--batch", *flags, input=b"".join(name + end for name in names), environment=RAW)
    place = 0
    for name in names:
        if output.startswith(name + b" missing\n", place):
            place += len(name) + len(b" missing\n")
            yield b"", b""
            continue
        line_end = output.index(b"\n", place)
        _, kind, size = output[place:line_end].split(b" ")
        start = line_end + 1
        place = start + int(size) + 1
        yield kind, output[start : place - 1]


def _parents(path: bytes) -> Iterator[bytes]:
    """Yield the folders above a path, the root first."""
    yield b""
    parts = path.split(b"/")[:-1]
    for depth in range(len(parts)):
        yield b"/".join(parts[: depth + 1])


def _is_blob(entry: TreeFile) -> bool:
    return entry.mode not in (FOLDER_MODE, 0o160000)
