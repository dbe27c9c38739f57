"""Decides which lines of documents and data form chunks: sections of Markdown, keys, tables, rules, elements and statements."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from itertools import pairwise

from tree_sitter import Node, Tree

from ramet.index.spans import Span, line_windows, without_blank_edges
from ramet.index.symbols import Definition, flatten, last_line
from ramet.models import Symbol

_BLOCK_LINES = 60
"""Neighbouring units are put together up to this many lines; larger ones are cut."""
_OWN_STATEMENT = 3
"""A named SQL statement of this many lines is a chunk of its own."""
_NAMED_SHARE = 0.5
"""A block is named after the one symbol in it when that fills at least this share of its lines."""
_SQL_COMMENT = ("--", "/*", "*", "#")
_HEADING_SEPARATOR = " > "
_HEADING_MARK = re.compile(r"^\s{0,3}(#{1,6})(?:[ \t]+|$)")


def _heading(lines: list[str], definition: Definition) -> tuple[int, str]:
    """Return the level and the text of a heading."""
    first = lines[definition.start_line - 1]
    if mark := _HEADING_MARK.match(first):
        return len(mark[1]), first[mark.end() :].strip().rstrip("#").strip()
    title = " ".join(line.strip() for line in lines[definition.start_line - 1 : definition.end_line - 1])
    underline = lines[definition.end_line - 1].strip()
    return (1 if underline.startswith("=") else 2), title


def _headings(roots: list[Definition], lines: list[str]) -> list[tuple[Symbol, int]]:
    """Return the sections with the line on which their own text begins."""
    marks = [(definition, *_heading(lines, definition)) for definition in flatten(roots)]
    ends = [len(lines)] * len(marks)
    open_sections: list[int] = []
    sections: list[tuple[Symbol, int]] = []
    paths: list[str] = []
    for place, (definition, level, title) in enumerate(marks):
        while open_sections and marks[open_sections[-1]][1] >= level:
            ends[open_sections.pop()] = definition.start_line - 1
        above = paths[open_sections[-1]] + _HEADING_SEPARATOR if open_sections else ""
        paths.append(above + title)
        open_sections.append(place)
    for (definition, _, title), path, end in zip(marks, paths, ends, strict=True):
        edges = without_blank_edges(lines, definition.start_line, end)
        signature = lines[definition.start_line - 1].strip()
        last = edges[1] if edges else definition.end_line
        sections.append((Symbol(title, path, "heading", definition.start_line, last, signature), definition.end_line + 1))
    return sections


def section_spans(roots: list[Definition], lines: list[str]) -> tuple[list[Span], list[Symbol]]:
    """Return the sections of a document; a heading without text of its own goes with the section below it."""
    sections = _headings(roots, lines)
    spans: list[Span] = []
    starts = [symbol.start_line for symbol, _ in sections] + [len(lines) + 1]
    if starts[0] > 1:
        spans += _windows(lines, Span(1, starts[0] - 1, "", "section"))
    pending = 0
    for (symbol, body), (start, following) in zip(sections, pairwise(starts), strict=True):
        first = pending or start
        if following <= len(lines) and without_blank_edges(lines, body, following - 1) is None:
            pending = first
            continue
        pending = 0
        spans += _windows(lines, Span(first, following - 1, symbol.qualified_name, "heading"))
    return spans, [symbol for symbol, _ in sections if symbol.name]


def _windows(lines: list[str], span: Span) -> list[Span]:
    edges = without_blank_edges(lines, span.first, span.last)
    if edges is None:
        return []
    trimmed = Span(*edges, span.symbol, span.kind)
    return [trimmed] if trimmed.last - trimmed.first < _BLOCK_LINES else line_windows(lines, trimmed)


def _units(root: Node) -> list[tuple[int, int]]:
    """Return the largest nodes that fit into a block, as line spans in order; a leaf that does not fit is returned whole."""
    units: list[tuple[int, int]] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        first, last = node.start_point[0] + 1, last_line(node)
        if units and last <= units[-1][1]:
            continue
        if node is not root and (last - first < _BLOCK_LINES or node.named_child_count == 0):
            units.append((first, last))
        else:
            waiting.extend(reversed(node.named_children))
    return units


class _Names:
    """The symbols of a file of data, to name its blocks after."""

    def __init__(self, symbols: list[Definition]) -> None:
        self._symbols = symbols
        self._starts = [symbol.start_line for symbol in symbols]

    def span(self, first: int, last: int) -> Span:
        """Return a span named after the one symbol that fills most of it, or after the innermost one around it."""
        begin, end = bisect_left(self._starts, first), bisect_right(self._starts, last)
        within = self._symbols[begin:end]
        if len(within) == 1 and within[0].line_count >= (last - first + 1) * _NAMED_SHARE:
            return Span(first, last, within[0].qualified_name, within[0].kind)
        around = self._symbols[begin - 1] if begin and not within else None
        while around is not None and around.end_line < last:
            around = around.parent
        return Span(first, last, around.qualified_name, around.kind) if around else Span(first, last, "", "block")


def data_spans(language: str, tree: Tree, roots: list[Definition], lines: list[str]) -> list[Span]:
    """Return the spans that cover a file of data, styles, markup or statements, cut where its structure allows."""
    symbols = flatten(roots)
    alone = {symbol.start_line for symbol in symbols if language == "sql" and symbol.line_count >= _OWN_STATEMENT}
    names = _Names(symbols)
    spans: list[Span] = []
    first = 1
    covered = 0
    for start, last in _units(tree.root_node):
        is_alone = start in alone
        is_commented = is_alone and all(
            line.lstrip().startswith(_SQL_COMMENT) for line in lines[first - 1 : covered] if line.strip()
        )
        if covered >= first and not is_commented and (is_alone or last - first >= _BLOCK_LINES):
            spans += _windows(lines, names.span(first, covered))
            first = covered + 1
        covered = max(covered, last)
        if is_alone:
            spans += _windows(lines, names.span(first, covered))
            first = covered + 1
    spans += _windows(lines, names.span(first, len(lines)))
    return spans
