"""What the user configured, and how it is put together: user file < repository file < environment < flags.

A repository's `.ramet.toml` comes from strangers: it may set only what can neither run, spend nor leak anything.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, get_type_hints

import msgspec
from msgspec import Meta, Struct

from ramet.errors import ConfigError
from ramet.inert import inert_line
from ramet.paths import UserDirectories

REPOSITORY_FILE = ".ramet.toml"
REPOSITORY_MAXIMA = {"context_tokens": 32_000, "limits.max_file_bytes": 20_000_000, "limits.max_line_bytes": 100_000}
"""All that a repository's file may set, and how far: more context is more money, larger files are more memory."""
_MAX_FILE_BYTES = 64 * 1024
"""No hand-written configuration is larger."""
_URL_KEYS = frozenset({"api_base", "ollama_url", "embedder_api_base", "chroma_url"})
_URL = re.compile(r"https?://[^\s/]+\S*")
_FOLDERS = r"^[ ,]*([^ ,=]+(=(auto|link|reflink|overlay|rebuild))?([ ,]+|$))*$"
_FOLDERS_IN_WORDS = "names with spaces between, each alone or as NAME=auto, link, reflink, overlay or rebuild"
_KEY_LIKE = re.compile(r"_key$|^key$|api_?key|token$|secret|password|credential", re.IGNORECASE)
_CHECK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,29}")
_MOST_CHECKS = 20
_SHOWN_VALUE = 60
"""Characters of a wrong value that an error repeats."""


class IndexLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """Which files are too much to index."""

    max_file_bytes: Annotated[int, Meta(ge=1_000, le=100_000_000)] = 2_000_000
    """Larger files are skipped and reported."""
    max_line_bytes: Annotated[int, Meta(ge=100, le=10_000_000)] = 5_000
    """A file whose lines are longer than this on average is minified: skipped and reported."""


class TerminalSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the commands of terminals are recorded, and how many are kept of each repository."""

    record: bool = True
    """False keeps nothing of what runs in a terminal."""
    keep_commands: Annotated[int, Meta(ge=1, le=100_000)] = 500
    """The oldest leave when there are more."""
    keep_bytes: Annotated[int, Meta(ge=100_000, le=10_000_000_000)] = 64_000_000
    """Of text, counted without what finding it takes."""


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """All settings with their defaults."""

    model: str = ""
    """litellm's name of the chat model; empty chooses one, see `ramet.llm.choice`."""
    api_base: str = ""
    """URL of an OpenAI-compatible server for `model`."""
    ollama_url: str = "http://localhost:11434"
    embedder: str = "table"
    """What computes vectors: `table`, litellm's name of an embedding model, `model2vec:MODEL`, `sentence-transformers:MODEL`."""
    embedder_api_base: str = ""
    """URL of a server for an `embedder` that litellm reaches; empty asks the provider's own."""
    embedder_dimensions: Annotated[int, Meta(ge=0, le=100_000)] = 0
    """Length of the vectors, for models that can shorten them; 0 leaves it to the model."""
    embed_budget_usd: Annotated[float, Meta(ge=0, le=1_000_000)] = 1.0
    """US dollars that the vectors of one index run may cost; when they would cost more, none is computed."""
    embed_budget_tokens: Annotated[int, Meta(ge=0, le=1_000_000_000_000)] = 5_000_000
    """Tokens that one index run may send to an embedder whose price is unknown."""
    chroma_url: str = ""
    """URL of a Chroma server for vectors; empty keeps them in the user's data directory."""
    context_tokens: Annotated[int, Meta(ge=500, le=1_000_000)] = 12_000
    """Budget for retrieved sources in a request."""
    answer_timeout: Annotated[float, Meta(ge=1, le=3_600)] = 60.0
    """Seconds without a token after which an answer is given up."""
    tool_rounds: Annotated[int, Meta(ge=0, le=50)] = 8
    """How often the model may ask for tools in one answer."""
    engine_idle_minutes: Annotated[float, Meta(ge=0.01, le=10_080)] = 30.0
    """The engine leaves after this long without a front end."""
    branch_links: Annotated[str, Meta(pattern=_FOLDERS, description=_FOLDERS_IN_WORDS)] = ".venv venv node_modules"
    """Ignored folders of the working tree that are brought to where a branch is laid out, see `ramet.branches.artefacts`."""
    branch_setup: str = ""
    """A shell command to run once in a folder in which branches are laid out, before the first use."""
    branch_checks: dict[str, str] = {}
    """Name of a check -> the shell command that `ramet branch check` runs for it in branches."""
    branch_limit_mb: Annotated[int, Meta(ge=10, le=10_000_000)] = 2_000
    """What the branches of one working tree may take of the disk, in MB; what was dropped goes first."""
    theme: str = ""
    limits: IndexLimits = IndexLimits()
    terminal: TerminalSettings = TerminalSettings()


