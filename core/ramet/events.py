"""What long jobs report while they run.

Progress events are full snapshots, never differences, so that a reader may drop all but the newest. Each stream ends in
exactly one terminal event (`IndexFinished`, `Answered`) or in an exception; closing a stream cancels its job.
"""

from __future__ import annotations

from msgspec import Struct

from ramet.models import Citation, IndexStats, ModelChoice, Problem, Source, Usage, WorkspaceStatus


class Event(Struct, frozen=True, tag=True, tag_field="event"):
    """Base of all events; in JSON the field `event` holds the class name."""


class Scanned(Event, frozen=True):
    """The file set is known and compared with what is indexed."""

    files: int
    changed: int
    removed: int
    skipped: int


class IndexProgress(Event, frozen=True):
    """How far an index run is."""

    phase: str
    """parsing (units are files) or embedding (units are chunks)."""
    done: int
    total: int
    reused: int
    failed: int
    path: str = ""
    """The file at hand; empty while embedding."""
    note: str = ""
    """Why it waits, as a sentence; empty while it does not."""


class IndexWaiting(Event, frozen=True):
    """Another run on the same repository is at work; this one goes on when it is done."""

    reason: str


class IndexFinished(Event, frozen=True):
    """The run is over and everything it did is stored."""

    stats: IndexStats


IndexEvent = Scanned | IndexProgress | IndexWaiting | IndexFinished


class ModelChosen(Event, frozen=True):
    """Which model answers; None means that the answer will be extractive."""

    model: ModelChoice | None
    conversation: str


class Retrieved(Event, frozen=True):
    """The numbered sources, before the first token."""

    sources: tuple[Source, ...]
    notes: tuple[str, ...] = ()
    commit: str = ""
    """The commit that they are from; empty for the working tree."""


class ToolCalled(Event, frozen=True):
    """The model asks for more."""

    id: str
    name: str
    arguments: str
    """JSON, as the model wrote it."""


class ToolReturned(Event, frozen=True):
    """What a tool gave back; `sources` are new numbered sources that the model may cite from now on."""

    id: str
    name: str
    summary: str
    sources: tuple[Source, ...] = ()


class TextDelta(Event, frozen=True):
    """The next piece of the answer."""

    text: str


class ModelRetrying(Event, frozen=True):
    """The provider asked to wait; the request is sent again after `seconds`."""

    reason: str
    seconds: float


class Answered(Event, frozen=True):
    """The answer is over. `text` is all of it; `problem` says why it is incomplete, None when it is whole."""

    text: str
    citations: tuple[Citation, ...]
    usage: Usage
    conversation: str
    problem: Problem | None = None


AskEvent = (
    Scanned
    | IndexProgress
    | IndexWaiting
    | IndexFinished
    | ModelChosen
    | Retrieved
    | ToolCalled
    | ToolReturned
    | TextDelta
    | ModelRetrying
    | Answered
)


class StatusChanged(Event, frozen=True):
    """The workspace changed: a full snapshot; the first one comes at once."""

    status: WorkspaceStatus
