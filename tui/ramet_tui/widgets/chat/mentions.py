"""`@file` in a question: where it stands, which files it may mean, and reading them. Imports no Textual."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
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


def best_files(query: str, files: Sequence[str], limit: int) -> list[str]:
    """Return the files that fit what was typed, best first: name before path, exact run before scattered letters."""
    wanted = query.lower()
    if not wanted:
        return sorted(files, key=lambda path: (path.count("/"), path))[:limit]
    scattered = re.compile(".*?".join(map(re.escape, wanted)), re.DOTALL)
    ranked: list[tuple[int, int, str]] = []
    for path in files:
        lowered = path.lower()
        rank = _rank(wanted, lowered)
        if rank is None:
            match = scattered.search(lowered)
            if match is None:
                continue
            rank = 4 + (match.end() - match.start())
        ranked.append((rank, len(path), path))
    ranked.sort()
    return [path for _, _, path in ranked[:limit]]


def _rank(wanted: str, lowered: str) -> int | None:
    name = lowered.rpartition("/")[2]
    if name.startswith(wanted):
        return 0
    if wanted in name:
        return 1
    if lowered.startswith(wanted):
        return 2
    return 3 if wanted in lowered else None


def read_mention(root: Path, path: str) -> Attachment:
    """Read a mentioned file as an attachment. Blocks, so it runs in a thread. Raises UsageError where it cannot be sent."""
    from ramet.index.reading import read_file  # the one place that knows which files are text

    try:
        read = read_file(root, path)
    except OSError as error:
        raise UsageError(f"@{inert_line(path)} could not be read: {error.strerror or error}.") from error
    return Attachment(name=str(PurePosixPath(path)), text=read.text[:MAX_MENTION_CHARACTERS])
