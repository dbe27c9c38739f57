"""Messages that any pane may post and the main screen handles; what only one widget posts is nested in that widget."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from ramet.models import Usage


@dataclass
class PlaceSelected(Message):
    """Posted when the user picked a place in the repository: a file, a symbol, a hit, a citation. The viewer opens it."""

    path: str
    """Relative to the workspace root, in the text form of `ramet.paths`."""
    start_line: int = 0
    """0 opens the file where it was left."""
    end_line: int = 0
    """The span start_line..end_line is highlighted; 0 highlights nothing."""
    focus: bool = True
    """False shows the place and leaves the focus where it is."""


@dataclass
class ProblemOccurred(Message):
    """Posted when something failed in a worker; the screen shows what failed and what to do next."""

    error: Exception


@dataclass
class UsageChanged(Message):
    """Posted when an answer used tokens; the header shows it."""

    usage: Usage
    """Of the last answer."""
    model: str = ""
    cost: float | None = None
    """Of the whole conversation in US dollars; None where it is unknown."""
