"""Keeps the numbered sources of one answer: those of earlier questions, what retrieval found, then what tools bring in."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ramet.models import Source


class SourceBook:
    """Numbers sources; the same or a contained span keeps the number it has. It owns the list and only ever adds to it."""

    def __init__(self, sources: Sequence[Source] = ()) -> None:
        self._sources = list(sources)

    @property
    def sources(self) -> tuple[Source, ...]:
        """All sources so far."""
        return tuple(self._sources)

    def add(self, source: Source) -> Source:
        """Return the source with its number."""
        for known in self._sources:
            if _contains(known, source):
                return known
        numbered = replace(source, number=max((known.number for known in self._sources), default=0) + 1)
        self._sources.append(numbered)
        return numbered


def _contains(known: Source, source: Source) -> bool:
    if known.path != source.path or known.spans or not known.start_line <= source.start_line <= source.end_line <= known.end_line:
        return False
    inside = known.text.split("\n")[source.start_line - known.start_line : source.end_line - known.start_line + 1]
    return "\n".join(inside) == source.text
