"""Places in files that the output names, and where they stand on the screen. No widgets."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from rich.cells import cell_len

from ramet.terminal.protocol import Emulator
from ramet.terminal.references import FileResolver, PlaceReference, find_references
from ramet_tui.widgets.terminal.selection import Cell, logical_line, row_text


class Link(NamedTuple):
    """A place that can be opened; its cells go from `start` to `end`, both included."""

    path: str
    line: int
    start: Cell
    end: Cell

    def span(self, row: int, width: int) -> tuple[int, int] | None:
        """Return the cells of a row that it covers: start and one past the end."""
        if not self.start[0] <= row <= self.end[0]:
            return None
        return (self.start[1] if row == self.start[0] else 0), (self.end[1] + 1 if row == self.end[0] else width)


class LinkFinder:
    """Finds the links of lines; asks the list of files, never the disk."""

    def __init__(self) -> None:
        self._files: frozenset[str] = frozenset()
        self._root = ""
        self._resolvers: dict[str, FileResolver] = {}

    def set_files(self, files: Collection[str], root: str) -> None:
        """Take the files of the workspace, relative to its root."""
        self._files, self._root = frozenset(files), root
        self._resolvers.clear()

    def links(self, emulator: Emulator, row: int, folder: str) -> list[Link]:
        """Return the links of the line that a row is part of; `folder` is where its command ran."""
        first, last = logical_line(emulator, row)
        texts = [row_text(emulator, number) for number in range(first, last + 1)]
        found = []
        for reference in find_references("".join(texts)):
            path = self._resolved(reference, folder)
            if path is not None:
                start, end = _cell(texts, first, reference.start), _cell(texts, first, max(reference.end - 1, reference.start))
                found.append(Link(path, reference.line, start, end))
        return found

    def may_have_one(self, emulator: Emulator, row: int) -> bool:
        """Whether it is worth looking for links in the line that a row is part of; cheap."""
        first, last = logical_line(emulator, row)
        return any("." in row_text(emulator, number) for number in range(first, last + 1))

    def link_at(self, emulator: Emulator, cell: Cell, folder: str) -> Link | None:
        """Return the link at a cell."""
        if not row_text(emulator, cell[0]).strip():
            return None
        return next((link for link in self.links(emulator, cell[0], folder) if link.start <= cell <= link.end), None)

    def _resolved(self, reference: PlaceReference, folder: str) -> str | None:
        resolver = self._resolvers.get(folder)
        if resolver is None:
            if len(self._resolvers) > 50:
                self._resolvers.clear()
            resolver = self._resolvers[folder] = FileResolver(self._files, folder or self._root, self._root)
        return resolver.resolve(reference.path, reference.function)


def _cell(texts: list[str], first: int, offset: int) -> Cell:
    """Return where a character of the joined rows stands."""
    for number, text in enumerate(texts):
        if offset < len(text) or number == len(texts) - 1:
            return first + number, cell_len(text[:offset])
        offset -= len(text)
    return first, 0
