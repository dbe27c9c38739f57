"""A tiny corpus teaches the table which words mean which code, and the table survives its file."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest

from ramet.embed.table import TableEmbedder, TermTable
from ramet.errors import EmbedError
from ramet.learn.table.bags import Examples, build_examples
from ramet.learn.table.pairs import Pair
from ramet.learn.table.train import Recipe, Trainer, weighted_sums
from ramet.tokens import term_hash

THEMES = {
    "socket network connect": "bind listen accept port",
    "color paint pixel": "canvas stroke brush rgb",
    "price tax money": "invoice total currency cents",
    "user login password": "session hash salt token",
}
"""Words of people and names of code that have no term in common."""


def corpus() -> list[Pair]:
    draw = random.Random(3)
    pairs = []
    for number in range(800):
        words, code = draw.choice(list(THEMES.items()))
        noise = f"item{number % 50}"
        pairs.append(
            Pair(f"p{number % 7}", "doc", " ".join(draw.sample(words.split(), 2)) + " " + noise, f"{code} {noise} value")
        )
    return pairs


@pytest.fixture(scope="module")
def examples() -> Examples:
    return build_examples(corpus())


RECIPE = Recipe(dimensions=32, epochs=20, batch=128, step=2e-2, held_out=100)


def test_training_improves_the_rank_of_pairs_it_never_saw(examples: Examples) -> None:
    trained = Trainer(examples, RECIPE).train()

    assert trained.ranks[-1] > trained.ranks[0] + 0.1


def test_two_runs_give_the_same_table(examples: Examples) -> None:
    first, second = (Trainer(examples, RECIPE).train() for _ in range(2))

    assert np.allclose(first.vectors, second.vectors, atol=1e-5)


def test_words_find_code_that_shares_no_term_with_them(examples: Examples) -> None:
    trained = Trainer(examples, RECIPE).train()
    embedder = TableEmbedder(TermTable.quantised(examples.vocabulary, trained.vectors))
    documents = embedder.embed_documents(list(THEMES.values()))

    nearest = [int((documents @ embedder.embed_query(words)).argmax()) for words in THEMES]

    assert nearest == [0, 1, 2, 3]


def test_sums_are_those_of_a_dense_product() -> None:
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    places, weights, starts = np.array([0, 3, 3, 1]), np.array([1, 2, 3, 4], np.float32), np.array([0, 2, 2, 4])

    assert weighted_sums(rows, places, weights, starts).tolist() == [
        (rows[0] + 2 * rows[3]).tolist(),
        [0, 0, 0],
        (3 * rows[3] + 4 * rows[1]).tolist(),
    ]


def test_rows_are_stored_to_within_half_a_step() -> None:
    vectors = np.random.default_rng(1).standard_normal((5, 8)).astype(np.float32)
    terms = np.array([9, 3, 7, 1, 5], np.uint32)

    table = TermTable.quantised(terms, vectors)

    assert table.terms.tolist() == [1, 3, 5, 7, 9]
    assert np.abs(table.rows * table.scales[:, None] - vectors[np.argsort(terms)]).max() <= table.scales.max() / 2 + 1e-6


def test_a_table_is_read_as_it_was_written() -> None:
    table = TermTable.quantised(np.array([term_hash("a"), term_hash("b")], np.uint32), np.eye(2, 4, dtype=np.float32))
    stream = io.BytesIO()
    table.save(stream)
    stream.seek(0)

    read = TermTable.load(stream)

    assert all(np.array_equal(getattr(read, name), getattr(table, name)) for name in ("terms", "rows", "scales"))


@pytest.mark.parametrize("content", [b"", b"no table", b"PK\x03\x04 half a file"])
def test_a_damaged_table_is_an_error_with_advice(content: bytes) -> None:
    with pytest.raises(EmbedError, match="cannot be read") as caught:
        TermTable.load(io.BytesIO(content))

    assert caught.value.advice
