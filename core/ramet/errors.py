"""Every error that Ramet raises on purpose; nothing here imports anything of the project.

    RametError
    ├── UsageError            the request cannot be carried out as asked (bad folder, empty question, unknown id)
    ├── ConfigError           a configuration file or variable is wrong or not allowed
    ├── GitError              git is missing, refused the repository or failed
    ├── BranchConflict        what was to be done to a branch or the working tree meets what somebody else did
    ├── StoreError            the data directory cannot be used
    │   ├── StoreLocked       another process owns it
    │   ├── StoreFull         the disk is full
    │   └── StoreDamaged      a stored file is not what was written
    ├── EmbedError            an embedder failed
    │   └── EmbedderUnavailable  it would fail for every text: no key, no quota, out of reach
    ├── ModelError            a chat model failed
    │   ├── ModelNotConfigured
    │   ├── ModelAuthFailed
    │   ├── ModelRateLimited
    │   ├── ModelContextTooLong
    │   ├── ModelTimeout
    │   └── ModelStreamBroken
    └── EngineError           the background engine cannot be reached or broke
        └── EngineCrashed     it went away in the middle of a request

An error has three parts, so that every front end can show it alike: `what` failed and on what, and `advice`: what to do next.
"""

from __future__ import annotations


class RametError(Exception):
    """An expected failure with a sentence for the user; `exit_code` is what the command line exits with."""

    exit_code = 1

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.what} {self.advice}".rstrip()


class UsageError(RametError):
    """The request cannot be carried out as asked."""

    exit_code = 2


class ConfigError(RametError):
    """A configuration file or variable is wrong, or sets what it may not set."""

    exit_code = 2


class GitError(RametError):
    """git is missing, refused the repository or failed."""


class BranchConflict(RametError):
    """What was to be done to a branch or to the working tree meets what somebody else did there."""

    exit_code = 3


class StoreError(RametError):
    """The data directory cannot be used."""


class StoreLocked(StoreError):
    """Another process owns the data directory."""


class StoreFull(StoreError):
    """The disk that holds the data directory is full."""


class StoreDamaged(StoreError):
    """A stored file is not what was written; it is moved aside and built anew."""


class EmbedError(RametError):
    """An embedder failed."""


class EmbedderUnavailable(EmbedError):
    """An embedder fails for every text, so that there is no use in going on: no key, no quota, out of reach."""


class ModelError(RametError):
    """A chat model failed."""


class ModelNotConfigured(ModelError):
    """No chat model is configured, or its key is missing."""


class ModelAuthFailed(ModelError):
    """The provider refused the key."""


class ModelRateLimited(ModelError):
    """The provider asked to slow down; `retry_after` is in seconds, None where it did not say."""

    def __init__(self, what: str, advice: str = "", retry_after: float | None = None) -> None:
        super().__init__(what, advice)
        self.retry_after = retry_after


class ModelContextTooLong(ModelError):
    """The request does not fit the model's context window."""


class ModelTimeout(ModelError):
    """The provider did not answer in time."""


class ModelStreamBroken(ModelError):
    """The answer broke off; text that had already arrived is kept."""


class EngineError(RametError):
    """The background engine cannot be reached or broke."""


class EngineCrashed(EngineError):
    """The engine went away in the middle of a request."""


def error_named(name: str, what: str, advice: str) -> RametError:
    """Rebuild an error that crossed a process border from its class name; an unknown name gives a `RametError`."""
    classes: list[type[RametError]] = [RametError]
    while classes:
        error_class = classes.pop()
        if error_class.__name__ == name:
            return error_class(what, advice)
        classes.extend(error_class.__subclasses__())
    return RametError(what, advice)
