"""Shows definitions by the lines that name them: the outline of a file, and above a method the class that it belongs to.

An outline line is `L12-300: class Cart(Base):`: where the definition is, and the line that names it as it stands in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from ramet.index.chunker import chunk_key
from ramet.index.references import definition_line
from ramet.index.symbols import FUNCTION_KINDS
from ramet.models import Source, Span, Symbol

_OUTLINED_KINDS = FUNCTION_KINDS | {"class", "struct", "union", "interface", "enum", "trait", "object", "record"}
"""Fields, constants, headings and the like say too little for their tokens."""
_LONGEST_LINE = 200
"""Characters; signatures of generated code can be endless."""
_NUMBER = re.compile(r"^L(\d+)-\d+: ", re.MULTILINE)


class FileText(Struct, frozen=True):
    """A file that sources are cut from."""

    lines: Sequence[str]
    symbols: tuple[Symbol, ...] = ()
    """Its definitions, each where its lines are."""


def file_text(lines: Sequence[str], symbols: Sequence[Symbol]) -> FileText:
    """Return a file with its definitions; without them when one is not where the index saw it: the file has changed since."""
    return FileText(lines, tuple(symbols) if all(_is_there(lines, symbol) for symbol in symbols) else ())


class OutlineLine(Struct, frozen=True):
    """The line that names a definition."""

    number: int
    end_line: int
    """Last line of the definition."""
    text: str

    @property
    def shown(self) -> str:
        """The line as the model reads it."""
        return f"L{self.number}-{self.end_line}: {self.text[:_LONGEST_LINE].rstrip()}"


def outline_lines(file: FileText) -> list[OutlineLine]:
    """Return the lines that name the definitions of a file, in its order and none twice."""
    named: dict[int, OutlineLine] = {}
    for symbol in file.symbols:
        if symbol.kind in _OUTLINED_KINDS:
            number = definition_line(file.lines, symbol)
            named.setdefault(number, OutlineLine(number, symbol.end_line, file.lines[number - 1]))
    return [named[number] for number in sorted(named)]


def lines_around(lines: Iterable[OutlineLine], start: int, end: int) -> list[OutlineLine]:
    """Return those of the definitions that hold a span and are named above it, the outermost first."""
    return [line for line in lines if line.number < start and end <= line.end_line]


def outline_source(path: str, language: str, lines: Sequence[OutlineLine]) -> Source:
    """Return outline lines as a source that has no number yet."""
    text = header_of(lines)
    spans = tuple(Span(line.number, line.number, chunk_key(line.text)) for line in lines)
    return Source(0, path, spans[0].start_line, spans[-1].end_line, "", language, chunk_key(text), text, spans=spans)


def header_of(lines: Iterable[OutlineLine]) -> str:
    """Return outline lines as text."""
    return "\n".join(line.shown for line in lines)


def numbers_in(header: str) -> set[int]:
    """Return the numbers of the lines that a text made of outline lines shows."""
    return {int(number) for number in _NUMBER.findall(header)}


def _is_there(lines: Sequence[str], symbol: Symbol) -> bool:
    if not 1 <= symbol.start_line <= symbol.end_line <= len(lines):
        return False
    # No definition begins or ends with an empty line.
    has_edges = bool(lines[symbol.start_line - 1].strip() and lines[symbol.end_line - 1].strip())
    return has_edges and lines[definition_line(lines, symbol) - 1].strip().startswith(symbol.signature)
