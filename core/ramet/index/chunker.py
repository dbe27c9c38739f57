"""Cuts a file into chunks: spans of whole lines that are searched, embedded and cited as one unit.

A chunk's text is exactly its lines joined with line feeds. Every line with anything but white space belongs to a chunk; empty
lines between two chunks belong to none, so that a function's key does not depend on what follows it.
"""

from __future__ import annotations

from hashlib import blake2b

from msgspec import Struct
from tree_sitter import Tree

from ramet.index.blocks import data_spans, section_spans
from ramet.index.languages import HEAD_BYTES, TEXT, language_of
from ramet.index.parser import PARSED_LANGUAGES, error_extent, parse
from ramet.index.spans import Span, code_spans, line_windows, without_blank_edges
from ramet.index.symbols import find_definitions, flatten
from ramet.models import Chunk, Symbol

_KEY_BYTES = 20
_DATA_LANGUAGES = frozenset({"css", "html", "json", "sql", "toml", "yaml"})
_BROKEN_SHARE = 0.5
"""A tree with more than this share of its text inside errors says nothing about the file."""
_WIDEST_ERROR = 15_000
"""An error node with more children would keep the queries busy for seconds."""


class ParsedFile(Struct, frozen=True):
    """What one file's content gives to the index, wherever the file is."""

    language: str
    lines: int
    chunks: tuple[Chunk, ...]
    symbols: tuple[Symbol, ...]
    note: str = ""
    """Why the file was only cut by lines; empty when all is well."""


def split_lines(text: str) -> list[str]:
    """Return the lines of a text: cut at line feeds only, carriage returns kept, no empty last line after a final feed."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def join_lines(lines: list[str], first: int, last: int) -> str:
    """Return the lines `first` to `last`, 1-based and inclusive, as the text of a chunk."""
    return "\n".join(lines[first - 1 : last])


def chunk_key(text: str) -> str:
    """Return the key of a chunk with this text."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).hexdigest()


def _chunk(span: Span, language: str, lines: list[str]) -> Chunk:
    text = join_lines(lines, span.first, span.last)
    return Chunk(chunk_key(text), language, span.symbol, span.kind, span.first, span.last, text)


def _by_lines(language: str, lines: list[str], note: str) -> ParsedFile:
    spans = line_windows(lines, Span(1, len(lines), "", "lines"))
    return ParsedFile(language, len(lines), tuple(_chunk(span, language, lines) for span in spans), (), note)


def _structured(language: str, lines: list[str], tree: Tree, data: bytes) -> ParsedFile:
    roots = find_definitions(language, tree, data)
    if language == "markdown":
        spans, symbols = section_spans(roots, lines)
    else:
        spans = data_spans(language, tree, roots, lines) if language in _DATA_LANGUAGES else code_spans(language, roots, lines)
        symbols = [definition.symbol(lines) for definition in flatten(roots) if definition.is_symbol]
    chunks = tuple(_chunk(span, language, lines) for span in spans)
    return ParsedFile(language, len(lines), chunks, tuple(symbols))


def parse_by_lines(path: str, data: bytes, note: str) -> ParsedFile:
    """Return the chunks of a file whose grammar must not be used; `note` says why."""
    return _by_lines(language_of(path, data[:HEAD_BYTES]), split_lines(data.decode("utf-8", "replace")), note)


def parse_file(path: str, data: bytes) -> ParsedFile:
    """Return the chunks and symbols of a file's content. Never raises: what cannot be parsed is cut by lines, with a note."""
    language = language_of(path, data[:HEAD_BYTES])
    try:
        lines = split_lines(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _by_lines(language, split_lines(data.decode("utf-8", "replace")), "not UTF-8")
    if not without_blank_edges(lines, 1, len(lines)):
        return ParsedFile(language, len(lines), (), ())
    if language == TEXT or language not in PARSED_LANGUAGES:
        return _by_lines(language, lines, "")
    tree, problem = parse(language, data)
    if tree is None:
        return _by_lines(language, lines, problem)
    errors = error_extent(tree, len(data))
    if errors.share > _BROKEN_SHARE or errors.widest > _WIDEST_ERROR:
        return _by_lines(language, lines, "does not parse")
    return _structured(language, lines, tree, data)
