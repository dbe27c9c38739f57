"""A program on a pseudo-terminal finds all that a terminal has, and nothing is left of it afterwards."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ramet.errors import RametError
from ramet.terminal.pty import Pty

DEADLINE = 30.0
"""Seconds; only bounds a failure."""


class Watched:
    """A terminal whose output is gathered until something is seen."""

    def __init__(self, folder: Path, *command: str, environment: Mapping[str, str] | None = None) -> None:
        self._ready = threading.Event()
        self.wakes = 0
        self.seen = b""
        self.pty = Pty(command, folder, {**os.environ, **(environment or {})}, columns=93, rows=31, on_ready=self._on_ready)

    def _on_ready(self) -> None:
        self.wakes += 1
        self._ready.set()

    def until(self, expected: bytes) -> bytes:
        while expected not in self.seen:
            assert not (self.pty.is_over and not self._ready.is_set()), self.seen
            assert self._ready.wait(DEADLINE), self.seen
            self._ready.clear()
            self.seen += self.pty.read()
        return self.seen

    def until_more(self) -> None:
        """Wait a little for more output, which may have come already."""
        self._ready.wait(0.01)
        self._ready.clear()
        self.seen += self.pty.read()

    def until_times(self, expected: bytes, times: int) -> None:
        """Read until something was seen that many times."""
        while self.seen.count(expected) < times:
            assert not self.pty.is_over, self.seen
            self.until_more()

    def to_the_end(self) -> bytes:
        while not self.pty.is_over:
            assert self._ready.wait(DEADLINE)
            self._ready.clear()
            self.seen += self.pty.read()
        self.seen += self.pty.read()
        return self.seen


@pytest.fixture
def start(tmp_path: Path) -> Iterator[list[Watched]]:
    """Terminals to end with the test."""
    started: list[Watched] = []
    yield started
    for each in started:
        each.pty.close()
        assert each.pty.join(DEADLINE)


def test_a_program_has_a_controlling_terminal_of_the_size_it_was_given(start: list[Watched], tmp_path: Path) -> None:
    watched = Watched(tmp_path, "sh", "-c", "stty size </dev/tty; pwd; test -t 0 && test -t 1 && test -t 2 && echo all")
    start.append(watched)
    seen = watched.to_the_end()

    assert seen == f"31 93\r\n{tmp_path.resolve()}\r\nall\r\n".encode()
    assert watched.pty.exit_code == 0


def test_typing_resizing_and_interrupting_reach_the_program(start: list[Watched], tmp_path: Path) -> None:
    script = (
        "trap 'stty size; echo resized' WINCH; trap 'echo interrupted; exit 7' INT; echo ready; "
        "while read -r x; do echo =$x; done"
    )
    watched = Watched(tmp_path, "bash", "-c", script)
    start.append(watched)
    watched.until(b"ready\r\n")
    watched.pty.write("grün\n".encode())
    watched.until("=grün\r\n".encode())
    watched.pty.resize(40, 10)
    watched.pty.write(b"\n")  # bash follows a signal when its reading is over
    watched.until(b"10 40\r\nresized")
    watched.pty.write(b"\x03")
    watched.to_the_end()

    assert watched.seen.endswith(b"interrupted\r\n")
    assert watched.pty.exit_code == 7


def test_all_that_a_program_printed_is_read_although_it_ended_long_ago(start: list[Watched], tmp_path: Path) -> None:
    watched = Watched(tmp_path, "sh", "-c", "seq 1 200000; exit 3")
    start.append(watched)
    seen = watched.to_the_end()

    assert seen == b"".join(b"%d\r\n" % number for number in range(1, 200_001))
    assert watched.pty.exit_code == 3
    assert watched.wakes < 2_000


def test_a_flood_that_nobody_reads_waits(start: list[Watched], tmp_path: Path) -> None:
    watched = Watched(tmp_path, "yes")
    start.append(watched)
    watched.until(b"y\r\n")
    sizes = []
    for _ in range(3):
        assert watched._ready.wait(DEADLINE)
        sizes.append(len(watched.pty.read()))

    assert max(sizes) < 2 * 1_048_576


def test_writing_never_waits_for_a_program_that_does_not_read(start: list[Watched], tmp_path: Path) -> None:
    watched = Watched(tmp_path, "sh", "-c", "stty raw -echo; echo ready; read -r go </dev/null; sleep 1000")
    start.append(watched)
    watched.until(b"ready")
    watched.pty.write(b"x" * 3_000_000)

    assert not watched.pty.is_over


def test_closing_ends_also_a_program_that_ignores_the_hang_up(start: list[Watched], tmp_path: Path) -> None:
    watched = Watched(tmp_path, "sh", "-c", "trap '' HUP TERM; echo ready; while :; do sleep 0.1; done")
    start.append(watched)
    watched.until(b"ready")
    watched.pty.close()

    assert watched.pty.join(DEADLINE)
    assert watched.pty.exit_code == 128 + signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.kill(watched.pty.pid, 0)
    watched.pty.close()
    watched.pty.write(b"nobody reads this")
    watched.pty.resize(10, 10)


def test_a_background_job_does_not_keep_a_terminal_whose_program_has_ended(start: list[Watched], tmp_path: Path) -> None:
    watched = Watched(tmp_path, "bash", "-c", "trap '' HUP; yes & echo started; exit 5")
    start.append(watched)
    watched.to_the_end()

    assert watched.pty.exit_code == 5


def test_variables_of_any_name_reach_the_program(start: list[Watched], tmp_path: Path) -> None:
    watched = Watched(tmp_path, "bash", "-c", "hello", environment={"BASH_FUNC_hello%%": "() { echo hi; }"})
    start.append(watched)

    assert watched.to_the_end() == b"hi\r\n"


def test_what_cannot_be_started_says_why(start: list[Watched], tmp_path: Path) -> None:
    with pytest.raises(RametError, match="nowhere"):
        Watched(tmp_path / "nowhere", "sh")
    unknown = Watched(tmp_path, "no-such-program")
    start.append(unknown)

    assert b"no-such-program" in unknown.to_the_end()
    assert unknown.pty.exit_code == 127


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    before = set(Path("/dev/fd").iterdir())
    for _ in range(5):
        watched = Watched(tmp_path, "true")
        watched.to_the_end()

    assert len(set(Path("/dev/fd").iterdir())) <= len(before)
