"""Keeps what was recorded outside the app: cleaned and redacted in the background, then left for the engine in the spool."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from ramet.cli.console import Console
from ramet.cli.session import Session
from ramet.config import load_config
from ramet.errors import RametError
from ramet.models import CommandRecording
from ramet.terminal.shell_launch import TERMINAL_VARIABLE

if TYPE_CHECKING:
    from ramet.terminal.redaction import Redactor


def is_recorded_already(environment: Mapping[str, str]) -> bool:
    """Whether this process runs in a terminal whose commands are recorded."""
    return bool(environment.get(TERMINAL_VARIABLE))


def may_record(session: Session) -> bool:
    """Whether the user lets commands be recorded."""
    return load_config(None, session.environment, session.directories).terminal.record


class Keeper:
    """Takes recordings without ever keeping a command waiting; `close` says what went wrong, once."""

    def __init__(self, session: Session) -> None:
        self._directories = session.directories
        self._worker = ThreadPoolExecutor(1, "keeper")
        self._redactor: Redactor | None = None
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
            if not isinstance(error, RametError):
                raise error
            console.note(f"ramet: not recorded: {error}")

    def _store(self, recording: CommandRecording) -> None:
        # Imported here, while the shell is starting or already runs.
        from ramet.terminal.cleaning import cleaned
        from ramet.terminal.spool import Spool

        if self._redactor is None:
            from ramet.terminal.redaction import Redactor

            self._redactor = Redactor()
        Spool(self._directories.data).put(cleaned(recording, self._redactor))
