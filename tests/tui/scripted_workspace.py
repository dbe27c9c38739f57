"""A `Workspace` that says what a test told it to say: no index, no model, no git; only the folder is real.

    workspace = ScriptedWorkspace(root)
    workspace.answers.append([Retrieved(...), TextDelta("It"), Pause(), Answered(...)])   # one list per `ask`
    workspace.failures["search"] = StoreLocked("...")                                     # the next calls raise
    workspace.hold("files")                                                               # calls wait until `release("files")`
    workspace.change(changed_files=3)                                                     # every `watch` yields the new status

`workspace.calls` holds (method, argument) in order; `workspace.closed_streams` the streams that were closed before their end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from ramet.errors import RametError, UsageError
from ramet.events import Answered, AskEvent, IndexEvent, IndexFinished, StatusChanged
from ramet.models import (
    AskRequest,
    Citation,
    CommandRecording,
    CommandRun,
    Conversation,
    ConversationInfo,
    FileChange,
    Finding,
    GitHead,
    Hit,
    IndexEstimate,
    IndexStats,
    IndexStatus,
    Mentioned,
    ModelChoice,
    Reference,
    RequestContext,
    Revision,
    SearchResult,
    Symbol,
    Usage,
    WorkspaceStatus,
)
from ramet.workspace.protocol import Workspace
from tests.fakes.scripted_branches import ScriptedBranches

READY = IndexStatus(state="ready", files=7, chunks=23, vectors=23, lexical_ready=True, dense_ready=True, tree="t1")
"""An index that is complete."""

NO_CHANGES = IndexStats(
    files=7,
    chunks=23,
    added=0,
    modified=0,
    removed=0,
    embedded=0,
    reused=23,
    failed=0,
    skipped=(),
    notes=(),
    seconds=0.1,
    tree="t1",
)
"""What a run reports that found nothing to do."""


@dataclass
class Pause:
    """A place in a script where the stream waits until the test calls `go`."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the stream has come here."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def go(self) -> None:
        """Let the stream go on."""
        self.gate.set()


AskScript = Sequence[AskEvent | RametError | Pause]
IndexScript = Sequence[IndexEvent | RametError | Pause]


