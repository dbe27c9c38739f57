"""Front ends start light: importing them loads none of the heavy libraries and prints nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"litellm", "chromadb", "git", "tree_sitter", "numpy", "keyring", "watchfiles", "openai", "pydantic", "sqlite3"}
UI = {"textual", "rich"}


def loaded_by(*modules: str) -> set[str]:
    """Return the top-level modules that a fresh process has after importing these."""
    program = (
        f"import sys, {', '.join(modules)}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "module",
    [
        "ramet.cli",
        "ramet.cli.main",
        "ramet.cli.search",
        "ramet.cli.branch",
        "ramet.cli.ask",
        "ramet.workspace",
        "ramet.engine.client",
    ],
)
def test_the_command_line_and_the_engines_client_are_light(module: str) -> None:
    assert loaded_by(module) & (HEAVY | UI | {"platformdirs"}) == set()


def test_the_engine_loads_what_a_search_does_not_need_later() -> None:
    program = "import sys, ramet.workspace.host; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    later = ("ramet.branches", "ramet.chat", "ramet.llm", "ramet.prompt", "ramet.terminal.secrets", "ramet.terminal.failures")

    assert "ramet.retrieve.search" in loaded
    assert [name for name in loaded if name.startswith(later)] == []


def test_the_app_starts_light() -> None:
    assert loaded_by("ramet_tui.__main__") & HEAVY == set()


def test_the_app_starts_without_the_terminal() -> None:
    program = "import sys, ramet_tui.__main__, ramet_tui.start; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert "ramet_tui.screens.main" in loaded
    assert [name for name in loaded if name.startswith(("ramet.terminal", "ramet_tui.widgets.terminal"))] == []


def test_the_doctor_and_the_configuration_are_light() -> None:
    assert loaded_by("ramet.workspace.doctor", "ramet.config", "ramet.keys") & (HEAVY | UI) == set()
