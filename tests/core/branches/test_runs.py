"""What is remembered of the commands of a branch."""

from __future__ import annotations

from ramet.branch_models import BranchRun, CheckMark
from ramet.branches.runs import remembered

LONG = "\u00e9" * 50_000


def run(number: int, check: str = "") -> BranchRun:
    return BranchRun(f"command {number}", 0, float(number), 0.1, LONG, check=CheckMark(check, "passed") if check else None)


def test_the_last_commands_and_the_last_result_of_each_check_are_kept() -> None:
    runs: tuple[BranchRun, ...] = ()
    for number in range(100):
        runs = remembered(runs, run(number, {3: "tests", 7: "tests", 9: "lint"}.get(number, "")))

    assert [kept.started for kept in runs] == [7, 9, *range(50, 100)]


def test_older_outputs_lose_their_beginning_and_say_how_much() -> None:
    runs: tuple[BranchRun, ...] = ()
    for number in range(10):
        runs = remembered(runs, run(number, "tests" if number == 0 else ""))

    assert [len(kept.output) for kept in runs] == [8_000, *[2_000] * 4, *[50_000] * 5]
    assert [kept.omitted for kept in runs[:2]] == [84_000, 96_000]
    assert runs[-1].omitted == 0
