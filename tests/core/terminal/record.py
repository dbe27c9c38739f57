"""Record real programs: `python -m tests.core.terminal.record [NAME ...]`; without names all that are installed.

Each program runs in a pseudo-terminal in a neutral folder; the emulator answers its questions, as a terminal must. A recording
that names the machine or a folder of it is refused.
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from fcntl import ioctl
from pathlib import Path
from struct import pack
from typing import NamedTuple

from ramet.terminal.emulator import ScreenEmulator
from tests.core.terminal.demo_folder import ENVIRONMENT, prepare
from tests.core.terminal.recording import COLUMNS, ROWS, Recording, store

_QUIET = 0.35
_LONGEST_WAIT = 4.0
_UP, _DOWN, _RIGHT = "\x1bOA", "\x1bOB", "\x1bOC"
_END, _PAGE_DOWN = "\x1b[4~", "\x1b[6~"


class Program(NamedTuple):
    """What is run, and what is typed one after the other."""

    command: Sequence[str]
    keys: Sequence[str]
    folder: str = "."


_PYTHON = sys.executable
PROGRAMS = {
    "vim": Program(
        ["vim", "-u", "NONE", "-N", "-i", "NONE", "-n", "shop.py"],
        [
            ":syntax on | set number hlsearch ruler showcmd mouse=a\r",
            "/total\r",
            "nn",
            "Onew text 宽 é\x1b",
            ":split notes.txt\r",
            "\x06\x06\x05\x05\x05",
            ":vsplit wide.txt\r",
            "V3jd",
            "u",
            ":set list cursorline\r",
            "5>>jP",
            "\x1b[<0;30;5M\x1b[<0;30;5m",
            ":qa!\r",
        ],
    ),
    "vim-truecolor": Program(
        ["vim", "-u", "NONE", "-N", "-i", "NONE", "-n", "-c", "set termguicolors | syntax on | colorscheme desert", "shop.py"],
        ["jjjj", "ggVG", "\x1b:terminal\r", "ls\r", "\x17N", ":qa!\r"],
    ),
    "less": Program(
        ["less", "-N", "notes.txt"],
        [" ", "jjj", "kk", "/fox\r", "nnn", "G", "g", "50%", "\x06\x02", "-S\r", "\x1b)", "&lazy\r", "h", "q", "q"],
    ),
    "less-wide": Program(["less", "wide.txt"], [" ", "j", "k", "/中文\r", "G", "b", "q"]),
    "nano": Program(
        ["nano", "-I", "-l", "notes.txt"],
        ["hello 世界", "\r\r", "\x16", "\x16", "\x19", "\x17fox\r", "\x0b\x0b\x15", "\x07", "\x18", "\x18", "n"],
    ),
    "man": Program(["man", "./demo.1"], [" ", "j", "/Item\r", "n", "b", "q"]),
    "git-log": Program(
        ["git", "log", "--graph", "--stat", "--color"], [" ", "jjjjj", "kkk", "/Merge\r", "G", "b", "q"], "repository"
    ),
    "git-add-p": Program(["git", "-c", "color.ui=always", "add", "-p"], ["?\r", "s\r", "n\r", "y\r", "q\r"], "repository"),
    "tig": Program(["tig"], ["jjjj", "\r", "jjj", " ", "q", "h", "q", "t", "q", "q"], "repository"),
    "top": Program(["top", "-p", "{sleeper}", "-d", "60"], ["1", "z", "x", "V", "c", "h", "q", "q"]),
    "htop": Program(
        ["htop", "-p", "{sleeper}", "-d", "600"], [_DOWN, _UP, "\x1bOP", " ", "t", "\x1bOQ", _DOWN, "\x1b", "u", "\x1b", "q"]
    ),
    "curses": Program(
        [_PYTHON, "window.py"],
        ["abc", "i", "x", "\x1b[<0;20;12M\x1b[<0;20;12m", "\x1b[<0;60;20M\x1b[<0;60;20m", _UP, _DOWN, "defghijklm", "nop", "q"],
    ),
    "dialog": Program(
        ["dialog", "--colors", "--checklist", "Choose \\Zb\\Z1some\\Zn of these", "15", "50", "6"]
        + [part for n in range(10) for part in (f"item{n}", f"description {n}", "off")],
        [_DOWN, " ", _DOWN, _DOWN, _DOWN, _DOWN, _DOWN, _DOWN, " ", "\t", "\t", "\r"],
    ),
    "whiptail": Program(
        ["whiptail", "--title", "Menu", "--menu", "Choose one of these", "18", "60", "8"]
        + [part for n in range(14) for part in (f"{n}", f"entry number {n}")],
        [_DOWN, _DOWN, _PAGE_DOWN, "\t", "\t", "\r"],
    ),
    "mc": Program(
        ["mc", "-u"],
        [_DOWN, _DOWN, "\x1b9", _RIGHT, _DOWN, "\x1b\x1b", "\t", _END, "\x1b3", " ", "\x1b0", "\x1b0", "\r"],
    ),
    "emacs": Program(
        ["emacs", "-nw", "-Q", "--no-splash", "shop.py"],
        [
            "\x0e\x0e\x0e",
            "\x0b\x19\x19",
            "\x182",
            "\x18b\r",
            "\x13total",
            "\r",
            "\x1bxlinum\t",
            "\x07",
            "\x180",
            "\x1b>",
            "\x16",
            "\x18\x03",
            "yes\r",
        ],
    ),
    "fzf": Program(
        ["sh", "-c", "cat notes.txt | fzf --multi --ansi --preview 'head -5 shop.py' --color=dark"],
        ["fox", " 12", _UP, _UP, "\t", "\x7f\x7f", "\x15", _DOWN, "\r"],
    ),
    "fzf-inline": Program(["sh", "-c", "ls | fzf --height 10 --border --reverse"], ["no", "\x7f\x7f", _DOWN, "\x1b"]),
    "ncdu": Program(["ncdu", "."], [_DOWN, _DOWN, "\r", "i", "i", "?", "2", "q", "q"]),
    "python": Program(
        ["python3", "-q"],
        [
            "print('hello')\r",
            "x = 'a long line that goes on and on until the screen is too narrow for it, and then it wraps around to here'",
            "\x01\x06\x06\x06inserted",
            "\x05\x7f\x7f\x7f",
            "\x15",
            "[n for n in range(200)]\r",
            "\x1b[A\x1b[A",
            "\x12hel",
            "\r",
            "imp\t",
            "\x03",
            "\x04",
        ],
    ),
    "bash": Program(
        ["bash", "--rcfile", ".bashrc", "-i"],
        [
            "ls --color=always -l\r",
            "echo this is a very long command line that certainly does not fit into eighty columns of a terminal, never\x01",
            "echo \x05 more",
            "\x17\x17\x17\x17\x17\x17\x17\x17",
            "\r",
            "cat no\t\r",
            "\x12ls --",
            "\r",
            "\x0c",
            "printf '%s\\n' 日本語 é e\u0301\r",
            "printf '\\e[5;10Hplaced\\e[12;1H'\r",
            "exit\r",
        ],
    ),
    "progress": Program([_PYTHON, "progress.py"], ["\r"]),
    "textual": Program(
        [_PYTHON, "app.py"],
        ["more", "\t", _DOWN + _DOWN, _PAGE_DOWN, "\x1b[<0;10;16M\x1b[<0;10;16m", "\x1b[<65;10;16M\x1b[<65;10;16M", "\x11"],
    ),
}


class _Recorder:
    """A program in a pseudo-terminal."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            command, cwd=folder, env=ENVIRONMENT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 there are no threads
        )  # fmt: skip
        os.close(theirs)
        self._terminal = ScreenEmulator(COLUMNS, ROWS)
        self.data = b""

    def settle(self) -> None:
        """Read until nothing more comes."""
        end = time.monotonic() + _LONGEST_WAIT
        while time.monotonic() < end and select.select([self._ours], [], [], _QUIET)[0]:
            try:
                piece = os.read(self._ours, 65_536)
            except OSError:
                return
            if not piece:
                return
            self.data += piece
            self._terminal.feed(piece)
            replies = self._terminal.take_replies()
            if replies:
                os.write(self._ours, replies)

    def type(self, keys: str) -> None:
        """Type keys."""
        with contextlib.suppress(OSError):
            os.write(self._ours, keys.encode())

    def close(self) -> None:
        """End the program."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._ours)


def record(name: str, program: Program, folder: Path) -> Recording:
    """Run a program and type its keys. Raises ValueError when it shows something of the machine."""
    sleeper = subprocess.Popen(["sleep", "300"])
    recorder = _Recorder([part.replace("{sleeper}", str(sleeper.pid)) for part in program.command], folder / program.folder)
    try:
        recorder.settle()
        pauses = [len(recorder.data)]
        for keys in program.keys:
            recorder.type(keys)
            recorder.settle()
            if len(recorder.data) > pauses[-1]:
                pauses.append(len(recorder.data))
    finally:
        recorder.close()
        sleeper.kill()
        sleeper.wait()
    recording = Recording(name, recorder.data, pauses)
    for private in (socket.gethostname(), str(Path.cwd()), str(Path.home()), str(Path(sys.executable).parent)):
        if len(private) > 1 and private.encode() in recording.data:
            message = f"the recording of {name} holds {private!r}"
            raise ValueError(message)
    return recording


def main(wanted: Sequence[str]) -> None:
    """Record what is wanted and installed."""
    for name, program in PROGRAMS.items():
        if wanted and name not in wanted:
            continue
        if not shutil.which(program.command[0]):
            print(f"{name}: {program.command[0]} is not installed")
            continue
        try:
            path = store(record(name, program, prepare()))
        except ValueError as problem:
            print(f"{name}: refused, {problem}")
            continue
        print(f"{name}: {path.stat().st_size} bytes compressed")


if __name__ == "__main__":
    main(sys.argv[1:])
