"""Merges three stored trees: what a branch changed is carried over to the working tree as it is now, file by file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from ramet.branch_models import ConflictKind
from ramet.branches.content_merge import ContentMerger, Merged, is_binary
from ramet.branches.loose import FOLDER_MODE
from ramet.branches.objects import RAW, ObjectStore, TreeChange
from ramet.branches.trees import StoredTree, read_objects
from ramet.index.merkle import EXECUTABLE_MODE, FILE_MODE, TreeFile
from ramet.paths import path_from_text, path_to_text

_REGULAR = (FILE_MODE, EXECUTABLE_MODE)


class PlannedFile(Struct, frozen=True):
    """One file of the working tree and what it shall become; None where there is none."""

    path: str
    old: TreeFile | None
    new: TreeFile | None


class OpenConflict(Struct, frozen=True):
    """A file for which somebody must choose."""

    path: str
    """Where it is in the working tree, or would be."""
    kind: ConflictKind
    base: TreeFile | None
    mine: TreeFile | None
    theirs: TreeFile | None
    merged: Merged | None = None
    """The parts of a text that both sides changed."""
    mode: int = 0
    also: tuple[PlannedFile, ...] = ()
    """What goes with any choice but to keep the working tree's version: the old name of a renamed file."""
    sources: tuple[str, ...] = ()
    """The paths in the branch that it is about."""


class Plan(Struct, frozen=True):
    """What a merge would write, and what stays open."""

    files: tuple[PlannedFile, ...]
    open: tuple[OpenConflict, ...]


