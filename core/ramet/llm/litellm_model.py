"""The chat model behind litellm."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from msgspec import Struct

from ramet.config import Config
from ramet.errors import ModelError, ModelRateLimited
from ramet.llm.choice import connection
from ramet.llm.failures import is_about_tools, timed_out, translated
from ramet.llm.protocol import Completed, Delta, Message, ModelEvent, Retrying, ToolCall, ToolSpec
from ramet.models import ModelChoice, Usage
from ramet.providers.litellm_library import litellm_library
from ramet.providers.ollama import model_details
from ramet.providers.table import OLLAMA_PREFIX

_log = logging.getLogger(__name__)

_UNKNOWN_WINDOW = 32_768
"""Tokens assumed for a model that litellm does not know; today's servers take at least that."""
_OLLAMA_WINDOW = 16_384
"""Tokens asked of Ollama, which otherwise cuts the request at 4096 without a word; more costs memory."""
_BYTES_PER_TOKEN = 3.3
"""Code has 3 to 4 bytes per token with the tokenizers in use; the low end, so that budgets hold."""
_MOST_RETRIES = 3
_LONGEST_WAIT = 60.0
"""Seconds; a longer wait is the user's decision."""
_FIRST_WAIT = 2.0
"""Seconds before the first retry when the provider does not say, doubled each time."""


class _Facts(Struct, frozen=True):
    """What is known about a model."""

    context_window: int
    supports_tools: bool
    is_known: bool


async def open_model(choice: ModelChoice, config: Config, environment: Mapping[str, str]) -> LitellmModel:
    """Return a chosen model, ready to be asked. Raises ModelNotConfigured when its key is missing."""
    reached = await asyncio.to_thread(connection, choice, config, environment)
    model = LitellmModel(choice, reached.api_key, reached.api_base, config)
    await model.prepare()
    return model


