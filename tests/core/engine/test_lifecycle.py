"""Starting, replacing, stopping and losing real engine processes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from ramet.engine.client import RemoteWorkspace, open_workspace
from ramet.engine.lifecycle import engine_status, ensure_engine, stop_engine
from ramet.engine.place import FileLock, engine_place, secure
from ramet.engine.protocol import PROTOCOL, EngineStatus, Hello
from ramet.errors import EngineCrashed, EngineError
from ramet.paths import UserDirectories, user_directories
from ramet.version import __version__
from tests.core.engine.scripted_engine import PROGRESS, running_engine

DEADLINE = 60.0
"""Seconds; only bounds a failure."""


@pytest.fixture(autouse=True)
async def no_engine_is_left(directories: UserDirectories) -> AsyncGenerator[None, None]:
    """Stop whatever engine the test started."""
    async with asyncio.timeout(DEADLINE):
        yield
        await stop_engine(user_directories(os.environ))


@pytest.fixture
def hanging_engine(shop: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An engine in a process of its own that hangs in searches and syncs of the shop."""
    program = Path(__file__).with_name("scripted_engine.py")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen([sys.executable, program, shop], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"listening\n"
        yield process
        process.kill()


async def running(directories: UserDirectories) -> EngineStatus:
    """Return what the engine that must be running says."""
    status = await engine_status(directories)
    assert status is not None
    return status


async def test_the_first_front_end_starts_the_engine_and_the_next_ones_share_it(shop: Path, directories: UserDirectories) -> None:
    before = await engine_status(directories)
    first, second = await asyncio.gather(
        open_workspace(shop, environment=os.environ), open_workspace(shop / "web", environment=os.environ)
    )
    status = await running(directories)
    await first.close()
    await second.close()
    was_stopped = await stop_engine(directories)
    after = await engine_status(directories)

    place = engine_place(directories)
    assert before is None
    assert (status.connections, status.workspaces, status.version) == (2, (str(first.root),), __version__)
    assert was_stopped
    assert after is None
    assert not place.socket.exists()
    assert directories.log_file.stat().st_mode & 0o077 == 0
    log = directories.log_file.read_text()
    assert log.count("listening") == 1
    assert "Traceback" not in log


async def test_the_engine_never_imports_from_the_folder_it_was_started_in(
    shop: Path, directories: UserDirectories, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / "msgspec.py").write_text("raise SystemExit('the repository was imported')\n")
    monkeypatch.chdir(shop)
    workspace = await open_workspace(shop, environment=os.environ)
    status = await running(directories)
    await workspace.close()

    assert status.connections == 1


async def test_keys_of_the_front_end_that_starts_the_engine_stay_out_of_its_environment(
    shop: Path, directories: UserDirectories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-of-the-first")
    first = await open_workspace(shop, environment=os.environ)
    with_key = await first.status()
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    second = await open_workspace(shop, environment=os.environ)
    without_key = await second.status()
    await first.close()
    await second.close()

    assert with_key.model is not None
    assert with_key.model.name.startswith("anthropic/")
    assert without_key.model is None
    assert "of-the-first" not in directories.log_file.read_text()


@pytest.mark.parametrize("is_variable", [False, True])
async def test_an_idle_engine_leaves(
    is_variable: bool, shop: Path, directories: UserDirectories, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_variable:
        monkeypatch.setenv("RAMET_ENGINE_IDLE_MINUTES", "0.01")
    else:
        directories.config_file.parent.mkdir(parents=True)
        directories.config_file.write_text("engine_idle_minutes = 0.01\n")
    workspace = await open_workspace(shop, environment=os.environ)
    pid = (await running(directories)).pid
    await workspace.close()
    lock = FileLock(engine_place(directories).engine_lock)
    while not lock.try_acquire():  # noqa: ASYNC110  - the kernel frees it when the process ends
        await asyncio.sleep(0.02)
    lock.release()

    assert pid > 0
    assert "no front end for a while" in directories.log_file.read_text()
    assert not engine_place(directories).socket.exists()


async def test_an_engine_of_another_version_is_replaced(shop: Path, directories: UserDirectories) -> None:
    async with running_engine(os.environ, version="0.0.1") as old:
        workspace = await open_workspace(shop, environment=os.environ)
        await old.task
        status = await running(directories)
        found = await workspace.search("checkout")
        await workspace.close()

    assert (status.version, status.pid != os.getpid()) == (__version__, True)
    assert old.host.is_closed
    assert found.hits


async def test_a_front_end_that_is_older_than_the_new_engine_does_not_fight_it(directories: UserDirectories, shop: Path) -> None:
    hello = Hello(protocol=PROTOCOL, version=__version__, folder=str(shop))
    async with running_engine(os.environ, version="9.9.9") as new:
        with pytest.raises(EngineError, match=r"updated to 9\.9\.9") as caught:
            await ensure_engine(directories, os.environ, hello, may_replace=False)
        is_running = not new.task.done()

    assert is_running
    assert "start it anew" in caught.value.advice


async def test_a_search_survives_the_kill_of_its_engine(
    hanging_engine: subprocess.Popen[bytes], shop: Path, directories: UserDirectories
) -> None:
    workspace = await open_workspace(shop, environment=os.environ)
    searching = asyncio.create_task(workspace.search("sum of all prices"))
    await workspace.status()
    hanging_engine.send_signal(signal.SIGKILL)
    found = await searching
    status = await running(directories)
    await workspace.close()

    assert found.hits[0].path == "shop/cart.py"
    assert status.pid != hanging_engine.pid


async def test_a_stream_that_has_begun_says_that_its_engine_crashed(hanging_engine: subprocess.Popen[bytes], shop: Path) -> None:
    workspace = await open_workspace(shop, environment=os.environ)
    stream = workspace.sync()
    first = await anext(stream)
    hanging_engine.send_signal(signal.SIGKILL)
    with pytest.raises(EngineCrashed) as caught:
        await anext(stream)
    finished = [event async for event in workspace.sync()]
    await workspace.close()

    assert first == PROGRESS
    assert "middle of the request" in caught.value.what
    assert "repeat" in caught.value.advice
    assert finished


async def test_a_watch_goes_on_with_a_new_engine(hanging_engine: subprocess.Popen[bytes], shop: Path) -> None:
    workspace = await open_workspace(shop, environment=os.environ)
    async with aclosing(workspace.watch()) as watch:
        first = await anext(watch)
        hanging_engine.send_signal(signal.SIGKILL)
        second = await anext(watch)
    await workspace.close()

    assert first.status.index.state == "ready"
    assert second.status.index.state == "missing"


async def test_a_stopped_engine_is_noticed_by_its_silence(hanging_engine: subprocess.Popen[bytes], shop: Path) -> None:
    workspace = await RemoteWorkspace.open(shop, environment=os.environ, overrides={}, heartbeat=0.05)
    stream = workspace.sync()
    await anext(stream)
    hanging_engine.send_signal(signal.SIGSTOP)
    with pytest.raises(EngineCrashed, match="has not answered"):
        await anext(stream)
    await workspace.close()
    hanging_engine.kill()


async def test_what_a_killed_engine_left_behind_is_cleaned_up(
    hanging_engine: subprocess.Popen[bytes], shop: Path, directories: UserDirectories
) -> None:
    place = engine_place(directories)
    hanging_engine.kill()
    hanging_engine.wait()
    had_socket = place.socket.exists()
    status = await engine_status(directories)
    workspace = await open_workspace(shop, environment=os.environ)
    await workspace.status()
    await workspace.close()

    assert had_socket
    assert status is None


async def test_a_signal_ends_the_engine_cleanly(shop: Path, directories: UserDirectories) -> None:
    workspace = await open_workspace(shop, environment=os.environ)
    os.kill((await running(directories)).pid, signal.SIGTERM)
    connection = await workspace._connected()  # type: ignore[attr-defined]  # to wait for the end without a clock
    await connection.gone()
    await workspace.close()
    log = directories.log_file.read_text()

    assert "leaving: SIGTERM" in log
    assert "Traceback" not in log


async def test_an_engine_that_cannot_start_says_why_and_where_to_look(
    shop: Path, directories: UserDirectories, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken" / "asyncio"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('asyncio is broken')\n")
    environment = os.environ | {"PYTHONPATH": str(broken.parent)}
    with pytest.raises(EngineError, match="could not be started") as caught:
        await open_workspace(shop, environment=environment)

    assert str(directories.log_file) in caught.value.advice
    assert "asyncio is broken" in caught.value.advice


async def test_an_engine_without_a_data_directory_says_why(shop: Path, isolated_environment: Path) -> None:
    (isolated_environment / "data").write_text("not a folder")

    with pytest.raises(EngineError) as caught:
        await open_workspace(shop, environment=os.environ)

    assert "could not be started" in caught.value.what


async def test_a_running_engine_that_cannot_be_reached_is_named(
    shop: Path, directories: UserDirectories, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = engine_place(directories)
    secure(place)
    lock = FileLock(place.engine_lock)
    assert lock.try_acquire()
    monkeypatch.setattr("ramet.engine.lifecycle.START_SECONDS", 0.5)

    with pytest.raises(EngineError, match="did not start within"):
        await open_workspace(shop, environment=os.environ)
    lock.release()  # the engine that was started sees that nobody waits for it any more, and ends


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
async def test_a_folder_that_others_may_enter_is_refused(mode: int, shop: Path, directories: UserDirectories) -> None:
    directories.runtime.mkdir(parents=True)
    directories.runtime.chmod(mode)

    with pytest.raises(EngineError, match="Others may enter") as caught:
        await open_workspace(shop, environment=os.environ)

    assert f"chmod 700 {directories.runtime}" in caught.value.advice


async def test_a_link_in_place_of_the_folder_is_refused(shop: Path, directories: UserDirectories, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    directories.runtime.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(EngineError, match="not a folder of yours"):
        await open_workspace(shop, environment=os.environ)


async def test_nothing_is_said_to_a_socket_in_a_folder_that_others_may_enter(directories: UserDirectories) -> None:
    async with running_engine(os.environ) as engine:
        engine.place.socket.parent.chmod(0o755)
        with pytest.raises(EngineError, match="Others may enter"):
            await engine_status(directories)
        with pytest.raises(EngineError, match="Others may enter"):
            await stop_engine(directories)
        engine.place.socket.parent.chmod(0o700)


async def test_the_socket_is_for_the_user_alone(directories: UserDirectories) -> None:
    async with running_engine(os.environ) as engine:
        modes = engine.place.socket.stat().st_mode & 0o777, engine.place.socket.parent.stat().st_mode & 0o777

    assert modes == (0o600, 0o700)


def test_a_long_path_gets_a_short_socket_of_its_own(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 120)
    directories = UserDirectories(data=deep, config=deep, runtime=deep)
    other = UserDirectories(data=deep, config=deep, runtime=deep / "b")
    place = engine_place(directories)
    secure(place)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place.socket))
    mode = place.socket.parent.stat().st_mode & 0o777
    place.socket.unlink()
    place.socket.parent.rmdir()

    assert len(os.fsencode(place.socket)) <= 100
    assert mode == 0o700
    assert engine_place(other).socket != place.socket