class TreeMerger:
    """Makes the plan of one merge."""

    def __init__(self, objects: ObjectStore, merger: ContentMerger, base: str, mine: str, theirs: str) -> None:
        """Take the trees: what both sides come from, the working tree, and the branch."""
        self._objects = objects
        self._merger = merger
        self._base, self._mine_tree, self._theirs_tree = base, mine, theirs
        self._stored = StoredTree(objects, mine)
        self._theirs = {change.path: change for change in objects.changes(base, theirs)}
        self._mine = {change.path: change for change in objects.changes(base, mine)}
        self._files: dict[str, PlannedFile] = {}
        self._open: dict[str, OpenConflict] = {}
        self._settled: set[str] = set()

    def plan(self) -> Plan:
        """Decide about every file that the branch changed."""
        both = [change for path, change in self._theirs.items() if path in self._mine]
        moved_here = self._renames(self._base, self._mine_tree) if any(self._mine[c.path].new_id == "" for c in both) else {}
        moved_there = self._renames(self._base, self._theirs_tree) if any(change.new_id == "" for change in both) else {}
        for change in both:
            self._decide(change, moved_here, moved_there)
        for path, change in self._theirs.items():
            if path not in self._mine and path not in self._settled:
                self._write(path, _old(change), _new(change))
        self._check_places()
        return Plan(tuple(self._files.values()), tuple(self._open.values()))

    def _decide(self, change: TreeChange, moved_here: Mapping[str, str], moved_there: Mapping[str, str]) -> None:
        """Decide about a file that both sides changed."""
        path = change.path
        base, theirs, mine = _old(change), _new(change), _new(self._mine[path])
        if mine == theirs or path in self._settled:
            return
        if mine is None and base is not None:
            target = moved_here.get(path)
            if target is not None and target not in self._theirs:
                self._merge(target, base, _new(self._mine[target]), theirs, (), (path,))
            else:
                self._open[path] = OpenConflict(path, "deleted-and-changed", base, None, theirs, sources=(path,))
        elif theirs is None:
            target = moved_there.get(path)
            if target is not None and target not in self._mine:
                self._settled.add(target)
                gone = PlannedFile(path, mine, None)
                self._merge(target, base, mine, _new(self._theirs[target]), (gone,), (path, target))
            else:
                self._open[path] = OpenConflict(path, "changed-and-deleted", base, mine, None, sources=(path,))
        else:
            self._merge(path, base, mine, theirs, (), (path,))

    def _merge(
        self,
        path: str,
        base: TreeFile | None,
        mine: TreeFile | None,
        theirs: TreeFile | None,
        also: tuple[PlannedFile, ...],
        sources: tuple[str, ...],
    ) -> None:
        """Merge a file; `also` goes with it."""
        if mine is None or theirs is None:
            kind: ConflictKind = "deleted-and-changed" if mine is None else "changed-and-deleted"
            self._open[path] = OpenConflict(path, kind, base, mine, theirs, also=also, sources=sources)
            return
        if any(file is not None and file.mode not in _REGULAR for file in (base, mine, theirs)):
            self._open[path] = OpenConflict(path, "type", base, mine, theirs, also=also, sources=sources)
            return
        mode = theirs.mode if base is None or mine.mode == base.mode else mine.mode
        # Where a file moves here, the working tree has nothing under its new name.
        old = None if also else mine
        known = base.oid if base is not None else ""
        if mine.oid in (known, theirs.oid) or theirs.oid == known:
            oid = theirs.oid if mine.oid == known else mine.oid
            self._write(path, old, TreeFile(mode, oid), also)
            return
        ids = [file.oid for file in (base, mine, theirs) if file is not None]
        contents = read_objects(self._objects, ids)
        contents = contents if base is not None else [b"", *contents]
        if any(is_binary(content) for content in contents):
            self._open[path] = OpenConflict(path, "binary", base, mine, theirs, mode=mode, also=also, sources=sources)
            return
        merged = self._merger.merge(*contents)
        if merged.is_clean:
            self._write(path, old, TreeFile(mode, self._objects.write_blob(merged.content)), also)
        else:
            kind = "content" if base is not None else "both-added"
            self._open[path] = OpenConflict(path, kind, base, mine, theirs, merged, mode, also, sources)

    def _write(self, path: str, old: TreeFile | None, new: TreeFile | None, also: Sequence[PlannedFile] = ()) -> None:
        if old != new:
            self._files[path] = PlannedFile(path, old, new)
        for file in also:
            self._files[file.path] = file

    def _renames(self, old: str, new: str) -> dict[str, str]:
        """Return which files were renamed to what, by similarity as git sees it."""
        listing = self._objects.stored.run(
            "diff-tree", "--raw", "-z", "-r", "-M", "--diff-filter=R", old, new, "--", environment=RAW
        )
        fields = listing.split(b"\0")[:-1]
        return {path_to_text(before): path_to_text(after) for before, after in zip(fields[1::3], fields[2::3], strict=True)}

    def _check_places(self) -> None:
        """Find files that would stand where a folder is, or below a file."""
        written = {path: file.new for path, file in self._files.items() if file.new is not None and file.old is None}
        written |= {path: conflict.theirs for path, conflict in self._open.items() if conflict.mine is None and conflict.theirs}
        parents = {path: folders_above(path) for path in written}
        asked = sorted({*written, *(folder for above in parents.values() for folder in above)})
        entries = dict(zip(asked, self._stored.entries([path_from_text(path) for path in asked]), strict=True))
        for path, new in written.items():
            here = entries[path]
            in_the_way = [folder for folder in parents[path] if self._is_file(folder, entries[folder])]
            if in_the_way or (here is not None and here.mode == FOLDER_MODE and not self._is_emptied(path)):
                self._files.pop(path, None)
                self._open[path] = OpenConflict(path, "place", None, here, new, sources=(path,))

    def _is_file(self, path: str, entry: TreeFile | None) -> bool:
        """Whether something other than a folder stands at a path and stays there."""
        planned = self._files.get(path)
        stays = planned is None or planned.new is not None
        return (entry is not None and entry.mode != FOLDER_MODE and stays) or (planned is not None and planned.new is not None)

    def _is_emptied(self, folder: str) -> bool:
        listing = self._objects.git.run(
            "ls-tree", "-r", "-z", "--name-only", self._mine_tree, "--", path_from_text(f"{folder}/"), environment=RAW
        )
        paths = [path_to_text(path) for path in listing.split(b"\0")[:-1]]
        return all(path in self._files and self._files[path].new is None for path in paths)


def folders_above(path: str) -> list[str]:
    """Return the folders above a path, the outermost first, without the root."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]


def _old(change: TreeChange) -> TreeFile | None:
    return TreeFile(change.old_mode, change.old_id) if change.old_id else None


def _new(change: TreeChange) -> TreeFile | None:
    return TreeFile(change.new_mode, change.new_id) if change.new_id else None
