"""litellm, tamed: imported late, quiet, offline until asked, and deaf to files of the current folder."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from types import ModuleType


def litellm_library() -> ModuleType:
    """Return litellm; the first call takes seconds."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else importing asks the network for prices
    os.environ["LITELLM_MODE"] = "PRODUCTION"  # else importing reads keys from a .env in the current folder
    import litellm

    if not litellm.suppress_debug_info:
        litellm.suppress_debug_info = True
        litellm.drop_params = True
        litellm.modify_params = True  # Anthropic wants tools declared as long as old messages mention them
        litellm.disable_aiohttp_transport = True  # httpx closes connections for sure when a stream is closed
        vars(litellm)["DEFAULT_MAX_RETRIES"] = 0  # else embeddings are repeated behind our back, whatever `max_retries` says
        for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
            logger = logging.getLogger(name)
            logger.handlers.clear()
            logger.addHandler(logging.NullHandler())
            logger.propagate = False
    return litellm


async def close_connections() -> None:
    """Close the connections that litellm keeps open; nothing to do before its first use."""
    if "litellm" in sys.modules:
        await litellm_library().close_litellm_async_clients()
        close_blocking_connections()


def close_blocking_connections() -> None:
    """Close the connections that litellm keeps open for threads, and forget all of them."""
    cache = litellm_library().in_memory_llm_clients_cache
    for kept in tuple(cache.cache_dict.values()):
        # It closes only its asynchronous clients by itself.
        with suppress(Exception):  # clients of many kinds, which are given up anyway
            _close_blocking(kept)
    cache.flush_cache()


def _close_blocking(kept: object) -> None:
    import httpx
    import openai

    client = getattr(kept, "client", kept)
    if isinstance(client, httpx.Client | openai.OpenAI):
        client.close()
