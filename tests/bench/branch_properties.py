"""Random histories of branches in several processes; each is one seed, and the seed of one that fails is printed.

Each history is compared step by step with a model in memory and with plain git. Every tenth seed also merges once with plain git,
once while somebody writes, and once for each step at which a merging process can be killed.
"""

from __future__ import annotations

import multiprocessing
import shutil
import sys
import time
import traceback
from collections import Counter
from functools import partial
from pathlib import Path

from tests.fakes.branch_history import run_history
from tests.fakes.branch_model import agrees_with_git, decides_like_git, survives_kills, survives_writers

_TRIPLES = 600
_SINGLE = 10
"""Of so many seeds one is also used for the merges that look at one thing alone."""
_REPORT_SECONDS = 20.0


def run_properties(count: int, seed: int, jobs: int, folder: Path) -> int:
    """Run so many seeds from one on, say what happened, and return the exit code."""
    folder.mkdir()
    started = said = time.monotonic()
    tally: Counter[str] = Counter()
    failed: list[int] = []
    seeds = range(seed, seed + count)
    # The processes are copies of this one: starting Python anew for each run would take longer than the run.
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for done, (number, counted, complaint) in enumerate(pool.imap_unordered(partial(run_seed, folder=folder), seeds), 1):
            tally += counted
            if complaint:
                failed.append(number)
                print(f"FAILED: --property 1 --seed {number}\n{complaint}", file=sys.stderr, flush=True)
            if time.monotonic() - said > _REPORT_SECONDS:
                said = time.monotonic()
                print(f"{done} of {count} after {said - started:.0f} s, {len(failed)} failed", file=sys.stderr, flush=True)
    triples = folder / "triples"
    triples.mkdir()
    conflicts = decides_like_git(seed, _TRIPLES, triples)
    took = time.monotonic() - started
    print(f"{count} histories from seed {seed} on, {took:.0f} s with {jobs} processes: {len(failed)} failed {failed}")
    print(", ".join(f"{number:,} {what}" for what, number in sorted(tally.items())))
    print(f"{_TRIPLES} triples decided like git merge-file, {conflicts} of them conflicts")
    return 1 if failed else 0


def run_seed(seed: int, folder: Path) -> tuple[int, Counter[str], str]:
    """Run everything of one seed; return it with what happened how often, and what went wrong."""
    home = folder / str(seed)
    home.mkdir()
    tally: Counter[str] = Counter()
    try:
        tally += run_history(seed, home)
        if seed % _SINGLE == 0:
            tally[f"single merges, {agrees_with_git(seed, home / 'git')}"] += 1
            tally["writes"] += survives_writers(seed, home / "writers")
            tally["kills"] += survives_kills(seed, home / "kills")
    except Exception:
        return seed, tally, traceback.format_exc()
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return seed, tally, ""
