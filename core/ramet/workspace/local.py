"""The `Workspace` that does the work in this process: one holder's settings and keys over what all holders share."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from msgspec.structs import replace

from ramet.branch_models import (
    Branch,
    BranchDiff,
    BranchFork,
    BranchList,
    BranchPlace,
    BranchRun,
    BranchUndo,
    CheckCommand,
    CheckCommands,
    FileEdit,
    ForkRequest,
    KeptBranch,
    MergeRequest,
    MergeResult,
)
from ramet.config import Config
from ramet.embed.protocol import name_of
from ramet.errors import ModelError, RametError, StoreError
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
    ModelChoice,
    Reference,
    RequestContext,
    Revision,
    SearchResult,
    Symbol,
    WorkspaceStatus,
)
from ramet.paths import UserDirectories, path_to_text
from ramet.workspace.command_history import CommandHistory, CommandsOf
from ramet.workspace.command_intake import CommandIntake
from ramet.workspace.revision_repository import RevisionRepository
from ramet.workspace.services import Services, budget_of
from ramet.workspace.tree import listed_files

if TYPE_CHECKING:
    from ramet.chat.asker import Asker
    from ramet.chat.repository import Repository
    from ramet.chat.terminal_mentions import Files
    from ramet.llm.protocol import ChatModel

P = ParamSpec("P")
T = TypeVar("T")

_SNAPSHOT_SECONDS = 0.25
"""Shortest time between two snapshots for one watcher, each of which is put together, sent and drawn."""
_BURST_SECONDS = 0.05
"""How long a snapshot waits for what changes together."""
_MODEL_PATIENCE = 1.0
"""Seconds that a status waits for the choice of the model, which may ask the keyring and Ollama."""
_MODEL_SECONDS = 60.0
"""How long the choice of the model is shown before it is looked at again."""


class LocalWorkspace:
    """One holder's view of shared services, which `release` gives back. Implements `Workspace` and the chat's `Repository`."""

    def __init__(
        self,
        services: Services,
        config: Config,
        environment: Mapping[str, str],
        directories: UserDirectories,
        model: str,
        intake: CommandIntake,
        release: Callable[[], Awaitable[None]],
    ) -> None:
        """Take everything; `model` is what the flag --model said, empty when it was not given."""
        self._services = services
        self._config = config
        self._environment = environment
        self._directories = directories
        self._model = model
        self._release = release
        self._redact = intake.redact
        self._commands = CommandHistory(services.commands, intake, config.terminal, services.indexed_tree)
        self._choice: ModelChoice | None = None
        self._chosen_at = float("-inf")
        self._choosing: asyncio.Task[None] | None = None

    @property
    def root(self) -> Path:
        """The absolute, resolved folder."""
        return self._services.root

    async def status(self) -> WorkspaceStatus:
        """See `Workspace`."""
        scan, index, _ = await asyncio.gather(self._services.glance(), self._services.index_status(), self._refresh_choice())
        root = path_to_text(os.fsencode(self.root))
        return WorkspaceStatus(
            root=root,
            name=root.rpartition("/")[2] or root,
            head=scan.head if scan is not None else None,
            changed_files=len(scan.changes) if scan is not None else 0,
            index=index,
            embedder=name_of(self._services.embedder),
            model=self._choice,
            revision=self._services.listeners.revision,
            branches=await asyncio.to_thread(self._services.count_branches),
        )

    async def watch(self) -> AsyncGenerator[StatusChanged, None]:
        """See `Workspace`."""
        async with self._services.watching() as changed:
            while True:
                changed.clear()
                taken = time.monotonic()
                yield StatusChanged(await self.status())
                await changed.wait()
                await asyncio.sleep(max(_BURST_SECONDS, taken + _SNAPSHOT_SECONDS - time.monotonic()))

    def sync(self, *, rebuild: bool = False, at: str = "") -> AsyncGenerator[IndexEvent, None]:
        """See `Workspace`."""
        budget = budget_of(self._config)
        if at:
            return self._services.revisions.sync(at, rebuild=rebuild, budget=budget)
        return self._services.sync(rebuild=rebuild, budget=budget)

    async def estimate(self, at: str = "") -> IndexEstimate:
        """See `Workspace`."""
        budget = budget_of(self._config)
        return await (self._services.revisions.estimate(at, budget) if at else self._services.estimate(budget))

    async def revision(self, name: str) -> Revision:
        """See `Workspace`."""
        return await self._services.revisions.revision(name)

    async def search(self, query: str, limit: int = 10, at: str = "") -> SearchResult:
        """See `Workspace`."""
        result = await (self._services.revisions.search(query, limit, at) if at else self._services.search(query, limit))
        # A search may be the first to meet damage, or follow a run whose warnings nobody was shown.
        said = (result.index.problem, *self._services.stores.take_warnings())
        fresh = tuple(note for note in said if note and note not in result.notes)
        return replace(result, notes=(*fresh, *result.notes)) if fresh else result

    async def ask(self, request: AskRequest) -> AsyncGenerator[AskEvent, None]:
        """See `Workspace`."""
        asker, missing = await self._asker_for(request)
        if request.question.strip():
            async with aclosing(missing) as building:
                async for step in building:
                    yield step
        async with aclosing(asker.ask(request)) as answering:
            async for event in answering:
                yield event

    async def context(self, request: AskRequest) -> RequestContext:
        """See `Workspace`."""
        asker, missing = await self._asker_for(request)
        async with aclosing(missing) as building:
            async for _ in building:
                continue
        return await asker.context(request)

    async def check_citations(self, citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
        """See `Workspace`."""
        return await self._asker.check(citations)

    async def files(self) -> tuple[str, ...]:
        """See `Workspace`."""
        return listed_files(await self._services.look())

    async def changes(self) -> tuple[FileChange, ...]:
        """See `Workspace`."""
        return (await self._services.look()).changes

    async def symbols(self, query: str = "", path: str = "", limit: int = 200, at: str = "") -> tuple[Symbol, ...]:
        """See `Workspace`."""
        if at:
            return await self._services.revisions.symbols(query, path, limit, at)
        return await self._services.symbols(query, path, limit)

    async def references(self, name: str, limit: int = 200, at: str = "") -> tuple[Reference, ...]:
        """See `Workspace`."""
        if at:
            return await self._services.revisions.references(name, limit, at)
        return await self._services.references(name, limit)

    async def conversations(self) -> tuple[ConversationInfo, ...]:
        """See `Workspace`."""
        return await asyncio.to_thread(self._services.conversations.list)

    async def conversation(self, id: str) -> Conversation:
        """See `Workspace`."""
        return await asyncio.to_thread(self._services.conversations.get, id)

    async def delete_conversation(self, id: str) -> None:
        """See `Workspace`."""
        await asyncio.to_thread(self._services.conversations.delete, id)

    async def record_command(self, recording: CommandRecording) -> CommandRun:
        """See `Workspace`."""
        return await asyncio.to_thread(self._commands.record, recording)

    async def commands(self, limit: int = 50, failed: bool = False) -> tuple[CommandRun, ...]:
        """See `Workspace`."""
        return await asyncio.to_thread(self._commands.list, limit, failed=failed)

    async def command(self, id: int) -> CommandRun:
        """See `Workspace`."""
        return await asyncio.to_thread(self._commands.get, id)

    async def search_commands(self, query: str, limit: int = 50) -> tuple[CommandRun, ...]:
        """See `Workspace`."""
        return await asyncio.to_thread(self._commands.search, query, limit)

    async def forget_commands(self, ids: tuple[int, ...] | None = None) -> int:
        """See `Workspace`."""
        return await asyncio.to_thread(self._commands.forget, ids)

    async def last_error(self) -> CommandRun | None:
        """See `Workspace`."""
        return await asyncio.to_thread(self._commands.last_error)

    async def mentioned(self, question: str, branch: str | None = None) -> Mentioned:
        """See `Workspace`."""
        from ramet.chat.terminal_mentions import Files, mentions_terminal, terminal_mentions

        if not mentions_terminal(question):
            return Mentioned(())
        files = Files(str(self.root), await self.files(), self.read_lines, self._files_in_branch)
        commands = self._commands if branch is None else CommandsOf(self._commands, branch)
        found = await asyncio.to_thread(terminal_mentions, question, commands, files)
        # A digest shows lines of the repository, which were never cleaned.
        attachments = tuple(replace(each, text=self._redact(each.text)) for each in found.attachments)
        return replace(found, attachments=attachments)

    def _files_in_branch(self, name: str) -> Files | None:
        """Return the files of a branch, where commands print its folder in the pool and mean the root. Blocks."""
        from ramet.chat.terminal_mentions import Files

        branches = self._services.branches

        def read_lines(path: str) -> Sequence[str] | None:
            try:
                return branches.read(name, path).decode("utf-8", "replace").split("\n")
            except RametError:
                return None

        try:
            return Files(str(self.root), branches.files(name), read_lines, None, branches.laid_out)
        except RametError:  # it was dropped
            return None

    # -- branches of the file system

    async def branch_new(self, request: ForkRequest) -> BranchFork:
        """See `Workspace`."""
        return await self._branching(self._services.branches.fork, request)

    async def branches(self, dropped: bool = False) -> BranchList:
        """See `Workspace`."""
        branches, limit = self._services.branches, self._branch_limit
        found, notes = await self._with_costs(await asyncio.to_thread(branches.listed, dropped=dropped))
        usage = await asyncio.to_thread(branches.usage, limit)
        return BranchList(found, usage, (*self._services.take_branch_notes(), *notes))

    async def branch(self, name: str) -> Branch:
        """See `Workspace`."""
        found, _ = await self._with_costs((await asyncio.to_thread(self._services.branches.get, name),))
        return found[0]

    async def branch_files(self, name: str) -> tuple[str, ...]:
        """See `Workspace`."""
        return await asyncio.to_thread(self._services.branches.files, name)

    async def branch_read(self, name: str, path: str) -> bytes:
        """See `Workspace`."""
        return await asyncio.to_thread(self._services.branches.read, name, path)

    async def branch_write(self, name: str, edits: tuple[FileEdit, ...], message: str = "") -> Branch:
        """See `Workspace`."""
        return await self._branching(self._services.branches.write, name, edits, message)

    async def branch_diff(self, name: str, against: str = "", paths: tuple[str, ...] = ()) -> BranchDiff:
        """See `Workspace`."""
        return await asyncio.to_thread(self._services.branches.diff, name, against, paths)

    async def branch_merge(self, request: MergeRequest) -> MergeResult:
        """See `Workspace`."""
        return await self._branching(self._services.branches.merge, request)

    async def branch_undo(self, name: str = "") -> BranchUndo:
        """See `Workspace`."""
        return await self._branching(self._services.branches.undo, name)

    async def branch_keep(self, name: str, as_name: str = "", message: str = "") -> KeptBranch:
        """See `Workspace`."""
        return await self._branching(self._services.branches.keep, name, as_name, message)

    async def branch_drop(self, name: str) -> Branch:
        """See `Workspace`."""
        return await self._branching(self._services.branches.drop, name)

    async def branch_forget(self, name: str) -> Branch:
        """See `Workspace`."""
        gone = await asyncio.to_thread(self._services.branches.forget, name)
        self._services.branches_changed(self._branch_limit, is_freeing=True)
        return gone

    async def branch_place(self, name: str, owner: int = 0, overlays: bool = False) -> BranchPlace:
        """See `Workspace`."""
        from ramet.branches.artefacts import artefacts_of
        from ramet.branches.working import Needs

        needs = Needs(artefacts_of(self._config.branch_links), self._config.branch_setup, overlays)
        return await asyncio.to_thread(self._services.branches.place, name, owner, needs)

    async def branch_capture(self, name: str, slot: int, command: str = "", setup: str = "") -> BranchFork:
        """See `Workspace`."""
        taken, is_changed = await asyncio.to_thread(self._services.branches.capture, name, slot, command, setup)
        if is_changed:
            self._services.branches_changed(self._branch_limit)
        return taken

    async def branch_finished(
        self, name: str, slot: int, run: BranchRun | None = None, setup: str = "", owner: int = 0
    ) -> BranchFork:
        """See `Workspace`."""
        if run is not None:
            root = path_to_text(os.fsencode(self.root))
            folder = str(self._services.branches.folder_of(slot))
            run = await asyncio.to_thread(self._commands.record_in_branch, name, root, run, folder)
        return await self._branching(self._services.branches.finished, name, slot, run, setup, owner)

    async def branch_checks(self) -> CheckCommands:
        """See `Workspace`."""
        from ramet.branches.suggestions import suggested_checks

        configured = tuple(CheckCommand(name, command) for name, command in self._config.branch_checks.items())
        suggested = () if configured else await asyncio.to_thread(suggested_checks, self.read_lines)
        return CheckCommands(configured, suggested, path_to_text(os.fsencode(self._directories.config_file)))

    async def _with_costs(self, branches: tuple[Branch, ...]) -> tuple[tuple[Branch, ...], tuple[str, ...]]:
        """Return branches with what was paid for questions about them, and a sentence where that cannot be read."""
        try:
            costs = await asyncio.to_thread(self._services.conversations.branch_costs) if branches else {}
        except StoreError as error:
            return branches, (f"What questions about branches cost is not known: {error.what}",)
        return tuple(replace(branch, cost=costs.get(branch.id, branch.cost)) for branch in branches), ()

    @property
    def _branch_limit(self) -> int:
        """Bytes."""
        return self._config.branch_limit_mb * 1_000_000

    async def _branching(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Change branches, and tell whoever watches; what is too much is removed afterwards."""
        try:
            return await asyncio.to_thread(work, *arguments, **named)
        finally:
            self._services.branches_changed(self._branch_limit)

    async def doctor(self) -> tuple[Finding, ...]:
        """See `Workspace`."""
        from ramet.branches.artefacts import artefacts_of
        from ramet.index.watch import why_polled
        from ramet.workspace.doctor import examine
        from ramet.workspace.doctor_branches import branch_findings

        key = self._services.key
        artefacts = artefacts_of(self._config.branch_links)
        why = partial(why_polled, key.location, self._directories.repository(key.identity))
        found = await examine(await self.status(), self._environment, self._directories, key.identity, why)
        return (*found, *await asyncio.to_thread(branch_findings, self._services.branches, self._branch_limit, artefacts))

    async def collect_garbage(self) -> str:
        """See `Workspace`."""
        return await self._services.collect_garbage()

    async def close(self) -> None:
        """See `Workspace`."""
        if self._choosing is not None:
            self._choosing.cancel()
        await self._release()

    # -- for the chat

    @property
    def commit(self) -> str:
        """See `Repository`: the working tree is read."""
        return ""

    async def definitions(self, paths: Sequence[str] = (), names: Sequence[str] = ()) -> tuple[Symbol, ...]:
        """See `Repository`."""
        return await self._services.definitions(paths, names)

    def read_lines(self, path: str) -> Sequence[str] | None:
        """Return the lines of a text file below the root as the index cuts them; None when there is none to read."""
        return self._services.read_lines(path)

    async def warm_up(self) -> None:
        """Import what the next question will need, if there is a model to answer it."""
        await self._refresh_choice()
        if self._choice is not None:
            from ramet.providers.litellm_library import litellm_library

            await asyncio.to_thread(litellm_library)

    async def _asker_for(self, request: AskRequest) -> tuple[Asker, AsyncGenerator[IndexEvent, None]]:
        """Return who answers about the tree that is meant, and the run that builds its index where that is missing."""
        if not request.at:
            return self._asker, self._services.build_missing()
        warnings: list[str] = []
        opened = await self._services.revisions.open(request.at, warnings)
        repository = RevisionRepository(self.root, self._services.revisions, opened, warnings)
        branch = await asyncio.to_thread(self._services.branches.id_of, request.branch or request.at)
        return self._asker_of(repository, branch), self._services.revisions.build_missing(opened)

    @cached_property
    def _asker(self) -> Asker:
        return self._asker_of(self)

    def _asker_of(self, repository: Repository, branch: str = "") -> Asker:
        from ramet.chat.asker import Asker

        conversations = self._services.conversations
        return Asker(repository, conversations, self._choose, self._open_model, self._config, self._redact, branch=branch)

    async def _choose(self, requested: str) -> ModelChoice | None:
        from ramet.llm.choice import choose_model

        return await choose_model(requested or self._model, self._config, self._environment)

    async def _open_model(self, choice: ModelChoice) -> ChatModel:
        from ramet.llm.litellm_model import open_model

        return await open_model(choice, self._config, self._environment)

    async def _refresh_choice(self) -> None:
        """Look which model would answer; a look that takes long goes on and tells the watchers."""
        if time.monotonic() - self._chosen_at < _MODEL_SECONDS:
            return
        if self._choosing is None or self._choosing.done():
            self._choosing = asyncio.create_task(self._look_at_choice())
        await asyncio.wait([self._choosing], timeout=_MODEL_PATIENCE)

    async def _look_at_choice(self) -> None:
        before = self._choice
        try:
            self._choice = await self._choose("")
        except ModelError:
            self._choice = None  # asking says what is wrong, and so does the doctor
        self._chosen_at = time.monotonic()
        if self._choice != before:
            self._services.listeners.tell()
