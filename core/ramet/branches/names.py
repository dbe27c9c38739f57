"""Which names a branch may have, and which paths may be written: none that leads out of the folder or into `.git`."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Collection

from ramet.errors import UsageError
from ramet.inert import inert_line
from ramet.paths import path_from_text

_NAME = re.compile(r"[\w][\w.+-]*(?:/[\w][\w.+-]*)*")
_LONGEST_NAME = 100
_LONGEST_PATH = 4_000
_IGNORED_BY_HFS = re.compile("[\u200b-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
"""Characters that a file system of macOS leaves out of names: `.g\u200cit` is `.git` there."""


def checked_name(name: str, taken: Collection[str]) -> str:
    """Return a name that a branch may have, a new one for the empty name. Raises UsageError."""
    if not name:
        return _chosen(taken)
    is_good = _NAME.fullmatch(name) and len(name) <= _LONGEST_NAME and ".." not in name
    if not is_good or any(part.endswith((".", ".lock")) for part in name.split("/")):
        raise UsageError(
            f"A branch cannot be called {inert_line(name[:80])!r}.",
            "Use letters, digits, `-`, `_`, `.` and `/`; begin with a letter or a digit.",
        )
    if name in taken:
        raise UsageError(f"There is a branch {name!r} already.", "Choose another name, or drop that one first.")
    return name


def _chosen(taken: Collection[str]) -> str:
    """Return a name nobody has: the time of day, which people remember, and digits where that is taken."""
    stem = time.strftime("%m%d-%H%M")
    name = f"b{stem}"
    while name in taken:
        name = f"b{stem}-{secrets.token_hex(2)}"
    return name


def checked_path(path: str) -> bytes:
    """Return the bytes of a path that may be written below a root. Raises UsageError."""
    raw = path_from_text(path)
    if not is_safe_path(raw):
        raise UsageError(
            f"{inert_line(path[:200])!r} is not a path that can be written.", "Paths are relative to the root and stay inside it."
        )
    return raw


def is_safe_path(raw: bytes) -> bool:
    """Whether a path stays inside its root and out of `.git`, on every file system that people use."""
    if not raw or len(raw) > _LONGEST_PATH or b"\0" in raw:
        return False
    return all(_is_safe_part(part) for part in raw.split(b"/"))


def _is_safe_part(part: bytes) -> bool:
    if part in (b"", b".", b".."):
        return False
    # Windows and HFS+ know further spellings of `.git`, and a tree made on one system is laid out on another.
    plain = _IGNORED_BY_HFS.sub("", part.decode("utf-8", "replace")).lower()
    stem = re.split(r"[\\:]", plain, maxsplit=1)[0].rstrip(" .")
    return stem not in (".git", "git~1") and "\\.git" not in plain
