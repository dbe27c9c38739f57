"""Piped text: never waited for without end, kept within bounds."""

from __future__ import annotations

import io
import os
import re

import pytest

from ramet.cli.console import Console
from ramet.cli.standard_input import StandardInput
from tests.core.cli.conftest import Pipe


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_silent_pipe_is_given_up_where_nobody_watches(pipe: Pipe) -> None:
    """Under cron or in CI standard input may be a pipe that is never written to and never closed."""
    pipe(None)
    err = io.StringIO()

    attachment = StandardInput(Console({}, io.StringIO(), err), patience=0.01).attachment()

    assert attachment is None
    assert "sent nothing for 0.01 s; going on without it" in err.getvalue()


def test_a_silent_pipe_is_given_up_as_a_question_too(pipe: Pipe) -> None:
    pipe(None)

    assert StandardInput(Console({}, io.StringIO(), io.StringIO()), patience=0.01).question() == ""


def test_terminals_and_devices_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    console = Console({}, io.StringIO(), io.StringIO())
    with os.fdopen(ours), os.fdopen(theirs) as terminal, open("/dev/zero") as device:  # noqa: PTH123  (both are streams)
        monkeypatch.setattr("sys.stdin", terminal)
        from_terminal = StandardInput(console).attachment()
        monkeypatch.setattr("sys.stdin", device)
        from_device = StandardInput(console).attachment()

    assert (from_terminal, from_device) == (None, None)


def test_a_file_is_read_as_context(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(f"{tmp_path}/log", "w+") as log:  # noqa: PTH123
        log.write("line\n" * 40_000)
        log.seek(0)
        monkeypatch.setattr("sys.stdin", log)
        err = io.StringIO()
        attachment = StandardInput(Console({}, io.StringIO(), err)).attachment()

    assert attachment is not None
    assert len(attachment.text) < 70_000
    assert re.search(r"\nline\n\[\.\.\. [\d,]+ bytes left out \.\.\.\]\nline\n", attachment.text)
    assert err.getvalue() == "Standard input is long: its head and tail are used, 64 of 195 KiB.\n"


def test_someone_at_the_terminal_is_told_what_is_waited_for(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(b"late\n")
    err = Terminal()
    monkeypatch.setattr("select.select", lambda *_arguments: ([], [], []))

    attachment = StandardInput(Console({"NO_COLOR": "1"}, io.StringIO(), err)).attachment()

    assert attachment is not None
    assert attachment.text == "late\n"
    assert err.getvalue().startswith("Waiting for standard input (Ctrl-C ends it")
