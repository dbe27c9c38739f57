"""Prints branches, diffs and merges."""

from __future__ import annotations

from datetime import datetime

from ramet.branch_models import (
    Branch,
    BranchDiff,
    BranchList,
    DiffLine,
    DiffStat,
    FileDiff,
    MergeConflict,
    MergedFile,
    MergeResult,
    Version,
)
from ramet.cli.branch_table import check_text, checks_pieces
from ramet.cli.console import Console, Painted

_SIGNS = {"same": " ", "added": "+", "removed": "-"}
_STYLES = {"same": "", "added": "green", "removed": "red"}
_STRONG = {"added": "bold green", "removed": "bold red"}
_LINE_WIDTH = 2_000
"""Characters of a line that are shown."""
_REGION_LINES = 20
_OUTPUT_LINES = 10


def print_list(console: Console, found: BranchList, *, dropped: bool) -> None:
    """Print one line per branch and what all take of the disk."""
    width = max((len(branch.name) for branch in found.branches), default=0)
    for branch in found.branches:
        pieces: list[str | Painted] = [Painted(f"{branch.name:<{width}}", "bold"), Painted(f"  {_time(branch.created)}", "dim")]
        pieces += [
            f"  {stat_text(branch.stat)}",
            Painted(f"  {size_text(branch.disk)}" if branch.disk is not None else "", "dim"),
            Painted(f"  from {_base(branch)}", "dim"),
            *_state(branch),
        ]
        console.line(*pieces)
    if not found.branches:
        console.note("No branch was dropped." if dropped else "There is no branch yet. To make one: ramet branch new NAME")
    else:
        used = found.usage.objects + found.usage.worktrees
        console.note(Painted(f"{used / 1e6:,.1f} MB of {found.usage.limit / 1e6:,.0f} MB in use", "dim"))
    for note in found.notes:
        console.note(Painted(note, "yellow"))


def print_branch(console: Console, branch: Branch) -> None:
    """Print one branch: its base, its changes and what ran in it."""
    console.line(Painted(branch.name, "bold"), f"  {stat_text(branch.stat)}")
    console.line(f"  forked {_time(branch.base.taken)} from {_base(branch)}")
    if branch.moved is not None:
        moved = f"{branch.moved} file{'' if branch.moved == 1 else 's'} changed" if branch.moved else "nothing changed"
        console.line(f"  in the working tree {moved} since")
    console.line(f"  changed last {_time(branch.updated)}")
    if branch.disk is not None:
        console.line(f"  takes {size_text(branch.disk)} of the disk alone")
    if branch.merged is not None:
        console.line(f"  merged back {_time(branch.merged)}")
    if branch.kept:
        console.line(f"  kept as the git branch {branch.kept}")
    for run in branch.runs[-_OUTPUT_LINES:]:
        style = "green" if run.exit_code == 0 else "red"
        code = "ended by force" if run.exit_code is None else f"exit code {run.exit_code}"
        changed = f", {run.changed} changed" if run.changed else ""
        check = f"  {run.check.name}: {check_text(run.check)}" if run.check is not None else ""
        console.line(Painted("  $ ", "dim"), run.command, Painted(f"  {code}", style), f", {run.duration:.1f} s{changed}{check}")
    if branch.runs:
        for line in branch.runs[-1].output.splitlines()[-_OUTPUT_LINES:]:
            console.line(Painted(f"    {line[:_LINE_WIDTH]}", "dim"))


def print_diff(console: Console, diff: BranchDiff, *, only_stat: bool) -> None:
    """Print a unified diff with numbered hunks, or only how much differs."""
    for file in diff.files:
        _print_file(console, file, only_stat=only_stat)
    stats = [file.stat for file in diff.files]
    total = DiffStat(len(stats), sum(stat.added for stat in stats), sum(stat.removed for stat in stats))
    console.note(Painted(f"{diff.new} against {diff.old}: {stat_text(total)}", "dim"))


def print_merge(console: Console, result: MergeResult, *, is_trial: bool) -> None:
    """Print what was written and what stays open."""
    for file in result.files if result.is_written or is_trial else ():
        console.line(f"  {sentence_of(file)}")
    for conflict in result.conflicts:
        _print_conflict(console, conflict)
    for note in result.notes:
        console.note(Painted(note, "yellow"))
    count = len(result.conflicts)
    if count:
        open_ = f"{count} conflict{'' if count == 1 else 's'} open"
        written = "the rest was merged" if result.is_written else "nothing was written"
        console.note(Painted(f"{open_}; {written}.", "red"))
        console.note("Choose with --choose FILE=SIDE or --take SIDE; SIDE is mine, theirs, base, both or markers:")
        console.note(f"  ramet branch merge {result.branch} --take theirs")
    elif is_trial:
        console.note("It would merge without conflicts." if result.files else "There is nothing to merge.")
    elif result.is_written:
        console.note("Merged. To take it back: ramet branch undo")
    else:
        console.note("There was nothing to merge.")


