"""Reads commits: which ones lead to a revision, what their messages say and which files they changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from ramet.git.runner import Git
from ramet.paths import path_to_text

_BATCH = 1_000
"""Commits read by one git process, so that a long history neither fills the memory nor runs into git's time limit."""
_FIELD, _RECORD = b"\x1f", b"\x1e"
"""Separators of ASCII; in a message they would cut it short, which harms nobody."""


class Commit(Struct, frozen=True):
    """One commit."""

    id: str
    message: str
    paths: tuple[str, ...]
    """The files it changed, in text form."""


class CommitHistory:
    """The commits of one repository."""

    def __init__(self, git: Git) -> None:
        self._git = git

    def newest(self, revision: str, limit: int) -> list[str]:
        """Return the ids of the newest commits that lead to a commit, merges left out, the newest first. Raises GitError."""
        listing = self._git.run("rev-list", "--no-merges", f"--max-count={limit}", revision, "--")
        return listing.decode("ascii").split()

    def read(self, ids: Sequence[str]) -> Iterator[Commit]:
        """Yield commits by their ids, in that order. Raises GitError."""
        for start in range(0, len(ids), _BATCH):
            yield from self._read(ids[start : start + _BATCH])

    def _read(self, ids: Iterable[str]) -> Iterator[Commit]:
        output = self._git.run(
            "log", "--no-walk=unsorted", "--stdin", "--no-renames", "--name-only", "-z", "--root",
            "--format=%x1e%H%x1f%B%x1f", input="".join(f"{each}\n" for each in ids).encode("ascii"),
        )  # fmt: skip
        for record in output.split(_RECORD)[1:]:
            commit, message, listing = (*record.split(_FIELD, 2), b"", b"")[:3]
            paths = tuple(path_to_text(path) for path in listing.lstrip(b"\0\n").split(b"\0") if path)
            yield Commit(commit.decode("ascii", "replace"), message.decode("utf-8", "replace"), paths)
