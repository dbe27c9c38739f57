"""Reads the lines of files as the index cuts them, from the disk or from a commit."""

from __future__ import annotations

from pathlib import Path

from ramet.config import IndexLimits
from ramet.git.revisions import resolve_revision
from ramet.git.runner import Git
from ramet.index.file_reader import FileReader, text_lines
from ramet.index.revision_tree import RevisionTree
from ramet.index.tree_reader import TreeReader


def reader_of(root: Path, max_bytes: int, commit: str = "") -> FileReader:
    """Return a reader of the files below `root`, or of a commit of that repository. Raises GitError when it cannot be read."""
    limits = IndexLimits(max_file_bytes=max_bytes)
    if not commit:
        return TreeReader(root, limits)
    git = Git(root)
    return RevisionTree(git, resolve_revision(git, commit), limits).reader()


def read_lines(root: Path, path: str, max_bytes: int) -> list[str] | None:
    """Return the lines of a text file below `root`; None when it is gone, too large, binary or not a regular file."""
    return text_lines(reader_of(root, max_bytes), path)
