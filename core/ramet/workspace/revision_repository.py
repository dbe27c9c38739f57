"""One commit as the chat sees it: nothing that it reads comes from the disk."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from ramet.index.file_reader import text_lines
from ramet.models import Reference, SearchResult, Symbol
from ramet.workspace.revisions import OpenRevision, Revisions

_KEPT_FILES = 200
"""Files whose lines are kept for the next look; one answer rarely reads more."""


class RevisionRepository:
    """Answers questions to one commit that is indexed, for one answer; see `ramet.chat.repository.Repository`."""

    def __init__(self, root: Path, revisions: Revisions, opened: OpenRevision, warnings: Sequence[str]) -> None:
        """Take the commit and what git had to say about its name."""
        self.root = root
        self._revisions = revisions
        self._opened = opened
        self._warnings = tuple(warnings)
        self._reading = threading.Lock()
        self._reader = opened.tree.reader()
        self._lines: dict[str, Sequence[str] | None] = {}

    @property
    def commit(self) -> str:
        """The commit that is read."""
        return self._opened.tree.revision.commit

    async def search(self, query: str, limit: int = 10) -> SearchResult:
        """See `Repository`."""
        result = await self._revisions.search_in(self._opened, query, limit, time.monotonic(), self._warnings)
        with self._reading:
            # What is found is looked at next.
            self._reader.expect([path for path in dict.fromkeys(hit.path for hit in result.hits) if path not in self._lines])
        return result

    async def files(self) -> tuple[str, ...]:
        """See `Repository`."""
        return self._opened.tree.files

    async def symbols(self, query: str = "", path: str = "", limit: int = 200) -> tuple[Symbol, ...]:
        """See `Repository`."""
        return await asyncio.to_thread(self._opened.searcher.symbols, query, path, limit)

    async def definitions(self, paths: Sequence[str] = (), names: Sequence[str] = ()) -> tuple[Symbol, ...]:
        """See `Repository`."""
        return await asyncio.to_thread(self._opened.searcher.definitions, paths, names)

    async def references(self, name: str, limit: int = 200) -> tuple[Reference, ...]:
        """See `Repository`."""
        return await asyncio.to_thread(self._opened.searcher.references, name, limit)

    def read_lines(self, path: str) -> Sequence[str] | None:
        """See `Repository`."""
        with self._reading:
            if path not in self._lines:
                if len(self._lines) >= _KEPT_FILES:
                    self._lines.clear()
                self._lines[path] = text_lines(self._reader, path)
            return self._lines[path]
