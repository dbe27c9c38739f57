"""What the table over all branches shows: its columns, fitted to a width, and its rows. Pure, no widgets."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from textual.content import Content

from ramet.branch_models import Branch, BranchRun
from ramet.inert import inert_line
from ramet_tui.screens.branches import check_rows
from ramet_tui.screens.branches.wording import BRANCH_SIGN, MINUS, age, base_words, plural, state_mark

_WIDE, _MIDDLE = 112, 70
"""Cells from which on a row says what a branch was forked from, and from which on columns have room between them."""
_LEAST_CHECK, _MOST_CHECK, _SIGN_CHECK = 10, 34, 6
"""Cells of a check: at least and at most with words, and where there is no room for those, with the sign alone."""
_GAP = 2
_OUTPUT_LINES = 4


class TableColumns(Struct, frozen=True):
    """Cells of the columns; 0 leaves one out."""

    name: int
    first: int
    """The first check that there is room for."""
    checks: tuple[int, ...]
    """One number for each check that there is room for."""
    files: int
    lines: int
    cost: int
    age: int
    base: int


def fit(width: int, longest_name: int, check_count: int, chosen: int) -> TableColumns:
    """Fit the columns into a width; where there is no room for all checks, the chosen one is among those shown."""
    files, lines, cost, old = (6, 6, 9, 6) if width >= _MIDDLE else (6, 5, 8, 5)
    base = 22 if width >= _WIDE else 0
    room = max(width - 2 - files - 2 * lines - cost - old - base, 8)
    if not check_count:
        return TableColumns(room, 0, (), files, lines, cost, old, base)
    name = min(longest_name + _GAP, max(room // 3, 10))
    least = _LEAST_CHECK if _LEAST_CHECK * check_count <= room - name else _SIGN_CHECK
    shown = max(min((room - name) // least, check_count), 1)
    first = min(max(chosen - shown + 1, 0), check_count - shown)
    each = min((room - name) // shown, _MOST_CHECK) if least == _LEAST_CHECK else _SIGN_CHECK
    name = room - each * shown
    return TableColumns(name, first, (each,) * shown, files, lines, cost, old, base)


def titles(columns: TableColumns, names: Sequence[str], chosen: int) -> Content:
    """Draw the names of the columns; that of the chosen check stands out."""
    parts = [Content.assemble((f"  {'branch':<{columns.name}}", "$faint-text"))]
    for at, cells in enumerate(columns.checks, columns.first):
        style = "bold $accent" if at == chosen else "$secondary-text"
        parts.append(_cell(Content.assemble((inert_line(names[at]), style)), cells))
    rest = f"{'files':>{columns.files}}{'+':>{columns.lines}}{MINUS:>{columns.lines}}{'cost':>{columns.cost}}"
    rest += f"{'age':>{columns.age}}" + (f"  {'forked from':<{columns.base - 2}}" if columns.base else "")
    return Content("").join([*parts, Content.assemble((rest, "$faint-text"))])


def row(
    branch: Branch,
    columns: TableColumns,
    results: Sequence[BranchRun | None],
    now: float,
    chosen: int,
    progress: Content | None,
    running: int,
) -> Content:
    """Draw a branch.

    Args:
        chosen: The check whose result is pointed at, -1 for none in this row.
        progress: What goes on in it, in place of the result of the check with the number `running`.
    """
    mark, colour = state_mark(branch)
    stat = branch.stat
    dim = "$secondary-text"
    parts = [
        Content.assemble((f"{mark} ", colour)),
        _cell(Content.assemble((inert_line(branch.name), "$foreground")), columns.name),
    ]
    place = running if running in range(columns.first, columns.first + len(columns.checks)) else columns.first
    for at, cells in enumerate(columns.checks, columns.first):
        shown = progress if progress is not None and at == place else check_rows.cell(branch, results[at], cells - 1)
        drawn = _cell(shown, cells)
        parts.append(drawn.stylize("underline", 0, max(shown.cell_length, 1)) if at == chosen else drawn)
    parts += [
        Content.assemble((f"{stat.files:>{columns.files},}", dim)),
        Content.assemble((f"{stat.added:>{columns.lines},}", "$status-added" if stat.added else "$faint-text")),
        Content.assemble((f"{stat.removed:>{columns.lines},}", "$status-deleted" if stat.removed else "$faint-text")),
        Content.assemble((f"{check_rows.cost(branch.cost):>{columns.cost}}", dim)),
        Content.assemble((f"{age(now - branch.created):>{columns.age}}", dim)),
    ]
    if columns.base:
        parts.append(_cell(Content.assemble((f"  {base_words(branch)}", "$faint-text")), columns.base))
    return Content("").join(parts)


def details(branch: Branch, name: str, run: BranchRun | None, now: float) -> Content:
    """Draw what is known of one result."""
    paid = branch.cost
    lines = [
        Content.assemble(
            (f"{BRANCH_SIGN} ", "$branch"), (inert_line(branch.name), "bold $branch"),
            (f"   forked from {base_words(branch)}", "$secondary-text"),
            (f"   {plural(paid.questions, 'question')} to a model" if paid.questions else "", "$faint-text"),
        )
    ]  # fmt: skip
    if run is None:
        said = f"{inert_line(name)} has not run in it; " if name else "No check has run yet; "
        lines.append(Content.assemble((said, "$faint-text"), ("c", "$accent"), (" runs the checks.", "$faint-text")))
    else:
        lines.append(check_rows.line(branch, run, now))
        lines.append(Content.assemble(("$ ", "$faint-text"), (inert_line(run.command), "$secondary-text")))
        told = [text.rstrip() for text in run.output.splitlines() if text.strip()]
        lines += [Content.assemble((f"  {inert_line(text.expandtabs(4))}", "$faint-text")) for text in told[-_OUTPUT_LINES:]]
    return Content("\n").join(lines)


def _cell(content: Content, cells: int) -> Content:
    cut = content.truncate(max(cells - 1, 1), ellipsis=True)
    return cut.pad_right(max(cells - cut.cell_length, 0))
