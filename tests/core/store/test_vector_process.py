"""The process that keeps Chroma: lost, killed, unable to start, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ramet.errors import StoreDamaged, StoreError
from ramet.store.lock import RunLock
from ramet.store.vector_process import VectorProcess
from ramet.store.vectors import collection_name

NAME = collection_name("repository", "table-256-v2")
VECTORS = np.eye(4, 16, dtype=np.float32)
KEYS = ["a", "b", "c", "d"]
DEADLINE = 60.0
"""Seconds; only bounds a failure."""


@pytest.fixture
def process(tmp_path: Path) -> Iterator[VectorProcess]:
    made = VectorProcess(tmp_path / "data")
    yield made
    made.close()


def pid_of(process: VectorProcess) -> int:
    assert process.pid is not None
    return process.pid


def wait_for_lock(path: Path) -> None:
    """Wait until the kernel has freed the lock of a process that ended."""
    lock = RunLock(path)
    deadline = time.monotonic() + DEADLINE
    while not lock.try_acquire():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    lock.release()


def test_nothing_runs_before_it_is_needed_and_chroma_is_never_imported_here(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from ramet.store.vector_process import VectorProcess
process = VectorProcess(Path(sys.argv[1]))
print(process.pid)
store = process.open("name", folder=Path(sys.argv[1]) / "chroma")
print(store.count(), "chromadb" in sys.modules, process.pid is not None)
process.close()
print(process.pid)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True)

    assert done.stdout.split("\n") == ["None", "0 False True", "None", ""], done.stderr
    assert done.stderr == ""


def test_collections_of_several_folders_share_one_process(process: VectorProcess, tmp_path: Path) -> None:
    one, other = process.open(NAME, folder=tmp_path / "one"), process.open(NAME, folder=tmp_path / "other")
    one.add(KEYS, VECTORS)
    pid = pid_of(process)
    one.close()

    assert other.keys() == set()
    assert process.pid == pid
    with pytest.raises(StoreError, match="closed"):
        one.count()


def test_a_killed_process_is_started_anew_and_the_call_repeated(process: VectorProcess, tmp_path: Path) -> None:
    store = process.open(NAME, folder=tmp_path / "chroma")
    store.add(KEYS, VECTORS)
    killed, generation = pid_of(process), store.generation
    os.kill(killed, signal.SIGKILL)
    found = store.nearest(VECTORS[2], 1)

    assert [key for key, _ in found] == ["c"]
    assert store.count() == 4
    assert store.generation == generation
    assert process.pid not in (None, killed)


def test_a_process_killed_in_the_middle_of_a_write_loses_nothing_that_was_confirmed(
    process: VectorProcess, tmp_path: Path
) -> None:
    store = process.open(NAME, folder=tmp_path / "chroma")
    rows = np.random.default_rng(1).normal(size=(5_000, 16)).astype(np.float32)
    keys = [f"k{number}" for number in range(5_000)]
    store.add(keys[:500], rows[:500])
    writing = threading.Thread(target=store.add, args=(keys, rows))
    writing.start()
    os.kill(pid_of(process), signal.SIGKILL)
    writing.join()

    assert store.count() == 5_000
    assert store.missing(keys) == []


def test_a_process_that_never_comes_up_says_how_it_ended(
    process: VectorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho no such module >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(StoreError, match="exit code 3") as ended:
        process.open(NAME, folder=tmp_path / "chroma")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    with pytest.raises(StoreError, match="could not be started"):
        process.open(NAME, folder=tmp_path / "chroma")
    monkeypatch.undo()

    assert "Words are still searched" in ended.value.advice
    assert not isinstance(ended.value, StoreDamaged)
    assert "no such module" in caplog.text
    assert process.open(NAME, folder=tmp_path / "chroma").count() == 0


def test_a_process_that_crashes_again_on_the_same_files_says_that_they_are_damaged(
    process: VectorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chroma's native code reads some damaged files without looking and dies of it."""
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nkill -SEGV $$\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))

    with pytest.raises(StoreDamaged, match="moved aside and built anew"):
        process.open(NAME, folder=tmp_path / "chroma")
    with pytest.raises(StoreError) as of_a_server:
        process.open(NAME, url="http://127.0.0.1:1")
    assert not isinstance(of_a_server.value, StoreDamaged)


def test_damage_and_servers_out_of_reach_are_the_same_errors_as_in_this_process(process: VectorProcess, tmp_path: Path) -> None:
    (tmp_path / "chroma").mkdir()
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"garbage" * 1_000)
    with pytest.raises(StoreDamaged, match="cannot be used"):
        process.open(NAME, folder=tmp_path / "chroma")
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1") as refused:
        process.open(NAME, url="http://user:secret@127.0.0.1:1")

    assert "secret" not in str(refused.value)
    assert process.open(NAME, folder=tmp_path / "fresh").count() == 0


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from ramet.store.vector_process import VectorProcess
store = VectorProcess(Path(sys.argv[1])).open("name", folder=Path(sys.argv[1]) / "chroma")
print("open", flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"open\n"
        lock = RunLock(tmp_path / "chroma.lock")
        was_free = lock.try_acquire()
        owner.kill()
    wait_for_lock(tmp_path / "chroma.lock")

    assert not was_free


def test_an_interrupt_of_the_terminal_does_not_reach_it(process: VectorProcess, tmp_path: Path) -> None:
    store = process.open(NAME, folder=tmp_path / "chroma")
    pid = pid_of(process)
    os.kill(pid, signal.SIGINT)

    assert store.count() == 0
    assert os.getpgid(pid) != os.getpgrp()
    assert process.pid == pid


def test_a_closed_process_is_not_started_again(process: VectorProcess, tmp_path: Path) -> None:
    store = process.open(NAME, folder=tmp_path / "chroma")
    process.close()
    process.close()

    with pytest.raises(StoreError, match="closed"):
        store.count()
    with pytest.raises(StoreError, match="closed"):
        process.open(NAME, folder=tmp_path / "chroma")
