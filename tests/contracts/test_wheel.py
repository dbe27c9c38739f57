"""What a user installs is what the tests ran: the wheel works alone, in an environment that never saw the source tree."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).parent / "uv"
INSTALLER_ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
"""As it was before the tests were cut off from it: an installer may need the machine's proxy, certificates or mirror."""


def run(*command: str | Path, folder: Path, environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run([str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def locked_versions() -> str:
    """The `name==version ; marker` lines of the lock file, as constraints: hashes would demand that every file is listed."""
    lines = (PROJECT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return "\n".join(line.rstrip(" \\") for line in lines if re.match(r"[A-Za-z0-9._-]+(\[[^]]*\])?==", line))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources so that nothing is written into them."""
    source = tmp_path_factory.mktemp("source")
    for name in ("core", "tui"):
        shutil.copytree(PROJECT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, source / name)
    run(UV, "build", "--wheel", "--quiet", "--out-dir", source / "dist", folder=source, environment=INSTALLER_ENVIRONMENT)
    return next((source / "dist").glob("*.whl"))


def test_wheel_holds_the_two_packages_with_types_and_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"ramet", "ramet_tui"}
    assert {"ramet/py.typed", "ramet_tui/py.typed"} <= set(names)
    assert any(name.endswith(".tcss") for name in names)
    scripts = {
        str(file.relative_to(PROJECT / "core")) for file in (PROJECT / "core/ramet/terminal/shells").rglob("*") if file.is_file()
    }
    assert {name for name in scripts if not name.endswith((".py", ".pyc"))} <= set(names)
    assert "ramet/terminal/shells/zsh/.zshenv" in scripts


def test_installed_wheel_indexes_and_searches_a_repository(wheel: Path, tmp_path: Path, shop: Path) -> None:
    environment = tmp_path / "environment"
    run(UV, "venv", "--quiet", "--python", sys.executable, environment, folder=tmp_path, environment=INSTALLER_ENVIRONMENT)
    python = environment / "bin" / "python"
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(locked_versions())
    run(
        UV,
        "pip",
        "install",
        "--quiet",
        "--python",
        python,
        "-c",
        constraints,
        wheel,
        folder=tmp_path,
        environment=INSTALLER_ENVIRONMENT,
    )
    ramet = environment / "bin" / "ramet"

    version = run(ramet, "--version", folder=tmp_path)
    run(ramet, "--in-process", "-C", shop, "index", folder=tmp_path)
    hits = json.loads(run(ramet, "--in-process", "-C", shop, "search", "charge the card", "--json", folder=tmp_path))

    assert version.startswith("ramet ")
    assert hits[0]["path"] == "shop/payment.py"
