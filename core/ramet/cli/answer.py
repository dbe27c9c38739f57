"""Prints an answer: its text as it arrives, then its sources and what it used."""

from __future__ import annotations

import json

from ramet.cli.console import Console, Painted, place
from ramet.models import Citation, Revision, Source, Usage

_STATE_STYLES = {"valid": "green", "moved": "yellow", "changed": "yellow", "unknown": "red"}
_SHOWN_SOURCES = 10
_SHOWN_ARGUMENTS = 100


class StreamedText:
    """Prints pieces of text as one text; a carriage return is held back until it is known whether it ends a line."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._held = ""
        self.text = ""
        """All that was given so far."""

    def add(self, piece: str) -> None:
        """Print the next piece."""
        self.text += piece
        piece = self._held + piece
        self._held = "\r" if piece.endswith("\r") else ""
        self._console.block(piece.removesuffix("\r"))

    def end(self) -> None:
        """End the last line; harmless when repeated."""
        if self._held:
            self._console.block(self._held)
            self._held = ""
        if self.text and not self.text.endswith("\n"):
            self.text += "\n"
            self._console.block("\n")


def print_sources(
    console: Console, citations: tuple[Citation, ...], sources: dict[int, Source], revision: Revision | None = None
) -> None:
    """Print each citation by number with its place and state; without any, the sources that the answer could draw from."""
    if citations:
        console.line()
        console.line(Painted("Sources", "bold"))
        for citation in sorted(citations, key=lambda citation: citation.number):
            state = Painted(f"  {citation.state}", _STATE_STYLES[citation.state])
            console.line(f"  [{citation.number}] ", *_place(citation, revision), state)
    elif sources:
        console.line()
        console.line(Painted("Sources", "bold"), " (the answer cites none of them)")
        for source in list(sources.values())[:_SHOWN_SOURCES]:
            console.line(f"  [{source.number}] ", *_place(source, revision))
        if len(sources) > _SHOWN_SOURCES:
            console.line(f"  and {len(sources) - _SHOWN_SOURCES} more")


def _place(span: Citation | Source, revision: Revision | None) -> tuple[str | Painted, ...]:
    if not span.path:
        return ("no such source",)
    where = place(span.path, f"{span.start_line}-{span.end_line}", revision)
    return where, Painted(f"  {span.label}" if span.label else "", "cyan")


def usage_sentence(usage: Usage) -> str:
    """Return what an answer used in words; empty when it used no model."""
    if not usage.input_tokens and not usage.output_tokens:
        return ""
    cached = f" ({usage.cached_tokens:,} cached)" if usage.cached_tokens else ""
    cost = f", ${usage.cost:.4f}" if usage.cost is not None else ", price unknown"
    return f"{usage.input_tokens:,} tokens in{cached}, {usage.output_tokens:,} out{cost}"


def tool_sentence(name: str, arguments: str) -> str:
    """Return a tool call as `search_code query=retry limit=5`."""
    try:
        values = json.loads(arguments or "{}")
    except ValueError:
        values = arguments
    if isinstance(values, dict):
        values = " ".join(f"{key}={value}" for key, value in values.items())
    text = f"{name} {values}".rstrip()
    return text if len(text) <= _SHOWN_ARGUMENTS else text[:_SHOWN_ARGUMENTS] + "…"
