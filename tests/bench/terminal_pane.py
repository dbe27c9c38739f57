"""The terminal pane against tmux, both seen from outside through a pseudo-terminal of the same size."""

from __future__ import annotations

import shutil
import statistics
import time
from pathlib import Path

from tests.bench.bench import Bench
from tests.bench.measure import Row, milliseconds, percentile
from tests.bench.terminal import TerminalProgram

PROMPT = "Q7>"
"""Short, and in no output of the commands."""
LINES = 1_000_000
KEYS = 100
FLOOD_SECONDS = 4.0


def measure(bench: Bench) -> list[Row]:
    """Return the rows of this part."""
    for name in (".bashrc", ".bash_profile"):  # tmux starts a login shell
        (bench.home / name).write_text(f"PS1='{PROMPT} '\nunset PROMPT_COMMAND\n")
    bench.environment["SHELL"] = shutil.which("bash") or "/bin/bash"
    ours, theirs = _in_app(bench), _in_tmux(bench)
    try:
        return [_sequence(ours, theirs, bench.runs), _echo(ours, theirs), *_flood(ours, theirs, bench.runs)]
    finally:
        ours.close()
        theirs.send(b"exit\r")
        theirs.close()


def _in_app(bench: Bench) -> TerminalProgram:
    """Open the app, wait until its index is there, and open the terminal."""
    bench.run("index")
    program = TerminalProgram([bench.ramet, "-C", bench.repository], bench.repository, bench.environment)
    program.wait_for("Files")
    program.quiet(pause=1.5, timeout=20)
    program.send(b"\n")
    program.wait_for(PROMPT)
    program.quiet()
    return program


def _in_tmux(bench: Bench) -> TerminalProgram:
    socket: Path = bench.home / "tmux"
    command = ["tmux", "-S", str(socket), "-f", "/dev/null", "new-session"]
    program = TerminalProgram(command, bench.repository, bench.environment | {"LC_ALL": "C.UTF-8"})
    program.wait_for(PROMPT)
    program.quiet()
    return program


def _until(program: TerminalProgram, keys: bytes, expected: bytes, timeout: float = 120.0) -> float:
    """Type, and return the seconds until the screen shows something new."""
    start = time.perf_counter()
    program.send(keys)
    seen = b""
    while expected not in seen:
        piece = program.read(start + timeout)
        if not piece:
            message = f"{expected!r} did not appear in {timeout} s; the output ends in {seen[-500:]!r}"
            raise TimeoutError(message)
        seen = seen[-200:] + piece
    return time.perf_counter() - start


def _sequence(ours: TerminalProgram, theirs: TerminalProgram, runs: int) -> Row:
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(runs + 1):
        for program, times in zip((ours, theirs), taken, strict=True):
            seconds = _until(program, f"seq 1 {LINES}; echo do''ne{number}\r".encode(), f"done{number}".encode())
            program.quiet()
            if number:
                times.append(seconds)
    ratio = statistics.median(a / b for a, b in zip(*taken, strict=True))
    return Row(f"seq 1 {LINES}", milliseconds(taken[0]), f"tmux {milliseconds(taken[1])}", f"{ratio:.2f}x", "<= 2.5x")


def _echoes(program: TerminalProgram) -> list[float]:
    taken = []
    for _ in range(KEYS):
        taken.append(program.answer_time(b"Z"))
        program.quiet(pause=0.03, timeout=0.2)
    return taken


def _centiles(taken: list[float]) -> str:
    return f"p50 {percentile(taken, 0.5) * 1000:.1f} ms, p95 {percentile(taken, 0.95) * 1000:.1f} ms"


def _echo(ours: TerminalProgram, theirs: TerminalProgram) -> Row:
    taken = []
    for program in (ours, theirs):
        taken.append(_echoes(program))
        program.send(b"\x15")
        program.quiet()
    ratio = percentile(taken[0], 0.5) / percentile(taken[1], 0.5)
    return Row("key to its echo by bash", _centiles(taken[0]), f"tmux {_centiles(taken[1])}", f"{ratio:.1f}x", "p95 <= 20 ms")


def _flood(ours: TerminalProgram, theirs: TerminalProgram, runs: int) -> list[Row]:
    stopped: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for program, times in zip((ours, theirs), stopped, strict=True):
            program.send(b"clear; yes\r")
            _read_for(program, 1.5)
            times.append(_until(program, b"\x03", PROMPT.encode()))
            program.quiet()
    ours.send(b"clear; seq 1 999999999\r")
    gaps = _read_for(ours, FLOOD_SECONDS)
    ours.send(b"\x1d")  # leaves the program
    _read_for(ours, 0.5)
    ours.send(b"\x1b[15~")  # the chat
    _read_for(ours, 0.5)
    keys = []
    for _ in range(KEYS // 2):
        keys.append(ours.answer_time(b"Z"))
        _read_for(ours, 0.05)
    ours.send(b"\x1b[13~")
    return [
        Row("Ctrl-C under yes, to the prompt", milliseconds(stopped[0]), f"tmux {milliseconds(stopped[1])}", "", "<= 300 ms"),
        Row("frame to frame under seq", _centiles(gaps), f"longest {max(gaps) * 1000:.0f} ms", "", "< 100 ms"),
        Row("key to the chat under seq", _centiles(keys), f"longest {max(keys) * 1000:.0f} ms", "", ""),
    ]


def _read_for(program: TerminalProgram, seconds: float) -> list[float]:
    """Read for a time; return the pauses between pieces of output that did not come together."""
    end = time.perf_counter() + seconds
    last = time.perf_counter()
    gaps = []
    while time.perf_counter() < end:
        if program.read(end):
            now = time.perf_counter()
            if now - last > 0.002:
                gaps.append(now - last)
            last = now
    return gaps
