"""`ramet terminal`: what ran in the terminals of this repository."""

from __future__ import annotations

import asyncio
import os
import re
from datetime import datetime
from pathlib import Path

import msgspec

from ramet.cli.console import Console, Painted
from ramet.cli.session import Session
from ramet.errors import UsageError
from ramet.models import CommandRun, Mentioned
from ramet.paths import absolute
from ramet.workspace.protocol import Workspace

_NUMBER = re.compile(r"@?t?([0-9]{1,12})", re.ASCII)


def run(session: Session) -> int:
    """Run the command and return the exit code."""
    return asyncio.run(_run(session))


async def _run(session: Session) -> int:
    options, console = session.options, session.console
    async with session.workspace() as workspace:
        if options.action == "forget":
            return await _forget(workspace, console, options.ids, everything=options.all)
        if options.action == "last-error":
            return await _last_error(workspace, console, as_json=options.json)
        if options.action == "show":
            found = await workspace.command(_number(options.id))
            if options.json:
                console.json(found)
            else:
                _show(console, found, workspace.root)
            return 0
        if options.action == "search":
            runs = await workspace.search_commands(" ".join(options.query), options.limit)
        else:
            runs = await workspace.commands(options.limit, options.failed)
    if options.json:
        console.json(runs)
        return 0
    for each in runs:
        _line(console, each)
        for line in each.output.splitlines():
            console.line(Painted(f"      {line}", "dim"))
    if not runs:
        console.note("No command was found." if options.action == "search" else "No command is recorded yet; see `ramet shell`.")
    return 0


async def _last_error(workspace: Workspace, console: Console, *, as_json: bool) -> int:
    """Print what `@last-error` stands for; as JSON the command itself as well."""
    found = await workspace.last_error()
    mentioned = await workspace.mentioned("@last-error") if found is not None else Mentioned(())
    told = mentioned.attachments[0] if mentioned.attachments else None
    if as_json:
        digest = {"digest": told.text, "places": list(told.places)} if told is not None else {}
        console.json({**msgspec.to_builtins(found), **digest} if found is not None else None)
    elif found is None or told is None:
        console.note("No command has failed.")
    else:
        _line(console, found)
        console.line()
        console.block(told.text if told.text.endswith("\n") else told.text + "\n")
    return 0


async def _forget(workspace: Workspace, console: Console, ids: list[str], *, everything: bool) -> int:
    if everything == bool(ids):
        raise UsageError("It must be said which commands to forget.", "Give their numbers, or --all.")
    count = await workspace.forget_commands(None if everything else tuple(_number(each) for each in ids))
    console.line(f"{count} command{' is' if count == 1 else 's are'} forgotten.")
    return 0


def _number(text: str) -> int:
    """Return the number of a command, written as `3`, `t3` or `@t3`. Raises UsageError."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is not the number of a command.", "`ramet terminal list` shows the numbers.")
    return int(found[1])


def _line(console: Console, run: CommandRun) -> None:
    first, *more = run.command.splitlines() or [""]
    console.line(
        Painted(f"{run.id:>5}", "bold"),
        Painted(f"  {_time(run.started)}  {_spent(run.duration):>7}  ", "dim"),
        _outcome(run),
        f"  {first or '(command not known)'}",
        Painted(f" … {len(more)} more lines" if more else "", "dim"),
    )


def _show(console: Console, run: CommandRun, root: Path) -> None:
    _line(console, run)
    place = os.path.relpath(absolute(Path("/"), run.folder), root)
    console.line(Painted(f"       in {place}, terminal {run.terminal}, {run.lines:,} lines", "dim"))
    if "\n" in run.command:
        console.line()
        console.block(run.command + "\n")
    console.line()
    if not run.has_output:
        console.note("Its output was not recorded: a hook tells only of commands.")
    elif run.is_full_screen and not run.output:
        console.note("It drew on the whole screen, which is not kept.")
    console.block(run.output if run.output.endswith("\n") or not run.output else run.output + "\n")


def _outcome(run: CommandRun) -> Painted:
    if run.exit_code is None:
        return Painted("   ?", "yellow")
    return Painted(f"{run.exit_code:>4}", "green" if run.exit_code == 0 else "red")


def _spent(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
