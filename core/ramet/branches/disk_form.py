"""The bytes that a stored content has on the disk: line ends, encodings and the like are as git would check them out."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ramet.branches.lfs import is_pointer_to
from ramet.branches.objects import ObjectStore
from ramet.branches.trees import StoredTree, read_objects
from ramet.index.merkle import SYMLINK_MODE, TreeFile, blob_oid
from ramet.paths import path_from_text

_CONVERTING = ("autocrlf", "attributesfile", "eol")


class DiskForm:
    """Turns contents into what stands on the disk and back, for one working tree."""

    def __init__(self, objects: ObjectStore, folder: Path) -> None:
        """Take the store of objects and a folder for files that nobody needs afterwards."""
        self._objects = objects
        self._folder = folder

    def written(self, files: Mapping[str, TreeFile], tree: str, known: Mapping[str, str]) -> dict[str, bytes]:
        """Return, by path, the bytes that files have on the disk.

        `tree` holds the rules; `known` tells the bytes that some contents had before, by their ids.
        """
        paths = list(files)
        contents = read_objects(self._objects, [known.get(files[path].oid, files[path].oid) for path in paths])
        found = dict(zip(paths, contents, strict=True))
        plain = [path for path in paths if files[path].mode != SYMLINK_MODE and files[path].oid not in known]
        if plain and self._may_convert(tree, plain):
            found.update(self._checked_out({path: files[path] for path in plain}))
        return found

    def is_stored_as(self, path: str, content: bytes, file: TreeFile) -> bool:
        """Whether bytes that stand on the disk are what git stores as a content."""
        if blob_oid(content, self._objects.object_format) == file.oid:
            return True
        if file.mode == SYMLINK_MODE:
            return False
        arguments = ("hash-object", "--stdin", b"--path=" + path_from_text(path))
        if self._objects.git.run(*arguments, input=content).decode().strip() == file.oid:
            return True
        return is_pointer_to(read_objects(self._objects, [file.oid])[0], content)

    def _may_convert(self, tree: str, paths: Sequence[str]) -> bool:
        """Whether any rule says that a file has other bytes on the disk than in the store."""
        configuration = (self._objects.folder / "config").read_text("utf-8", "replace").lower()
        if any(f"\t{key} = " in configuration for key in _CONVERTING) or (self._objects.folder / "info" / "attributes").exists():
            return True
        if self._objects.git.run("config", "--get-regexp", r"^core\.(autocrlf|attributesfile|eol)$", ok_codes=(0, 1)):
            return True
        folders = {"", *(path.rpartition("/")[0] for path in paths)}
        folders |= {"/".join(folder.split("/")[:depth]) for folder in folders for depth in range(folder.count("/") + 1)}
        rules = [path_from_text(f"{folder}/.gitattributes" if folder else ".gitattributes") for folder in folders]
        return any(StoredTree(self._objects, tree).entries(rules))

    def _checked_out(self, files: Mapping[str, TreeFile]) -> dict[str, bytes]:
        """Let git write files into an empty folder and return what it wrote."""
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        environment = {"GIT_INDEX_FILE": str(folder / "index")}
        names = {path: path_from_text(path) for path in files}
        listing = b"".join(b"%o %b\t%b\0" % (file.mode, file.oid.encode(), names[path]) for path, file in files.items())
        try:
            self._objects.git.run("update-index", "-z", "--add", "--index-info", input=listing, environment=environment)
            self._objects.git.run(
                "checkout-index", "-z", "--stdin", f"--prefix={folder}/out/",
                input=b"".join(name + b"\0" for name in names.values()), environment=environment,
            )  # fmt: skip
            out = os.fsencode(folder / "out")
            return {path: Path(os.fsdecode(os.path.join(out, name))).read_bytes() for path, name in names.items()}  # noqa: PTH118
        finally:
            shutil.rmtree(folder, ignore_errors=True)
