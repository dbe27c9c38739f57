"""Looking at what a question would be sent with, and taking parts of it away before it is sent."""

from __future__ import annotations

import pytest

from ramet.chat.asker import Asker
from ramet.errors import UsageError
from ramet.events import Answered, Retrieved
from ramet.models import AskRequest, Attachment
from tests.fakes.models import ScriptedModel

QUESTION = "How is the price of the cart charged?"
LOG = Attachment("log", "PaymentRefused: 12")


async def test_the_context_is_what_is_sent(asker: Asker, model: ScriptedModel) -> None:
    model.enqueue_answer("ok")

    context = await asker.context(AskRequest(QUESTION, attachments=(LOG,)))
    events = [event async for event in asker.ask(AskRequest(QUESTION, attachments=(LOG,)))]

    retrieved = events[1]
    assert isinstance(retrieved, Retrieved)
    assert context.sources == retrieved.sources
    assert context.attachments == (LOG,)
    assert context.model is not None
    assert (context.question, context.window) == (QUESTION, 100_000)
    assert len(context.source_tokens) == len(context.sources)
    assert 0 < context.earlier_tokens + sum(context.source_tokens) + context.question_tokens < context.tokens


async def test_what_was_taken_away_is_not_sent(asker: Asker, model: ScriptedModel) -> None:
    model.enqueue_answer("It is [1].")
    context = await asker.context(AskRequest(QUESTION))
    gone, *kept = context.sources

    events = [event async for event in asker.ask(AskRequest(QUESTION, sources=tuple(kept)))]

    sent = model.requests[0].text
    assert gone.text not in sent
    assert all(source.text in sent for source in kept)
    retrieved, answered = events[1], events[-1]
    assert isinstance(retrieved, Retrieved)
    assert isinstance(answered, Answered)
    assert [source.number for source in retrieved.sources] == list(range(1, len(kept) + 1))
    assert answered.citations[0].path == kept[0].path


async def test_a_question_may_be_sent_without_any_source(asker: Asker, model: ScriptedModel) -> None:
    model.enqueue_answer("ok")

    events = [event async for event in asker.ask(AskRequest(QUESTION, sources=()))]

    retrieved = events[1]
    assert isinstance(retrieved, Retrieved)
    assert retrieved.sources == ()
    assert model.requests[0].text.endswith(QUESTION)


async def test_earlier_turns_take_their_share_of_the_context(asker: Asker, model: ScriptedModel) -> None:
    model.enqueue_answer("By `checkout` [1].")
    events = [event async for event in asker.ask(AskRequest(QUESTION))]
    answered = events[-1]
    assert isinstance(answered, Answered)

    first = await asker.context(AskRequest(QUESTION))
    follow_up = await asker.context(AskRequest("And who calls it?", conversation=answered.conversation))

    assert first.earlier_tokens == 0
    assert follow_up.earlier_tokens > 0


async def test_without_a_model_the_context_says_so(asker: Asker) -> None:
    context = await asker.context(AskRequest(QUESTION, use_model=False))

    assert context.model is None
    assert context.sources


async def test_an_empty_question_has_no_context(asker: Asker) -> None:
    with pytest.raises(UsageError, match="empty"):
        await asker.context(AskRequest("  "))
