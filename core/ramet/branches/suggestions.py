"""Guesses from the files of a repository which checks it has. They are only shown: nothing of a repository is run unasked."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Sequence
from contextlib import suppress

from ramet.branch_models import CheckCommand

ReadLines = Callable[[str], Sequence[str] | None]
"""Gives the lines of a file of the repository, None where it cannot be read."""

_MAKE_TARGETS = ("check", "test", "lint")
_SCRIPTS = ("test", "lint", "typecheck")
"""Of package.json."""


def suggested_checks(read_lines: ReadLines) -> tuple[CheckCommand, ...]:
    """Return checks that a repository seems to have, by what files in its root say; none of a name twice."""

    def text(path: str) -> str:
        return "\n".join(read_lines(path) or ())

    found: dict[str, str] = {}
    for name, command in (
        *_of_make(text("Makefile")),
        *_of_python(text("pyproject.toml")),
        *_of_node(text("package.json")),
        *((("tests", "cargo test"),) if text("Cargo.toml") else ()),
        *((("tests", "go test ./..."),) if text("go.mod") else ()),
    ):
        found.setdefault(name, command)
    return tuple(CheckCommand(name, command) for name, command in found.items())


def _of_make(text: str) -> list[tuple[str, str]]:
    targets = set(re.findall(r"^([A-Za-z0-9_-]+)\s*:(?![:=])", text, re.MULTILINE))
    names = {"check": "check", "test": "tests", "lint": "lint"}
    return [(names[target], f"make {target}") for target in _MAKE_TARGETS if target in targets]


def _of_python(text: str) -> list[tuple[str, str]]:
    project: dict[str, object] = {}
    with suppress(tomllib.TOMLDecodeError, RecursionError):
        project = tomllib.loads(text)
    tools = project.get("tool")
    has = set(tools) if isinstance(tools, dict) else set()
    found = [("tests", "pytest -q")] if "pytest" in has or re.search(r"[\"']pytest\b", text) else []
    found += [("lint", "ruff check")] if "ruff" in has else []
    return found + ([("types", "mypy")] if "mypy" in has else [])


def _of_node(text: str) -> list[tuple[str, str]]:
    scripts: object = None
    with suppress(ValueError, RecursionError):
        package = json.loads(text)
        scripts = package.get("scripts") if isinstance(package, dict) else None
    if not isinstance(scripts, dict):
        return []
    names = {"test": "tests", "lint": "lint", "typecheck": "types"}
    present = [script for script in _SCRIPTS if script in scripts and "no test specified" not in str(scripts[script])]
    return [(names[script], "npm test" if script == "test" else f"npm run {script}") for script in present]
