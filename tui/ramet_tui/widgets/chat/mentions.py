"""`@file`, `@terminal` and the like in a question: where they stand, what they mean, and reading it. Imports no Textual."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from msgspec.structs import replace

from ramet.cli.tmux import capture_pane, mentions_tmux
from ramet.errors import RametError, UsageError
from ramet.inert import inert_line
from ramet.models import AskRequest, Attachment, CommandRun
from ramet.workspace.protocol import Workspace

_MENTION = re.compile(r'(?<!\S)@(?:"([^"\n]+)"|(\S+))')
_MENTION_AT_END = re.compile(r'(?<!\S)@(?:"([^"]*)|([^\s"]*))$')

_OFFERED_COMMANDS = 20


@dataclass(frozen=True)
class TerminalMention:
    """A mention of what happened in a terminal, without its `@`, and what it stands for."""

    name: str
    help: str


_TERMINAL = (
    TerminalMention("last-error", "the newest command that failed"),
    TerminalMention("terminal", "the newest commands"),
    TerminalMention("tmux", "the other pane of this tmux window"),
)

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


@runtime_checkable
class ReadsElsewhere(Protocol):
    """A workspace whose files are not on the disk: a branch."""

    async def read_elsewhere(self, path: str) -> bytes:
        """Return what a file holds. Raises RametError."""


async def _read(workspace: Workspace, path: str) -> Attachment:
    if isinstance(workspace, ReadsElsewhere):
        return _attachment(path, await workspace.read_elsewhere(path))
    return await asyncio.to_thread(read_mention, workspace.root, path)


def _attachment(path: str, data: bytes) -> Attachment:
    from ramet.index.reading import looks_binary

    if looks_binary(data):
        raise UsageError(f"@{inert_line(path)} was left out: it is binary.")
    if len(data) > MAX_MENTION_BYTES:
        raise UsageError(f"@{inert_line(path)} could not be read: {len(data):,} bytes, the limit is {MAX_MENTION_BYTES:,}.")
    return Attachment(name=path, text=data.decode("utf-8", "replace"))


def read_mention(root: Path, path: str) -> Attachment:
    """Read a mentioned file as an attachment. Blocks, so it runs in a thread. Raises UsageError where it cannot be sent."""
    # Reading is a module of the index, which a front end imports only when it is needed.
    from ramet.index.reading import Unreadable, read_file

    try:
        data = read_file(root, path, MAX_MENTION_BYTES)
    except Unreadable as error:
        raise UsageError(f"@{inert_line(path)} could not be read: {inert_line(error.detail)}.") from error
    return _attachment(path, data)


async def offered_mentions(workspace: Workspace, typed: str) -> list[TerminalMention]:
    """Return the mentions of the terminal that begin with what was typed after the `@`, and the newest commands among them."""
    names = [mention for mention in _TERMINAL if mention.name.startswith(typed)]
    if not typed.startswith("t") or not (typed == "t" or typed[1:].isdecimal()):
        return names if typed else names[:2]
    commands = await workspace.commands(_OFFERED_COMMANDS)
    told = [TerminalMention(f"t{run.id}", _told(run)) for run in commands]
    return names + [mention for mention in told if mention.name.startswith(typed)]


def _told(run: CommandRun) -> str:
    outcome = "" if not run.exit_code else f" (exit {run.exit_code})"
    return inert_line(" ".join(run.command.split())) + outcome


async def with_mentions(
    workspace: Workspace, request: AskRequest, branch: str | None = None
) -> tuple[AskRequest, tuple[str, ...]]:
    """Return a request with what its question mentions attached, and sentences about what could not be read.

    `branch` is that of the terminal in front, as in `Workspace.mentioned`.
    """
    if "@" not in request.question:
        return request, ()
    attached = {attachment.name for attachment in request.attachments}
    mentioned = await workspace.mentioned(request.question, branch)
    read = [attachment for attachment in mentioned.attachments if attachment.name not in attached]
    notes = list(mentioned.notes)
    if mentions_tmux(request.question):
        try:
            read.append(await asyncio.to_thread(capture_pane, os.environ, last=True))
        except RametError as error:
            notes.append(str(error))
    for path in mentioned_paths(request.question, await workspace.files()):
        if path in attached:
            continue
        try:
            read.append(await _read(workspace, path))
        except RametError as error:
            notes.append(str(error))
    return replace(request, attachments=(*request.attachments, *read)), tuple(notes)
