"""What is remembered of the commands that ran in a branch: the last ones, and of each check the last result."""

from __future__ import annotations

from msgspec.structs import replace

from ramet.branch_models import BranchRun

_KEPT = 50
"""Commands of a branch that are remembered, besides the results of its checks."""
_KEPT_CHECKS = 20
_WHOLE_OUTPUTS = 5
"""The latest commands, whose output is kept as it is."""
_RESULT_OUTPUT, _SHORT_OUTPUT = 8_000, 2_000
"""Characters of the end of an older output, of the result of a check and of others: all runs of all branches are one file,
which is replaced as a whole. The database of commands has more."""


def remembered(runs: tuple[BranchRun, ...], last: BranchRun) -> tuple[BranchRun, ...]:
    """Return what is kept of the commands of a branch after another one, the latest last."""
    everything = (*runs, last)
    latest = {run.check.name: number for number, run in enumerate(everything) if run.check is not None}
    results = set(sorted(latest.values())[-_KEPT_CHECKS:])
    newest = len(everything) - _WHOLE_OUTPUTS
    return tuple(
        run if number >= newest else _shortened(run, _RESULT_OUTPUT if number in results else _SHORT_OUTPUT)
        for number, run in enumerate(everything)
        if number in results or number >= len(everything) - _KEPT
    )


def _shortened(run: BranchRun, most: int) -> BranchRun:
    cut = len(run.output) - most
    return replace(run, output=run.output[cut:], omitted=run.omitted + len(run.output[:cut].encode())) if cut > 0 else run
