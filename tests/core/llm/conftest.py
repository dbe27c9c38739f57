"""The local OpenAI-compatible server for tests of the chat model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from ramet.providers.litellm_library import close_connections, litellm_library
from tests.fakes.openai_server import OpenAIServer, running_server


@pytest.fixture(scope="session", autouse=True)
def litellm_imported() -> None:
    """Pay for litellm's import once."""
    litellm_library()


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    """A server without replies."""
    with running_server() as running:
        yield running


@pytest_asyncio.fixture(autouse=True)
async def connections_closed() -> AsyncIterator[None]:
    """Close the connections that litellm pools for the loop of the test."""
    yield
    await close_connections()
