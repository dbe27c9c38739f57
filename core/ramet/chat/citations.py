"""Finds `[n]` in an answer and checks each against the disk, so that a reader never trusts a place that has changed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from msgspec.structs import replace

from ramet.index.chunker import chunk_key, join_lines
from ramet.models import Citation, CitationState, Source, Span

LineReader = Callable[[str], Sequence[str] | None]
"""Path -> the lines of the file, None when there is none to read."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_TICKS = re.compile(r"`+")
_GROUP = re.compile(r"(?<![!\\])\[(\s*\d{1,4}(?:\s*[,;\u2013-]\s*\d{1,4})*\s*)\](?!\(|:\s*(?:https?:|<|\.?/))")
_RANGE = re.compile(r"(\d+)\s*[\u2013-]\s*(\d+)")
_WIDEST_RANGE = 50
"""`[1-3]` means three sources; a wider range is no citation but a span of something else."""
_MOST_RENAMES = 20
"""Files of the same name that are looked into when a cited file is gone."""


def cited_numbers(answer: str) -> tuple[int, ...]:
    """Return the distinct numbers cited as `[1]`, `[1, 2]` or `[1-3]` outside code and links, in order of appearance."""
    numbers: dict[int, None] = {}
    for match in _GROUP.finditer("\n".join(_prose_lines(answer))):
        for part in re.split(r"[,;]", match[1]):
            numbers.update(dict.fromkeys(_expanded(part)))
    numbers.pop(0, None)  # no source has it: `items[0]` written without backticks
    return tuple(numbers)


def _prose_lines(answer: str) -> Iterator[str]:
    """Yield the lines outside fenced blocks, without inline code; a fence that is never closed reaches to the end."""
    fence = ""
    for line in answer.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            is_closing = mark is not None and mark[1].startswith(fence) and not line[mark.end() :].strip()
            fence = "" if is_closing else fence
        elif mark is not None:
            fence = mark[1]
        else:
            yield _without_code(line)


def _without_code(line: str) -> str:
    """Return a line with each code span replaced by one mark; ticks without a partner are ordinary text."""
    runs = list(_TICKS.finditer(line))
    partners: dict[int, list[int]] = {}
    for place, run in enumerate(runs):
        partners.setdefault(len(run[0]), []).append(place)
    pieces: list[str] = []
    end = place = 0
    while place < len(runs):
        run = runs[place]
        same = partners[len(run[0])]
        following = bisect_right(same, place)
        if following == len(same):
            place += 1
            continue
        closing = same[following]
        pieces += [line[end : run.start()], "`"]
        end, place = runs[closing].end(), closing + 1
    return "".join(pieces) + line[end:]


def check_answer(
    answer: str, sources: Iterable[Source], read_lines: LineReader, files: Sequence[str] = ()
) -> tuple[Citation, ...]:
    """Return one checked citation for each number that an answer cites."""
    by_number = {source.number: source for source in sources}
    citations = [_citation(number, by_number.get(number)) for number in cited_numbers(answer)]
    return check_citations(citations, read_lines, files)


def check_citations(citations: Iterable[Citation], read_lines: LineReader, files: Sequence[str] = ()) -> tuple[Citation, ...]:
    """Return citations with their state on the disk as it is now; reads each file once."""
    cache: dict[str, Sequence[str] | None] = {}

    def cached(path: str) -> Sequence[str] | None:
        if path not in cache:
            cache[path] = read_lines(path)
        return cache[path]

    return tuple(_checked(citation, cached, files) for citation in citations)


def _citation(number: int, source: Source | None) -> Citation:
    if source is None:
        return Citation(number, "unknown")
    return Citation(number, "valid", source.path, source.start_line, source.end_line, source.symbol, source.key, source.spans)


def _checked(citation: Citation, read_lines: LineReader, files: Sequence[str]) -> Citation:
    if not citation.path:
        return replace(citation, state="unknown")
    lines = read_lines(citation.path)
    if citation.spans:
        return _checked_spans(citation, lines)
    start = None if lines is None else _nearest_start(citation, lines)
    if start is not None:
        return _placed(citation, citation.path, start)
    if lines is None:
        for path in _same_name(citation.path, files):
            elsewhere = read_lines(path)
            start = None if elsewhere is None else _nearest_start(citation, elsewhere)
            if start is not None:
                return _placed(citation, path, start)
    return replace(citation, state="changed")


def _checked_spans(citation: Citation, lines: Sequence[str] | None) -> Citation:
    """Check what an outline shows, span by span: what lies between is not cited, so it may have changed."""
    found: list[Span] = []
    shift = 0
    for span in citation.spans:
        start = None if lines is None else _nearest(span.key, lines, span.start_line + shift, _length(span))
        if start is None or (found and start <= found[-1].end_line):
            return replace(citation, state="changed")
        shift = start - span.start_line
        found.append(Span(start, start + _length(span) - 1, span.key))
    state: CitationState = "valid" if tuple(found) == citation.spans else "moved"
    first, last = found[0].start_line, found[-1].end_line
    return replace(citation, state=state, start_line=first, end_line=last, spans=tuple(found))


def _placed(citation: Citation, path: str, start: int) -> Citation:
    is_same = path == citation.path and start == citation.start_line
    state: CitationState = "valid" if is_same else "moved"
    end = start + citation.end_line - citation.start_line
    return replace(citation, state=state, path=path, start_line=start, end_line=end)


def _nearest_start(citation: Citation, lines: Sequence[str]) -> int | None:
    """Return where the cited text begins now, the place nearest to the old one first; None when it is nowhere."""
    return _nearest(citation.key, lines, citation.start_line, _length(citation))


def _nearest(key: str, lines: Sequence[str], old_start: int, length: int) -> int | None:
    last_start = len(lines) - length + 1
    if length < 1 or last_start < 1:
        return None
    all_lines = list(lines)
    for start in sorted(range(1, last_start + 1), key=lambda place: abs(place - old_start)):
        if chunk_key(join_lines(all_lines, start, start + length - 1)) == key:
            return start
    return None


def _length(span: Citation | Span) -> int:
    return span.end_line - span.start_line + 1


def _same_name(path: str, files: Sequence[str]) -> list[str]:
    name = PurePosixPath(path).name
    return [other for other in files if other != path and (other == name or other.endswith(f"/{name}"))][:_MOST_RENAMES]


def _expanded(part: str) -> range | tuple[int, ...]:
    span = _RANGE.search(part)
    if span is None:
        return (int(part),)
    first, last = int(span[1]), int(span[2])
    return range(first, last + 1) if 0 <= last - first < _WIDEST_RANGE else ()
