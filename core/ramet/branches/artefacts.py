"""Brings what git ignores but commands need from the working tree into a folder of the pool: environments, packages, `.env`."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from ramet.branches.abilities import Abilities
from ramet.branches.environments import relocate
from ramet.branches.names import is_safe_path
from ramet.branches.objects import ObjectStore
from ramet.branches.overlay import make_layer
from ramet.branches.pool import COPY_PREFIX, Pool, Slot, holds
from ramet.branches.reflink import CopyLimits, NotCloned, clone_tree
from ramet.branches.trees import StoredTree
from ramet.errors import GitError
from ramet.git.status import are_ignored
from ramet.inert import inert_line
from ramet.paths import absolute, path_from_text, path_to_text

_INCLUDE_FILE = ".worktreeinclude"
_QUICK = CopyLimits(entries=30_000, seconds=8.0)
"""Of a copy that nobody asked for, while a command waits for it; a link serves a larger folder."""
_PATIENT = CopyLimits(entries=300_000, seconds=60.0)
"""Of a copy that the user wants; others who wait for the branches give up after twice that time."""
_MOST_INCLUDED_BYTES = 50_000_000
_MOST_PATTERNS_BYTES = 64 * 1024


Way = Literal["auto", "link", "reflink", "overlay", "rebuild"]
"""How a folder gets into a branch.

