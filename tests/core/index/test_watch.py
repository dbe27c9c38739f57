"""Real file system events on real folders; waits are for events, never for time."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest
from watchfiles import _rust_notify

from ramet.git.repository import locate
from ramet.index.watch import watch_changes

PATIENCE = 20.0
"""Seconds after which a signal that does not come is a failure."""


async def signal(changes: AsyncGenerator[None, None]) -> None:
    await asyncio.wait_for(anext(changes), PATIENCE)


async def begun(changes: AsyncGenerator[None, None]) -> asyncio.Task[None]:
    """Wait until the watching has begun and start waiting for the next signal."""
    await signal(changes)
    return asyncio.ensure_future(anext(changes))


@pytest.fixture
def private(tmp_path: Path) -> Path:
    return tmp_path / "private"


async def test_a_written_file_is_signalled(shop: Path, private: Path) -> None:
    async with aclosing(watch_changes(locate(shop), private)) as changes:
        waiting = await begun(changes)
        (shop / "shop" / "cart.py").write_text("changed\n")

        await asyncio.wait_for(waiting, PATIENCE)


async def test_files_in_folders_that_appear_later_are_signalled(shop: Path, private: Path) -> None:
    async with aclosing(watch_changes(locate(shop), private)) as changes:
        waiting = await begun(changes)
        (shop / "new" / "deep").mkdir(parents=True)
        await asyncio.wait_for(waiting, PATIENCE)
        waiting = asyncio.ensure_future(anext(changes))
        (shop / "new" / "deep" / "file.py").write_text("x\n")

        await asyncio.wait_for(waiting, PATIENCE)


async def test_a_commit_is_signalled_although_no_file_changes(shop: Path, private: Path, git: Callable[..., str]) -> None:
    async with aclosing(watch_changes(locate(shop), private)) as changes:
        waiting = await begun(changes)
        git(shop, "commit", "-q", "--allow-empty", "-m", "Nothing")

        await asyncio.wait_for(waiting, PATIENCE)


async def test_ignored_files_and_the_inside_of_git_are_not_signalled(
    shop: Path, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The events are scripted, because that nothing happens can be seen only by waiting."""
    ignored = ["noise.log", "build/artefact", ".git/COMMIT_EDITMSG", ".git/index.lock", ".git/refs/heads/main.lock"]
    bursts = [{(1, str(shop / path))} for path in ignored]

    class ScriptedNotify:
        def __init__(self, *_: object) -> None:
            self.bursts = [*bursts, {(2, str(shop / "README.md"))}]

        def watch(self, *_: object) -> set[tuple[int, str]]:
            return self.bursts.pop(0)

        def close(self) -> None:
            told.append(len(self.bursts))

    told: list[int] = []
    monkeypatch.setattr(_rust_notify, "RustNotify", ScriptedNotify)
    async with aclosing(watch_changes(locate(shop), private)) as changes:
        await signal(changes)
        await signal(changes)

    assert told == [0]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system watches everything below a folder at once")
async def test_ignored_and_nested_folders_cost_no_watches(
    shop: Path, private: Path, monkeypatch: pytest.MonkeyPatch, git: Callable[..., str]
) -> None:
    (shop / "build" / "sub").mkdir(parents=True)
    (shop / "build" / "sub" / "artefact").write_text("x")
    (shop / "nested").mkdir()
    git(shop / "nested", "init", "-q")
    watched: list[str] = []

    def record(folders: list[str], *_: object) -> None:
        watched.extend(folders)
        raise OSError("enough")

    monkeypatch.setattr(_rust_notify, "RustNotify", record)
    async with aclosing(watch_changes(locate(shop), private)) as changes:
        await signal(changes)

    folders = {str(Path(folder).relative_to(shop)) for folder in watched}
    assert {".", "shop", "tests", "web", ".git", ".git/refs/heads"} <= folders
    assert not folders & {"build", "build/sub", "nested", ".git/objects"}


async def test_a_plain_folder_is_watched(tmp_path: Path, private: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    async with aclosing(watch_changes(locate(folder), private)) as changes:
        waiting = await begun(changes)
        (folder / "note.txt").write_text("x")

        await asyncio.wait_for(waiting, PATIENCE)


async def test_a_name_that_is_not_utf8_is_signalled(shop: Path, private: Path) -> None:
    async with aclosing(watch_changes(locate(shop), private)) as changes:
        waiting = await begun(changes)
        (shop / "caf\udce9.py").write_text("x\n")

        await asyncio.wait_for(waiting, PATIENCE)


async def test_exhausted_watches_are_said_and_polled_instead(shop: Path, private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise OSError("OS file watch limit reached.")

    monkeypatch.setattr(_rust_notify, "RustNotify", exhausted)
    said: list[str] = []
    async with aclosing(watch_changes(locate(shop), private, said.append, poll_seconds=0.01)) as changes:
        for _ in range(3):
            await signal(changes)

    assert len(said) == 1
    assert "watch limit reached" in said[0]


async def test_closing_while_waiting_ends_the_thread(shop: Path, private: Path) -> None:
    changes = watch_changes(locate(shop), private)
    waiting = await begun(changes)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await changes.aclose()

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ramet-watch")]
