"""Starting the app loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
