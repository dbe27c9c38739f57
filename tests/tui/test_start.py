"""Starting the app loads nothing heavy and loses nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ramet.workspace.protocol import Workspace
from ramet_tui.app import RametApp
from tests.tui.piloting import settle
from tests.tui.scripted_workspace import ScriptedWorkspace

HEAVY = ("litellm", "chromadb", "git", "tree_sitter_python", "numpy", "watchfiles", "httpx", "ramet.index", "ramet.engine.client")
CODE = """
import sys
import {module}
print(*[name for name in {heavy} if name in sys.modules])
"""


@pytest.mark.parametrize(
    ("module", "heavy"),
    [("ramet_tui.__main__", (*HEAVY, "textual", "rich", "tree_sitter")), ("ramet_tui.start", HEAVY), ("ramet_tui.app", HEAVY)],
)
def test_importing_the_app_loads_no_heavy_library(module: str, heavy: tuple[str, ...], tmp_path: Path) -> None:
    code = CODE.format(module=module, heavy=heavy)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert done.stdout.split() == []


async def test_what_is_typed_at_once_lands_in_the_prompt(workspace: ScriptedWorkspace) -> None:
    """The chat comes in behind the first frame; nothing typed before that may be lost."""

    async def open_workspace() -> Workspace:
        return workspace

    app = RametApp(workspace.root, open_workspace)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("h", "o", "w")
        await settle(pilot)
        await pilot.press("question_mark")
        await settle(pilot)
        screen = app.main

        assert screen.chat is not None
        assert screen.chat.composer.prompt.text == "how?"
        assert screen.chat.composer.prompt.has_focus
