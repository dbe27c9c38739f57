"""Bad input end to end: real git, real stores, the command line; and whatever happens, nothing of the repository is written."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ramet.errors import UsageError
from ramet.events import Answered
from ramet.index.scan import Scan, WorkingTree
from ramet.models import AskRequest, IndexStats
from ramet.paths import UserDirectories, path_to_text
from ramet.store.index_database import IndexDatabase
from ramet.store.records import BlobRecord
from ramet.workspace.host import open_local_workspace
from ramet.workspace.local import LocalWorkspace
from tests.conftest import isolate
from tests.contracts.bad_input import Ran, fingerprint, ramet
from tests.fakes.indexed import finished
from tests.fakes.openai_server import answer, running_server

pytestmark = pytest.mark.usefixtures("lent_vectors")

GOOD = "def compute_good(value):\n    return value + 1\n"
LINES = 100_000
ODD_NAME = b"two words\nand caf\xe9.py"
ESCAPED_NAME = "evil\x1b[31m.py"
ACTIVE = set("\x1b\x07\x9b")


def quick_git(folder: Path, *arguments: str | Path) -> None:
    subprocess.run(["git", "-c", "protocol.file.allow=always", *arguments], cwd=folder, check=True, capture_output=True)


def committed(folder: Path, **files: str) -> Path:
    """Create a repository of one commit; `a__py` names the file `a.py`."""
    folder.mkdir(parents=True)
    quick_git(folder, "init", "-q")
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    quick_git(folder, "add", "-A")
    quick_git(folder, "commit", "-qm", "First")
    return folder


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[LocalWorkspace]:
    """Open a workspace without an engine and close it."""
    workspace = await open_local_workspace(folder, environment=os.environ, overrides={})
    try:
        yield workspace
    finally:
        await workspace.close()


def hits(ran: Ran) -> list[str]:
    """Return the paths of a search in JSON."""
    assert ran.code == 0, ran.err
    found: list[dict[str, Any]] = json.loads(ran.out)  # Any: JSON
    return [hit["path"] for hit in found]


# -- files that are trouble, all in one repository: indexed once, looked at row by row


@dataclass(frozen=True)
class Seen:
    """What the commands said about the repository of odd files."""

    index: Ran
    stats: IndexStats
    files: tuple[str, ...]
    found: dict[str, list[str]]
    """Query -> paths of the hits."""


@dataclass(frozen=True)
class Odd:
    """One odd file, and what is to be said of it and found in it."""

    id: str
    path: str
    skipped: str = ""
    note: str = ""
    query: str = ""
    """Finds the file; for what is skipped, finds nothing of it."""
    is_file: bool = True
    """Whether it is listed among the files of the workspace."""


ODD_FILES = [
    Odd("a file that may not be read", "private.py", skipped="unreadable", query="zebra_private"),
    Odd("200 MB", "dump.sql", skipped="huge"),
    Odd("a binary with a code suffix", "binary.py", skipped="binary", query="zebra_binary"),
    Odd("invalid UTF-8", "latin.py", note="UTF-8", query="zebra_latin"),
    Odd("100,000 lines", "long.py", query="z99999"),
    Odd("newline, spaces and other bytes in a name", path_to_text(ODD_NAME), query="zebra_named"),
    Odd("escape codes in name and code", ESCAPED_NAME, query="zebra_escape"),
    Odd("a link to itself", "loop.py", skipped="symlink", query="zebra_loop"),
    Odd("a link to a folder above", "cycle", skipped="symlink", query="zebra_cycle"),
    Odd("a link to a file out of the tree", "outside.py", skipped="symlink", query="zebra_outside"),
    Odd("a link to a folder out of the tree", "elsewhere", skipped="symlink", query="zebra_outside"),
    Odd("a nested repository", "nested", skipped="nested-repository", query="zebra_nested", is_file=False),
    Odd("a submodule", "module", skipped="submodule", query="zebra_module", is_file=False),
]
FOUND = [odd for odd in ODD_FILES if odd.path in ("latin.py", "long.py", path_to_text(ODD_NAME), ESCAPED_NAME)]


def odd_repository(folder: Path) -> Path:
    outside = committed(folder / "outside", outside__py="def zebra_outside(): ...\n")
    root = committed(folder / "odd", good__py=GOOD)
    quick_git(
        root, "submodule", "--quiet", "add", str(committed(folder / "of-module", m__py="def zebra_module(): ...\n")), "module"
    )
    quick_git(root, "commit", "-qm", "Module")
    committed(root / "nested", inner__py="def zebra_nested(): ...\n")
    (root / "private.py").write_text("def zebra_private(): ...\n")
    with (root / "dump.sql").open("wb") as file:
        file.truncate(200_000_000)
    (root / "binary.py").write_bytes(b"zebra_binary = 1\n\0\xff\n")
    (root / "latin.py").write_bytes(b"# caf\xe9\ndef zebra_latin(value):\n    return value\n")
    (root / "long.py").write_text("".join(f"z{number}=1\n" for number in range(LINES)))
    Path(os.fsdecode(os.fsencode(root) + b"/" + ODD_NAME)).write_text("def zebra_named(value):\n    return value\n")
    (root / ESCAPED_NAME).write_text('def zebra_escape():\n    """\x1b]0;owned\x07 zebra \x9b31m"""\n')
    (root / "loop.py").symlink_to("loop.py")
    (root / "cycle").symlink_to(".")
    (root / "outside.py").symlink_to(outside / "outside.py")
    (root / "elsewhere").symlink_to(outside)
    return root


def without_permission(path: bytes) -> Callable[..., int]:
    """Return an `os.open` that may not read one file: a test that runs as root may read everything."""
    real_open = os.open

    def refusing(name: str | bytes | os.PathLike[str], flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if name == path:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real_open(name, flags, mode, dir_fd=dir_fd)

    return refusing


async def looked_at(root: Path) -> tuple[IndexStats, tuple[str, ...], dict[str, list[str]]]:
    """Return what a workspace says of a folder that is indexed."""
    async with opened(root) as workspace:
        stats = finished([event async for event in workspace.sync()])
        found = {odd.query: await workspace.search(odd.query) for odd in ODD_FILES if odd.query}
        return stats, await workspace.files(), {query: [hit.path for hit in each.hits] for query, each in found.items()}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        isolate(tmp_path_factory.mktemp("home"), monkeypatch)
        root = odd_repository(tmp_path_factory.mktemp("bad-input"))
        monkeypatch.setattr(os, "open", without_permission(b"private.py"))
        before = fingerprint(root.parent)
        index = ramet(root, "index", "--verbose")
        stats, files, found = asyncio.run(looked_at(root))
        shown = [ramet(root, "search", "zebra_escape"), ramet(root, "ask", "--no-stdin", "--no-model", "what is zebra_escape?")]
        assert fingerprint(root.parent) == before
        assert [ran.code for ran in (index, *shown)] == [0, 0, 0]
        assert all("zebra" in ran.out for ran in shown)
        assert not any(ACTIVE & set(ran.out + ran.err) for ran in (index, *shown))
        yield Seen(index, stats, files, found)


@pytest.mark.parametrize("odd", ODD_FILES, ids=lambda odd: odd.id)
def test_an_odd_file_is_indexed_or_left_out_and_said(seen: Seen, odd: Odd) -> None:
    skipped = {file.path: file.reason for file in seen.stats.skipped}
    notes = {file.path: file.note for file in seen.stats.notes}

    assert skipped.get(odd.path, "") == odd.skipped
    assert odd.note in notes.get(odd.path, "") if odd.note else odd.path not in notes
    assert (odd.path in seen.files) is odd.is_file
    if odd.query:
        assert (odd.path in seen.found[odd.query]) is (odd in FOUND)
        assert not any(path.startswith(("nested/", "module/", "cycle/", "elsewhere/")) for path in seen.found[odd.query])
    if odd.skipped or odd.note:
        assert f"\n  {odd.path}  " in seen.index.out


# -- folders that are trouble


@pytest.mark.parametrize("arguments", [("index",), ("search", "x"), ("ask", "--no-stdin", "x")], ids=lambda a: a[0])
def test_what_is_not_a_directory_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "file\x1b.py").write_text("x = 1\n")
    before = fingerprint(tmp_path)
    file, missing = (ramet(tmp_path / name, *arguments) for name in ("file\x1b.py", "nowhere"))

    assert (file.code, missing.code) == (2, 2)
    assert "is a file, not a folder" in file.err
    assert "does not exist" in missing.err
    assert not ACTIVE & set(file.err)
    assert fingerprint(tmp_path) == before


def empty(folder: Path) -> None:
    folder.mkdir()


def empty_repository(folder: Path) -> None:
    folder.mkdir()
    quick_git(folder, "init", "-q")


def plain(folder: Path) -> None:
    folder.mkdir()
    (folder / "good.py").write_text(GOOD)
    (folder / ".gitignore").write_text("*.log\n")
    (folder / "noise.log").write_text(GOOD)


def without_commits(folder: Path) -> None:
    plain(folder)
    quick_git(folder, "init", "-q")
    quick_git(folder, "add", "good.py")


@pytest.mark.parametrize(
    ("make", "paths", "head"),
    [
        (empty, [], "is not under git"),
        (empty_repository, [], "before its first commit"),
        (plain, ["good.py"], "is not under git"),
        (without_commits, ["good.py"], "before its first commit"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_a_folder_without_history(make: Callable[[Path], None], paths: list[str], head: str, tmp_path: Path) -> None:
    make(tmp_path / "folder")
    before = fingerprint(tmp_path)
    async with opened(tmp_path / "folder") as workspace:
        found = await workspace.search("compute_good")
        events = [event async for event in workspace.ask(AskRequest("compute_good?", use_model=False))]
        said = " ".join(finding.sentence for finding in await workspace.doctor())

    assert [hit.path for hit in found.hits] == paths
    assert isinstance(events[-1], Answered)
    assert ("good.py:1-2" if paths else "Nothing in the repository matches") in events[-1].text
    assert head in said
    assert fingerprint(tmp_path) == before


def test_two_clones_of_one_repository_share_everything(tmp_path: Path) -> None:
    first = committed(tmp_path / "first", good__py=GOOD, other__py="def compute_other(value):\n    return value - 1\n")
    quick_git(tmp_path, "clone", "-q", first, "second")
    (tmp_path / "second" / "good.py").unlink()
    before = fingerprint(tmp_path)
    built, reused = ramet(first, "index"), ramet(tmp_path / "second", "index")
    here, there = (ramet(tmp_path / name, "search", "--json", "compute_good") for name in ("first", "second"))

    assert "2 vectors computed, 0 reused" in built.out
    assert "0 vectors computed, 1 reused" in reused.out
    assert hits(here)[0] == "good.py"
    assert "good.py" not in hits(there)
    assert fingerprint(tmp_path) == before


def test_a_file_deleted_between_scan_and_read_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = committed(tmp_path / "repository", good__py=GOOD)
    before = fingerprint(root)
    scan = WorkingTree.scan

    def then_delete(tree: WorkingTree) -> Scan:
        (root / "fleeting.py").write_text("def compute_fleeting(): ...\n")
        seen = scan(tree)
        (root / "fleeting.py").unlink()
        return seen

    with monkeypatch.context() as patch:
        patch.setattr(WorkingTree, "scan", then_delete)
        index = ramet(root, "index", "--verbose")
    search = ramet(root, "search", "--json", "compute_fleeting compute_good")
    after = fingerprint(root)

    assert index.code == 0
    assert "gone while reading" in index.out
    assert hits(search) == ["good.py"]
    assert {path for path in after if after[path] != before.get(path)} <= {str(root)}  # the test's own writing


# -- the disk and the data directory


def test_a_disk_that_fills_up_while_indexing_is_said_and_the_next_run_completes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = committed(tmp_path / "repository", good__py=GOOD)
    before = fingerprint(tmp_path)
    add = IndexDatabase.add_blobs

    def on_a_full_disk(database: IndexDatabase, blobs: Sequence[BlobRecord]) -> list[int]:
        database._writer.execute(f"PRAGMA max_page_count = {database._writer.execute('PRAGMA page_count').fetchone()[0]}")
        big = [replace(blob, note="x" * 100_000) for blob in blobs]
        return add(database, big)

    with monkeypatch.context() as patch:
        patch.setattr(IndexDatabase, "add_blobs", on_a_full_disk)
        full = ramet(root, "index")
    again = ramet(root, "search", "--json", "compute_good")

    assert full.code == 1
    assert "The disk is full" in full.err
    assert "Free some space" in full.err
    assert hits(again) == ["good.py"]
    assert fingerprint(tmp_path) == before


@dataclass(frozen=True)
class Indexed:
    """A repository and the data directory that an index run left, to be copied and damaged."""

    root: Path
    data: Path
    files: list[str]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Indexed:
    """Index a repository twice, so that Chroma has written its index files, and ask one question."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as monkeypatch:
        isolate(home, monkeypatch)
        many = {f"part{number}__py": f"def compute_part_{number}(value):\n    return value * {number}\n" for number in range(20)}
        root = committed(tmp_path_factory.mktemp("damaged") / "repository", **many)
        assert ramet(root, "index").code == 0
        subprocess.run([sys.executable, "-c", WRITE_OFTEN, home / "data"], check=True)
        (root / "more.py").write_text(
            "\n\n".join(f"def compute_more_{number}():\n    return {number}\n" for number in range(200))
        )
        assert ramet(root, "ask", "--no-stdin", "--no-model", "compute_part_7?").code == 0
        assert ramet(root, "index").code == 0
    files = [path for path in sorted((home / "data").rglob("*")) if path.is_file()]
    return Indexed(root, home / "data", [str(path.relative_to(home / "data")) for path in files])


