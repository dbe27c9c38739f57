"""The engine as a `Workspace`: every call crosses the socket; an engine that went away is started anew.

Light on purpose: a command that asks a warm engine should take little longer than starting Python.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from ramet.branch_models import (
    Branch,
    BranchDiff,
    BranchFork,
    BranchList,
    BranchPlace,
    BranchRun,
    BranchUndo,
    CheckCommands,
    FileEdit,
    ForkRequest,
    KeptBranch,
    MergeRequest,
    MergeResult,
)
from ramet.engine import protocol
from ramet.engine.connection import HEARTBEAT_SECONDS, EngineConnection
from ramet.engine.environment import carried
from ramet.engine.lifecycle import ensure_engine
from ramet.engine.protocol import Call, Hello, NoParams, Stream
from ramet.errors import EngineCrashed
from ramet.events import AskEvent, IndexEvent, StatusChanged
from ramet.models import (
    AskRequest,
    Citation,
    CommandRecording,
    CommandRun,
    Conversation,
    ConversationInfo,
    FileChange,
    Finding,
    IndexEstimate,
    Mentioned,
    Reference,
    RequestContext,
    Revision,
    SearchResult,
    Symbol,
    WorkspaceStatus,
)
from ramet.paths import UserDirectories, absolute, path_to_text, user_directories
from ramet.version import __version__
from ramet.workspace.protocol import Workspace

_WATCH_REVIVAL_SECONDS = 10.0
"""A watch outlives an engine that was stopped, but not one that dies again and again."""

P = TypeVar("P", bound=Struct)
R = TypeVar("R")


async def open_workspace(
    folder: Path,
    *,
    environment: Mapping[str, str],
    in_process: bool = False,
    overrides: Mapping[str, Any] | None = None,  # Any: settings have several types; `load_config` checks them
) -> Workspace:
    """Return the workspace of a folder: the engine's, which is started where needed, or one that works in this process.

    `overrides` are settings given as flags. Raises RametError.
    """
    if in_process:
        from ramet.workspace.host import open_local_workspace

        return await open_local_workspace(folder, environment=environment, overrides=overrides or {})
    return await RemoteWorkspace.open(folder, environment=environment, overrides=overrides or {})


class RemoteWorkspace:
    """A `Workspace` in the engine; for one event loop.

    Calls are repeated once on a new engine when theirs goes away. A stream that had already yielded raises EngineCrashed.
    """

    def __init__(self, directories: UserDirectories, environment: Mapping[str, str], hello: Hello, heartbeat: float) -> None:
        self._directories = directories
        self._environment = dict(environment)
        self._hello = hello
        self._heartbeat = heartbeat
        self._connecting = asyncio.Lock()
        self._connection: EngineConnection | None = None
        self._root = Path()

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        environment: Mapping[str, str],
        overrides: Mapping[str, Any],  # Any: see `open_workspace`
        version: str = __version__,
        heartbeat: float = HEARTBEAT_SECONDS,
    ) -> RemoteWorkspace:
        """Connect to the engine and open the workspace of a folder there."""
        hello = _hello(folder, environment, overrides, version)
        workspace = cls(user_directories(environment), environment, hello, heartbeat)
        connection = await workspace._connected()
        workspace._root = absolute(Path("/"), connection.welcome.root)
        return workspace

    @property
    def root(self) -> Path:
        """The absolute, resolved folder."""
        return self._root

    async def status(self) -> WorkspaceStatus:
        """See `Workspace`."""
        return await self._call(protocol.STATUS, NoParams())

    async def watch(self) -> AsyncGenerator[StatusChanged, None]:
        """See `Workspace`. An engine that went away is started anew and the present status comes again."""
        loop = asyncio.get_running_loop()
        revived = -_WATCH_REVIVAL_SECONDS
        while True:
            try:
                async with aclosing(self._stream(protocol.WATCH, NoParams())) as events:
                    async for event in events:
                        yield event
                return
            except EngineCrashed:
                if loop.time() - revived < _WATCH_REVIVAL_SECONDS:
                    raise
                revived = loop.time()

    def sync(self, *, rebuild: bool = False, at: str = "") -> AsyncGenerator[IndexEvent, None]:
        """See `Workspace`."""
        return self._stream(protocol.SYNC, protocol.SyncParams(rebuild, at))

    async def estimate(self, at: str = "") -> IndexEstimate:
        """See `Workspace`."""
        return await self._call(protocol.ESTIMATE, protocol.EstimateParams(at))

    async def revision(self, name: str) -> Revision:
        """See `Workspace`."""
        return await self._call(protocol.REVISION, protocol.RevisionParams(name))

    async def search(self, query: str, limit: int = 10, at: str = "") -> SearchResult:
        """See `Workspace`."""
        return await self._call(protocol.SEARCH, protocol.SearchParams(query, limit, at))

    def ask(self, request: AskRequest) -> AsyncGenerator[AskEvent, None]:
        """See `Workspace`."""
        return self._stream(protocol.ASK, protocol.AskParams(request))

    async def context(self, request: AskRequest) -> RequestContext:
        """See `Workspace`."""
        return await self._call(protocol.CONTEXT, protocol.AskParams(request))

    async def check_citations(self, citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
        """See `Workspace`."""
        return await self._call(protocol.CHECK_CITATIONS, protocol.CitationsParams(citations))

    async def files(self) -> tuple[str, ...]:
        """See `Workspace`."""
        return await self._call(protocol.FILES, NoParams())

    async def changes(self) -> tuple[FileChange, ...]:
        """See `Workspace`."""
        return await self._call(protocol.CHANGES, NoParams())

    async def symbols(self, query: str = "", path: str = "", limit: int = 200, at: str = "") -> tuple[Symbol, ...]:
        """See `Workspace`."""
        return await self._call(protocol.SYMBOLS, protocol.SymbolsParams(query, path, limit, at))

    async def references(self, name: str, limit: int = 200, at: str = "") -> tuple[Reference, ...]:
        """See `Workspace`."""
        return await self._call(protocol.REFERENCES, protocol.ReferencesParams(name, limit, at))

    async def conversations(self) -> tuple[ConversationInfo, ...]:
        """See `Workspace`."""
        return await self._call(protocol.CONVERSATIONS, NoParams())

    async def conversation(self, id: str) -> Conversation:
        """See `Workspace`."""
        return await self._call(protocol.CONVERSATION, protocol.ConversationParams(id))

    async def delete_conversation(self, id: str) -> None:
        """See `Workspace`."""
        await self._call(protocol.DELETE_CONVERSATION, protocol.ConversationParams(id))

    async def record_command(self, recording: CommandRecording) -> CommandRun:
        """See `Workspace`."""
        return await self._call(protocol.RECORD_COMMAND, protocol.RecordingParams(recording))

    async def commands(self, limit: int = 50, failed: bool = False) -> tuple[CommandRun, ...]:
        """See `Workspace`."""
        return await self._call(protocol.COMMANDS, protocol.CommandsParams(limit, failed))

    async def command(self, id: int) -> CommandRun:
        """See `Workspace`."""
        return await self._call(protocol.COMMAND, protocol.CommandParams(id))

    async def search_commands(self, query: str, limit: int = 50) -> tuple[CommandRun, ...]:
        """See `Workspace`."""
        return await self._call(protocol.SEARCH_COMMANDS, protocol.CommandSearchParams(query, limit))

    async def forget_commands(self, ids: tuple[int, ...] | None = None) -> int:
        """See `Workspace`."""
        return await self._call(protocol.FORGET_COMMANDS, protocol.ForgetParams(ids))

    async def last_error(self) -> CommandRun | None:
        """See `Workspace`."""
        return await self._call(protocol.LAST_ERROR, NoParams())

    async def mentioned(self, question: str, branch: str | None = None) -> Mentioned:
        """See `Workspace`."""
        return await self._call(protocol.MENTIONED, protocol.MentionedParams(question, branch))

    async def branch_new(self, request: ForkRequest) -> BranchFork:
        """See `Workspace`."""
        return await self._call_once(protocol.BRANCH_NEW, protocol.ForkParams(request))

    async def branches(self, dropped: bool = False) -> BranchList:
        """See `Workspace`."""
        return await self._call(protocol.BRANCHES, protocol.BranchesParams(dropped))

    async def branch(self, name: str) -> Branch:
        """See `Workspace`."""
        return await self._call(protocol.BRANCH, protocol.BranchParams(name))

    async def branch_files(self, name: str) -> tuple[str, ...]:
        """See `Workspace`."""
        return await self._call(protocol.BRANCH_FILES, protocol.BranchParams(name))

    async def branch_read(self, name: str, path: str) -> bytes:
        """See `Workspace`."""
        return await self._call(protocol.BRANCH_READ, protocol.BranchReadParams(name, path))

    async def branch_write(self, name: str, edits: tuple[FileEdit, ...], message: str = "") -> Branch:
        """See `Workspace`."""
        return await self._call_once(protocol.BRANCH_WRITE, protocol.BranchWriteParams(name, edits, message))

    async def branch_diff(self, name: str, against: str = "", paths: tuple[str, ...] = ()) -> BranchDiff:
        """See `Workspace`."""
        return await self._call(protocol.BRANCH_DIFF, protocol.BranchDiffParams(name, against, paths))

    async def branch_merge(self, request: MergeRequest) -> MergeResult:
        """See `Workspace`."""
        return await self._call_once(protocol.BRANCH_MERGE, protocol.MergeParams(request))

    async def branch_undo(self, name: str = "") -> BranchUndo:
        """See `Workspace`."""
        return await self._call_once(protocol.BRANCH_UNDO, protocol.BranchUndoParams(name))

    async def branch_keep(self, name: str, as_name: str = "", message: str = "") -> KeptBranch:
        """See `Workspace`."""
        return await self._call_once(protocol.BRANCH_KEEP, protocol.BranchKeepParams(name, as_name, message))

    async def branch_drop(self, name: str) -> Branch:
        """See `Workspace`."""
        return await self._call_once(protocol.BRANCH_DROP, protocol.BranchParams(name))

    async def branch_forget(self, name: str) -> Branch:
        """See `Workspace`."""
        return await self._call_once(protocol.BRANCH_FORGET, protocol.BranchParams(name))

    async def branch_place(self, name: str, owner: int = 0, overlays: bool = False) -> BranchPlace:
        """See `Workspace`."""
        return await self._call(protocol.BRANCH_PLACE, protocol.BranchPlaceParams(name, owner, overlays))

    async def branch_capture(self, name: str, slot: int, command: str = "", setup: str = "") -> BranchFork:
        """See `Workspace`."""
        return await self._call(protocol.BRANCH_CAPTURE, protocol.BranchCaptureParams(name, slot, command, setup))

    async def branch_finished(
        self, name: str, slot: int, run: BranchRun | None = None, setup: str = "", owner: int = 0
    ) -> BranchFork:
        """See `Workspace`."""
        return await self._call_once(protocol.BRANCH_FINISHED, protocol.BranchFinishedParams(name, slot, run, setup, owner))

    async def branch_checks(self) -> CheckCommands:
        """See `Workspace`."""
        return await self._call(protocol.BRANCH_CHECKS, NoParams())

    async def doctor(self) -> tuple[Finding, ...]:
        """See `Workspace`."""
        return await self._call(protocol.DOCTOR, NoParams())

    async def collect_garbage(self) -> str:
        """See `Workspace`."""
        return await self._call(protocol.COLLECT_GARBAGE, NoParams())

    async def close(self) -> None:
        """Leave the engine; it cancels what is still running for this workspace."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _connected(self) -> EngineConnection:
        """Return the connection, a new one when the engine is gone."""
        async with self._connecting:
            if self._connection is None or self._connection.is_lost:
                is_first = self._connection is None
                await self.close()
                self._connection = await ensure_engine(
                    self._directories, self._environment, self._hello, may_replace=is_first, heartbeat=self._heartbeat
                )
            return self._connection

    async def _call(self, method: Call[P, R], params: P) -> R:
        try:
            return await (await self._connected()).call(method, params)
        except EngineCrashed:
            pass  # it only asks, and may be asked again
        return await (await self._connected()).call(method, params)

    async def _call_once(self, method: Call[P, R], params: P) -> R:
        """Call a method that changes something; where the engine goes away, nobody knows whether it did."""
        try:
            return await (await self._connected()).call(method, params)
        except EngineCrashed as error:
            raise EngineCrashed(error.what, "See with `ramet branch list` what was done, and repeat the rest.") from error

    async def _stream(self, method: Stream[P, R], params: P) -> AsyncGenerator[R, None]:
        has_yielded = False
        try:
            async with aclosing((await self._connected()).stream(method, params)) as events:
                async for event in events:
                    has_yielded = True
                    yield event
                return
        except EngineCrashed as error:
            if has_yielded:
                raise EngineCrashed(error.what, "It is started anew with the next request; please repeat this one.") from error
        async with aclosing((await self._connected()).stream(method, params)) as events:
            async for event in events:
                yield event


def _hello(folder: Path, environment: Mapping[str, str], overrides: Mapping[str, Any], version: str) -> Hello:  # Any: see above
    return Hello(
        protocol=protocol.PROTOCOL,
        version=version,
        folder=path_to_text(os.fsencode(folder.absolute())),
        environment=carried(environment),
        overrides=dict(overrides),
    )
