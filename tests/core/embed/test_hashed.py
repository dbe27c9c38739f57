from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ramet.config import Config
from ramet.embed.factory import make_embedder
from ramet.embed.hashed import HashedEmbedder
from ramet.errors import ConfigError

EMBEDDER = HashedEmbedder()


@given(st.lists(st.text(), max_size=8))
def test_every_vector_is_of_length_one_or_zero(texts: list[str]) -> None:
    vectors = EMBEDDER.embed_documents(texts)
    lengths = np.linalg.norm(vectors, axis=1)

    assert vectors.shape == (len(texts), EMBEDDER.dimensions)
    assert vectors.dtype == np.float32
    assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))


@given(st.lists(st.text(), min_size=1, max_size=8))
def test_a_vector_does_not_depend_on_its_batch(texts: list[str]) -> None:
    together = EMBEDDER.embed_documents(texts)
    alone = np.concatenate([EMBEDDER.embed_documents([text]) for text in texts])

    assert np.array_equal(together, alone)


def test_a_question_is_nearest_to_the_text_that_shares_its_rare_words() -> None:
    documents = [
        "def parse_cookie(header):\n    return SimpleCookie(header)",
        "def load_json(path):\n    return json.loads(path.read_text())",
        "class RetryPolicy:\n    def backoff(self, attempt): return 2 ** attempt",
    ]
    similarities = EMBEDDER.embed_documents(documents) @ EMBEDDER.embed_query("where are cookies parsed?")

    assert similarities.argmax() == 0
    assert similarities[0] > 0.3


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    shared_rare, shared_common = EMBEDDER.embed_documents(["return zebrafish", "return giraffe"])
    question = EMBEDDER.embed_query("zebrafish return")

    assert question @ shared_rare > 0.9
    assert question @ shared_common < 0.3


def test_a_text_without_words_has_no_direction() -> None:
    assert not EMBEDDER.embed_documents(["", " \n", "(){}"]).any()
    assert not EMBEDDER.embed_query("").any()


def test_it_is_free_and_named_with_its_version() -> None:
    assert EMBEDDER.identity == "hashed-256-v1"
    assert EMBEDDER.estimate_cost(1_000_000) == 0


def test_the_table_is_small_and_sorted() -> None:
    path = files("ramet.embed").joinpath("idf.npy")
    with path.open("rb") as stream:
        table = np.load(stream, allow_pickle=False)

    assert len(path.read_bytes()) < 300_000
    assert np.all(np.diff(table["term"].astype(np.int64)) > 0)


def test_the_vector_space_of_the_first_version_stays_what_it_is() -> None:
    vector = EMBEDDER.embed_documents(["retry request"])[0]
    places = np.flatnonzero(vector)

    assert places.tolist() == [38, 69, 79, 113, 145, 157, 160, 203]
    assert np.round(vector[places], 2).tolist() == pytest.approx([-0.47, -0.17, -0.47, 0.17, -0.17, -0.17, -0.47, 0.47], abs=0.01)


def test_the_factory_makes_the_configured_embedder() -> None:
    assert make_embedder(Config()).identity == "hashed-256-v1"


def test_an_unknown_embedder_is_refused_with_advice() -> None:
    with pytest.raises(ConfigError, match="no embedder called 'magic'") as caught:
        make_embedder(Config(embedder="magic"))

    assert "hashed" in caught.value.advice
