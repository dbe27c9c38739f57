"""Where documents and their colours come from: files in the workspace, read and highlighted in threads.

Links are never followed out of the workspace.
"""

from __future__ import annotations

import os
from pathlib import Path

from ramet.inert import inert_line
from ramet.paths import absolute
from ramet_tui.widgets.viewer.code_view import LineColours
from ramet_tui.widgets.viewer.document import Document, FileStamp

MAX_SHOWN_BYTES = 30_000_000


class DocumentSource:
    """Reads files below one folder. Its methods block, so they run in threads."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def load(self, path: str) -> Document:
        """Return a file as a document; what cannot be shown becomes a document that says why."""
        stamp = self.stamp(path)
        if stamp is None:
            return Document(path, state="gone")
        file = absolute(self.root, path)
        if file.is_symlink():
            return Document(path, state="link", detail=inert_line(str(file.readlink())), stamp=stamp)
        data = file.read_bytes()
        if b"\0" in data[:8000]:
            return Document(path, state="binary", stamp=stamp)
        return Document(path, data.decode("utf-8", "replace"), stamp=stamp, language="python" if path.endswith(".py") else "")

    def stamp(self, path: str) -> FileStamp | None:
        """Return what tells whether a file changed; None when it is gone."""
        try:
            found = os.lstat(absolute(self.root, path))
        except OSError:
            return None
        return FileStamp(found.st_mtime_ns, found.st_size, found.st_ino)

    def colours(self, document: Document) -> LineColours | None:
        """Return the colours of a document, None where its language has none."""
        return None
