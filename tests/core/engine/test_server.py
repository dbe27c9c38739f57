"""The engine's server, over a real socket in this process."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from ramet.engine.client import RemoteWorkspace
from ramet.engine.connection import EngineConnection
from ramet.engine.lifecycle import engine_status, stop_engine
from ramet.engine.protocol import PROTOCOL, STATUS, Call, Hello, NoParams
from ramet.errors import EngineCrashed, EngineError, StoreLocked, UsageError
from ramet.events import Answered, TextDelta
from ramet.models import AskRequest, Usage
from ramet.paths import UserDirectories
from ramet.version import __version__
from tests.core.engine.scripted_engine import PROGRESS, RunningEngine, running_engine
from tests.tui.scripted_workspace import Pause

DEADLINE = 10.0
"""Seconds; only bounds a failure."""


@pytest.fixture
async def engine() -> AsyncGenerator[RunningEngine, None]:
    """An engine that listens in this process."""
    async with asyncio.timeout(DEADLINE * 3), running_engine(os.environ) as running:
        yield running


async def opened(folder: Path) -> RemoteWorkspace:
    """Return a workspace in the running engine."""
    return await RemoteWorkspace.open(folder, environment=os.environ, overrides={})


async def raw_connection(engine: RunningEngine) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection that speaks bytes."""
    return await asyncio.open_unix_connection(engine.place.socket)


async def test_requests_of_one_connection_run_side_by_side(engine: RunningEngine, tmp_path: Path) -> None:
    scripted = engine.host.workspace(tmp_path)
    scripted.hold("search")
    workspace = await opened(tmp_path)
    searching = asyncio.create_task(workspace.search("cart"))
    status = await workspace.status()
    was_searching = not searching.done()
    scripted.release("search")
    await searching
    await workspace.close()

    assert status == scripted.present
    assert was_searching


async def test_two_front_ends_share_an_engine(engine: RunningEngine, directories: UserDirectories, tmp_path: Path) -> None:
    first, second = await opened(tmp_path), await opened(tmp_path)
    status = await engine_status(directories)
    await first.close()
    files = await second.files()
    await second.close()

    assert status is not None
    assert (status.pid, status.connections, status.version) == (os.getpid(), 2, __version__)
    assert status.workspaces == (str(first.root),)
    assert status.memory > 1_000_000
    assert files == ()


async def test_closing_a_stream_stops_the_job_before_it_returns(engine: RunningEngine, tmp_path: Path) -> None:
    scripted = engine.host.workspace(tmp_path)
    scripted.answers.append([TextDelta("It"), Pause()])
    workspace = await opened(tmp_path)
    async with aclosing(workspace.ask(AskRequest("why"))) as events:
        first = await anext(events)
    closed = list(scripted.closed_streams)
    await workspace.close()

    assert first == TextDelta("It")
    assert closed == ["ask"]


async def test_a_stream_cancelled_before_its_first_event_ends(engine: RunningEngine, tmp_path: Path) -> None:
    scripted = engine.host.workspace(tmp_path)
    pause = Pause()
    scripted.answers.append([pause])
    workspace = await opened(tmp_path)
    asking = asyncio.create_task(anext(workspace.ask(AskRequest("why"))))
    await pause.reached.wait()
    asking.cancel()
    await asyncio.wait([asking])
    closed = list(scripted.closed_streams)
    await workspace.close()

    assert asking.cancelled()
    assert closed == ["ask"]


async def test_a_request_and_its_cancel_in_one_packet_still_get_an_end(engine: RunningEngine, tmp_path: Path) -> None:
    reader, writer = await raw_connection(engine)
    hello = f'{{"type":"hello","protocol":{PROTOCOL},"version":"{__version__}","folder":"{tmp_path}"}}\n'
    writer.write(f'{hello}{{"type":"request","id":1,"method":"watch"}}\n{{"type":"cancel","id":1}}\n'.encode())
    await reader.readline()
    end = await reader.readline()
    writer.close()

    assert end == b'{"type":"result","id":1,"value":null}\n'