class Settings(Struct, frozen=True):
    """The configuration together with where each value of it comes from."""

    config: Config
    origins: dict[str, str]
    """Key -> a phrase for people; keys at their default are missing."""

    def value(self, key: str) -> str | int | float | dict[str, str]:
        """Return the value of a key such as `limits.max_file_bytes`."""
        table, _, name = key.rpartition(".")
        found: str | int | float | dict[str, str] = getattr(getattr(self.config, table) if table else self.config, name)
        return found


def setting_keys() -> tuple[str, ...]:
    """Return all keys in the order of `Config`; those of a table as `table.key`."""
    return tuple(_TYPES)


def variable_of(key: str) -> str:
    """Return the environment variable that sets a key: RAMET_MODEL, RAMET_LIMITS_MAX_FILE_BYTES, ..."""
    return "RAMET_" + key.replace(".", "_").upper()


def load_config(
    root: Path | None, environment: Mapping[str, str], directories: UserDirectories, overrides: Mapping[str, object] | None = None
) -> Config:
    """Return the configuration for a repository root, or for none. Raises ConfigError."""
    return load_settings(root, environment, directories, overrides).config


def load_settings(
    root: Path | None, environment: Mapping[str, str], directories: UserDirectories, overrides: Mapping[str, object] | None = None
) -> Settings:
    """Return the configuration and where each value comes from. Raises ConfigError.

    `overrides` are flags: keys and values; None and the empty string mean that the flag was not given.
    """
    values: dict[str, object] = {}
    origins: dict[str, str] = {}

    def take(found: Mapping[str, object], origin: str) -> None:
        values.update(found)
        origins.update(dict.fromkeys(found, origin))

    user_file = directories.config_file
    take(_from_user_file(user_file), str(user_file))
    if root is not None:
        take(_from_repository_file(root / REPOSITORY_FILE, user_file), REPOSITORY_FILE)
    for key in _TYPES:
        variable = variable_of(key)
        if text := environment.get(variable, "").strip():
            take({key: _converted(key, text, variable, strict=False)}, variable)
    for key, value in (overrides or {}).items():
        if value is not None and value != "":
            take({_known(key, "the command line"): _converted(key, value, f"--{key.replace('_', '-')}", strict=False)}, "flag")
    return Settings(msgspec.convert(_nested(values), Config), origins)


