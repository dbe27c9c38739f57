"""The main job as a person does it: the real app in a real terminal (tmux), with the real engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

DEADLINE = 60.0
"""Seconds to wait for something on the screen; generous, because it only bounds a failure."""
RAMET = Path(sys.executable).with_name("ramet")


class Tmux:
    """One tmux server with one window."""

    def __init__(self, socket: Path, columns: int, rows: int, folder: Path) -> None:
        self._socket = socket
        environment = os.environ | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "SHELL": "/bin/sh"}
        command = ["-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", str(folder), "/bin/sh"]
        subprocess.run(["tmux", "-S", str(socket), *command], check=True, env=environment)

    def _run(self, *arguments: str) -> str:
        return subprocess.run(["tmux", "-S", str(self._socket), *arguments], check=True, capture_output=True, text=True).stdout

    def screen(self) -> str:
        return self._run("capture-pane", "-p")

    def keys(self, *keys: str) -> None:
        self._run("send-keys", *keys)

    def type(self, text: str) -> None:
        self._run("send-keys", "-l", text)

    def wait_for(self, text: str) -> str:
        """Return the screen once it shows `text`."""
        pause = threading.Event()
        end = time.monotonic() + DEADLINE
        while text not in (screen := self.screen()):
            if time.monotonic() > end:
                pytest.fail(f"{text!r} did not appear; the screen shows\n{screen}")
            pause.wait(0.05)
        return screen

    def close(self) -> None:
        subprocess.run(["tmux", "-S", str(self._socket), "kill-server"], check=False, capture_output=True)


@pytest.fixture
def tmux(tmp_path: Path, shop: Path) -> Iterator[Tmux]:
    """A terminal of 120x40 in the shop repository; the engine that the app starts is stopped afterwards."""
    terminal = Tmux(tmp_path / "tmux", 120, 40, shop)
    yield terminal
    terminal.close()
    subprocess.run([RAMET, "engine", "stop"], check=False, capture_output=True)


def test_open_ask_follow_a_citation_and_quit(tmux: Tmux) -> None:
    """Without any model the answer is an extract, and its first citation opens the viewer."""
    tmux.type(f"{RAMET}; echo left with $?")
    tmux.keys("Enter")
    tmux.wait_for("Files")
    tmux.wait_for("index ✓")
    tmux.type("how is the card charged?")
    tmux.keys("Enter")
    tmux.wait_for("extract from the code")
    tmux.keys("Tab")
    tmux.wait_for("found by")
    tmux.keys("Enter")
    viewer = tmux.wait_for("for attempt in range(RETRY_LIMIT)")
    tmux.keys("C-q")
    tmux.wait_for("left with 0")

    assert "payment.py" in viewer
