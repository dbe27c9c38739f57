"""What the doctor says of branches of the file system; unlike its other parts it repairs what killed processes left."""

from __future__ import annotations

from ramet.branches.branches import Branches
from ramet.errors import RametError
from ramet.models import Finding

_AREA = "branches"


def branch_findings(branches: Branches, limit: int) -> list[Finding]:
    """Say how many branches there are, what they take of the disk (`limit` in bytes), and what was repaired."""
    try:
        repaired = branches.examine()
        state = branches.store.state()
        usage = branches.usage(limit)
    except RametError as error:
        return [Finding(_AREA, "problem", error.what, error.advice)]
    live = sum(record.is_live for record in state.branches)
    used = usage.objects + usage.worktrees
    sentence = f"{live} branch{'' if live == 1 else 'es'} of the file system, and {len(state.branches) - live} dropped"
    size = f"{used / 1e6:,.1f} MB of {limit / 1e6:,.0f} MB in {branches.folder}"
    found = [Finding(_AREA, "ok", f"{sentence}: {size}.")] if state.branches else []
    if used > limit:
        found.append(Finding(_AREA, "note", "The branches take more than their limit.", "Drop some, or raise branch_limit_mb."))
    return found + [Finding(_AREA, "note", sentence) for sentence in repaired]
