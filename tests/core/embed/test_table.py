from __future__ import annotations

from hashlib import blake2b
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ramet.config import Config
from ramet.embed.factory import make_embedder
from ramet.embed.table import TableEmbedder, TermTable
from ramet.errors import ConfigError
from ramet.paths import UserDirectories

EMBEDDER = TableEmbedder()
TABLE = files("ramet.embed").joinpath("table-256-v2.npz")


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

    assert np.allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize(
    ("question", "nearest"),
    [
        ("where are cookies parsed?", 0),
        ("read a configuration file", 1),
        ("try again after a failure", 2),
        ("sign in with a password", 3),
        ("draw a line on the screen", 4),
    ],
)
def test_a_question_finds_code_that_says_it_in_other_words(question: str, nearest: int) -> None:
    documents = [
        "def parse_cookie(header):\n    return SimpleCookie(header)",
        "fn load_settings(path: &Path) -> Settings {\n    toml::from_str(&fs::read_to_string(path)?)\n}",
        "class RetryPolicy:\n    def backoff(self, attempt): return min(self.maximum, 2 ** attempt)",
        "func authenticate(user string, credentials Credentials) (Session, error) {\n\treturn login(user, hash(credentials))\n}",
        "ctx.beginPath(); ctx.moveTo(x0, y0); ctx.lineTo(x1, y1); ctx.stroke(); canvas.render();",
    ]
    similarities = EMBEDDER.embed_documents(documents) @ EMBEDDER.embed_query(question)

    assert similarities.argmax() == nearest


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    shared_rare, shared_common = EMBEDDER.embed_documents(["return bezier", "return mutex"])
    question = EMBEDDER.embed_query("bezier return")

    assert question @ shared_rare > question @ shared_common + 0.3


def test_a_text_without_words_has_no_direction() -> None:
    assert not EMBEDDER.embed_documents(["", " \n", "(){}"]).any()
    assert not EMBEDDER.embed_query("").any()
    assert EMBEDDER.embed_documents([]).shape == (0, 256)


def test_only_the_beginning_of_a_huge_text_counts() -> None:
    beginning = "parse cookie header " * 10_000

    assert np.array_equal(*EMBEDDER.embed_documents([beginning, beginning + "retry backoff"]))


def test_it_is_free_and_named_with_its_version() -> None:
    assert EMBEDDER.identity == "table-256-v2"
    assert EMBEDDER.estimate_cost(1_000_000) == 0


def test_the_table_is_small_and_sorted() -> None:
    with TABLE.open("rb") as stream:
        table = TermTable.load(stream)

    assert len(TABLE.read_bytes()) < 12_000_000
    assert np.all(np.diff(table.terms.astype(np.int64)) > 0)


def test_the_vector_space_of_a_version_stays_what_it_is() -> None:
    """Another table is another identity: vectors of two tables must not mix in one collection."""
    assert blake2b(TABLE.read_bytes(), digest_size=8).hexdigest() == "65b5d9aaa0197c88"


def test_the_factory_makes_the_configured_embedder(directories: UserDirectories) -> None:
    assert make_embedder(Config(), {}, directories).identity == "table-256-v2"


def test_an_unknown_embedder_is_refused_with_advice(directories: UserDirectories) -> None:
    with pytest.raises(ConfigError, match="no embedder called 'magic'") as caught:
        make_embedder(Config(embedder="magic"), {}, directories)

    assert "table" in caught.value.advice
