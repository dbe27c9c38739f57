"""One process owns a data directory; one index run at a time owns a repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ramet.errors import StoreError, StoreLocked
from ramet.store.lock import DataLock, RunLock

HOLD = """
import sys
from pathlib import Path
from ramet.store.lock import DataLock
DataLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_refused_with_the_owners_pid_until_the_owner_is_killed(tmp_path: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        with pytest.raises(StoreLocked) as refused:
            DataLock(tmp_path).acquire()
        owner.kill()
        owner.wait()

    assert str(owner.pid) in refused.value.what
    assert "ramet engine stop" in refused.value.advice
    with DataLock(tmp_path):
        assert (tmp_path / "owner.lock").read_text() == f"{os.getpid()}\n"


def test_a_process_shares_its_own_lock_until_the_last_holder_is_gone(tmp_path: Path) -> None:
    first, second = DataLock(tmp_path), DataLock(tmp_path)
    first.acquire()
    second.acquire()
    first.release()
    probe = [sys.executable, "-c", HOLD, str(tmp_path)]

    assert "StoreLocked" in subprocess.run(probe, input="", capture_output=True, text=True).stderr
    second.release()
    assert subprocess.run(probe, input="", capture_output=True, text=True).stdout == "held\n"


def test_run_locks_exclude_each_other_within_one_process(tmp_path: Path) -> None:
    first, second = RunLock(tmp_path / "run.lock"), RunLock(tmp_path / "run.lock")

    assert first.try_acquire()
    assert not second.try_acquire()
    first.release()
    assert second.try_acquire()
    second.release()


def test_a_data_directory_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="Cannot open"):
        DataLock(tmp_path / "file" / "data").acquire()
