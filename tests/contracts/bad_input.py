"""What the tests of bad input share: a folder's fingerprint, and the command line on real parts without an engine."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from ramet.cli.main import AppOptions, main

_READ_AT_MOST = 10_000_000
"""Bytes; of larger files size and time tell enough."""

Fingerprint = dict[str, tuple[int, int, int, str]]


def fingerprint(folder: Path) -> Fingerprint:
    """Return mode, time, size and content of everything below a folder, git's own files included."""
    found: Fingerprint = {}
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        status = path.lstat()
        content = ""
        if stat.S_ISDIR(status.st_mode):
            waiting.extend(path.iterdir())
        elif stat.S_ISLNK(status.st_mode):
            content = str(path.readlink())
        elif stat.S_ISREG(status.st_mode) and status.st_size <= _READ_AT_MOST:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(path)] = (status.st_mode, status.st_mtime_ns, status.st_size, content)
    return found


@dataclass(frozen=True)
class Ran:
    """What one command said and how it ended."""

    code: int
    out: str
    err: str


def ramet(folder: Path, *arguments: str) -> Ran:
    """Run a command on a folder without an engine."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["-C", os.fspath(folder), "--in-process", *arguments], _no_app)
    return Ran(code, out.getvalue(), err.getvalue())


def _no_app(options: AppOptions) -> int:
    raise AssertionError(options)
