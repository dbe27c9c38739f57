"""Colours for the viewer: which part of a line is a keyword, a string, a function, ... by tree-sitter highlight queries.

Runs in the app's process, so it imports nothing but the parser. Names of spans are those of the queries, dotted from the general
to the special (`function.method`): a theme that does not know one looks at its first part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from tree_sitter import Node, Query, Range, Tree

from ramet.index.languages import language_of
from ramet.index.parser import PARSED_LANGUAGES, Points, compile_query, error_extent, packaged_query, parse, query_matches

_QUERY_FILES = {
    "bash": ("bash/highlights",),
    "c": ("c/highlights",),
    "cpp": ("c/highlights", "cpp/highlights"),
    "css": ("css/highlights",),
    "go": ("go/highlights",),
    "html": ("html/highlights",),
    "java": ("java/highlights",),
    "javascript": ("javascript/highlights", "javascript/highlights-jsx"),
    "json": ("json/highlights",),
    "lua": ("lua/highlights",),
    "markdown": ("markdown/markdown/highlights",),
    "markdown_inline": ("markdown/markdown_inline/highlights",),
    "php": ("php/highlights",),
    "python": ("python/highlights",),
    "ruby": ("ruby/highlights",),
    "rust": ("rust/highlights",),
    "scala": ("scala/highlights",),
    "sql": ("sql/highlights",),
    "swift": ("swift/highlights",),
    "toml": ("toml/highlights",),
    "tsx": ("javascript/highlights", "javascript/highlights-jsx", "typescript/highlights"),
    "typescript": ("javascript/highlights", "typescript/highlights"),
    "yaml": ("yaml/highlights",),
}
"""Queries that the grammar packages ship; the others are in `queries/highlights`. Later ones go before earlier ones."""

_ALIASES = {
    "embedded": "",
    "none": "",
    "nospell": None,
    "spell": None,
    "conceal": None,
    "parameter": "variable.parameter",
    "preproc": "keyword",
    "string.special.key": "property",
    "tag.attribute": "attribute",
    "text.reference": "text.uri",
    "variable.member": "property",
}
"""Names that mean no colour (empty), say nothing about colour (None) or are spelled otherwise elsewhere."""
_STRENGTH = {"variable": 0, "identifier": 0, "property": 1, "string.special.key": 3}
"""What a query says of any identifier or member gives way to what else it says of the same one, wherever that is written."""
_USUAL_STRENGTH = 2

MAX_COLUMNS = 20_000
"""Characters of a line that get colours."""
_LARGE_SPAN = 500_000
"""Bytes of visible lines above which every line is asked for by itself, and only as far as it is coloured."""
_WIDEST_ERROR = 4_000
"""An error node with more children would make every screenful take longer than a blink; such a text stays plain."""
_OPEN_MATCHES = 256
"""As in other editors: plenty for real code, and quick where it is nested absurdly."""
_FENCE_NAMES = {"c++": "cpp", "c#": "csharp", "console": "bash", "js": "javascript", "shell": "bash", "ts": "typescript"}
_FENCE_WORD = re.compile(r"[\w+#-]+")


class Span(NamedTuple):
    """A coloured part of a line: columns in characters, the end not included."""

    start: int
    end: int
    name: str


class _Layer(NamedTuple):
    """One parse of the text, or of the parts of it that are in another language."""

    tree: Tree
    query: Query


@cache
def _highlight_query(language: str) -> Query | None:
    if language not in _QUERY_FILES:
        return packaged_query("highlights", language)
    sources = []
    for name in _QUERY_FILES[language]:
        package, _, rest = name.partition("/")
        source = files(f"tree_sitter_{package}").joinpath("queries", *f"{rest}.scm".split("/"))
        if source.is_file():
            sources.append(source.read_text(encoding="utf-8"))
    return compile_query(language, "\n".join(sources)) if sources else None


def _fence_language(info: str) -> str:
    """Return the language that the words after a code fence name."""
    word = _FENCE_WORD.search(info.lower())
    if not word:
        return ""
    name = _FENCE_NAMES.get(word[0], word[0])
    return name if name in PARSED_LANGUAGES else language_of(f"x.{name}", b"")


def _injections(language: str, tree: Tree, data: bytes) -> dict[str, list[Range]]:
    """Return the parts of a file that are in other languages; fenced code only when its last line is complete (see `parse`)."""
    query = packaged_query("injections", language)
    ranges: dict[str, list[Range]] = {}
    if query is None:
        return ranges
    for _, captures in query_matches(query, tree.root_node):
        if "content" in captures:
            info = (captures["language"][0].text or b"").decode("utf-8", "replace")
            content = captures["content"][0].range
            if data[content.end_byte - 1 : content.end_byte] == b"\n":
                ranges.setdefault(_fence_language(info), []).append(content)
        else:
            ((label, (node, *_)),) = captures.items()
            ranges.setdefault(label.partition(".")[2], []).append(node.range)
    return ranges


def _layers(language: str, data: bytes) -> Iterator[_Layer]:
    if language not in PARSED_LANGUAGES:
        return
    query = _highlight_query(language)
    tree, _ = parse(language, data)
    if tree is None or query is None or error_extent(tree, len(data)).widest > _WIDEST_ERROR:
        return
    yield _Layer(tree, query)
    for inner, ranges in _injections(language, tree, data).items():
        inner_query = _highlight_query(inner)
        if inner_query is not None:
            ranges.sort(key=lambda part: part.start_byte)
            inner_tree, _ = parse(inner, data, ranges)
            if inner_tree is not None and error_extent(inner_tree, len(data)).widest <= _WIDEST_ERROR:
                yield _Layer(inner_tree, inner_query)


class Highlighter:
    """A parsed text that can be asked for the colours of any of its lines. Building it parses, which takes a second per 5 MB."""

    def __init__(self, language: str, text: str) -> None:
        data = text.encode("utf-8", "replace")
        self._rows = data.split(b"\n")
        if len(self._rows) > 1 and not self._rows[-1]:
            self._rows.pop()
        self._layers = tuple(_layers(language, data))

    @property
    def line_count(self) -> int:
        """Lines of the text; an empty text has one."""
        return len(self._rows)

    def spans(self, first_line: int, last_line: int) -> list[list[Span]]:
        """Return the spans of each line from `first_line` to `last_line`, 1-based and inclusive, as far as there are lines."""
        first, last = max(first_line, 1) - 1, min(last_line, len(self._rows)) - 1
        if last < first:
            return []
        canvas = _Canvas(self._rows, first, last)
        for layer in self._layers:
            for points in _point_ranges(self._rows, first, last):
                canvas.paint(_captures(layer, points))
        return canvas.spans()


def _point_ranges(rows: list[bytes], first: int, last: int) -> list[Points]:
    if sum(map(len, rows[first : last + 1])) <= _LARGE_SPAN:
        return [((first, 0), (last, len(rows[last])))]
    return [((row, 0), (row, min(len(rows[row]), MAX_COLUMNS))) for row in range(first, last + 1)]


def _captures(layer: _Layer, points: Points) -> list[tuple[Node, str]]:
    """Return the named nodes in the order in which they are painted: outer before inner, weak before strong."""
    found = []
    for pattern, captures in query_matches(layer.query, layer.tree.root_node, points, _OPEN_MATCHES):
        for label, nodes in captures.items():
            name = _ALIASES.get(label, label)
            if name is not None and not label.startswith("_"):
                strength = _STRENGTH.get(label, _USUAL_STRENGTH)
                found += [(node.start_byte, -node.end_byte, strength, pattern, name, node) for node in nodes]
    found.sort(key=lambda item: item[:4])
    return [(node, name) for *_, name, node in found]


class _Canvas:
    """The visible lines, each character with the name painted last on it."""

    def __init__(self, rows: list[bytes], first: int, last: int) -> None:
        self._rows = rows[first : last + 1]
        self._first = first
        self._columns = [_columns(row) for row in self._rows]
        widths = (len(row) if columns is None else columns[-1] for row, columns in zip(self._rows, self._columns, strict=True))
        self._names = [[""] * min(width, MAX_COLUMNS) for width in widths]

    def paint(self, captures: list[tuple[Node, str]]) -> None:
        """Paint nodes in the given order."""
        for node, name in captures:
            (start_row, start), (end_row, end) = node.start_point, node.end_point
            for row in range(max(start_row, self._first), min(end_row, self._first + len(self._rows) - 1) + 1):
                self._paint_row(row - self._first, start if row == start_row else 0, end if row == end_row else None, name)

    def _paint_row(self, row: int, start: int, end: int | None, name: str) -> None:
        names, columns = self._names[row], self._columns[row]
        if columns is not None:
            start = columns[min(start, len(columns) - 1)]
            end = None if end is None else columns[min(end, len(columns) - 1)]
        stop = len(names) if end is None else min(end, len(names))
        if start < stop:
            names[start:stop] = [name] * (stop - start)

    def spans(self) -> list[list[Span]]:
        """Return what was painted, line by line."""
        return [_runs(names) for names in self._names]


def _columns(row: bytes) -> list[int] | None:
    """Return the character column of every byte of a line and of its end; None where they are the same."""
    if row.isascii():
        return None
    columns: list[int] = []
    column = -1
    for byte in row:
        column += byte & 0xC0 != 0x80
        columns.append(column)
    return [*columns, column + 1]


def _runs(names: list[str]) -> list[Span]:
    runs: list[Span] = []
    start = 0
    for place in range(1, len(names) + 1):
        if place == len(names) or names[place] != names[start]:
            if names[start]:
                runs.append(Span(start, place, names[start]))
            start = place
    return runs


def highlight(language: str, text: str, first_line: int | None = None, last_line: int | None = None) -> list[list[Span]]:
    """Return the spans of the lines of a text; for one that is shown again and again keep a `Highlighter` instead."""
    document = Highlighter(language, text)
    return document.spans(first_line or 1, document.line_count if last_line is None else last_line)
