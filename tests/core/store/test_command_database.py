"""The commands of a repository are found again, within bounds, until the user forgets them."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from ramet.errors import UsageError
from ramet.models import CommandRun
from ramet.store.command_database import CommandDatabase


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "repository" / "commands.db"


@pytest.fixture
def database(path: Path) -> CommandDatabase:
    return CommandDatabase(path)


def run(command: str, output: str = "", exit_code: int | None = 0) -> CommandRun:
    return CommandRun(0, "1", command, "/work", exit_code, 12.5, 0.25, output, output.count("\n"), "t1", True, False, "trial")


def add(database: CommandDatabase, *runs: CommandRun, most: int = 500, most_bytes: int = 1_000_000) -> list[CommandRun]:
    return [database.add(each, most=most, most_bytes=most_bytes) for each in runs]


def test_a_run_comes_back_as_it_was_stored(database: CommandDatabase, path: Path) -> None:
    first, second = add(database, run("make"), run("pytest\n-x", "🌲 3 failed\n", None))

    assert (first.id, second.id) == (1, 2)
    assert CommandDatabase(path).get(2) == second == replace(run("pytest\n-x", "🌲 3 failed\n", None), id=2)
    assert database.list(10) == (replace(second, output=""), first)
    assert database.list(1) == (replace(second, output=""),)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(UsageError, match="no command 3"):
        database.get(3)


def test_nothing_is_created_by_looking(database: CommandDatabase, path: Path) -> None:
    assert (database.list(5), database.search("x", 5), database.last_error(), database.forget(None)) == ((), (), None, 0)
    assert not path.exists()


def test_the_last_error_is_the_newest_that_failed_by_itself(database: CommandDatabase) -> None:
    add(database, run("old", exit_code=1), run("make", "no rule\n", 2), run("ls"), run("sleep 9", exit_code=130))
    add(database, run("ssh host", exit_code=None))
    found = database.last_error()

    assert found is not None
    assert (found.command, found.output) == ("make", "no rule\n")
    assert [each.command for each in database.list(10, failed=True)] == ["make", "old"]


def test_the_commands_of_one_branch_or_of_the_working_tree_are_told_apart(database: CommandDatabase) -> None:
    runs = run("pytest", exit_code=1), run("make", exit_code=2), run("ls")
    add(database, *(replace(each, branch=branch) for each, branch in zip(runs, ("try", "", "try"), strict=True)))

    assert [each.command for each in database.list(9, branch="try")] == ["ls", "pytest"]
    assert [each.command for each in database.list(9, failed=True, branch="")] == ["make"]
    assert [found and found.command for found in map(database.last_error, ("try", "", "other", None))] == [
        "pytest",
        "make",
        None,
        "make",
    ]


def test_words_are_found_in_commands_and_output(database: CommandDatabase) -> None:
    add(
        database,
        run("pytest tests/test_cart.py", "start\nE   KeyError: 'total_price'\nend\n", 1),
        run("echo 'OR NOT \"quoted'", "total eclipse\n"),
    )

    assert [(each.command[:6], each.output) for each in database.search("keyerror total_pr", 9)] == [
        ("pytest", "E   KeyError: 'total_price'")
    ]
    assert [each.id for each in database.search("total", 9)] == [2, 1]
    assert [each.id for each in database.search("total", 1)] == [2]
    assert [each.id for each in database.search('NOT "quot* OR', 9)] == [2]
    assert database.search("nothing at all", 9) == ()
    assert database.search("(*)", 9) == ()


def test_the_oldest_leave_when_there_are_too_many_or_they_are_too_long(database: CommandDatabase) -> None:
    add(database, *(run(f"count {number}") for number in range(6)), most=4)
    counted = [each.id for each in database.list(10)]
    add(database, run("long", "x" * 500), most_bytes=520)
    measured = [each.command for each in database.list(10)]
    add(database, run("longer", "x" * 5_000), most_bytes=520)

    assert counted == [6, 5, 4, 3]
    assert measured == ["long", "count 5", "count 4"]
    assert [each.command for each in database.list(10)] == ["longer"]
    assert database.search("count", 9) == ()


def test_what_is_forgotten_is_gone_from_the_file_and_its_number_is_not_given_again(database: CommandDatabase, path: Path) -> None:
    add(database, run("curl unforgettable"), run("ls", "Zanzibar\n" * 50), run("keep"))
    before = path.read_bytes()
    some = database.forget((2, 99))
    rest = database.forget(None)
    [fresh] = add(database, run("next"))
    files = b"".join(file.read_bytes() for file in path.parent.iterdir())

    assert b"anzibar" in before
    assert (some, rest, fresh.id) == (1, 2, 4)
    assert b"anzibar" not in files.lower()
    assert b"nforgettable" not in files.lower()


def test_a_damaged_file_is_moved_aside_and_named(database: CommandDatabase, path: Path) -> None:
    add(database, run("make"))
    path.write_bytes(b"this is no database" * 100)
    [again] = add(database, run("ls"))

    assert again.id == 1
    assert "commands.db.damaged-1" in database.warning
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM command_run").fetchone() == (1,)