WRITE_OFTEN = """
import sys
from pathlib import Path
import chromadb
from chromadb.config import Settings
folder = next(Path(sys.argv[1]).rglob("chroma.sqlite3")).parent
client = chromadb.PersistentClient(str(folder), Settings(_env_file=None, anonymized_telemetry=False))
(collection,) = client.list_collections()
collection.modify(configuration={"hnsw": {"batch_size": 2, "sync_threshold": 10}})
"""
"""Lets Chroma write its index files with so few vectors; as it is configured, it does so every 2,000."""


def garbage(path: Path) -> None:
    path.write_bytes(b"\x93garbage" * 2_000)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def scribble(path: Path) -> None:
    """Keep the length and the beginning."""
    content = path.read_bytes()
    path.write_bytes(content[:16] + b"\xff" * (len(content) - 16))


async def used(root: Path) -> list[str]:
    """Index, search and index again; return everything that was said. At the end all vectors must be there."""
    said: list[str] = []
    async with opened(root) as workspace:
        for _ in range(2):
            said += finished([event async for event in workspace.sync()]).warnings
            said += (await workspace.search("compute_part_7")).notes
        (first, *_), status = (await workspace.search("compute_part_7")).hits, await workspace.status()
    assert first.path == "part7.py"
    assert {"lexical", "dense", "symbol", "kind", "path"} == {reason.kind for reason in first.reasons}
    assert (status.index.state, status.index.dense_ready) == ("ready", True)
    assert status.index.vectors == status.index.chunks == 220
    return said


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("index.db", garbage),
        ("index.db", cut),
        ("chroma.sqlite3", garbage),
        ("chroma.sqlite3", cut),
        ("data_level0.bin", cut),
        ("data_level0.bin", scribble),
        ("header.bin", cut),
        ("header.bin", scribble),
        ("index_metadata.pickle", garbage),
        ("length.bin", cut),
        ("link_lists.bin", cut),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
