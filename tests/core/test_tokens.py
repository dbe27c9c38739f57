from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ramet.tokens import query_terms, stem, term_hash, term_hashes, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("handleRequest", ["handl", "request", "handlerequest"]),
        ("HTTPServer", ["http", "server", "httpserver"]),
        ("parseURLs", ["pars", "url", "parseurls"]),
        ("snake_case_name", ["snak", "cas", "nam", "snake_case_name"]),
        ("SCREAMING_CASE", ["scream", "cas", "screaming_case"]),
        ("x-request-id", ["x", "request", "id", "x-request-id"]),
        ("sha256", ["sha", "256", "sha256"]),
        ("__init__", ["init"]),
        ("user.name", ["user", "nam"]),
        ("3.14", ["3", "14"]),
        ("___", []),
        ("größeÄndern", ["grösse", "ändern", "grösseändern"]),
        ("ДобавитьТовар", ["добавить", "товар", "добавитьтовар"]),
        ("日本語", ["日本", "本語"]),
        ("字", ["字"]),
        ("한국어", ["한국", "국어"]),
        ("हिन्दी", ["हिन्दी"]),
        ("e\u0301te\u0301", ["été"]),
        ("\uff46\uff55\uff4c\uff4c", ["full"]),
    ],
)
def test_identifiers_are_cut_into_parts_and_kept_whole(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    "family",
    [
        "cache caches cached caching",
        "query queries",
        "cookie cookies",
        "try tries tried",
        "copy copies copied copying",
        "retry retries retried retrying",
        "class classes",
        "embed embeds embedded embedding",
        "run running",
        "alias aliases",
        "process processes processing",
        "index indexes indexed indexing",
    ],
)
def test_forms_of_a_word_share_a_stem(family: str) -> None:
    assert len({stem(word) for word in family.split()}) == 1


@pytest.mark.parametrize("word", ["string", "need", "this", "is", "status", "bring"])
def test_words_that_only_look_inflected_are_kept(word: str) -> None:
    assert stem(word) == word


def test_a_question_loses_its_stop_words() -> None:
    assert query_terms("Where is the cart total computed?") == ["cart", "total", "comput"]


def test_a_question_of_stop_words_keeps_them() -> None:
    assert query_terms("how to do it") == ["how", "to", "do", "it"]


def test_data_without_structure_is_one_short_term() -> None:
    found = terms("aGVsbG8gd29ybGQ" * 1000)

    assert len(found) == 1
    assert len(found[0]) == 64


def test_the_hash_of_a_term_never_changes() -> None:
    assert term_hash("cart") == 0x0BA388B7


@given(st.text())
def test_hashes_are_the_hashes_of_the_terms(text: str) -> None:
    assert term_hashes(text) == [term_hash(term) for term in terms(text)]
    assert all(0 <= value < 2**32 for value in term_hashes(text))


@given(st.text())
def test_terms_are_lower_case_and_not_empty(text: str) -> None:
    found = terms(text)

    assert all(term and term == term.strip("_- ") for term in found)
    assert not any(letter.isascii() and letter.isupper() for term in found for letter in term)


@given(st.text())
def test_a_question_with_words_always_has_terms(text: str) -> None:
    assert bool(query_terms(text)) == bool(terms(text))


@given(st.text(alphabet=st.characters(codec="ascii")), st.sampled_from("é日 "))
def test_a_foreign_word_beside_it_does_not_change_how_ascii_is_cut(text: str, letter: str) -> None:
    assert terms(f"{text} {letter}")[: len(terms(text))] == terms(text)
