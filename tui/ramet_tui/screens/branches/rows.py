"""What the board shows of a branch: a row in columns that fit the width, and the lines about the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from textual.content import Content

from ramet.branch_models import Branch, BranchRun
from ramet.inert import inert_line
from ramet_tui.screens.branches import check_rows
from ramet_tui.screens.branches.wording import (
    BRANCH_SIGN,
    MINUS,
    age,
    ago,
    base_words,
    duration,
    plural,
    run_content,
    stat_content,
    state_mark,
    state_word,
)

_WIDE, _MIDDLE, _SMALL = 108, 76, 56
"""Cells from which on a row has all columns, the last command, the files and what moved."""
_LEAST_CHECKS, _CHECKS, _FEW_CHECKS = 44, 16, 10
"""Cells from which on a row tells of checks, and how many it takes for that where there is room and where there is little."""
_OUTPUT_LINES = 2
_RUN_LINES = 3
"""Rows for the last command and the results of checks among the facts."""


class Columns(Struct, frozen=True):
    """Cells of the columns; 0 leaves one out."""

    name: int
    state: int
    base: int
    moved: int
    files: int
    lines: int
    run: int
    age: int
    checks: int = 0


def columns(width: int, longest_name: int, *, has_checks: bool = False) -> Columns:
    """Fit the columns into a width; that of the checks is there when there are any."""
    state, base, moved, files = (0,) * 4
    checks = 0 if not has_checks or width < _LEAST_CHECKS else _CHECKS if width >= _MIDDLE else _FEW_CHECKS
    lines, run, old = 7, 0, 6
    if width >= _SMALL:
        files, moved = 6, 7
    if width >= _MIDDLE:
        state = 9
    fixed = 2 + state + moved + files + 2 * lines + old + checks
    room = max(width - fixed, 6)
    name = min(max(longest_name + 2, 12), room if width < _MIDDLE else room // 2)
    if width < _MIDDLE:
        name = room
    elif width < _WIDE:
        run = room - name
    else:
        base = min(28, (room - name) // 2)
        run = room - name - base
    return Columns(name, state, base, moved, files, lines, run, old, checks)


def titles(fit: Columns) -> Content:
    """Draw the names of the columns."""
    parts = [
        "  ", _left("name", fit.name), _left("state", fit.state), _left("forked from", fit.base), _right("moved", fit.moved),
        _right("files", fit.files), _right("+", fit.lines), _right(MINUS, fit.lines), _left("  checks", fit.checks),
        _left("  last command", fit.run),
        _right("age", fit.age),
    ]  # fmt: skip
    return Content("").join(Content(part) for part in parts).stylize("$faint-text")


def row(branch: Branch, fit: Columns, now: float, *, is_looked_at: bool, progress: Content | None = None) -> Content:
    """Draw a branch as one row; `progress` says that it is being checked."""
    mark, colour = state_mark(branch)
    dim = "$faint-text" if branch.state == "dropped" else "$secondary-text"
    name_style = "bold $branch" if is_looked_at else dim if branch.state == "dropped" else "$foreground"
    stat = branch.stat
    run = Content("  ") + run_content(branch.runs[-1]) if branch.runs else Content("")
    moved = "?" if branch.moved is None else f"±{branch.moved:,}" if branch.moved else "·"
    parts = [
        Content.assemble((BRANCH_SIGN if is_looked_at else mark, "$branch" if is_looked_at else colour), " "),
        _cell(Content.assemble((inert_line(branch.name), name_style)), fit.name),
        _cell(Content.assemble((state_word(branch), colour if state_word(branch) != "live" else dim)), fit.state),
        _cell(Content.assemble((base_words(branch), dim)), fit.base),
        Content.assemble((_right(moved, fit.moved), "$status-modified" if branch.moved else "$faint-text")),
        Content.assemble((_right(f"{stat.files:,}", fit.files), dim)),
        Content.assemble(
            (_right(f"{stat.added:,}" if stat.files else "·", fit.lines), "$status-added" if stat.added else "$faint-text")
        ),
        Content.assemble(
            (_right(f"{stat.removed:,}" if stat.files else "·", fit.lines), "$status-deleted" if stat.removed else "$faint-text")
        ),
        _cell(Content("  ") + (progress or check_rows.counts(branch)), fit.checks),
        _cell(run, fit.run),
        Content.assemble((_right(age(now - branch.created), fit.age), dim)),
    ]
    return Content("").join(parts)


def details(branch: Branch, now: float) -> Content:
    """Draw what is known of one branch."""
    lines = [_first_line(branch, now), _base_line(branch, now), _moved_line(branch), _change_line(branch, now)]
    lines += _run_lines(branch, now)
    return Content("\n").join(lines)


def _run_lines(branch: Branch, now: float) -> list[Content]:
    """Draw what ran last and the results of checks."""
    if not branch.runs:
        return [Content.assemble(("No command ran in it yet; ", "$faint-text"), ("r", "$accent"), (" runs one.", "$faint-text"))]
    run, checks = branch.runs[-1], branch.checks
    if run.check is not None:
        return [check_rows.line(branch, each, now) for each in _telling(checks)[:_RUN_LINES]]
    stale = "" if run.commit == branch.commit or run.changed else ", before the last change"
    when = f"   {duration(run.duration)}, {ago(now - run.started)}{stale}"
    told = [run_content(run) + Content.assemble((when, "$faint-text"))]
    told += [check_rows.line(branch, each, now) for each in _telling(checks)[: _RUN_LINES - 1]]
    return told + [Content.assemble(("  " + line, "$faint-text")) for line in _last_lines(run.output)][: _RUN_LINES - len(told)]


def _telling(checks: Sequence[BranchRun]) -> list[BranchRun]:
    """Return results, those that say the most in front: the ones that did not pass."""
    return sorted(checks, key=lambda run: run.check is not None and run.check.state == "passed")


def empty_board() -> Content:
    """Say what a branch is and how to make one."""
    return Content.assemble(
        ("No branch yet", "bold $foreground"),
        "\n\nA branch is a copy of the whole working tree as it is now, with what is not committed and what is new."
        "\nTry things there, run commands, compare; then merge back what is good, or drop the rest."
        "\nYour own files, index and HEAD stay as they are.\n\n",
        ("n", "bold $accent"),
        " makes the first one",
    )


def _first_line(branch: Branch, now: float) -> Content:
    words: Sequence[tuple[str, str]] = ()
    if branch.state == "dropped" and branch.dropped is not None:
        left = f", removed for good in {age(branch.expires - now)}" if branch.expires is not None else ""
        words = ((f"dropped {ago(now - branch.dropped)}{left}", "$secondary-text"),)
    elif branch.kept:
        words = (("kept as git branch ", "$secondary-text"), (inert_line(branch.kept), "$status-renamed"))
    elif branch.merged is not None:
        words = ((f"merged back {ago(now - branch.merged)}", "$status-passed"),)
    return Content.assemble((f"{BRANCH_SIGN} ", "$branch"), (inert_line(branch.name), "bold $branch"), "   ", *words)


def _base_line(branch: Branch, now: float) -> Content:
    head = branch.base.head
    at = f" at {head.commit[:8]}" if head is not None and head.commit else ""
    forked = f"forked {ago(now - branch.base.taken)} from the {base_words(branch)}{at}"
    if branch.base.source != "working tree":
        forked = f"forked {ago(now - branch.base.taken)} from {base_words(branch)}"
    return Content.assemble((forked, "$secondary-text"))


def _moved_line(branch: Branch) -> Content:
    if branch.moved is None:
        return Content.assemble(("how far the working tree has moved since is not known", "$faint-text"))
    if branch.moved:
        return Content.assemble((f"the working tree has moved by {plural(branch.moved, 'file')} since", "$status-modified"))
    return Content.assemble(("the working tree is still as it was then", "$faint-text"))


def _change_line(branch: Branch, now: float) -> Content:
    changed = f"   changed {ago(now - branch.updated)}" if branch.stat.files else ""
    return stat_content(branch.stat) + Content.assemble((changed, "$faint-text"))


def _last_lines(output: str) -> list[str]:
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    return [inert_line(line.expandtabs(4)) for line in lines[-_OUTPUT_LINES:]]


def _cell(content: Content, cells: int) -> Content:
    if not cells:
        return Content("")
    cut = content.truncate(max(cells - 1, 1), ellipsis=True)
    return cut.pad_right(max(cells - cut.cell_length, 0))


def _left(text: str, cells: int) -> str:
    return f"{text:<{cells}}"[:cells] if cells else ""


def _right(text: str, cells: int) -> str:
    return f"{text:>{cells}}" if cells else ""
