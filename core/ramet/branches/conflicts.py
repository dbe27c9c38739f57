"""Conflicts of a merge: as values for people, and what their choices make of them."""

from __future__ import annotations

from ramet.branch_models import ConflictKind, MergeConflict, MergeRequest, Side, Version
from ramet.branches.content_merge import is_binary
from ramet.branches.loose import FOLDER_MODE
from ramet.branches.objects import ObjectStore
from ramet.branches.three_way import OpenConflict, PlannedFile
from ramet.branches.trees import read_objects
from ramet.errors import UsageError
from ramet.index.merkle import SUBMODULE_MODE, TreeFile
from ramet.inert import inert_line

_MOST_TEXT_BYTES = 1_000_000
"""A version that is larger is not shown as text."""
_IN_LINES: dict[Side, str] = {"both": "Both versions", "markers": "Marks"}
"""What can be taken of a file only where it was merged line by line."""
_SENTENCES: dict[ConflictKind, str] = {
    "content": "Both the working tree and {name} changed the same lines.",
    "both-added": "Both the working tree and {name} added the file, with different contents.",
    "changed-and-deleted": "The working tree changed the file and {name} deleted it.",
    "deleted-and-changed": "The working tree deleted the file and {name} changed it.",
    "binary": "Both the working tree and {name} changed the file, which is not text.",
    "type": "The file is a link or a submodule on one side.",
    "place": "{name} has a file where the working tree has a folder, or the other way round.",
}


def conflict_value(objects: ObjectStore, conflict: OpenConflict, name: str) -> MergeConflict:
    """Return a conflict as front ends see it; `name` is the branch's."""
    return MergeConflict(
        path=conflict.path,
        kind=conflict.kind,
        sentence=_SENTENCES[conflict.kind].format(name=name),
        base=_version(objects, conflict.base),
        mine=_version(objects, conflict.mine),
        theirs=_version(objects, conflict.theirs),
        regions=conflict.merged.regions() if conflict.merged is not None else (),
    )


class Choices:
    """What somebody chose for the conflicts of one merge."""

    def __init__(self, request: MergeRequest, name: str) -> None:
        self._rest = request.rest
        self._name = name
        self._chosen: dict[str, dict[int, Side]] = {}
        for choice in request.choices:
            self._chosen.setdefault(choice.path, {})[choice.region] = choice.side
        self._unused = set(self._chosen)

    def resolve(self, conflict: OpenConflict, objects: ObjectStore) -> list[PlannedFile] | None:
        """Return what to write for a conflict; None where it stays open. Raises UsageError for what cannot be chosen."""
        self._unused.discard(conflict.path)
        chosen = self._chosen.get(conflict.path, {})
        whole = chosen.get(0)
        if whole is not None and whole not in _IN_LINES:
            return self._whole(conflict, whole)
        if conflict.merged is None:
            if whole is None and self._rest is not None and self._rest != "mine" and not _can_be_written(conflict, self._rest):
                return None
            side = whole or self._rest
            return None if side is None else self._whole(conflict, side)
        count = len(conflict.merged.regions())
        unknown = set(chosen) - set(range(count + 1))
        if unknown:
            raise UsageError(
                f"{inert_line(conflict.path)} has no conflict {min(unknown)}.", f"They are numbered from 1 to {count}."
            )
        sides = {number: chosen.get(number) or whole or self._rest for number in range(1, count + 1)}
        settled: dict[int, Side] = {number: side for number, side in sides.items() if side is not None}
        if len(settled) < count:
            return None
        content = conflict.merged.resolved(settled, self._name)
        return self._written(conflict, TreeFile(conflict.mode, objects.write_blob(content)))

    def check_all_used(self) -> None:
        """Raise UsageError when something was chosen where there is no conflict."""
        for path in sorted(self._unused):
            raise UsageError(f"There is no conflict in {inert_line(path)}.", "Merge without that choice.")

    def _whole(self, conflict: OpenConflict, side: Side) -> list[PlannedFile]:
        shown = inert_line(conflict.path)
        if side in _IN_LINES:
            raise UsageError(f"{_IN_LINES[side]} cannot be written into {shown}.", "Choose mine, theirs or base.")
        if side == "mine":
            return []
        version = conflict.theirs if side == "theirs" else conflict.base
        if not _can_be_written(conflict, side):
            raise UsageError(
                f"The branch's {shown} cannot be written.", "Move what is in its place out of the way, or choose mine."
            )
        return self._written(conflict, version)

    def _written(self, conflict: OpenConflict, new: TreeFile | None) -> list[PlannedFile]:
        old = None if conflict.also else conflict.mine
        files = [PlannedFile(conflict.path, old, new), *conflict.also]
        return [file for file in files if file.old != file.new]


def _can_be_written(conflict: OpenConflict, side: Side) -> bool:
    """Whether one whole version can take the place of the working tree's."""
    modes = [file.mode for file in (conflict.base, conflict.mine, conflict.theirs) if file is not None]
    return side not in _IN_LINES and conflict.kind != "place" and SUBMODULE_MODE not in modes


def _version(objects: ObjectStore, file: TreeFile | None) -> Version | None:
    if file is None:
        return None
    if file.mode in (SUBMODULE_MODE, FOLDER_MODE):
        return Version(file.oid, file.mode, None)
    (content,) = read_objects(objects, [file.oid])
    is_text = len(content) <= _MOST_TEXT_BYTES and not is_binary(content)
    return Version(file.oid, file.mode, content.decode("utf-8", "replace") if is_text else None)
