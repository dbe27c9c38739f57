"""`ramet branch check` and `ramet branch compare` with real commands in real branches."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ramet.paths import UserDirectories
from tests.core.cli.conftest import Ramet

PASSES = "test -f shop/cart.py && echo '===== 4 passed in 0.10s ====='"
FAILS_IN_B = "if grep -q BROKEN shop/cart.py; then echo 'Found 3 errors.'; exit 1; fi; echo 'All checks passed!'"
Json = dict[str, Any]
"""What JSON holds."""


@pytest.fixture
def checks(directories: UserDirectories, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two checks of the user, whose current folder is the shop."""
    monkeypatch.chdir(shop)
    directories.config.mkdir(parents=True, exist_ok=True)
    directories.config_file.write_text(f"[branch_checks]\ntests = {json.dumps(PASSES)}\nlint = {json.dumps(FAILS_IN_B)}\n")


def branch(ramet: Ramet, *words: str) -> tuple[int, str, str]:
    done = ramet("--in-process", "branch", *words)
    return done.code, done.out, done.err


def compared(ramet: Ramet) -> list[Json]:
    found: list[Json] = json.loads(branch(ramet, "compare", "--json")[1])["branches"]
    return found


def running_in(groups: list[int]) -> list[str]:
    """Return what runs in process groups; a dead process that nobody has collected does not."""
    stats = [file.read_text().rpartition(") ")[2].split() for file in Path("/proc").glob("[0-9]*/stat")]
    return [state for state, _, group, *_ in stats if int(group) in groups and state not in "ZX"]


@pytest.mark.usefixtures("checks")
def test_checks_run_in_each_branch_and_are_compared(ramet: Ramet) -> None:
    branch(ramet, "new", "a", "b")
    branch(ramet, "run", "b", "--", "sh", "-c", "echo BROKEN = 1 > shop/cart.py")
    before = signal.getsignal(signal.SIGINT)

    code, out, err = branch(ramet, "check", "--all")
    table = branch(ramet, "compare")
    first, second = compared(ramet)
    listed = branch(ramet, "list")[1]
    shown = branch(ramet, "show", "b")[1]

    assert code == 1
    assert signal.getsignal(signal.SIGINT) is before
    assert sorted(line.rsplit("  ", 1)[0] for line in out.splitlines()) == [
        "✓ a  lint   no errors", "✓ a  tests  4 passed", "✓ b  tests  4 passed", "✗ b  lint   3 errors",
    ]  # fmt: skip
    assert "3 passed, 1 failed." in err
    titles, row_a, row_b = table[1].splitlines()
    assert titles.split() == ["branch", "tests", "lint", "files", "+", "-", "cost", "age", "from"]
    assert row_a.startswith("a       ✓ 4 passed 0.")
    assert "✗ 3 errors 0." in row_b
    assert row_b.split()[11:14] == ["1", "1", "23"]
    assert "Sorted by checks passed" in table[2]
    assert (first["name"], first["passed"], second["name"], second["passed"]) == ("a", 2, "b", 1)
    assert {check["check"]["name"]: check["exit_code"] for check in second["checks"]} == {"tests": 0, "lint": 1}
    assert "checks ✓1 ✗1" in listed
    assert "lint: 3 errors" in shown


@pytest.mark.usefixtures("checks")
def test_a_result_is_stale_once_the_branch_has_changed_and_no_longer_when_that_is_undone(ramet: Ramet) -> None:
    branch(ramet, "new", "a")
    branch(ramet, "check", "a", "--only", "tests")
    branch(ramet, "run", "a", "--", "sh", "-c", "cp README.md kept; echo more >> README.md")
    (changed,) = compared(ramet)
    table = branch(ramet, "compare")[1]
    branch(ramet, "run", "a", "--", "sh", "-c", "mv kept README.md")
    (undone,) = compared(ramet)

    assert [check["stale"] for check in changed["checks"]] == [True]
    assert changed["passed"] == 0
    assert "✓ stale: 4 passed" in table
    assert [check["stale"] for check in undone["checks"]] == [False]


@pytest.mark.usefixtures("checks")
def test_what_a_check_changes_is_part_of_the_branch_and_said(ramet: Ramet) -> None:
    branch(ramet, "new", "a")

    code, out, err = branch(ramet, "check", "--", "echo built > made.txt; echo more >> README.md")
    (row,) = compared(ramet)

    assert code == 0
    assert out.startswith("✓ a  echo built > made.txt; echo mo")
    assert "2 files changed in a by echo built" in err
    assert (row["stat"]["files"], row["checks"][0]["changed"], row["checks"][0]["stale"]) == (2, 2, False)


