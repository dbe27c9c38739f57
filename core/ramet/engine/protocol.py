"""What crosses the engine's socket: one JSON object per line, typed on both ends.

    front end                          engine
    hello {version, folder, ...}  ->
                                  <-   welcome {version, root, pid}    or error {id: 0, problem}, then the end
    request {id, method, params}  ->
                                  <-   event {id, event} ...           streams only
                                  <-   result {id, value}              or error {id, problem}
    cancel {id}                   ->                                   the request still ends in result or error
    ping                          ->
                                  <-   pong

`hello` and `welcome` keep their meaning in every version, so that engines and front ends of different versions can part politely.
"""

from __future__ import annotations

import functools
from typing import Any, Generic, TypeVar

import msgspec
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
from ramet.errors import EngineError, RametError
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
    Problem,
    Reference,
    RequestContext,
    Revision,
    SearchResult,
    Symbol,
    WorkspaceStatus,
)

PROTOCOL = 3
"""Grows when a message changes its meaning."""
MAX_LINE_BYTES = 64 * 1024 * 1024
"""A longer line is refused: the largest honest one is the file list of a huge repository."""
CONNECTION_PROBLEM = 0
"""Id of an error that answers no request."""


class Hello(Struct, frozen=True, tag="hello", tag_field="type"):
    """The first line of a front end."""

    protocol: int
    version: str
    folder: str = ""
    """Absolute, in the text form of `ramet.paths`; empty asks for no workspace, only for the engine itself."""
    environment: dict[str, str] = {}
    """Keys and settings of the front end, see `ramet.engine.environment`."""
    overrides: dict[str, Any] = {}  # Any: settings have several types; `load_config` checks them

    def __repr__(self) -> str:
        """Name the variables and never their values, which may be keys."""
        return f"Hello(version={self.version!r}, folder={self.folder!r}, environment={sorted(self.environment)})"


class Request(Struct, frozen=True, tag="request", tag_field="type"):
    """Call a method; `params` has the type that the method's entry in `METHODS` names."""

    id: int
    method: str
    params: msgspec.Raw = msgspec.Raw(b"{}")


class Cancel(Struct, frozen=True, tag="cancel", tag_field="type"):
    """Give up a request."""

    id: int


class Ping(Struct, frozen=True, tag="ping", tag_field="type"):
    """Ask whether the engine is alive."""


class Welcome(Struct, frozen=True, tag="welcome", tag_field="type"):
    """The engine's answer to `hello`. To a front end of another version it comes without a root and no workspace is opened."""

    protocol: int
    version: str
    pid: int
    root: str = ""


class StreamEvent(Struct, frozen=True, tag="event", tag_field="type"):
    """The next event of a stream."""

    id: int
    event: msgspec.Raw


class Result(Struct, frozen=True, tag="result", tag_field="type"):
    """The end of a request; streams end without a value."""

    id: int
    value: msgspec.Raw = msgspec.Raw(b"null")


class Failure(Struct, frozen=True, tag="error", tag_field="type"):
    """The other end of a request."""

    id: int
    problem: Problem


class Pong(Struct, frozen=True, tag="pong", tag_field="type"):
    """The engine is alive."""


ClientMessage = Hello | Request | Cancel | Ping
ServerMessage = Welcome | StreamEvent | Result | Failure | Pong


class NoParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of a method without any."""


class SyncParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `sync`."""

    rebuild: bool = False
    at: str = ""


class EstimateParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `estimate`."""

    at: str = ""


class RevisionParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `revision`."""

    name: str


class SearchParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `search`."""

    query: str
    limit: int = 10
    at: str = ""


class AskParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `ask`."""

    request: AskRequest


class CitationsParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `check_citations`."""

    citations: tuple[Citation, ...]


class SymbolsParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `symbols`."""

    query: str = ""
    path: str = ""
    limit: int = 200
    at: str = ""


class ReferencesParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `references`."""

    name: str
    limit: int = 200
    at: str = ""


class ConversationParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `conversation` and `delete_conversation`."""

    id: str


class RecordingParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `record_command`."""

    recording: CommandRecording


class CommandsParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `commands`."""

    limit: int = 50
    failed: bool = False


class CommandParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `command`."""

    id: int


class CommandSearchParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `search_commands`."""

    query: str
    limit: int = 50


class ForgetParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `forget_commands`."""

    ids: tuple[int, ...] | None = None


class MentionedParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `mentioned`."""

    question: str
    branch: str | None = None


class ForkParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `branch_new`."""

    request: ForkRequest


class BranchesParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `branches`."""

    dropped: bool = False


class BranchParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of methods with the name of a branch."""

    name: str


class BranchReadParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `branch_read`."""

    name: str
    path: str


class BranchWriteParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `branch_write`."""

    name: str
    edits: tuple[FileEdit, ...]
    message: str = ""


class BranchDiffParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `branch_diff`."""

    name: str
    against: str = ""
    paths: tuple[str, ...] = ()


class MergeParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `branch_merge`."""

    request: MergeRequest


class BranchUndoParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `branch_undo`."""

    name: str = ""


class BranchKeepParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `branch_keep`."""

    name: str
    as_name: str = ""
    message: str = ""


class BranchPlaceParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `branch_place`."""

    name: str
    owner: int = 0
    overlays: bool = False


class BranchCaptureParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `branch_capture`."""

    name: str
    slot: int
    command: str = ""
    setup: str = ""


class BranchFinishedParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `branch_finished`."""

    name: str
    slot: int
    run: BranchRun | None = None
    setup: str = ""
    owner: int = 0


class EngineStatus(Struct, frozen=True):
    """What `ramet engine status` shows."""

    pid: int
    version: str
    seconds: float
    """Since its start."""
    workspaces: tuple[str, ...]
    """Roots that are open."""
    connections: int
    memory: int
    """Bytes of resident memory."""


P = TypeVar("P", bound=Struct)
R = TypeVar("R")


class Call(Generic[P, R]):
    """A method with one answer of type R; `answer` is R as msgspec takes it."""

    def __init__(self, name: str, params: type[P], answer: object) -> None:
        self.name = name
        self.params = params
        self.answer = answer


class Stream(Generic[P, R]):
    """A method that answers with events of type R; `answer` is R as msgspec takes it."""

    def __init__(self, name: str, params: type[P], answer: object) -> None:
        self.name = name
        self.params = params
        self.answer = answer


STATUS: Call[NoParams, WorkspaceStatus] = Call("status", NoParams, WorkspaceStatus)
WATCH: Stream[NoParams, StatusChanged] = Stream("watch", NoParams, StatusChanged)
SYNC: Stream[SyncParams, IndexEvent] = Stream("sync", SyncParams, IndexEvent)
ESTIMATE: Call[EstimateParams, IndexEstimate] = Call("estimate", EstimateParams, IndexEstimate)
REVISION: Call[RevisionParams, Revision] = Call("revision", RevisionParams, Revision)
SEARCH: Call[SearchParams, SearchResult] = Call("search", SearchParams, SearchResult)
ASK: Stream[AskParams, AskEvent] = Stream("ask", AskParams, AskEvent)
CONTEXT: Call[AskParams, RequestContext] = Call("context", AskParams, RequestContext)
CHECK_CITATIONS: Call[CitationsParams, tuple[Citation, ...]] = Call("check_citations", CitationsParams, tuple[Citation, ...])
FILES: Call[NoParams, tuple[str, ...]] = Call("files", NoParams, tuple[str, ...])
CHANGES: Call[NoParams, tuple[FileChange, ...]] = Call("changes", NoParams, tuple[FileChange, ...])
SYMBOLS: Call[SymbolsParams, tuple[Symbol, ...]] = Call("symbols", SymbolsParams, tuple[Symbol, ...])
REFERENCES: Call[ReferencesParams, tuple[Reference, ...]] = Call("references", ReferencesParams, tuple[Reference, ...])
CONVERSATIONS: Call[NoParams, tuple[ConversationInfo, ...]] = Call("conversations", NoParams, tuple[ConversationInfo, ...])
CONVERSATION: Call[ConversationParams, Conversation] = Call("conversation", ConversationParams, Conversation)
DELETE_CONVERSATION: Call[ConversationParams, None] = Call("delete_conversation", ConversationParams, None)
RECORD_COMMAND: Call[RecordingParams, CommandRun] = Call("record_command", RecordingParams, CommandRun)
COMMANDS: Call[CommandsParams, tuple[CommandRun, ...]] = Call("commands", CommandsParams, tuple[CommandRun, ...])
COMMAND: Call[CommandParams, CommandRun] = Call("command", CommandParams, CommandRun)
SEARCH_COMMANDS: Call[CommandSearchParams, tuple[CommandRun, ...]] = Call(
    "search_commands", CommandSearchParams, tuple[CommandRun, ...]
)
FORGET_COMMANDS: Call[ForgetParams, int] = Call("forget_commands", ForgetParams, int)
LAST_ERROR: Call[NoParams, CommandRun | None] = Call("last_error", NoParams, CommandRun | None)
MENTIONED: Call[MentionedParams, Mentioned] = Call("mentioned", MentionedParams, Mentioned)
BRANCH_NEW: Call[ForkParams, BranchFork] = Call("branch_new", ForkParams, BranchFork)
BRANCHES: Call[BranchesParams, BranchList] = Call("branches", BranchesParams, BranchList)
BRANCH: Call[BranchParams, Branch] = Call("branch", BranchParams, Branch)
BRANCH_FILES: Call[BranchParams, tuple[str, ...]] = Call("branch_files", BranchParams, tuple[str, ...])
BRANCH_READ: Call[BranchReadParams, bytes] = Call("branch_read", BranchReadParams, bytes)
BRANCH_WRITE: Call[BranchWriteParams, Branch] = Call("branch_write", BranchWriteParams, Branch)
BRANCH_DIFF: Call[BranchDiffParams, BranchDiff] = Call("branch_diff", BranchDiffParams, BranchDiff)
BRANCH_MERGE: Call[MergeParams, MergeResult] = Call("branch_merge", MergeParams, MergeResult)
BRANCH_UNDO: Call[BranchUndoParams, BranchUndo] = Call("branch_undo", BranchUndoParams, BranchUndo)
BRANCH_KEEP: Call[BranchKeepParams, KeptBranch] = Call("branch_keep", BranchKeepParams, KeptBranch)
BRANCH_DROP: Call[BranchParams, Branch] = Call("branch_drop", BranchParams, Branch)
BRANCH_FORGET: Call[BranchParams, Branch] = Call("branch_forget", BranchParams, Branch)
BRANCH_PLACE: Call[BranchPlaceParams, BranchPlace] = Call("branch_place", BranchPlaceParams, BranchPlace)
BRANCH_CAPTURE: Call[BranchCaptureParams, BranchFork] = Call("branch_capture", BranchCaptureParams, BranchFork)
BRANCH_FINISHED: Call[BranchFinishedParams, BranchFork] = Call("branch_finished", BranchFinishedParams, BranchFork)
BRANCH_CHECKS: Call[NoParams, CheckCommands] = Call("branch_checks", NoParams, CheckCommands)
DOCTOR: Call[NoParams, tuple[Finding, ...]] = Call("doctor", NoParams, tuple[Finding, ...])
COLLECT_GARBAGE: Call[NoParams, str] = Call("collect_garbage", NoParams, str)

