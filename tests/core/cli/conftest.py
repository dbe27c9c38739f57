"""The command line in this process: on a real workspace without an engine, or on one that says what the test scripts."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from ramet.cli.main import AppOptions, main
from tests.tui.scripted_workspace import ScriptedWorkspace, as_workspace


@dataclass(frozen=True)
class Ran:
    """What one run said and how it ended."""

    code: int
    out: str
    err: str


Ramet = Callable[..., Ran]
Pipe = Callable[[bytes | None], None]


def no_app(options: AppOptions) -> int:
    raise AssertionError(options)


@pytest.fixture(autouse=True)
def empty_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for the standard input that pytest happens to have."""
    monkeypatch.setattr("sys.stdin", io.StringIO())


@pytest.fixture
def ramet(capsys: pytest.CaptureFixture[str]) -> Ramet:
    """Run the command line and return what it printed."""

    def run(*arguments: str | Path) -> Ran:
        code = main([str(argument) for argument in arguments], no_app)
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run


@pytest.fixture
def scripted(shop: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptedWorkspace:
    """The workspace that every command gets, whatever folder it is given; the shop is the current folder."""
    workspace = ScriptedWorkspace(shop)

    async def open_workspace(
        folder: Path, *, environment: Mapping[str, str], in_process: bool, overrides: Mapping[str, object] | None = None
    ) -> object:
        workspace.calls += [("flag", flag) for flag in (overrides or {}).items()]
        return as_workspace(workspace)

    monkeypatch.setattr("ramet.engine.client.open_workspace", open_workspace)
    monkeypatch.chdir(shop)
    return workspace


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    """Give the command a pipe as standard input: with this content, or None for one that nobody writes to or closes."""
    with ExitStack() as ends:

        def connect(content: bytes | None) -> None:
            reading, writing = os.pipe()
            monkeypatch.setattr("sys.stdin", ends.enter_context(os.fdopen(reading)))
            stream = ends.enter_context(os.fdopen(writing, "wb"))
            if content is not None:
                stream.write(content)
                stream.close()

        yield connect