class LitellmModel:
    """One chat model that litellm reaches. Facts about it are looked up on first use, which imports litellm."""

    def __init__(
        self,
        choice: ModelChoice,
        api_key: str | None,
        api_base: str | None,
        config: Config,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._choice = choice
        self._api_key = api_key
        self._api_base = api_base
        self._config = config
        self._sleep = sleep
        self._known_facts: _Facts | None = None
        self._refuses_tools = False

    @property
    def name(self) -> str:
        """As litellm spells it."""
        return self._choice.name

    @property
    def context_window(self) -> int:
        """Input tokens the model takes; a careful default where unknown."""
        return self._facts().context_window

    @property
    def supports_tools(self) -> bool:
        """Whether tools may be given to `stream`."""
        return self._facts().supports_tools and not self._refuses_tools

    def count_tokens(self, text: str) -> int:
        """Return the estimated number of tokens; real tokenizers are slow on megabytes and not at hand for most models."""
        return int(len(text.encode("utf-8", "surrogatepass")) / _BYTES_PER_TOKEN) + 1

    async def prepare(self) -> None:
        """Do the slow first steps (imports, questions to Ollama) off the event loop."""
        await asyncio.to_thread(self._facts)

    async def stream(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> AsyncGenerator[ModelEvent, None]:
        """Yield deltas as they arrive and one `Completed` last; waits and retries when asked to. Raises ModelError."""
        await self.prepare()
        for attempt in range(_MOST_RETRIES + 1):
            has_output = False
            try:
                async with aclosing(self._response(messages, tools if self.supports_tools else ())) as events:
                    async for event in events:
                        has_output = True
                        yield event
            except ModelRateLimited as limited:
                seconds = limited.retry_after if limited.retry_after is not None else _FIRST_WAIT * 2**attempt
                if has_output or attempt == _MOST_RETRIES or seconds > _LONGEST_WAIT:
                    raise
                yield Retrying(limited.what, seconds)
                await self._sleep(seconds)
            else:
                return

    async def _response(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[ModelEvent, None]:
        """Yield one response, with the library's exceptions translated."""
        assembled = _Assembled()
        stream: AsyncGenerator[object, None] | None = None
        try:
            async with asyncio.timeout(self._config.answer_timeout):
                stream = await self._open(messages, tools)
            while True:
                async with asyncio.timeout(self._config.answer_timeout):
                    chunk = await anext(stream, None)
                if chunk is None:
                    break
                text = assembled.add(chunk)
                if text:
                    yield Delta(text)
        except TimeoutError as error:
            raise timed_out(self.name, self._config.answer_timeout, assembled.has_output) from error
        except ModelError:
            raise
        except Exception as error:
            # litellm raises whatever its provider code stumbles over, so this edge takes everything.
            _log.debug("request to %s failed with %s", self.name, type(error).__name__)
            raise translated(error, self.name, self._api_key, self._api_base, assembled.has_output) from None
        finally:
            if stream is not None:
                await stream.aclose()
        yield Completed(assembled.tool_calls(), self._usage(assembled.usage), assembled.finish_reason)

    async def _open(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[object, None]:
        """Send the request; one that is refused because of its tools goes out again without them."""
        try:
            return await self._send(messages, tools)
        except Exception as error:
            if not tools or not is_about_tools(error):
                raise
            self._refuses_tools = True
        return await self._send(messages, ())

    async def _send(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[object, None]:
        stream: AsyncGenerator[object, None] = await litellm_library().acompletion(**self._request(messages, tools))
        return stream

    def _request(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self.name,
            "messages": [_message(message) for message in messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            "api_key": self._api_key,
            "api_base": self._api_base,
            "timeout": self._config.answer_timeout + 5.0,  # ours, which starts anew with each chunk, comes first
            "max_retries": 0,
            "num_retries": 0,
            "_skip_mcp_handler": True,  # litellm's own switch: with tools it otherwise imports its proxy server
        }
        if tools:
            request["tools"] = [
                {
                    "type": "function",
                    "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
                }
                for tool in tools
            ]
        if self.name.startswith(f"{OLLAMA_PREFIX}/"):
            request["num_ctx"] = self.context_window
        if self.name.startswith("anthropic/"):
            # Anthropic caches a prompt only up to marked messages; each round of tools then pays for its own part only.
            request["cache_control_injection_points"] = [{"location": "message", "index": -1}]
        return request

    def _facts(self) -> _Facts:
        if self._known_facts is None:
            self._known_facts = self._looked_up()
        return self._known_facts

    def _looked_up(self) -> _Facts:
        litellm = litellm_library()
        if self.name.startswith(f"{OLLAMA_PREFIX}/"):
            details = model_details(self._api_base or self._config.ollama_url, self.name.partition("/")[2])
            window = min(details.context_length or _OLLAMA_WINDOW, _OLLAMA_WINDOW) if details else _OLLAMA_WINDOW
            return _Facts(window, details is not None and details.supports_tools, is_known=True)
        try:
            info = litellm.get_model_info(self.name)
        except Exception as error:  # its own kinds of "unknown model" do not share a class
            _log.debug("litellm does not know %s (%s)", self.name, type(error).__name__)
            # Tools are tried: a server without them says so, and is asked again without.
            return _Facts(_UNKNOWN_WINDOW, supports_tools=True, is_known=False)
        window = info.get("max_input_tokens") or info.get("max_tokens") or _UNKNOWN_WINDOW
        return _Facts(int(window), bool(info.get("supports_function_calling")), is_known=True)

    def _usage(self, usage: object) -> Usage:
        window = self.context_window
        if usage is None:
            return Usage(context_window=window)
        details = getattr(usage, "prompt_tokens_details", None)
        return Usage(
            input_tokens=int(getattr(usage, "prompt_tokens", 0) or 0),
            output_tokens=int(getattr(usage, "completion_tokens", 0) or 0),
            cached_tokens=int(getattr(details, "cached_tokens", 0) or 0),
            cost=self._cost(usage),
            context_window=window,
        )

    def _cost(self, usage: object) -> float | None:
        if not self._facts().is_known:
            return None
        if self.name.startswith(f"{OLLAMA_PREFIX}/"):
            return 0.0
        try:
            prompt, completion = litellm_library().cost_per_token(model=self.name, usage_object=usage)
        except Exception as error:  # prices are a courtesy: no way of not finding one may end an answer
            _log.debug("no price for %s (%s)", self.name, type(error).__name__)
            return None
        return float(prompt + completion)


class _Assembled:
    """Collects what the chunks of one response say; owns no text, which is passed on at once."""

    def __init__(self) -> None:
        self.usage: object = None
        self.finish_reason = ""
        self.has_output = False
        self._calls: dict[int, list[str]] = {}
        """By index: id, name, arguments."""

    def add(self, chunk: object) -> str:
        """Take one of litellm's chunks and return its text."""
        self.usage = getattr(chunk, "usage", None) or self.usage
        choices = getattr(chunk, "choices", None)
        if not choices:
            return ""
        self.finish_reason = choices[0].finish_reason or self.finish_reason
        delta = choices[0].delta
        self.has_output = True
        for call in getattr(delta, "tool_calls", None) or ():
            parts = self._calls.setdefault(call.index or 0, ["", "", ""])
            parts[0] = parts[0] or call.id or ""
            parts[1] += call.function.name or ""
            parts[2] += call.function.arguments or ""
        text = getattr(delta, "content", None) or ""
        return text if isinstance(text, str) else ""

    def tool_calls(self) -> tuple[ToolCall, ...]:
        """Return the calls in their order; one without an id gets one, because its answer must name it."""
        return tuple(
            ToolCall(call_id or f"call_{index}", name, arguments or "{}")
            for index, (call_id, name, arguments) in sorted(self._calls.items())
            if name
        )


def _message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "content": message.content, "tool_call_id": message.tool_call_id}
    if not message.tool_calls:
        return {"role": message.role, "content": message.content}
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in message.tool_calls
    ]
    return {"role": message.role, "content": message.content or None, "tool_calls": calls}
