"""The providers that Ramet knows by name: where their key comes from and which model is a sensible first choice."""

from __future__ import annotations

from msgspec import Struct


class Provider(Struct, frozen=True):
    """One hosted provider; `prefix` is litellm's name of it."""

    prefix: str
    title: str
    variables: tuple[str, ...]
    """Environment variables that may hold its key, the usual one first."""
    model: str
    """What is asked when only a key is set: good at code and able to call tools."""
    bare_names: tuple[str, ...] = ()
    """Beginnings of model names that are commonly written without the provider."""


PROVIDERS = (
    Provider("anthropic", "Anthropic", ("ANTHROPIC_API_KEY",), "anthropic/claude-sonnet-5-5", ("claude",)),
    Provider("openai", "OpenAI", ("OPENAI_API_KEY",), "openai/gpt-5.6", ("gpt-", "o1", "o3", "o4-", "chatgpt")),
    Provider("gemini", "Gemini", ("GEMINI_API_KEY", "GOOGLE_API_KEY"), "gemini/gemini-flash-latest", ("gemini", "gemma")),
    Provider("openrouter", "OpenRouter", ("OPENROUTER_API_KEY",), "openrouter/anthropic/claude-sonnet-5"),
    Provider(
        "mistral",
        "Mistral",
        ("MISTRAL_API_KEY",),
        "mistral/mistral-medium-latest",
        ("mistral", "codestral", "devstral", "magistral", "ministral"),
    ),
    Provider("deepseek", "DeepSeek", ("DEEPSEEK_API_KEY",), "deepseek/deepseek-v4-pro", ("deepseek",)),
    Provider("groq", "Groq", ("GROQ_API_KEY",), "groq/openai/gpt-oss-120b"),
    Provider("xai", "xAI", ("XAI_API_KEY",), "xai/grok-4.6", ("grok",)),
    Provider("cohere_chat", "Cohere", ("COHERE_API_KEY", "CO_API_KEY"), "cohere_chat/command-a-03-2025", ("command",)),
    Provider("together_ai", "Together AI", ("TOGETHERAI_API_KEY", "TOGETHER_API_KEY"), "together_ai/zai-org/GLM-5.3"),
    Provider("fireworks_ai", "Fireworks AI", ("FIREWORKS_AI_API_KEY", "FIREWORKS_API_KEY"), "fireworks_ai/glm-5p3"),
    Provider("cerebras", "Cerebras", ("CEREBRAS_API_KEY",), "cerebras/gpt-oss-120b"),
    Provider("moonshot", "Moonshot", ("MOONSHOT_API_KEY",), "moonshot/kimi-k3", ("kimi",)),
    Provider("zai", "Z.AI", ("ZAI_API_KEY",), "zai/glm-5.3", ("glm",)),
    Provider("dashscope", "Alibaba Model Studio", ("DASHSCOPE_API_KEY",), "dashscope/qwen3.8-max"),
)
"""In the order in which their keys are looked for."""

OLLAMA_PREFIX = "ollama_chat"
"""litellm's name for Ollama's chat endpoint; its `ollama` prefix is the older completion endpoint without tools."""

HOW_TO_SET_A_MODEL = (
    "Set an API key such as ANTHROPIC_API_KEY or OPENAI_API_KEY, or start Ollama, "
    'or put `model = "openai/NAME"` and `api_base = "http://HOST:PORT/v1"` into config.toml for any OpenAI-compatible server.'
)
"""What a user without a model is told."""


def provider_of(name: str) -> Provider | None:
    """Return the provider that a model name of the form `prefix/model` belongs to."""
    prefix = name.partition("/")[0]
    prefix = {"cohere": "cohere_chat"}.get(prefix, prefix)
    return next((provider for provider in PROVIDERS if provider.prefix == prefix), None)


def with_prefix(name: str) -> str:
    """Return a bare model name with its provider in front; unchanged where the provider cannot be told."""
    if "/" in name:
        return name
    found = next((p for p in PROVIDERS for beginning in p.bare_names if name.lower().startswith(beginning)), None)
    return f"{found.prefix}/{name}" if found else name
