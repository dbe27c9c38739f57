"""How checks of branches are drawn: counts for a row, a cell of a table, a line about one result. Pure, no widgets."""

from __future__ import annotations

from textual.content import Content

from ramet.branch_models import Branch, BranchCost, BranchRun, CheckMark
from ramet.inert import inert_line
from ramet.workspace.checking import CheckBegan
from ramet_tui.screens.branches.wording import ago, duration, plural

RUNNING_SIGN = "◌"
_LEAST_WORDS = 8
"""Cells from which on a result is told with words."""
_SIGNS = {
    "passed": ("✓", "$status-passed"),
    "failed": ("✗", "$status-failed"),
    "could not run": ("!", "$status-failed"),
    "stopped": ("-", "$status-modified"),
}


def check_sign(check: CheckMark) -> tuple[str, str]:
    """Return the sign of a state and its colour."""
    return _SIGNS[check.state]


def counts(branch: Branch) -> Content:
    """Draw how many checks a branch passes and how many it does not; results from before the last change are dim."""
    results = [(run.check.state == "passed", branch.is_stale(run)) for run in branch.checks if run.check is not None]
    parts: list[tuple[str, str]] = []
    for is_stale in (False, True):
        for is_good, sign, colour in ((True, "✓", "$status-passed"), (False, "✗", "$status-failed")):
            count = results.count((is_good, is_stale))
            parts += [(f"{sign}{count} ", "$faint-text" if is_stale else colour)] if count else []
    return Content.assemble(*parts).rstrip()


def progress(began: CheckBegan, seconds: float, *, is_named: bool) -> Content:
    """Draw what a branch is being checked for."""
    took = f" {seconds:.0f} s" if began.phase == "running" else "…"
    name = f" {inert_line(began.check)}" if is_named else ""
    return Content.assemble((f"{RUNNING_SIGN}{name}{took}", "$status-running"))


def words(check: CheckMark) -> str:
    """Return how a check ended."""
    if check.state in ("passed", "failed"):
        return inert_line(check.summary or check.state)
    return inert_line(f"{check.state}: {check.summary}" if check.summary else check.state)


def cell(branch: Branch, run: BranchRun | None, width: int) -> Content:
    """Draw a result in a table: its sign and, where there is room, its summary and how long it took."""
    if run is None or run.check is None:
        return Content.assemble(("·", "$faint-text"))
    sign, colour = check_sign(run.check)
    is_stale = branch.is_stale(run)
    mark = Content.assemble((f"{sign} ", "$faint-text" if is_stale else colour))
    if width < _LEAST_WORDS:
        return mark
    took = duration(run.duration)
    room = width - len(sign) - 1
    text = Content(words(run.check))
    shows_duration = room - len(took) - 1 >= min(text.cell_length, 10)
    text = text.truncate(max(room - len(took) - 1 if shows_duration else room, 1), ellipsis=True)
    quiet = "$faint-text" if is_stale else "$secondary-text"
    parts = [mark, text.stylize(quiet)]
    return Content("").join([*parts, Content.assemble((f" {took}", "$faint-text"))] if shows_duration else parts)


def line(branch: Branch, run: BranchRun, now: float) -> Content:
    """Draw one result as a line."""
    check = run.check
    assert check is not None
    sign, colour = check_sign(check)
    stale = ", before the last change" if branch.is_stale(run) else ""
    changed = f", changed {plural(run.changed, 'file')}" if run.changed else ""
    return Content.assemble(
        (f"{sign} ", "$faint-text" if stale else colour),
        (inert_line(check.name), "$foreground"),
        (f"  {words(check)}", "$secondary-text"),
        (f"   {duration(run.duration)}, {ago(now - run.started)}{stale}{changed}", "$faint-text"),
    )


def cost(paid: BranchCost) -> str:
    """Return what questions about a branch cost; `?` where the price of some is unknown."""
    if not paid.questions:
        return "·"
    known = f"${paid.usd:.4f}" if paid.usd or not paid.unpriced else ""
    return known + ("?" if paid.unpriced else "")