def without_credentials(url: str) -> str:
    """Return a URL that may be shown: user name, password and query are left out."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2].partition('?')[0]}{slash}{path.partition('?')[0]}"


def _field_types(struct: type[Struct], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, annotation in get_type_hints(struct, include_extras=True).items():
        if isinstance(annotation, type) and issubclass(annotation, Struct):
            yield from _field_types(annotation, f"{prefix}{name}.")
        else:
            yield prefix + name, annotation


_TYPES: dict[str, object] = dict(_field_types(Config))
"""Key -> annotation."""


def _from_user_file(file: Path) -> dict[str, object]:
    where = str(file)
    return {
        _known(key, where): _converted(key, value, where) for key, value in _entries(_parsed(_read(file, os.O_RDONLY), where))
    }


def _from_repository_file(file: Path, user_file: Path) -> dict[str, object]:
    where = f"{REPOSITORY_FILE} of this repository"
    found = {}
    for key, value in _entries(_parsed(_read(file, os.O_RDONLY | os.O_NOFOLLOW), where)):
        if _known(key, where) not in REPOSITORY_MAXIMA:
            raise _not_allowed(key, user_file)
        found[key] = _converted(key, value, where, maximum=REPOSITORY_MAXIMA[key])
    return found


def _not_allowed(key: str, user_file: Path) -> ConfigError:
    if key in _URL_KEYS:
        reason = "it decides where your code and your keys are sent"
    elif key == "model" or key.startswith("embed"):
        reason = "it decides who reads your code and what that costs"
    else:
        reason = "that is for you to decide, not for a repository"
    what = f"{REPOSITORY_FILE} of this repository sets `{key}`, which it may not: {reason}."
    allowed = ", ".join(REPOSITORY_MAXIMA)
    return ConfigError(what, f"Remove it there; if you want it, put it into {user_file}. A repository may set: {allowed}.")


def _read(file: Path, flags: int) -> bytes:
    """Return the content of a configuration file, empty when there is none; only of a regular file of a sane size."""
    try:
        descriptor = os.open(file, flags | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as error:
        if error.errno == errno.ELOOP and flags & os.O_NOFOLLOW:
            what = f"{inert_line(str(file))} is a symbolic link, which is not followed: it could name any file of yours."
            raise ConfigError(what, "Replace it by a file, or remove it.") from error
        raise _unreadable(file, error) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ConfigError(f"{inert_line(str(file))} is not a regular file.", "Replace it by a file, or remove it.")
        content = os.read(descriptor, _MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _unreadable(file, error) from error
    finally:
        os.close(descriptor)
    if len(content) > _MAX_FILE_BYTES:
        raise ConfigError(f"{inert_line(str(file))} is larger than {_MAX_FILE_BYTES // 1024} KiB.", "Shorten or remove it.")
    return content


def _unreadable(file: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{inert_line(str(file))} cannot be read: {error.strerror}.", "Make it readable for you, or remove it.")


def _parsed(content: bytes, where: str) -> dict[str, object]:
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{where}, line {line}: the text is not UTF-8.", "Save the file as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        message, line_number = _message_and_line(str(error), content)
        raise ConfigError(f"{where}, line {line_number}: {message}.", "Correct the line; the format is TOML.") from error
    except RecursionError as error:
        raise ConfigError(f"{where} is nested too deeply to be a configuration.", "Correct or remove it.") from error


def _message_and_line(message: str, content: bytes) -> tuple[str, int]:
    """Split tomllib's `Expected ... (at line 3, column 5)`; at the end of the file it names no line."""
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", message, re.DOTALL)
    if match is None:
        return inert_line(message.rstrip(".")), 1
    last_line = content.rstrip().count(b"\n") + 1
    return inert_line(match[1].rstrip(".")), int(match[2]) if match[2] else last_line


