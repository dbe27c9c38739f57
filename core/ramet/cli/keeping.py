"""Keeps what was recorded outside the app: cleaned and redacted in the background, then left for the engine in the spool."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from ramet.cli.console import Console
from ramet.cli.session import Session
from ramet.config import load_config
from ramet.errors import ConfigError, RametError
from ramet.models import CommandRecording

if TYPE_CHECKING:
    from ramet.workspace.stored_redactor import StoredRedactor


def may_record(session: Session) -> bool:
    """Whether the user lets commands be recorded; a configuration that is wrong is said, and does not keep one from running."""
    try:
        return load_config(None, session.environment, session.directories).terminal.record
    except ConfigError as error:
        session.console.note(f"ramet: not recorded: {error}")
        return False


class Keeper:
    """Takes recordings without ever keeping a command waiting; `close` says what went wrong, once."""

    def __init__(self, session: Session) -> None:
        self._directories = session.directories
        self._worker = ThreadPoolExecutor(1, "keeper")
        self._redactor: StoredRedactor | None = None
        self._kept: list[Future[None]] = []

    def keep(self, recording: CommandRecording) -> None:
        """Store a recording soon."""
        self._kept = [future for future in self._kept if not future.done() or future.exception()]
        self._kept.append(self._worker.submit(self._store, recording))

    def close(self, console: Console) -> None:
        """Wait for what is left, and say on stderr what could not be kept; the command itself went well."""
        self._worker.shutdown()
        errors = [error for future in self._kept if (error := future.exception()) is not None]
        for error in errors[:1]:
            reason = error if isinstance(error, RametError) else f"this is a mistake in Ramet: {type(error).__name__}: {error}"
            console.note(f"ramet: not recorded: {reason}")

    def _store(self, recording: CommandRecording) -> None:
        # Imported here, while the shell is starting or already runs.
        from ramet.terminal.cleaning import cleaned
        from ramet.terminal.spool import Spool

        if self._redactor is None:
            from ramet.workspace.stored_redactor import StoredRedactor

            self._redactor = StoredRedactor.of(self._directories)
        Spool(self._directories.data).put(cleaned(recording, self._redactor.redact))
