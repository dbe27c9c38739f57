"""Builds the messages of a request; what stays the same from request to request comes first, for the providers' caches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files

from msgspec import Struct
from msgspec.structs import replace

from ramet.llm.protocol import Message
from ramet.models import Attachment, Source, Turn
from ramet.prompt.fences import attribute, fenced
from ramet.prompt.replay import Earlier, own_sources
from ramet.prompt.sources import sources_block
from ramet.prompt.trimming import TokenCounter, cut_middle

_ANSWER_TOKENS = 4_096
"""Part of the context window that is left for the answer."""
_QUESTION_SHARE = 0.25
"""Of the window, for the question itself; more than that is a paste."""
_ATTACHMENT_SHARE = 0.25
"""Of the window, for all attachments together."""
_HISTORY_SHARE = 0.15
"""Of the window, for earlier turns."""
_REPLAYED_TIMES = 2
"""Earlier questions may take this many times what the sources of one question take: cached tokens are cheap, not free."""
_OVERHEAD_TOKENS = 200
"""Tags, roles and tool descriptions."""
_NUMBERED = re.compile(r"\[(\d{1,4})\](?!\()")


class Budget(Struct, frozen=True):
    """How many tokens each part of a request may take."""

    question: int
    attachments: int
    history: int
    sources: int
    room: int
    """All of the window that the parts may share."""

    def replay(self, packed: Packed, count: TokenCounter) -> int:
        """Return what earlier questions may take that are sent again: what the other parts leave, as far as it is worth it."""
        asked = count(packed.question) + sum(count(attachment.text) for attachment in packed.attachments)
        return max(0, min(_REPLAYED_TIMES * self.sources, self.room - asked - self.history - self.sources))


class Packed(Struct, frozen=True):
    """The parts of a request after trimming, and what had to be cut, in sentences."""

    question: str
    attachments: tuple[Attachment, ...]
    notes: tuple[str, ...]


def system_prompt() -> str:
    """Return the instructions that come with every request."""
    return files("ramet.prompt").joinpath("system.md").read_text("utf-8")


def budget_for(context_window: int, source_tokens: int, count: TokenCounter) -> Budget:
    """Divide a model's context window; sources get what was configured, or less where the window is small."""
    room = max(1_000, context_window - count(system_prompt()) - min(_ANSWER_TOKENS, context_window // 4) - _OVERHEAD_TOKENS)
    question, attachments, history = (int(room * share) for share in (_QUESTION_SHARE, _ATTACHMENT_SHARE, _HISTORY_SHARE))
    sources = max(200, min(source_tokens, room - question - attachments - history))
    return Budget(question, attachments, history, sources, room)


def fit(question: str, attachments: Sequence[Attachment], budget: Budget, count: TokenCounter) -> Packed:
    """Cut the question and its attachments to the budget and say so."""
    notes: list[str] = []
    short_question = cut_middle(question, budget.question, count)
    if short_question != question:
        notes.append(f"The question is very long; the model got {len(short_question):,} of its {len(question):,} characters.")
    fitted: list[Attachment] = []
    rest = budget.attachments
    for left, attachment in zip(range(len(attachments), 0, -1), attachments, strict=True):
        text = cut_middle(attachment.text, rest // left, count)
        rest -= count(text)
        if text != attachment.text:
            notes.append(
                f"{attachment.name} is very long; the model got {len(text):,} of its {len(attachment.text):,} characters."
            )
        fitted.append(replace(attachment, text=text))
    return Packed(short_question, tuple(fitted), tuple(notes))


def opening_messages(
    packed: Packed, sources: Sequence[Source], earlier: Earlier, budget: Budget, count: TokenCounter
) -> list[Message]:
    """Return the messages of a new question: instructions, earlier turns, then sources, attachments and the question."""
    messages = [Message("system", system_prompt()), *history_messages(earlier.told, budget.history, count)]
    shown = frozenset(source.number for source in earlier.sources)
    for place, turn in enumerate(earlier.replayed):
        messages.append(Message("user", _asked(own_sources(turn), turn.attachments, turn.question, is_first=place == 0)))
        messages.append(Message("assistant", _answer_of(turn, shown)))
    question = _asked(sources, packed.attachments, packed.question, is_first=not earlier.replayed)
    return [*messages, Message("user", question)]


def replay_tokens(turn: Turn, count: TokenCounter) -> int:
    """Return what it takes to send a turn again with its sources."""
    return count(_asked(own_sources(turn), turn.attachments, turn.question, is_first=True)) + count(_answer_of(turn))


def _asked(sources: Sequence[Source], attachments: Sequence[Attachment], question: str, *, is_first: bool) -> str:
    """Return the message of one question; the same whenever it is sent again."""
    if sources:
        parts = [_SOURCES if is_first else _MORE_SOURCES, sources_block(sources)]
    else:
        parts = [_NO_SOURCES if is_first else _NO_MORE_SOURCES]
    for attachment in attachments:
        parts.append(f"Attached by the user, {attribute(attachment.name)}:")
        parts.append(fenced("attachment", attachment.text, {"name": attachment.name}))
    return "\n\n".join([*parts, f"Question of the user:\n{question}"])


_SOURCES = "Sources from the repository, cite them as [n]:"
_MORE_SOURCES = "More sources, found for this question; those above count as well:"
_NO_SOURCES = "The search found no sources for this question. Use the tools if you have any, else say that nothing was found."
_NO_MORE_SOURCES = "The search found nothing that is not among the sources above."


def history_messages(turns: Sequence[Turn], tokens: int, count: TokenCounter) -> list[Message]:
    """Return the newest turns that fit, oldest first; their citations name places, since the model does not see their sources."""
    chosen: list[Message] = []
    rest = tokens
    for turn in reversed([turn for turn in turns if turn.question and turn.answer]):
        pair = [Message("user", cut_middle(turn.question, max(60, rest // 3), count)), Message("assistant", _answer_of(turn))]
        cost = sum(count(message.content) for message in pair)
        if cost > rest:
            if chosen:
                break
            pair[1] = Message("assistant", cut_middle(pair[1].content, max(60, rest - count(pair[0].content)), count))
            cost = rest
        chosen = pair + chosen
        rest -= cost
    return chosen


def _answer_of(turn: Turn, shown: frozenset[int] = frozenset()) -> str:
    """Return an answer; numbers that are not among the `shown` sources become places."""
    places = {source.number: f"[{attribute(source.path)}:{source.start_line}-{source.end_line}]" for source in turn.sources}

    def cited(match: re.Match[str]) -> str:
        return match[0] if int(match[1]) in shown else places.get(int(match[1]), "")

    answer = _NUMBERED.sub(cited, turn.answer)
    return f"{answer}\n(This answer is incomplete.)" if turn.problem else answer
