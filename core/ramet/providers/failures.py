"""Reads what litellm raises: the status, the provider's own words without keys, and how long to wait."""

from __future__ import annotations

import email.utils
import json
import re
import time
from collections.abc import Iterator, Mapping

from ramet.inert import inert_line

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


def is_too_long(error: Exception, status: int | None, quote: str) -> bool:
    """Whether a request was refused because of its length; `quote` is the provider's own words."""
    if type(error).__name__ == "ContextWindowExceededError" or status == 413:
        return True
    return status == 400 and bool(_TOO_LONG.search(quote))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those behind it."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def status_of(error: Exception) -> int | None:
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


def own_words(error: Exception) -> str:
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


def retry_after(error: Exception) -> float | None:
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


def is_quota(error: Exception) -> bool:
    """Whether a refusal is about an account without quota, which waiting does not help."""
    return bool(_QUOTA.search(str(error)))


def is_unknown_provider(error: Exception) -> bool:
    """Whether litellm does not know whom to ask."""
    return _NO_PROVIDER in str(error)
