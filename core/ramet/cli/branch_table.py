"""Tables of text that fit a terminal, and how results of checks, ages and costs are written in them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from msgspec import Struct

from ramet.branch_models import Branch, BranchCost, CheckMark
from ramet.cli.console import Console, Painted
from ramet.inert import inert_line

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_GAP = 2
_LEAST_TEXT = 10
"""Cells of a text that its tail must leave."""
_MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "could not run": ("!", "red"), "stopped": ("-", "yellow")}


class Column(Struct, frozen=True):
    """A column of a table."""

    title: str
    is_right: bool = False
    least: int = 0
    """Cells that it may be cut to where there is no room; 0 for a column that is never cut."""


class Cell(Struct, frozen=True):
    """A piece of text in a table."""

    text: str
    style: str = ""
    tail: str = ""
    """What stays at the end where the text is cut, unless it is cut to almost nothing."""

    @property
    def whole(self) -> str:
        """All of it."""
        return f"{self.text} {self.tail}" if self.tail else self.text

    def fitted(self, width: int) -> str:
        """Return as much as fits into a width."""
        if len(self.whole) <= width:
            return inert_line(self.whole)
        room = width - len(self.tail) - 1
        return f"{clipped(self.text, room)} {self.tail}" if self.tail and room >= _LEAST_TEXT else clipped(self.text, width)


def print_table(console: Console, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
    """Print rows below their titles, on a terminal in its width, elsewhere uncut."""
    widths = fitted_widths(columns, rows, terminal_width() if console.is_terminal else None)
    console.line(*_line(columns, widths, [Cell(column.title, "dim") for column in columns]))
    for row in rows:
        console.line(*_line(columns, widths, row))


def fitted_widths(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int | None) -> list[int]:
    """Return the cells of each column; the widest that may be cut gives way first."""
    widths = [max([len(column.title), *(len(row[at].whole) for row in rows)]) for at, column in enumerate(columns)]
    if width is None:
        return widths
    while sum(widths) + _GAP * (len(widths) - 1) > width:
        spare = [(widths[at] - column.least, widths[at], at) for at, column in enumerate(columns) if column.least]
        room, _, at = max(spare, key=lambda each: (each[0] > 0, each[1]), default=(0, 0, 0))
        if room <= 0:
            break
        widths[at] -= 1
    return widths


def least_width(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> int:
    """Return the width from which on a table can be printed without wrapping."""
    widths = fitted_widths(columns, rows, 0)
    return sum(widths) + _GAP * (len(widths) - 1)


def terminal_width() -> int:
    """Return the columns of the terminal."""
    return shutil.get_terminal_size().columns


def _line(columns: Sequence[Column], widths: Sequence[int], row: Sequence[Cell]) -> list[str | Painted]:
    pieces: list[str | Painted] = []
    for at, (column, width, cell) in enumerate(zip(columns, widths, row, strict=True)):
        text = cell.fitted(width)
        is_last = at == len(columns) - 1
        padding = " " * (width - len(text))
        gap = "" if is_last else " " * _GAP
        before, after = (padding, gap) if column.is_right else ("", "" if is_last else padding + gap)
        pieces += [before, Painted(text, cell.style), after]
    return pieces


def clipped(text: str, width: int) -> str:
    """Return a text that fits into a width."""
    line = inert_line(text)
    return line if len(line) <= width else line[: max(width - 1, 0)] + "…"


def check_mark(check: CheckMark) -> tuple[str, str]:
    """Return the sign of a state and its style."""
    return _MARKS[check.state]


def check_text(check: CheckMark) -> str:
    """Return how a check ended, in words."""
    if check.state in ("passed", "failed"):
        return check.summary or check.state
    return f"{check.state}: {check.summary}" if check.summary else check.state


def checks_pieces(branch: Branch) -> list[str | Painted]:
    """Return how many checks a branch passes and does not, with how many of the results are stale; nothing without checks."""
    results = [(run.check, branch.is_stale(run)) for run in branch.checks if run.check is not None]
    passed = sum(check.state == "passed" for check, is_stale in results if not is_stale)
    bad = sum(check.state != "passed" for check, is_stale in results if not is_stale)
    stale = sum(is_stale for _, is_stale in results)
    pieces: list[str | Painted] = ["  checks"] if results else []
    pieces += [Painted(f" ✓{passed}", "green")] if passed else []
    pieces += [Painted(f" ✗{bad}", "red")] if bad else []
    return [*pieces, *([Painted(f" {stale} stale", "dim")] if stale else [])]


def duration_text(seconds: float) -> str:
    """Return how long something took."""
    return f"{seconds:.1f} s" if seconds < _MINUTE else f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:.0f} s"


def age_text(seconds: float) -> str:
    """Return how long ago something was."""
    if seconds < _MINUTE:
        return "now"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.0f} h" if seconds < 2 * _DAY else f"{seconds / _DAY:.0f} d"


def cost_text(cost: BranchCost) -> str:
    """Return what was paid; `+ ?` where the price of a part is unknown."""
    if not cost.questions:
        return "-"
    known = f"${cost.usd:.4f}" if cost.usd or not cost.unpriced else ""
    return " + ".join(filter(None, (known, "?" if cost.unpriced else "")))


def counted(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
