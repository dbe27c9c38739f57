"""`ramet branch compare`: branches side by side."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from ramet.branch_models import Branch, BranchRun, CheckMark
from ramet.branches.comparison import SORTED_BY, check_names, compared, passed_checks
from ramet.cli.branch_table import (
    Cell,
    Column,
    age_text,
    check_mark,
    check_text,
    clipped,
    cost_text,
    counted,
    duration_text,
    least_width,
    print_table,
    terminal_width,
)
from ramet.cli.console import Console, Painted
from ramet.cli.session import Session
from ramet.workspace.protocol import Workspace

_LEAST_CHECK, _LEAST_NAME, _LEAST_BASE = 11, 10, 8
"""Cells that columns keep on a narrow terminal."""


async def compare(session: Session, workspace: Workspace) -> int:
    """Print the table and return the exit code."""
    found = await workspace.branches()
    names: list[str] = session.options.names
    for name in names:
        if all(branch.name != name for branch in found.branches):
            await workspace.branch(name)  # says what is wrong with it
    branches = compared(branch for branch in found.branches if not names or branch.name in names)
    console, now = session.console, time.time()
    if session.options.json:
        console.json({"sorted_by": SORTED_BY, "branches": [_as_json(branch, now) for branch in branches]})
        return 0
    if not branches:
        console.note("There is no branch yet. To make one: ramet branch new NAME")
        return 0
    names_shown = check_names(branches, (await workspace.branch_checks()).configured)
    _print(console, branches, names_shown, now)
    return 0


def _print(console: Console, branches: Sequence[Branch], names: Sequence[str], now: float) -> None:
    table = _columns(names), [_row(branch, names, now) for branch in branches]
    if console.is_terminal and least_width(*table) > terminal_width():
        _print_one_by_one(console, branches, names, now)
    else:
        print_table(console, *table)
    if not names:
        console.note(Painted("No check has run yet. To run them: ramet branch check --all", "dim"))
    for branch in branches if console.is_terminal else ():
        for check, run in _results(branch, names):
            if check.state in ("failed", "could not run") and run.number:
                text = f"{branch.name} {check.name}: {check_text(check)} (ramet terminal show {run.number})"
                console.note(Painted(text, "dim"))
    console.note(Painted(f"Sorted by {SORTED_BY}.", "dim"))


def _results(branch: Branch, names: Sequence[str]) -> list[tuple[CheckMark, BranchRun]]:
    found = {run.check.name: (run.check, run) for run in branch.checks if run.check is not None}
    return [found[name] for name in names if name in found]


def _columns(names: Sequence[str]) -> list[Column]:
    return [
        Column("branch", least=_LEAST_NAME),
        *(Column(name[:30], least=_LEAST_CHECK) for name in names),
        Column("files", is_right=True),
        Column("+", is_right=True),
        Column("-", is_right=True),
        Column("cost", is_right=True),
        Column("age", is_right=True),
        Column("from", least=_LEAST_BASE),
    ]


def _row(branch: Branch, names: Sequence[str], now: float) -> list[Cell]:
    results = {check.name: (check, run) for check, run in _results(branch, names)}
    stat = branch.stat
    return [
        Cell(branch.name, "bold"),
        *(_check_cell(branch, results.get(name)) for name in names),
        Cell(f"{stat.files:,}"),
        Cell(f"{stat.added:,}", "green" if stat.added else ""),
        Cell(f"{stat.removed:,}", "red" if stat.removed else ""),
        Cell(cost_text(branch.cost)),
        Cell(age_text(now - branch.created), "dim"),
        Cell(_base(branch), "dim"),
    ]


def _check_cell(branch: Branch, result: tuple[CheckMark, BranchRun] | None) -> Cell:
    if result is None:
        return Cell("-", "dim")
    check, run = result
    mark, style = check_mark(check)
    is_stale = branch.is_stale(run)
    text = f"{mark} {'stale: ' if is_stale else ''}{check_text(check)}"
    return Cell(text, "dim" if is_stale else style, duration_text(run.duration))


def _print_one_by_one(console: Console, branches: Sequence[Branch], names: Sequence[str], now: float) -> None:
    """Print a block for each branch, for terminals that are too narrow for the table."""
    width = terminal_width()
    for branch in branches:
        stat, cost = branch.stat, cost_text(branch.cost)
        console.line(
            Painted(clipped(branch.name, width // 2), "bold"),
            clipped(
                f"  {counted(stat.files, 'file')} +{stat.added} -{stat.removed}  {cost}  {age_text(now - branch.created)}",
                width // 2,
            ),
        )
        for check, run in _results(branch, names):
            cell = _check_cell(branch, (check, run))
            line = f"  {cell.text[:2]}{check.name}  {cell.text[2:]}  {cell.tail}"
            console.line(Painted(clipped(line, width), cell.style))


def _base(branch: Branch) -> str:
    head = branch.base.head
    if branch.base.source != "working tree":
        return branch.base.source
    on = (head.branch or head.commit[:10]) if head is not None else ""
    return f"working tree on {on}" if on else "working tree"


def _as_json(branch: Branch, now: float) -> dict[str, object]:
    # What they printed is in `ramet branch show --json`.
    checks = [{**msgspec.to_builtins(replace(run, output="")), "stale": branch.is_stale(run)} for run in branch.checks]
    return {
        "name": branch.name,
        "from": _base(branch),
        "checks": checks,
        "passed": passed_checks(branch),
        "stat": msgspec.to_builtins(branch.stat),
        "cost": msgspec.to_builtins(branch.cost),
        "age": now - branch.created,
    }
