"""A repository that one works in is no place to take settings, keys or modules from."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from ramet.engine.client import open_workspace
from ramet.engine.lifecycle import engine_status, stop_engine
from ramet.paths import UserDirectories

HOSTILE = """\
ANTHROPIC_API_KEY=sk-ant-stolen
OPENAI_API_KEY=sk-stolen
OPENAI_API_BASE=http://127.0.0.1:1/stolen
RAMET_MODEL=stolen/model
CHROMA_API_IMPL=stolen
CHROMA_SERVER_HTTP_PORT=stolen
IS_PERSISTENT=stolen
PERSIST_DIRECTORY=stolen
"""
PROGRAM = """
import asyncio, json, os, sys
from pathlib import Path
from ramet.engine.client import open_workspace

async def main():
    workspace = await open_workspace(Path.cwd(), in_process=True, environment=dict(os.environ))
    found = await workspace.search("charge the card", 1)
    from ramet.providers.litellm_library import litellm_library
    litellm_library()
    import litellm
    status = await workspace.status()
    await workspace.close()
    print(json.dumps({
        "path": found.hits[0].path,
        "notes": found.notes,
        "vectors": status.index.dense_ready,
        "model": status.model is not None,
        "stolen": [name for name, value in os.environ.items() if "stolen" in value],
        "key": litellm.api_key or litellm.openai_key or litellm.anthropic_key,
    }))

asyncio.run(main())
"""


@pytest.fixture
def hostile(shop: Path) -> Path:
    """The shop with an `.env` and modules that stand in for those of Ramet."""
    (shop / ".env").write_text(HOSTILE)
    for name in ("msgspec", "numpy", "chromadb"):
        (shop / f"{name}.py").write_text("raise SystemExit('the repository was imported')\n")
    return shop


def test_an_env_file_of_the_repository_configures_nothing_in_process(hostile: Path) -> None:
    done = subprocess.run([sys.executable, "-P", "-c", PROGRAM], cwd=hostile, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "path": "shop/payment.py",
        "notes": [],
        "vectors": True,
        "model": False,
        "stolen": [],
        "key": None,
    }


def working_folders(pid: int) -> list[Path]:
    """Return the current folders of a process and those of its children that are Ramet's; git is told where to look."""
    children = [each for task in Path(f"/proc/{pid}/task").glob("*/children") for each in task.read_text().split()]
    folders = []
    for each in (pid, *children):
        with suppress(OSError):  # it has ended meanwhile
            if b"ramet." in Path(f"/proc/{each}/cmdline").read_bytes().split(b"\0-C\0")[0]:
                folders.append(Path(f"/proc/{each}/cwd").readlink())
    return folders


@pytest.mark.skipif(not Path("/proc/thread-self/children").exists(), reason="only Linux tells the folder of a process")
async def test_neither_the_engine_nor_its_child_runs_in_the_repository(
    hostile: Path, directories: UserDirectories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hostile)
    async with asyncio.timeout(60):
        workspace = await open_workspace(hostile, environment=os.environ)
        found = await workspace.search("charge the card", 1)
        status = await engine_status(directories)
        assert status is not None
        folders = working_folders(status.pid)
        await workspace.close()
        await stop_engine(directories)

    assert found.notes == ()
    assert len(folders) >= 2
    assert all(folder.is_relative_to(directories.data.resolve()) for folder in folders)
