"""`@file` in a question: where it stands, which file it means, and reading it. Imports no Textual."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ramet.errors import UsageError
from ramet.inert import inert_line
from ramet.models import Attachment

_MENTION = re.compile(r'(?<!\S)@(?:"([^"\n]+)"|(\S+))')
_MENTION_AT_END = re.compile(r'(?:^|(?<=\s))@("?)([^\s"]*)$')

MAX_MENTION_CHARACTERS = 400_000
"""Text of one mentioned file that is sent; more would not fit any model's context beside the sources."""


def mention_being_typed(before_cursor: str) -> str | None:
    """Return what was typed after an `@` that the cursor stands behind; None where there is none."""
    match = _MENTION_AT_END.search(before_cursor)
    return match[2] if match else None


def mention_text(path: str) -> str:
    """Return how a path is written as a mention."""
    return f'@"{path}"' if re.search(r"\s", path) else f"@{path}"


def mentioned_paths(text: str, files: Iterable[str]) -> list[str]:
    """Return the files that a question mentions, each once, in the order of the text."""
    if "@" not in text:
        return []
    known = set(files)
    found: dict[str, None] = {}
    for quoted, bare in _MENTION.findall(text):
        for candidate in (quoted or bare, bare.rstrip(".,;:!?)]")):
            if candidate and candidate in known:
                found[candidate] = None
                break
    return list(found)


def read_mention(root: Path, path: str) -> Attachment:
    """Read a mentioned file as an attachment. Blocks, so it runs in a thread. Raises UsageError where it cannot be sent."""
    from ramet.index.reading import read_file  # the one place that knows which files are text

    try:
        read = read_file(root, path)
    except OSError as error:
        raise UsageError(f"@{inert_line(path)} could not be read: {error.strerror or error}.") from error
    return Attachment(name=str(PurePosixPath(path)), text=read.text[:MAX_MENTION_CHARACTERS])
