"""Decides which lines of a program form chunks, from its definitions; works on line numbers only."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from ramet.index.symbols import FUNCTION_KINDS, NAMESPACE_KINDS, Definition

WINDOW_LINES = 50
WINDOW_OVERLAP = 10
_LONGEST_GAP = 60
"""Lines between definitions that stay one chunk; more are cut into windows."""
_LONGEST_DEFINITION = 120
_DEFINITION_OVERLAP = 20
_SMALL_MINOR = 5
"""A constant, field or type of fewer lines shares a chunk with its neighbours."""
_SMALL_CLASS = 5
"""A class of up to this many lines stays whole."""
_LONGEST_OPENING = 3
_NAMED_SHARE = 0.5
"""A span is named after the one small definition in it when that fills at least this share of its lines."""
_LARGE_VARIABLE = 60
"""A longer object literal is cut at its functions, as a class is."""
_DEEPEST_NESTING = 60
"""Definitions nested deeper stay in the chunk around them."""
_LONGEST_COMMENT = 200
_LONGEST_ATTRIBUTE = 20

_HASH = ("#",)
_SLASHES = ("//",)
_COMMENT_PREFIXES: dict[str, tuple[str, ...]] = {
    "bash": _HASH,
    "lua": ("--",),
    "php": ("//", "#"),
    "python": _HASH,
    "ruby": _HASH,
    "rust": ("//", "#["),
}
_CLOSING = re.compile(
    r"(?!\s*(?://|--|/\*|#(?!\s*endif)))(?:\s*#\s*endif.*|(?:[\s\])}>;,.]|(?:end|fi|done|esac)\b|(?:public|private|protected):)*(?:(?://|--|#|/\*).*)?)"
)
"""A line that only closes what stands above it."""


@dataclass(frozen=True, slots=True)
class Span:
    """A chunk to be: lines, 1-based and inclusive, and what they belong to."""

    first: int
    last: int
    symbol: str
    kind: str


def without_blank_edges(lines: list[str], first: int, last: int) -> tuple[int, int] | None:
    """Return the span without empty lines at its ends; None when nothing is left."""
    while first <= last and not lines[first - 1].strip():
        first += 1
    while last >= first and not lines[last - 1].strip():
        last -= 1
    return (first, last) if first <= last else None


def _cut(lines: list[str], span: Span, size: int, overlap: int) -> list[Span]:
    """Cut a span into windows of at most `size` lines, each beginning `overlap` lines before the end of the one before."""
    windows: list[Span] = []
    first = span.first
    while True:
        last = min(first + size - 1, span.last)
        if edges := without_blank_edges(lines, first, last):
            windows.append(Span(*edges, span.symbol, span.kind))
        if last == span.last:
            return windows
        first = last + 1 - overlap


def line_windows(lines: list[str], span: Span) -> list[Span]:
    """Cut a span without regard to its content."""
    return _cut(lines, span, WINDOW_LINES, WINDOW_OVERLAP)


def definition_windows(lines: list[str], span: Span) -> list[Span]:
    """Return the span of a definition, in parts when it is long."""
    if span.last - span.first < _LONGEST_DEFINITION:
        edges = without_blank_edges(lines, span.first, span.last)
        return [Span(*edges, span.symbol, span.kind)] if edges else []
    return _cut(lines, span, _LONGEST_DEFINITION, _DEFINITION_OVERLAP)


def _is_small(definition: Definition) -> bool:
    """Whether a definition shares a chunk with what is around it, as long as nothing larger is in it."""
    if definition.is_minor:
        return definition.line_count < _SMALL_MINOR
    parent = definition.parent
    is_member = parent is not None and parent.is_symbol and parent.kind not in NAMESPACE_KINDS
    return definition.line_count == 1 and (definition.kind == "macro" or (is_member and definition.kind in FUNCTION_KINDS))


def _forms_chunk(definition: Definition) -> bool:
    return not _is_small(definition) or not all(map(_is_small, definition.children))


def _is_opened(definition: Definition, depth: int) -> bool:
    """Whether the definition is cut at the definitions in it."""
    if depth >= _DEEPEST_NESTING or not any(map(_forms_chunk, definition.children)):
        return False
    if definition.kind in NAMESPACE_KINDS:
        return True
    if definition.kind in FUNCTION_KINDS:
        return definition.line_count > _LONGEST_DEFINITION
    if definition.is_minor:
        return definition.line_count > _LARGE_VARIABLE
    return definition.line_count > _SMALL_CLASS or not definition.is_symbol


class _Small:
    """The definitions of one level that form no chunks, by the line on which they start."""

    def __init__(self, inside: list[Definition]) -> None:
        self._definitions = [definition for definition in inside if not _forms_chunk(definition)]
        self._starts = [definition.start_line for definition in self._definitions]

    def starting(self, first: int, last: int) -> list[Definition]:
        """Return those that start within a span."""
        return self._definitions[bisect_left(self._starts, first) : bisect_right(self._starts, last)]


class _Cutter:
    """Collects the spans of one file from top to bottom."""

    def __init__(self, language: str, lines: list[str]) -> None:
        self._lines = lines
        self._prefixes = _COMMENT_PREFIXES.get(language, _SLASHES)
        self._has_blocks = language not in ("python", "ruby", "bash", "lua")
        self.spans: list[Span] = []

    def cut(self, first: int, last: int, inside: list[Definition], owner: Definition | None, depth: int) -> None:
        """Cover the lines `first` to `last`, which hold the definitions `inside` and otherwise belong to `owner`."""
        small = _Small(inside)
        namespaces = {definition.start_line for definition in inside if definition.kind in NAMESPACE_KINDS}
        place = first
        for definition in self._forming(inside, depth):
            if definition.end_line < place:
                continue
            start = self._with_comments(definition.start_line, place)
            if opening := self._opening(place, start - 1, owner, namespaces):
                start = opening
            else:
                self._gap(place, start - 1, owner, small)
            self._definition(definition, max(start, min(place, definition.start_line)), depth)
            place = max(place, definition.end_line + 1)
        self._gap(place, last, owner, small)

    def _opening(self, first: int, last: int, owner: Definition | None, namespaces: set[int]) -> int:
        """Return where the lines between definitions begin if they only open a namespace or a Rust impl; else 0.

        Such a line says little alone and something about the definition below it, so it goes there.
        """
        edges = without_blank_edges(self._lines, first, last)
        if edges is None or edges[1] - edges[0] >= _LONGEST_OPENING:
            return 0
        is_impl = owner is not None and not owner.is_symbol and edges[0] <= owner.start_line <= edges[1]
        return edges[0] if is_impl or edges[0] in namespaces else 0

    def _forming(self, inside: list[Definition], depth: int) -> list[Definition]:
        """Return the definitions that become chunks; a namespace is replaced by what is in it."""
        forming: list[Definition] = []
        for definition in inside:
            if definition.kind in NAMESPACE_KINDS and _is_opened(definition, depth):
                forming += self._forming(definition.children, depth + 1)
            elif _forms_chunk(definition):
                forming.append(definition)
        return forming

    def _definition(self, definition: Definition, first: int, depth: int) -> None:
        if _is_opened(definition, depth):
            self.cut(first, definition.end_line, definition.children, definition, depth + 1)
            return
        span = Span(first, definition.end_line, definition.qualified_name, definition.kind)
        self.spans += definition_windows(self._lines, span)

    def _gap(self, first: int, last: int, owner: Definition | None, small: _Small) -> None:
        """Add the lines between definitions; what only closes goes to the chunk before."""
        edges = without_blank_edges(self._lines, first, last)
        if edges is None:
            return
        first, last = edges
        if self.spans and all(map(_CLOSING.fullmatch, self._lines[first - 1 : last])):
            before = self.spans[-1]
            self.spans[-1] = Span(before.first, last, before.symbol, before.kind)
            return
        symbol, kind = (owner.qualified_name, owner.kind) if owner else ("", "module")
        within = small.starting(first, last)
        if len(within) == 1 and within[0].line_count >= (last - first + 1) * _NAMED_SHARE:
            symbol, kind = within[0].qualified_name, within[0].kind
        span = Span(first, last, symbol, kind)
        self.spans += [span] if last - first < _LONGEST_GAP else line_windows(self._lines, span)

    def _with_comments(self, line: int, limit: int) -> int:
        """Return the first line of the comments and attributes that stand directly above a line, not above `limit`."""
        while line > limit:
            above = self._lines[line - 2].strip()
            if above.startswith(self._prefixes):
                line -= 1
            elif self._has_blocks and above.endswith("*/"):
                begin = self._line_starting("/*", line - 1, max(limit, line - _LONGEST_COMMENT))
                if not begin:
                    return line
                line = begin
            elif "#[" in self._prefixes and above.endswith("]"):
                begin = self._line_starting("#[", line - 1, max(limit, line - _LONGEST_ATTRIBUTE))
                if not begin:
                    return line
                line = begin
            else:
                return line
        return line

    def _line_starting(self, mark: str, line: int, limit: int) -> int:
        """Return the nearest line at or above `line` that starts with `mark`; 0 when there is none down to `limit`."""
        for candidate in range(line, limit - 1, -1):
            text = self._lines[candidate - 1].strip()
            if text.startswith(mark):
                return candidate
            if not text or (mark in text):
                return 0
        return 0


def code_spans(language: str, roots: list[Definition], lines: list[str]) -> list[Span]:
    """Return the spans that cover a program: functions, class headers, and what is between them."""
    cutter = _Cutter(language, lines)
    cutter.cut(1, len(lines), roots, None, 0)
    return cutter.spans
