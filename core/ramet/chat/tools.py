"""The tools that a model may call: all of them only read, and only what the file set of the repository holds."""

from __future__ import annotations

import asyncio
import fnmatch
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ramet.chat.grep import grep
from ramet.chat.repository import Repository
from ramet.chat.source_book import SourceBook
from ramet.errors import RametError
from ramet.llm.protocol import ToolCall, ToolSpec
from ramet.models import Source
from ramet.prompt.fences import fenced
from ramet.prompt.sources import source_of, sources_block, span_source
from ramet.prompt.trimming import TokenCounter, cut_middle

_MOST_LINES = 400
"""Lines of a file that one call shows."""
_DEFAULT_LINES = 200
_MOST_HITS = 10
_MOST_MATCHES = 60
_MOST_SYMBOLS = 150
_CONTEXT_LINES = 2
"""Lines shown on either side of a match."""
_RESULT_TOKENS = 3_000
"""What one result may take of the context."""
_LONGEST_ERROR = 500

Arguments = TypeVar("Arguments", bound=Struct)


class ToolResult(Struct, frozen=True):
    """What goes back to the model, a sentence for people, and the sources it may cite from now on."""

    content: str
    summary: str
    sources: tuple[Source, ...] = ()


class SearchArguments(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of search_code."""

    query: str
    limit: int = 6


class ReadArguments(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of read_file."""

    path: str
    start_line: int = 1
    end_line: int | None = None


class SymbolArguments(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of list_symbols."""

    path: str = ""
    query: str = ""


class ReferenceArguments(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of find_references."""

    name: str


class GrepArguments(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of grep."""

    pattern: str
    path: str = ""


def _schema(required: Sequence[str], **properties: tuple[str, str]) -> dict[str, Any]:
    """Return a JSON schema (free-form by nature) from name=(type, description)."""
    described = {name: {"type": kind, "description": text} for name, (kind, text) in properties.items()}
    return {"type": "object", "properties": described, "required": list(required), "additionalProperties": False}


TOOLS = (
    ToolSpec(
        "search_code",
        "Search the repository by meaning and by words. Returns the best spans of code as new numbered sources.",
        _schema(["query"], query=("string", "What to look for: words, names, an error message."), limit=("integer", "1 to 10.")),
    ),
    ToolSpec(
        "read_file",
        f"Read lines of a file, at most {_MOST_LINES} at once. Returns a new numbered source.",
        _schema(
            ["path"],
            path=("string", "Path from the root of the repository."),
            start_line=("integer", "First line, from 1."),
            end_line=("integer", "Last line, inclusive."),
        ),
    ),
    ToolSpec(
        "list_symbols",
        "List definitions: of one file in order, or those in the whole repository whose name matches a query.",
        _schema([], path=("string", "A file."), query=("string", "A name or part of it.")),
    ),
    ToolSpec(
        "find_references",
        "Find where a name is used. Returns the places as new numbered sources.",
        _schema(["name"], name=("string", "Name of a function, method, class or constant.")),
    ),
    ToolSpec(
        "grep",
        "Find lines that match a regular expression (Python syntax). Returns the places as new numbered sources.",
        _schema(
            ["pattern"],
            pattern=("string", "The regular expression."),
            path=("string", "Only files below this folder, or matching this glob."),
        ),
    ),
)


class Toolbox:
    """Runs the tools of one answer and puts what they find into its source book."""

    def __init__(self, repository: Repository, book: SourceBook, count: TokenCounter, max_file_bytes: int) -> None:
        self._repository = repository
        self._book = book
        self._count = count
        self._max_file_bytes = max_file_bytes
        self._runners: dict[str, Callable[[str], Awaitable[ToolResult]]] = {
            "search_code": lambda raw: self._search(_arguments(raw, SearchArguments)),
            "read_file": lambda raw: self._read(_arguments(raw, ReadArguments)),
            "list_symbols": lambda raw: self._symbols(_arguments(raw, SymbolArguments)),
            "find_references": lambda raw: self._references(_arguments(raw, ReferenceArguments)),
            "grep": lambda raw: self._grep(_arguments(raw, GrepArguments)),
        }

    async def run(self, call: ToolCall) -> ToolResult:
        """Return the result of a call; whatever is wrong with it goes back to the model as text."""
        runner = self._runners.get(call.name)
        if runner is None:
            return _refusal(f"There is no tool {call.name[:100]!r}. Tools: {', '.join(self._runners)}.")
        try:
            return await runner(call.arguments)
        except msgspec.DecodeError as error:
            return _refusal(f"Wrong arguments for {call.name}: {error}")
        except RametError as error:
            return _refusal(f"{call.name} failed: {error}")

    async def _search(self, wanted: SearchArguments) -> ToolResult:
        if not wanted.query.strip():
            return _refusal("The query is empty.")
        found = await self._repository.search(wanted.query, min(max(wanted.limit, 1), _MOST_HITS))
        return self._with_sources([source_of(hit) for hit in found.hits], f"for {_short(wanted.query)}")

    async def _read(self, wanted: ReadArguments) -> ToolResult:
        path = _normal(wanted.path)
        if path not in await self._repository.files():
            return _refusal(await self._no_such_file(path))
        lines = await asyncio.to_thread(self._repository.read_lines, path)
        if lines is None:
            return _refusal(f"{path} cannot be read as text.")
        start = max(1, wanted.start_line)
        end = wanted.end_line if wanted.end_line is not None else start + _DEFAULT_LINES - 1
        end = min(end, start + _MOST_LINES - 1, len(lines))
        if start > end:
            return _refusal(f"{path} has {len(lines)} lines; none of them is in the range from {start}.")
        source = self._fitting(path, lines, start, end)
        rest = f"\n{path} has {len(lines)} lines in all." if source.end_line < len(lines) else ""
        return ToolResult(sources_block([source]) + rest, f"{path}:{source.start_line}-{source.end_line}", (source,))

    async def _no_such_file(self, path: str) -> str:
        name = path.rsplit("/", 1)[-1]
        near = [other for other in await self._repository.files() if other == name or other.endswith(f"/{name}")][:5]
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        return f"There is no file {path[:200]!r} in the repository.{hint}"

    async def _symbols(self, wanted: SymbolArguments) -> ToolResult:
        path = _normal(wanted.path)
        if not path and not wanted.query.strip():
            return _refusal("Give a path or a query.")
        symbols = await self._repository.symbols(wanted.query, path, _MOST_SYMBOLS)
        if not symbols:
            return ToolResult("No definitions found.", "nothing found")
        listed = "\n".join(
            f"{symbol.path or path}:{symbol.start_line}-{symbol.end_line} {symbol.kind} {symbol.qualified_name}:"
            f" {symbol.signature[:160]}"
            for symbol in symbols
        )
        content = fenced("symbols", cut_middle(listed, _RESULT_TOKENS, self._count))
        return ToolResult(f"{content}\nRead a place with read_file before you cite it.", f"{len(symbols)} definitions")

    async def _references(self, wanted: ReferenceArguments) -> ToolResult:
        name = wanted.name.strip().rsplit(".", 1)[-1]
        if not name:
            return _refusal("The name is empty.")
        references = await self._repository.references(name, _MOST_MATCHES)
        places = [(reference.path, reference.line) for reference in references]
        return self._with_sources(await asyncio.to_thread(self._spans, places), f"that use {_short(name)}")

    async def _grep(self, wanted: GrepArguments) -> ToolResult:
        files = _below(await self._repository.files(), _normal(wanted.path))
        if not files:
            return _refusal(f"No file is below or matches {wanted.path[:200]!r}.")
        found = await grep(
            self._repository.root,
            files,
            wanted.pattern,
            limit=_MOST_MATCHES,
            max_bytes=self._max_file_bytes,
            commit=self._repository.commit,
        )
        spans = await asyncio.to_thread(self._spans, found.places)
        return self._with_sources(spans, f"that match {_short(wanted.pattern)}", found.limit_note)

    def _spans(self, places: Iterable[tuple[str, int]]) -> list[Source]:
        """Return places with the lines around them, those near to each other as one span."""
        spans: list[Source] = []
        by_path: dict[str, list[int]] = {}
        for path, line in places:
            by_path.setdefault(path, []).append(line)
        for path, numbers in by_path.items():
            lines = self._repository.read_lines(path)
            if lines is None:
                continue
            start = end = 0
            for number in sorted(n for n in numbers if n <= len(lines)):
                first, last = max(1, number - _CONTEXT_LINES), min(len(lines), number + _CONTEXT_LINES)
                if start and first > end + 1:
                    spans.append(span_source(path, lines, start, end))
                    start = 0
                start, end = start or first, last
            if start:
                spans.append(span_source(path, lines, start, end))
        return spans

    def _fitting(self, path: str, lines: Sequence[str], start: int, end: int) -> Source:
        """Return as many of the lines, from the first, as one result may hold."""
        source = span_source(path, lines, start, end)
        while self._count(source.text) > _RESULT_TOKENS and end > start:
            end = start + (end - start) * 3 // 4
            source = span_source(path, lines, start, end)
        return self._book.add(source)

    def _with_sources(self, spans: Sequence[Source], what: str, note: str = "") -> ToolResult:
        """Number as many spans as one result may hold and say how many there are."""
        shown: list[Source] = []
        spent = 0
        for span in spans:
            spent += self._count(span.text)
            if shown and spent > _RESULT_TOKENS:
                note = note or f"{len(spans) - len(shown)} more places are not shown."
                break
            shown.append(self._book.add(span))
        if not shown:
            return ToolResult(f"Nothing found. {note}".rstrip(), f"nothing {what}")
        sources = tuple(dict.fromkeys(shown))
        content = sources_block(sources) + (f"\n{note}" if note else "")
        return ToolResult(content, f"{len(sources)} {'place' if len(sources) == 1 else 'places'} {what}", sources)


def _arguments(raw: str, kind: type[Arguments]) -> Arguments:
    """Return the arguments of a call; models write numbers as strings now and then. Raises msgspec.DecodeError."""
    decoded = msgspec.json.decode(raw.encode("utf-8", "replace") or b"{}")
    return msgspec.convert(decoded, kind, strict=False)


def _refusal(sentence: str) -> ToolResult:
    short = sentence if len(sentence) <= _LONGEST_ERROR else sentence[:_LONGEST_ERROR] + "…"
    return ToolResult(short, short)


def _normal(path: str) -> str:
    return path.strip().removeprefix("./").strip("/").replace("//", "/") if path.strip() != "." else ""


def _below(files: Sequence[str], path: str) -> list[str]:
    """Return the files in a folder, the file of that name, or those that match a glob."""
    if not path:
        return list(files)
    chosen = [file for file in files if file == path or file.startswith(f"{path}/")]
    names = [(file, file.rsplit("/", 1)[-1]) for file in files] if not chosen else []
    return chosen or [file for file, name in names if fnmatch.fnmatchcase(file, path) or fnmatch.fnmatchcase(name, path)]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return f"`{line[:60]}…`" if len(line) > 60 else f"`{line}`"
