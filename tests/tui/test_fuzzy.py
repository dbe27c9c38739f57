"""Ranking paths and names by parts of them."""

from __future__ import annotations

import pytest

from ramet_tui.fuzzy import match_one, rank

PATHS = ["docs/checkout.md", "shop/cart.py", "shop/payment.py", "tests/test_cart.py", "web/cart_view.ts"]


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("cart", "shop/cart.py"),
        ("tcart", "tests/test_cart.py"),
        ("tstcrt", "tests/test_cart.py"),
        ("CHECK", "docs/checkout.md"),
        ("shop/pay", "shop/payment.py"),
        ("cv", "web/cart_view.ts"),
        ("pay ment", "shop/payment.py"),
    ],
)
def test_the_path_that_is_meant_comes_first(query: str, best: str) -> None:
    assert rank(query, PATHS, 10)[0].text == best


def test_what_lacks_a_character_is_left_out() -> None:
    assert [match.text for match in rank("pym", PATHS, 10)] == ["shop/payment.py"]


def test_an_empty_query_keeps_the_given_order() -> None:
    assert [match.text for match in rank(" ", PATHS, 3)] == PATHS[:3]


def test_positions_are_those_of_the_matched_characters() -> None:
    match = match_one("cart", "tests/test_cart.py")

    assert match is not None
    assert [match.text[place] for place in match.positions] == list("cart")


def test_a_character_that_changes_length_in_lower_case_does_not_shift_positions() -> None:
    match = match_one("a", "İİa")

    assert match is not None
    assert match.positions == (2,)


def test_more_matches_than_are_scored_still_give_the_best_names() -> None:
    paths = [f"folder/a/{number}.txt" for number in range(20_000)] + ["a.py"]

    assert rank("a", paths, 1)[0].text == "a.py"


def test_signs_of_regular_expressions_are_plain_characters() -> None:
    assert [match.text for match in rank("[.*", ["a[b].*", "abc"], 5)] == ["a[b].*"]
