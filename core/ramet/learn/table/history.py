"""Reads the repositories that `sources.toml` lists: the pairs of their files, and of messages and what they changed."""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from msgspec import Struct

from ramet.git.runner import Git
from ramet.learn.table.pairs import Pair, pairs_of

_logger = logging.getLogger(__name__)

_MOST_COMMITS = 4_000
"""Of one repository, the newest first."""
_MOST_FILES = 6
"""A commit that changes more source files is about none of them."""
_HUNKS = 3
"""Of one commit that become pairs."""
_CONTEXT = 12
"""Lines around a change that belong to its code."""
_SHORTEST_CODE = 120
_LONGEST_CODE = 4_000
_LARGEST_FILE = 300_000
_BATCH = 200
"""Files read by one git process."""
_SECONDS = 1_200.0
"""Git's time for a whole history, which is more than any answer to a person may take."""
_RECORD, _FIELD = "\x01", "\x02"
_FILE = re.compile(r"^diff --git ", re.MULTILINE)
_NAME = re.compile(r"^\+\+\+ b/(?P<path>.*?)\t?$", re.MULTILINE)
_HUNK = re.compile(r"^@@ [^\n]*\n", re.MULTILINE)
_TRAILER = re.compile(
    r"(?im)^(?:[\w-]+-by|cc|git-svn-id|change-id|fixes|closes|see-also|bug|refs?|related)\s*:.*$|^\* [^\n]{0,30}$|https?://\S+"
)
_NO_MESSAGE = re.compile(
    r"^(?:merge|bump|release|revert|chore|update changelog|prepare|version|v?\d+\.\d+|\[pre-commit|build\(deps|typo|lint"
    r"|format)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\(?#\d+\)?|\bGH-\d+\b")
_LONGEST_MESSAGE = 800


class Repository(Struct, frozen=True, forbid_unknown_fields=True):
    """One repository as it was at a commit; it lies as a bare clone in `git/OWNER+NAME` of the folder of archives."""

    name: str
    """OWNER/NAME."""
    commit: str
    licence: str


class History:
    """The pairs of one repository. Their order is arbitrary but always the same."""

    def __init__(self, folder: Path, repository: Repository, endings: Sequence[str], left_out: frozenset[str]) -> None:
        """Take the bare clone, the endings of source files, and the folders that hold copies of others' code."""
        self._git = Git(folder, git_dir=folder)
        self._group = f"git:{repository.name}"
        self._commit = repository.commit
        self._endings = tuple(endings)
        self._left_out = left_out

    def of_messages(self) -> Iterator[Pair]:
        """Yield pairs of a commit's message and what stood where it changed something."""
        log = self._git.run(
            "log", "-p", "--no-merges", "--no-color", "--no-renames", "--diff-filter=M", f"-U{_CONTEXT}", f"-n{_MOST_COMMITS}",
            f"--format={_RECORD}%B{_FIELD}", self._commit, "--", *(f"*{ending}" for ending in self._endings), timeout=_SECONDS,
        ).decode("utf-8", "replace")  # fmt: skip
        records = log.split(_RECORD)[1:]
        random.Random(self._group).shuffle(records)  # noqa: S311  # an order, no secret
        for record in records:
            message, _, patch = record.partition(_FIELD)
            words = message_words(message)
            files = _FILE.split(patch)[1:]
            if words and 0 < len(files) <= _MOST_FILES:
                for code in islice(_changed_code(files, self._left_out), _HUNKS):
                    yield Pair(self._group, "commit", words, code)

    def of_files(self) -> Iterator[Pair]:
        """Yield the pairs of the files."""
        listing = self._git.run("ls-tree", "-r", "-z", "-l", self._commit).decode("utf-8", "replace").split("\0")
        entries: list[tuple[str, str]] = []
        for line in filter(None, listing):
            facts, _, path = line.partition("\t")
            _, kind, oid, size = facts.split()
            *folders, name = path.split("/")
            is_source = name.endswith(self._endings) and not name.endswith((".min.js", ".d.ts"))
            if kind == "blob" and is_source and self._left_out.isdisjoint(folders) and int(size) <= _LARGEST_FILE:
                entries.append((path, oid))
        random.Random(self._group).shuffle(entries)  # noqa: S311  # an order, no secret
        for start in range(0, len(entries), _BATCH):
            for (path, _), data in zip(
                entries[start : start + _BATCH], _contents(self._git, entries[start : start + _BATCH]), strict=True
            ):
                yield from pairs_of(self._group, path, data)


def message_words(message: str) -> str:
    """Return what a commit's message says about its change; empty when it says nothing."""
    subject, _, body = message.strip().partition("\n")
    if _NO_MESSAGE.match(subject) or len(subject.split()) < 4:
        return ""
    text = f"{subject}\n{_TRAILER.sub('', body)}"
    return " ".join(_NUMBER.sub("", text).split())[:_LONGEST_MESSAGE]


def _changed_code(files: Sequence[str], left_out: frozenset[str]) -> Iterator[str]:
    """Yield what stood where a commit changed something, with the lines around it; files of code before those of tests."""
    for patch in sorted(files, key=lambda patch: "test" in patch[:200].lower()):
        name = _NAME.search(patch)
        if name is None or not left_out.isdisjoint(name["path"].split("/")[:-1]):
            continue
        for hunk in _HUNK.split(patch)[1:]:
            code = "\n".join(line[1:] for line in hunk.splitlines() if line[:1] in (" ", "-"))
            if len(code) >= _SHORTEST_CODE:
                yield code[:_LONGEST_CODE]


def _contents(git: Git, entries: Sequence[tuple[str, str]]) -> Iterator[bytes]:
    """Yield the contents of blobs, read by one git process."""
    output = git.run("cat-file", "--batch", input="".join(f"{oid}\n" for _, oid in entries).encode())
    place = 0
    for _ in entries:
        end = output.index(b"\n", place)
        size = int(output[place:end].split()[2])
        yield output[end + 1 : end + 1 + size]
        place = end + 2 + size
