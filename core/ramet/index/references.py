"""Finds the uses of a name in the text of candidate files, as whole words, without its definitions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ramet.index.file_reader import FileReader
from ramet.index.reading import Unreadable
from ramet.models import Reference, Symbol
from ramet.store.records import SymbolRecord

_LONGEST_TEXT = 300
"""Characters of a line that are shown."""


def find_references(
    reader: FileReader, name: str, candidates: Sequence[tuple[str, Sequence[SymbolRecord]]], limit: int
) -> tuple[Reference, ...]:
    """Return the uses of a name in the candidates as the reader has them; files that are gone have none."""
    pattern = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
    found: list[Reference] = []
    reader.expect([path for path, _ in candidates])
    for path, symbols in candidates:
        if len(found) >= limit:
            break
        try:
            lines = reader.lines(path)
        except Unreadable:
            continue
        found += _references_in(path, lines, pattern, name, symbols)
    return tuple(found[:limit])


def _references_in(
    path: str, lines: Sequence[str], pattern: re.Pattern[str], name: str, symbols: Sequence[SymbolRecord]
) -> Iterable[Reference]:
    definitions = {definition_line(lines, symbol) for symbol in symbols if symbol.name == name}
    for number, line in enumerate(lines, 1):
        matches = list(pattern.finditer(line))
        if number in definitions:
            # The first occurrence on the line is the definition; `x = x + 1` uses the name as well.
            matches = matches[1:]
        for match in matches:
            yield Reference(path, number, match.start() + 1, line.strip()[:_LONGEST_TEXT], _owner(number, symbols))


def definition_line(lines: Sequence[str], symbol: SymbolRecord | Symbol) -> int:
    """Return the line that names the symbol: decorators and comments may stand before it."""
    for number in range(symbol.start_line, min(symbol.end_line, len(lines)) + 1):
        if symbol.signature and lines[number - 1].strip().startswith(symbol.signature):
            return number
    return symbol.start_line


def _owner(line: int, symbols: Sequence[SymbolRecord]) -> str:
    around = [symbol for symbol in symbols if symbol.start_line <= line <= symbol.end_line]
    return min(around, key=lambda symbol: symbol.end_line - symbol.start_line).qualified_name if around else ""
