"""Brings what git ignores but commands need from the working tree into a folder of the pool: environments, packages, `.env`."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from ramet.branches.names import is_safe_path
from ramet.branches.objects import ObjectStore
from ramet.branches.trees import StoredTree
from ramet.errors import GitError
from ramet.git.status import are_ignored
from ramet.inert import inert_line
from ramet.paths import absolute, path_from_text, path_to_text

_INCLUDE_FILE = ".worktreeinclude"
_MOST_INCLUDED_BYTES = 50_000_000
_MOST_PATTERNS_BYTES = 64 * 1024


class Artefacts:
    """Links and copies for one folder of the pool."""

    def __init__(self, objects: ObjectStore, tree: str, target: Path) -> None:
        """Take the branch's tree and the folder in which it is laid out."""
        self._objects = objects
        self._root = objects.location.root
        self._stored = StoredTree(objects, tree)
        self._target = target
        self.links: list[str] = []
        """What is not part of the branch, in the text form of paths."""
        self.notes: list[str] = []
        self.environment: dict[str, str] = {}

    def link(self, names: Sequence[str]) -> None:
        """Link folders that the working tree ignores, such as `.venv`; what the branch has itself stays."""
        wanted = [name.strip("/") for name in names if is_safe_path(path_from_text(name.strip("/")))]
        present = [name for name in wanted if absolute(self._root, name).is_dir() and not absolute(self._root, name).is_symlink()]
        for name in self._ignored(present):
            place = absolute(self._target, name)
            if place.is_dir() and not place.is_symlink():
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            place.symlink_to(absolute(self._root, name))
            self.links.append(name)
        if self.links:
            shown = ", ".join(inert_line(name) for name in self.links)
            self.notes.append(f"Linked to the working tree: {shown}; what a command installs there is seen by both.")
        for name in self.links:
            self._redirect(absolute(self._root, name))

    def include(self) -> None:
        """Copy ignored files that `.worktreeinclude` of the working tree names."""
        patterns = self._patterns()
        if not patterns:
            return
        rules = self._target.parent / "include"
        rules.write_bytes(patterns)
        listing = self._objects.git.run("ls-files", "-z", "--others", "--ignored", f"--exclude-from={rules}")
        paths = [path_to_text(path) for path in listing.split(b"\0")[:-1] if not path.endswith(b"/")]
        copied = []
        for path in self._ignored(paths):
            source, place = absolute(self._root, path), absolute(self._target, path)
            if source.is_symlink() or not source.is_file() or source.stat().st_size > _MOST_INCLUDED_BYTES:
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)
            copied.append(path)
        self.links += copied
        if copied:
            self.notes.append(f"Copied for {_INCLUDE_FILE}: {', '.join(inert_line(path) for path in copied[:10])}.")

    def _ignored(self, paths: Sequence[str]) -> Iterator[str]:
        """Yield those paths that are ignored and of which the branch has nothing."""
        raw = [path_from_text(path) for path in paths]
        entries = self._stored.entries(raw)
        free = [path for path, entry in zip(paths, entries, strict=True) if entry is None]
        if not free:
            return
        asked = {path: path_from_text(path) + (b"/" if absolute(self._root, path).is_dir() else b"") for path in free}
        try:
            ignored = are_ignored(self._objects.git, asked.values())
        except GitError:  # a path in a submodule
            return
        # Outside git nothing may be ignored, and an environment is no part of anything nevertheless.
        yield from (path for path in free if asked[path] in ignored or not self._objects.location.is_git)

    def _patterns(self) -> bytes:
        try:
            handle = os.open(self._root / _INCLUDE_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return b""
        with os.fdopen(handle, "rb") as stream:
            return stream.read(_MOST_PATTERNS_BYTES)

    def _redirect(self, environment: Path) -> None:
        """Let Python find the branch's code where an environment names folders of the working tree."""
        found: dict[str, None] = {}
        hooks = []
        for packages in environment.glob("lib/python*/site-packages"):
            for file in packages.glob("*.pth"):
                found |= dict.fromkeys(self._mapped(file))
            hooks += [file.name for file in packages.glob("__editable___*_finder.py") if self._mentions_root(file)]
        if found:
            self.environment["PYTHONPATH"] = os.pathsep.join(found)
            self.notes.append(
                f"{environment.name} has the project installed as editable: PYTHONPATH points to the branch instead."
            )
        if hooks:
            self.notes.append(
                f"{environment.name} imports the project through {inert_line(hooks[0])}: code may come from the working tree."
            )

    def _mapped(self, file: Path) -> Iterator[str]:
        """Yield the folders of the branch that stand for those of the working tree in a `.pth` file."""
        try:
            lines = file.read_text("utf-8", "replace").splitlines()
        except OSError:
            return
        for line in lines:
            folder = Path(line.strip())
            if line.strip() and not re.match(r"import\s", line) and folder.is_absolute() and folder.is_relative_to(self._root):
                yield str(self._target / folder.relative_to(self._root))

    def _mentions_root(self, file: Path) -> bool:
        try:
            return str(self._root) in file.read_text("utf-8", "replace")
        except OSError:
            return False
