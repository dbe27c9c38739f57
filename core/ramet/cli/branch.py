"""`ramet branch`."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from ramet.branch_models import Branch, BranchFork, BranchPlace, BranchRun, ForkRequest, MergeRequest
from ramet.branches.command import branch_run, command_environment, in_branch
from ramet.branches.overlay import launcher
from ramet.cli.branch_checks import check
from ramet.cli.branch_compare import compare
from ramet.cli.branch_output import print_branch, print_diff, print_list, print_merge, sentence_of
from ramet.cli.console import Painted
from ramet.cli.keeping import Keeper, may_record
from ramet.cli.recorded_run import Ran, run_recorded, why_not
from ramet.cli.session import Session
from ramet.cli.shell import run_shell
from ramet.errors import UsageError
from ramet.inert import inert_line
from ramet.models import CommandRecording
from ramet.paths import absolute
from ramet.terminal.kept import Kept
from ramet.terminal.recorder import CommandOutput
from ramet.terminal.shell_launch import is_recorded, launch_shell, user_shell
from ramet.workspace.protocol import Workspace

Env = Mapping[str, str]

CONFLICT = 3
"""Exit code of a merge that left a conflict open."""


def run(session: Session) -> int:
    """Run the command and return the exit code."""
    if session.options.action == "drop" and session.options.for_good and not _is_confirmed(session):
        session.console.note("Nothing was removed.")
        return 1
    return asyncio.run(_run(session))


async def _run(session: Session) -> int:
    async with session.workspace() as workspace:
        return await _ACTIONS[session.options.action](session, workspace)


async def _new(session: Session, workspace: Workspace) -> int:
    options, console = session.options, session.console
    names = tuple(options.names) or ("",) * options.count
    made = await workspace.branch_new(ForkRequest(names, options.source, tuple(options.include)))
    if options.json:
        console.json(made)
        return 0
    for branch in made.branches:
        console.line(Painted(branch.name, "bold"), f"  forked from {_source(branch)}")
    _print_left_out(session, made)
    return 0


def _print_left_out(session: Session, made: BranchFork) -> None:
    for file in made.skipped[:20]:
        session.console.note(Painted(f"left out: {file.path} ({file.detail})", "yellow"))
    if len(made.skipped) > 20:
        session.console.note(Painted(f"left out: {len(made.skipped) - 20:,} more", "yellow"))
    for note in made.notes:
        session.console.note(Painted(note, "yellow"))


def _source(branch: Branch) -> str:
    head = branch.base.head
    on = f" on {head.branch or head.commit[:10]}" if head is not None and (head.branch or head.commit) else ""
    return branch.base.source if branch.base.source != "working tree" else f"the working tree{on}"


async def _list(session: Session, workspace: Workspace) -> int:
    found = await workspace.branches(session.options.dropped)
    if session.options.json:
        session.console.json(found)
    else:
        print_list(session.console, found, dropped=session.options.dropped)
    return 0


async def _show(session: Session, workspace: Workspace) -> int:
    options, console = session.options, session.console
    if options.files:
        files = await workspace.branch_files(options.name)
        if options.json:
            console.json(files)
        else:
            for path in files:
                console.line(path)
        return 0
    branch = await workspace.branch(options.name)
    if options.json:
        console.json(branch)
    else:
        print_branch(console, branch)
    return 0


async def _diff(session: Session, workspace: Workspace) -> int:
    options, console = session.options, session.console
    against = "" if options.against == "base" else options.against
    diff = await workspace.branch_diff(options.name, against, tuple(options.paths))
    if options.json:
        console.json(diff)
    else:
        print_diff(console, diff, only_stat=options.stat)
    return 0


async def _merge(session: Session, workspace: Workspace) -> int:
    options, console = session.options, session.console
    request = MergeRequest(
        name=options.name,
        paths=tuple(options.paths),
        hunks=tuple(options.hunks),
        choices=tuple(options.choices),
        rest=options.take,
        leave_conflicts=options.leave_conflicts,
        is_trial=options.trial,
    )
    result = await workspace.branch_merge(request)
    if options.json:
        console.json(result)
    else:
        print_merge(console, result, is_trial=options.trial)
    return CONFLICT if result.conflicts else 0


async def _keep(session: Session, workspace: Workspace) -> int:
    options, console = session.options, session.console
    kept = await workspace.branch_keep(options.name, options.as_name, options.message)
    if options.json:
        console.json(kept)
        return 0
    console.line(Painted(kept.name, "bold"), f"  {kept.commits} commit{'' if kept.commits == 1 else 's'}, {kept.commit[:10]}")
    for note in kept.notes:
        console.note(Painted(note, "yellow"))
    return 0


async def _drop(session: Session, workspace: Workspace) -> int:
    console = session.console
    if session.options.for_good:
        return await _drop_for_good(session, workspace)
    dropped = [await workspace.branch_drop(name) for name in session.options.names]
    if session.options.json:
        console.json(dropped)
    else:
        for branch in dropped:
            console.line(f"{branch.name} is dropped. To bring it back within seven days: ramet branch undo {branch.name}")
    return 0


async def _drop_for_good(session: Session, workspace: Workspace) -> int:
    options, console = session.options, session.console
    gone = [await workspace.branch_forget(name) for name in options.names]
    if options.json:
        console.json(gone)
    else:
        for branch in gone:
            console.line(f"{branch.name} is removed for good.")
    return 0


def _is_confirmed(session: Session) -> bool:
    """Ask on the terminal, before anything runs that an interrupt would have to end. Raises UsageError where there is none."""
    if session.options.yes:
        return True
    if sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("Removing for good asks first, and there is no terminal to ask on.", "Add --yes.")
    sys.stderr.write(f"Remove {inert_line(', '.join(session.options.names))} for good? Nothing brings it back. [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


async def _undo(session: Session, workspace: Workspace) -> int:
    undone = await workspace.branch_undo(session.options.name)
    if session.options.json:
        session.console.json(undone)
    elif undone.kind == "drop":
        session.console.line(f"{undone.branch} is back.")
    else:
        for file in undone.files:
            session.console.line(f"  {sentence_of(file)}")
        session.console.line(f"The merge of {undone.branch} is undone.")
    return 0


async def _path(session: Session, workspace: Workspace) -> int:
    place = await workspace.branch_place(session.options.name)
    if session.options.json:
        session.console.json(place)
    else:
        session.console.line(place.path)
        _print_notes(session, place)
    return 0


async def _run_command(session: Session, workspace: Workspace) -> int:
    words = session.options.words[1:] if session.options.words[:1] == ["--"] else session.options.words
    if not words:
        raise UsageError("There is no command to run.", f"ramet branch run {session.options.name} -- COMMAND")
    return await _work(session, workspace, words)


async def _enter(session: Session, workspace: Workspace) -> int:
    if session.options.json:
        raise UsageError("A shell prints no JSON.", "Use `ramet branch run --json`.")
    name = session.options.name
    session.console.note(Painted(f"This is the branch {name}. Leave it with `exit`.", "dim"))
    return await _work(session, workspace, [user_shell(session.environment)], is_shell=True)


def _run_shell(session: Session, shell: str, place: BranchPlace, root: Path, inside: Path, environment: Env) -> Ran:
    """Run the user's shell in a branch, its commands recorded as those of the branch where it can tell of them."""
    launch = launch_shell(shell, environment, "branch")
    is_own_terminal = all(os.isatty(descriptor) for descriptor in (0, 1, 2)) and not is_recorded(session.environment)
    if not launch.nonce or not is_own_terminal or not may_record(session):
        return run_recorded([*launcher(place), shell], inside, environment)
    launch = replace(launch, command=(*launcher(place), *launch.command))
    started, begun = time.time(), time.monotonic()
    keeper = Keeper(session)

    def keep(recording: CommandRecording) -> None:
        keeper.keep(in_branch(recording, place, root))

    try:
        code = run_shell(launch, "branch", inside, keep)
    finally:
        keeper.close(session.console)
    return Ran(code, CommandOutput(), started, time.monotonic() - begun)


