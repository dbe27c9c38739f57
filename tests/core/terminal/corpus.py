"""The labelled corpus of failures that `make_failures.py` has made by running the real tools."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from ramet.models import CommandRun
from ramet.terminal.plain import plain_text

FOLDER = Path(__file__).parent / "failures"
ROOT = "/home/dev/shop"
_STEPS = re.compile(r"@@ (\d+) steps @@\n")


class Label(Struct, frozen=True):
    """What is expected of one output."""

    tool: str
    command: str
    exit_code: int
    path: str
    """Of the file that a person would open first; empty where the output names none."""
    line: int
    tests: tuple[str, ...]
    keeps: str
    """Part of the error that no digest may cut."""
    files: dict[str, str]


class Example(Struct, frozen=True):
    """One output with its label."""

    name: str
    label: Label
    printed: bytes

    def run(self) -> CommandRun:
        """Return it as a command of a terminal."""
        text = plain_text(self.printed)
        return CommandRun(
            id=1,
            terminal="1",
            command=self.label.command,
            folder=ROOT,
            exit_code=self.label.exit_code,
            started=0.0,
            duration=1.0,
            output=text,
            lines=text.count("\n"),
        )

    def read_lines(self, path: str) -> Sequence[str] | None:
        """Return the lines of a file of the project."""
        source = self.label.files.get(path)
        return None if source is None else source.split("\n")


def examples() -> list[Example]:
    """Return the corpus; numbered lines that the files only count are there again."""
    labels = json.loads((FOLDER / "labels.json").read_text("utf-8"))
    return [Example(name, _label(label), _printed(name)) for name, label in labels.items()]


def _label(fields: dict[str, object]) -> Label:
    import msgspec

    return msgspec.convert(fields, Label)


def _printed(name: str) -> bytes:
    text = (FOLDER / f"{name}.txt").read_bytes().decode("utf-8")
    return _STEPS.sub(_steps, text).encode("utf-8")


def _steps(found: re.Match[str]) -> str:
    count = int(found[1])
    return "".join(f"step {number} of {count} is done\n" for number in range(1, count + 1))


def count_tokens(text: str) -> int:
    """Return the estimate that questions are packed by: four bytes of UTF-8 are a token, rounded up."""
    return -(-len(text.encode("utf-8")) // 4)
