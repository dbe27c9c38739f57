"""Puts text of files, tools and attachments between tags that it cannot close."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

_ENDING = frozenset('<>"')
"""Characters that could end an attribute or a tag."""


def fenced(kind: str, text: str, attributes: Mapping[str, str] | None = None) -> str:
    """Return text as data that is not to be obeyed: its tag carries a hash of the text.

    A hash and not a random number, so that the same request has the same bytes and is found in the provider's cache.
    """
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=4).hexdigest()
    while digest in text:
        digest = blake2b(digest.encode(), digest_size=4).hexdigest()
    tag = f"data-{kind}-{digest}"
    given = "".join(f' {key}="{attribute(value)}"' for key, value in (attributes or {}).items())
    return f"<{tag}{given}>\n{text}\n</{tag}>"


def attribute(value: str) -> str:
    """Return a value that fits between quotes: file names may hold quotes, angle brackets and line feeds."""
    if value.isprintable() and not _ENDING.intersection(value):
        return value
    return "".join(char if char.isprintable() and char not in _ENDING else "?" for char in value)
