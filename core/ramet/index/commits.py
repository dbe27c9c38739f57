"""Keeps the memory of commits up to date: for each view the newest commits that lead to what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from ramet.events import IndexProgress
from ramet.git.history import Commit, CommitHistory
from ramet.store.commit_database import CommitDatabase, CommitRecord
from ramet.tokens import term_hashes

MOST_COMMITS = 10_000
"""Of one view, the newest; older ones are about code that is gone."""
_MOST_PATHS = 30
"""A commit that changed more files says nothing about any of them."""
_LONGEST_MESSAGE = 3_000
_STEP = 1_000
_TRAILER = re.compile(r"(?im)^(?:signed-off-by|co-authored-by|reviewed-by|acked-by|change-id|git-svn-id|\(cherry picked)\b.*$")


def remember_commits(history: CommitHistory, database: CommitDatabase, view: str, head: str) -> Iterator[IndexProgress]:
    """Bring the memory of a view up to the commit it shows. Raises GitError and StoreError."""
    if not head or database.head(view) == head:
        return
    ids = history.newest(head, MOST_COMMITS)
    missing = database.missing(ids)
    for start in range(0, len(missing), _STEP):
        done = len(ids) - len(missing) + start
        yield IndexProgress("history", done, len(ids), len(ids) - len(missing), 0)
        database.add(_record(commit) for commit in history.read(missing[start : start + _STEP]))
    database.set_head(view, head, ids)


def _record(commit: Commit) -> CommitRecord:
    message = _TRAILER.sub("", commit.message)[:_LONGEST_MESSAGE]
    paths = commit.paths if len(commit.paths) <= _MOST_PATHS else ()
    return CommitRecord(commit.id, np.array(term_hashes(message), dtype=np.uint32), paths)
