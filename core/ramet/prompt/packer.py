"""Packs the best of what was found into a budget of tokens: whole functions where they fit, no line twice, outlines of the rest.

Works on values alone: whoever calls it has read the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ramet.index.symbols import FUNCTION_KINDS
from ramet.models import Source, Symbol
from ramet.prompt.outline import FileText, OutlineLine, header_of, lines_around, numbers_in, outline_lines, outline_source
from ramet.prompt.sources import joined, merged_reasons, sources_block, span_source
from ramet.prompt.trimming import TokenCounter

_LARGEST_SHARE = 0.5
"""Of the budget, for one source with the weight 1; one that counts half as much may take half of that."""
_SHORT = 400
"""Tokens, some forty lines, that any source may take in its turn."""
_OUTLINE_SHARE = 0.1
"""Of the budget, for outlines: they say where to look on, which the weakest hits hardly do."""
_SMALLEST_SOURCE = 40
"""Tokens; where there is room for fewer, nothing is tried."""


class Candidate(Struct, frozen=True):
    """Something that may become a source, and how much it counts: 1 for the best of all, near 0 for one that hardly matched."""

    source: Source
    weight: float = 1.0


def pack_sources(
    candidates: Sequence[Candidate],
    tokens: int,
    count: TokenCounter,
    files: Mapping[str, FileText],
    given: Sequence[Source] = (),
    first: int = 1,
    *,
    with_outlines: bool = True,
) -> tuple[Source, ...]:
    """Return sources that take at most `tokens` as the model reads them, numbered from `first` in the order of the candidates.

    A candidate with little weight has to be short, unless there is room at the end. The best one is taken even when it is too
    long. What `given` shows already is left out; outlines come last.
    """
    packer = _Packer(tokens, count, files, given)
    reserved = int(tokens * _OUTLINE_SHARE) if with_outlines else 0
    packer.add_all(candidates, tokens - reserved)
    packer.add_outlines(reserved)
    packer.add_waiting()
    return packer.numbered(first)


class _Packer:
    """Collects the sources of one request. It owns them until `numbered`."""

    def __init__(self, tokens: int, count: TokenCounter, files: Mapping[str, FileText], given: Sequence[Source]) -> None:
        self._tokens = tokens
        self._count = count
        self._files = files
        self._given = given
        self._packed: list[Source] = []
        self._outlined: list[Source] = []
        self._waiting: list[Candidate] = []
        self._spent = 0
        self._outlines: dict[str, list[OutlineLine]] = {}

    def add_all(self, candidates: Sequence[Candidate], tokens: int) -> None:
        """Take the candidates in their order; those that are too long for what they count, or find no room, have to wait."""
        for candidate in candidates:
            longest = max(_SHORT, int(self._tokens * _LARGEST_SHARE * candidate.weight))
            if not self._add(candidate, longest, tokens):
                self._waiting.append(candidate)

    def add_waiting(self) -> None:
        """Take those that had to wait, as far as there is room."""
        for candidate in self._waiting:
            self._add(candidate, self._tokens, self._tokens)

    def add_outlines(self, tokens: int) -> None:
        """Take the outlines of the files that have sources, the best first, as far as they fit in a number of tokens."""
        languages = {source.path: source.language for source in reversed(self._packed)}
        for path in dict.fromkeys(source.path for source in self._packed):
            if tokens < _SMALLEST_SOURCE:
                break
            shown = self._shown(path)
            lines = [line for line in self._outline(path) if line.number not in shown]
            if not lines:
                continue
            outline = outline_source(path, languages[path], lines)
            cost = self._cost(outline)
            if cost <= tokens:
                tokens -= cost
                self._spent += cost
                self._outlined.append(outline)

    def numbered(self, first: int) -> tuple[Source, ...]:
        """Return what was packed, without the outline lines of what later sources turned out to show."""
        sources = [self._without_repeated_header(source) for source in self._packed]
        for outline in self._outlined:
            shown = shown_lines(sources, outline.path)
            lines = [line for line in self._outline(outline.path) if line.number in shown_lines([outline], outline.path) - shown]
            if lines:
                sources.append(outline_source(outline.path, outline.language, lines))
        return tuple(replace(source, number=number) for number, source in enumerate(sources, first))

    def _add(self, candidate: Candidate, longest: int, tokens: int) -> bool:
        """Pack a candidate, with all of the function that it is a part of where that fits; return whether it is shown now.

        It may take `longest` tokens, and all sources together `tokens`.
        """
        if self._is_shown(candidate.source):
            return True
        if self._spent + _SMALLEST_SOURCE > tokens and self._packed:
            return False
        is_first = not self._packed
        for source in self._versions(candidate):
            merged, places = self._absorbed(source)
            cost = self._cost(merged) - sum(self._cost(self._packed[place]) for place in places)
            if (is_first and source is candidate.source) or (cost <= longest and self._spent + cost <= tokens):
                self._spent += cost
                self._put(merged, places)
                return True
        return False

    def _versions(self, candidate: Candidate) -> Iterator[Source]:
        """Yield what a candidate may be packed as, the best first."""
        source = candidate.source
        file = self._files.get(source.path)
        function = _function_around(source, file) if file else None
        if file and function:
            start = min(source.start_line, function.start_line)
            whole = span_source(source.path, file.lines, start, function.end_line, function.qualified_name, source.language)
            if self._cost(whole) <= self._tokens * _LARGEST_SHARE * candidate.weight:
                yield replace(whole, reasons=source.reasons)
        yield source

    def _is_shown(self, candidate: Source) -> bool:
        """Whether all lines of a candidate are shown; then its reasons go to the source that shows them."""
        for place, known in enumerate((*self._packed, *self._given)):
            if known.spans or known.path != candidate.path:
                continue
            if known.start_line <= candidate.start_line and candidate.end_line <= known.end_line:
                if place < len(self._packed):
                    self._packed[place] = replace(known, reasons=merged_reasons(known, candidate))
                return True
        return False

    def _absorbed(self, candidate: Source) -> tuple[Source, list[int]]:
        """Return the candidate joined with all neighbours that are packed already, and their places."""
        places: list[int] = []
        merged = candidate
        lines = self._files[candidate.path].lines if candidate.path in self._files else ()
        has_grown = True
        while has_grown:
            has_grown = False
            for place, source in enumerate(self._packed):
                if place in places:
                    continue
                whole = joined(source, merged, lines)
                if whole is not None:
                    merged, has_grown = whole, True
                    places.append(place)
        return replace(merged, header=self._header(merged, places)), sorted(places)

    def _header(self, source: Source, absorbed: Sequence[int]) -> str:
        around = lines_around(self._outline(source.path), source.start_line, source.end_line)
        shown = self._shown(source.path, absorbed) if around else set()
        return header_of(line for line in around if line.number not in shown)

    def _without_repeated_header(self, source: Source) -> Source:
        """Leave out of a header what a later source turned out to show."""
        if not source.header:
            return source
        shown = shown_lines([replace(other, header="") for other in self._packed], source.path)
        kept = [line for line in source.header.split("\n") if numbers_in(line).isdisjoint(shown)]
        return replace(source, header="\n".join(kept))

    def _shown(self, path: str, without: Sequence[int] = ()) -> set[int]:
        others = [source for place, source in enumerate(self._packed) if place not in without]
        return shown_lines((*self._given, *others), path)

    def _outline(self, path: str) -> list[OutlineLine]:
        if path not in self._outlines:
            file = self._files.get(path)
            self._outlines[path] = outline_lines(file) if file else []
        return self._outlines[path]

    def _put(self, source: Source, places: Sequence[int]) -> None:
        """Put a source where the best of those was that it absorbed, else at the end."""
        if not places:
            self._packed.append(source)
            return
        self._packed[places[0]] = source
        for place in reversed(places[1:]):
            del self._packed[place]

    def _cost(self, source: Source) -> int:
        # Its number is not known yet; three digits are as long as any.
        return self._count(sources_block([replace(source, number=100)])) + 1


def shown_lines(sources: Iterable[Source], path: str) -> set[int]:
    """Return the numbers of the lines of a file that sources show, in their text or above it."""
    shown: set[int] = set()
    for source in sources:
        if source.path == path:
            for span in source.spans or (source,):
                shown.update(range(span.start_line, span.end_line + 1))
            shown |= numbers_in(source.header)
    return shown


def _function_around(source: Source, file: FileText) -> Symbol | None:
    """Return the innermost function that a source is only a part of."""
    around = [
        symbol
        for symbol in file.symbols
        if symbol.kind in FUNCTION_KINDS
        and symbol.start_line <= source.end_line <= symbol.end_line
        and (symbol.start_line <= source.start_line or source.symbol == symbol.qualified_name)
        and (symbol.start_line < source.start_line or source.end_line < symbol.end_line)
    ]
    return min(around, key=lambda symbol: symbol.end_line - symbol.start_line, default=None)