async def _work(session: Session, workspace: Workspace, words: list[str], *, is_shell: bool = False) -> int:
    """Run a command where the branch is laid out and take in what it changed, however it ends."""

    name, is_quiet = session.options.name, session.options.json
    place = await workspace.branch_place(name, os.getpid(), overlays=True)
    _print_notes(session, place)
    folder = absolute(Path("/"), place.path)
    environment = command_environment(session.environment, place.environment, folder, place.copies)
    overlaid = launcher(place)
    done: BranchRun | None = None
    setup = ""
    try:
        if place.setup:
            session.console.note(Painted(f"Setting up: {place.setup}", "dim"))
            prepared = run_recorded([*overlaid, "/bin/sh", "-c", place.setup], folder, environment, shows=not is_quiet)
            if prepared.exit_code:
                raise UsageError(
                    f"The set-up command failed with exit code {prepared.exit_code}: {place.setup}",
                    "Correct branch_setup in your configuration.",
                )
            setup = place.setup
        inside = _inside(session, folder, workspace.root)
        # What an overlay holds is seen only in it: there the command is looked for when it is started.
        problem = None if overlaid else why_not(words[0], inside, environment.get("PATH"))
        if problem is not None:
            session.console.error(f"{words[0]}: {problem[0]}.")
            done = branch_run(shlex.join(words), problem[1], time.time(), 0.0, Kept(problem[0].encode(), b"", 0, 0))
        else:
            if is_shell:
                ran = _run_shell(session, words[0], place, workspace.root, inside, environment)
            else:
                ran = run_recorded([*overlaid, *words], inside, environment, shows=not is_quiet)
            done = branch_run(shlex.join(words), ran.exit_code, ran.started, ran.duration, ran.output.output.kept())
    finally:
        taken = await workspace.branch_finished(name, place.slot, done, setup, os.getpid())
    (branch,) = taken.branches
    kept = branch.runs[-1]
    if is_quiet:
        session.console.json({"branch": msgspec.to_builtins(branch), "run": msgspec.to_builtins(kept), "notes": taken.notes})
    elif kept.changed:
        changed = f"{kept.changed} file{'' if kept.changed == 1 else 's'}"
        session.console.note(Painted(f"{changed} changed in {name}. To see: ramet branch diff {name}", "dim"))
    for note in taken.notes:
        session.console.note(Painted(note, "yellow"))
    return kept.exit_code if kept.exit_code is not None else 1


def _inside(session: Session, folder: Path, root: Path) -> Path:
    """Return the folder of the branch that stands for the current one, where there is one."""
    here = session.folder.resolve()
    inner = folder / here.relative_to(root) if here.is_relative_to(root) else folder
    return inner if inner.is_dir() else folder


def _print_notes(session: Session, place: BranchPlace) -> None:
    for note in place.notes:
        session.console.note(Painted(note, "dim"))


_ACTIONS: dict[str, Callable[[Session, Workspace], Coroutine[Any, Any, int]]] = {  # Any: what nobody sends
    "new": _new,
    "list": _list,
    "show": _show,
    "run": _run_command,
    "diff": _diff,
    "merge": _merge,
    "keep": _keep,
    "drop": _drop,
    "undo": _undo,
    "path": _path,
    "enter": _enter,
    "check": check,
    "compare": compare,
}
