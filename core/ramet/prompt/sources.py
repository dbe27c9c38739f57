"""Turns hits into numbered sources: whole chunks, no line twice, neighbours merged, within a budget of tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from ramet.index.chunker import chunk_key
from ramet.models import Hit, Reason, Source
from ramet.prompt.trimming import TokenCounter

HEADER_TOKENS = 24
"""Room for the tags around one source."""
_MOST_REASONS = 4
_SMALL_GAP = 3
"""Lines between two chunks that are cheaper to show than to leave out."""


def source_of(hit: Hit) -> Source:
    """Return a hit as a source that has no number yet."""
    return Source(0, hit.path, hit.start_line, hit.end_line, hit.symbol, hit.language, hit.key, hit.text, hit.reasons)


def pack_sources(
    candidates: Iterable[Source], tokens: int, count: TokenCounter, files: Mapping[str, Sequence[str]] | None = None
) -> tuple[Source, ...]:
    """Return the best candidates that fit, numbered from 1 in the order of their best hit.

    A candidate that does not fit is passed over, since a smaller one after it may; the first one is always taken.
    `files` holds the lines of files at hand: with them, spans a few lines apart are merged too.
    """
    packed: list[Source] = []
    spent = 0
    for candidate in candidates:
        merged, others = _absorb(candidate, packed, files or {})
        cost = count(merged.text) + HEADER_TOKENS
        freed = sum(count(packed[place].text) + HEADER_TOKENS for place in others)
        if packed and spent + cost - freed > tokens:
            continue
        spent += cost - freed
        if others:
            packed[others[0]] = merged
            for place in reversed(others[1:]):
                del packed[place]
        else:
            packed.append(merged)
    return tuple(replace(source, number=number) for number, source in enumerate(packed, 1))


def joined(first: Source, second: Source, lines: Sequence[str] = ()) -> Source | None:
    """Return one source for two spans of a file that touch or overlap; None when they do not, or disagree about a line.

    With the file's `lines`, spans with a small gap between them are joined too.
    """
    if first.path != second.path:
        return None
    upper, lower = (first, second) if first.start_line <= second.start_line else (second, first)
    gap = lower.start_line - upper.end_line - 1
    if gap > (_SMALL_GAP if len(lines) >= lower.end_line else 0):
        return None
    upper_lines, lower_lines = upper.text.split("\n"), lower.text.split("\n")
    if len(upper_lines) != _length(upper) or len(lower_lines) != _length(lower):
        return None
    overlap = upper_lines[lower.start_line - upper.start_line :][: len(lower_lines)]
    if overlap != lower_lines[: len(overlap)]:
        return None
    between = list(lines[upper.end_line : lower.start_line - 1])
    text = "\n".join(upper_lines + between + lower_lines[max(0, -gap) :])
    better = first if first.symbol else second
    return Source(
        first.number,
        first.path,
        upper.start_line,
        max(upper.end_line, lower.end_line),
        better.symbol,
        first.language,
        chunk_key(text),
        text,
        _merged_reasons(first, second),
    )


def _absorb(candidate: Source, packed: Sequence[Source], files: Mapping[str, Sequence[str]]) -> tuple[Source, list[int]]:
    """Return the candidate joined with all neighbours that are packed already, and their places."""
    places: list[int] = []
    merged = candidate
    has_grown = True
    while has_grown:
        has_grown = False
        for place, source in enumerate(packed):
            if place in places:
                continue
            whole = joined(source, merged, files.get(source.path, ()))
            if whole is not None:
                merged, has_grown = whole, True
                places.append(place)
    return merged, sorted(places)


def _merged_reasons(first: Source, second: Source) -> tuple[Reason, ...]:
    """Return what found either part, the strongest of each kind and detail first."""
    best: dict[tuple[str, str], Reason] = {}
    for reason in (*first.reasons, *second.reasons):
        known = best.get((reason.kind, reason.detail))
        if known is None or reason.score > known.score:
            best[reason.kind, reason.detail] = reason
    return tuple(sorted(best.values(), key=lambda reason: -reason.score)[:_MOST_REASONS])


def _length(source: Source) -> int:
    return source.end_line - source.start_line + 1
