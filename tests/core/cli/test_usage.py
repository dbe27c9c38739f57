"""Wrong usage: one sentence, what to do instead, and exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.cli.conftest import Ramet


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["serch", "x"], "ramet: There is no command 'serch'. Did you mean `search`? See `ramet --help`.\n"),
        (["\x1b[31m"], "ramet: There is no command '\\x1b[31m'. See `ramet --help`.\n"),
        (["engine", "stats"], "ramet: There is no action 'stats'. Did you mean `status`? See `ramet engine --help`.\n"),
        (["search"], "ramet: the following arguments are required: QUERY. See `ramet search --help`.\n"),
        (["search", "x", "-k", "0"], "ramet: argument -k: '0' is not a number from 1 to 200. See `ramet search --help`.\n"),
        (["search", "x", "-k", "²"], "ramet: argument -k: '²' is not a number from 1 to 200. See `ramet search --help`.\n"),
        (["index", "--budget", "-1"], None),
        (["index", "--budget", "much"], None),
        (["index", "--budget-tokens", "1.5"], None),
        (["--no-such-option"], "ramet: unrecognized arguments: --no-such-option. See `ramet --help`.\n"),
        (["-C", "/no/such/folder", "index"], "ramet: /no/such/folder does not exist. Give a folder with -C.\n"),
        (["-C", "", "key", "set", "lower"], None),
    ],
)
def test_wrong_usage(arguments: list[str], error: str | None, ramet: Ramet) -> None:
    done = ramet(*arguments)

    assert (done.code, done.out) == (2, "")
    assert error is None or done.err == error


def test_model_and_no_model_exclude_each_other(ramet: Ramet) -> None:
    done = ramet("ask", "--model", "x", "--no-model", "why?")

    assert done.code == 2
    assert "not allowed with" in done.err


def test_a_file_is_not_a_folder(ramet: Ramet, shop: Path) -> None:
    done = ramet("-C", shop / "README.md", "index")

    assert (done.code, done.err) == (2, f"ramet: {shop}/README.md is a file, not a folder. Give a folder with -C.\n")


def test_a_current_folder_that_is_gone(ramet: Ramet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    done = ramet("index")

    assert done.code == 2
    assert done.err == "ramet: The current folder no longer exists. Change to another one, or give one with -C.\n"


def test_options_may_stand_before_or_after_the_command(ramet: Ramet, tmp_path: Path) -> None:
    missing = tmp_path / "missing"

    before = ramet("-C", missing, "search", "x")
    after = ramet("search", "x", "-C", missing)

    assert before.err == after.err == f"ramet: {missing} does not exist. Give a folder with -C.\n"