ENGINE_STATUS: Call[NoParams, EngineStatus] = Call("engine_status", NoParams, EngineStatus)
LEAVE: Call[NoParams, None] = Call("leave", NoParams, None)
"""Ask the engine to end; the end of the connection says that it has."""

AnyMethod = Call[Any, Any] | Stream[Any, Any]
WORKSPACE_METHODS: dict[str, AnyMethod] = {
    method.name: method
    for method in (
        STATUS,
        WATCH,
        SYNC,
        ESTIMATE,
        REVISION,
        SEARCH,
        ASK,
        CONTEXT,
        CHECK_CITATIONS,
        FILES,
        CHANGES,
        SYMBOLS,
        REFERENCES,
        CONVERSATIONS,
        CONVERSATION,
        DELETE_CONVERSATION,
        RECORD_COMMAND,
        COMMANDS,
        COMMAND,
        SEARCH_COMMANDS,
        FORGET_COMMANDS,
        LAST_ERROR,
        MENTIONED,
        BRANCH_NEW,
        BRANCHES,
        BRANCH,
        BRANCH_FILES,
        BRANCH_READ,
        BRANCH_WRITE,
        BRANCH_DIFF,
        BRANCH_MERGE,
        BRANCH_UNDO,
        BRANCH_KEEP,
        BRANCH_DROP,
        BRANCH_FORGET,
        BRANCH_PLACE,
        BRANCH_CAPTURE,
        BRANCH_FINISHED,
        BRANCH_CHECKS,
        DOCTOR,
        COLLECT_GARBAGE,
    )
}
"""Their parameters are named as those of `Workspace`."""


@functools.cache
def _decoder(type_: object) -> msgspec.json.Decoder[Any]:  # Any: the type is only known at run time
    # Built on first use: each costs time that a short-lived front end need not spend on types it never sees.
    return msgspec.json.Decoder(type_)


encode = msgspec.json.Encoder().encode


def line(message: ClientMessage | ServerMessage) -> bytes:
    """Return a message as it is sent. Raises EngineError when it is longer than a reader takes."""
    encoded = encode(message)
    if len(encoded) >= MAX_LINE_BYTES:
        raise EngineError("The message is too large to be sent.", "Ask for less at once.")
    return encoded + b"\n"


def decode(encoded: bytes | msgspec.Raw, type_: object) -> Any:  # noqa: ANN401  - the type is only known at run time
    """Return the value of a type. Raises EngineError when the text is something else."""
    try:
        return _decoder(type_).decode(encoded)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise EngineError(f"A message could not be understood: {error}.") from error


def problem_of(error: RametError) -> Problem:
    """Return an error as a value; `ramet.errors.error_named` turns it back."""
    return Problem(error=type(error).__name__, what=error.what, advice=error.advice)
