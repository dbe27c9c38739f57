"""The chat model over real HTTP and real litellm, against a scripted local server."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ramet.config import Config
from ramet.errors import (
    ModelAuthFailed,
    ModelContextTooLong,
    ModelError,
    ModelNotConfigured,
    ModelRateLimited,
    ModelStreamBroken,
    ModelTimeout,
)
from ramet.llm.litellm_model import LitellmModel
from ramet.llm.protocol import Completed, Delta, Message, ModelEvent, Retrying, ToolCall, ToolSpec
from ramet.models import ModelChoice
from tests.fakes.openai_server import (
    OpenAIServer,
    Reply,
    Wait,
    answer,
    cut_after,
    failure,
    hung_after,
    malformed_after,
    tool_call,
)

KEY = "sk-test-0123456789abcdef"
QUESTION = (Message("system", "Be brief."), Message("user", "Why?"))
GREP = ToolSpec("grep", "Search lines.", {"type": "object", "properties": {"pattern": {"type": "string"}}})


class Naps:
    """Records how long the model would have slept."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def model_at(server: OpenAIServer, name: str = "openai/served", timeout: float = 30.0, naps: Naps | None = None) -> LitellmModel:
    config = Config(answer_timeout=timeout)
    return LitellmModel(ModelChoice(name, "test"), KEY, server.url, config, sleep=naps or Naps())


async def events_of(model: LitellmModel, *tools: ToolSpec) -> list[ModelEvent]:
    return [event async for event in model.stream(QUESTION, tools)]


async def text_and_error(model: LitellmModel) -> tuple[str, ModelError]:
    text = ""
    try:
        async for event in model.stream(QUESTION):
            text += event.text if isinstance(event, Delta) else ""
    except ModelError as error:
        return text, error
    pytest.fail(f"the stream ended without an error after {text!r}")


async def test_an_answer_arrives_in_pieces_with_its_usage(server: OpenAIServer) -> None:
    usage = {"prompt_tokens": 50, "completion_tokens": 2, "total_tokens": 52, "prompt_tokens_details": {"cached_tokens": 30}}
    server.enqueue(answer("Because ", "of [1].", usage=usage))

    events = await events_of(model_at(server))

    assert events[:2] == [Delta("Because "), Delta("of [1].")]
    completed = events[2]
    assert isinstance(completed, Completed)
    assert (completed.tool_calls, completed.finish_reason) == ((), "stop")
    assert (completed.usage.input_tokens, completed.usage.output_tokens, completed.usage.cached_tokens) == (50, 2, 30)
    assert completed.usage.cost is None


async def test_the_request_holds_the_messages_the_key_and_nothing_of_litellms_own(server: OpenAIServer) -> None:
    server.enqueue(answer("ok"))

    await events_of(model_at(server), GREP)

    request = server.requests[0]
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
    assert request.body["tools"][0]["function"]["name"] == "grep"
    assert set(request.body) == {"model", "messages", "stream", "stream_options", "tools"}


async def test_a_known_model_has_a_price_a_window_and_tools(server: OpenAIServer) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    server.enqueue(answer("ok", usage=usage))
    model = model_at(server, "openai/gpt-4o")

    completed = (await events_of(model))[-1]

    assert isinstance(completed, Completed)
    assert completed.usage.cost == pytest.approx(1000 * 2.5e-6 + 100 * 1e-5)
    assert (model.context_window, completed.usage.context_window, model.supports_tools) == (128_000, 128_000, True)


async def test_a_tool_call_whose_arguments_arrive_in_pieces_is_put_together(server: OpenAIServer) -> None:
    server.enqueue(tool_call("grep", '{"pat', 'tern": ', '"retry"}', id="call_7", before="Let me look."))

    events = await events_of(model_at(server), GREP)

    assert events[0] == Delta("Let me look.")
    completed = events[-1]
    assert isinstance(completed, Completed)
    assert completed.tool_calls == (ToolCall("call_7", "grep", '{"pattern": "retry"}'),)
    assert completed.finish_reason == "tool_calls"


async def test_calls_and_results_of_earlier_rounds_are_sent_back(server: OpenAIServer) -> None:
    server.enqueue(answer("ok"))
    history = (
        *QUESTION,
        Message("assistant", "", tool_calls=(ToolCall("call_7", "grep", "{}"),)),
        Message("tool", "3 matches", tool_call_id="call_7"),
    )

    _ = [event async for event in model_at(server).stream(history, (GREP,))]

    called, returned = server.requests[0].body["messages"][2:]
    assert called["tool_calls"] == [{"id": "call_7", "type": "function", "function": {"name": "grep", "arguments": "{}"}}]
    assert returned == {"role": "tool", "content": "3 matches", "tool_call_id": "call_7"}


