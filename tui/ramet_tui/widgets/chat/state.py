"""What one turn of the transcript knows; fed by events, rendered by `turn`. Imports no Textual."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ramet.events import (
    Answered,
    AskEvent,
    IndexFinished,
    IndexProgress,
    IndexWaiting,
    ModelChosen,
    ModelRetrying,
    Retrieved,
    Scanned,
    TextDelta,
    ToolCalled,
    ToolReturned,
)
from ramet.models import AskRequest, Citation, Problem, Source, Turn, Usage

Outcome = Literal["running", "answered", "failed", "stopped"]
"""running; whole; ended early by itself; ended early by the user."""


@dataclass
class ToolStep:
    """One use of a tool by the model; `summary` is None while it runs."""

    id: str
    name: str
    arguments: str
    summary: str | None = None


@dataclass
class TurnState:
    """One question and what is known of its answer so far. Its owner is the `TurnView` that shows it."""

    request: AskRequest
    text: str = ""
    sources: dict[int, Source] = field(default_factory=dict)
    citations: tuple[Citation, ...] = ()
    steps: list[ToolStep] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    index_event: Scanned | IndexProgress | IndexWaiting | IndexFinished | None = None
    """The last event of an index run that the question had to wait for."""
    retrying: ModelRetrying | None = None
    """Set while the provider made us wait."""
    model: str = ""
    """Empty for an extractive answer and until it is known."""
    is_model_known: bool = False
    is_retrieved: bool = False
    conversation: str = ""
    usage: Usage = field(default_factory=Usage)
    problem: Problem | None = None
    outcome: Outcome = "running"

    @classmethod
    def stored(cls, turn: Turn, conversation: str) -> TurnState:
        """Return the state of a turn that was answered in another session."""
        return cls(
            request=AskRequest(question=turn.question, conversation=conversation, attachments=turn.attachments),
            text=turn.answer,
            sources={source.number: source for source in turn.sources},
            citations=turn.citations,
            model=turn.model,
            is_model_known=True,
            is_retrieved=True,
            conversation=conversation,
            usage=turn.usage,
            problem=turn.problem,
            outcome="failed" if turn.problem else "answered",
        )

    def restart(self) -> None:
        """Forget the answer, so that the same question can be asked again."""
        fresh = TurnState(self.request)
        self.__dict__.update(fresh.__dict__)

    def apply(self, event: AskEvent) -> None:
        """Take in the next event of the stream."""
        match event:
            case Scanned() | IndexProgress() | IndexWaiting() | IndexFinished():
                self.index_event = event
            case ModelChosen(model=model, conversation=conversation):
                self.model = model.name if model else ""
                self.is_model_known = True
                self.conversation = conversation
            case Retrieved(sources=sources, notes=notes):
                self.is_retrieved = True
                self._add_sources(sources)
                self.notes.extend(notes)
            case ToolCalled(id=id, name=name, arguments=arguments):
                self.retrying = None
                self.steps.append(ToolStep(id, name, arguments))
            case ToolReturned():
                self._finish_step(event)
            case TextDelta(text=text):
                self.retrying = None
                self.text += text
            case ModelRetrying():
                self.retrying = event
            case Answered():
                self._finish(event)

    def stop(self) -> None:
        """Record that the user ended the answer; the text that had arrived stays."""
        self.retrying = None
        self.outcome = "stopped"

    def fail(self, problem: Problem) -> None:
        """Record that the stream broke; the text that had arrived stays."""
        self.retrying = None
        self.problem = problem
        self.outcome = "failed"

    def _add_sources(self, sources: tuple[Source, ...]) -> None:
        self.sources.update((source.number, source) for source in sources)

    def _finish_step(self, event: ToolReturned) -> None:
        self._add_sources(event.sources)
        for step in self.steps:
            if step.id == event.id and step.summary is None:
                step.summary = event.summary
                return
        self.steps.append(ToolStep(event.id, event.name, "", event.summary))

    def _finish(self, event: Answered) -> None:
        self.retrying = None
        # A problem may come without the text that had been streamed; what was shown is never taken back.
        self.text = event.text or self.text
        self.citations = event.citations
        self.usage = event.usage
        self.conversation = event.conversation
        self.problem = event.problem
        self.outcome = "failed" if event.problem else "answered"
