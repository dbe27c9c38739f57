"""A scripted chat model for tests of what is built on one."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from ramet.llm.protocol import Completed, Delta, Message, ModelEvent, ToolCall, ToolSpec
from ramet.models import Usage


@dataclass(frozen=True)
class Recorded:
    """One request that the model got."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]

    @property
    def text(self) -> str:
        """All messages in one string."""
        return "\n".join(message.content for message in self.messages)


class ScriptedModel:
    """Answers with what was enqueued, in order, and records the requests. An exception in a script is raised at its place."""

    def __init__(self, *, supports_tools: bool = True, context_window: int = 100_000) -> None:
        self.name = "test/scripted"
        self.supports_tools = supports_tools
        self.context_window = context_window
        self.requests: list[Recorded] = []
        self.was_closed = False
        self._scripts: deque[Sequence[ModelEvent | Exception]] = deque()

    def enqueue(self, *events: ModelEvent | Exception) -> None:
        """Script one response event by event."""
        self._scripts.append(events)

    def enqueue_answer(self, *pieces: str, usage: Usage | None = None, finish_reason: str = "stop") -> None:
        """Script a response of text."""
        self.enqueue(*(Delta(piece) for piece in pieces), Completed((), usage or Usage(10, 5), finish_reason))

    def enqueue_calls(self, *calls: ToolCall, before: str = "") -> None:
        """Script a response that asks for tools, after some text if given."""
        text = [Delta(before)] if before else []
        self.enqueue(*text, Completed(calls, Usage(10, 5), "tool_calls"))

    def count_tokens(self, text: str) -> int:
        """Count four characters as a token."""
        return len(text) // 4 + 1

    async def stream(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> AsyncGenerator[ModelEvent, None]:
        """Play the next script."""
        self.requests.append(Recorded(tuple(messages), tuple(tools)))
        try:
            for event in self._scripts.popleft():
                if isinstance(event, Exception):
                    raise event
                yield event
        except GeneratorExit:
            self.was_closed = True
            raise
