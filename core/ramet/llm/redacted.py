"""A chat model that is never told a secret: the last gate before a request leaves, whatever the request was made of."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from msgspec.structs import replace

from ramet.llm.protocol import ChatModel, Message, ModelEvent, ToolSpec


class RedactedModel:
    """A `ChatModel` before another one; `redact` returns a text with placeholders in place of its secrets."""

    def __init__(self, model: ChatModel, redact: Callable[[str], str]) -> None:
        self._model = model
        self._redact = redact

    @property
    def name(self) -> str:
        """See `ChatModel`."""
        return self._model.name

    @property
    def context_window(self) -> int:
        """See `ChatModel`."""
        return self._model.context_window

    @property
    def supports_tools(self) -> bool:
        """See `ChatModel`."""
        return self._model.supports_tools

    def count_tokens(self, text: str) -> int:
        """See `ChatModel`."""
        return self._model.count_tokens(text)

    async def stream(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> AsyncGenerator[ModelEvent, None]:
        """See `ChatModel`."""
        told = [self._told(message) for message in messages]
        async with aclosing(self._model.stream(told, tools)) as events:
            async for event in events:
                yield event

    def _told(self, message: Message) -> Message:
        calls = tuple(replace(call, arguments=self._redact(call.arguments)) for call in message.tool_calls)
        return replace(message, content=self._redact(message.content), tool_calls=calls)