async def test_a_damaged_file_of_the_data_directory_is_moved_aside_rebuilt_and_said(
    name: str, damage: Callable[[Path], None], indexed: Indexed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(indexed.data, tmp_path / "data")
    damage(next((tmp_path / "data").rglob(name)))
    monkeypatch.setenv("RAMET_DATA_DIR", str(tmp_path / "data"))
    before = fingerprint(indexed.root)
    said = await used(indexed.root)

    what = ("The index", "index.db") if name == "index.db" else ("The vector store", "chroma")
    assert any(f"{what[0]} was damaged and is built anew" in sentence for sentence in said), said
    assert list((tmp_path / "data").rglob(f"{what[1]}.damaged-1"))
    assert fingerprint(indexed.root) == before


async def test_garbage_in_every_other_file_of_the_data_directory_does_no_harm(
    indexed: Indexed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locks, the record of the repository's identity, stored conversations, and whatever else lies there."""
    shutil.copytree(indexed.data, tmp_path / "data")
    others = [file for file in indexed.files if "/chroma/" not in file and not file.endswith("index.db")]
    for file in others:
        garbage(tmp_path / "data" / file)
    monkeypatch.setenv("RAMET_DATA_DIR", str(tmp_path / "data"))
    before = fingerprint(indexed.root)
    said = await used(indexed.root)
    async with opened(indexed.root) as workspace:
        conversations = await workspace.conversations()

    assert len(others) >= 4
    assert said == []
    assert conversations == ()
    assert list((tmp_path / "data").rglob("conversations.db.damaged-1"))
    assert fingerprint(indexed.root) == before


# -- questions that are trouble


@pytest.mark.parametrize("question", ["", "  \n\t "])
def test_an_empty_question_is_refused(question: str, tmp_path: Path) -> None:
    root = committed(tmp_path / "repository", good__py=GOOD)
    before = fingerprint(root)
    ask = ramet(root, "ask", "--no-stdin", "--no-model", question)

    assert ask.code == 2
    assert "There is no question." in ask.err
    assert fingerprint(root) == before


async def test_a_megabyte_of_question_is_answered(tmp_path: Path) -> None:
    root = committed(tmp_path / "repository", good__py=GOOD)
    before = fingerprint(root)
    paste = "Traceback: compute_good failed\n" + "x1 = foo(bar) \x1b[31m\n" * 50_000
    async with opened(root) as workspace:
        events = [event async for event in workspace.ask(AskRequest(paste, use_model=False))]
        found = await workspace.search(paste)
        nothing = await workspace.search("")
        with pytest.raises(UsageError, match="empty"):
            _ = [event async for event in workspace.ask(AskRequest(" \n", use_model=False))]

    assert len(paste) > 1_000_000
    assert isinstance(events[-1], Answered)
    assert "good.py:1-2" in events[-1].text
    assert found.hits[0].path == "good.py"
    assert nothing.hits == ()
    assert fingerprint(root) == before


def test_escape_codes_of_a_model_are_shown_and_not_sent(tmp_path: Path, directories: UserDirectories) -> None:
    root = committed(tmp_path / "repository", good__py=GOOD)
    before = fingerprint(root)
    with running_server() as server:
        server.enqueue(answer("It adds \x1b]0;owned\x07", "\x9b31m one [1].\x1b[2J"))
        directories.config_file.parent.mkdir(parents=True)
        directories.config_file.write_text(f'model = "served"\napi_base = "{server.url}"\n')
        ask = ramet(root, "ask", "--no-stdin", "what does compute_good do?")

    assert (ask.code, ACTIVE & set(ask.out + ask.err)) == (0, set())
    assert "It adds ␛]0;owned␇" in ask.out
    assert "[1] good.py:1-2" in ask.out
    assert fingerprint(root) == before
