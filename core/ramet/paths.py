"""Where Ramet keeps its files, and how file names become text and back without losing a byte."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

_RAW_BYTE_BASE = 0xEF00
"""A byte 0x80-0xFF that is not UTF-8 becomes U+EF80-U+EFFF (private use): msgspec refuses the lone surrogates of os.fsdecode.

A name that holds one of these characters has each of its bytes written so, or it would be read back as something else.
"""
_LEAD_OF_RAW = b"\xee"
"""The UTF-8 of U+EF80-U+EFFF begins with it."""


def path_to_text(raw: bytes) -> str:
    """Return the text form of a file name; `path_from_text` gives the same bytes back, so no two names share one."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "surrogateescape")
    else:
        if _LEAD_OF_RAW not in raw:
            return text
    return "".join(_escaped(char) for char in text)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":
        return chr(_RAW_BYTE_BASE + ord(char) - 0xDC00)
    if "\uef80" <= char <= "\uefff":
        return "".join(chr(_RAW_BYTE_BASE + byte) for byte in char.encode("utf-8"))
    return char


def path_from_text(text: str) -> bytes:
    """Return the bytes of a file name from its text form."""
    if text.isascii():
        return text.encode("ascii")
    if any("\uef80" <= char <= "\uefff" for char in text):
        text = "".join(chr(ord(char) - _RAW_BYTE_BASE + 0xDC00) if "\uef80" <= char <= "\uefff" else char for char in text)
    return text.encode("utf-8", "surrogateescape")


def absolute(root: Path, path: str) -> Path:
    """Return the file that a relative text path names below `root`, in the form that `open` takes."""
    return root / os.fsdecode(path_from_text(path))


class UserDirectories(Struct, frozen=True):
    """The three folders of one user: what lasts, what is configured, and sockets."""

    data: Path
    config: Path
    runtime: Path

    @property
    def config_file(self) -> Path:
        """The user's configuration."""
        return self.config / "config.toml"

    @property
    def log_file(self) -> Path:
        """The engine's log."""
        return self.data / "logs" / "engine.log"

    @property
    def branches(self) -> Path:
        """Where the branches of all working trees are."""
        return self.data / "branches"

    def repository(self, identity: str) -> Path:
        """Return the folder of everything derived from one repository."""
        return self.data / "repositories" / identity


def user_directories(environment: Mapping[str, str]) -> UserDirectories:
    """Return the folders to use: RAMET_DATA_DIR, RAMET_CONFIG_DIR and RAMET_RUNTIME_DIR, else the platform's own.

    Nothing is created. See https://specifications.freedesktop.org/basedir-spec/latest/ for Linux.
    """

    def chosen(variable: str, default: Callable[[], Path]) -> Path:
        given = environment.get(variable)
        return (Path(given) if given else default()).expanduser().absolute()

    data = chosen("RAMET_DATA_DIR", _platform_data)
    return UserDirectories(
        data=data,
        config=chosen("RAMET_CONFIG_DIR", _platform_config),
        runtime=chosen("RAMET_RUNTIME_DIR", lambda: data / "run"),
    )


def _platform_data() -> Path:
    if sys.platform == "linux":
        return _xdg("XDG_DATA_HOME", "~/.local/share")
    import platformdirs

    return Path(platformdirs.user_data_dir("ramet", appauthor=False))


def _platform_config() -> Path:
    if sys.platform == "linux":
        return _xdg("XDG_CONFIG_HOME", "~/.config")
    import platformdirs

    return Path(platformdirs.user_config_dir("ramet", appauthor=False))


def _xdg(variable: str, default: str) -> Path:
    """Return what platformdirs returns on Linux; importing it takes a tenth of what a warm search may."""
    return Path(os.environ.get(variable, "").strip() or default).expanduser() / "ramet"
