"""The flow of a question, with a real repository on disk and a scripted model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.chat.asker import Asker
from ramet.errors import ModelError, ModelRateLimited, ModelStreamBroken, StoreFull, UsageError
from ramet.events import Answered, AskEvent, ModelChosen, ModelRetrying, Retrieved, TextDelta, ToolCalled, ToolReturned
from ramet.llm.protocol import Completed, Delta, Retrying, ToolCall
from ramet.models import AskRequest, Attachment, ModelChoice, Problem, Turn, Usage
from ramet.store.conversations import ConversationStore
from tests.fakes.models import ScriptedModel
from tests.fakes.repository import FolderRepository

QUESTION = "How is the price of the cart charged?"


async def events_of(asker: Asker, question: str = QUESTION, **fields: object) -> list[AskEvent]:
    request = AskRequest(question, **fields)  # type: ignore[arg-type]  # tests name real fields
    return [event async for event in asker.ask(request)]


def call(name: str, id: str = "c1", **arguments: object) -> ToolCall:
    return ToolCall(id, name, json.dumps(arguments))


def answered(events: list[AskEvent]) -> Answered:
    last = events[-1]
    assert isinstance(last, Answered)
    return last


def text_of(events: list[AskEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def returned(events: list[AskEvent]) -> list[ToolReturned]:
    return [event for event in events if isinstance(event, ToolReturned)]


async def test_an_answer_streams_and_ends_with_checked_citations(asker: Asker, model: ScriptedModel) -> None:
    model.enqueue_answer("It is charged by ", "`checkout` [1].", usage=Usage(100, 20, 10, 0.5, 9_000))

    events = await events_of(asker)

    chosen, retrieved = events[:2]
    assert isinstance(chosen, ModelChosen)
    assert chosen.model == ModelChoice("test/scripted", "test")
    assert isinstance(retrieved, Retrieved)
    assert [source.number for source in retrieved.sources] == list(range(1, len(retrieved.sources) + 1))
    last = answered(events)
    assert last.text == text_of(events) == "It is charged by `checkout` [1]."
    assert (last.citations[0].state, last.citations[0].path) == ("valid", retrieved.sources[0].path)
    assert (last.usage, last.problem, last.conversation) == (Usage(100, 20, 10, 0.5, 9_000), None, chosen.conversation)


async def test_the_model_gets_the_sources_that_were_shown(asker: Asker, model: ScriptedModel) -> None:
    model.enqueue_answer("ok")

    events = await events_of(asker)

    retrieved = events[1]
    assert isinstance(retrieved, Retrieved)
    sent = model.requests[0].text
    assert all(source.text in sent for source in retrieved.sources)
    assert sent.endswith(QUESTION)


async def test_the_turn_is_stored_as_it_was_shown(asker: Asker, model: ScriptedModel, conversations: ConversationStore) -> None:
    model.enqueue_answer("By `checkout` [1].")

    last = answered(await events_of(asker, attachments=(Attachment("standard input", "a log"),)))

    conversation = conversations.get(last.conversation)
    (turn,) = conversation.turns
    assert conversation.info.title == QUESTION
    assert (turn.answer, turn.citations, turn.usage, turn.model) == (last.text, last.citations, last.usage, "test/scripted")
    assert turn.attachments == (Attachment("standard input", "a log"),)


@pytest.mark.parametrize("question", ["", "  \n\t"])
async def test_an_empty_question_is_refused(asker: Asker, question: str) -> None:
    with pytest.raises(UsageError, match="empty"):
        await events_of(asker, question)


async def test_a_conversation_that_does_not_exist_is_refused(asker: Asker) -> None:
    with pytest.raises(UsageError, match="no conversation"):
        await events_of(asker, conversation="nowhere")


async def test_a_tool_brings_sources_that_can_be_cited(asker: Asker, model: ScriptedModel) -> None:
    model.enqueue_calls(call("read_file", path="web/app.ts", start_line=9, end_line=11), before="Let me look.")
    events: list[AskEvent] = []
    async for event in asker.ask(AskRequest(QUESTION)):
        if isinstance(event, ToolReturned):
            model.enqueue_answer(f"It is formatted [{event.sources[0].number}].", usage=Usage(1, 1))
        events.append(event)

    (tool,) = returned(events)
    assert tool.summary == "web/app.ts:9-11"
    assert tool.sources[0].text.startswith("export function formatPrice")
    last = answered(events)
    assert last.text == text_of(events) == f"Let me look.\n\nIt is formatted [{tool.sources[0].number}]."
    assert (last.citations[0].state, last.citations[0].path, last.citations[0].start_line) == ("valid", "web/app.ts", 9)
    assert last.usage.input_tokens == 11
    assert any(isinstance(event, ToolCalled) and event.name == "read_file" for event in events)


async def test_tool_results_go_back_in_the_form_providers_want(asker: Asker, model: ScriptedModel) -> None:
    model.enqueue_calls(call("grep", "c1", pattern="RETRY_LIMIT"), call("list_symbols", "c2", path="shop/cart.py"))
    model.enqueue_answer("ok")

    await events_of(asker)

    assistant, first, second = model.requests[1].messages[-3:]
    assert (assistant.role, [each.id for each in assistant.tool_calls]) == ("assistant", ["c1", "c2"])
    assert (first.role, first.tool_call_id, second.tool_call_id) == ("tool", "c1", "c2")
    assert "RETRY_LIMIT = 3" in first.content
    assert "method Cart.add_item" in second.content


async def test_the_last_round_has_no_tools_and_says_so(asker_with: Callable[..., Asker], model: ScriptedModel) -> None:
    for number in range(3):
        model.enqueue_calls(call("search_code", f"c{number}", query="payment"))
    model.enqueue_answer("That is what I found.")

    events = await events_of(asker_with(tool_rounds=3))

    assert [bool(request.tools) for request in model.requests] == [True, True, True, False]
    assert "No more tool calls are possible" in model.requests[3].messages[-1].content
    assert answered(events).text == "That is what I found."


async def test_tools_end_when_the_context_is_nearly_full(
    asker_with: Callable[..., Asker], model: ScriptedModel, repository: FolderRepository
) -> None:
    model.context_window = 6_000
    (repository.root / "long.py").write_text(
        "\n".join(f"value_{number} = {number}  # a long line of the file" for number in range(2_000))
    )
    for number in range(8):
        model.enqueue_calls(call("read_file", f"c{number}", path="long.py", start_line=1 + 200 * number))

    with pytest.raises(ModelError):
        await events_of(asker_with(context_tokens=500))

    assert 1 < len(model.requests) < 8
    assert not model.requests[-1].tools


async def test_a_model_without_tools_gets_one_grounded_request(asker: Asker, model: ScriptedModel) -> None:
    model.supports_tools = False
    model.enqueue_answer("By `checkout` [1].")

    events = await events_of(asker)

    assert [request.tools for request in model.requests] == [()]
    assert "def checkout" in model.requests[0].text
    assert answered(events).citations[0].state == "valid"


async def test_text_that_came_before_a_failure_is_kept(
    asker: Asker, model: ScriptedModel, conversations: ConversationStore
) -> None:
    model.enqueue(Delta("The cart [1] "), ModelStreamBroken("It broke off.", "Ask again."))

    events = await events_of(asker)

    last = answered(events)
    assert last.text == "The cart [1] "
    assert last.citations[0].state == "valid"
    assert last.problem is not None
    assert (last.problem.error, last.problem.what, last.problem.advice) == ("ModelStreamBroken", "It broke off.", "Ask again.")
    assert conversations.get(last.conversation).turns[0].problem == last.problem


async def test_a_failure_before_the_first_word_is_raised_and_stored(
    asker: Asker, model: ScriptedModel, conversations: ConversationStore
) -> None:
    model.enqueue(ModelRateLimited("Too often.", "Wait.", 90))

    with pytest.raises(ModelRateLimited):
        await events_of(asker)
    (info,) = conversations.list()
    model.enqueue_answer("The cart.")
    again = answered(await events_of(asker, conversation=info.id))

    failed, retried = conversations.get(info.id).turns
    assert (failed.question, failed.answer, failed.problem) == (QUESTION, "", Problem("ModelRateLimited", "Too often.", "Wait."))
    assert (retried.answer, retried.problem) == ("The cart.", None)
    assert again.conversation == info.id


async def test_a_failed_question_does_not_make_the_next_one_forget_what_was_cited(asker: Asker, model: ScriptedModel) -> None:
    model.enqueue_answer("By `checkout` [1].")
    model.enqueue(ModelRateLimited("Too often.", "Wait.", 90))
    model.enqueue_answer("As said [1].")
    first = answered(await events_of(asker))
    with pytest.raises(ModelRateLimited):
        await events_of(asker, "zzzz", conversation=first.conversation)
    events = await events_of(asker, "zzzz", conversation=first.conversation)

    retrieved = next(event for event in events if isinstance(event, Retrieved))
    assert next((source.path, source.symbol) for source in retrieved.sources) == (
        first.citations[0].path,
        first.citations[0].symbol,
    )


async def test_waiting_for_the_provider_is_shown(asker: Asker, model: ScriptedModel) -> None:
    model.enqueue(Retrying("busy", 7), Delta("ok"), Completed((), Usage(), "stop"))

    events = await events_of(asker)

    assert ModelRetrying("busy", 7) in events


async def test_an_empty_answer_is_an_error(asker: Asker, model: ScriptedModel) -> None:
    model.enqueue_answer()

    with pytest.raises(ModelError, match="empty answer"):
        await events_of(asker)


async def test_an_answer_cut_at_the_output_limit_is_marked(asker: Asker, model: ScriptedModel) -> None:
    model.enqueue_answer("The cart", finish_reason="length")

    last = answered(await events_of(asker))

    assert last.problem is not None
    assert "limit of output tokens" in last.problem.what


async def test_closing_the_stream_stores_what_had_come(
    asker: Asker, model: ScriptedModel, conversations: ConversationStore
) -> None:
    model.enqueue_answer("The cart [1] ", "is never reached")
    events = asker.ask(AskRequest(QUESTION))

    async for event in events:
        if isinstance(event, TextDelta):
            break
    await events.aclose()

    (info,) = conversations.list()
    (turn,) = conversations.get(info.id).turns
    assert turn.answer == "The cart [1] "
    assert turn.problem is not None
    assert "stopped" in turn.problem.what
    assert turn.citations[0].state == "valid"
    assert turn.usage.output_tokens == 0
    assert model.was_closed


async def test_cancelling_the_reader_stores_what_had_come(
    asker: Asker, model: ScriptedModel, conversations: ConversationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_text = asyncio.Event()
    model.enqueue_answer("The cart", "more")

    async def read() -> None:
        async for event in asker.ask(AskRequest(QUESTION)):
            if isinstance(event, TextDelta):
                has_text.set()
                await asyncio.Event().wait()

    reader = asyncio.create_task(read())
    await has_text.wait()
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()

    (info,) = conversations.list()
    assert conversations.get(info.id).turns[0].answer == "The cart"


async def test_a_follow_up_knows_what_was_said(
    asker: Asker, model: ScriptedModel, repository: FolderRepository, conversations: ConversationStore
) -> None:
    model.enqueue_answer("By `Payment.charge` [1].")
    model.enqueue_answer("In `checkout` [1].")

    first = answered(await events_of(asker))
    second = answered(await events_of(asker, "Where is it called?", conversation=first.conversation))

    assert repository.queries[1] == f"Where is it called?\n{QUESTION}\nPayment.charge"
    roles = [message.role for message in model.requests[1].messages]
    assert roles == ["system", "user", "assistant", "user"]
    assert model.requests[1].messages[2].content == "By `Payment.charge` [1]."
    assert second.conversation == first.conversation
    assert len(conversations.get(first.conversation).turns) == 2


async def test_what_the_last_answer_cited_is_at_hand_for_the_follow_up(asker: Asker, model: ScriptedModel) -> None:
    model.enqueue_calls(call("read_file", path="web/app.ts", start_line=9, end_line=11))
    model.enqueue_answer("Formatted [1][2][3][4][5][6][7][8].")
    model.enqueue_answer("ok")

    first = answered(await events_of(asker))
    events = await events_of(asker, "zzz?", conversation=first.conversation)

    retrieved = events[1]
    assert isinstance(retrieved, Retrieved)
    assert any(source.path == "web/app.ts" for source in retrieved.sources)


async def test_a_follow_up_begins_with_the_bytes_of_the_request_before_it(asker: Asker, model: ScriptedModel) -> None:
    """Providers charge a fraction for a beginning that they have seen."""
    model.enqueue_calls(call("read_file", path="web/app.ts", start_line=9, end_line=11))
    model.enqueue_answer("By `checkout` [1].")
    model.enqueue_answer("Still [1].")
    model.enqueue_answer("Again [1].")

    first = answered(await events_of(asker, attachments=(Attachment("standard input", "a log"),)))
    second = await events_of(asker, "How is it formatted in the web app?", conversation=first.conversation)
    await events_of(asker, "And how is the stock kept?", conversation=first.conversation)

    sent = [model.requests[place].messages for place in (0, 2, 3)]
    assert sent[1][: len(sent[0])] == sent[0]
    assert sent[2][: len(sent[1])] == sent[1]
    retrieved = second[1]
    assert isinstance(retrieved, Retrieved)
    numbers = [source.number for source in retrieved.sources]
    assert numbers == sorted(set(numbers))
    assert (answered(second).citations[0].state, answered(second).citations[0].path) == ("valid", first.citations[0].path)


async def test_sources_that_have_changed_are_not_sent_again(asker: Asker, model: ScriptedModel, shop: Path) -> None:
    model.enqueue_answer("By `checkout` [1].")
    model.enqueue_answer("ok")
    first = answered(await events_of(asker))
    path = shop / first.citations[0].path
    path.write_text(path.read_text().replace("\n", "\n\n", 1))

    await events_of(asker, "Where else?", conversation=first.conversation)

    again = model.requests[1].messages
    assert [message.role for message in again] == ["system", "user", "assistant", "user"]
    assert "<data-source" not in again[1].content
    assert again[2].content.startswith("By `checkout` [shop/")


async def test_a_question_about_callers_brings_them(asker: Asker, model: ScriptedModel) -> None:
    model.enqueue_answer("ok")

    retrieved = (await events_of(asker, "Who calls `Payment.charge`?"))[1]

    assert isinstance(retrieved, Retrieved)
    details = {reason.detail for source in retrieved.sources for reason in source.reasons}
    assert "defines charge" in details
    assert any("return payment.charge" in source.text for source in retrieved.sources)
    assert any(detail.startswith("used at line ") for detail in details)


async def test_a_question_about_callees_brings_their_definitions(asker: Asker, model: ScriptedModel, shop: Path) -> None:
    (shop / "night.py").write_text("def zzz():\n    return yyy(1)\n")
    (shop / "day.py").write_text("def yyy(value):\n    return value\n")
    model.enqueue_answer("ok")

    retrieved = (await events_of(asker, "what does zzz call?"))[1]

    assert isinstance(retrieved, Retrieved)
    assert [(source.path, source.symbol) for source in retrieved.sources if source.symbol in ("yyy", "zzz")] == [
        ("night.py", "zzz"),
        ("day.py", "yyy"),
    ]


async def test_an_outline_can_be_cited_and_is_checked_line_by_line(asker: Asker, model: ScriptedModel, shop: Path) -> None:
    body = "".join(f"    value = {number}\n" for number in range(20))
    text = "".join(f"def part_{number}():\n{body}\n\n" for number in range(3)) + "def zebra():\n    return 'stripes'\n"
    (shop / "zoo.py").write_text(text)
    events = []
    async for event in asker.ask(AskRequest("zebra stripes")):
        if isinstance(event, Retrieved):
            outline = next(source for source in event.sources if source.spans and source.path == "zoo.py")
            model.enqueue_answer(f"There is more [{outline.number}].")
        events.append(event)
    (citation,) = answered(events).citations
    assert (citation.state, [span.start_line for span in citation.spans]) == ("valid", [1, 24, 47])

    (shop / "zoo.py").write_text(text.replace("    value = 3\n", "    value = 3\n    more = 1\n", 1))
    (moved,) = await asker.check((citation,))
    (shop / "zoo.py").write_text(text.replace("def part_1", "def section_1"))
    (changed,) = await asker.check((citation,))

    assert (moved.state, [span.start_line for span in moved.spans], moved.end_line) == ("moved", [1, 25, 48], 48)
    assert changed.state == "changed"


async def test_a_megabyte_of_question_and_input_is_answered(
    asker: Asker, model: ScriptedModel, repository: FolderRepository
) -> None:
    model.enqueue_answer("ok")
    log = "noise of a log\n" * 70_000 + "shop/payment.py:16: PaymentRefused\n"

    events = await events_of(asker, "why " * 250_000, attachments=(Attachment("standard input", log),))

    assert len(repository.queries[0]) < 6_000
    assert "PaymentRefused" in repository.queries[0]
    assert model.count_tokens(model.requests[0].text) < model.context_window
    retrieved = events[1]
    assert isinstance(retrieved, Retrieved)
    assert any("question is very long" in note for note in retrieved.notes)
    assert any("standard input is very long" in note for note in retrieved.notes)


async def test_notes_of_the_search_are_passed_on(asker: Asker, model: ScriptedModel, repository: FolderRepository) -> None:
    repository.notes = ("Vectors are still being computed.",)
    model.enqueue_answer("ok")

    retrieved = (await events_of(asker))[1]

    assert isinstance(retrieved, Retrieved)
    assert retrieved.notes == ("Vectors are still being computed.",)


async def test_escape_codes_and_broken_characters_of_a_model_stay_values(asker: Asker, model: ScriptedModel) -> None:
    """Front ends make them inert; here they must only not break storage."""
    model.enqueue_answer("\x1b[31mred\x00 \ud83d half")

    last = answered(await events_of(asker, "what \udcff is this?"))

    assert last.text == "\x1b[31mred\x00 ? half"
    assert last.problem is None


async def test_an_answer_that_cannot_be_stored_is_still_given(
    asker: Asker, model: ScriptedModel, conversations: ConversationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(id: str, turn: Turn) -> None:
        raise StoreFull("The disk is full.", "Free some space.")

    monkeypatch.setattr(conversations, "append", full)
    model.enqueue_answer("It is charged.")

    last = answered(await events_of(asker))

    assert last.text == "It is charged."
    assert last.problem is not None
    assert last.problem.error == "StoreFull"


async def test_without_a_model_the_places_are_the_answer(asker_with: Callable[..., Asker], shop: Path) -> None:
    events = await events_of(asker_with(choice=None), "charge the card")

    chosen, retrieved = events[:2]
    assert isinstance(chosen, ModelChosen)
    assert chosen.model is None
    assert isinstance(retrieved, Retrieved)
    last = answered(events)
    assert last.text == text_of(events)
    assert "**`Payment.charge`**, method in `shop/payment.py:" in last.text
    assert "Charge the card and retry when the network is flaky." in last.text
    assert "def charge(self, cents: int) -> str:" in last.text
    assert "Found by words `card, charge, the`.\n" in last.text
    assert "\n\nUsed in `checkout` [" in last.text
    assert "ANTHROPIC_API_KEY" in last.text.rsplit("\n", 1)[-1]
    assert {citation.state for citation in last.citations} == {"valid"}
    assert {citation.number for citation in last.citations} <= {source.number for source in retrieved.sources}


async def test_at_most_two_uses_of_a_place_become_sources(asker_with: Callable[..., Asker], shop: Path) -> None:
    callers = "\n\n".join(f"def settle_{number}(p):\n    return p.charge({number})" for number in range(9))
    (shop / "shop/settling.py").write_text(f'"""Settling."""\n\n{callers}\n')

    last = answered(await events_of(asker_with(choice=None), "charge the card"))

    uses = [line for line in last.text.split("\n") if line.startswith("Used in ")]
    assert uses
    assert all(line.count("[") <= 2 for line in uses)


async def test_asking_without_a_model_does_not_choose_one(asker: Asker, model: ScriptedModel) -> None:
    events = await events_of(asker, use_model=False)

    assert isinstance(events[0], ModelChosen)
    assert events[0].model is None
    assert model.requests == []
    assert answered(events).text.endswith("as asked.")


async def test_a_question_that_nothing_matches_says_so(asker_with: Callable[..., Asker]) -> None:
    last = answered(await events_of(asker_with(choice=None), "zzzz qqqq"))

    assert last.text.startswith("Nothing in the repository matches")
    assert "ANTHROPIC_API_KEY" in last.text


async def test_stored_citations_can_be_checked_again(asker: Asker, model: ScriptedModel, shop: Path) -> None:
    model.enqueue_answer("By `checkout` [1].")
    last = answered(await events_of(asker))
    path = shop / last.citations[0].path
    path.write_text("# new first line\n" + path.read_text())

    (citation,) = await asker.check(last.citations)

    assert (citation.state, citation.start_line) == ("moved", last.citations[0].start_line + 1)
