"""Compares two stored trees: files, hunks, lines and the words that changed in them, as values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from msgspec.structs import replace

from ramet.branch_models import DiffLine, DiffLineKind, DiffStat, DiffState, FileDiff, Hunk
from ramet.branches.objects import RAW, ObjectStore
from ramet.paths import path_from_text, path_to_text

_FLAGS = ("-r", "-M", "--diff-algorithm=histogram", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")
"""The same for all that is asked, so that the numbers of hunks mean the same."""
_LITERAL = {**RAW, "GIT_LITERAL_PATHSPECS": "1"}
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")
_STATES: dict[str, DiffState] = {"A": "added", "M": "modified", "D": "deleted", "R": "renamed", "C": "added", "T": "type"}
Spans = tuple[tuple[int, int], ...] | None

_KINDS: dict[bytes, DiffLineKind] = {b" ": "same", b"+": "added", b"-": "removed"}
_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_LONGEST_LINE = 1_000
"""Characters; the words of a longer line are not compared."""
_MOST_LINES = 200
"""Lines next to each other beyond which the words are not compared: nobody reads that closely."""
_LITTLE_ALIKE = 0.4
"""Below this similarity two lines have nothing to do with each other."""


def diff_stat(objects: ObjectStore, old: str, new: str) -> DiffStat:
    """Return how much differs between two trees."""
    if old == new:
        return DiffStat()
    listing = objects.stored.run("diff-tree", "--numstat", "-z", *_FLAGS, old, new, "--", environment=RAW)
    files = added = removed = 0
    for record in listing.split(b"\0"):
        numbers = record.split(b"\t", 2)
        if len(numbers) == 3:  # else it is one of the two names of a renamed file
            files += 1
            added += int(numbers[0]) if numbers[0].isdigit() else 0
            removed += int(numbers[1]) if numbers[1].isdigit() else 0
    return DiffStat(files, added, removed)


def diff_trees(objects: ObjectStore, old: str, new: str, paths: Sequence[str] = ()) -> tuple[FileDiff, ...]:
    """Return how two trees differ, sorted by path; `paths` are the files or folders of interest, none for all."""
    if old == new:
        return ()
    wanted = [path_from_text(path.rstrip("/")) for path in paths]
    arguments: tuple[str | bytes, ...] = (*_FLAGS, old, new, "--", *wanted)
    listing = objects.stored.run("diff-tree", "--raw", "-z", "--no-abbrev", *arguments, environment=_LITERAL)
    if not listing:
        return ()
    patch = objects.stored.run("diff-tree", "-p", "-U3", *arguments, environment=_LITERAL)
    sections = _sections(patch)
    return tuple(_file_diff(record, sections) for record in _records(listing))


def splice(old: bytes, new: bytes, hunks: Iterable[Hunk]) -> bytes:
    """Return the old content with some hunks of the new one in it."""
    old_lines, new_lines = _lines(old), _lines(new)
    pieces: list[bytes] = []
    place = 0
    for hunk in sorted(hunks, key=lambda each: each.old_start):
        start = _first(hunk.old_start, hunk.old_lines)
        pieces += old_lines[place:start]
        first = _first(hunk.new_start, hunk.new_lines)
        pieces += new_lines[first : first + hunk.new_lines]
        place = start + hunk.old_lines
    return b"".join([*pieces, *old_lines[place:]])


def changed_words(old: str, new: str) -> tuple[Spans, Spans]:
    """Return which characters differ between two lines, on each side; None where the lines have little in common."""
    if max(len(old), len(new)) > _LONGEST_LINE:
        return None, None
    old_words, new_words = _WORD.findall(old), _WORD.findall(new)
    matcher = SequenceMatcher(None, old_words, new_words, autojunk=False)
    if matcher.ratio() < _LITTLE_ALIKE:
        return None, None
    codes = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return (
        _spans(old_words, [(first, last) for _, first, last, _, _ in codes]),
        _spans(new_words, [(first, last) for _, _, _, first, last in codes]),
    )


def _lines(content: bytes) -> list[bytes]:
    """Return lines as git counts them: they end in a line feed and nothing else."""
    return re.findall(rb"[^\n]*\n|[^\n]+", content)


def _first(start: int, count: int) -> int:
    """Return the index of the first line of a hunk; git names the line before where there is none."""
    return start - 1 if count else start


def _spans(words: Sequence[str], ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    ends = [0]
    for word in words:
        ends.append(ends[-1] + len(word))
    return tuple((ends[first], ends[last]) for first, last in ranges if first < last)


def _records(listing: bytes) -> Iterator[tuple[list[str], str, str]]:
    """Yield mode, ids and state of each file with its old and its new path."""
    fields = iter(listing.split(b"\0")[:-1])
    for meta in fields:
        parts = meta[1:].decode("ascii").split(" ")
        path = path_to_text(next(fields))
        yield parts, path, path_to_text(next(fields)) if parts[4][0] in "RC" else path


def _sections(patch: bytes) -> Iterator[list[bytes]]:
    """Yield the lines of each file; names are quoted, and every line of content has a sign before it."""
    section: list[bytes] = []
    for line in patch.split(b"\n"):
        if line.startswith(b"diff --git "):
            if section:
                yield section
            section = []
        section.append(line)
    if section:
        yield section


def _file_diff(record: tuple[list[str], str, str], sections: Iterator[list[bytes]]) -> FileDiff:
    (old_mode, new_mode, old_id, new_id, state), old_path, path = record
    lines = next(sections, [])
    hunks = list(_hunks(lines))
    if state == "T":  # git shows one file that goes and one that comes
        hunks += _hunks(next(sections, []))
    return FileDiff(
        path=path,
        old_path=old_path,
        state=_STATES[state[0]],
        old_mode=int(old_mode, 8),
        new_mode=int(new_mode, 8),
        old_id=old_id if int(old_mode, 8) else "",
        new_id=new_id if int(new_mode, 8) else "",
        is_binary=any(line.startswith(b"Binary files ") for line in lines),
        hunks=tuple(replace(hunk, number=number) for number, hunk in enumerate(hunks, 1)),
    )


def _hunks(section: Sequence[bytes]) -> Iterator[Hunk]:
    heads = [number for number, line in enumerate(section) if line.startswith(b"@@ ")]
    for start, end in pairwise([*heads, len(section)]):
        found = _HUNK.match(section[start])
        assert found is not None
        old_start, new_start = int(found[1]), int(found[3])
        yield Hunk(
            number=0,
            old_start=old_start,
            old_lines=int(found[2] or 1),
            new_start=new_start,
            new_lines=int(found[4] or 1),
            section=found[5].decode("utf-8", "replace"),
            lines=tuple(_with_words(_diff_lines(section[start + 1 : end], old_start, new_start))),
        )


def _diff_lines(lines: Sequence[bytes], old: int, new: int) -> list[DiffLine]:
    found: list[DiffLine] = []
    for line in lines:
        kind = _KINDS.get(line[:1])
        if kind is not None:
            text = line[1:].decode("utf-8", "replace")
            found.append(DiffLine(kind, text, 0 if kind == "added" else old, 0 if kind == "removed" else new))
            old += kind != "added"
            new += kind != "removed"
        elif line.startswith(b"\\") and found:
            found[-1] = replace(found[-1], has_newline=False)
    return found


def _with_words(lines: list[DiffLine]) -> list[DiffLine]:
    """Return the lines with the words marked where as many lines were added as removed."""
    place = 0
    while place < len(lines):
        removed = _run(lines, place, "removed")
        added = _run(lines, removed, "added")
        count = removed - place
        if count and count == added - removed and count <= _MOST_LINES:
            for number in range(place, removed):
                before, after = lines[number], lines[number + count]
                old, new = changed_words(before.text, after.text)
                lines[number], lines[number + count] = replace(before, changed=old), replace(after, changed=new)
        place = max(added, place + 1)
    return lines


def _run(lines: Sequence[DiffLine], start: int, kind: DiffLineKind) -> int:
    end = start
    while end < len(lines) and lines[end].kind == kind:
        end += 1
    return end
