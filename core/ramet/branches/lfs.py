"""Knows the pointers of Git LFS: a file that is what its pointer says is unchanged, although its filter is never run."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence

from ramet.branches.objects import RAW, ObjectStore
from ramet.branches.trees import read_objects
from ramet.index.reading import Unreadable, open_file
from ramet.paths import path_to_text

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,15})\n"
)
_MOST_POINTER_BYTES = 1_024
_CHUNK_BYTES = 1 << 20


def is_pointer_to(pointer: bytes, content: bytes) -> bool:
    """Whether a stored content is the pointer to another one."""
    found = _POINTER.fullmatch(pointer)
    if found is None or int(found[2]) != len(content):
        return False
    return hashlib.sha256(content).hexdigest().encode() == found[1]


def unchanged_files(objects: ObjectStore, environment: Mapping[str, str], paths: Sequence[bytes]) -> set[bytes]:
    """Return those of some paths whose file is what the pointer in the index says; `environment` names the index."""
    if not paths or not _is_in_use(objects):
        return set()
    named = [path for path in paths if b"\n" not in path]
    asked = b"".join(b":0:%b\n" % path for path in named)
    form = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
    listing = objects.git.run("cat-file", form, input=asked, environment={**RAW, **environment}).splitlines()
    small: dict[bytes, str] = {}
    for path, line in zip(named, listing, strict=True):
        fields = line.split(b" ")
        if len(fields) == 3 and fields[1] == b"blob" and int(fields[2]) <= _MOST_POINTER_BYTES:
            small[path] = fields[0].decode("ascii")
    pointers = zip(small, read_objects(objects, list(small.values())), strict=True)
    return {path for path, pointer in pointers if _is_pointer_to_file(objects, pointer, path)}


def _is_in_use(objects: ObjectStore) -> bool:
    """Whether the repository may have files of Git LFS: it has rules that name it, or its folder."""
    common = objects.location.common_dir
    if common is None:
        return False
    if (common / "lfs").exists():
        return True
    files = (objects.location.root / ".gitattributes", common / "info" / "attributes")
    return any(file.is_file() and b"lfs" in file.read_bytes() for file in files)


def _is_pointer_to_file(objects: ObjectStore, pointer: bytes, path: bytes) -> bool:
    found = _POINTER.fullmatch(pointer)
    if found is None:
        return False
    digest = hashlib.sha256()
    try:
        with open_file(objects.location.root, path_to_text(path)) as (handle, status):
            if status.st_size != int(found[2]):
                return False
            while chunk := os.read(handle, _CHUNK_BYTES):
                digest.update(chunk)
    except (OSError, Unreadable):
        return False
    return digest.hexdigest().encode() == found[1]
