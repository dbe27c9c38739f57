"""Embedders seen by a front end: whose key embeds, what a budget of one run does, what the doctor says."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from ramet.config import Config
from ramet.events import IndexFinished
from ramet.models import Finding, IndexStats
from ramet.paths import UserDirectories
from ramet.providers.litellm_library import close_connections
from ramet.workspace.doctor_embedder import embedder_findings
from ramet.workspace.host import LocalHost
from ramet.workspace.local import LocalWorkspace
from tests.fakes.openai_server import OpenAIServer, running_server

pytestmark = pytest.mark.usefixtures("lent_vectors")

PRICED = "openai/text-embedding-3-small"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with running_server() as running:
        yield running


@pytest_asyncio.fixture
async def host(directories: UserDirectories) -> AsyncIterator[LocalHost]:
    opened = LocalHost(directories)
    yield opened
    await opened.close()
    await close_connections()


def environment(server: OpenAIServer, **variables: str) -> dict[str, str]:
    return {**os.environ, "RAMET_EMBEDDER": PRICED, "RAMET_EMBEDDER_API_BASE": server.url, **variables}


async def synced(workspace: LocalWorkspace) -> IndexStats:
    last = [event async for event in workspace.sync()][-1]
    assert isinstance(last, IndexFinished)
    return last.stats


async def test_each_holder_embeds_with_the_key_that_it_has(shop: Path, server: OpenAIServer, host: LocalHost) -> None:
    ada = await host.open(shop, environment(server, OPENAI_API_KEY="sk-of-ada-1234"), {})
    bob = await host.open(shop, environment(server, OPENAI_API_KEY="sk-of-bob-1234"), {})
    ada_again = await host.open(shop, environment(server, OPENAI_API_KEY="sk-of-ada-1234"), {})
    stats = await synced(ada)
    before = len(server.requests)
    found = await bob.search("charge the card")
    keys = [request.headers["authorization"] for request in server.requests]

    assert stats.failed == 0
    assert set(keys[:before]) == {"Bearer sk-of-ada-1234"}
    assert set(keys[before:]) == {"Bearer sk-of-bob-1234"}
    assert found.hits[0].path == "shop/payment.py"
    assert ada_again._services is ada._services is not bob._services


async def test_a_budget_of_one_run_is_that_of_its_caller(shop: Path, server: OpenAIServer, host: LocalHost) -> None:
    thrifty = environment(server, RAMET_EMBED_BUDGET_USD="0")
    app = await host.open(shop, thrifty, {})
    command = await host.open(shop, thrifty, {"embed_budget_usd": "0.5"})
    refused = await synced(app)
    note = (await app.search("charge the card")).notes
    allowed = await synced(command)

    assert refused.withheld > 0
    assert any("more than the budget of $0.00" in sentence for sentence in note)
    assert (allowed.withheld, allowed.failed) == (0, 0)
    assert allowed.embedded > 0


async def test_a_commit_is_indexed_within_the_budget_as_well(shop: Path, server: OpenAIServer, host: LocalHost) -> None:
    thrifty = environment(server, RAMET_EMBED_BUDGET_USD="0")
    app = await host.open(shop, thrifty, {})
    command = await host.open(shop, thrifty, {"embed_budget_usd": "0.5"})
    estimate = await app.estimate("HEAD")
    refused = await app.search("charge the card", at="HEAD")
    sent = [text for text in server.embedded if "\n" in text]
    allowed = [event async for event in command.sync(at="HEAD")][-1]
    found = await app.search("charge the card", at="HEAD")

    assert "more than the budget of $0.00" in estimate.refusal
    assert any("more than the budget of $0.00" in note for note in refused.notes)
    assert (refused.index.dense_ready, sent) == (False, [])
    assert isinstance(allowed, IndexFinished)
    assert (allowed.stats.withheld, allowed.stats.embedded) == (0, estimate.chunks)
    assert found.index.dense_ready
    assert not any("budget" in note for note in found.notes)


def sentences(findings: list[Finding], level: str) -> str:
    return " ".join(f"{finding.sentence} {finding.advice}" for finding in findings if finding.level == level)


def test_the_doctor_says_who_gets_the_code_and_what_it_costs(server: OpenAIServer, directories: UserDirectories) -> None:
    config = Config(embedder=PRICED, embedder_api_base=server.url)
    findings = embedder_findings(config, {"OPENAI_API_KEY": "sk-very-secret"}, directories)

    assert f"the text of chunks and questions goes to {server.url}." in sentences(findings, "ok")
    assert "A million tokens cost about $0.02; a run that would cost more than $1.00 sends nothing." in sentences(findings, "ok")
    assert "sk-very-secret" not in repr(findings)
    assert server.requests == []


def test_the_doctor_misses_a_key_and_says_when_a_price_is_unknown(directories: UserDirectories) -> None:
    findings = embedder_findings(Config(embedder="voyage/voyage-unlisted"), {}, directories)

    assert "ramet key set VOYAGE_API_KEY" in sentences(findings, "problem")
    assert "more than 5,000,000 tokens" in sentences(findings, "note")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (Config(embedder="ollama/nomic-embed-text"), "Ollama does not answer"),
        (Config(embedder="mine", embedder_api_base="http://127.0.0.1:1/v1"), "or correct `embedder_api_base`"),
    ],
)
def test_the_doctor_misses_a_server(config: Config, said: str, directories: UserDirectories) -> None:
    findings = embedder_findings(config, {"OLLAMA_HOST": "http://127.0.0.1:1"}, directories)

    assert said in sentences(findings, "problem")
    assert "taken to cost nothing" in sentences(findings, "ok")


def test_the_doctor_knows_the_default_and_a_model_that_is_still_to_be_fetched(directories: UserDirectories) -> None:
    default = embedder_findings(Config(), {}, directories)
    remote = embedder_findings(Config(embedder="model2vec:no-such-owner/no-such-model"), {}, directories)

    assert [finding.level for finding in default] == ["ok"]
    assert [finding.level for finding in remote] == ["ok", "note"]
    assert "fetches it from the Hugging Face hub" in remote[1].sentence
