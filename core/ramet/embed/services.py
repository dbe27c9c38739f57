"""What is known about services that embed: their keys, how much one request may hold, how they tell questions from documents."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from ramet.providers.table import provider_of


class Tasks(Struct, frozen=True):
    """How a model is told what a text is: by a parameter of the request, or by words in front of the text."""

    parameter: str = ""
    document: str = ""
    query: str = ""

    def parameters(self, *, is_query: bool) -> dict[str, str]:
        """Return what goes into the request."""
        return {self.parameter: self.query if is_query else self.document} if self.parameter else {}

    def prefix(self, *, is_query: bool) -> str:
        """Return what goes in front of the text."""
        return "" if self.parameter else self.query if is_query else self.document


class Service(Struct, frozen=True):
    """One service, by litellm's prefix."""

    prefix: str
    title: str
    variables: tuple[str, ...] = ()
    """Environment variables that may hold its key; none where it needs none or litellm finds it."""
    host: str = ""
    texts: int = 96
    """Of one request."""
    tokens: int = 60_000
    """Of all texts of one request."""
    parallel: int = 4
    """Requests at a time: enough to hide the wait, few enough for the limits of a small account."""
    tasks: Tasks = Tasks()


def _shared(
    prefix: str, host: str, *, texts: int = 96, tokens: int = 60_000, parallel: int = 4, tasks: Tasks | None = None
) -> Service:
    """Return the service of a provider that is known for its chat models."""
    provider = provider_of(prefix)
    assert provider is not None
    return Service(prefix, provider.title, provider.variables, host, texts, tokens, parallel, tasks or Tasks())


OLLAMA = Service("ollama", "Ollama", texts=32, parallel=1)
_SERVICES = (
    _shared("openai", "api.openai.com", texts=256, tokens=100_000),
    Service("azure", "Azure OpenAI", ("AZURE_API_KEY",), texts=256, tokens=100_000),
    Service(
        "voyage",
        "Voyage AI",
        ("VOYAGE_API_KEY",),
        "api.voyageai.com",
        texts=256,
        tokens=80_000,
        tasks=Tasks("input_type", "document", "query"),
    ),
    _shared("cohere", "api.cohere.com", tasks=Tasks("input_type", "search_document", "search_query")),
    _shared(
        "gemini",
        "generativelanguage.googleapis.com",
        tokens=20_000,
        tasks=Tasks("task_type", "RETRIEVAL_DOCUMENT", "CODE_RETRIEVAL_QUERY"),
    ),
    _shared("mistral", "api.mistral.ai", tokens=12_000, parallel=2),
    Service("jina_ai", "Jina AI", ("JINA_AI_API_KEY", "JINA_API_KEY"), "api.jina.ai", texts=128),
    Service(
        "nvidia_nim",
        "NVIDIA",
        ("NVIDIA_NIM_API_KEY", "NVIDIA_API_KEY"),
        "integrate.api.nvidia.com",
        tasks=Tasks("input_type", "passage", "query"),
    ),
    _shared("openrouter", "openrouter.ai"),
    _shared("together_ai", "api.together.xyz"),
    _shared("fireworks_ai", "api.fireworks.ai"),
    OLLAMA,
)

_FOR_SEARCHING = "Represent this sentence for searching relevant passages: "
_TASKS_OF_MODELS: tuple[tuple[str, Tasks], ...] = (
    (r"jina-embeddings-v[34]", Tasks("task", "retrieval.passage", "retrieval.query")),
    (r"nomic-embed-text", Tasks(document="search_document: ", query="search_query: ")),
    (r"nomic-embed-code", Tasks(query="Represent this query for searching relevant code: ")),
    (r"mxbai-embed|snowflake-arctic-embed|bge-(?:small|base|large)-en", Tasks(query=_FOR_SEARCHING)),
    (r"qwen3-embedding", Tasks(query="Instruct: Given a question, retrieve the source code that answers it\nQuery: ")),
    (r"embeddinggemma", Tasks(document="title: none | text: ", query="task: code retrieval | query: ")),
    (r"\be5-(?:small|base|large)", Tasks(document="passage: ", query="query: ")),
)
"""What well-known open models were trained with, wherever they run."""


def service_of(model: str) -> Service:
    """Return the service of a model by litellm's full name; one that is not known gets careful limits."""
    prefix = model.partition("/")[0]
    return next((service for service in _SERVICES if service.prefix == prefix), Service(prefix, prefix))


def tasks_of(model: str) -> Tasks:
    """Return how a model is told questions from documents."""
    own = service_of(model).tasks
    if own.parameter:
        return own
    return next((tasks for pattern, tasks in _TASKS_OF_MODELS if re.search(pattern, model.lower())), own)


def key_variables() -> tuple[str, ...]:
    """Return the variables that may hold a key, the usual one of each service first."""
    return tuple(dict.fromkeys(variable for service in _SERVICES for variable in service.variables))


def price_per_token(model: str, prices: Mapping[str, Mapping[str, object]]) -> float | None:
    """Return US dollars per token from litellm's price list; None when it is not there. A hosted model is never free."""
    entry = entry_of(model, prices)
    price = entry.get("input_cost_per_token") if entry else None
    return float(price) if isinstance(price, int | float) and price > 0 else None


def entry_of(model: str, prices: Mapping[str, Mapping[str, object]]) -> Mapping[str, object] | None:
    """Return what litellm's list says about a model; its own look-up would ask some providers over the network."""
    prefix, _, bare = model.partition("/")
    for name in (model, bare):
        entry = prices.get(name)
        if entry is not None and entry.get("mode") == "embedding" and str(entry.get("litellm_provider")).startswith(prefix):
            return entry
    return None
