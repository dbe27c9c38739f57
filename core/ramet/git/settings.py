"""Turns git's configuration into data: what of the user's own is honoured, and what of a repository's is switched off."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

_ALWAYS = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.untrackedCache", "false"),
    ("core.splitIndex", "false"),
    ("core.pager", "cat"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("protocol.allow", "never"),
    ("log.showSignature", "false"),
    ("submodule.recurse", "false"),
)

_HONOURED = {
    "core.attributesfile",
    "core.autocrlf",
    "core.checkstat",
    "core.eol",
    "core.excludesfile",
    "core.ignorecase",
    "core.precomposeunicode",
    "core.trustctime",
    "user.email",
    "user.name",
}
"""Keys of the user's own configuration that decide which files there are, what is in them and who made a commit.

None can name a program.
"""

FileStamp = tuple[int, int, int, int] | None
"""What tells whether a file changed: device, inode, size and time of change; None for a file that is not there."""


class Settings(Struct, frozen=True):
    """Configuration to pass to every git command, and the files that it was read from."""

    pairs: tuple[tuple[str, str], ...]
    stamps: tuple[tuple[str, FileStamp], ...]
    is_cacheable: bool

    def environment(self) -> dict[str, str]:
        """Return the pairs as variables: unlike with `-c`, a name may contain `=`."""
        variables = {"GIT_CONFIG_COUNT": str(len(self.pairs))}
        for number, (key, value) in enumerate(self.pairs):
            variables[f"GIT_CONFIG_KEY_{number}"] = key
            variables[f"GIT_CONFIG_VALUE_{number}"] = value
        return variables


class SettingsCache:
    """Keeps the settings of one folder while no file they came from changes."""

    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._homes: tuple[str | None, ...] = ()

    def current(self, environment: Mapping[str, str]) -> Settings | None:
        """Return the kept settings if they still hold."""
        settings = self._settings
        if settings is None or self._homes != _homes(environment):
            return None
        return settings if all(stamp == file_stamp(path) for path, stamp in settings.stamps) else None

    def keep(self, settings: Settings) -> Settings:
        """Keep settings for the next time, if they depend on files only, and return them."""
        self._settings = settings if settings.is_cacheable else None
        self._homes = _homes(os.environ)
        return settings


class _Entry(Struct, frozen=True):
    scope: str
    origin: str
    key: str
    value: str

    @property
    def is_own(self) -> bool:
        """Whether it is the user's or the machine's, not the repository's."""
        return self.scope in ("system", "global")


def parse_settings(listing: bytes, root: Path, environment: Mapping[str, str]) -> Settings:
    """Return the settings for the output of `git config --list -z --show-scope --show-origin` run in `root`."""
    fields = os.fsdecode(listing).split("\0")
    entries = []
    for scope, origin, setting in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
        key, _, value = setting.partition("\n")
        entries.append(_Entry(scope, origin, key, value))
    files = {root / entry.origin.removeprefix("file:") for entry in entries if entry.origin.startswith("file:")}
    files |= {path for entry in entries if (path := _included(entry, root)) is not None} | _user_files(environment)
    return Settings(
        pairs=(*_ALWAYS, *_honoured(entries), *_switched_off(entries)),
        stamps=tuple((str(path), file_stamp(str(path))) for path in sorted(files)),
        is_cacheable=any(entry.scope == "local" for entry in entries)
        and not any(entry.key.startswith("includeif.onbranch:") for entry in entries),
    )


def file_stamp(path: str) -> FileStamp:
    """Return the stamp of a file as it is now."""
    try:
        status = os.stat(path)  # noqa: PTH116  # on every git command, and Path is slower
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns


def _honoured(entries: list[_Entry]) -> list[tuple[str, str]]:
    """Return the user's own settings that count; a repository's setting of the same key wins, as with git."""
    local = {entry.key for entry in entries if not entry.is_own}
    own = [(entry.key, entry.value) for entry in entries if entry.is_own]
    return [(key, value) for key, value in own if key == "safe.directory" or (key in _HONOURED and key not in local)]


def _switched_off(entries: list[_Entry]) -> list[tuple[str, str]]:
    """Return what empties the configured filters and hooks, which would be run on the contents of files and on events."""
    filters = sorted({entry.key.rpartition(".")[0] for entry in entries if entry.key.startswith("filter.")})
    hooks = sorted({entry.key.rpartition(".")[0] for entry in entries if entry.key.startswith("hook.")})
    emptied = (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
    pairs = [(f"{name}.{key}", value) for name in filters for key, value in emptied]
    return pairs + [(f"{name}.enabled", "false") for name in hooks]


def _included(entry: _Entry, root: Path) -> Path | None:
    """Return the file that an include names, whether it is there or not."""
    if not (entry.key == "include.path" or (entry.key.startswith("includeif.") and entry.key.endswith(".path"))):
        return None
    try:
        path = Path(entry.value).expanduser()
    except RuntimeError:
        return None
    return (root / entry.origin.removeprefix("file:")).parent / path


def _homes(environment: Mapping[str, str]) -> tuple[str | None, ...]:
    return tuple(environment.get(name) for name in ("HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"))


def _user_files(environment: Mapping[str, str]) -> set[Path]:
    """Return the places of the user's own configuration, whether there is a file or not."""
    chosen = environment.get("GIT_CONFIG_GLOBAL")
    if chosen is not None:
        return {Path(chosen)} if chosen else set()
    home = environment.get("HOME")
    places = {Path(home) / ".gitconfig", Path(home) / ".config" / "git" / "config"} if home else set()
    xdg = environment.get("XDG_CONFIG_HOME")
    return places | ({Path(xdg) / "git" / "config"} if xdg else set())
