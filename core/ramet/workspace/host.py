"""Opens workspaces in this process, and keeps what they share for the next one."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from ramet.config import Config, load_config
from ramet.errors import UsageError
from ramet.index.parse_spares import SpareParsers
from ramet.paths import UserDirectories, path_to_text, user_directories
from ramet.priority import SessionPriority
from ramet.store.vector_process import VectorProcess
from ramet.workspace.command_intake import CommandIntake
from ramet.workspace.known_roots import KnownRoots
from ramet.workspace.local import LocalWorkspace
from ramet.workspace.services import Services, ServicesKey, look_at_root
from ramet.workspace.stored_redactor import StoredRedactor

_log = logging.getLogger(__name__)

_MOST_UNUSED = 4
"""Roots that stay open although nobody holds them, so that the next command finds them warm."""


class LocalHost:
    """Owns the services of all roots that are open in this process; for one event loop."""

    def __init__(self, directories: UserDirectories, spares: SpareParsers | None = None) -> None:
        """Take where data is kept, and processes that parse, if this process has forked some."""
        self._directories = directories
        self._spares = spares
        self._vectors = VectorProcess(directories.data)
        self._priority = SessionPriority()
        self._roots = KnownRoots(lambda folder: look_at_root(folder, directories))
        self._intake = CommandIntake(directories, self._roots, StoredRedactor.of(directories).redact)
        self._services: dict[ServicesKey, Services] = {}
        """The most recently opened last."""
        self._workspaces: dict[LocalWorkspace, ServicesKey] = {}
        self._opening = asyncio.Lock()

    async def open(self, folder: Path, environment: Mapping[str, str], overrides: Mapping[str, object]) -> LocalWorkspace:
        """Return a workspace of one holder. Raises RametError."""
        return await self._open(folder, environment, overrides, self._close_unused)

    async def open_only(self, folder: Path, environment: Mapping[str, str], overrides: Mapping[str, object]) -> LocalWorkspace:
        """Return the only workspace of this host, which is closed with it. Raises RametError."""
        return await self._open(folder, environment, overrides, self.close)

    def roots(self) -> tuple[str, ...]:
        """Return the roots that are open, in the text form of paths."""
        return tuple(sorted({path_to_text(os.fsencode(key.location.root)) for key in self._services}))

    async def warm_up(self) -> None:
        """Import what the next question will need, where there is a model to answer it."""
        for workspace in tuple(self._workspaces):
            await workspace.warm_up()

    async def close(self) -> None:
        """Close everything; running jobs are cancelled."""
        async with self._opening:
            services = list(self._services.values())
            self._services.clear()
            self._workspaces.clear()
            await asyncio.gather(*(each.close() for each in services))
            await asyncio.to_thread(self._vectors.close)
        await _close_model_connections()

    async def _open(
        self,
        folder: Path,
        environment: Mapping[str, str],
        overrides: Mapping[str, object],
        closed: Callable[[], Awaitable[None]],
    ) -> LocalWorkspace:
        model = overrides.get("model") or ""
        if not isinstance(model, str):
            raise UsageError("The name of a model is a text.")

        def prepare() -> tuple[ServicesKey, Config]:
            root = self._roots.of(folder)
            config = load_config(root.location.root, environment, self._directories, overrides)
            return ServicesKey.of(root, config, environment), config

        key, config = await asyncio.to_thread(prepare)
        async with self._opening:
            services = self._services.pop(key, None)
            if services is None:
                services = await asyncio.to_thread(
                    Services, key, config, environment, self._directories, self._vectors, self._priority, self._spares
                )
                services.begin_warming()
            self._services[key] = services

            async def release() -> None:
                self._workspaces.pop(workspace, None)
                await closed()

            workspace = LocalWorkspace(services, config, environment, self._directories, model, self._intake, release)
            self._workspaces[workspace] = key
        return workspace

    async def _close_unused(self) -> None:
        async with self._opening:
            held = set(self._workspaces.values())
            unused = [key for key in self._services if key not in held]
            for key in unused[: max(0, len(unused) - _MOST_UNUSED)]:
                await self._services.pop(key).close()


async def open_local_workspace(
    folder: Path, *, environment: Mapping[str, str], overrides: Mapping[str, object]
) -> LocalWorkspace:
    """Return a workspace of this process, which owns the data directory while it is open. Raises RametError."""
    return await LocalHost(user_directories(environment)).open_only(folder, environment, overrides)


async def _close_model_connections() -> None:
    from ramet.providers.litellm_library import close_connections

    await close_connections()
