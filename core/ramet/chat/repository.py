"""What answering a question needs of a repository; a workspace offers it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ramet.models import Reference, SearchResult, Symbol


class Repository(Protocol):
    """Read-only questions to one repository. All methods raise RametError and nothing else."""

    @property
    def root(self) -> Path:
        """The absolute, resolved folder."""

    @property
    def commit(self) -> str:
        """The commit that is read; empty for the working tree."""

    async def search(self, query: str, limit: int = 10) -> SearchResult:
        """Return the best hits."""

    async def files(self) -> tuple[str, ...]:
        """Return the paths of all files that are not ignored, sorted. Nothing else may be shown to a model."""

    async def symbols(self, query: str = "", path: str = "", limit: int = 200) -> tuple[Symbol, ...]:
        """Return definitions of one file, or those whose name matches best."""

    async def references(self, name: str, limit: int = 200) -> tuple[Reference, ...]:
        """Return the places that use a name."""

    async def definitions(self, paths: Sequence[str] = (), names: Sequence[str] = ()) -> tuple[Symbol, ...]:
        """Return the definitions in files and those of exactly these names, as the index has them after the last search."""

    def read_lines(self, path: str) -> Sequence[str] | None:
        """Return the lines of a file as the index cuts them; None when it cannot be read as text. Never leaves the root."""
