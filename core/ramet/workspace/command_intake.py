"""Takes the commands that other terminals left behind into the stores of the repositories that they ran in."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ramet.config import TerminalSettings
from ramet.errors import RametError
from ramet.models import CommandRecording, CommandRun
from ramet.paths import UserDirectories, absolute
from ramet.store.command_database import CommandDatabase
from ramet.terminal.spool import Spool
from ramet.workspace.known_roots import KnownRoots, Root

if TYPE_CHECKING:
    from ramet.terminal.cleaning import Redact

EXPLICIT = "run"
"""The terminal of commands that the user asked to record; they are kept in any folder."""


def command_file(folder: Path) -> Path:
    """Return the file of a repository's commands in its folder of the data directory."""
    return folder / "commands.db"


class CommandIntake:
    """Empties the spool; any thread may call."""

    def __init__(self, directories: UserDirectories, roots: KnownRoots, redact: Redact) -> None:
        self.redact = redact
        self._directories = directories
        self._roots = roots
        self._spool = Spool(directories.data)
        self._guard = threading.Lock()

    def take_in(self, settings: TerminalSettings) -> None:
        """Store what waits, each command in its repository. Raises StoreError; then it goes on waiting."""
        if self._spool.is_empty():
            return
        from ramet.terminal.cleaning import cleaned

        with self._guard:
            for spooled in self._spool.waiting():
                root = self._root_of(spooled.run)
                if root is None or not settings.record:
                    continue
                run = spooled.run if isinstance(spooled.run, CommandRun) else cleaned(spooled.run, self.redact)
                database = CommandDatabase(command_file(self._directories.repository(root.identity)))
                database.add(run, most=settings.keep_commands, most_bytes=settings.keep_bytes)

    def _root_of(self, run: CommandRun | CommandRecording) -> Root | None:
        """Return where a command belongs; None for one that ran in no repository and no folder that is used with Ramet."""
        folder = absolute(Path("/"), run.folder)
        while not folder.is_dir() and folder != folder.parent:
            folder = folder.parent  # it may be gone by now
        try:
            root = self._roots.of(folder)
        except RametError:
            return None
        is_wanted = root.location.is_git or run.terminal == EXPLICIT or self._directories.repository(root.identity).is_dir()
        return root if is_wanted else None
