"""Random work on branches agrees with plain git and loses nothing; `python -m tests.bench.branches --property N` does more."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ramet.branches import disk
from tests.fakes.branch_history import run_history
from tests.fakes.branch_model import agrees_with_git, decides_like_git, survives_kills, survives_writers


def test_random_histories_are_what_a_model_and_plain_git_make_of_them(tmp_path: Path) -> None:
    tally = sum((run_history(seed, tmp_path, steps=10) for seed in (3, 4)), Counter[str]())

    assert tally["merges"] > 2


def test_random_merges_agree_with_git(tmp_path: Path) -> None:
    ways = {agrees_with_git(seed, tmp_path) for seed in range(5)}

    assert ways == {"clean", "conflict"}


def test_what_somebody_writes_during_a_merge_is_never_lost(tmp_path: Path) -> None:
    writes = sum(survives_writers(seed, tmp_path) for seed in range(3))

    assert writes > 0


def test_a_merge_that_is_killed_at_any_step_is_repaired(tmp_path: Path) -> None:
    kills = survives_kills(3, tmp_path, every=3)

    assert kills > 3


def test_conflicts_are_those_of_git_merge_file(tmp_path: Path) -> None:
    assert decides_like_git(11, 60, tmp_path) > 10


def test_a_killed_merge_is_repaired_where_the_system_cannot_exchange_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_system_rename", lambda: None)

    assert survives_kills(5, tmp_path, every=3) > 1
