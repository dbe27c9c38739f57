"""What every command gets: its options, the environment, the console, and the way to a workspace."""

from __future__ import annotations

import argparse
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from ramet.cli.console import Console
from ramet.errors import UsageError
from ramet.models import Revision
from ramet.paths import UserDirectories, user_directories
from ramet.workspace.protocol import Workspace


class Session:
    """One run of one command; opens at most one workspace."""

    def __init__(self, options: argparse.Namespace, environment: Mapping[str, str], console: Console) -> None:
        self.options = options
        self.environment = environment
        self.console = console

    @property
    def folder(self) -> Path:
        """The folder given with -C, else the current one. Raises UsageError when it is none."""
        return existing_folder(self.options.folder)

    @property
    def directories(self) -> UserDirectories:
        """The user's directories."""
        return user_directories(self.environment)

    async def revision(self, workspace: Workspace) -> Revision | None:
        """Return the commit that --at names, None without --at: a branch may move between two calls, a commit does not."""
        return await workspace.revision(self.options.at) if self.options.at else None

    @asynccontextmanager
    async def workspace(self, overrides: Mapping[str, object] | None = None) -> AsyncGenerator[Workspace, None]:
        """Open the workspace and close it again, whatever happens; `overrides` are settings given as flags."""
        from ramet.engine.client import open_workspace

        workspace = await open_workspace(
            self.folder, in_process=self.options.in_process, environment=self.environment, overrides=overrides
        )
        try:
            yield workspace
        finally:
            await workspace.close()


def existing_folder(text: str) -> Path:
    """Return an absolute folder. Raises UsageError when there is none of that name."""
    try:
        folder = Path(text).expanduser().absolute()
        is_folder = folder.is_dir()
    except FileNotFoundError as error:
        raise UsageError("The current folder no longer exists.", "Change to another one, or give one with -C.") from error
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"{text!r} is not a folder that can be opened.", "Give another one with -C.") from error
    if not is_folder:
        problem = "is a file, not a folder" if folder.exists() else "does not exist"
        raise UsageError(f"{folder} {problem}.", "Give a folder with -C.")
    return folder
