"""What a configured name of an embedder means, and who may share one."""

from __future__ import annotations

import pytest

from ramet.config import Config
from ramet.embed.factory import embedder_key, make_embedder
from ramet.embed.names import embedder_name
from ramet.embed.protocol import HostedEmbedder
from ramet.errors import ConfigError
from ramet.paths import UserDirectories


@pytest.mark.parametrize(
    ("written", "kind", "model"),
    [
        ("table", "table", ""),
        ("text-embedding-3-small", "hosted", "openai/text-embedding-3-small"),
        ("voyage-code-3", "hosted", "voyage/voyage-code-3"),
        ("cohere/embed-v4.0", "hosted", "cohere/embed-v4.0"),
        ("gemini/gemini-embedding-001", "hosted", "gemini/gemini-embedding-001"),
        ("ollama/nomic-embed-text", "hosted", "ollama/nomic-embed-text"),
        ("ollama_chat/bge-m3:latest", "hosted", "ollama/bge-m3:latest"),
        ("model2vec:/models/potion", "model2vec", "/models/potion"),
        ("model2vec:minishlab/potion-base-8M", "model2vec", "minishlab/potion-base-8M"),
        ("sentence-transformers:all-MiniLM-L6-v2", "sentence-transformers", "all-MiniLM-L6-v2"),
    ],
)
def test_a_name_says_what_embeds(written: str, kind: str, model: str) -> None:
    name = embedder_name(Config(embedder=written))

    assert (name.kind, name.model) == (kind, model)


def test_a_model_of_the_hub_may_be_pinned_to_a_revision() -> None:
    name = embedder_name(Config(embedder="model2vec:minishlab/potion-base-8M@abc123"))

    assert (name.model, name.revision) == ("minishlab/potion-base-8M", "abc123")


def test_a_bare_name_belongs_to_the_configured_server() -> None:
    name = embedder_name(Config(embedder="my-model", embedder_api_base="http://localhost:8000/v1"))

    assert name.model == "openai/my-model"


@pytest.mark.parametrize("written", ["magic", "model2vec:../model", "model2vec:", "sentence-transformers:a/b/c", "table:x"])
def test_other_names_are_refused_with_advice(written: str) -> None:
    with pytest.raises(ConfigError) as caught:
        embedder_name(Config(embedder=written))

    assert caught.value.advice


@pytest.mark.parametrize("extra", ["model2vec", "sentence-transformers"])
def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    extra: str, directories: UserDirectories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ramet.embed.local.find_spec", lambda _: None)

    with pytest.raises(ConfigError, match=f"needs the extra {extra}, which is not installed") as caught:
        make_embedder(Config(embedder=f"{extra}:some/model"), {}, directories)

    assert f"-m pip install 'ramet[{extra}]'" in caught.value.advice


def test_making_a_hosted_embedder_sends_nothing(directories: UserDirectories) -> None:
    embedder = make_embedder(Config(embedder="voyage/voyage-code-3", embedder_api_base="http://127.0.0.1:1"), {}, directories)

    assert isinstance(embedder, HostedEmbedder)
    assert (embedder.identity, embedder.dimensions) == ("", 0)


def test_an_embedder_is_shared_by_those_with_the_same_key_alone() -> None:
    config = Config(embedder="voyage/voyage-code-3")
    mine, again = ({"VOYAGE_API_KEY": "pa-mine", "PATH": path} for path in ("/a", "/b"))
    key = embedder_key(config, mine)

    assert key == embedder_key(config, again)
    assert key != embedder_key(config, {"VOYAGE_API_KEY": "pa-yours"})
    assert key != embedder_key(config, {})
    assert "pa-mine" not in repr(key)


def test_what_runs_here_is_shared_by_everybody() -> None:
    assert embedder_key(Config(), {"VOYAGE_API_KEY": "a"}) == embedder_key(Config(), {})
