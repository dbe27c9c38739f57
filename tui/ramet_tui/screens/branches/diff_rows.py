"""A comparison as rows to draw: files, hunks, and lines below each other or side by side. Pure, no widgets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest
from typing import Literal, NamedTuple

from ramet.branch_models import DiffLine, FileDiff, Hunk

RowKind = Literal["file", "hunk", "line", "note", "gap"]
BIG_FILE = 1_500
"""Lines of a file's comparison from which on it is folded at first."""

MOST_LINES = 20_000
"""Lines that are shown unasked in all."""


class DiffRow(NamedTuple):
    """One row; numbers are indices, -1 for none."""

    kind: RowKind
    file: int
    hunk: int = -1
    left: int = -1
    """Of the line in the hunk: in one column the line itself, side by side the old one."""
    right: int = -1
    """Side by side: the new line."""
    text: str = ""


def layout(files: Sequence[FileDiff], folded: Collection[int], *, is_split: bool) -> list[DiffRow]:
    """Return the rows of a comparison."""
    rows: list[DiffRow] = []
    for number, file in enumerate(files):
        if number:
            rows.append(DiffRow("gap", number - 1))
        rows.append(DiffRow("file", number))
        if number in folded:
            continue
        rows += (DiffRow("note", number, text=text) for text in _notes(file))
        for place, hunk in enumerate(file.hunks):
            rows.append(DiffRow("hunk", number, place))
            pairs = _pairs(hunk.lines) if is_split else ((line, -1) for line in range(len(hunk.lines)))
            rows += (DiffRow("line", number, place, left, right) for left, right in pairs)
            if any(not line.has_newline for line in hunk.lines):
                rows.append(DiffRow("note", number, place, text=_end_note(hunk)))
    return rows


def big_files(files: Sequence[FileDiff]) -> set[int]:
    """Return those that are folded at first, because nobody reads thousands of lines unasked: long ones, and the last of many."""
    folded = set()
    shown = 0
    for number, file in enumerate(files):
        lines = sum(len(hunk.lines) for hunk in file.hunks)
        if lines > BIG_FILE or shown + lines > MOST_LINES:
            folded.add(number)
        else:
            shown += lines
    return folded


def side_texts(hunk: Hunk, *, is_new: bool) -> tuple[list[str], dict[int, int]]:
    """Return the lines of one side, and for each line of the hunk on it, which of them it is."""
    other = "removed" if is_new else "added"
    texts: list[str] = []
    places: dict[int, int] = {}
    for number, line in enumerate(hunk.lines):
        if line.kind != other:
            places[number] = len(texts)
            texts.append(line.text)
    return texts, places


def _notes(file: FileDiff) -> Iterator[str]:
    if file.old_path != file.path:
        yield f"renamed from {file.old_path}"
    if file.is_binary:
        yield "not text, so there are no lines to compare"
    if file.old_mode and file.new_mode and file.old_mode != file.new_mode:
        yield f"mode {file.old_mode:o} became {file.new_mode:o}"
    elif not file.hunks and not file.is_binary and file.old_path == file.path:
        yield "empty"


def _end_note(hunk: Hunk) -> str:
    kinds = {line.kind for line in hunk.lines if not line.has_newline}
    side = "the old file" if kinds == {"removed"} else "the new file" if kinds == {"added"} else "both files"
    return f"no line end at the end of {side}"


def _pairs(lines: Sequence[DiffLine]) -> Iterator[tuple[int, int]]:
    """Put removed and added lines that follow each other side by side."""
    removed: list[int] = []
    added: list[int] = []
    for number, line in enumerate(lines):
        if line.kind == "removed" and not added:
            removed.append(number)
        elif line.kind == "added":
            added.append(number)
        else:
            yield from zip_longest(removed, added, fillvalue=-1)
            removed, added = ([number], []) if line.kind == "removed" else ([], [])
            if line.kind == "same":
                yield number, number
    yield from zip_longest(removed, added, fillvalue=-1)
