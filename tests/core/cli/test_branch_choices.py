"""`ramet branch merge --choose`: both versions of a conflict, in the whole file or in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.cli.conftest import Ramet

LINES = [f"line {number}\n" for number in range(1, 21)]


def changed(first: str, second: str) -> str:
    """Return the file with two lines, far from each other, replaced."""
    return "".join([f"{first}\n", *LINES[1:-1], f"{second}\n"])


@pytest.fixture
def conflicting(ramet: Ramet, shop: Path) -> Path:
    """A file that differs in two places both in the working tree and in the branch `try`."""
    file = shop / "notes.txt"
    file.write_text("".join(LINES))
    assert ramet("-C", shop, "--in-process", "branch", "new", "try").code == 0
    place = Path(ramet("-C", shop, "--in-process", "branch", "path", "try").out.strip())
    (place / "notes.txt").write_text(changed("theirs 1", "theirs 2"))
    file.write_text(changed("mine 1", "mine 2"))
    return file


@pytest.mark.parametrize(
    ("choices", "first", "second"),
    [
        (["notes.txt=both"], "mine 1\ntheirs 1", "mine 2\ntheirs 2"),
        (["notes.txt#1=theirs", "notes.txt#2=both"], "theirs 1", "mine 2\ntheirs 2"),
    ],
)
def test_both_takes_mine_and_then_theirs(
    ramet: Ramet, shop: Path, conflicting: Path, choices: list[str], first: str, second: str
) -> None:
    words = [word for choice in choices for word in ("--choose", choice)]
    done = ramet("-C", shop, "--in-process", "branch", "merge", "try", *words)

    assert done.code == 0, done.err
    assert conflicting.read_text() == changed(first, second)


def test_both_is_refused_where_a_file_is_not_merged_by_lines(ramet: Ramet, shop: Path, conflicting: Path) -> None:
    conflicting.unlink()
    done = ramet("-C", shop, "--in-process", "branch", "merge", "try", "--choose", "notes.txt=both")

    assert (done.code, done.out) == (2, "")
    assert "Both versions cannot be written into notes.txt. Choose mine, theirs or base." in done.err
    assert not conflicting.exists()
