"""`@terminal`, `@t3` and `@last-error` in a question: the commands they stand for, as text that goes with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Protocol

from msgspec.structs import replace

from ramet.errors import UsageError
from ramet.models import Attachment, CommandRun, Mentioned
from ramet.prompt.trimming import estimated_tokens
from ramet.terminal.digest import Digest, ReadLines, cut_middle, digest
from ramet.terminal.failures.registry import find_failures

_MENTION = re.compile(r"(?<![\w@./-])@(terminal|last-error|t(\d{1,9}))(?![\w./-]*\w)", re.ASCII)
_RECENT = 5
"""Commands that `@terminal` stands for."""
_LINES_OF_ONE = 400
"""Lines of output of a command that was mentioned by its number."""
_LINES_OF_NEWEST, _LINES_OF_OLDER = 120, 20
"""Lines of output of the commands of `@terminal`."""
_TITLE_CHARACTERS = 60


class Commands(Protocol):
    """What has been recorded; blocks."""

    def list(self, limit: int, *, failed: bool) -> tuple[CommandRun, ...]:
        """Return the newest, without their output."""

    def get(self, id: int) -> CommandRun:
        """Return one. Raises UsageError."""

    def last_error(self) -> CommandRun | None:
        """Return the newest that failed."""


class Files:
    """The files of a repository, as far as a digest needs them."""

    def __init__(
        self,
        root: str,
        paths: Collection[str],
        read_lines: ReadLines,
        in_branch: Callable[[str], Files | None] | None = None,
        laid_out: str = "",
    ) -> None:
        """Take the files.

        Args:
            in_branch: Gives the files of a branch, None where there is none of that name; blocks.
            laid_out: Of a branch, a pattern of the folders that it may have been laid out in: they stand for the root.
        """
        self.root = root
        self.paths = paths
        self.read_lines = read_lines
        self._in_branch = in_branch
        self._laid_out = re.compile(laid_out) if laid_out else None

    def digest(self, run: CommandRun) -> Digest:
        """Return what a command tells about its failure, with the files as they are where it ran."""
        if run.branch and self._in_branch is not None and (files := self._in_branch(run.branch)) is not None:
            return files.digest(replace(run, branch=""))
        if self._laid_out is not None:
            run = replace(run, output=self._laid_out.sub(lambda _: self.root, run.output))
        return digest(run, self.paths, self.read_lines, estimated_tokens, root=self.root)


def mentions_terminal(question: str) -> bool:
    """Whether a question mentions a command."""
    return _MENTION.search(question) is not None


def terminal_mentions(question: str, commands: Commands, files: Files) -> Mentioned:
    """Return what the question's mentions stand for, each once, and what is to be said of those that stand for nothing."""
    attachments: list[Attachment] = []
    notes: list[str] = []
    for name, number in dict.fromkeys(match.groups() for match in _MENTION.finditer(question)):
        try:
            found = _attachment(name, number, commands, files)
        except UsageError as error:
            notes.append(f"@{name}: {error}")
            continue
        if found is None:
            notes.append(f"@{name}: no command {'has failed' if name == 'last-error' else 'is recorded'} here yet.")
        else:
            attachments.append(found)
    return Mentioned(tuple(attachments), tuple(notes))


def _attachment(name: str, number: str | None, commands: Commands, files: Files) -> Attachment | None:
    if number is not None:
        return _one(name, commands.get(int(number)), files)
    if name == "terminal":
        return _recent(commands)
    run = commands.last_error()
    if run is None:
        return None
    told = files.digest(run)
    return Attachment(_title(name, run), told.text, _places(told))


def _one(name: str, run: CommandRun, files: Files) -> Attachment:
    places = _places(files.digest(run)) if run.exit_code else ()
    return Attachment(_title(name, run), f"{_head(run)}\n\n{_output(run, _LINES_OF_ONE)}", places)


def _recent(commands: Commands) -> Attachment | None:
    listed = commands.list(_RECENT, failed=False)
    if not listed:
        return None
    parts: list[str] = []
    for age, run in enumerate(listed):
        lines = _LINES_OF_NEWEST if age == 0 else _LINES_OF_OLDER
        parts.append(f"@t{run.id} {_head(run)}\n{_output(commands.get(run.id), lines)}".rstrip())
    count = len(parts)
    return Attachment(f"@terminal: the last {count} commands" if count > 1 else "@terminal", "\n\n".join(reversed(parts)))


def _head(run: CommandRun) -> str:
    code = "exit code not known" if run.exit_code is None else f"exit code {run.exit_code}"
    took = f", {run.duration:.1f} s" if run.duration is not None else ""
    branch = f" of the branch {run.branch}" if run.branch else ""
    return f"$ {run.command}\n({code}{took}, in {run.folder}{branch})"


def _output(run: CommandRun, limit: int) -> str:
    if not run.has_output:
        return "(its output was not recorded)"
    if run.is_full_screen and not run.output:
        return "(it drew on the whole screen, which is not kept)"
    spans = [(failure.first_line, failure.last_line) for failure in find_failures(run.output)] if run.exit_code else []
    return cut_middle(run.output.rstrip("\n"), limit, spans)


def _title(name: str, run: CommandRun) -> str:
    command = " ".join(run.command.split()) or "a command"
    if len(command) > _TITLE_CHARACTERS:
        command = command[: _TITLE_CHARACTERS - 1] + "…"
    code = "" if run.exit_code is None else f", exit {run.exit_code}"
    return f"@{name}: {command}{code}"


def _places(told: Digest) -> tuple[str, ...]:
    return tuple(f"{place.path}:{place.line}" for place in told.places)
