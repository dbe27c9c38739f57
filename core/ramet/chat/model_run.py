"""The rounds between a model and the tools, until it has answered."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from ramet.chat.tools import TOOLS, Toolbox, ToolResult
from ramet.errors import ModelError
from ramet.events import AskEvent, ModelRetrying, TextDelta, ToolCalled, ToolReturned
from ramet.llm.protocol import ChatModel, Completed, Delta, Message, Retrying, ToolCall
from ramet.models import Problem, Usage

_MOST_CALLS = 8
"""Calls of one round that are run; a model that asks for more is told so."""
_RESERVED_TOKENS = 8_000
"""What must be left of the context window for another round of tools and the answer after it."""
_LAST_ROUND = "\n\n(No more tool calls are possible. Answer now from what you have, and say what is missing.)"
_CUT_SHORT = {
    "length": Problem("ModelError", "The model stopped at its limit of output tokens.", "Ask it to go on."),
    "content_filter": Problem("ModelError", "The provider's content filter ended the answer.", "Ask in other words."),
}


class ModelRun:
    """One answer of one model; owns the messages, which grow with each round."""

    def __init__(self, model: ChatModel, toolbox: Toolbox, messages: Sequence[Message], rounds: int) -> None:
        self._model = model
        self._toolbox = toolbox
        self._messages = list(messages)
        self._rounds = max(0, rounds)
        self._completed: Completed | None = None
        self._has_text = False
        self.usage = Usage(cost=0.0)
        """What all rounds used so far."""
        self.problem: Problem | None = None
        """Why the answer is incomplete although the model ended it."""

    async def events(self) -> AsyncGenerator[AskEvent, None]:
        """Yield text and tool calls until the model has answered. Raises ModelError."""
        for number in range(self._rounds + 1):
            is_last = number == self._rounds or not self._has_room()
            if is_last and number:
                self._say_last_round()
            with_tools = self._model.supports_tools and not is_last
            async with aclosing(self._respond(with_tools)) as events:
                async for event in events:
                    yield event
            calls = self._completed.tool_calls if self._completed else ()
            if not calls or not with_tools:
                break
            async with aclosing(self._run_tools(calls)) as events:
                async for event in events:
                    yield event
        if not self._has_text:
            raise ModelError(f"{self._model.name} gave an empty answer.", "Ask again, or choose another model with --model.")
        self.problem = _CUT_SHORT.get(self._completed.finish_reason) if self._completed else None

    async def _respond(self, with_tools: bool) -> AsyncGenerator[AskEvent, None]:
        """Yield the text of one response and keep how it ended."""
        self._completed = None
        text = ""
        async with aclosing(self._model.stream(self._messages, TOOLS if with_tools else ())) as stream:
            async for event in stream:
                if isinstance(event, Delta):
                    piece = event.text.encode("utf-8", "replace").decode("utf-8")
                    # What a model says before it calls a tool is a paragraph of its own.
                    joint = "\n\n" if self._has_text and not text else ""
                    text += piece
                    self._has_text = True
                    yield TextDelta(joint + piece)
                elif isinstance(event, Retrying):
                    yield ModelRetrying(event.reason, event.seconds)
                else:
                    self._completed = event
                    self.usage = _sum(self.usage, event.usage)
        calls = self._completed.tool_calls if self._completed else ()
        self._messages.append(Message("assistant", text, calls))

    async def _run_tools(self, calls: Sequence[ToolCall]) -> AsyncGenerator[AskEvent, None]:
        for number, call in enumerate(calls):
            yield ToolCalled(call.id, call.name, call.arguments)
            if number < _MOST_CALLS:
                result = await self._toolbox.run(call)
            else:
                result = ToolResult(f"Not run: at most {_MOST_CALLS} calls at once.", "not run")
            self._messages.append(Message("tool", result.content, tool_call_id=call.id))
            yield ToolReturned(call.id, call.name, result.summary, result.sources)

    def _has_room(self) -> bool:
        used = sum(self._model.count_tokens(message.content) for message in self._messages)
        return used + min(_RESERVED_TOKENS, self._model.context_window // 3) <= self._model.context_window

    def _say_last_round(self) -> None:
        last = self._messages[-1]
        self._messages[-1] = Message(last.role, last.content + _LAST_ROUND, last.tool_calls, last.tool_call_id)


def _sum(first: Usage, second: Usage) -> Usage:
    """Add two usages; the cost is unknown as soon as one part is."""
    return Usage(
        input_tokens=first.input_tokens + second.input_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
        cached_tokens=first.cached_tokens + second.cached_tokens,
        cost=None if first.cost is None or second.cost is None else first.cost + second.cost,
        context_window=second.context_window,
    )
