"""Tries all families of formats on an output and puts what they find in the order in which a person would look at it."""

from __future__ import annotations

from ramet.terminal.failures import compilers, pytest, python, runners, stacks
from ramet.terminal.failures.values import Failure, Output

_LONGEST = 4 * 1024 * 1024
"""Characters that are looked at: the end of a longer output."""
_SUMMARIES = frozenset(("make", "shell"))
"""Tools that only repeat that another one failed."""
_RUNTIMES = frozenset(("python", "node", "java", ".net", "ruby", "php", "rust"))
"""Languages whose programs end with their last exception; those before it were handled."""


def find_failures(text: str) -> tuple[Failure, ...]:
    """Return the failures that an output reports, the one to look at first in front."""
    output = Output(text[-_LONGEST:])
    found: list[Failure] = []
    for find in (pytest.find, runners.find, python.find, stacks.find, compilers.find_in_builds, compilers.find):
        covered = _covered(found)
        found += [failure for failure in find(output) if failure.first_line not in covered and failure.last_line not in covered]
    return tuple(sorted(found, key=_order))


def _covered(found: list[Failure]) -> set[int]:
    return {line for failure in found for line in range(failure.first_line, failure.last_line + 1)}


def _order(failure: Failure) -> tuple[bool, bool, bool, int]:
    is_runtime = failure.tool in _RUNTIMES and bool(failure.kind) and not failure.tests
    line = -failure.first_line if is_runtime else failure.first_line
    return failure.level != "error", failure.tool in _SUMMARIES, not failure.all_frames, line
