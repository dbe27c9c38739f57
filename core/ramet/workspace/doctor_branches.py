"""What the doctor says of branches of the file system; unlike its other parts it repairs what killed processes left."""

from __future__ import annotations

from collections.abc import Sequence

from ramet.branches.abilities import Abilities
from ramet.branches.artefacts import Artefact
from ramet.branches.branches import Branches
from ramet.errors import RametError
from ramet.models import Finding
from ramet.paths import absolute

_AREA = "branches"


def branch_findings(branches: Branches, limit: int, artefacts: Sequence[Artefact] = ()) -> list[Finding]:
    """Say how many branches there are, what they take of the disk (`limit` in bytes), what they share, and what was repaired."""
    try:
        repaired = branches.examine()
        state = branches.store.state()
        usage = branches.usage(limit)
        shared = _sharing(branches, artefacts) if state.branches and not branches.location.is_bare else []
    except RametError as error:
        return [Finding(_AREA, "problem", error.what, error.advice)]
    live = sum(record.is_live for record in state.branches)
    used = usage.objects + usage.worktrees
    sentence = f"{live} branch{'' if live == 1 else 'es'} of the file system, and {len(state.branches) - live} dropped"
    size = f"{used / 1e6:,.1f} MB of {limit / 1e6:,.0f} MB in {branches.folder}"
    found = [Finding(_AREA, "ok", f"{sentence}: {size}.")] if state.branches else []
    if used > limit:
        found.append(Finding(_AREA, "note", "The branches take more than their limit.", "Drop some, or raise branch_limit_mb."))
    return found + shared + [Finding(_AREA, "note", sentence) for sentence in repaired]


def _sharing(branches: Branches, artefacts: Sequence[Artefact]) -> list[Finding]:
    """Say how ignored folders get into branches on these file systems, which is tried anew."""
    root = branches.location.root
    folders = [absolute(root, artefact.name) for artefact in artefacts]
    source = next((folder for folder in folders if folder.is_dir() and not folder.is_symlink()), root)
    abilities = Abilities(branches.folder, is_anew=True)
    with branches.store.locked():
        no_reflink, no_overlay = abilities.why_no_reflink(source), abilities.why_no_overlay(source)
    how = f"linked, because {no_reflink}" if no_reflink else "copied by reflink"
    overlays = f"not possible: {no_overlay}" if no_overlay else "possible"
    return [
        Finding(_AREA, "ok", f"Ignored folders such as .venv are {how}."),
        Finding(_AREA, "ok", f"Overlays are {overlays}.", "" if no_overlay else "To use one: branch_links = '.venv=overlay'."),
    ]
