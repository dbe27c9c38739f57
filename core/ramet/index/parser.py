"""The home of tree-sitter: loads grammars when they are first needed and parses within bounds.

Nothing here raises on odd input: a grammar that cannot be loaded, or a file that takes too long, gives a sentence instead of a
tree.
"""

from __future__ import annotations

import importlib
import re
import time
import warnings
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from tree_sitter import Language, Node, Parser, Query, QueryCursor, QueryError, Range, Tree

_FACTORIES = {
    "bash": ("tree_sitter_bash", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "css": ("tree_sitter_css", "language"),
    "go": ("tree_sitter_go", "language"),
    "html": ("tree_sitter_html", "language"),
    "java": ("tree_sitter_java", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "json": ("tree_sitter_json", "language"),
    "kotlin": ("tree_sitter_kotlin", "language"),
    "lua": ("tree_sitter_lua", "language"),
    "markdown": ("tree_sitter_markdown", "language"),
    "markdown_inline": ("tree_sitter_markdown", "inline_language"),
    "php": ("tree_sitter_php", "language_php"),
    "python": ("tree_sitter_python", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "scala": ("tree_sitter_scala", "language"),
    "sql": ("tree_sitter_sql", "language"),
    "swift": ("tree_sitter_swift", "language"),
    "toml": ("tree_sitter_toml", "language"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "yaml": ("tree_sitter_yaml", "language"),
}
PARSED_LANGUAGES = frozenset(_FACTORIES) - {"markdown_inline"}
"""The languages that have a grammar."""

_LARGEST_PARSE = 8_000_000
"""Bytes; the indexer's own limit is lower, this one protects callers without a limit."""
_PARSE_SECONDS = 3.0
"""CPU time after which a parse is given up: some 15 MB of ordinary code, or one pathological file."""
_DEEP_PREFIX = re.compile(rb"^[ \t>*+\-?0-9.)]{160,}", re.MULTILINE)
_OVERFLOWING = frozenset({"markdown", "yaml"})
"""Grammars that write past a buffer of 1024 bytes, and so crash the process, when some 255 blocks are nested. Every level
takes at least one character at the start of a line, so files with shorter prefixes are safe."""
_ASCII_ONLY = frozenset({"bash"})
"""Grammars whose scanner looks characters up in a table of 256 and crashes the process at larger ones."""
_MASK = bytes(range(128)) + b"x" * 128
"""Makes letters of all bytes outside ASCII; sizes, and so all places in the tree, stay the same."""
_LOCALITY = re.compile(r"\(#is(?:-not)?\?[^)]*\)")
_READ_BYTES = 1 << 12
"""What the parser is given at a time; small, because a query's text predicates read in the same steps."""
OPEN_MATCHES = 2_000
"""Matches that a query may have half finished; bounds its time on deeply nested files."""

Points = tuple[tuple[int, int], tuple[int, int]]
"""Where a span starts and ends: 0-based row and column in bytes."""


@cache
def grammar(language: str) -> Language | None:
    """Return the grammar of a language; None when there is none or its package does not load."""
    if language not in _FACTORIES:
        return None
    package, factory = _FACTORIES[language]
    try:
        with warnings.catch_warnings():
            # Older grammar packages hand out a bare pointer, which works and is deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            return Language(getattr(importlib.import_module(package), factory)())
    except (ImportError, OSError, AttributeError, ValueError, TypeError):
        return None


def compile_query(language: str, source: str) -> Query | None:
    """Return a query for a grammar; None when it does not fit. The caller keeps it for good."""
    known = grammar(language)
    if known is None:
        return None
    try:
        # The binding frees what is not its own when a query with this predicate goes away; it says nothing we need.
        return Query(known, _LOCALITY.sub("", source))
    except QueryError:
        return None


@cache
def packaged_query(folder: str, language: str) -> Query | None:
    """Return the query `queries/<folder>/<language>.scm`; None when there is none or it does not fit the grammar."""
    source = files("ramet.index").joinpath("queries", folder, f"{language}.scm")
    return compile_query(language, source.read_text(encoding="utf-8")) if source.is_file() else None


class _Deadline:
    """Tells tree-sitter to stop when this thread has computed for too long; waiting for other threads does not count."""

    def __init__(self) -> None:
        self._end = time.thread_time() + _PARSE_SECONDS

    def is_over(self, _offset: int, _has_error: bool = False) -> bool:
        return time.thread_time() > self._end


def parse(language: str, data: bytes, ranges: Sequence[Range] | None = None) -> tuple[Tree | None, str]:
    """Parse UTF-8 bytes, or parts of them; return the tree, or None and the reason as a short phrase for the user."""
    known = grammar(language)
    if known is None:
        return None, f"the {language} grammar is not available"
    if len(data) > _LARGEST_PARSE:
        return None, "too large to parse"
    if language in _OVERFLOWING and _DEEP_PREFIX.search(data):
        return None, "nested too deeply to parse"
    # Some scanners look for the end of a line and run forever where the file ends first.
    source = data if data.endswith(b"\n") else data + b"\n"
    if language in _ASCII_ONLY:
        source = source.translate(_MASK)
    try:
        tree = Parser(known, included_ranges=ranges).parse(
            lambda offset, _point: source[offset : offset + _READ_BYTES], progress_callback=_Deadline().is_over
        )
    except ValueError:
        return None, "takes too long to parse"
    return tree, ""


def query_matches(
    query: Query, node: Node, points: Points | None = None, open_matches: int = OPEN_MATCHES
) -> list[tuple[int, dict[str, list[Node]]]]:
    """Return the matches of a query below a node, or only those that touch the span between two points.

    Some are left out where more than `open_matches` are half finished at once.
    """
    # A progress callback would be the better bound, but the binding crashes the process when a query has one.
    cursor = QueryCursor(query, match_limit=open_matches)
    if points is not None:
        cursor.set_point_range(*points)
    return cursor.matches(node)


class ErrorExtent(NamedTuple):
    """How much of a file could not be parsed."""

    share: float
    """Part of the bytes, 0 to 1, that lie directly in error nodes."""
    widest: int
    """Children of the largest error node. Queries need time that grows with its square."""


def error_extent(tree: Tree, size: int) -> ErrorExtent:
    """Look at the error nodes of a tree, and at nothing that was parsed without one."""
    lost = widest = 0
    waiting = [tree.root_node]
    while waiting:
        node = waiting.pop()
        if not node.has_error:
            continue
        children = node.children
        if node.is_error:
            widest = max(widest, len(children))
            understood = sum(child.end_byte - child.start_byte for child in children if child.child_count)
            lost += max(node.end_byte - node.start_byte - understood, 0)
        waiting += children
    return ErrorExtent(lost / max(size, 1), widest)