async def test_a_closed_connection_cancels_its_streams(engine: RunningEngine, tmp_path: Path) -> None:
    scripted = engine.host.workspace(tmp_path)
    scripted.syncs.append([PROGRESS, Pause()])
    workspace = await opened(tmp_path)
    stream = workspace.sync()
    await anext(stream)
    connection = workspace._connection
    assert connection is not None
    connection._writer.transport.abort()
    with pytest.raises(EngineCrashed, match="repeat"):
        await anext(stream)
    another = await opened(tmp_path)
    await another.status()
    await another.close()
    await workspace.close()

    assert scripted.closed_streams == ["sync"]


async def test_errors_arrive_as_they_were_raised(engine: RunningEngine, tmp_path: Path) -> None:
    scripted = engine.host.workspace(tmp_path)
    scripted.failures["search"] = StoreLocked("Another process owns it.", "Stop it.")
    workspace = await opened(tmp_path)
    with pytest.raises(StoreLocked) as locked:
        await workspace.search("cart")
    with pytest.raises(UsageError):
        await workspace.conversation("nowhere")
    await workspace.close()

    assert (locked.value.what, locked.value.advice) == ("Another process owns it.", "Stop it.")


async def test_an_error_while_opening_is_the_front_ends_error(engine: RunningEngine, tmp_path: Path) -> None:
    engine.host.failure = UsageError("That is not a folder.")

    with pytest.raises(UsageError, match="not a folder"):
        await opened(tmp_path)


async def test_a_mistake_inside_is_reported_without_its_text(
    engine: RunningEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise ZeroDivisionError("sk-secret")

    monkeypatch.setattr(engine.host.workspace(tmp_path), "files", fail)
    workspace = await opened(tmp_path)
    with pytest.raises(EngineError) as caught:
        await workspace.files()
    status = await workspace.status()
    await workspace.close()

    assert caught.value.what == "The engine failed at files: ZeroDivisionError."
    assert status.revision == 1
    assert any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe\n",
        b"not json\n",
        b"[]\n",
        b'{"type":"launch"}\n',
        b'{"type":"request"}\n',
        b'{"type":"request","id":"one","method":"status"}\n',
        b'{"type":"hello","protocol":1,"version":"0"}\n',
        b"[" * 100_000 + b"\n",
    ],
)
async def test_a_malformed_line_is_answered_and_the_connection_goes_on(
    engine: RunningEngine, tmp_path: Path, line: bytes
) -> None:
    reader, writer = await raw_connection(engine)
    writer.write(f'{{"type":"hello","protocol":{PROTOCOL},"version":"{__version__}","folder":"{tmp_path}"}}\n'.encode())
    await reader.readline()
    writer.write(line)
    answer = await reader.readline()
    writer.write(b'{"type":"request","id":7,"method":"files"}\n')
    after = await reader.readline()
    writer.close()

    assert answer.startswith(b'{"type":"error","id":0,"problem":{"error":"EngineError"')
    assert after == b'{"type":"result","id":7,"value":[]}\n'


@pytest.mark.parametrize(
    ("request_line", "complaint"),
    [
        (b'{"type":"request","id":1,"method":"close"}\n', b"no such method"),
        (b'{"type":"request","id":1,"method":"__init__"}\n', b"no such method"),
        (b'{"type":"request","id":1,"method":"search","params":{"words":"x"}}\n', b"could not be understood"),
        (b'{"type":"request","id":1,"method":"search","params":{"query":7}}\n', b"could not be understood"),
        (b'{"type":"request","id":0,"method":"status"}\n', b"cannot be used"),
    ],
)
async def test_a_bad_request_gets_an_error_of_its_own(
    engine: RunningEngine, tmp_path: Path, request_line: bytes, complaint: bytes
) -> None:
    reader, writer = await raw_connection(engine)
    writer.write(f'{{"type":"hello","protocol":{PROTOCOL},"version":"{__version__}","folder":"{tmp_path}"}}\n'.encode())
    await reader.readline()
    writer.write(request_line)
    answer = await reader.readline()
    writer.close()

    assert answer.startswith(b'{"type":"error"')
    assert complaint in answer


async def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ramet.engine.server.MAX_LINE_BYTES", 1_000)
    async with asyncio.timeout(DEADLINE), running_engine(os.environ) as engine:
        reader, writer = await raw_connection(engine)
        writer.write(b"x" * 100_000)
        answer = await reader.readline()
        with suppress(ConnectionResetError):  # it hangs up on what it has not read
            await reader.read()
        writer.close()

    assert b"too long" in answer