@pytest.mark.usefixtures("checks")
def test_a_command_that_is_not_there_or_dies_is_told_apart_from_one_that_fails(ramet: Ramet) -> None:
    branch(ramet, "new", "a")

    missing = json.loads(branch(ramet, "check", "a", "--json", "--", "no-such-program", "-q")[1])["results"][0]
    killed = json.loads(branch(ramet, "check", "a", "--json", "--", "kill -9 $$")[1])["results"][0]
    quiet = json.loads(branch(ramet, "check", "a", "--json", "--", "exit 3")[1])["results"][0]

    assert missing["command"] == "no-such-program -q"
    assert (missing["check"]["state"], missing["exit_code"]) == ("could not run", 127)
    assert "not found" in missing["check"]["summary"]
    assert (killed["check"]["state"], killed["exit_code"]) == ("failed", None)
    assert (quiet["check"]["state"], quiet["check"]["summary"]) == ("failed", "exit code 3")


@pytest.mark.usefixtures("checks")
def test_after_a_check_that_fails_the_others_may_be_left_out(ramet: Ramet, directories: UserDirectories) -> None:
    directories.config_file.write_text('[branch_checks]\nfirst = "exit 1"\nsecond = "exit 0"\n')
    branch(ramet, "new", "a", "b")

    code, out, err = branch(ramet, "check", "a", "b", "--stop-early", "--jobs", "2")

    assert code == 1
    assert sorted(line.split()[1:3] for line in out.splitlines()) == [["a", "first"], ["b", "first"]]
    assert "2 failed, 2 not begun." in err


@pytest.mark.usefixtures("checks")
def test_a_set_up_that_fails_is_the_result_of_the_check(ramet: Ramet, monkeypatch: pytest.MonkeyPatch) -> None:
    branch(ramet, "new", "a")
    monkeypatch.setenv("RAMET_BRANCH_SETUP", "echo no network; exit 7")

    code, out, _ = branch(ramet, "check", "a", "--only", "tests")

    assert code == 1
    assert out.startswith("! a  tests  could not run: branch_setup of your configuration failed")


def test_without_checks_the_error_names_what_the_repository_seems_to_have(ramet: Ramet, shop: Path) -> None:
    (shop / "Makefile").write_text("check:\n\ttouch ran\n")
    (shop / "package.json").write_text('{"scripts": {"test": "touch ran", "lint": "eslint ."}}')
    (shop / "pyproject.toml").write_text("[tool.mypy]\n")
    ramet("-C", shop, "--in-process", "branch", "new", "a")

    done = ramet("-C", shop, "--in-process", "branch", "check", "a")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("ramet: No checks are configured. Name them in the table [branch_checks] of ")
    suggested = 'check = "make check", types = "mypy", tests = "npm test", lint = "npm run lint"'
    assert done.err.endswith(f"What this repository seems to have: {suggested}\n")
    assert not list(shop.rglob("ran"))


WRONG = {
    "check": "There are 2 branches.",
    "check a --all": "--all as well",
    "check nowhere": "no branch 'nowhere'",
    "check a --only types": "no check 'types'",
    "check a --only lint -- true": "--only chooses",
    "check a --jobs 99": "not a number from 1 to 16",
    "compare nowhere": "no branch 'nowhere'",
}


@pytest.mark.usefixtures("checks")
def test_wrong_usage_is_said_before_anything_runs(ramet: Ramet) -> None:
    branch(ramet, "new", "a", "b")

    said = {words: branch(ramet, *words.split()) for words in WRONG}

    assert {words: (code, out) for words, (code, out, _) in said.items()} == dict.fromkeys(WRONG, (2, ""))
    assert [words for words, (_, _, err) in said.items() if WRONG[words] not in err] == []


@pytest.mark.usefixtures("checks")
def test_an_interrupt_ends_all_commands_with_their_children(ramet: Ramet, shop: Path, tmp_path: Path) -> None:
    branch(ramet, "new", "a", "b")
    os.mkfifo(tmp_path / "ready")
    command = f"(sleep 300; echo late) & echo $$ > {tmp_path}/$RAMET_BRANCH; echo up > {tmp_path}/ready; sleep 300"
    arguments = [sys.executable, "-m", "ramet_tui", "--in-process", "branch", "check", "--all", "--jobs", "2", "--", command]
    process = subprocess.Popen(arguments, cwd=shop, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with (tmp_path / "ready").open() as ready:
        assert ready.readline() == "up\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    groups = [int(file.read_text()) for file in (tmp_path / "a", tmp_path / "b") if file.exists()]

    assert process.returncode == 130
    assert all(line.startswith("- ") and "  stopped  " in line for line in out.splitlines())
    assert len(out.splitlines()) >= len(groups) >= 1
    assert "stopped" in err
    assert running_in(groups) == []
    assert {row["name"]: [check["check"]["state"] for check in row["checks"]] for row in compared(ramet)}["a"] in (
        [],
        ["stopped"],
    )
