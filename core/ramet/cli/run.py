"""`ramet run`: one command, recorded, as if it had been started without Ramet."""

from __future__ import annotations

import os
import shlex

from ramet.cli.keeping import Keeper, may_record
from ramet.cli.recorded_run import run_recorded, why_not
from ramet.cli.session import Session
from ramet.errors import UsageError
from ramet.models import CommandRecording
from ramet.paths import path_to_text
from ramet.terminal.shell_launch import is_recorded, recorded_environment

_NAME = "run"
"""Of the terminal, in what is recorded."""


def run(session: Session) -> int:
    """Run the command and return its exit code."""
    arguments: list[str] = session.options.arguments
    if arguments[:1] == ["--"]:
        arguments = arguments[1:]
    if not arguments:
        raise UsageError("There is no command to run.", "Give one: ramet run -- make test")
    folder = session.folder
    environment = recorded_environment(session.environment, _NAME)
    problem = why_not(arguments[0], folder, environment.get("PATH"))
    if problem is not None:
        session.console.error(f"{arguments[0]}: {problem[0]}.")
        return problem[1]
    if is_recorded(session.environment) or not may_record(session):
        os.chdir(folder)
        os.execvpe(arguments[0], arguments, session.environment)  # noqa: S606  - the user's own command
    ran = run_recorded(arguments, folder, environment)
    kept = ran.output.output.kept()
    keeper = Keeper(session)
    keeper.keep(
        CommandRecording(
            terminal=_NAME,
            command=shlex.join(arguments),
            folder=path_to_text(os.fsencode(folder)),
            exit_code=ran.exit_code,
            started=ran.started,
            duration=ran.duration,
            head=kept.head,
            tail=kept.tail,
            omitted=kept.omitted,
            omitted_lines=kept.omitted_lines,
            is_full_screen=ran.output.is_full_screen,
        )
    )
    keeper.close(session.console)
    return ran.exit_code
