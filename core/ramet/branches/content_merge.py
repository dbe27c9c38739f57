"""Merges the contents of single files with git's own three-way merge, and says where both sides changed the same."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from ramet.branch_models import ConflictRegion, Side
from ramet.git.runner import Git

_MARKER_BYTES = 43
"""Length of the marks while a merge is taken apart: far from that of marks that may be in a file."""
_SHOWN_MARKER_BYTES = 7
_ERROR = 128
"""Exit codes of `git merge-file` from here on are errors; below they count conflicts."""
_BINARY_PROBE_BYTES = 8_000


class Piece(Struct, frozen=True):
    """A part of a merged file: what is agreed upon, or one conflict."""

    mine: bytes
    base: bytes = b""
    theirs: bytes = b""
    is_conflict: bool = False


class Merged(Struct, frozen=True):
    """Three versions of a file merged."""

    content: bytes
    """All of it where nothing is open; else without meaning."""
    pieces: tuple[Piece, ...] = ()
    """Empty where nothing is open."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing is open."""
        return not self.pieces

    def regions(self) -> tuple[ConflictRegion, ...]:
        """Return the places that are open, for people."""
        found: list[ConflictRegion] = []
        line = 1
        for piece in self.pieces:
            if piece.is_conflict:
                texts = [side.decode("utf-8", "replace") for side in (piece.mine, piece.base, piece.theirs)]
                found.append(ConflictRegion(len(found) + 1, line, *texts))
            line += piece.mine.count(b"\n")
        return tuple(found)

    def resolved(self, sides: Mapping[int, Side], label: str) -> bytes:
        """Return the content with a side taken at each open place, by its number; `label` is what the branch is called."""
        contents: list[bytes] = []
        number = 0
        for piece in self.pieces:
            number += piece.is_conflict
            contents.append(_taken(piece, sides[number], label) if piece.is_conflict else piece.mine)
        return b"".join(contents)


class ContentMerger:
    """Runs `git merge-file` on files of its own folder."""

    def __init__(self, git: Git, folder: Path) -> None:
        self._git = git
        self._folder = folder

    def merge(self, base: bytes, mine: bytes, theirs: bytes) -> Merged:
        """Merge text; git decides what a conflict is."""
        mark = secrets.token_hex(8)
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            names = []
            for name, content in (("mine", mine), ("base", base), ("theirs", theirs)):
                (folder / name).write_bytes(content)
                names.append(str(folder / name))
            plain = self._run(mark, names)
            if mark.encode() not in plain:
                return Merged(plain)
            marked = self._run(mark, names, "--diff3")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        pieces = list(_pieces(marked, mark.encode()))
        pieces[-1] = _without_added_ends(pieces[-1], mine, base, theirs)
        return Merged(b"", tuple(pieces))

    def _run(self, mark: str, names: Sequence[str], *flags: str) -> bytes:
        labels = [word for name in ("mine", "base", "theirs") for word in ("-L", f"{name}-{mark}")]
        size = f"--marker-size={_MARKER_BYTES}"
        # The exit code counts the conflicts; the marks, which no file holds by chance, say the same.
        return self._git.run("merge-file", "-p", "-q", size, *labels, *flags, *names, ok_codes=range(_ERROR))


def is_binary(content: bytes) -> bool:
    """Whether git would call a content binary."""
    return b"\0" in content[:_BINARY_PROBE_BYTES]


def _pieces(marked: bytes, mark: bytes) -> Iterator[Piece]:
    """Yield the parts of a file that was merged with marks for all three sides."""
    begin, middle, end = (sign * _MARKER_BYTES for sign in (b"<", b"|", b">"))
    pattern = (
        begin + rb" mine-%b\r?\n(.*?)" % mark
        + re.escape(middle) + rb" base-%b\r?\n(.*?)" % mark
        + b"=" * _MARKER_BYTES + rb"\r?\n(.*?)"
        + end + rb" theirs-%b(?:\r?\n|\Z)" % mark
    )  # fmt: skip
    place = 0
    for found in re.finditer(pattern, marked, re.DOTALL):
        if found.start() > place:
            yield Piece(marked[place : found.start()])
        yield Piece(found[1], found[2], found[3], is_conflict=True)
        place = found.end()
    if place < len(marked):
        yield Piece(marked[place:])


def _without_added_ends(piece: Piece, mine: bytes, base: bytes, theirs: bytes) -> Piece:
    """Take away the line ends that git puts between a last line without one and the next mark."""
    if not piece.is_conflict:
        return piece

    def real(side: bytes, whole: bytes) -> bytes:
        return side if whole.endswith(b"\n") or not side.endswith(b"\n") else side[:-1].removesuffix(b"\r")

    return Piece(real(piece.mine, mine), real(piece.base, base), real(piece.theirs, theirs), is_conflict=True)


def _taken(piece: Piece, side: Side, label: str) -> bytes:
    if side == "both":
        return _ended(piece.mine) + piece.theirs
    if side != "markers":
        return {"mine": piece.mine, "base": piece.base, "theirs": piece.theirs}[side]
    lines = (
        b"<" * _SHOWN_MARKER_BYTES + b" working tree\n", _ended(piece.mine),
        b"|" * _SHOWN_MARKER_BYTES + b" fork\n", _ended(piece.base),
        b"=" * _SHOWN_MARKER_BYTES + b"\n", _ended(piece.theirs),
        b">" * _SHOWN_MARKER_BYTES + b" " + label.encode("utf-8", "replace") + b"\n",
    )  # fmt: skip
    return b"".join(lines)


def _ended(text: bytes) -> bytes:
    return text if not text or text.endswith(b"\n") else text + b"\n"