async def test_a_server_that_refuses_tools_is_asked_again_without(server: OpenAIServer) -> None:
    server.enqueue(failure(400, "this server was started without support for tools"), answer("ok"))
    model = model_at(server)

    events = await events_of(model, GREP)

    assert events[0] == Delta("ok")
    assert "tools" not in server.requests[1].body
    assert not model.supports_tools


async def test_a_refused_key_is_said_without_showing_it(server: OpenAIServer) -> None:
    server.enqueue(failure(401, f"Incorrect API key provided: {KEY}. Also sk-other-key-123456.", "invalid_api_key"))

    _, error = await text_and_error(model_at(server))

    assert isinstance(error, ModelAuthFailed)
    assert "OPENAI_API_KEY" in error.advice
    assert "Incorrect API key provided" in error.what
    assert KEY not in str(error)
    assert "sk-other" not in str(error)


async def test_a_provider_that_asks_to_wait_is_waited_for_and_asked_again(server: OpenAIServer) -> None:
    server.enqueue(failure(429, "slow down", "rate_limit_exceeded", {"retry-after": "7"}), answer("ok"))
    naps = Naps()

    events = await events_of(model_at(server, naps=naps))

    retrying = events[0]
    assert isinstance(retrying, Retrying)
    assert (retrying.seconds, naps.seconds) == (7, [7])
    assert events[1] == Delta("ok")


async def test_waiting_ends_after_three_retries(server: OpenAIServer) -> None:
    server.enqueue(*[failure(429, "slow down", headers={"retry-after": "1"})] * 4)
    naps = Naps()

    _, error = await text_and_error(model_at(server, naps=naps))

    assert isinstance(error, ModelRateLimited)
    assert (len(server.requests), naps.seconds, error.retry_after) == (4, [1, 1, 1], 1)


async def test_a_wait_of_more_than_a_minute_is_the_users_decision(server: OpenAIServer) -> None:
    server.enqueue(failure(429, "slow down", headers={"retry-after": "3600"}))

    _, error = await text_and_error(model_at(server))

    assert isinstance(error, ModelRateLimited)
    assert error.retry_after == 3600
    assert "3600 seconds" in error.advice


async def test_an_overloaded_provider_is_waited_for_with_growing_patience(server: OpenAIServer) -> None:
    server.enqueue(failure(503, "busy"), failure(503, "busy"), answer("ok"))
    naps = Naps()

    events = await events_of(model_at(server, naps=naps))

    assert Delta("ok") in events
    assert naps.seconds == [2, 4]


async def test_an_empty_account_is_not_retried(server: OpenAIServer) -> None:
    server.enqueue(failure(429, "You exceeded your current quota, please check your plan", "insufficient_quota"))

    _, error = await text_and_error(model_at(server))

    assert not isinstance(error, ModelRateLimited)
    assert "no quota left" in error.what


async def test_a_request_that_is_too_long_says_what_to_shorten(server: OpenAIServer) -> None:
    words = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."
    server.enqueue(failure(400, words, "context_length_exceeded"))

    _, error = await text_and_error(model_at(server))

    assert isinstance(error, ModelContextTooLong)
    assert "8192" in error.what
    assert "context_tokens" in error.advice


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (403, "does not allow this key"),
        (404, "does not know the model openai/served"),
        (500, "failed with status 500"),
        (400, "status 400"),
    ],
)
async def test_other_refusals_name_the_model_and_quote_the_provider(server: OpenAIServer, status: int, expected: str) -> None:
    server.enqueue(failure(status, "the words of the \x1b[31mprovider"))

    _, error = await text_and_error(model_at(server))

    assert expected in error.what
    assert "the words of the ␛[31mprovider" in error.what
    assert error.advice


async def test_a_dropped_stream_keeps_what_came_and_says_so(server: OpenAIServer) -> None:
    server.enqueue(cut_after("The cart ", "is "))

    text, error = await text_and_error(model_at(server))

    assert text == "The cart is "
    assert isinstance(error, ModelStreamBroken)


async def test_a_chunk_that_is_not_json_is_a_broken_stream(server: OpenAIServer) -> None:
    server.enqueue(malformed_after("The cart "))

    text, error = await text_and_error(model_at(server))

    assert text == "The cart "
    assert isinstance(error, ModelStreamBroken)


