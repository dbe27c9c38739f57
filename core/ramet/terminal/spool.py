"""Commands that other terminals recorded, on their way into the store: files that only the user can read.

Whoever records need not wait for anybody, and nothing is lost while no engine runs. `ramet shell` and `ramet run` leave a file
per command, cleaned and redacted. The hook of a shell appends a line per command to a file of that shell, which only it writes.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from ramet.models import CommandRecording, CommandRun
from ramet.paths import path_to_text
from ramet.store.lock import store_error
from ramet.terminal.marks import decoded

_MOST_FILES = 2_000
_MOST_BYTES = 64_000_000
"""What may wait; the oldest leave."""
_MOST_LINES_AT_ONCE = 4 * 1024 * 1024
"""Bytes of the file of a hook that are read at once."""
_HOOK_FILE = re.compile(r"hook-([0-9]{1,10})\.log")
_HOOK_LINE = re.compile(
    rb"([0-9]{1,12}(?:\.[0-9]{1,9})?) ([0-9]{1,12}(?:\.[0-9]{1,9})?) ([0-9]{1,10}) ([^ \n]+) ([^ \n]*) (\w{1,20})"
)
"""Start and duration in seconds, exit code, folder, command line (both percent-encoded), shell."""


class Spooled(Struct, frozen=True):
    """A command that waits, and the file that holds it."""

    run: CommandRun | CommandRecording
    """What a hook wrote is not redacted yet."""
    file: Path


class Spool:
    """The waiting commands of one data folder."""

    def __init__(self, data: Path) -> None:
        self.folder = data / "spool"

    def prepare(self) -> None:
        """Create the folder. Raises StoreError."""
        try:
            self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise store_error(error, f"create {self.folder}") from error

    def put(self, run: CommandRun) -> None:
        """Leave a command that is cleaned and redacted. Raises StoreError."""
        self.prepare()
        # The name sorts by time; the file appears whole or not at all.
        name = f"{run.started:017.6f}-{secrets.token_hex(4)}"
        partial, file = self.folder / f"{name}.partial", self.folder / f"{name}.json"
        try:
            self._make_room()
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as stream:
                stream.write(msgspec.json.encode(run))
            partial.rename(file)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise store_error(error, f"write {file}") from error

    def is_empty(self) -> bool:
        """Whether nothing waits; costs one look."""
        try:
            with os.scandir(self.folder) as entries:
                return next(entries, None) is None
        except OSError:
            return True

    def waiting(self) -> Iterator[Spooled]:
        """Yield the commands that wait, the oldest first; those of one file are done with when the next file comes, or the end.

        One that cannot be read is dropped. Raises StoreError.
        """
        try:
            files = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
            for file in files:
                hook = _HOOK_FILE.fullmatch(file.name)
                if hook:
                    yield from _hooked(file, int(hook[1]))
                elif file.suffix == ".json":
                    run = _run_in(file)
                    if run is not None:
                        yield Spooled(run, file)
                    file.unlink(missing_ok=True)
        except OSError as error:
            raise store_error(error, f"read {self.folder}") from error

    def _make_room(self) -> None:
        """Remove the oldest files until there is room for one more."""
        total = 0
        for kept, file in enumerate(sorted(self.folder.glob("*.json"), reverse=True), 1):
            total += file.stat().st_size
            if kept >= _MOST_FILES or total > _MOST_BYTES:
                file.unlink(missing_ok=True)


def _run_in(file: Path) -> CommandRun | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=CommandRun)
    except (msgspec.MsgspecError, UnicodeDecodeError, FileNotFoundError):
        return None


def _hooked(file: Path, pid: int) -> Iterator[Spooled]:
    """Yield the lines of a hook's file that are new, and remember how far it was read; it goes with its shell."""
    reached_file = file.with_suffix(".read")
    is_alive = _is_alive(pid)  # asked first: what it wrote before its end is read
    reached = _reached(reached_file)
    size = file.stat().st_size
    with file.open("rb") as stream:
        stream.seek(reached if reached <= size else 0)
        while piece := stream.read(_MOST_LINES_AT_ONCE):
            whole = piece[: piece.rfind(b"\n") + 1]
            for line in whole.splitlines():
                recording = _recording_of(line)
                if recording is not None:
                    yield Spooled(recording, file)
            stream.seek(len(whole) - len(piece), os.SEEK_CUR)
            if not whole:
                break
        reached = stream.tell()
    if is_alive:
        partial = file.with_suffix(".partial")
        partial.write_text(str(reached), encoding="ascii")
        partial.rename(reached_file)
    else:
        for each in (file, reached_file, file.with_suffix(".stamp")):
            each.unlink(missing_ok=True)


def _recording_of(line: bytes) -> CommandRecording | None:
    fields = _HOOK_LINE.fullmatch(line)
    if fields is None:
        return None
    return CommandRecording(
        terminal="hook",
        command=decoded(fields[5]).decode("utf-8", "replace"),
        folder=path_to_text(decoded(fields[4])),
        exit_code=int(fields[3]),
        started=float(fields[1]),
        duration=float(fields[2]),
        has_output=False,
        shell=fields[6].decode("ascii"),
    )


def _reached(file: Path) -> int:
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
