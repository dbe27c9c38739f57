"""What is known of a failure, and how a parser reads an output."""

from __future__ import annotations

from typing import Literal

from ramet.models import Value
from ramet.terminal.references import PlaceReference, find_references

Level = Literal["error", "warning"]


class Frame(Value, frozen=True):
    """A place that a failure went through; `path` is as printed."""

    path: str
    line: int
    column: int = 0
    """0 where none was printed."""
    function: str = ""


class Failure(Value, frozen=True):
    """One thing that failed, as a tool reported it."""

    tool: str
    kind: str
    """The type of the exception or the code of the error; empty where there is none."""
    message: str
    frames: tuple[Frame, ...]
    """Innermost first; for a compiler the place of the error first."""
    first_line: int
    last_line: int
    """The lines of the output that report it."""
    tests: tuple[str, ...] = ()
    """Failing tests, as the tool names them."""
    causes: tuple[Failure, ...] = ()
    """What led to it, nearest first."""
    is_caused: bool = False
    """Whether the causes explain it; else they were only being handled when it happened."""
    level: Level = "error"

    @property
    def all_frames(self) -> tuple[Frame, ...]:
        """The frames of it and its causes, in the order in which a person would look at them."""
        causes = tuple(frame for cause in reversed(self.causes) for frame in cause.frames)
        return causes + self.frames if self.is_caused else self.frames + causes

    @property
    def title(self) -> str:
        """Kind and message, on one line."""
        message = self.message.partition("\n")[0]
        return f"{self.kind}: {message}" if self.kind and message else self.kind or message


class Output:
    """The lines of an output."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")

    def holds(self, *marks: str) -> bool:
        """Whether one of some words occurs anywhere."""
        return any(mark in self.text for mark in marks)


def frame_of(reference: PlaceReference) -> Frame:
    """Return the frame that a reference names."""
    return Frame(reference.path, reference.line, reference.column, reference.function)


def frames_in(line: str) -> list[Frame]:
    """Return the places that a line names."""
    return [frame_of(reference) for reference in find_references(line)]
