"""What one holder of a workspace does with the commands of its repository; blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from ramet.branch_models import BranchRun, CheckMark
from ramet.config import TerminalSettings
from ramet.models import CommandRecording, CommandRun
from ramet.store.command_database import CommandDatabase
from ramet.workspace.command_intake import CommandIntake


class CommandHistory:
    """Records and finds the commands of one repository, those of other terminals included."""

    def __init__(
        self, database: CommandDatabase, intake: CommandIntake, settings: TerminalSettings, tree: Callable[[], str]
    ) -> None:
        """Take the store, what brings in the commands of other terminals, and what tells the id of the indexed tree."""
        self._database = database
        self._intake = intake
        self._settings = settings
        self._tree = tree

    def record(self, recording: CommandRecording) -> CommandRun:
        """Clean, redact and store; the number is 0 where recording is switched off."""
        from ramet.terminal.cleaning import cleaned

        run = cleaned(recording, self._intake.redact, self._tree())
        if not self._settings.record:
            return run
        return self._database.add(run, most=self._settings.keep_commands, most_bytes=self._settings.keep_bytes)

    def record_in_branch(self, name: str, root: str, run: BranchRun, folder: str = "") -> BranchRun:
        """Redact a command that ran in a branch, keep it as a command block of that branch, and return it redacted.

        A check is summed up, with paths as they are below `folder`.
        """
        told = replace(run, command=self._intake.redact(run.command), output=self._intake.redact(run.output))
        if run.check is not None:
            told = replace(told, check=self._summed_up(told, run.check, folder))
        if self._settings.record:
            block = CommandRun(
                id=0,
                terminal="branch",
                command=told.command,
                folder=root,
                exit_code=told.exit_code,
                started=told.started,
                duration=told.duration,
                output=told.output,
                lines=told.output.count("\n"),
                branch=name,
            )
            kept = self._database.add(block, most=self._settings.keep_commands, most_bytes=self._settings.keep_bytes)
            told = replace(told, number=kept.id)
        return told

    def _summed_up(self, run: BranchRun, check: CheckMark, folder: str) -> CheckMark:
        from ramet.terminal.summaries import summary_of

        summary = check.summary
        if not summary and check.state != "stopped":
            summary = summary_of(run.output, passed=check.state == "passed", folder=folder)
        if not summary and check.state == "failed":
            summary = "ended by a signal" if run.exit_code is None else f"exit code {run.exit_code}"
        return replace(check, name=self._intake.redact(check.name), summary=self._intake.redact(summary))

    def list(self, limit: int, *, failed: bool, branch: str | None = None) -> tuple[CommandRun, ...]:
        """Return the newest, of a branch where one is given (the empty name is the working tree), without their output."""
        self._intake.take_in(self._settings)
        return self._database.list(limit, failed=failed, branch=branch)

    def get(self, id: int) -> CommandRun:
        """Return one. Raises UsageError."""
        self._intake.take_in(self._settings)
        return self._database.get(id)

    def search(self, query: str, limit: int) -> tuple[CommandRun, ...]:
        """Return the newest that have all words."""
        self._intake.take_in(self._settings)
        return self._database.search(query, limit)

    def forget(self, ids: Sequence[int] | None) -> int:
        """Remove some or all for good."""
        self._intake.take_in(self._settings)
        return self._database.forget(ids)

    def last_error(self, branch: str | None = None) -> CommandRun | None:
        """Return the newest that failed, of a branch where one is given."""
        self._intake.take_in(self._settings)
        return self._database.last_error(branch)


class CommandsOf:
    """The commands of one branch, or of the working tree, as far as mentions need them."""

    def __init__(self, history: CommandHistory, branch: str) -> None:
        self._history = history
        self._branch = branch

    def list(self, limit: int, *, failed: bool) -> tuple[CommandRun, ...]:
        """Return the newest, without their output."""
        return self._history.list(limit, failed=failed, branch=self._branch)

    def get(self, id: int) -> CommandRun:
        """Return one, of whatever branch: its number was given. Raises UsageError."""
        return self._history.get(id)

    def last_error(self) -> CommandRun | None:
        """Return the newest that failed."""
        return self._history.last_error(self._branch)
