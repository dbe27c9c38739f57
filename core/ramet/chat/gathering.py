"""Gathers the sources of a question: what the search found, what uses a name asked about, what the last answer cited."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from ramet.chat.citations import LineReader, check_citations
from ramet.chat.related import related_sources
from ramet.chat.repository import Repository
from ramet.models import Citation, Hit, Source, Turn
from ramet.prompt.outline import FileText, file_text
from ramet.prompt.packer import Candidate, pack_sources
from ramet.prompt.relations import relation_asked
from ramet.prompt.replay import Earlier, own_sources
from ramet.prompt.sources import source_of, span_source
from ramet.prompt.trimming import TokenCounter

_FIRST_HITS = 4
"""Hits that go before everything else."""
_ASKED_FOR_WEIGHT = 0.8
"""What callers, callees and cited sources count, where the best hit counts 1."""


class Wanted(Struct, frozen=True):
    """What the sources of a question depend on."""

    question: str
    hits: tuple[Hit, ...]
    turns: tuple[Turn, ...] = ()
    earlier: Earlier = Earlier(())
    with_outlines: bool = True


async def gather_sources(wanted: Wanted, repository: Repository, tokens: int, count: TokenCounter) -> tuple[Source, ...]:
    """Return the sources that a question adds to those of the turns that are sent again, numbered on from these."""
    relation = relation_asked(wanted.question, wanted.turns)
    related = await related_sources(relation, repository) if relation else []
    cited = await asyncio.to_thread(_still_cited, wanted.turns, repository.read_lines)
    best = max((hit.score for hit in wanted.hits), default=0.0)
    found = [Candidate(source_of(hit), hit.score / best if best > 0 else 1.0) for hit in wanted.hits]
    asked_for = [Candidate(source, _ASKED_FOR_WEIGHT) for source in (*related, *cited)]
    candidates = [*found[:_FIRST_HITS], *asked_for, *found[_FIRST_HITS:]]
    files = await _files_of(candidates, repository)
    given = wanted.earlier.sources
    first = _first_number(wanted.earlier)
    return await asyncio.to_thread(
        pack_sources, candidates, tokens, count, files, given, first, with_outlines=wanted.with_outlines
    )


def numbered_on(sources: Sequence[Source], earlier: Earlier) -> tuple[Source, ...]:
    """Return sources that were chosen already, numbered on from those of the turns that are sent again."""
    return tuple(replace(source, number=number) for number, source in enumerate(sources, _first_number(earlier)))


def _first_number(earlier: Earlier) -> int:
    """Return the first free number; those of sources that tools brought are taken, too: answers sent again may cite them."""
    return max((source.number for turn in earlier.replayed for source in turn.sources), default=0) + 1


def is_current(turn: Turn, read_lines: LineReader) -> bool:
    """Whether all sources that a question was sent with are on the disk as they were."""
    sent = [
        Citation(source.number, "valid", source.path, source.start_line, source.end_line, key=source.key, spans=source.spans)
        for source in own_sources(turn)
    ]
    return all(citation.state == "valid" for citation in check_citations(sent, read_lines))


async def _files_of(candidates: Sequence[Candidate], repository: Repository) -> dict[str, FileText]:
    """Return the files that candidates are in, with their definitions."""
    paths = list(dict.fromkeys(candidate.source.path for candidate in candidates))
    symbols = await repository.definitions(paths=paths)
    read = await asyncio.to_thread(lambda: {path: repository.read_lines(path) for path in paths})
    return {
        path: file_text(lines, [symbol for symbol in symbols if symbol.path == path])
        for path, lines in read.items()
        if lines is not None
    }


def _still_cited(turns: Sequence[Turn], read_lines: LineReader) -> list[Source]:
    """Return what the last answer cited, where it is now: a follow-up is often about just that."""
    last = next((turn for turn in reversed(turns) if turn.answer), None)
    if last is None:
        return []
    cited: list[Source] = []
    languages = {source.number: source.language for source in last.sources}
    for citation in check_citations(last.citations, read_lines):
        lines = read_lines(citation.path) if citation.state in ("valid", "moved") and not citation.spans else None
        if lines is not None:
            start, end = citation.start_line, citation.end_line
            cited.append(span_source(citation.path, lines, start, end, citation.symbol, languages.get(citation.number, "")))
    return cited
