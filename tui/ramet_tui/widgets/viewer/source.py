"""Where documents and their colours come from: files in the workspace, read and highlighted in threads.

Links are never followed out of the workspace.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ramet.errors import RametError, UsageError
from ramet.inert import inert_line
from ramet.models import SkipReason
from ramet.paths import absolute
from ramet_tui.themes import scope_variable
from ramet_tui.widgets.viewer.code_view import ColouredSpan, LineColours
from ramet_tui.widgets.viewer.document import Document, DocumentState, FileStamp

if TYPE_CHECKING:
    from ramet.index.highlight import Highlighter

MAX_SHOWN_BYTES = 30_000_000
MAX_COLOURED_CHARACTERS = 5_000_000
"""Larger files stay plain: parsing them would keep a core busy for more than a second."""


_STATES: dict[SkipReason, DocumentState] = {
    "binary": "binary",
    "huge": "huge",
    "minified": "huge",
    "unreadable": "unreadable",
    "symlink": "link",
    "submodule": "special",
    "nested-repository": "special",
    "gone": "gone",
    "special": "special",
}
"""What a file is that cannot be read, by the reason of the reader."""


_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def sentence(text: str) -> str:
    """Return a phrase with a capital letter."""
    return inert_line(text[:1].upper() + text[1:])


def _decoded(data: bytes) -> str:
    if data.startswith(_UTF_16):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


class Elsewhere(NamedTuple):
    """Files that are not on the disk: those of a branch."""

    read: Callable[[str], bytes]
    """Blocks. Raises UsageError for a file that is not there."""
    stamp: FileStamp
    """Another one when they have changed."""


class DocumentSource:
    """Reads files below one folder. Its methods block, so they run in threads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.elsewhere: Elsewhere | None = None
        """Where files are read instead of the disk."""

    def load(self, path: str) -> Document:
        """Return a file as a document; what cannot be shown becomes a document that says why."""
        from ramet.index.reading import Unreadable, read_file

        if self.elsewhere is not None:
            return _load_elsewhere(self.elsewhere, path)
        stamp = self.stamp(path)
        try:
            data = read_file(self.root, path, MAX_SHOWN_BYTES)
        except Unreadable as error:
            state = _STATES[error.reason]
            detail = "" if state in ("gone", "link") else sentence(error.detail)  # the notice says it all
            return Document(path, state=state, detail=detail, stamp=stamp)
        return _document(path, data, stamp)

    def stamp(self, path: str) -> FileStamp | None:
        """Return what tells whether a file changed; None when it is gone."""
        if self.elsewhere is not None:
            return self.elsewhere.stamp
        try:
            found = os.lstat(absolute(self.root, path))
        except OSError:
            return None
        return FileStamp(found.st_mtime_ns, found.st_size, found.st_ino)

    def colours(self, document: Document) -> LineColours | None:
        """Return the colours of a document, None where its language has none. Parses, which may take a second."""
        if not document.language or len(document.text) > MAX_COLOURED_CHARACTERS:
            return None
        from ramet.index.highlight import Highlighter  # tree-sitter, so not before a file is shown

        return _TreeSitterColours(Highlighter(document.language, document.text))


def _load_elsewhere(elsewhere: Elsewhere, path: str) -> Document:
    try:
        data = elsewhere.read(path)
    except UsageError:
        return Document(path, state="gone", stamp=elsewhere.stamp)
    except (RametError, TimeoutError) as error:
        detail = error.what if isinstance(error, RametError) else "it did not arrive in time"
        return Document(path, state="unreadable", detail=sentence(detail), stamp=elsewhere.stamp)
    if len(data) > MAX_SHOWN_BYTES:
        return Document(path, state="huge", detail=f"{len(data):,} bytes", stamp=elsewhere.stamp)
    return _document(path, data, elsewhere.stamp)


def _document(path: str, data: bytes, stamp: FileStamp | None) -> Document:
    from ramet.index.languages import language_of
    from ramet.index.reading import looks_binary

    if looks_binary(data) and not data.startswith(_UTF_16):
        return Document(path, state="binary", detail=f"{len(data):,} bytes", stamp=stamp)
    language = language_of(path, data)
    return Document(path, _decoded(data), stamp=stamp, language="" if language == "text" else language)


class _TreeSitterColours:
    """Theme variables instead of the names that highlight queries use."""

    def __init__(self, highlighter: Highlighter) -> None:
        self._highlighter = highlighter

    def lines(self, first: int, last: int) -> list[list[ColouredSpan]]:
        """Return the spans of the 0-based lines first..last."""
        lines = self._highlighter.spans(first + 1, last + 1)
        return [[(span.start, span.end, name) for span in line if (name := scope_variable(span.name))] for line in lines]
