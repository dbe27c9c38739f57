"""Builds the messages of a request; what stays the same from request to request comes first, for the providers' caches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from importlib.resources import files

from msgspec import Struct
from msgspec.structs import replace

from ramet.llm.protocol import Message
from ramet.models import Attachment, Source, Turn
from ramet.prompt.trimming import TokenCounter, cut_middle

_ANSWER_TOKENS = 4_096
"""Part of the context window that is left for the answer."""
_QUESTION_SHARE = 0.25
"""Of the window, for the question itself; more than that is a paste."""
_ATTACHMENT_SHARE = 0.25
"""Of the window, for all attachments together."""
_HISTORY_SHARE = 0.15
"""Of the window, for earlier turns."""
_OVERHEAD_TOKENS = 200
"""Tags, roles and tool descriptions."""
_NUMBERED = re.compile(r"\[(\d{1,4})\](?!\()")


class Budget(Struct, frozen=True):
    """How many tokens each part of a request may take."""

    question: int
    attachments: int
    history: int
    sources: int


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
    return Budget(question, attachments, history, max(200, min(source_tokens, room - question - attachments - history)))


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
    packed: Packed, sources: Sequence[Source], turns: Sequence[Turn], budget: Budget, count: TokenCounter
) -> list[Message]:
    """Return the messages of a new question: instructions, earlier turns, then sources, attachments and the question."""
    parts = ["Sources from the repository, cite them as [n]:", sources_block(sources)] if sources else [_NO_SOURCES]
    for attachment in packed.attachments:
        parts.append(f"Attached by the user, {_attribute(attachment.name)}:")
        parts.append(_fenced("attachment", {"name": attachment.name}, attachment.text))
    parts.append(f"Question of the user:\n{packed.question}")
    return [
        Message("system", system_prompt()),
        *history_messages(turns, budget.history, count),
        Message("user", "\n\n".join(parts)),
    ]


_NO_SOURCES = "The search found no sources for this question. Use the tools if you have any, else say that nothing was found."


def history_messages(turns: Sequence[Turn], tokens: int, count: TokenCounter) -> list[Message]:
    """Return the newest turns that fit, oldest first; their citations name places, since numbers begin anew each turn."""
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


def sources_block(sources: Iterable[Source]) -> str:
    """Return numbered sources as the model reads them."""
    return "\n".join(
        _fenced(
            "source",
            {
                "n": str(source.number),
                "path": source.path,
                "lines": f"{source.start_line}-{source.end_line}",
                **({"symbol": source.symbol} if source.symbol else {}),
            },
            source.text,
        )
        for source in sources
    )


def fenced(name: str, text: str) -> str:
    """Return text of a tool as data that is not to be obeyed."""
    return _fenced(name, {}, text)


def _fenced(kind: str, attributes: dict[str, str], text: str) -> str:
    """Put text between tags that it cannot close: the tag carries a hash of the text.

    A hash and not a random number, so that the same request has the same bytes and is found in the provider's cache.
    """
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=4).hexdigest()
    while digest in text:
        digest = blake2b(digest.encode(), digest_size=4).hexdigest()
    tag = f"data-{kind}-{digest}"
    given = "".join(f' {key}="{_attribute(value)}"' for key, value in attributes.items())
    return f"<{tag}{given}>\n{text}\n</{tag}>"


def _attribute(value: str) -> str:
    """File names may hold quotes, angle brackets and line feeds."""
    return "".join(char if char.isprintable() and char not in '<>"' else "?" for char in value)


def _answer_of(turn: Turn) -> str:
    places = {source.number: f"[{_attribute(source.path)}:{source.start_line}-{source.end_line}]" for source in turn.sources}
    answer = _NUMBERED.sub(lambda match: places.get(int(match[1]), ""), turn.answer)
    return f"{answer}\n(This answer is incomplete.)" if turn.problem else answer
