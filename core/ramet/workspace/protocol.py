"""The one interface between front ends and the work: one repository root with its services.

Two implementations: `ramet.workspace.local.LocalWorkspace` does the work in this process, `ramet.engine.client.RemoteWorkspace`
forwards it to the engine. Both pass the same contract tests. Methods raise `ramet.errors.RametError` and nothing else.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Protocol

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


class Workspace(Protocol):
    """One repository root with its config and services. Streams are cancelled by closing them (`aclose`).

    `at` names a revision: then that commit is meant, read from git without checking it out, and not the working tree.
    A name that stands for no commit raises UsageError.
    """

    @property
    def root(self) -> Path:
        """The absolute, resolved folder."""

    async def status(self) -> WorkspaceStatus:
        """Return the present state without waiting for any job."""

    def watch(self) -> AsyncGenerator[StatusChanged, None]:
        """Yield the present status at once and again whenever it changed; endless. Files are watched while it is open."""

    def sync(self, *, rebuild: bool = False, at: str = "") -> AsyncGenerator[IndexEvent, None]:
        """Bring the index up to date with the disk. `rebuild` parses and embeds everything anew."""

    async def estimate(self, at: str = "") -> IndexEstimate:
        """Return what a `sync` would do and cost, without doing it."""

    async def revision(self, name: str) -> Revision:
        """Return the commit that a name stands for."""

    async def search(self, query: str, limit: int = 10, at: str = "") -> SearchResult:
        """Return the best hits. A stale index is brought up to date first; a missing one is built."""

    def ask(self, request: AskRequest) -> AsyncGenerator[AskEvent, None]:
        """Answer a question from the repository. A missing index is built first, with its events in the stream."""

    async def context(self, request: AskRequest) -> RequestContext:
        """Return what a question would be sent with. Items may be taken away and the rest be asked with, see `AskRequest`."""

    async def check_citations(self, citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
        """Check stored citations against the disk as it is now."""

    async def files(self) -> tuple[str, ...]:
        """Return the paths of all files that are not ignored, sorted."""

    async def changes(self) -> tuple[FileChange, ...]:
        """Return how the working tree differs from the last commit; empty outside git."""

    async def symbols(self, query: str = "", path: str = "", limit: int = 200, at: str = "") -> tuple[Symbol, ...]:
        """Return definitions: of one file in its order when `path` is given, else those whose name matches `query` best."""

    async def references(self, name: str, limit: int = 200, at: str = "") -> tuple[Reference, ...]:
        """Return the places that use a name, its definition excluded."""

    async def conversations(self) -> tuple[ConversationInfo, ...]:
        """Return the stored conversations, the newest first."""

    async def conversation(self, id: str) -> Conversation:
        """Return one stored conversation. Raises UsageError when there is none of that id."""

    async def delete_conversation(self, id: str) -> None:
        """Forget a conversation for good."""

    async def record_command(self, recording: CommandRecording) -> CommandRun:
        """Clean, redact and store a command; return it with its number, which is 0 where recording is switched off."""

    async def commands(self, limit: int = 50, failed: bool = False) -> tuple[CommandRun, ...]:
        """Return the newest commands without their output, the newest first; only those that failed where wanted."""

    async def command(self, id: int) -> CommandRun:
        """Return one command. Raises UsageError when there is none of that number."""

    async def search_commands(self, query: str, limit: int = 50) -> tuple[CommandRun, ...]:
        """Return the newest commands whose line and output have all words; as their output the lines that have one."""

    async def forget_commands(self, ids: tuple[int, ...] | None = None) -> int:
        """Remove commands for good, all of the repository where `ids` is None; return how many there were."""

    async def last_error(self) -> CommandRun | None:
        """Return the newest command that failed; one that Ctrl-C ended has not. None when none did."""

    async def mentioned(self, question: str, branch: str | None = None) -> Mentioned:
        """Return what `@terminal`, `@t3` and `@last-error` in a question stand for, to be attached to it.

        `branch` names the branch whose commands `@terminal` and `@last-error` mean; the empty name means those of the working
        tree, None all.
        """

    async def branch_new(self, request: ForkRequest) -> BranchFork:
        """Make branches of the file system that begin with the working tree as it is, or with a branch or a revision."""

    async def branches(self, dropped: bool = False) -> BranchList:
        """Return the branches, or those that were dropped, the newest first."""

    async def branch(self, name: str) -> Branch:
        """Return one branch. Methods with the name of a branch raise UsageError when there is none of that name."""

    async def branch_files(self, name: str) -> tuple[str, ...]:
        """Return the paths of a branch's files, sorted."""

    async def branch_read(self, name: str, path: str) -> bytes:
        """Return what a file of a branch holds."""

    async def branch_write(self, name: str, edits: tuple[FileEdit, ...], message: str = "") -> Branch:
        """Change files of a branch, all of them or none, without touching the working tree."""

    async def branch_diff(self, name: str, against: str = "", paths: tuple[str, ...] = ()) -> BranchDiff:
        """Compare a branch with its base (the default), with the working tree (`now`) or with another branch."""

    async def branch_merge(self, request: MergeRequest) -> MergeResult:
        """Bring a branch back into the working tree as it is now; open conflicts keep it from being written."""

    async def branch_undo(self, name: str = "") -> BranchUndo:
        """Take back the last merge or drop, or bring the dropped branch of a name back. Raises BranchConflict."""

    async def branch_keep(self, name: str, as_name: str = "", message: str = "") -> KeptBranch:
        """Make an ordinary git branch of a branch."""

    async def branch_drop(self, name: str) -> Branch:
        """Drop a branch; it can be brought back for seven days."""

    async def branch_forget(self, name: str) -> Branch:
        """Drop a branch for good, or one that was dropped before; its space is freed in the background."""

    async def branch_place(self, name: str, owner: int = 0, overlays: bool = False) -> BranchPlace:
        """Lay a branch out in a folder; `owner` is the process that will run a command there, 0 for a person who looks.

        Only who starts its commands by `ramet.branches.overlay.launcher` may ask for overlays.
        """

    async def branch_capture(self, name: str, slot: int, command: str = "", setup: str = "") -> BranchFork:
        """Take what was changed so far in a folder where somebody goes on working into its branch.

        `command` is what ended there, `setup` a set-up command that was run there.
        """

    async def branch_finished(
        self, name: str, slot: int, run: BranchRun | None = None, setup: str = "", owner: int = 0
    ) -> BranchFork:
        """Take what a command changed, which is over, into its branch, and remember the command.

        `owner` is the process that was named to `branch_place`; 0 stands for the one that came last.
        """

    async def branch_checks(self) -> CheckCommands:
        """Return the checks that the user configured; where there are none, those that the repository suggests."""

    async def doctor(self) -> tuple[Finding, ...]:
        """Return what is configured, reachable and indexed, in sentences."""

    async def collect_garbage(self) -> str:
        """Remove what no view needs from the stores; return a sentence that says how much."""

    async def close(self) -> None:
        """Release everything; running jobs are cancelled."""
