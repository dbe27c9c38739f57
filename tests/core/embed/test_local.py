"""Models that run in this process: a real static model, made here, in a temporary folder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from model2vec import StaticModel
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from ramet.config import Config
from ramet.embed.factory import make_embedder
from ramet.embed.local import LoadedModel, LocalModelEmbedder
from ramet.embed.names import EmbedderName, embedder_name
from ramet.embed.protocol import HostedEmbedder, PreparedEmbedder
from ramet.errors import ConfigError, EmbedderUnavailable, EmbedError
from ramet.paths import UserDirectories

WORDS = ("cart", "price", "pay", "card", "teapot", "kettle")


def static_model(folder: Path, seed: int = 0) -> Path:
    """Make a model of a few words."""
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(("[UNK]", "[PAD]", *WORDS))}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    vectors = np.random.default_rng(seed).normal(size=(len(WORDS) + 2, 12)).astype(np.float32)
    StaticModel(vectors=vectors, tokenizer=tokenizer).save_pretrained(folder)
    return folder


def opened(folder: Path, directories: UserDirectories, dimensions: int = 0) -> PreparedEmbedder:
    config = Config(embedder=f"model2vec:{folder}", embedder_dimensions=dimensions)
    embedder = make_embedder(config, {}, directories)
    assert isinstance(embedder, PreparedEmbedder)
    return embedder


def test_a_static_model_embeds_without_the_network(tmp_path: Path, directories: UserDirectories) -> None:
    embedder = opened(static_model(tmp_path / "model"), directories)
    before = embedder.identity
    vectors = embedder.embed_documents(["cart price", "teapot"])
    query = embedder.embed_query("price cart")

    assert before == ""
    assert embedder.identity.startswith("model2vec:model-12-")
    assert np.linalg.norm(vectors, axis=1).tolist() == [pytest.approx(1.0), pytest.approx(1.0)]
    assert vectors[0] @ query == pytest.approx(1.0)
    assert embedder.estimate_cost(1_000_000) == 0.0
    assert not isinstance(embedder, HostedEmbedder)


def test_the_space_of_a_model_is_its_content(tmp_path: Path, directories: UserDirectories) -> None:
    first = static_model(tmp_path / "model")
    shutil.copytree(first, tmp_path / "copies" / "model")
    (first / "README.md").write_text("Says nothing about vectors.")
    same = [opened(first, directories), opened(tmp_path / "copies" / "model", directories)]
    others = [opened(static_model(tmp_path / "other" / "model", seed=1), directories), opened(first, directories, 4)]
    for embedder in (*same, *others):
        embedder.warm()

    assert same[0].identity == same[1].identity
    assert len({embedder.identity for embedder in (*same, *others)}) == 3
    assert others[1].embed_query("cart").shape == (4,)


def test_a_folder_that_is_not_there_is_a_wrong_configuration(tmp_path: Path, directories: UserDirectories) -> None:
    with pytest.raises(ConfigError, match="names a folder that does not exist"):
        opened(tmp_path / "nowhere", directories)


def test_a_folder_that_holds_something_else_is_said(tmp_path: Path, directories: UserDirectories) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"no model")
    (tmp_path / "config.json").write_text("{}")
    embedder = opened(tmp_path, directories)
    embedder.warm()

    assert embedder.identity == ""
    for _ in range(2):
        with pytest.raises(EmbedderUnavailable, match="cannot be loaded from") as caught:
            embedder.prepare()
        assert "Give the folder of a model2vec model" in caught.value.advice


def test_a_model_of_the_hub_that_is_out_of_reach_is_said(directories: UserDirectories, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    embedder = make_embedder(Config(embedder="model2vec:no-such-owner/no-such-model"), {}, directories)
    assert isinstance(embedder, LocalModelEmbedder)
    embedder.warm()

    assert (embedder.is_downloaded, embedder.identity) == (False, "")
    with pytest.raises(EmbedderUnavailable, match="could not be fetched") as caught:
        embedder.prepare()
    assert "model2vec:/PATH/TO/FOLDER" in caught.value.advice


class Scripted:
    """A library and its model, for what a real one does only when it is broken, and for telling questions from documents."""

    extra = "sentence-transformers"
    module = "numpy"
    batch_size = 2
    files: tuple[str, ...] = ("*",)
    dimensions = 2

    def __init__(self, rows: Sequence[Sequence[float]] | Exception) -> None:
        self.rows = rows

    def load(self, folder: Path, dimensions: int) -> LoadedModel:
        return self

    def documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if isinstance(self.rows, Exception):
            raise self.rows
        return np.array(self.rows, np.float32)

    def query(self, text: str) -> NDArray[np.float32]:
        return np.array([0.0, 2.0], np.float32)


@pytest.mark.parametrize("rows", [RuntimeError("out of memory"), [[1.0, 2.0, 3.0]], [[float("inf"), 1.0]], [[1.0, 1.0]] * 2])
def test_a_model_that_fails_or_gives_nonsense_is_an_error(rows: Sequence[Sequence[float]] | Exception, tmp_path: Path) -> None:
    embedder = LocalModelEmbedder(Scripted(rows), EmbedderName("sentence-transformers", str(tmp_path)))

    with pytest.raises(EmbedError):
        embedder.embed_documents(["code"])


def test_questions_and_documents_are_told_apart(tmp_path: Path) -> None:
    embedder = LocalModelEmbedder(Scripted([[4.0, 0.0]]), EmbedderName("sentence-transformers", str(tmp_path)))

    assert embedder.embed_documents(["code"]).tolist() == [[1.0, 0.0]]
    assert embedder.embed_query("where?").tolist() == [0.0, 1.0]


def test_a_home_folder_may_be_written_as_a_tilde(isolated_environment: Path) -> None:
    assert embedder_name(Config(embedder="model2vec:~/model")).folder == isolated_environment / "model"
