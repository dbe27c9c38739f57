"""Turns what litellm raises while embedding into errors of ours, and says whether trying again may help."""

from __future__ import annotations

from msgspec import Struct

from ramet.config import without_credentials
from ramet.embed.connection import EmbedderConnection
from ramet.embed.names import HOW_TO_NAME
from ramet.errors import EmbedderUnavailable, EmbedError
from ramet.providers.failures import is_quota, is_too_long, is_unknown_provider, own_words, redacted, retry_after, status_of

_NEXT_RUN = "Run `ramet index` later; what has vectors keeps them."


class Failure(Struct, frozen=True):
    """What one failed request means."""

    error: EmbedError
    is_passing: bool = False
    """Whether the same request may succeed later."""
    is_too_long: bool = False
    is_unreached: bool = False
    """Whether no answer came at all."""
    seconds: float | None = None
    """How long the service asked to wait."""


def failure_of(error: Exception, model: str, connection: EmbedderConnection) -> Failure:
    """Return what an exception of litellm means for a request to a model."""
    quote = redacted(own_words(error), connection.key)
    said = f' It said: "{quote}"' if quote else ""
    status = status_of(error)
    title = connection.service.title if connection.api_base is None else without_credentials(connection.api_base)
    if is_unknown_provider(error) or type(error).__name__ == "LiteLLMUnknownProvider":
        return Failure(EmbedderUnavailable(f"No service is known that embeds with {model}.", HOW_TO_NAME))
    if is_too_long(error, status, quote):
        return Failure(EmbedError(f"{title} finds a text too long for {model}.{said}"), is_too_long=True)
    if status in (401, 403):
        what = "refused the key" if status == 401 else "does not allow this key to use the model"
        variable = connection.service.variables[0] if connection.service.variables else "the key of the service"
        return Failure(EmbedderUnavailable(f"{title} {what} (embedder {model}).{said}", f"Check {variable}, then index again."))
    if status == 404:
        advice = f"Run `ollama pull {model.partition('/')[2]}`." if connection.is_ollama else "Correct `embedder`."
        return Failure(EmbedderUnavailable(f"{title} does not know the embedder {model}.{said}", advice))
    if status == 402 or (status == 429 and is_quota(error)):
        return Failure(EmbedderUnavailable(f"The account at {title} has no quota left (embedder {model}).{said}", _NEXT_RUN))
    if status is None:
        advice = "Start it with `ollama serve`." if connection.is_ollama else "Check the network and the URL. " + _NEXT_RUN
        unreached = EmbedderUnavailable(f"Cannot reach {title} for the embedder {model}.{said}", advice)
        return Failure(unreached, is_passing=True, is_unreached=True)
    if status in (408, 409, 425, 429) or status >= 500:
        seconds = retry_after(error)
        advice = _NEXT_RUN if seconds is None else f"It asks to wait {seconds:g} s. {_NEXT_RUN}"
        busy = EmbedderUnavailable(f"{title} {_state(status)} (embedder {model}).{said}", advice)
        return Failure(busy, is_passing=True, seconds=seconds)
    return Failure(EmbedError(f"{title} rejected a request (status {status}, embedder {model}).{said}", "Look what it says."))


def _state(status: int) -> str:
    if status == 429:
        return "is asked too often"
    if status in (503, 529):
        return "is overloaded"
    return "did not answer in time" if status in (408, 504) else f"failed with status {status}"
