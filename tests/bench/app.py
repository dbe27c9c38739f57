"""The app: time to the first frame, and from a key to the screen while the engine indexes."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from tests.bench.bench import Bench
from tests.bench.measure import Row, milliseconds, percentile
from tests.bench.terminal import TerminalProgram

EMPTY_APP = Path(__file__).with_name("empty_app.py")
FIRST_FRAME = "Files"
"""A pane title of the first frame."""
KEYS = 60
"""Letters typed while the engine indexes; `Z` occurs in no escape sequence."""


def measure(bench: Bench) -> list[Row]:
    """Return the rows of this part."""
    return [_first_frame(bench), _key_to_screen(bench)]


def _seconds_until(bench: Bench, command: list[str | Path], marker: str) -> float:
    program = TerminalProgram(command, bench.repository, bench.environment)
    try:
        return program.wait_for(marker)
    finally:
        program.close()


def _first_frame(bench: Bench) -> Row:
    ours_command: list[str | Path] = [bench.ramet, "-C", bench.repository]
    theirs_command: list[str | Path] = [sys.executable, EMPTY_APP]
    ours, theirs = [], []
    for number in range(bench.runs + 1):
        ours_now = _seconds_until(bench, ours_command, FIRST_FRAME)
        theirs_now = _seconds_until(bench, theirs_command, "empty-app-ready")
        if number:
            ours.append(ours_now)
            theirs.append(theirs_now)
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    return Row(
        "first frame of the app", milliseconds(ours), f"empty Textual app {milliseconds(theirs)}", f"{ratio:.2f}x", "<= 1.6x"
    )


def _key_to_screen(bench: Bench) -> Row:
    bench.forget_everything()
    program = TerminalProgram([bench.ramet, "-C", bench.repository], bench.repository, bench.environment)
    try:
        program.wait_for(FIRST_FRAME)
        program.wait_for("parsing")
        taken = []
        for _ in range(KEYS):
            taken.append(program.answer_time(b"Z"))
            program.quiet(pause=0.02, timeout=0.1)
    finally:
        program.close()
    return Row(
        "key to screen while the engine indexes",
        milliseconds(taken),
        f"p95 {percentile(taken, 0.95) * 1000:.0f} ms",
        "",
        "p95 <= 30 ms",
    )
