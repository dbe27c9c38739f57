"""What a question needs of a chat model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Protocol

from msgspec import Struct

from ramet.models import Usage


class ToolCall(Struct, frozen=True):
    """A tool that the model wants to be run; `arguments` is JSON as the model wrote it."""

    id: str
    name: str
    arguments: str


class Message(Struct, frozen=True):
    """One message of a request. `role` is system, user, assistant or tool."""

    role: str
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


class ToolSpec(Struct, frozen=True):
    """A tool the model may call; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: dict[str, Any]  # Any: a JSON schema is free-form by nature


class Delta(Struct, frozen=True):
    """The next piece of text."""

    text: str


class Retrying(Struct, frozen=True):
    """The provider asked to wait; the request goes out again after `seconds`."""

    reason: str
    seconds: float


class Completed(Struct, frozen=True):
    """The end of one response: the tools that the model wants run (none: it has answered) and what it used."""

    tool_calls: tuple[ToolCall, ...]
    usage: Usage
    finish_reason: str


ModelEvent = Delta | Retrying | Completed


class ChatModel(Protocol):
    """One chat model. Closing a stream closes its connection."""

    @property
    def name(self) -> str:
        """As litellm spells it."""

    @property
    def context_window(self) -> int:
        """Input tokens the model takes; a careful default where unknown."""

    @property
    def supports_tools(self) -> bool:
        """Whether tools may be given to `stream`."""

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of a text for this model, estimated where its tokenizer is not at hand."""

    def stream(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> AsyncGenerator[ModelEvent, None]:
        """Yield deltas as they arrive and one `Completed` last. Raises ModelError."""
