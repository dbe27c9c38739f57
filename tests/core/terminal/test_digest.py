from __future__ import annotations

import pytest

from ramet.models import CommandRun
from ramet.terminal.digest import DIGEST_TOKENS, Digest, cut_middle, digest
from ramet.terminal.redaction import redact
from tests.core.terminal.corpus import ROOT, Example, count_tokens, examples

EXAMPLES = examples()


def digest_of(example: Example, budget: int = DIGEST_TOKENS) -> Digest:
    return digest(example.run(), example.label.files, example.read_lines, count_tokens, budget)


@pytest.fixture(scope="module")
def digests() -> dict[str, Digest]:
    return {example.name: digest_of(example) for example in EXAMPLES}


def test_the_corpus_is_large_and_varied() -> None:
    tools = {example.label.tool for example in EXAMPLES}

    assert len(EXAMPLES) >= 130
    assert len(tools) >= 30


def test_the_line_to_open_first_comes_first(digests: dict[str, Digest]) -> None:
    expected = {one.name: [(one.label.path, one.label.line)] if one.label.path else [] for one in EXAMPLES}
    first = {name: [(place.path, place.line) for place in understood.places[:1]] for name, understood in digests.items()}

    assert first == expected


def test_all_failing_tests_are_named(digests: dict[str, Digest]) -> None:
    missing = {one.name: set(one.label.tests) - set(digests[one.name].tests) for one in EXAMPLES}

    assert {name: tests for name, tests in missing.items() if tests} == {}


def test_a_digest_fits_its_budget_and_keeps_the_error(digests: dict[str, Digest]) -> None:
    too_long = [name for name, understood in digests.items() if count_tokens(understood.text) > DIGEST_TOKENS]
    cut = [one.name for one in EXAMPLES if one.label.keeps not in digests[one.name].text]

    assert too_long == []
    assert cut == []


def test_a_small_budget_is_kept_too() -> None:
    for example in EXAMPLES[::4]:
        for budget in (40, 200):
            text = digest_of(example, budget).text

            assert count_tokens(text) <= budget, example.name
            assert text.startswith("Command"), example.name


def test_the_source_of_the_first_place_is_shown_from_disk(digests: dict[str, Digest]) -> None:
    text = digests["python-keyerror"].text

    assert '>    10 |     return item["price"] * item["count"]' in text
    assert text.index("shop/cart.py:10 in price") < text.index("main.py:3")


def test_no_secret_is_seen_in_the_real_outputs() -> None:
    for example in EXAMPLES:
        assert redact(example.run().output) == example.run().output, example.name


def test_an_error_in_the_middle_of_a_long_output_is_not_cut(digests: dict[str, Digest]) -> None:
    text = digests["python-then-long"].text

    assert "LookupError: lost in the middle" in text.partition("\nOutput:\n")[2]
    assert "step 1 of 5000 is done" in text
    assert "lines left out" in text


def test_many_failing_tests_are_counted(digests: dict[str, Digest]) -> None:
    text = digests["pytest-many"].text

    assert "Failing tests (15):" in text
    assert "and 7 more" in text


def test_a_run_that_says_nothing_still_has_a_digest() -> None:
    run = CommandRun(id=3, terminal="1", command="false", folder=ROOT, exit_code=1, started=0.0, duration=0.1)

    understood = digest(run, [], lambda _: None, count_tokens)

    assert understood.text == f"Command (exit code 1): false\nFolder: {ROOT}"
    assert understood.places == ()


def test_a_place_that_no_parser_knows_is_still_found() -> None:
    output = "mytool says: look at src/cart.zig:7:3 for trouble\n"
    run = CommandRun(id=3, terminal="1", command="mytool", folder=ROOT, exit_code=1, started=0.0, duration=0.1, output=output)

    understood = digest(run, ["src/cart.zig"], lambda _: None, count_tokens)

    assert [(place.path, place.line) for place in understood.places] == [("src/cart.zig", 7)]


def test_lines_to_keep_survive_a_cut() -> None:
    text = "\n".join(f"line {number}" for number in range(1, 1001))

    shown = cut_middle(text, 20, [(500, 503)]).split("\n")

    assert [line for line in shown if line.startswith("line 50")] == ["line 500", "line 501", "line 502", "line 503"]
    assert shown[0] == "line 1"
    assert shown[-1] == "line 1000"
    assert sum(line.startswith("line") for line in shown) == 20
