"""A server that speaks OpenAI's protocol, for tests of hosted embedders."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ramet.providers.litellm_library import close_blocking_connections, litellm_library
from tests.fakes.openai_server import OpenAIServer, running_server


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    """A server that computes vectors."""
    litellm_library()
    with running_server() as running:
        yield running
        close_blocking_connections()