class ScriptedWorkspace(ScriptedBranches):
    """See the module; every attribute may be set by the test before or while the app runs."""

    def __init__(self, root: Path, *, name: str = "", index: IndexStatus = READY, model: str = "") -> None:
        self._root = root.resolve()
        self.present = WorkspaceStatus(
            root=str(self._root),
            name=name or self._root.name,
            head=GitHead(branch="main", commit="1f0c9d2e"),
            changed_files=0,
            index=index,
            embedder="hashed",
            model=ModelChoice(name=model, origin="--model") if model else None,
            revision=1,
        )
        self.answers: list[AskScript] = []
        """One script per `ask`; without one an ask ends in an empty extractive answer."""
        self.request_context: RequestContext | None = None
        """What `context` says; None is a context without sources."""
        self.mentions = Mentioned(())
        """What `mentioned` says."""
        self.syncs: list[IndexScript] = []
        """One script per `sync`; without one a sync finds nothing to do."""
        self.file_paths: tuple[str, ...] | None = None
        """None lists the files on the disk, without dot files."""
        self.file_changes: tuple[FileChange, ...] = ()
        self.symbol_list: tuple[Symbol, ...] = ()
        self.hits: tuple[Hit, ...] = ()
        self.search_notes: tuple[str, ...] = ()
        self.reference_list: tuple[Reference, ...] = ()
        self.stored: dict[str, Conversation] = {}
        self.checked_citations: dict[int, Citation] = {}
        """What `check_citations` says by number; others come back as they are."""
        self.findings: tuple[Finding, ...] = ()
        self.failures: dict[str, RametError] = {}
        self.branch_answers = {}
        self.runs: list[CommandRun] = []
        """What `record_command` has kept, and tests may put there; the oldest first."""
        self.calls: list[tuple[str, object]] = []
        self.closed_streams: list[str] = []
        self.closed = False
        self._held: dict[str, asyncio.Event] = {}
        self._watchers: list[asyncio.Queue[WorkspaceStatus | RametError]] = []

    @property
    def root(self) -> Path:
        return self._root

    def hold(self, method: str) -> None:
        """Let calls of a method wait until `release`."""
        self._held[method] = asyncio.Event()

    def release(self, method: str) -> None:
        """Let waiting and future calls of a method go on."""
        self._held.pop(method).set()

    def change(self, *, index: IndexStatus | None = None, head: GitHead | None = None, changed_files: int | None = None) -> None:
        """Announce a new status to everyone who watches."""
        present = self.present
        self.present = replace(
            present,
            index=index or present.index,
            head=head or present.head,
            changed_files=present.changed_files if changed_files is None else changed_files,
            revision=present.revision + 1,
        )
        for queue in self._watchers:
            queue.put_nowait(self.present)

    def break_watch(self, error: RametError) -> None:
        """End every `watch` with an error, as a crashed engine does."""
        for queue in self._watchers:
            queue.put_nowait(error)

    def count(self, method: str) -> int:
        """Return how often a method was called."""
        return sum(1 for called, _ in self.calls if called == method)

    async def _enter(self, method: str, argument: object = None) -> None:
        self.calls.append((method, argument))
        if method in self._held:
            await self._held[method].wait()
        if method in self.failures:
            raise self.failures[method]

    async def status(self) -> WorkspaceStatus:
        await self._enter("status")
        return self.present

    async def watch(self) -> AsyncGenerator[StatusChanged, None]:
        await self._enter("watch")
        queue: asyncio.Queue[WorkspaceStatus | RametError] = asyncio.Queue()
        self._watchers.append(queue)
        try:
            yield StatusChanged(self.present)
            while True:
                news = await queue.get()
                if isinstance(news, RametError):
                    raise news
                yield StatusChanged(news)
        finally:
            self._watchers.remove(queue)

    async def sync(self, *, rebuild: bool = False, at: str = "") -> AsyncGenerator[IndexEvent, None]:
        await self._enter("sync", rebuild)
        finished = False
        try:
            for step in self.syncs.pop(0) if self.syncs else [IndexFinished(NO_CHANGES)]:
                if isinstance(step, RametError):
                    raise step
                if isinstance(step, Pause):
                    step.reached.set()
                    await step.gate.wait()
                    continue
                finished = isinstance(step, IndexFinished)
                yield step
        finally:
            if not finished:
                self.closed_streams.append("sync")

    async def estimate(self, at: str = "") -> IndexEstimate:
        await self._enter("estimate")
        return IndexEstimate(
            files=7,
            changed_files=7,
            chunks=23,
            cached_chunks=0,
            tokens=2_300,
            cost=0.0,
            seconds=0.4,
            skipped=(),
            embedder="hashed",
        )

    async def revision(self, name: str) -> Revision:
        await self._enter("revision", name)
        return Revision(name, "c" * 40, "7" * 40)

    async def search(self, query: str, limit: int = 10, at: str = "") -> SearchResult:
        await self._enter("search", query)
        return SearchResult(hits=self.hits[:limit], index=self.present.index, seconds=0.01, notes=self.search_notes)

    async def ask(self, request: AskRequest) -> AsyncGenerator[AskEvent, None]:
        await self._enter("ask", request)
        nothing = Answered(text="", citations=(), usage=Usage(), conversation=request.conversation or "c1")
        finished = False
        try:
            for step in self.answers.pop(0) if self.answers else [nothing]:
                if isinstance(step, RametError):
                    raise step
                if isinstance(step, Pause):
                    step.reached.set()
                    await step.gate.wait()
                    continue
                finished = isinstance(step, Answered)
                yield step
        finally:
            if not finished:
                self.closed_streams.append("ask")

    async def context(self, request: AskRequest) -> RequestContext:
        await self._enter("context", request)
        return self.request_context or RequestContext(
            model=self.present.model,
            window=32_000,
            question=request.question,
            sources=(),
            attachments=request.attachments,
            source_tokens=(),
            attachment_tokens=tuple(len(attachment.text) // 3 for attachment in request.attachments),
            question_tokens=len(request.question) // 3,
            instruction_tokens=300,
            earlier_tokens=0,
        )

    async def mentioned(self, question: str, branch: str | None = None) -> Mentioned:
        await self._enter("mentioned", question if branch is None else (question, branch))
        return self.mentions

    async def check_citations(self, citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
        await self._enter("check_citations", citations)
        return tuple(self.checked_citations.get(citation.number, citation) for citation in citations)

    async def files(self) -> tuple[str, ...]:
        await self._enter("files")
        if self.file_paths is not None:
            return self.file_paths
        found = (path.relative_to(self._root) for path in self._root.rglob("*") if path.is_file())
        return tuple(sorted(path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts)))

    async def changes(self) -> tuple[FileChange, ...]:
        await self._enter("changes")
        return self.file_changes

    async def symbols(self, query: str = "", path: str = "", limit: int = 200, at: str = "") -> tuple[Symbol, ...]:
        await self._enter("symbols", path or query)
        if path:
            return tuple(symbol for symbol in self.symbol_list if symbol.path == path)
        wanted = query.lower()
        return tuple(symbol for symbol in self.symbol_list if wanted in symbol.qualified_name.lower())[:limit]

    async def references(self, name: str, limit: int = 200, at: str = "") -> tuple[Reference, ...]:
        await self._enter("references", name)
        return self.reference_list[:limit]

    async def conversations(self) -> tuple[ConversationInfo, ...]:
        await self._enter("conversations")
        infos = (conversation.info for conversation in self.stored.values())
        return tuple(sorted(infos, key=lambda info: info.updated, reverse=True))

    async def conversation(self, id: str) -> Conversation:
        await self._enter("conversation", id)
        if id not in self.stored:
            raise UsageError(f"There is no conversation {id}.", "List them with /history.")
        return self.stored[id]

    async def delete_conversation(self, id: str) -> None:
        await self._enter("delete_conversation", id)
        self.stored.pop(id, None)

    async def record_command(self, recording: CommandRecording) -> CommandRun:
        await self._enter("record_command", recording)
        run = CommandRun(
            id=len(self.runs) + 1,
            terminal=recording.terminal,
            command=recording.command,
            folder=recording.folder,
            exit_code=recording.exit_code,
            started=recording.started,
            duration=recording.duration,
            output=(recording.head + recording.tail).decode("utf-8", "replace").replace("\r\n", "\n"),
        )
        self.runs.append(run)
        return run

    async def commands(self, limit: int = 50, failed: bool = False) -> tuple[CommandRun, ...]:
        await self._enter("commands", limit)
        newest = [run for run in reversed(self.runs) if not failed or run.exit_code not in (None, 0, 130)]
        return tuple(replace(run, output="") for run in newest[:limit])

    async def command(self, id: int) -> CommandRun:
        await self._enter("command", id)
        for run in self.runs:
            if run.id == id:
                return run
        raise UsageError(f"There is no command {id} in this repository.")

    async def search_commands(self, query: str, limit: int = 50) -> tuple[CommandRun, ...]:
        await self._enter("search_commands", query)
        return tuple(run for run in reversed(self.runs) if query in run.command or query in run.output)[:limit]

    async def forget_commands(self, ids: tuple[int, ...] | None = None) -> int:
        await self._enter("forget_commands", ids)
        before = len(self.runs)
        self.runs = [run for run in self.runs if ids is not None and run.id not in ids]
        return before - len(self.runs)

    async def last_error(self) -> CommandRun | None:
        await self._enter("last_error")
        return next((run for run in reversed(self.runs) if run.exit_code not in (None, 0, 130)), None)

    async def doctor(self) -> tuple[Finding, ...]:
        await self._enter("doctor")
        return self.findings

    async def collect_garbage(self) -> str:
        await self._enter("collect_garbage")
        return "Nothing to remove."

    async def close(self) -> None:
        self.calls.append(("close", None))
        self.closed = True


def as_workspace(workspace: ScriptedWorkspace) -> Workspace:
    """Prove to the type checker that the script has the whole interface."""
    return workspace