def _entries(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield dotted keys and values; only the tables of `Config` are entered."""
    for name, value in table.items():
        key = prefix + name
        if isinstance(value, dict) and any(known.startswith(f"{key}.") for known in _TYPES):
            yield from _entries(value, f"{key}.")
        else:
            yield key, value


def _known(key: str, where: str) -> str:
    """Return a key that exists. Raises ConfigError naming the nearest one."""
    if key in _TYPES:
        return key
    import difflib

    shown = inert_line(key[:_SHOWN_VALUE])
    if _KEY_LIKE.search(key):
        what = f"{where} sets `{shown}`, but keys are never read from a configuration file."
        raise ConfigError(
            what, "Remove it; set ANTHROPIC_API_KEY or the like in the environment, or run `ramet key set VARIABLE`."
        )
    names = {name: None for known in _TYPES for name in (known, known.partition(".")[0])}
    near = difflib.get_close_matches(key.lower().replace("-", "_"), names, n=1, cutoff=0.5)
    advice = f"Did you mean `{near[0]}`?" if near else f"Known are: {', '.join(_TYPES)}."
    raise ConfigError(f"{where} sets `{shown}`, which is not a setting.", advice)


def _converted(key: str, value: object, where: str, *, strict: bool = True, maximum: int | None = None) -> object:
    """Return a value of the right type and in range. Raises ConfigError saying what is expected."""
    annotation = _TYPES[key]
    try:
        given = _table_in(value) if isinstance(value, str) and _base(annotation) is dict else value
        converted: object = msgspec.convert(given, annotation, strict=strict)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        raise _wrong_value(key, value, where, maximum) from error
    if isinstance(converted, dict):
        return _checks(key, converted, where)
    is_too_high = maximum is not None and isinstance(converted, int | float) and converted > maximum
    is_no_url = key in _URL_KEYS and converted and not _URL.fullmatch(str(converted))
    if is_too_high or is_no_url or (isinstance(converted, str) and not converted.isprintable()):
        raise _wrong_value(key, value, where, maximum)
    return converted


def _table_in(text: str) -> object:
    """Return the table that a variable holds: `{tests = "pytest -q"}`."""
    return tomllib.loads(f"table = {text}")["table"] if "\n" not in text else text


def _checks(key: str, commands: Mapping[str, str], where: str) -> Mapping[str, str]:
    """Return commands by their names. Raises ConfigError for what cannot be one."""
    for name, command in commands.items():
        shown = inert_line(name[:_SHOWN_VALUE])
        if not _CHECK_NAME.fullmatch(name):
            advice = "Use letters, digits, `-`, `_` and `.`, 30 at most; begin with a letter or a digit."
            raise ConfigError(f"{where}: a check of `{key}` cannot be called {shown!r}.", advice)
        if not command.strip() or not command.isprintable():
            raise ConfigError(
                f"{where}: the check `{shown}` of `{key}` has no command that can be run.", 'Give one line: tests = "pytest -q".'
            )
    if len(commands) > _MOST_CHECKS:
        raise ConfigError(f"{where}: `{key}` has {len(commands)} checks.", f"{_MOST_CHECKS} is the most; let one call others.")
    return commands


def _wrong_value(key: str, value: object, where: str, maximum: int | None) -> ConfigError:
    shown = without_credentials(str(value)) if key in _URL_KEYS else repr(value)
    shown = inert_line(shown if len(shown) <= _SHOWN_VALUE else shown[:_SHOWN_VALUE] + "…")
    return ConfigError(f"{where}: `{key}` cannot be {shown}.", f"It must be {_expectation(key, maximum)}.")


def _expectation(key: str, maximum: int | None) -> str:
    """Describe in words which values a key takes."""
    if key in _URL_KEYS:
        return "a URL that begins with http:// or https://"
    kind = _base(_TYPES[key])
    for meta in getattr(_TYPES[key], "__metadata__", ()):
        if isinstance(meta, Meta) and meta.description:
            return meta.description
    if kind is str:
        return "a text without control characters"
    if kind is bool:
        return "true or false"
    if kind is dict:
        return 'a table of shell commands by their names, such as {tests = "pytest -q"}'
    ranges = [meta for meta in getattr(_TYPES[key], "__metadata__", ()) if isinstance(meta, Meta)]
    lowest, highest = (ranges[0].ge, ranges[0].le) if ranges else (None, None)
    top = min(highest, maximum) if highest is not None and maximum is not None else highest
    return f"a {'whole ' if kind is int else ''}number from {lowest:,} to {top:,}{' in a repository' if maximum else ''}"


def _base(annotation: object) -> object:
    """Return the plain type of an annotation: `int` of `Annotated[int, ...]`."""
    return getattr(annotation, "__origin__", annotation)


def _nested(values: Mapping[str, object]) -> dict[str, object]:
    nested: dict[str, object] = {}
    for key, value in values.items():
        table, _, name = key.rpartition(".")
        if table:
            inner = nested.setdefault(table, {})
            assert isinstance(inner, dict)
            inner[name] = value
        else:
            nested[key] = value
    return nested
