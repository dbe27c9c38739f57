"""Placeholders that stay the same from process to process."""

from __future__ import annotations

from pathlib import Path

from ramet.workspace.stored_redactor import StoredRedactor

FIRST = "ghp_" + "1a2B3c4D5e6F7g8H9i0J" + "kLmNoPqRsTuVwXyZ"
SECOND = "ghp_" + "9z8Y7x6W5v4U3t2S1r0Q" + "pOnMlKjIhGfEdCbA"


def test_a_secret_keeps_its_placeholder_in_a_later_process(tmp_path: Path) -> None:
    file = tmp_path / "data" / "secrets.json"
    before = StoredRedactor(file)
    first, second = before.redact(f"token {FIRST}"), before.redact(f"token {SECOND}")

    after = StoredRedactor(file)

    assert (after.redact(f"token {SECOND}"), after.redact(f"token {FIRST}")) == (second, first)
    assert first != second


def test_two_processes_give_no_number_twice(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    engine, front_end = StoredRedactor(file), StoredRedactor(file)

    first = engine.redact(f"token {FIRST}")
    second = front_end.redact(f"token {SECOND}")

    assert first != second
    assert front_end.redact(f"token {FIRST}") == first
    assert engine.redact(f"token {SECOND}") == second


def test_the_file_is_private_and_holds_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"

    StoredRedactor(file).redact(f"token {FIRST}")

    assert file.stat().st_mode & 0o777 == 0o600
    assert FIRST not in file.read_text()


def test_a_damaged_file_begins_the_numbers_anew(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text("{")

    told = StoredRedactor(file).redact(f"token {FIRST}")

    assert told == "token <secret:github-token#1>"


def test_a_folder_that_cannot_be_written_to_hides_secrets_nevertheless(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")

    told = StoredRedactor(tmp_path / "data" / "secrets.json").redact(f"token {FIRST}")

    assert FIRST not in told


def test_text_without_secrets_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"

    assert StoredRedactor(file).redact("nothing to hide") == "nothing to hide"
    assert not file.exists()