async def test_a_connection_without_a_workspace_has_only_the_engine(engine: RunningEngine) -> None:
    connection = await EngineConnection.open(engine.place.socket, Hello(protocol=PROTOCOL, version=__version__))
    with pytest.raises(EngineError, match="no workspace"):
        await connection.call(STATUS, NoParams())
    await connection.close()


async def test_the_engine_leaves_when_nobody_has_come(tmp_path: Path) -> None:
    async with asyncio.timeout(DEADLINE), running_engine(os.environ, idle_seconds=0.0) as engine:
        await engine.task

    assert engine.host.is_closed
    assert not engine.place.socket.exists()


async def test_the_engine_stays_while_a_front_end_is_connected_and_leaves_after_it(tmp_path: Path) -> None:
    async with asyncio.timeout(DEADLINE), running_engine(os.environ, idle_seconds=0.2) as engine:
        workspace = await opened(tmp_path)
        done, _ = await asyncio.wait([engine.task], timeout=0.3)
        await workspace.close()
        await engine.task

    assert not done


async def test_stopping_cancels_jobs_closes_the_stores_and_removes_the_socket(
    engine: RunningEngine, directories: UserDirectories, tmp_path: Path
) -> None:
    scripted = engine.host.workspace(tmp_path)
    scripted.syncs.append([PROGRESS, Pause()])
    workspace = await opened(tmp_path)
    stream = workspace.sync()
    await anext(stream)
    was_running = await stop_engine(directories)
    was_closed = engine.host.is_closed
    await engine.task
    with pytest.raises(EngineCrashed, match="stopped"):
        await anext(stream)
    is_running = await stop_engine(directories)
    await workspace.close()

    assert (was_running, is_running) == (True, False)
    assert was_closed
    assert scripted.closed_streams == ["sync"]
    assert scripted.closed
    assert engine.host.is_closed
    assert not engine.place.socket.exists()


async def test_a_short_request_may_finish_when_the_engine_leaves(engine: RunningEngine, tmp_path: Path) -> None:
    scripted = engine.host.workspace(tmp_path)
    scripted.hold("search")
    workspace = await opened(tmp_path)
    searching = asyncio.create_task(workspace.search("cart"))
    await workspace.status()
    engine.server.leave("asked to")
    scripted.release("search")
    found = await searching
    await workspace.close()

    assert found.index == scripted.present.index


async def test_the_engine_leaves_when_its_socket_is_gone(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = engine.place.socket.stat()
    engine.place.socket.unlink()
    await engine.server._look_for_socket(identity)
    await engine.task

    assert engine.host.is_closed


async def test_keys_reach_the_workspace_and_are_named_in_no_log(
    engine: RunningEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-very-secret")
    workspace = await opened(tmp_path)
    await workspace.search("cart")
    scripted = engine.host.workspace(tmp_path)
    scripted.answers.append([Answered("x", (), Usage(), "c1")])
    assert [event async for event in workspace.ask(AskRequest("why"))]
    await workspace.close()

    assert engine.host.environments[0]["ANTHROPIC_API_KEY"] == "sk-ant-very-secret"
    assert "HOME" not in engine.host.environments[0]
    assert "very-secret" not in caplog.text
    assert "very-secret" not in repr(workspace._hello)


async def test_a_result_that_is_too_large_is_an_error(
    engine: RunningEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ramet.engine.protocol.MAX_LINE_BYTES", 2_000)
    engine.host.workspace(tmp_path).file_paths = ("x" * 3_000,)
    workspace = await opened(tmp_path)
    with pytest.raises(EngineError, match="too large"):
        await workspace.files()
    await workspace.close()


async def test_an_unknown_call_is_refused_like_one_of_a_newer_front_end(engine: RunningEngine, tmp_path: Path) -> None:
    workspace = await opened(tmp_path)
    newer: Call[NoParams, str] = Call("teleport", NoParams, str)
    with pytest.raises(EngineError, match="no such method"):
        await workspace._call(newer, NoParams())
    await workspace.close()
