"""Who may trust that every change is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from watchfiles import _rust_notify

from ramet.git.repository import locate
from ramet.workspace.watching import FileWatch, Listeners

DEADLINE = 60.0
"""Seconds; only bounds a failure."""


@pytest.mark.parametrize("is_exhausted", [False, True])
async def test_a_folder_that_is_only_looked_at_now_and_then_is_not_trusted(
    is_exhausted: bool, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> None:
        raise OSError("OS file watch limit reached.")

    if is_exhausted:
        monkeypatch.setattr(_rust_notify, "RustNotify", exhausted)
    begun = asyncio.Event()
    watch = FileWatch(locate(shop), tmp_path / "private", begun.set)
    watch.start()
    async with asyncio.timeout(DEADLINE):
        await begun.wait()
    is_alive = watch.is_alive
    await watch.stop()

    assert is_alive is not is_exhausted
    assert not watch.is_alive


async def test_progress_wakes_up_who_listens_but_is_no_reason_to_read_all_files_again() -> None:
    listeners = Listeners()
    before = listeners.revision
    with listeners.listening() as told:
        listeners.tell_progress()
        is_told, after_progress = told.is_set(), listeners.revision
    listeners.tell()

    assert is_told
    assert before == after_progress < listeners.revision