`reflink`: a copy that shares its blocks, else a link. `auto`: the same, but what failed is not tried again. `overlay`: the user's
folder shows through below the branch's changes. `rebuild`: not at all, commands make it anew.
"""


class Artefact(Struct, frozen=True):
    """An ignored folder of the working tree that commands need."""

    name: str
    """Its path, in text form."""
    way: Way = "auto"


class Artefacts:
    """Copies, links and overlays for one folder of the pool."""

    def __init__(self, objects: ObjectStore, pool: Pool, slot: Slot, abilities: Abilities) -> None:
        """Take a folder of a pool and what is in it."""
        self._objects = objects
        self._root = objects.location.root
        self._slot = slot
        self._stored = StoredTree(objects, slot.tree)
        self._pool = pool
        self._target = pool.path(slot)
        self._abilities = abilities
        self._links = dict.fromkeys(slot.links)
        self._copies = dict(slot.copies)
        self._refusals = dict(slot.refusals)
        self._linked: list[str] = []
        self.notes: list[str] = []
        self.environment: dict[str, str] = {}
        self.overlays: dict[str, str] = {}
        """Folder of the working tree -> its layer, both absolute and in text form."""

    @property
    def slot(self) -> Slot:
        """What is in the folder now."""
        return replace(self._slot, links=tuple(self._links), copies=self._copies, refusals=self._refusals)

    @property
    def copies(self) -> dict[str, str]:
        """Folders of the working tree -> their copies, both absolute and in text form."""
        return {self._text(self._root, name): self._text(self._target, name) for name in self._copies}

    def bring(self, wanted: Sequence[Artefact], *, overlays: bool) -> None:
        """Bring folders that the working tree ignores, such as `.venv`; what the branch has itself stays.

        `overlays` says that whoever asked starts commands so that they see overlays.
        """
        ways = {artefact.name: artefact.way for artefact in wanted if is_safe_path(path_from_text(artefact.name))}
        for name in [name for name in self._links if ways.get(name) == "rebuild"]:
            place = absolute(self._target, name)
            if place.is_symlink() and holds(self._target, place):
                place.unlink()
                del self._links[name]
        present = [name for name in ways if absolute(self._root, name).is_dir() and not absolute(self._root, name).is_symlink()]
        for name in self._ignored([name for name in present if ways[name] != "rebuild"]):
            place = absolute(self._target, name)
            if (place.is_dir() and not place.is_symlink()) or not holds(self._target, place):
                continue  # a copy, or what a command made
            self._bring(name, ways[name], overlays=overlays)
        self._tell()

    def _bring(self, name: str, way: Way, *, overlays: bool) -> None:
        source = absolute(self._root, name)
        if way == "overlay":
            problem = self._abilities.why_no_overlay(source)
            if not problem:
                self._link(name)
                if overlays:
                    layer = make_layer(self._target.parent / "overlay", name)
                    self.overlays[self._text(self._root, name)] = path_to_text(os.fsencode(layer))
                else:
                    self._linked.append(name)
                return
            self.notes.append(f"{inert_line(name)} gets no overlay: {problem}.")
        if way == "link" or not self._copy(name, is_wanted=way == "reflink"):
            self._link(name)
            self._linked.append(name)

    def _link(self, name: str) -> None:
        place = absolute(self._target, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(absolute(self._root, name))
        self._links[name] = None

    def _copy(self, name: str, *, is_wanted: bool) -> bool:
        """Copy a folder, or remember why that is not possible; once tried in vain it is not tried again, unless it is wanted."""
        if name in self._refusals and not is_wanted:
            return False
        source, place = absolute(self._root, name), absolute(self._target, name)
        problem = self._abilities.why_no_reflink(source)
        if not problem:
            temporary = self._target.parent / f"{COPY_PREFIX}{secrets.token_hex(4)}"
            try:
                clone_tree(source, temporary, (self._root, self._target), _PATIENT if is_wanted else _QUICK)
                relocate(temporary, self._root, self._target)
                place.unlink(missing_ok=True)
                place.parent.mkdir(parents=True, exist_ok=True)
                temporary.rename(place)
            except (NotCloned, OSError) as error:
                problem = str(error)
                self._pool.discard(temporary)
        if problem:
            self._refusals[name] = problem
            return False
        self._refusals.pop(name, None)
        self._links.pop(name, None)
        self._copies[name] = time.time()
        return True

    def _tell(self) -> None:
        """Say what a command must know about the folders."""
        if self._copies:
            self.notes.append(f"Copied by reflink: {_listed(self._copies)}; what a command installs there stays in the branch.")
        if self.overlays:
            names = [name for name in self._links if self._text(self._root, name) in self.overlays]
            self.notes.append(f"Overlaid: {_listed(names)}; what a command installs there stays in the branch.")
        if self._linked:
            reasons = dict.fromkeys(self._refusals[name] for name in self._linked if name in self._refusals)
            why = f" (no copy: {'; '.join(reasons)})" if reasons else ""
            self.notes.append(
                f"Linked to the working tree: {_listed(self._linked)}; what a command installs there is seen by both{why}."
            )
        for name in self._links:
            if absolute(self._target, name).is_symlink():
                self.notes += self._redirect(absolute(self._root, name))
        for name in self._copies:  # a copy is right by itself, but the environment that is active may still be the user's
            self._redirect(absolute(self._root, name))

    @staticmethod
    def _text(root: Path, name: str) -> str:
        return path_to_text(os.fsencode(absolute(root, name)))

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
            if not holds(self._target, place):
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)
            copied.append(path)
        self._links |= dict.fromkeys(copied)
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

    def _redirect(self, environment: Path) -> list[str]:
        """Let Python find the branch's code where an environment names folders of the working tree; return notes about it."""
        notes = []
        found: dict[str, None] = {}
        hooks = []
        for packages in environment.glob("lib/python*/site-packages"):
            for file in packages.glob("*.pth"):
                found |= dict.fromkeys(self._mapped(file))
            hooks += [file.name for file in packages.glob("__editable___*_finder.py") if self._mentions_root(file)]
        if found:
            before = self.environment.get("PYTHONPATH")
            self.environment["PYTHONPATH"] = os.pathsep.join([*([before] if before else []), *found])
            notes.append(f"{environment.name} has the project installed as editable: PYTHONPATH points to the branch instead.")
        if hooks:
            notes.append(
                f"{environment.name} imports the project through {inert_line(hooks[0])}: code may come from the working tree."
            )
        return notes

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


def artefacts_of(text: str) -> tuple[Artefact, ...]:
    """Return what a setting lists: names, each alone or as `NAME=WAY`, with spaces or commas between."""
    found = []
    for word in text.replace(",", " ").split():
        name, _, way = word.rpartition("=")
        ways: dict[str, Way] = {known: known for known in get_args(Way)}
        found.append(Artefact(name.strip("/"), ways[way]) if name and way in ways else Artefact(word.strip("/")))
    return tuple(found)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(inert_line(name) for name in names)
