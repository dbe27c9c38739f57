"""Where the app is put together from what the command line asked for."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from ramet.errors import ConfigError
from ramet.paths import UserDirectories, user_directories
from ramet_tui.alt_keys import keep_alt
from ramet_tui.app import RametApp
from ramet_tui.preferences import FILE_NAME, load_preferences, save_preferences

if TYPE_CHECKING:
    from ramet.cli.main import AppOptions
    from ramet.workspace.protocol import Workspace


def make_app(options: AppOptions) -> RametApp:
    """Return the app for one folder; only the small files of preferences and settings are read."""
    keep_alt()
    directories = user_directories(os.environ)
    file = directories.data / FILE_NAME
    preferences = load_preferences(file)
    theme = preferences.theme or _configured_theme(directories)
    return RametApp(
        options.folder, _opener(options), first_theme=theme, preferences=preferences, save=partial(save_preferences, file)
    )


def _configured_theme(directories: UserDirectories) -> str:
    from ramet.config import load_config

    try:
        return load_config(None, os.environ, directories).theme
    except ConfigError:
        return ""  # opening the workspace says what is wrong with the settings


def _opener(options: AppOptions) -> Callable[[], Awaitable[Workspace]]:
    """Return what opens the workspace; the client of the engine is imported when it is called."""

    async def open_it() -> Workspace:
        from ramet.engine.client import open_workspace

        return await open_workspace(
            options.folder, environment=os.environ, in_process=options.in_process, overrides={"model": options.model}
        )

    return open_it
