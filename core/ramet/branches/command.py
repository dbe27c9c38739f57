"""What a command in a branch finds around it, and what is remembered of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from ramet.branch_models import BranchPlace, BranchRun
from ramet.models import CommandRecording
from ramet.paths import absolute, path_to_text
from ramet.terminal.kept import HeadAndTail, Kept
from ramet.terminal.plain import plain_text

KEPT_BYTES = 64 * 1024
"""The end of its output that is kept with a branch."""


def command_output() -> HeadAndTail:
    """Return what keeps as much of a command's output as is remembered."""
    return HeadAndTail(0, KEPT_BYTES)


def branch_run(command: str, exit_code: int | None, started: float, duration: float, kept: Kept) -> BranchRun:
    """Return what is remembered of a command that is over; of longer output the end."""
    end = (kept.tail or kept.head)[-KEPT_BYTES:]
    dropped = len(kept.head) + len(kept.tail) + kept.omitted - len(end)
    return BranchRun(command, exit_code, started, duration, output=plain_text(end), omitted=dropped)


def command_environment(
    inherited: Mapping[str, str], added: Mapping[str, str], folder: Path, copies: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the variables of a command in a branch: those of the caller, without what leads git to another repository.

    Where a folder of the working tree was copied (`copies`, see `BranchPlace`), an environment that is active is the copy.
    """
    found = {name: value for name, value in inherited.items() if not name.startswith("GIT_") and name != "OLDPWD"}
    moved = {str(absolute(Path("/"), old)): str(absolute(Path("/"), new)) for old, new in (copies or {}).items()}
    for name in ("PATH", "VIRTUAL_ENV") if moved else ():
        if name in found:
            found[name] = os.pathsep.join(_moved(entry, moved) for entry in found[name].split(os.pathsep))
    for name, value in added.items():
        is_path = name == "PYTHONPATH" and name in found
        found[name] = f"{value}{os.pathsep}{found[name]}" if is_path else value
    return {**found, "PWD": str(folder)}


def in_branch(recording: CommandRecording, place: BranchPlace, root: Path) -> CommandRecording:
    """Return a command that a shell recorded where a branch is laid out as one of the branch, with its folder as in `root`."""
    here, laid_out = absolute(Path("/"), recording.folder), absolute(Path("/"), place.path)
    folder = root / here.relative_to(laid_out) if here.is_relative_to(laid_out) else root
    return replace(recording, folder=path_to_text(os.fsencode(folder)), branch=place.branch)


def _moved(entry: str, copies: Mapping[str, str]) -> str:
    real = Path(os.path.realpath(entry)) if entry.startswith(os.sep) else Path(entry)
    for old, new in copies.items():
        if real.is_relative_to(old):
            return str(Path(new, real.relative_to(old)))
    return entry
