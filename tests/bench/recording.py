"""What recording costs: `python -m tests.bench.recording`. Each figure has a yardstick that ran in turn with it.

A command costs what lies between its Enter and the next prompt, in a shell without hooks, one with marks and one with the hook.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from ramet.terminal.marks import MarkScanner
from ramet.terminal.shell_launch import launch_shell
from tests.bench.measure import Row, bench_environment, table
from tests.bench.terminal import TerminalProgram

_RAMET = Path(sys.executable).with_name("ramet")
_COMMANDS = 60
"""Typed one after the other in each round; the first ones warm up."""
_WARM_UP = 10
_LINES = 1_000_000
"""Of the flood: 7.9 MB on a terminal."""
_CORPUS_BYTES = 16_000_000
_PIECE_BYTES = 65_536

_PROMPTS = {
    "bash": (".bashrc", "PS1='<\\#>'\nHISTCONTROL=ignoreboth\n{hook}\n"),
    "zsh": (".zshrc", "PS1='<%!>'\n{hook}\n"),
    "fish": (
        ".config/fish/config.fish",
        "set -g fish_greeting\nset -g turn 0\n"
        'function fish_prompt; set -g turn (math $turn + 1); echo -n "<$turn>"; end\n{hook}\n',
    ),
}
"""Each prompt counts, so that the next one is recognised."""


def command_costs(shell: str, home: Path, environment: Mapping[str, str], runs: int) -> list[Row]:
    """Return what the marks and the hook add to one command."""
    program = shutil.which(shell)
    if program is None:
        return []
    name, content = _PROMPTS[shell]
    file = home / name
    file.parent.mkdir(parents=True, exist_ok=True)
    hook = home / f"hook.{shell}"
    hook.write_bytes(subprocess.run([_RAMET, "hook", shell], env=environment, check=True, capture_output=True).stdout)
    spent: dict[str, list[float]] = {"plain": [], "marks": [], "hook": []}
    for _ in range(runs):
        for kind in ("plain", "marks", "hook"):
            file.write_text(content.format(hook=f". {hook}" if kind == "hook" else ""))
            launch = launch_shell(program, environment, "bench")
            command, given = ((program, "-i"), environment) if kind != "marks" else (launch.command, launch.environment)
            spent[kind] += _prompt_times(command, home, given)
    plain = statistics.median(spent["plain"])
    return [
        Row(
            f"{shell}: one command with {kind}",
            f"{statistics.median(spent[kind]) * 1000:.2f} ms",
            f"{plain * 1000:.2f} ms without",
            f"+{(statistics.median(spent[kind]) - plain) * 1000:.2f} ms",
            "<= +2 ms",
        )
        for kind in ("marks", "hook")
    ]


def _prompt_times(command: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> list[float]:
    """Return the seconds from Enter to the next prompt of each counted command."""
    terminal = _Counted(command, folder, environment)
    try:
        first = terminal.until_prompt(1)
        times = []
        for number in range(first + 1, first + _COMMANDS + 1):
            terminal.quiet(0.004)
            started = time.perf_counter()
            os.write(terminal.descriptor, b":\r")
            terminal.until_prompt(number)
            times.append(time.perf_counter() - started)
        return times[_WARM_UP:]
    finally:
        terminal.close()


class _Counted(TerminalProgram):
    """A shell whose prompts count."""

    def __init__(self, command: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> None:
        super().__init__(["/bin/sh", "-c", 'exec <>"$(tty)" >&0 2>&0; exec "$@"', "sh", *command], folder, environment)
        self._shown = b""

    @property
    def descriptor(self) -> int:
        """Where keys go."""
        return self._ours

    def until_prompt(self, number: int) -> int:
        """Read until the prompt of a number is shown; return it."""
        wanted = b"<%d>" % number
        while wanted not in self._shown:
            piece = self.read(time.perf_counter() + 10)
            if not piece:
                raise TimeoutError(self._shown[-500:])
            self._shown += piece
        self._shown = b""
        return number


def flood(home: Path, environment: Mapping[str, str], runs: int) -> Row:
    """Return how long a flood takes through `ramet shell` and in the bare shell."""
    (home / ".bashrc").write_text("PS1='<\\#>'\n")
    bare: list[float] = []
    recorded: list[float] = []
    for _ in range(runs):
        bare.append(_flood_time(("bash", "-i"), home, environment))
        recorded.append(_flood_time((str(_RAMET), "shell", "--shell", "bash"), home, environment))
    ratio = statistics.median(ours / theirs for ours, theirs in zip(recorded, bare, strict=True))
    megabytes = 7.9
    return Row(
        f"`seq 1 {_LINES}` (7.9 MB) in `ramet shell`",
        f"{statistics.median(recorded):.2f} s, {megabytes / statistics.median(recorded):.0f} MB/s",
        f"{statistics.median(bare):.2f} s in the bare terminal",
        f"{ratio:.2f}x",
    )


def _flood_time(command: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> float:
    terminal = _Counted(command, folder, environment)
    try:
        terminal.until_prompt(1)
        started = time.perf_counter()
        os.write(terminal.descriptor, f"seq 1 {_LINES}\r".encode())
        tail = b""
        while b"<2>" not in tail:
            piece = terminal.read(time.perf_counter() + 60)
            if not piece:
                raise TimeoutError(tail)
            tail = tail[-100:] + piece
        return time.perf_counter() - started
    finally:
        terminal.close()


def scan_speed(name: str, line: bytes) -> Row:
    """Return how fast marks are looked for."""
    corpus = line * (_CORPUS_BYTES // len(line))
    pieces = [corpus[start : start + _PIECE_BYTES] for start in range(0, len(corpus), _PIECE_BYTES)]
    best = []
    for _ in range(5):
        scanner = MarkScanner("0" * 32)
        started = time.perf_counter()
        for piece in pieces:
            for _part in scanner.feed(piece):
                pass
        best.append(time.perf_counter() - started)
    return Row(f"looking for marks in {name}", f"{len(corpus) / statistics.median(best) / 1e6:,.0f} MB/s")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recording", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="rounds of each")
    options = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="ramet-bench-") as folder:
        home = Path(folder)
        environment = bench_environment(home)
        for shell in _PROMPTS:
            print(f"measuring {shell} ...", file=sys.stderr)
            rows += command_costs(shell, home, environment, options.runs)
        print("measuring a flood ...", file=sys.stderr)
        rows.append(flood(home, environment, options.runs))
    rows.append(scan_speed("plain text", b"the quick brown fox jumps over the lazy dog\r\n"))
    rows.append(scan_speed("coloured text", b"\x1b[32mok\x1b[0m tests/test_cart.py::test_total \x1b[1m[ 50%]\x1b[0m\r\n"))
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
