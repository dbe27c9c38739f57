"""Objects in files of their own, read and written without a process of git: what branches consist of is mostly that."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import zlib
from pathlib import Path
from typing import BinaryIO

from ramet.index.merkle import SUBMODULE_MODE, ObjectFormat, TreeFile
from ramet.store.lock import store_error

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK_BYTES = 1 << 20
FOLDER_MODE = 0o040000


class LooseObjects:
    """The loose objects of the private repository."""

    def __init__(self, folder: Path, object_format: ObjectFormat) -> None:
        """Take the folder `objects` of a repository."""
        self._folder = folder
        self._format = object_format

    def has(self, id: str) -> bool:
        """Whether an object is here."""
        return os.path.exists(self._place(id))  # noqa: PTH110  # for many ids, and Path is slow

    def read(self, id: str) -> tuple[bytes, bytes] | None:
        """Return kind and content of an object; None where it is not here or cannot be read, so that git shall be asked."""
        try:
            with open(self._place(id), "rb") as stream:  # noqa: PTH123  # for many ids, and Path is slow
                data = zlib.decompress(stream.read())
        except (OSError, zlib.error):
            return None
        header, _, content = data.partition(b"\0")
        kind, _, size = header.partition(b" ")
        return (kind, content) if size == b"%d" % len(content) else None

    def new_objects(self, old: str, new: str) -> list[str] | None:
        """Return the ids of all files and folders, the root among them, that one tree has and another one lacks.

        None where one of the folders on the way is not here, so that git must compare them.
        """
        found: list[str] = []
        waiting = [(old, new)]
        while waiting:
            old, new = waiting.pop()
            before, after = (self._tree(tree) if tree else {} for tree in (old, new))
            if before is None or after is None:
                return None
            found.append(new)
            for name, entry in after.items():
                known = before.get(name)
                if entry == known or entry.mode == SUBMODULE_MODE:
                    continue
                if entry.mode == FOLDER_MODE:
                    waiting.append((known.oid if known is not None and known.mode == FOLDER_MODE else "", entry.oid))
                else:
                    found.append(entry.oid)
        return found

    def _tree(self, id: str) -> dict[bytes, TreeFile] | None:
        kind, content = self.read(id) or (b"", b"")
        return parsed_tree(content, len(id) // 2) if kind == b"tree" else None

    def write(self, kind: str, content: bytes) -> str:
        """Store an object and return its id. Raises StoreError."""
        data = b"%s %d\0" % (kind.encode(), len(content)) + content
        oid = hashlib.new(self._format, data, usedforsecurity=False).hexdigest()
        if not self.has(oid):
            try:
                temporary, stream = self._new(oid)
                with stream:
                    stream.write(zlib.compress(data, 1))
                os.rename(temporary, self._place(oid))  # noqa: PTH104
            except OSError as error:
                raise store_error(error, "store the state of a branch") from error
        return oid

    def copy(self, source: Path, id: str) -> bool:
        """Copy a loose object of another repository, if it is there and is what its id says. Raises StoreError."""
        try:
            handle = os.open(source / id[:2] / id[2:], _READ)
        except OSError:
            return False
        with os.fdopen(handle, "rb") as there:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return False
            try:
                temporary, here = self._new(id)
                with here:
                    is_good = self._copied(there, here) == id
                if is_good:
                    os.rename(temporary, self._place(id))  # noqa: PTH104
                else:
                    os.unlink(temporary)  # noqa: PTH108
            except OSError as error:
                raise store_error(error, "store the state of a branch") from error
        return is_good

    def _copied(self, there: BinaryIO, here: BinaryIO) -> str:
        """Copy a file and return the id of the object in it, the empty text where there is none."""
        digest = hashlib.new(self._format, usedforsecurity=False)
        inflater = zlib.decompressobj()
        try:
            while chunk := there.read(_CHUNK_BYTES):
                here.write(chunk)
                while chunk:
                    digest.update(inflater.decompress(chunk, _CHUNK_BYTES))
                    chunk = inflater.unconsumed_tail
        except zlib.error:
            return ""
        return digest.hexdigest() if inflater.eof and not inflater.unused_data else ""

    def _new(self, id: str) -> tuple[str, BinaryIO]:
        """Open a file that becomes an object when it is complete."""
        temporary = f"{self._place(id)}.tmp_obj_{secrets.token_hex(6)}"
        try:
            return temporary, open(temporary, "xb", opener=_read_only)
        except FileNotFoundError:  # git removes the folders of objects that are empty when it cleans up
            Path(temporary).parent.mkdir(exist_ok=True)
            return temporary, open(temporary, "xb", opener=_read_only)

    def _place(self, id: str) -> str:
        return f"{self._folder}/{id[:2]}/{id[2:]}"


def parsed_tree(content: bytes, id_bytes: int) -> dict[bytes, TreeFile]:
    """Return what stands in a folder that is stored in git's own form."""
    found: dict[bytes, TreeFile] = {}
    place = 0
    while place < len(content):
        name_end = content.index(b"\0", place)
        mode, _, name = content[place:name_end].partition(b" ")
        place = name_end + 1 + id_bytes
        found[name] = TreeFile(int(mode, 8), content[name_end + 1 : place].hex())
    return found


def _read_only(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o400)
