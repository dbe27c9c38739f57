"""What `@terminal`, `@t3` and `@last-error` in a question stand for."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from ramet.chat.terminal_mentions import Files, mentions_terminal, terminal_mentions
from ramet.errors import UsageError
from ramet.models import CommandRun
from ramet.prompt.query import retrieval_query

TRACEBACK = """\
Traceback (most recent call last):
  File "/home/dev/shop/run.py", line 3, in <module>
    checkout(cart)
  File "/home/dev/shop/shop/payment.py", line 12, in charge
    raise PaymentRefused(cents)
shop.payment.PaymentRefused: 1200
"""
FOLDER = "/home/dev/shop"
PASSED = CommandRun(1, "1", "make lint", FOLDER, 0, 1.0, 0.5, "All checks passed!\n", 1)
FAILED = CommandRun(2, "1", "python run.py", FOLDER, 1, 2.0, 0.25, TRACEBACK, 6)
EDITED = CommandRun(3, "1", "vim run.py", FOLDER, 0, 3.0, 12.0, "", 0, is_full_screen=True)


class RecordedCommands:
    """The commands above, as a workspace has them."""

    def __init__(self, *runs: CommandRun) -> None:
        self._runs = runs

    def list(self, limit: int, *, failed: bool) -> tuple[CommandRun, ...]:
        return self._runs[::-1][:limit]

    def get(self, id: int) -> CommandRun:
        found = next((run for run in self._runs if run.id == id), None)
        if found is None:
            raise UsageError(f"There is no command {id}.")
        return found

    def last_error(self) -> CommandRun | None:
        return next((run for run in self._runs[::-1] if run.exit_code), None)


COMMANDS = RecordedCommands(PASSED, FAILED, EDITED)


@pytest.fixture
def files(shop: Path) -> Files:
    def read_lines(path: str) -> list[str] | None:
        file = shop / path
        return file.read_text().split("\n") if file.is_file() else None

    paths = [path.relative_to(shop).as_posix() for path in shop.rglob("*.py")]
    return Files(FOLDER, paths, read_lines)


def test_the_last_error_is_digested_with_the_place_to_open_first(files: Files) -> None:
    mentioned = terminal_mentions("Why @last-error?", COMMANDS, files)

    (attachment,) = mentioned.attachments
    assert attachment.name == "@last-error: python run.py, exit 1"
    assert attachment.places[0] == "shop/payment.py:12"
    assert "PaymentRefused: 1200" in attachment.text
    assert "raise PaymentRefused" in attachment.text
    assert mentioned.notes == ()


def test_a_command_is_mentioned_by_its_number_once(files: Files) -> None:
    mentioned = terminal_mentions("What did @t1 say, and (@t1)?", COMMANDS, files)

    (attachment,) = mentioned.attachments
    assert attachment.name == "@t1: make lint, exit 0"
    assert "All checks passed!" in attachment.text
    assert "exit code 0, 0.5 s, in /home/dev/shop" in attachment.text


def test_the_terminal_is_its_newest_commands_the_newest_last(files: Files) -> None:
    (attachment,) = terminal_mentions("@terminal", COMMANDS, files).attachments

    assert attachment.name == "@terminal: the last 3 commands"
    places = [attachment.text.index(command) for command in ("make lint", "python run.py", "vim run.py")]
    assert places == sorted(places)
    assert "drew on the whole screen" in attachment.text


def test_a_long_output_is_cut_in_the_middle_and_never_at_the_error(files: Files) -> None:
    noise = "".join(f"collecting {number}\n" for number in range(5_000))
    long = CommandRun(7, "1", "python run.py", FOLDER, 1, 2.0, 0.25, noise + TRACEBACK + noise, 10_006)

    (attachment,) = terminal_mentions("@t7", RecordedCommands(long), files).attachments

    assert TRACEBACK.rstrip("\n") in attachment.text
    assert attachment.text.count("\n") < 450


def test_what_stands_for_nothing_is_said(files: Files) -> None:
    unknown = terminal_mentions("@t99", COMMANDS, files)
    nothing = terminal_mentions("@last-error @terminal", RecordedCommands(), files)

    assert unknown.attachments == nothing.attachments == ()
    assert unknown.notes == ("@t99: There is no command 99.",)
    assert nothing.notes == ("@last-error: no command has failed here yet.", "@terminal: no command is recorded here yet.")


@pytest.mark.parametrize("text", ["mail me@terminal.org", "@terminals", "@t", "@t1.py", "@terminal/notes.md", "x@t1"])
def test_what_only_looks_like_a_mention_is_none(text: str) -> None:
    assert not mentions_terminal(text)


@pytest.mark.parametrize("text", ["@terminal", "see @t1.", "(@last-error)", "why, @t12?", "@t3, @t4"])
def test_a_mention_may_have_punctuation_around_it(text: str) -> None:
    assert mentions_terminal(text)


def test_the_place_of_the_error_is_searched_for_last_where_it_counts_most(files: Files) -> None:
    mentioned = terminal_mentions("Why @last-error?", COMMANDS, files)

    query = retrieval_query("Why @last-error?", mentioned.attachments)

    assert query.endswith("shop/payment.py:12")


def test_a_command_of_a_branch_is_told_with_its_files_and_its_folder_stands_for_the_root(files: Files) -> None:
    """The pool may have laid the branch out elsewhere since."""
    printed = 'Traceback (most recent call last):\n  File "/data/pool/3/tree/run.py", line 1, in <module>\nKeyError: 1\n'
    run = CommandRun(4, "branch", "python run.py", FOLDER, 1, 2.0, 0.25, printed, 3, branch="try")
    there = Files(FOLDER, ["run.py"], lambda _: ["only = 'in the branch'"], None, r"/data/pool/\d+/tree(?=/)")
    asked: list[str] = []

    def in_branch(name: str) -> Files | None:
        asked.append(name)
        return there if name == "try" else None

    here = Files(FOLDER, files.paths, files.read_lines, in_branch)
    (found,) = terminal_mentions("@last-error", RecordedCommands(run), here).attachments
    (gone,) = terminal_mentions("@t4", RecordedCommands(replace(run, branch="gone")), here).attachments

    assert found.places == ("run.py:1",)
    assert "only = 'in the branch'" in found.text
    assert "of the branch gone)" in gone.text
    assert asked == ["try", "gone"]
