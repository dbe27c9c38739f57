"""Branches side by side: which checks there are, and which branch comes first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ramet.branch_models import Branch, CheckCommand

SORTED_BY = "checks passed, then by the smaller diff; stale results do not count"
"""How compared branches are sorted, for people."""


def passed_checks(branch: Branch) -> int:
    """Return how many checks the branch passes as it is now."""
    results = (run for run in branch.checks if not branch.is_stale(run))
    return sum(run.check is not None and run.check.state == "passed" for run in results)


def compared(branches: Iterable[Branch]) -> tuple[Branch, ...]:
    """Return branches, the one to look at first in front, see `SORTED_BY`."""
    return tuple(
        sorted(branches, key=lambda branch: (-passed_checks(branch), branch.stat.added + branch.stat.removed, branch.name))
    )


def check_names(branches: Sequence[Branch], configured: Sequence[CheckCommand]) -> tuple[str, ...]:
    """Return the names of the checks to show: the configured ones that were run, and others while a result is not stale."""
    results = [(run.check.name, branch.is_stale(run)) for branch in branches for run in branch.checks if run.check is not None]
    known = [check.name for check in configured if any(name == check.name for name, _ in results)]
    return tuple(dict.fromkeys([*known, *(name for name, is_stale in results if not is_stale)]))
