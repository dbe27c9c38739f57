"""Turns what litellm raises into errors whose sentences a user can act on; no key ever gets into them."""

from __future__ import annotations

import email.utils
import json
import re
import time
from collections.abc import Iterator, Mapping

from ramet.errors import (
    ModelAuthFailed,
    ModelContextTooLong,
    ModelError,
    ModelNotConfigured,
    ModelRateLimited,
    ModelStreamBroken,
    ModelTimeout,
)
from ramet.inert import inert_line
from ramet.llm.providers import provider_of

_LONGEST_QUOTE = 300
"""Characters of the provider's own words that are passed on."""
_KEY_LIKE = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|key|r8|hf|tgp|fw|csk|AIza)[-_][\w\-*.]{6,}|\bAIza[\w\-]{20,}|\bBearer\s+\S+|\b[A-Za-z0-9_\-]{40,}\b"
)
"""The shapes of API keys, also partly starred ones; and any unbroken run of 40, which is no word."""
_WRAPPING = re.compile(r"^(?:(?:litellm\.)?\w*(?:Error|Exception|Timeout)\w*\s*(?::|-)\s*)+")
_TOO_LONG = re.compile(
    r"context.{0,12}(?:length|window|size|limit)|too (?:long|large|many tokens)|maximum.{0,20}tokens", re.IGNORECASE
)
_QUOTA = re.compile(r"insufficient_quota|exceeded your current quota|credit balance|billing", re.IGNORECASE)
_ABOUT_TOOLS = re.compile(r"\btools?\b|function.?call", re.IGNORECASE)
_NO_RESPONSE = frozenset(
    {"APIConnectionError", "MidStreamFallbackError", "RemoteProtocolError", "ConnectError", "JSONDecodeError"}
)
"""Classes that mean that no response came, or not all of it."""
_NO_PROVIDER = "LLM Provider NOT provided"


def redacted(text: str, key: str | None) -> str:
    """Return one harmless line of what a provider said, without anything that looks like a key."""
    if key:
        text = text.replace(key, "[key]")
    text = _KEY_LIKE.sub("[key]", " ".join(text.split()))
    text = inert_line(text)
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"


def translated(error: Exception, model: str, key: str | None, api_base: str | None, has_output: bool) -> ModelError:
    """Return the error of ours that says what `error` means for this request."""
    quote = redacted(_own_words(error), key)
    said = f' It said: "{quote}"' if quote else ""
    status = _status(error)
    provider = provider_of(model)
    title = provider.title if provider else "The provider"
    if has_output and (status is None or status >= 500):
        return ModelStreamBroken(
            f"The answer of {model} broke off.{said}", "What had arrived is kept. Ask again to get a whole answer."
        )
    if _NO_PROVIDER in str(error):
        return ModelNotConfigured(
            f"No provider is known for the model {model}.", "Write it as provider/model, for example anthropic/claude-sonnet-5-5."
        )
    if _is_too_long(error, status, quote):
        return ModelContextTooLong(
            f"The request is longer than {model} takes.{said}",
            "Ask with less attached text, lower `context_tokens` in config.toml, or choose a model with a larger context.",
        )
    if status in (401, 403):
        variable = provider.variables[0] if provider else "the API key variable of its provider"
        what = "refused the key" if status == 401 else "does not allow this key to use the model"
        return ModelAuthFailed(f"{title} {what} (model {model}).{said}", f"Check {variable}, then ask again.")
    if status == 404:
        return ModelError(f"{title} does not know the model {model}.{said}", "Check the name, or choose another with --model.")
    if status in (429, 503, 529):
        return _rate_limited(error, model, title, said, status)
    if status in (408, 504):
        return ModelTimeout(f"{title} did not answer in time (model {model}).{said}", "Ask again, or choose another model.")
    if status is None:
        where = api_base or title
        return ModelError(
            f"Cannot reach {where} for the model {model}.{said}", "Check the network, the URL and that the server is running."
        )
    if status >= 500:
        return ModelError(
            f"{title} failed with status {status} (model {model}).{said}", "Ask again later, or choose another model."
        )
    return ModelError(
        f"{title} rejected the request (status {status}, model {model}).{said}", "Choose another model with --model."
    )


