"""One line about a run: what the tools counted themselves, and where they counted nothing, what failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramet.terminal.plain import plain_text
from ramet.terminal.summaries import summary_of

OUTPUTS = Path(__file__).with_name("failures")
"""What the tools really printed."""

FAILED = {
    "pytest-assert": "1 failed, 3 passed",
    "pytest-quiet": "1 failed, 3 passed",
    "pytest-verbose-colour": "1 failed, 3 passed",
    "pytest-xdist": "1 failed, 3 passed",
    "pytest-many": "15 failed, 15 passed",
    "pytest-collection": "1 error",
    "varied-pytest-teardown": "1 passed, 1 error",
    "pytest-conftest": "conftest.py:1: ModuleNotFoundError: No module named 'nowhere'",
    "unittest-assert": "1 failed, 1 passed",
    "unittest-error": "1 error",
    "doctest": "1 failed",
    "jest": "1 failed, 1 passed",
    "jest-colour": "1 failed, 1 passed",
    "jest-import": "1 test file failed",
    "vitest-colour": "1 failed",
    "varied-vitest-each": "1 failed, 1 passed",
    "varied-vitest-suite": "1 test file failed",
    "mocha": "1 failed",
    "node-test": "1 failed",
    "node-test-spec": "1 failed",
    "cargo-test": "1 failed, 1 passed",
    "cargo-build": "1 error",
    "varied-cargo-warnings": "1 error",
    "go-test": "1 failed",
    "go-test-verbose": "1 failed, 1 passed",
    "go-subtest": "1 failed",
    "varied-go-test-build": "1 package not built",
    "go-build": "2 errors in ./cart.go",
    "rspec": "1 failed, 1 passed",
    "varied-minitest-error": "1 error",
    "phpunit": "1 failed, 1 passed",
    "junit": "1 failed",
    "maven-test": "1 failed",
    "ruff-full": "2 errors",
    "mypy": "2 errors in 1 file",
    "mypy-colour": "2 errors in 1 file",
    "eslint-colour": "2 errors, 1 warning",
    "varied-eslint-syntax": "1 error, 0 warnings",
    "tsc": "2 errors in src/cart.ts",
    "tsc-pretty": "1 error in src/cart.ts",
    "varied-make-sub": "a.c:1: expected \u2018;\u2019 before \u2018}\u2019 token",
    "sh-dash": "ship.sh:3: frobnicate: not found",
    "pip-no-project": "error: No solution found when resolving dependencies",
}

PASSED = {
    "===== 118 passed, 2 skipped, 1 warning in 63.20s (0:01:03) =====\n": "118 passed, 2 skipped",
    "Ran 12 tests in 0.020s\n\nOK (skipped=2)\n": "10 passed, 2 skipped",
    "Test Suites: 3 passed, 3 total\nTests:       1 skipped, 20 passed, 21 total\n": "1 skipped, 20 passed",
    " Test Files  2 passed (2)\n      Tests  9 passed (9)\n": "9 passed",
    "  9 passing (12ms)\n": "9 passed",
    "# pass 4\n# fail 0\n": "4 passed",
    "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\n"
    "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n": "5 passed, 1 ignored",
    "ok  \texample.com/a\t0.1s\nok  \texample.com/b\t(cached)\n": "2 packages passed",
    "OK (5 tests, 7 assertions)\n": "5 passed",
    "All checks passed!\n": "no errors",
    "0 errors, 2 warnings, 0 informations\n": "no errors",
    "Success: no issues found in 12 source files\n": "no errors in 12 source files",
    "All checks passed!\n==== 4 passed in 0.10s ====\n": "4 passed",
    "built everything\n": "",
}


@pytest.mark.parametrize("name", FAILED)
def test_a_failed_run_is_summed_up_by_the_counts_of_its_tool_or_by_its_error(name: str) -> None:
    output = plain_text((OUTPUTS / f"{name}.txt").read_bytes())

    assert summary_of(output, passed=False) == FAILED[name]


@pytest.mark.parametrize("output", PASSED)
def test_a_passed_run_is_summed_up_where_its_tool_counts(output: str) -> None:
    assert summary_of(output, passed=True) == PASSED[output]


def test_of_pyright_errors_are_told() -> None:
    output = "  /src/a.py:1:5 - error: no\n3 errors, 0 warnings, 0 informations\n"

    assert summary_of(output, passed=False) == "3 errors, 0 warnings"


def test_of_several_tools_the_one_that_failed_is_told() -> None:
    output = "Found 3 errors in 2 files (checked 9 source files)\n==== 4 passed in 0.10s ====\n"

    assert summary_of(output, passed=False) == "3 errors in 2 files"


def test_paths_are_told_without_the_folder_and_nothing_reaches_a_terminal() -> None:
    output = "error: /pool/1/tree/src/a.py is\x1b[31m broken \u202e" + "x" * 500

    summary = summary_of(output, passed=False, folder="/pool/1/tree")

    assert summary.startswith("error: src/a.py is")
    assert len(summary) == 160
    assert summary.isprintable()
