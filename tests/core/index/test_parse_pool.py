"""A file that crashes or hangs its parser costs that file alone, and many files parse as one does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ramet.index import parse_pool
from ramet.index.blobs import parse_packed
from ramet.index.parse_messages import ParsedBlob, ParseJob
from ramet.index.parse_pool import ParserPool, Suspect
from ramet.index.parse_spares import SpareParsers

_PROGRAM = """
import os, signal
from ramet.index import parse_worker
parse = parse_worker.parse_packed
parse_worker._FILE_SECONDS = 0.3
def odd(job, *, with_vectors):
    if b"CRASH" in job.data:
        os.kill(os.getpid(), signal.SIGSEGV)
    while b"HANG" in job.data:
        pass
    return parse(job, with_vectors=with_vectors)
parse_worker.parse_packed = odd
parse_worker.main()
"""


def job(number: int, text: str) -> ParseJob:
    return ParseJob(number, f"{number:040x}", "python", f"part{number}.py", text.encode())


def jobs(count: int, odd: dict[int, str]) -> list[ParseJob]:
    body = "def work(value):\n    return value + 1\n\n\n" * 100
    return [job(number, f"# {odd.get(number, 'plain')}\n{body}") for number in range(count)]


def parsed(pool: ParserPool, work: list[ParseJob]) -> dict[int, ParsedBlob]:
    return {result.number: result for result in pool.parse(work) if result is not None}


def test_many_files_give_what_each_gives_alone(tmp_path: Path) -> None:
    work = jobs(60, {})
    found = parsed(ParserPool(Suspect(tmp_path / "parsing"), with_vectors=True), work)

    assert found == {each.number: parse_packed(each, with_vectors=True) for each in work}
    assert not (tmp_path / "parsing").exists()


def test_files_that_crash_or_hang_are_cut_by_lines_and_the_others_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse_pool, "_COMMAND", (sys.executable, "-c", _PROGRAM))
    found = parsed(ParserPool(Suspect(tmp_path / "parsing"), with_vectors=False), jobs(60, {7: "CRASH", 30: "HANG", 31: "CRASH"}))

    assert len(found) == 60
    notes = {number: result.blob.note for number, result in found.items() if result.blob.note}
    assert notes == {7: "crashes the parser", 30: "takes too long to parse", 31: "crashes the parser"}
    assert all(result.blob.chunk_count for result in found.values())


def test_a_file_that_ended_this_process_is_left_to_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse_pool, "_COMMAND", (sys.executable, "-c", _PROGRAM))
    odd = job(3, "# CRASH\n")
    (tmp_path / "parsing").write_text(odd.oid)
    found = parsed(ParserPool(Suspect(tmp_path / "parsing"), with_vectors=False), [odd])

    assert found[3].blob.note == "crashes the parser"
    assert not (tmp_path / "parsing").exists()


def test_without_other_processes_this_one_parses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse_pool, "_COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))
    found = parsed(ParserPool(Suspect(tmp_path / "parsing"), with_vectors=False), jobs(60, {}))

    assert len(found) == 60
    assert not any(result.blob.note for result in found.values())


def test_a_run_that_is_closed_ends_its_processes(tmp_path: Path) -> None:
    parsing = ParserPool(Suspect(tmp_path / "parsing"), with_vectors=False).parse(jobs(200, {}))
    while next(parsing) is None:
        continue
    parsing.close()

    with pytest.raises(StopIteration):
        next(parsing)


def test_spare_processes_are_taken_first_and_give_the_same(tmp_path: Path) -> None:
    spares = SpareParsers()
    spares.fork(1)
    work = jobs(60, {})
    found = parsed(ParserPool(Suspect(tmp_path / "parsing"), with_vectors=True, spares=spares), work)

    assert found == {each.number: parse_packed(each, with_vectors=True) for each in work}
    assert spares.take() is None


def test_a_spare_process_that_is_gone_costs_no_file(tmp_path: Path) -> None:
    spares = SpareParsers()
    spares.fork(1)
    gone = spares.take()
    assert gone is not None
    gone.kill()
    code = gone.wait(30)
    left = SpareParsers([gone])
    found = parsed(ParserPool(Suspect(tmp_path / "parsing"), with_vectors=False, spares=left), jobs(60, {}))

    assert code == -9
    assert len(found) == 60
    assert not [result for result in found.values() if result.blob.note]


def test_spare_processes_that_nobody_takes_end_with_their_parent() -> None:
    program = "from ramet.index.parse_spares import SpareParsers; spares = SpareParsers(); spares.fork(2)"
    # They keep none of its pipes open, or this would wait for them.
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=60)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
