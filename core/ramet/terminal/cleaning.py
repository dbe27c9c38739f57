"""Makes of what a recorder saw what may be stored: plain, redacted and within bounds."""

from __future__ import annotations

from collections.abc import Callable

from ramet.inert import inert_block
from ramet.models import CommandRecording, CommandRun
from ramet.terminal.plain import gap_line, plain_parts

Redact = Callable[[str], str]
"""Returns a text with placeholders in place of its secrets."""

_LONGEST_COMMAND = 64 * 1024
"""Characters of a command line; of a longer one, such as a pasted file, the middle is left out."""


def cleaned(recording: CommandRecording, redact: Redact, tree: str = "") -> CommandRun:
    """Return a recording as it may be stored, shown and sent; it has no number yet. `tree` is the id of the tree it ran on."""
    output = plain_parts(recording.head, recording.tail, recording.omitted)
    lines = output.count("\n") + (not output.endswith("\n") if output else 0)
    if recording.omitted:
        lines += recording.omitted_lines
    return CommandRun(
        id=0,
        terminal=recording.terminal,
        command=_bounded(redact(inert_block(recording.command))),
        folder=recording.folder,
        exit_code=recording.exit_code,
        started=recording.started,
        duration=recording.duration,
        output=redact(output),
        lines=lines,
        tree=tree,
        is_full_screen=recording.is_full_screen,
        has_output=recording.has_output,
        branch=recording.branch,
    )


def _bounded(command: str) -> str:
    if len(command) <= _LONGEST_COMMAND:
        return command
    half = _LONGEST_COMMAND // 2
    return f"{command[:half]}\n{gap_line(len(command) - 2 * half, 'characters')}\n{command[-half:]}"
