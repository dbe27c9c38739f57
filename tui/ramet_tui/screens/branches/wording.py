"""How branches are spoken of: ages, sizes, counts and states in words and in colours. Pure, no widgets."""

from __future__ import annotations

from textual.content import Content

from ramet.branch_models import Branch, BranchRun, DiffStat, MergeResult
from ramet.inert import inert_line

BRANCH_SIGN = "⎇"
MINUS = "\u2212"
"""As wide as the plus; a hyphen is lost beside it."""
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def age(seconds: float) -> str:
    """Return how long something took place ago, in at most five cells."""
    if seconds < _MINUTE:
        return "now"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} m"
    if seconds < _DAY:
        return f"{seconds / _HOUR:.0f} h"
    return f"{min(seconds / _DAY, 999):.0f} d"


def ago(seconds: float) -> str:
    """Return the same for a sentence."""
    text = age(seconds)
    return "just now" if text == "now" else f"{text} ago".replace(" m ", " min ")


def size(count: int) -> str:
    """Return a number of bytes."""
    for unit, factor in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}".replace(".0 ", " ")
    return f"{count} B"


def plural(count: int, noun: str) -> str:
    """Return a number with its noun."""
    ending = "es" if noun.endswith("ch") else "s"
    return f"{count:,} {noun}{'' if count == 1 else ending}"


def duration(seconds: float) -> str:
    """Return how long a command took."""
    return f"{seconds:.1f} s" if seconds < _MINUTE else f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:.0f} s"


def stat_content(stat: DiffStat) -> Content:
    """Draw a diffstat: files, lines added, lines removed."""
    if not stat.files:
        return Content.assemble(("no changes", "$faint-text"))
    return Content.assemble(
        (plural(stat.files, "file"), "$secondary-text"),
        (f" +{stat.added:,}", "$status-added"),
        (f" {MINUS}{stat.removed:,}", "$status-deleted"),
    )


def state_word(branch: Branch) -> str:
    """Return in one word what became of a branch."""
    if branch.state == "dropped":
        return "dropped"
    if branch.kept:
        return "kept"
    return "merged" if branch.merged is not None else "live"


_MARKS = {
    "live": ("●", "$branch"),
    "merged": ("✓", "$status-passed"),
    "kept": ("■", "$status-renamed"),
    "dropped": ("✗", "$faint-text"),
}


def state_mark(branch: Branch) -> tuple[str, str]:
    """Return the sign of a state and its colour."""
    return _MARKS[state_word(branch)]


def run_content(run: BranchRun) -> Content:
    """Draw a command: how it ended, what it was."""
    if run.exit_code == 0:
        result = ("✓", "$status-passed")
    elif run.exit_code is None:
        result = ("stopped", "$status-failed")
    else:
        result = (f"✗ {run.exit_code}", "$status-failed")
    return Content.assemble(result, " ", (inert_line(run.command), "$secondary-text"))


def base_words(branch: Branch) -> str:
    """Return what a branch was forked from."""
    base = branch.base
    head = base.head
    place = ""
    if head is not None and (head.branch or head.commit):
        place = f" on {inert_line(head.branch) or head.commit[:8]}"
    return f"working tree{place}" if base.source == "working tree" else inert_line(base.source)


def merged_sentence(result: MergeResult) -> str:
    """Return what a merge came to."""
    if not result.files:
        return f"The working tree has all of {result.branch} already; nothing was written."
    left = f" {plural(len(result.conflicts), 'conflict')} left for later." if result.conflicts else ""
    return f"Merged {plural(len(result.files), 'file')} of {result.branch}.{left} To take it back: u."
