"""Commit memory: past commits whose messages are like the question vote for the files they changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ramet.retrieve.lexical import LexicalIndex, packed
from ramet.store.commit_database import CommitRecord

_VOTING = 40
"""Commits that vote, those most like the question."""


class CommitMemory:
    """The commits that lead to one state of a view."""

    def __init__(self, head: str, records: Sequence[CommitRecord]) -> None:
        """Build the index of the messages; commits without paths change nothing and are left out."""
        self.head = head
        kept = [record for record in records if record.paths and len(record.hashes)]
        self._paths = [record.paths for record in kept]
        lengths = np.fromiter((len(record.hashes) for record in kept), np.int64, len(kept))
        index = LexicalIndex((), np.zeros(0, np.float32), np.zeros(0, dtype=bool))
        if kept:
            documents = np.repeat(np.arange(len(kept), dtype=np.uint32), lengths)
            pairs, counts = np.unique(
                np.concatenate([record.hashes for record in kept]).astype(np.uint64) << np.uint64(32) | documents,
                return_counts=True,
            )
            postings = packed(
                (pairs >> np.uint64(32)).astype(np.uint32),
                (pairs & np.uint64(0xFFFFFFFF)).astype(np.uint32),
                np.minimum(counts, 255).astype(np.uint8),
            )
            index = index.with_changes((), [postings], lengths.astype(np.float32))
        self._index = index

    def votes(self, terms: dict[str, tuple[int, float]]) -> dict[str, float]:
        """Return the files that commits like the question changed, each with a share of the best one's vote.

        Args:
            terms: Term of the question -> (hash, weight).
        """
        scores = self._index.scores(self._index.matches(terms))
        voting = min(_VOTING, int(np.count_nonzero(scores)))
        if not voting:
            return {}
        best = np.argpartition(-scores, voting - 1)[:voting]
        shares = (scores[best] / scores[best].max()) ** 2
        votes: dict[str, float] = defaultdict(float)
        for commit, share in zip(best.tolist(), shares.tolist(), strict=True):
            paths = self._paths[commit]
            for path in paths:
                votes[path] += share / len(paths) ** 0.5
        most = max(votes.values())
        return {path: vote / most for path, vote in votes.items()}
