"""A whole question over real HTTP: a tool call in pieces, the answer, and a stream that is cut."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from ramet.chat.asker import Asker
from ramet.config import Config
from ramet.events import Answered, AskEvent, ModelChosen, TextDelta, ToolReturned
from ramet.llm.choice import choose_model
from ramet.llm.litellm_model import LitellmModel, open_model
from ramet.models import AskRequest, ModelChoice
from ramet.providers.litellm_library import close_connections
from ramet.store.conversations import ConversationStore
from ramet.terminal.redaction import redact
from tests.fakes.openai_server import OpenAIServer, answer, cut_after, failure, running_server, tool_call
from tests.fakes.repository import FolderRepository


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with running_server() as running:
        yield running


@pytest_asyncio.fixture
async def asker(server: OpenAIServer, repository: FolderRepository, conversations: ConversationStore) -> AsyncIterator[Asker]:
    config = Config(model="served", api_base=server.url)

    async def choose(requested: str) -> ModelChoice | None:
        return await choose_model(requested, config, {})

    async def opened(choice: ModelChoice) -> LitellmModel:
        return await open_model(choice, config, {})

    yield Asker(repository, conversations, choose, opened, config, redact)
    await close_connections()


async def events_of(asker: Asker) -> list[AskEvent]:
    return [event async for event in asker.ask(AskRequest("How is the card charged?"))]


async def test_a_question_with_a_tool_call_is_answered_and_cited(server: OpenAIServer, asker: Asker) -> None:
    server.enqueue(tool_call("grep", '{"pattern": "RETRY', '_LIMIT ="}'), answer("It retries ", "three times [1]."))

    events = await events_of(asker)

    assert isinstance(events[0], ModelChosen)
    assert events[0].model == ModelChoice("openai/served", "config.toml")
    (tool,) = [event for event in events if isinstance(event, ToolReturned)]
    assert "RETRY_LIMIT = 3" in tool.sources[0].text
    assert "RETRY_LIMIT = 3" in server.requests[1].body["messages"][-1]["content"]
    last = events[-1]
    assert isinstance(last, Answered)
    assert last.text == "It retries three times [1]."
    assert (last.citations[0].state, last.problem, last.usage.cost) == ("valid", None, None)


async def test_a_server_without_tools_still_answers_from_the_sources(server: OpenAIServer, asker: Asker) -> None:
    server.enqueue(failure(400, "tools are not supported by this model"), answer("By `charge` [1]."))

    last = (await events_of(asker))[-1]

    assert isinstance(last, Answered)
    assert last.citations[0].state == "valid"
    assert "def charge" in server.requests[1].body["messages"][-1]["content"]


async def test_a_cut_stream_keeps_its_text_and_says_so(server: OpenAIServer, asker: Asker) -> None:
    server.enqueue(cut_after("By `charge` [1]", " and "))

    events = await events_of(asker)

    last = events[-1]
    assert isinstance(last, Answered)
    assert last.text == "".join(event.text for event in events if isinstance(event, TextDelta)) == "By `charge` [1] and "
    assert last.problem is not None
    assert last.problem.error == "ModelStreamBroken"
    assert last.citations[0].state == "valid"