async def test_a_slow_first_token_is_waited_for(server: OpenAIServer) -> None:
    may_answer = threading.Event()
    server.enqueue(Reply((Wait(may_answer), *answer("at last").steps)))
    events = model_at(server).stream(QUESTION)

    first = asyncio.ensure_future(anext(events))
    await asyncio.to_thread(server.was_asked.wait, 10)
    is_done_early = first.done()
    may_answer.set()
    delta = await first
    await events.aclose()

    assert not is_done_early
    assert delta == Delta("at last")


@pytest.mark.parametrize(("pieces", "expected"), [((), "did not begin to answer"), (("half",), "stopped in the middle")])
async def test_silence_ends_in_a_timeout(server: OpenAIServer, pieces: tuple[str, ...], expected: str) -> None:
    left = threading.Event()
    server.enqueue(hung_after(left, *pieces))

    text, error = await text_and_error(model_at(server, timeout=0.2))

    assert text == "".join(pieces)
    assert isinstance(error, ModelTimeout)
    assert expected in error.what
    assert await asyncio.to_thread(left.wait, 10)


async def test_closing_the_stream_closes_the_connection(server: OpenAIServer) -> None:
    left = threading.Event()
    server.enqueue(hung_after(left, "one"))
    events = model_at(server).stream(QUESTION)

    first = await anext(events)
    await events.aclose()

    assert first == Delta("one")
    assert await asyncio.to_thread(left.wait, 10)


async def test_cancelling_the_reader_closes_the_connection(server: OpenAIServer) -> None:
    left = threading.Event()
    server.enqueue(hung_after(left, "one"))
    has_begun = asyncio.Event()

    async def read() -> None:
        async for _ in model_at(server).stream(QUESTION):
            has_begun.set()

    reader = asyncio.create_task(read())
    await has_begun.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader

    assert await asyncio.to_thread(left.wait, 10)


async def test_a_server_that_is_not_there_is_named(server: OpenAIServer) -> None:
    model = LitellmModel(ModelChoice("openai/served", "test"), KEY, "http://127.0.0.1:1/v1", Config())

    _, error = await text_and_error(model)

    assert "Cannot reach http://127.0.0.1:1/v1" in error.what


async def test_a_name_without_a_known_provider_is_explained(server: OpenAIServer) -> None:
    model = LitellmModel(ModelChoice("nowhere/model", "test"), None, None, Config())

    _, error = await text_and_error(model)

    assert isinstance(error, ModelNotConfigured)
    assert "provider/model" in error.advice


async def test_an_unknown_model_gets_careful_defaults(server: OpenAIServer) -> None:
    model = model_at(server)

    assert (model.context_window, model.supports_tools) == (32_768, True)


def test_text_is_counted_on_the_safe_side() -> None:
    model = LitellmModel(ModelChoice("openai/served", "test"), KEY, None, Config())
    code = Path(__file__).read_text(encoding="utf-8")

    import litellm

    assert litellm.token_counter(model="openai/gpt-4o", text=code) <= model.count_tokens(code) * 1.05


def test_importing_litellm_prints_nothing_and_ignores_env_files(tmp_path: Path) -> None:
    """A repository's `.env` must not choose keys or servers."""
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-from-the-repository\n")
    script = (
        "import os; from ramet.providers.litellm_library import litellm_library; litellm_library(); "
        "raise SystemExit('OPENAI_API_KEY' in os.environ)"
    )

    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, env=dict(os.environ))

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


async def test_anthropic_is_told_what_to_cache_and_keeps_tools_declared(server: OpenAIServer) -> None:
    """Each round of tools pays for its own part only, and the last one, without tools, is not refused for old calls."""
    server.enqueue(failure(529, "Overloaded"), failure(400, "stop here"))
    history = (
        *QUESTION,
        Message("assistant", "", tool_calls=(ToolCall("call_7", "grep", "{}"),)),
        Message("tool", "3 matches", tool_call_id="call_7"),
    )
    base = server.url.removesuffix("/v1")
    model = LitellmModel(ModelChoice("anthropic/claude-sonnet-5-5", "test"), KEY, base, Config(), sleep=Naps())

    with pytest.raises(ModelError, match="stop here"):
        _ = [event async for event in model.stream(history)]

    sent = server.requests[1].body
    assert server.requests[1].path == "/v1/messages"
    assert sent["messages"][-1]["content"][-1]["cache_control"] == {"type": "ephemeral"}
    assert sent["tools"]
