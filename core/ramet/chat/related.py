"""Finds what a question about callers or callees needs: the places that use a definition, or the definitions that it uses."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from ramet.chat.repository import Repository
from ramet.index.languages import language_of
from ramet.index.symbols import FUNCTION_KINDS
from ramet.models import Reason, Reference, Source, Symbol
from ramet.prompt.relations import Relation
from ramet.prompt.sources import span_source
from ramet.tokens import bare_name

_MOST_REFERENCES = 200
_MOST_CALLERS = 15
_MOST_CALLEES = 15
_MOST_NAMES = 60
"""Names called in one definition that are looked up."""
_MOST_NAMESAKES = 3
"""A name with more definitions says nothing about which one is called."""
_WHOLE_LINES = 40
"""A caller or callee of up to this many lines is shown whole, of a longer one the lines around the use or its beginning."""
_AROUND = 4
"""Lines shown on either side of a use."""
_BEGINNING = 15
_PROSE = (".md", ".rst", ".txt")
_TEST = re.compile(r"(?:^|/)(?:tests?|specs?|__tests__)/|(?:^|/)(?:test_[^/]*|[^/]*(?:_test|\.test|\.spec))\.\w+$")
_IMPORT = re.compile(r"\s*(?:from\s.*\simport\s|import\b|use\s|using\s|require\b|#\s*include\b|export\s.*\sfrom\s)")
_CALL = re.compile(r"(?<![\w$])([A-Za-z_$][\w$]*)\s*(?:!|\?\.)?\(")


async def related_sources(relation: Relation, repository: Repository) -> list[Source]:
    """Return the definition that a question is about, then what uses it or what it uses; nothing when it is not defined here."""
    name = relation.name.rsplit(".", 1)[-1]
    named = await repository.definitions(names=[name])
    defined = [symbol for symbol in named if f".{bare_name(symbol.qualified_name)}".endswith(f".{relation.name}")] or list(named)
    if not defined or (relation.kind == "callees" and len(defined) > _MOST_NAMESAKES):
        return []
    if relation.kind == "callers":
        used = await repository.references(name, _MOST_REFERENCES)
        owners = await repository.definitions(paths=list(dict.fromkeys(use.path for use in used)))
        related = await asyncio.to_thread(_callers, used, owners, defined, repository)
    else:
        called = await asyncio.to_thread(_called_names, defined, repository)
        candidates = await repository.definitions(names=called)
        related = await asyncio.to_thread(_callees, called, candidates, defined, repository)
    definitions = await asyncio.to_thread(_definitions, defined[:_MOST_NAMESAKES], repository)
    return [*definitions, *related]


def _definitions(symbols: Iterable[Symbol], repository: Repository) -> list[Source]:
    return [source for symbol in symbols if (source := _shown(symbol, repository, f"defines {symbol.name}")) is not None]


def _callers(
    used: Sequence[Reference], owners: Sequence[Symbol], defined: Sequence[Symbol], repository: Repository
) -> list[Source]:
    """Return one source for each definition that uses the name: code first, then tests, then prose and imports."""
    by_name = {(symbol.path, symbol.qualified_name): symbol for symbol in owners}
    places: dict[tuple[str, str], Reference] = {}
    for use in sorted(used, key=_telling):
        is_own = any(use.path == symbol.path and symbol.start_line <= use.line <= symbol.end_line for symbol in defined)
        if not is_own:
            places.setdefault((use.path, use.symbol or str(use.line)), use)
    sources: list[Source] = []
    for place, use in list(places.items())[:_MOST_CALLERS]:
        source = _use(use, by_name.get(place), repository)
        if source is not None:
            sources.append(source)
    return sources


def _telling(use: Reference) -> tuple[int, str, int]:
    if use.path.endswith(_PROSE) or _IMPORT.match(use.text):
        return 2, use.path, use.line
    return (1 if _TEST.search(use.path) else 0), use.path, use.line


def _use(use: Reference, owner: Symbol | None, repository: Repository) -> Source | None:
    lines = repository.read_lines(use.path)
    if lines is None or use.line > len(lines):
        return None
    first, last = max(1, use.line - _AROUND), min(len(lines), use.line + _AROUND)
    if owner is not None and owner.end_line <= len(lines):
        first, last = max(first, owner.start_line), min(last, owner.end_line)
        if owner.kind in FUNCTION_KINDS and owner.end_line - owner.start_line < _WHOLE_LINES:
            first, last = owner.start_line, owner.end_line
    source = span_source(use.path, lines, first, last, use.symbol, language_of(use.path, b""))
    return replace(source, reasons=(Reason("symbol", f"used at line {use.line}", 1.0),))


def _called_names(defined: Sequence[Symbol], repository: Repository) -> list[str]:
    """Return the names that are called in definitions, in order."""
    called: dict[str, None] = {}
    for symbol in defined:
        lines = repository.read_lines(symbol.path) or ()
        for line in lines[symbol.start_line - 1 : symbol.end_line]:
            called.update(dict.fromkeys(_CALL.findall(line)))
    return [name for name in called if all(name != symbol.name for symbol in defined)][:_MOST_NAMES]


def _callees(
    called: Sequence[str], candidates: Sequence[Symbol], defined: Sequence[Symbol], repository: Repository
) -> list[Source]:
    """Return the definitions of called names, those of the same file before others of that name."""
    near = {symbol.path for symbol in defined}
    sources: list[Source] = []
    for name in called:
        namesakes = [symbol for symbol in candidates if symbol.name == name]
        chosen = [symbol for symbol in namesakes if symbol.path in near] or namesakes
        if len(chosen) <= _MOST_NAMESAKES:
            shown = (_shown(symbol, repository, f"called by {defined[0].name}") for symbol in chosen)
            sources += [source for source in shown if source is not None]
    return sources[:_MOST_CALLEES]


def _shown(symbol: Symbol, repository: Repository, why: str) -> Source | None:
    """Return a definition, of a long one its beginning."""
    lines = repository.read_lines(symbol.path)
    if lines is None or symbol.end_line > len(lines):
        return None
    is_short = symbol.end_line - symbol.start_line < _WHOLE_LINES
    last = symbol.end_line if is_short else symbol.start_line + _BEGINNING - 1
    source = span_source(symbol.path, lines, symbol.start_line, last, symbol.qualified_name, language_of(symbol.path, b""))
    return replace(source, reasons=(Reason("symbol", why, 1.0),))
