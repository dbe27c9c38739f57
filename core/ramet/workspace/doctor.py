"""What `ramet doctor` says: what is configured, reachable and indexed, in sentences; it changes nothing and shows no key.

`LocalWorkspace.doctor` calls `examine`; a front end adds what only it can see with `terminal_findings`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from ramet.config import REPOSITORY_FILE, Config, Settings, load_settings, setting_keys, variable_of
from ramet.errors import ConfigError, RametError
from ramet.inert import inert_line
from ramet.models import Finding, WorkspaceStatus
from ramet.paths import UserDirectories, path_from_text
from ramet.version import __version__

_OTHER_VARIABLES = {"RAMET_DATA_DIR", "RAMET_CONFIG_DIR", "RAMET_RUNTIME_DIR", "RAMET_DEBUG"}
"""Variables that are read without being settings."""
_LITTLE_SPACE = 2_000_000_000
"""Bytes of free disk below which a large repository may not fit."""
_NO_SPACE = 200_000_000
_MOST_COUNTED = 50_000
"""Files or folders after which counting stops, so that the doctor answers soon."""
_OLDEST_GIT = (2, 32)
"""The first git that honours GIT_CONFIG_GLOBAL, which keeps settings from running programs."""

_log = logging.getLogger(__name__)


async def examine(
    status: WorkspaceStatus,
    environment: Mapping[str, str],
    directories: UserDirectories,
    identity: str = "",
    why_polled: Callable[[], str] = str,
) -> tuple[Finding, ...]:
    """Return all findings about one workspace; `identity` names the folder of its stores.

    `why_polled` says why changes to files are not reported by the system, and nothing when they are.
    A part that fails becomes a finding itself, so that the others are still told.
    """
    from ramet.workspace.doctor_embedder import embedder_findings
    from ramet.workspace.doctor_services import model_findings, vector_findings

    root = Path(os.fsdecode(path_from_text(status.root)))
    config = configuration(root, environment, directories)
    parts = [
        _guarded("configuration", lambda: configuration_findings(root, environment, directories)),
        _guarded("model", lambda: asyncio.run(model_findings(config, environment))),
        _guarded("embedder", lambda: embedder_findings(config, environment, directories)),
        _guarded("vectors", lambda: vector_findings(config)),
        _guarded("index", lambda: index_findings(status, directories.repository(identity) if identity else None)),
        _guarded("git", lambda: git_findings(status)),
        _guarded("storage", lambda: storage_findings(directories)),
        _guarded("watching", lambda: watch_findings(root, why_polled())),
    ]
    found = await asyncio.gather(*parts)
    return tuple(finding for findings in found for finding in findings)


async def _guarded(area: str, part: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return await asyncio.to_thread(part)
    except RametError as error:
        return [Finding(area, "problem", error.what, error.advice)]
    except OSError as error:
        return [Finding(area, "problem", f"This could not be examined: {error.strerror or type(error).__name__}.")]
    except Exception as error:  # the doctor is called when things are broken: a half-installed library, a mistake of ours
        _log.exception("examining %s failed", area)
        return [Finding(area, "problem", f"This could not be examined: {type(error).__name__}.", "The engine's log says more.")]


def configuration(root: Path | None, environment: Mapping[str, str], directories: UserDirectories) -> Config:
    """Return the configuration, or the defaults where it is wrong; `configuration_findings` says what is."""
    try:
        return load_settings(root, environment, directories).config
    except ConfigError:
        return Config()


def configuration_findings(root: Path | None, environment: Mapping[str, str], directories: UserDirectories) -> list[Finding]:
    """Say which files and variables configure Ramet, and what is wrong with them."""
    area = "configuration"
    found = [Finding(area, "ok", f"Ramet {__version__} on Python {platform.python_version()}, {platform.system()}.")]
    try:
        settings = load_settings(root, environment, directories)
    except ConfigError as error:
        found.append(Finding(area, "problem", error.what, error.advice))
        settings = Settings(Config(), {})
    else:
        user_file = str(directories.config_file)
        found.append(_file_finding(user_file, directories.config_file, settings))
        if root is not None and (root / REPOSITORY_FILE).exists():
            found.append(_file_finding(REPOSITORY_FILE, root / REPOSITORY_FILE, settings))
    variables = sorted({origin for origin in settings.origins.values() if origin.startswith("RAMET_")})
    if variables:
        found.append(Finding(area, "ok", f"Set in the environment: {', '.join(variables)}."))
    return found + _unread_variables(environment)


def _file_finding(name: str, file: Path, settings: Settings) -> Finding:
    if not file.exists():
        return Finding("configuration", "ok", f"There is no {inert_line(name)}; the defaults hold.")
    keys = [key for key, origin in settings.origins.items() if origin == name]
    sets = f"sets {', '.join(keys)}" if keys else "sets nothing that is in force"
    return Finding("configuration", "ok", f"{inert_line(name)} is valid and {sets}.")


def _unread_variables(environment: Mapping[str, str]) -> list[Finding]:
    import difflib

    known = {variable_of(key) for key in setting_keys()} | _OTHER_VARIABLES
    found = []
    for name in sorted(name for name in environment if name.startswith("RAMET_") and name not in known):
        near = difflib.get_close_matches(name, known, n=1)
        advice = f"Did you mean {near[0]}?" if near else ""
        found.append(Finding("configuration", "note", f"{inert_line(name)} is set, but nothing reads it.", advice))
    return found


def index_findings(status: WorkspaceStatus, stores: Path | None) -> list[Finding]:
    """Say where the index stands and how old it is."""
    index = status.index
    if index.state == "missing":
        advice = "The first search or question builds it, or run `ramet index`; `ramet index --estimate` says what it takes."
        return [Finding("index", "note", f"{inert_line(status.root)} is not indexed yet.", advice)]
    if index.state == "failed":
        return [Finding("index", "problem", index.problem or "The last index run failed.", "Run `ramet index` to try again.")]
    if index.state == "indexing":
        progress = f", {index.phase} {index.done:,} of {index.total:,}" if index.phase else ""
        return [Finding("index", "note", f"An index run is at work{progress}.", "")]
    skipped = f"; left out: {index.skipped:,}" if index.skipped else ""
    sentence = f"{index.chunks:,} chunks of {index.files:,} files are indexed{skipped}{_age(stores)}."
    found = [Finding("index", "ok", sentence, "`ramet index --verbose` names what is left out." if index.skipped else "")]
    if index.problem:
        found.append(Finding("index", "note", index.problem, "Run `ramet index` to try again."))
    return found


def _age(stores: Path | None) -> str:
    database = stores / "index.db" if stores is not None else None
    if database is None or not database.exists():
        return ""
    # The log of the database is where its latest changes are.
    written = max(file.stat().st_mtime for file in (database, database.with_name("index.db-wal")) if file.exists())
    return f"; last written {_ago(time.time() - written)}"


def _ago(seconds: float) -> str:
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "less than a minute ago"


def git_findings(status: WorkspaceStatus) -> list[Finding]:
    """Say which git is used and what kind of folder this is."""
    from ramet.git.runner import git_version

    version = git_version()
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    is_old = numbers < _OLDEST_GIT
    advice = f"Update git to {'.'.join(map(str, _OLDEST_GIT))} or newer." if is_old else ""
    found = [Finding("git", "problem" if is_old else "ok", f"git {version}{' is too old' if is_old else ''}.", advice)]
    head = status.head
    root = inert_line(status.root)
    if head is None:
        sentence = f"{root} is not under git: it is indexed as a plain folder, and changes are found by reading it."
        return [*found, Finding("git", "note", sentence)]
    place = f"on branch {inert_line(head.branch)}" if head.branch else "on a detached commit"
    commit = head.commit[:9] or "before its first commit"
    changed = f"{status.changed_files:,} changed file{'' if status.changed_files == 1 else 's'}"
    sentence = f"{root} is a git repository {place} ({commit}) with {changed}."
    return [*found, Finding("git", "ok", sentence)]


def storage_findings(directories: UserDirectories) -> list[Finding]:
    """Say where derived data lies, how much it is and how much room is left."""
    data = directories.data
    existing = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    if not os.access(existing, os.W_OK | os.X_OK) or not existing.is_dir():
        advice = "Make it writable for you, or set RAMET_DATA_DIR to a folder of yours."
        return [Finding("storage", "problem", f"The data directory {data} cannot be written.", advice)]
    size, is_all = _size(data)
    amount = f"{'' if is_all else 'more than '}{_bytes(size)} in {data}" if data.exists() else f"nothing in {data} yet"
    found = [Finding("storage", "ok", f"Ramet keeps {amount}; {_bytes(free)} are free on that disk.")]
    if free < _LITTLE_SPACE:
        level = "Almost nothing is left on the disk" if free < _NO_SPACE else "Little is left on the disk"
        advice = "Free some space, run `ramet gc`, or set RAMET_DATA_DIR to another disk."
        found.append(Finding("storage", "problem" if free < _NO_SPACE else "note", f"{level} that holds {data}.", advice))
    return found


def _size(folder: Path) -> tuple[int, bool]:
    """Return the bytes below a folder, and whether all of it was counted."""
    total = 0
    for count, entry in enumerate(_entries(folder)):
        if count >= _MOST_COUNTED:
            return total, False
        with suppress(FileNotFoundError):
            total += entry.stat(follow_symlinks=False).st_size
    return total, True


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield everything below a folder, without following links; what cannot be read is left out."""
    waiting = [os.fspath(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    yield entry
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue


def _bytes(count: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:,.0f} {unit}" if unit == "bytes" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError


def watch_findings(root: Path, polled: str = "", limits: Path = Path("/proc/sys/fs/inotify")) -> list[Finding]:
    """Say whether the system can watch all folders of the repository (Linux counts watches; others do not).

    `polled` is the reason when it was tried and cannot.
    """
    if polled:
        return [
            Finding("watching", "note", inert_line(polled), "A search or question always looks first, so it is never behind.")
        ]
    if not sys.platform.startswith("linux"):
        return []
    try:
        watches = int((limits / "max_user_watches").read_text())
        instances = int((limits / "max_user_instances").read_text())
    except (OSError, ValueError):
        return [Finding("watching", "note", "The system does not say how many folders may be watched.")]
    folders = 1
    for entry in _entries(root):
        folders += entry.is_dir(follow_symlinks=False)
        if folders > min(watches, _MOST_COUNTED):
            break
    if folders > watches:
        sentence = (
            f"The repository has more folders than may be watched ({watches:,}): changes show up only with the next request."
        )
        advice = "Raise it: sudo sysctl fs.inotify.max_user_watches=1048576"
        return [Finding("watching", "note", sentence, advice)]
    sentence = f"Changes to files are noticed: {watches:,} folders and {instances:,} watchers are allowed."
    return [Finding("watching", "ok", sentence)]


def terminal_findings(environment: Mapping[str, str], encoding: str, is_terminal: bool) -> list[Finding]:
    """Say what the terminal of a front end can show."""
    if not is_terminal:
        return [Finding("terminal", "note", "The output is not a terminal, so its abilities are unknown.")]
    term = environment.get("TERM", "")
    if term in ("", "dumb"):
        advice = "Set TERM to what your terminal emulates, such as xterm-256color."
        return [Finding("terminal", "problem", f"TERM is {inert_line(term) or 'not set'}: the app cannot draw.", advice)]
    found = []
    if environment.get("NO_COLOR"):
        found.append(Finding("terminal", "ok", f"{inert_line(term)}; NO_COLOR asks for no colours."))
    elif environment.get("COLORTERM", "") in ("truecolor", "24bit"):
        found.append(Finding("terminal", "ok", f"{inert_line(term)} with 24-bit colours."))
    else:
        sentence = f"{inert_line(term)} does not announce 24-bit colours; the nearest of 256 are shown."
        found.append(Finding("terminal", "note", sentence, "If your terminal has them, set COLORTERM=truecolor."))
    if encoding.lower().replace("-", "") != "utf8":
        advice = "Set LC_ALL or LANG to a UTF-8 locale, such as C.UTF-8."
        found.append(Finding("terminal", "note", f"The terminal's text encoding is {encoding}, not UTF-8.", advice))
    return found
