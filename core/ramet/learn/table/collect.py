"""Reads the packages that `sources.toml` lists, as they were published, and collects the pairs they hold."""

from __future__ import annotations

import json
import logging
import random
import tarfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from importlib.resources import files
from itertools import chain, islice
from pathlib import Path, PurePosixPath

from msgspec import Struct, convert

from ramet.learn.table.history import History, Repository
from ramet.learn.table.pairs import Pair, pairs_of

_logger = logging.getLogger(__name__)

MOST_PAIRS = 3_000
"""Of one package, so that no package decides how words are used."""
_LARGEST_FILE = 300_000
_LARGEST_MAP = 8_000_000
_SUFFIX_TEXT = ".py .js .ts .tsx .jsx .mjs .java .kt .swift .go .rs .c .cc .cpp .h .hpp .mm .m .cs .rb .php"
_SUFFIXES = frozenset(_SUFFIX_TEXT.split())
_LEFT_OUT_TEXT = (
    "dist umd cjs min build node_modules vendor vendored _vendor _vendored vendors third_party thirdparty third-party extern"
    " externals Renderer boost glog folly fmt double-conversion"
)
_LEFT_OUT = frozenset(_LEFT_OUT_TEXT.split())
"""Folders of copies, of what is built from other files, and of code that others published first."""
_KEPT_WORDS = 1_500
_KEPT_CODE = 4_000


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """One published package."""

    registry: str
    """`pypi` or `npm`."""
    name: str
    version: str
    licence: str


class Sources(Struct, frozen=True, forbid_unknown_fields=True):
    """What the table is trained on."""

    excluded: tuple[str, ...]
    package: tuple[Source, ...]
    repository: tuple[Repository, ...]


def load_sources() -> Sources:
    """Return what the table is trained on."""
    text = files("ramet.learn.table").joinpath("sources.toml").read_text(encoding="utf-8")
    return convert(tomllib.loads(text), Sources)


def collect(folder: Path, sources: Sources) -> Iterator[Pair]:
    """Yield the pairs of all that lies in `folder`/pypi, `folder`/npm and `folder`/git; what is missing is logged."""
    of_packages = (_collect_one(folder, source) for source in sources.package)
    of_repositories = (_collect_repository(folder, repository) for repository in sources.repository)
    return _distinct(chain.from_iterable(chain(of_packages, of_repositories)))


def _collect_repository(folder: Path, repository: Repository) -> Iterator[Pair]:
    clone = folder / "git" / repository.name.replace("/", "+")
    if not clone.exists():
        _logger.warning("There is no clone of %s", repository.name)
        return iter(())
    history = History(clone, repository, sorted(_SUFFIXES), _LEFT_OUT)
    parts = (history.of_messages(), history.of_files())
    return chain.from_iterable(islice(_distinct(part), MOST_PAIRS) for part in parts)


def _collect_one(folder: Path, source: Source) -> Iterator[Pair]:
    archive = archive_of(folder, source)
    if archive is None:
        _logger.warning("There is no archive of %s %s", source.name, source.version)
        return iter(())
    return islice(_distinct(pairs_of_archive(archive, f"{source.registry}:{source.name}")), MOST_PAIRS)


def archive_of(folder: Path, source: Source) -> Path | None:
    """Return where a package's archive is, named as pip and npm name what they download; None where there is none."""
    if source.registry == "npm":
        path = folder / "npm" / f"{source.name.lstrip('@').replace('/', '-')}-{source.version}.tgz"
        return path if path.exists() else None
    stem = source.name.replace("-", "_").replace(".", "_")
    found = [
        path
        for path in sorted((folder / "pypi").glob(f"*-{source.version}-*.whl"))
        if path.name.split("-", 1)[0].replace(".", "_").lower() == stem.lower()
    ]
    return found[0] if found else None


def pairs_of_archive(archive: Path, group: str) -> Iterator[Pair]:
    """Yield the pairs of one archive, its files in an order that is arbitrary but always the same."""
    texts = list(_texts(archive))
    texts.sort()
    random.Random(group).shuffle(texts)  # noqa: S311  # an order, no secret
    for path, data in texts:
        yield from pairs_of(group, path, data)


def _distinct(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """Leave out pairs whose words have been there, and code that has been there for the same kind of words."""
    seen: set[bytes] = set()
    for pair in pairs:
        words, code = pair.words[:_KEPT_WORDS], pair.code[:_KEPT_CODE]
        marks = {_digest("words", words), _digest(pair.kind, code)}
        if seen.isdisjoint(marks):
            seen |= marks
            yield Pair(pair.group, pair.kind, words, code)


def _digest(*parts: str) -> bytes:
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=10).digest()


def _texts(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of the source files of an archive, also of those inside of source maps."""
    for path, data in _members(archive):
        if path.endswith(".map"):
            yield from _mapped(path, data)
        elif len(data) <= _LARGEST_FILE and _is_source(path):
            yield path, data


def _members(archive: Path) -> Iterator[tuple[str, bytes]]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for entry in wheel.infolist():
                if not entry.is_dir() and entry.file_size <= _LARGEST_FILE:
                    yield entry.filename, wheel.read(entry)
        return
    with tarfile.open(archive) as package:
        for member in package:
            is_wanted = member.size <= (_LARGEST_MAP if member.name.endswith(".map") else _LARGEST_FILE)
            stream = package.extractfile(member) if member.isfile() and is_wanted else None
            if stream is not None:
                yield member.name, stream.read()


def _is_source(path: str) -> bool:
    place = PurePosixPath(path)
    return (
        place.suffix in _SUFFIXES
        and _LEFT_OUT.isdisjoint(place.parts[:-1])
        and not place.name.endswith((".min.js", ".d.ts"))
        and ".min." not in place.name
    )


def _mapped(path: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the TypeScript that a source map carries: what the package's authors wrote, where only built files are published."""
    try:
        mapped = json.loads(data)
        named = list(zip(mapped["sources"], mapped.get("sourcesContent") or (), strict=False))
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    for name, content in named:
        place = f"{path}/{name}"
        if (
            isinstance(name, str)
            and isinstance(content, str)
            and name.endswith((".ts", ".tsx"))
            and len(content) <= _LARGEST_FILE
        ):
            parts = set(PurePosixPath(name).parts)
            if parts.isdisjoint(_LEFT_OUT) and not name.endswith(".d.ts"):
                yield place, content.encode("utf-8", "surrogatepass")