def is_about_tools(error: Exception) -> bool:
    """Whether a request was refused because tools were given to a model that has none."""
    return _status(error) in (400, 422, 500, 501) and bool(_ABOUT_TOOLS.search(str(error)))


def timed_out(model: str, seconds: float, has_output: bool) -> ModelTimeout:
    """Return the error for a provider that fell silent."""
    state = "stopped in the middle of its answer" if has_output else "did not begin to answer"
    return ModelTimeout(
        f"{model} {state}: nothing arrived for {seconds:g} seconds.", "Ask again, or raise `answer_timeout` in config.toml."
    )


def _rate_limited(error: Exception, model: str, title: str, said: str, status: int) -> ModelError:
    if _QUOTA.search(str(error)):
        return ModelError(
            f"The account at {title} has no quota left (model {model}).{said}", "Check its billing, or choose another model."
        )
    what = "is asked too often" if status == 429 else "is overloaded"
    seconds = _retry_after(error)
    wait = f"Wait {seconds:g} seconds" if seconds is not None else "Wait a little"
    return ModelRateLimited(f"{title} {what} (model {model}).{said}", f"{wait}, or choose another model.", seconds)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those behind it."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _status(error: Exception) -> int | None:
    """Return the HTTP status that the server sent.

    litellm puts a made-up 500 on connection failures and maps other statuses by the wording, so a response that
    really came from a server is looked for first.
    """
    links = list(_chain(error))
    sent = [_sent_status(link) for link in links if type(link).__module__.startswith(("openai", "httpx"))]
    # litellm's provider code keeps the status too, but makes one up where there was no response.
    kept = [_sent_status(link) for link in links if type(link).__module__.startswith("litellm.llms.")]
    is_unanswered = any(type(link).__name__ in _NO_RESPONSE for link in links)
    found: list[int] = [status for status in (*sent, *(() if is_unanswered else kept)) if status is not None]
    if found:
        return found[0]
    if is_unanswered:
        return None
    return 408 if "Timeout" in type(error).__name__ else _sent_status(error)


def _sent_status(error: BaseException) -> int | None:
    status: object = getattr(error, "status_code", None)
    if status is None:
        status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def _is_too_long(error: Exception, status: int | None, quote: str) -> bool:
    if type(error).__name__ == "ContextWindowExceededError" or status == 413:
        return True
    return status == 400 and bool(_TOO_LONG.search(quote))


def _own_words(error: Exception) -> str:
    """Return the provider's message without litellm's and the client's wrapping."""
    body = getattr(error, "body", None)
    if isinstance(body, Mapping) and isinstance(body.get("message"), str):
        return str(body["message"])
    message = str(getattr(error, "message", "") or error).split(" Original exception:")[0]
    return _message_inside(message) or _WRAPPING.sub("", message)


def _message_inside(text: str) -> str:
    """Return the message of a JSON body that was put into a sentence whole; empty when there is none."""
    start, end = text.find("{"), text.rfind("}")
    try:
        body = json.loads(text[start : end + 1])
    except ValueError:
        return ""
    inner = body.get("error", body) if isinstance(body, dict) else None
    message = inner.get("message") if isinstance(inner, dict) else inner
    return message if isinstance(message, str) else ""


def _retry_after(error: Exception) -> float | None:
    """Return the seconds that the server asked to wait: `retry-after` as a number or a date, `retry-after-ms`."""
    for link in _chain(error):
        for headers in (
            getattr(link, "litellm_response_headers", None),
            getattr(getattr(link, "response", None), "headers", None),
        ):
            if isinstance(headers, Mapping):
                seconds = _seconds(headers)
                if seconds is not None:
                    return seconds
    return None


def _seconds(headers: Mapping[str, str]) -> float | None:
    milliseconds, value = headers.get("retry-after-ms", ""), headers.get("retry-after", "")
    if re.fullmatch(r"\d+(\.\d+)?", milliseconds):
        return float(milliseconds) / 1000
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    date = email.utils.parsedate_tz(value) if value else None
    return max(0.0, email.utils.mktime_tz(date) - time.time()) if date else None
