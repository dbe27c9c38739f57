"""Embedders behind litellm: the real library over real HTTP to a server on this machine."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from ramet.config import Config
from ramet.embed.connection import EmbedderConnection, connection_of
from ramet.embed.hosted import LitellmEmbedder, Patience
from ramet.embed.learned import LearnedDimensions
from ramet.embed.names import embedder_name
from ramet.embed.pace import Pace, Stopped
from ramet.embed.services import service_of
from ramet.errors import EmbedderUnavailable, EmbedError
from tests.fakes.openai_server import OpenAIServer, Reply, Send, Wait, embeddings, failure

QUICK = Patience(seconds=20.0, retries=2, unreached=1, first_wait=0.01, longest_wait=1.0)
SECRET = "sk-very-secret-value"


def hosted(server: OpenAIServer, tmp_path: Path, model: str = "openai/fake", dimensions: int = 0) -> LitellmEmbedder:
    """An embedder at the server."""
    connection = EmbedderConnection(service_of(model), SECRET, server.url)
    return LitellmEmbedder(model, connection, LearnedDimensions(tmp_path / "learned.json"), dimensions, (QUICK, QUICK))


def test_vectors_have_length_one_and_the_order_of_the_texts(server: OpenAIServer, tmp_path: Path) -> None:
    server.enqueue(embeddings([[3.0, 4.0], [0.0, 2.0]]))
    embedder = hosted(server, tmp_path)

    vectors = embedder.embed_documents(["first", "second"])

    assert vectors.dtype == np.float32
    assert vectors.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0.0, 1.0]]
    assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert server.requests[0].body["model"] == "fake"


def test_a_blank_text_is_not_sent_and_has_no_direction(server: OpenAIServer, tmp_path: Path) -> None:
    vectors = hosted(server, tmp_path).embed_documents([" \n", "code"])

    assert server.embedded == ["code"]
    assert np.linalg.norm(vectors, axis=1).tolist() == [0.0, pytest.approx(1.0)]


def test_the_space_is_known_once_the_model_has_answered_and_stays_known(server: OpenAIServer, tmp_path: Path) -> None:
    embedder = hosted(server, tmp_path)
    before = embedder.identity
    embedder.prepare()
    again = hosted(server, tmp_path)
    again.prepare()

    assert before == ""
    assert embedder.identity == again.identity == f"openai/fake-{server.url}-plain-16"
    assert server.embedded == ["ramet"]


def test_spaces_of_other_models_lengths_and_servers_are_others(server: OpenAIServer, tmp_path: Path) -> None:
    learned = LearnedDimensions(tmp_path / "learned.json")
    embedders = [hosted(server, tmp_path), hosted(server, tmp_path, "openai/other"), hosted(server, tmp_path, dimensions=8)]
    elsewhere = EmbedderConnection(service_of("openai/fake"), SECRET, server.url.replace("127.0.0.1", "localhost"))
    embedders.append(LitellmEmbedder("openai/fake", elsewhere, learned))
    for embedder in embedders:
        embedder.prepare()

    assert len({embedder.identity for embedder in embedders}) == 4
    assert server.requests[2].body["dimensions"] == embedders[2].dimensions == 8


def test_a_rate_limit_is_waited_for_as_long_as_the_server_says(server: OpenAIServer, tmp_path: Path) -> None:
    server.enqueue(failure(429, "slow down", headers={"Retry-After": "0.05"}), failure(503, "busy"))
    embedder = hosted(server, tmp_path)

    vectors = embedder.embed_documents(["code"])

    assert vectors.shape == (1, 16)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("reply", "requests", "said"),
    [
        (failure(401, f"Incorrect API key provided: {SECRET}"), 1, "refused the key"),
        (failure(404, "no such model"), 1, "does not know the embedder"),
        (failure(429, "You exceeded your current quota", "insufficient_quota"), 1, "has no quota left"),
        (failure(429, "slow down", headers={"Retry-After": "3600"}), 1, "It asks to wait 3600 s"),
        (failure(500, "oops"), 3, "failed with status 500"),
    ],
)
def test_what_will_not_pass_is_not_tried_again(
    reply: Reply, requests: int, said: str, server: OpenAIServer, tmp_path: Path
) -> None:
    server.enqueue(*[reply] * requests)

    with pytest.raises(EmbedderUnavailable, match=said) as caught:
        hosted(server, tmp_path).embed_documents(["code"])

    assert len(server.requests) == requests
    assert SECRET not in str(caught.value)
    assert caught.value.advice


def test_a_rejected_text_says_nothing_about_the_next(server: OpenAIServer, tmp_path: Path) -> None:
    server.enqueue(failure(400, "bad characters"))
    embedder = hosted(server, tmp_path)

    with pytest.raises(EmbedError, match="bad characters") as caught:
        embedder.embed_documents(["code"])

    assert not isinstance(caught.value, EmbedderUnavailable)
    assert embedder.embed_documents(["other"]).shape == (1, 16)


def test_a_server_that_is_not_there_is_given_up_soon(tmp_path: Path) -> None:
    connection = EmbedderConnection(service_of("openai/fake"), SECRET, "http://127.0.0.1:1/v1")
    embedder = LitellmEmbedder("openai/fake", connection, LearnedDimensions(tmp_path / "l"), patience=(QUICK, QUICK))

    with pytest.raises(EmbedderUnavailable, match=r"Cannot reach http://127\.0\.0\.1:1/v1"):
        embedder.embed_query("question")


def test_what_is_too_long_is_sent_in_smaller_lots_and_at_last_shortened(server: OpenAIServer, tmp_path: Path) -> None:
    refused = failure(400, "This model's maximum context length is 8 tokens")
    long = "x" * 1_000
    server.enqueue(refused, embeddings([[1.0, 0.0]]), refused, embeddings([[0.0, 1.0]]))

    vectors = hosted(server, tmp_path).embed_documents(["short", long])

    assert [request.body["input"] for request in server.requests] == [["short", long], ["short"], [long], [long[:500]]]
    assert vectors.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_a_model_whose_vectors_change_their_length_is_another_model(server: OpenAIServer, tmp_path: Path) -> None:
    embedder = hosted(server, tmp_path)
    embedder.prepare()
    before = embedder.identity
    server.dimensions = 24

    with pytest.raises(EmbedderUnavailable, match="24 numbers where it gave 16 before"):
        embedder.embed_documents(["code"])

    assert embedder.identity not in ("", before)
    assert embedder.embed_documents(["code"]).shape == (1, 24)


@pytest.mark.parametrize(
    "reply",
    [
        embeddings([[1.0, 2.0], [3.0, 4.0]]),
        embeddings([[float("nan"), 1.0]]),
        Reply((Send(b'{"object": "list", "data": [{"index": 0}], "model": "m"}'),), 200, (("Content-Type", "application/json"),)),
    ],
)
def test_an_answer_that_cannot_be_right_is_refused(reply: Reply, server: OpenAIServer, tmp_path: Path) -> None:
    server.enqueue(reply)

    with pytest.raises(EmbedError):
        hosted(server, tmp_path).embed_documents(["code"])


def test_a_model_that_cannot_shorten_its_vectors_is_found_out(server: OpenAIServer, tmp_path: Path) -> None:
    server.enqueue(embeddings([[1.0, 2.0, 3.0]]))

    with pytest.raises(EmbedderUnavailable, match="asked for vectors of 2 numbers and gives 3"):
        hosted(server, tmp_path, dimensions=2).prepare()


def test_a_question_is_sent_once(server: OpenAIServer, tmp_path: Path) -> None:
    embedder = hosted(server, tmp_path)
    first, second = embedder.embed_query("where?"), embedder.embed_query("where?")

    assert (first == second).all()
    assert server.embedded == ["where?"]


@pytest.mark.parametrize(
    ("model", "document", "query"),
    [
        ("voyage/voyage-code-3", {"input_type": "document"}, {"input_type": "query"}),
        ("jina_ai/jina-embeddings-v3", {"task": "retrieval.passage"}, {"task": "retrieval.query"}),
        ("nvidia_nim/nv-embedcode", {"input_type": "passage"}, {"input_type": "query"}),
    ],
)
def test_services_are_told_questions_from_documents(
    model: str, document: dict[str, str], query: dict[str, str], server: OpenAIServer, tmp_path: Path
) -> None:
    embedder = hosted(server, tmp_path, model)
    embedder.embed_documents(["code"])
    embedder.embed_query("where?")
    bodies = [request.body for request in server.requests]

    assert document.items() <= bodies[0].items()
    assert query.items() <= bodies[1].items()


def test_open_models_get_the_words_they_were_trained_with(server: OpenAIServer, tmp_path: Path) -> None:
    embedder = hosted(server, tmp_path, "openai/nomic-embed-text")
    embedder.embed_documents(["code"])
    embedder.embed_query("where?")

    assert server.embedded == ["search_document: code", "search_query: where?"]


def test_stopping_ends_a_wait_at_once(server: OpenAIServer, tmp_path: Path) -> None:
    asked = failure(429, "slow down", headers={"Retry-After": "1"})
    server.enqueue(asked)
    pace, ended = Pace(), threading.Event()

    def call() -> None:
        with pytest.raises(Stopped):
            hosted(server, tmp_path).embed_paced(["code"], pace)
        ended.set()

    thread = threading.Thread(target=call)
    thread.start()
    while not pace.reason:
        server.was_asked.wait()
    pace.stop()
    thread.join()

    assert ended.is_set()
    assert len(server.requests) == 1


def test_prices_come_from_the_list_and_servers_of_this_machine_are_free(tmp_path: Path) -> None:
    def cost(config: Config) -> float | None:
        name = embedder_name(config)
        connection = connection_of(name, config, {"OLLAMA_HOST": "gpu.example"})
        return LitellmEmbedder(name.model, connection, LearnedDimensions(tmp_path / "l")).estimate_cost(1_000_000)

    assert cost(Config(embedder="text-embedding-3-small")) == pytest.approx(0.02)
    assert cost(Config(embedder="voyage/voyage-code-3")) == pytest.approx(0.18)
    assert cost(Config(embedder="ollama/nomic-embed-text")) == 0.0
    assert cost(Config(embedder="mine", embedder_api_base="http://localhost:8000/v1")) == 0.0
    assert cost(Config(embedder="mine", embedder_api_base="https://gateway.example/v1")) is None
    assert cost(Config(embedder="text-embedding-3-small", embedder_api_base="http://localhost:4000/v1")) == pytest.approx(0.02)


def test_without_a_key_nothing_is_sent_and_the_advice_names_the_variable(tmp_path: Path) -> None:
    config = Config(embedder="voyage/voyage-code-3")
    connection = connection_of(embedder_name(config), config, {})
    embedder = LitellmEmbedder("voyage/voyage-code-3", connection, LearnedDimensions(tmp_path / "l"))

    with pytest.raises(EmbedderUnavailable, match="needs a key of Voyage AI") as caught:
        embedder.prepare()

    assert "ramet key set VOYAGE_API_KEY" in caught.value.advice


def test_a_slow_answer_does_not_keep_others_from_theirs(server: OpenAIServer, tmp_path: Path) -> None:
    late = threading.Event()
    reply = embeddings([[1.0, 0.0]])
    server.enqueue(Reply((Wait(late), *reply.steps), 200, reply.headers), reply)
    embedder = hosted(server, tmp_path)
    slow = threading.Thread(target=embedder.embed_documents, args=(["slow"],))
    slow.start()
    server.was_asked.wait()
    quick = embedder.embed_documents(["quick"])
    late.set()
    slow.join()

    assert quick.tolist() == [[1.0, 0.0]]
