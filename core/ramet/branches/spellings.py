"""Paths that lead to the same file because the disk does not tell upper from lower case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ramet.branches import disk
from ramet.branches.three_way import OpenConflict, Plan, PlannedFile
from ramet.branches.trees import StoredTree
from ramet.paths import path_from_text, path_to_text


def other_spellings(root: Path, tree: StoredTree, places: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Return, of places that are there although the tree has no such path, those that are files of another name, with that name.

    The name is one of the known paths, or stands in the same folder of the tree.
    """
    found: dict[str, str] = {}
    folded = {path.casefold(): path for path in known}
    for place in places:
        folder, _, name = place.rpartition("/")
        beside = [path_to_text(each) for each in tree.names(path_from_text(folder))]
        alike = [f"{folder}/{each}" if folder else each for each in beside if each.casefold() == name.casefold()]
        for other in (*filter(None, [folded.get(place.casefold())]), *alike):
            if other != place and disk.is_same_file(root, place, other):
                found[place] = other
    return found


def with_names_on_disk(plan: Plan, twins: Mapping[str, str]) -> Plan:
    """Return a plan for a disk on which some paths are the same file, which keeps its name: nothing else can be written."""
    files = {file.path: file for file in plan.files}
    still: list[OpenConflict] = []
    for path, twin in twins.items():
        added, removed = files.get(path), files.get(twin)
        if added is None or added.old is not None or added.new is None:
            continue
        del files[path]
        if removed is None or removed.new is not None:
            still.append(OpenConflict(path, "place", None, None, added.new, sources=(path,)))
        elif removed.old == added.new:
            del files[twin]
        else:
            files[twin] = PlannedFile(twin, removed.old, added.new)
    return Plan(tuple(files.values()), (*plan.open, *still))
