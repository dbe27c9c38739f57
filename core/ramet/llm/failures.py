"""Turns what litellm raises into errors whose sentences a user can act on; no key ever gets into them."""

from __future__ import annotations

import re

from ramet.errors import (
    ModelAuthFailed,
    ModelContextTooLong,
    ModelError,
    ModelNotConfigured,
    ModelRateLimited,
    ModelStreamBroken,
    ModelTimeout,
)
from ramet.providers.failures import is_quota, is_too_long, is_unknown_provider, own_words, redacted, retry_after, status_of
from ramet.providers.table import provider_of

_ABOUT_TOOLS = re.compile(r"\btools?\b|function.?call", re.IGNORECASE)


def translated(error: Exception, model: str, key: str | None, api_base: str | None, has_output: bool) -> ModelError:
    """Return the error of ours that says what `error` means for this request."""
    quote = redacted(own_words(error), key)
    said = f' It said: "{quote}"' if quote else ""
    status = status_of(error)
    provider = provider_of(model)
    title = provider.title if provider else "The provider"
    if has_output and (status is None or status >= 500):
        return ModelStreamBroken(
            f"The answer of {model} broke off.{said}", "What had arrived is kept. Ask again to get a whole answer."
        )
    if is_unknown_provider(error):
        return ModelNotConfigured(
            f"No provider is known for the model {model}.", "Write it as provider/model, for example anthropic/claude-sonnet-5-5."
        )
    if is_too_long(error, status, quote):
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
    return status_of(error) in (400, 422, 500, 501) and bool(_ABOUT_TOOLS.search(str(error)))


def timed_out(model: str, seconds: float, has_output: bool) -> ModelTimeout:
    """Return the error for a provider that fell silent."""
    state = "stopped in the middle of its answer" if has_output else "did not begin to answer"
    return ModelTimeout(
        f"{model} {state}: nothing arrived for {seconds:g} seconds.", "Ask again, or raise `answer_timeout` in config.toml."
    )


def _rate_limited(error: Exception, model: str, title: str, said: str, status: int) -> ModelError:
    if is_quota(error):
        return ModelError(
            f"The account at {title} has no quota left (model {model}).{said}", "Check its billing, or choose another model."
        )
    what = "is asked too often" if status == 429 else "is overloaded"
    seconds = retry_after(error)
    wait = f"Wait {seconds:g} seconds" if seconds is not None else "Wait a little"
    return ModelRateLimited(f"{title} {what} (model {model}).{said}", f"{wait}, or choose another model.", seconds)
