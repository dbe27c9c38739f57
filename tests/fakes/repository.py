"""A repository on disk with a plain word search, for tests of what is built on search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ramet.chat.files import read_lines
from ramet.index.chunker import ParsedFile, parse_file
from ramet.models import Chunk, Hit, IndexStatus, Reason, Reference, SearchResult, Symbol

_WORD = re.compile(r"[A-Za-z_]{3,}")


class FolderRepository:
    """All files of a folder but its `.git`; parsed by the real chunker, found by counting words, and recording the queries."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.commit = ""
        self.queries: list[str] = []
        self.notes: tuple[str, ...] = ()

    async def files(self) -> tuple[str, ...]:
        found = (
            path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file() and not path.is_symlink()
        )
        return tuple(sorted(path for path in found if not path.startswith(".git/")))

    def read_lines(self, path: str) -> Sequence[str] | None:
        return read_lines(self.root, path, 2_000_000)

    async def search(self, query: str, limit: int = 10) -> SearchResult:
        self.queries.append(query)
        words = {word.lower() for word in _WORD.findall(query)}
        hits = [
            _hit(path, chunk, found)
            for path in await self.files()
            for chunk in self._parsed(path).chunks
            if (found := words & {word.lower() for word in _WORD.findall(chunk.text)})
        ]
        best = sorted(hits, key=lambda hit: (-hit.score, hit.path, hit.start_line))[:limit]
        return SearchResult(tuple(best), IndexStatus("ready"), 0.0, self.notes)

    async def symbols(self, query: str = "", path: str = "", limit: int = 200) -> tuple[Symbol, ...]:
        paths = [path] if path else await self.files()
        return tuple(
            Symbol(s.name, s.qualified_name, s.kind, s.start_line, s.end_line, s.signature, each)
            for each in paths
            for s in self._parsed(each).symbols
            if query.lower() in s.name.lower()
        )[:limit]

    async def definitions(self, paths: Sequence[str] = (), names: Sequence[str] = ()) -> tuple[Symbol, ...]:
        found = [symbol for path in paths for symbol in await self.symbols(path=path, limit=1_000)]
        return (*found, *(symbol for symbol in await self.symbols(limit=1_000) if symbol.name in names))

    async def references(self, name: str, limit: int = 200) -> tuple[Reference, ...]:
        found: list[Reference] = []
        for path in await self.files():
            symbols = self._parsed(path).symbols
            for number, line in enumerate(self.read_lines(path) or (), 1):
                match = re.search(rf"\b{re.escape(name)}\b", line)
                is_definition = any(s.name == name and s.start_line == number for s in symbols)
                if match and not is_definition:
                    around = [s.qualified_name for s in symbols if s.start_line <= number <= s.end_line]
                    found.append(Reference(path, number, match.start() + 1, line.strip(), around[-1] if around else ""))
        return tuple(found[:limit])

    def _parsed(self, path: str) -> ParsedFile:
        return parse_file(path, (self.root / path).read_bytes())


def _hit(path: str, chunk: Chunk, words: set[str]) -> Hit:
    reason = Reason("lexical", ", ".join(sorted(words)), float(len(words)))
    return Hit(
        path,
        chunk.start_line,
        chunk.end_line,
        chunk.symbol,
        chunk.kind,
        chunk.language,
        reason.score,
        (reason,),
        chunk.text,
        chunk.key,
    )
