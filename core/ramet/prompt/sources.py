"""Makes sources of hits and spans, joins neighbours, and writes sources as the model reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ramet.index.chunker import chunk_key, join_lines
from ramet.models import Hit, Reason, Source
from ramet.prompt.fences import fenced

_MOST_REASONS = 4
_SMALL_GAP = 3
"""Lines between two chunks that are cheaper to show than to leave out."""


def source_of(hit: Hit) -> Source:
    """Return a hit as a source that has no number yet."""
    return Source(0, hit.path, hit.start_line, hit.end_line, hit.symbol, hit.language, hit.key, hit.text, hit.reasons)


def span_source(path: str, lines: Sequence[str], start: int, end: int, symbol: str = "", language: str = "") -> Source:
    """Return a span of a file as a source that has no number yet."""
    text = join_lines(list(lines), start, end)
    return Source(0, path, start, end, symbol, language, chunk_key(text), text)


def sources_block(sources: Iterable[Source]) -> str:
    """Return numbered sources as the model reads them."""
    return "\n".join(_block(source) for source in sources)


def _block(source: Source) -> str:
    attributes = {"n": str(source.number), "path": source.path, "lines": f"{source.start_line}-{source.end_line}"}
    if source.symbol:
        attributes["symbol"] = source.symbol
    if source.spans:
        attributes["shows"] = "outline"
    return fenced("source", f"{source.header}\n{source.text}" if source.header else source.text, attributes)


def joined(first: Source, second: Source, lines: Sequence[str] = ()) -> Source | None:
    """Return one source for two spans of a file that touch or overlap; None when they do not, or disagree about a line.

    With the file's `lines`, spans with a small gap between them are joined too.
    """
    if first.path != second.path or first.spans or second.spans:
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
        merged_reasons(first, second),
    )


def merged_reasons(first: Source, second: Source) -> tuple[Reason, ...]:
    """Return what found either part, the strongest of each kind and detail first; of two similarities the higher one."""
    best: dict[tuple[str, str], Reason] = {}
    for reason in (*first.reasons, *second.reasons):
        key = (reason.kind, "" if reason.kind == "dense" else reason.detail)
        known = best.get(key)
        if known is None or reason.score > known.score:
            best[key] = reason
    return tuple(sorted(best.values(), key=lambda reason: -reason.score)[:_MOST_REASONS])


def _length(source: Source) -> int:
    return source.end_line - source.start_line + 1
