"""The answer without a model: the best places with what they are, why they were found and where they are used."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from ramet.chat.repository import Repository
from ramet.chat.source_book import SourceBook
from ramet.models import Reason, Source, Symbol
from ramet.prompt.sources import span_source
from ramet.providers.table import HOW_TO_SET_A_MODEL

_DETAILED = 5
"""Sources that are described; the others are listed."""
_MOST_USES = 2
"""Places of use named for one source: each becomes a source itself, and a list of twenty is not read."""
_MOST_REFERENCES = 50
_PROSE_ENDINGS = (".md", ".rst", ".txt")
"""Uses in code tell more than mentions in prose and go first."""
_SHOWN_LINES = 8
"""Lines of a source that are quoted where no signature is known."""
_MOST_DOC_CHARS = 240
_LABELS = {
    "lexical": "words",
    "dense": "meaning",
    "symbol": "name",
    "usage": "used in",
    "path": "path",
    "history": "past commits",
}
_DOCSTRING = re.compile(r'^\s*[rRuU]?(?:"""|\'\'\')\s*(.+?)(?:"""|\'\'\'|\n\s*\n|\Z)', re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r"^\s*(?:///?!?|#+(?!\[)|--|/\*\*?|\*(?!/)|;+|%+)\s?(.*?)\s*(?:\*/)?$")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'`(\[])|(?<=[\u3002\uff01\uff1f])")
_HEADINGS = ("markdown", "text", "rst", "restructuredtext")


async def extractive_answer(book: SourceBook, repository: Repository, is_wanted: bool) -> str:
    """Return the answer as Markdown; places that use the best symbols are added to the book and cited too."""
    sources = book.sources
    if not sources:
        return f"Nothing in the repository matches this question.\n\n{_closing(is_wanted)}"
    described = [await _described(source, book, repository) for source in sources[:_DETAILED]]
    parts = ["These places match the question best.", *described]
    if len(sources) > _DETAILED:
        rest = [f"- {_code(_title(source))} in {_code(_place(source))} [{source.number}]" for source in sources[_DETAILED:]]
        parts.append("Also:\n" + "\n".join(rest))
    parts.append(_closing(is_wanted))
    return "\n\n".join(parts)


def doc_sentence(text: str, language: str) -> str:
    """Return the first sentence of a definition's documentation, or of a section's text; empty when there is none."""
    if language in _HEADINGS:
        paragraph = [
            line for line in text.split("\n") if line.strip() and not line.lstrip().startswith(("#", "=", "-", "```", "|"))
        ]
        return _sentence(paragraph[0] if paragraph else "")
    docstring = _DOCSTRING.search(text) if language == "python" else None
    if docstring is not None:
        return _sentence(docstring[1])
    comments: list[str] = []
    for line in text.split("\n")[:40]:
        comment = _COMMENT.match(line)
        if comment is not None:
            comments.append(comment[1])
        elif comments or (line.strip() and not line.lstrip().startswith(("@", "#["))):
            break
    return _sentence(" ".join(comments))


async def _described(source: Source, book: SourceBook, repository: Repository) -> str:
    symbol = await _symbol_of(source, repository)
    heading = f"**{_code(_title(source))}**" + (f", {symbol.kind}" if symbol else "")
    lines = [f"{heading} in {_code(_place(source))} [{source.number}]"]
    doc = doc_sentence(source.text, source.language)
    if doc:
        lines.append(doc)
    if source.language not in _HEADINGS:
        lines.append(_quoted(source, symbol))
    if source.reasons:
        lines.append(f"Found by {_why(source.reasons)}.")
    uses = await _uses(source, symbol, book, repository)
    if uses:
        lines.append(f"Used in {uses}.")
    return "\n\n".join(lines)


async def _symbol_of(source: Source, repository: Repository) -> Symbol | None:
    if not source.symbol:
        return None
    symbols = await repository.symbols(path=source.path)
    return next((symbol for symbol in symbols if symbol.qualified_name == source.symbol), None)


async def _uses(source: Source, symbol: Symbol | None, book: SourceBook, repository: Repository) -> str:
    """Return cited places that use a symbol, one per surrounding definition."""
    if symbol is None or source.language in _HEADINGS:
        return ""
    cited: dict[str, str] = {}
    found = await repository.references(symbol.name, _MOST_REFERENCES)
    for use in sorted(found, key=lambda use: use.path.endswith(_PROSE_ENDINGS)):
        if use.path == source.path and source.start_line <= use.line <= source.end_line:
            continue
        where = use.symbol or f"{use.path}:{use.line}"
        lines = None if where in cited else await asyncio.to_thread(repository.read_lines, use.path)
        if lines is not None and use.line <= len(lines):
            added = book.add(span_source(use.path, lines, use.line, use.line, use.symbol))
            cited[where] = f"{_code(where)} [{added.number}]"
        if len(cited) == _MOST_USES:
            break
    return ", ".join(cited.values())


def _quoted(source: Source, symbol: Symbol | None) -> str:
    """Return the signature as a code block, or the first lines where there is none."""
    if symbol is not None and symbol.signature:
        text = symbol.signature
    else:
        lines = source.text.strip("\n").split("\n")
        text = "\n".join(lines[:_SHOWN_LINES]) + ("\n…" if len(lines) > _SHOWN_LINES else "")
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{source.language}\n{text}\n{fence}"


def _why(reasons: Sequence[Reason]) -> str:
    """Return why a source was found, each kind of reason once: the merged parts of a source share words."""
    details: dict[str, dict[str, None]] = {}
    for reason in reasons:
        if reason.kind == "kind":
            continue  # it moves a source up, but nothing is found by it
        known = details.setdefault(_LABELS[reason.kind], {})
        if reason.kind != "dense":
            known.update(dict.fromkeys(part for part in reason.detail.split(", ") if part))
    return ", ".join(f"{label} {_code(', '.join(parts))}" if parts else label for label, parts in details.items())


def _title(source: Source) -> str:
    return source.symbol or source.path.rsplit("/", 1)[-1]


def _place(source: Source) -> str:
    return f"{source.path}:{source.start_line}-{source.end_line}"


def _code(text: str) -> str:
    """Return text as inline code, whatever ticks and line breaks it holds."""
    line = " ".join(text.split()).replace("`", "'")
    return f"`{line}`" if line else "`?`"


def _sentence(text: str) -> str:
    flat = " ".join(text.split())
    first = _SENTENCE_END.split(flat, maxsplit=1)[0]
    first = first if len(first) <= _MOST_DOC_CHARS else first[: _MOST_DOC_CHARS - 1].rstrip() + "…"
    return re.sub(r"\[(\d+)\]", r"(\1)", first)  # a number of the text's own is no citation


def _closing(is_wanted: bool) -> str:
    if is_wanted:
        return "This list was made without a model, as asked."
    return f"No chat model is configured, so this is a list of places and not an explanation. {HOW_TO_SET_A_MODEL}"