def sentence_of(file: MergedFile) -> str:
    """Return what happened to a file as `changed  path`."""
    return f"{file.action:<8} {file.path}"


def stat_text(stat: DiffStat) -> str:
    """Return `3 files +10 -2`."""
    return f"{stat.files} file{'' if stat.files == 1 else 's'} +{stat.added} -{stat.removed}" if stat.files else "no changes"


def size_text(size: int) -> str:
    """Return `3.2 MB`, `45 kB` or `0 kB`."""
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{-(-size // 1_000)} kB"


def _base(branch: Branch) -> str:
    head = branch.base.head
    if branch.base.source != "working tree":
        return branch.base.source
    on = f" on {head.branch or head.commit[:10]}" if head is not None and (head.branch or head.commit) else ""
    return f"the working tree{on}"


def _state(branch: Branch) -> list[str | Painted]:
    pieces: list[str | Painted] = []
    if branch.moved:
        pieces.append(Painted(f", which changed {branch.moved} file{'' if branch.moved == 1 else 's'} since", "dim"))
    if branch.runs:
        code = branch.runs[-1].exit_code
        pieces.append(Painted(f"  last command {'passed' if code == 0 else 'failed'}", "green" if code == 0 else "red"))
    pieces += checks_pieces(branch)
    if branch.merged is not None:
        pieces.append(Painted("  merged", "cyan"))
    if branch.kept:
        pieces.append(Painted(f"  kept as {branch.kept}", "cyan"))
    if branch.expires is not None:
        pieces.append(Painted(f"  can be brought back until {_time(branch.expires)}", "yellow"))
    return pieces


def _print_file(console: Console, file: FileDiff, *, only_stat: bool) -> None:
    name = file.path if file.path == file.old_path else f"{file.old_path} -> {file.path}"
    stat = file.stat
    mode = f" mode {file.old_mode:o} -> {file.new_mode:o}" if file.old_mode and file.new_mode not in (0, file.old_mode) else ""
    binary = " binary" if file.is_binary else ""
    console.line(
        Painted(f"{file.state:<8} ", "cyan"), Painted(name, "bold"), Painted(f" +{stat.added}", "green"),
        Painted(f" -{stat.removed}", "red"), f"{mode}{binary}",
    )  # fmt: skip
    for hunk in () if only_stat else file.hunks:
        place = f"@@ -{hunk.old_start},{hunk.old_lines} +{hunk.new_start},{hunk.new_lines} @@"
        console.line(Painted(f"{place} [{hunk.number}] {hunk.section}", "cyan"))
        for line in hunk.lines:
            console.line(*_line(line))


def _line(line: DiffLine) -> list[str | Painted]:
    style, text = _STYLES[line.kind], line.text[:_LINE_WIDTH].expandtabs(4) if not line.changed else line.text[:_LINE_WIDTH]
    pieces: list[str | Painted] = [Painted(_SIGNS[line.kind], style)]
    place = 0
    for start, end in line.changed or ():
        pieces += [Painted(text[place:start], style), Painted(text[start:end], _STRONG[line.kind])]
        place = end
    pieces.append(Painted(text[place:], style))
    if not line.has_newline:
        pieces.append(Painted(" (no line end)", "dim"))
    return pieces


def _print_conflict(console: Console, conflict: MergeConflict) -> None:
    console.line(Painted("conflict ", "red"), Painted(conflict.path, "bold"), f"  {conflict.sentence}")
    for region in conflict.regions:
        console.line(Painted(f"  #{region.number} line {region.start_line}", "cyan"))
        for label, text in (("mine", region.mine), ("base", region.base), ("theirs", region.theirs)):
            lines = text.splitlines()
            for line in lines[:_REGION_LINES]:
                console.line(Painted(f"  {label:<7}", "dim"), line[:_LINE_WIDTH])
            if len(lines) > _REGION_LINES or not lines:
                console.line(Painted(f"  {label:<7}", "dim"), f"({len(lines) - _REGION_LINES} more)" if lines else "(nothing)")
    if not conflict.regions:
        for label, version in (("mine", conflict.mine), ("base", conflict.base), ("theirs", conflict.theirs)):
            console.line(Painted(f"  {label:<7}", "dim"), _version(version))


def _version(version: Version | None) -> str:
    if version is None:
        return "no file"
    if version.text is None:
        return f"not text, {version.id[:10]}"
    count = len(version.text.splitlines())
    return f"{count} line{'' if count == 1 else 's'}, {version.id[:10]}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
