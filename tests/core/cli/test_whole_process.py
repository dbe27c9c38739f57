"""The command as a process of its own: streams that are closed, full or slow, signals, and terminals."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

RAMET = Path(sys.executable).with_name("ramet")
DEADLINE = 60.0
"""Seconds that only a hanging process takes."""


def run(*arguments: str | Path, **streams: object) -> subprocess.CompletedProcess[bytes]:
    given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    command = [str(part) for part in (RAMET, *arguments)]
    return subprocess.run(command, timeout=DEADLINE, **given)  # type: ignore[call-overload, no-any-return]  # keywords by name


def on_a_terminal(*arguments: str | Path, **variables: str) -> str:
    """Return what a command writes on a terminal of its own."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color"} | variables
    with subprocess.Popen(
        [str(part) for part in (RAMET, *arguments)], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ):
        os.close(theirs)
        written = b""
        try:
            while piece := os.read(ours, 65536):
                written += piece
        except OSError:  # Linux: the other end of the terminal is closed
            pass
        finally:
            os.close(ours)
    return written.decode()


def test_version_and_help() -> None:
    version = run("--version")
    usage = run("--help")
    of_ask = run("ask", "--help")

    assert version.stdout.startswith(b"ramet 0.")
    assert b"ramet doctor" in usage.stdout
    assert b"--stdin waits" in of_ask.stdout
    assert version.returncode == usage.returncode == of_ask.returncode == 0


def test_the_app_without_a_terminal_is_a_hint() -> None:
    done = run()

    assert done.returncode == 2
    assert done.stderr.startswith(b"ramet: The app needs a terminal, and standard input is none.")


def test_a_reader_that_goes_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run("config", "show", stdout=writing)
    os.close(writing)

    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_full_disk_is_a_sentence() -> None:
    with Path("/dev/full").open("wb") as full:
        done = run("config", "show", stdout=full)

    assert done.returncode == 1
    assert done.stderr == b"ramet: The output could not be written: No space left on device.\n"


def test_closed_streams_are_no_crash(shop: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec '{RAMET}' -C '{shop}' --in-process ask --no-model 'what is charged?' <&- 2>&-"],
        capture_output=True,
        timeout=DEADLINE,
    )
    without_any = subprocess.run(["/bin/sh", "-c", f"exec '{RAMET}' config show <&- >&- 2>&-"], timeout=DEADLINE)

    assert (done.returncode, without_any.returncode) == (0, 0)
    assert b"shop/payment.py" in done.stdout


def test_question_and_context_through_pipes(shop: Path) -> None:
    done = run("-C", shop, "--in-process", "ask", "--no-model", stdin=None, input=b"what is charged?")

    assert done.returncode == 0
    assert b"shop/payment.py" in done.stdout


def test_colours_are_for_terminals_that_want_them(shop: Path) -> None:
    coloured = on_a_terminal("config", "show")
    plain = on_a_terminal("config", "show", NO_COLOR="1")
    dumb = on_a_terminal("config", "show", TERM="dumb")

    assert "\x1b[1mmodel" in coloured
    assert "\x1b" not in plain
    assert "\x1b" not in dumb


def test_progress_on_a_terminal_is_one_line_that_goes_away(shop: Path) -> None:
    screen = on_a_terminal("-C", shop, "--in-process", "index")

    before, _, after = screen.rpartition("\r\x1b[K")

    assert "7 files, 7 to read" in before
    assert after.startswith("Indexed ")


def test_ascii_terminals_get_words_for_signs(shop: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}

    done = run("-C", shop, "--in-process", "doctor", env=environment)

    assert done.returncode == 0
    assert b"  ok git " in done.stdout
    assert done.stdout.isascii()
