"""`@file` in a question: where it stands, which file it means, and reading it. Imports no Textual."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from ramet.errors import RametError, UsageError
from ramet.inert import inert_line
from ramet.models import AskRequest, Attachment
from ramet.workspace.protocol import Workspace

_MENTION = re.compile(r'(?<!\S)@(?:"([^"\n]+)"|(\S+))')
_MENTION_AT_END = re.compile(r'(?<!\S)@(?:"([^"]*)|([^\s"]*))$')

MAX_MENTION_BYTES = 400_000
"""A larger file would not fit any model's context beside the sources."""


def mention_being_typed(before_cursor: str) -> str | None:
    """Return what was typed after an `@` that the cursor stands behind; None where there is none."""
    match = _MENTION_AT_END.search(before_cursor)
    if match is None:
        return None
    return match[2] if match[1] is None else match[1]


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
    # Reading is a module of the index, which a front end imports only when it is needed.
    from ramet.index.reading import Unreadable, looks_binary, read_file

    try:
        data = read_file(root, path, MAX_MENTION_BYTES)
    except Unreadable as error:
        raise UsageError(f"@{inert_line(path)} could not be read: {inert_line(error.detail)}.") from error
    if looks_binary(data):
        raise UsageError(f"@{inert_line(path)} was left out: it is binary.")
    return Attachment(name=path, text=data.decode("utf-8", "replace"))


async def with_mentions(workspace: Workspace, request: AskRequest) -> tuple[AskRequest, tuple[str, ...]]:
    """Return a request with what its question mentions attached, and sentences about what could not be read."""
    if "@" not in request.question:
        return request, ()
    attached = {attachment.name for attachment in request.attachments}
    read: list[Attachment] = []
    notes: list[str] = []
    for path in mentioned_paths(request.question, await workspace.files()):
        if path in attached:
            continue
        try:
            read.append(await asyncio.to_thread(read_mention, workspace.root, path))
        except RametError as error:
            notes.append(str(error))
    return replace(request, attachments=(*request.attachments, *read)), tuple(notes)
