"""Cuts text to a number of tokens; what is left out is always said in the text itself."""

from __future__ import annotations

from collections.abc import Callable

TokenCounter = Callable[[str], int]
"""Text -> number of tokens, as `ChatModel.count_tokens`."""

_HEAD_SHARE = 0.4
"""How much of what stays comes from the beginning; logs and tracebacks tell more at their end."""
_MARK_TOKENS = 20
"""Room for the line that says what was cut."""


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text has where no tokenizer is at hand, rather too many than too few."""
    return len(text.encode("utf-8", "replace")) // 3 + 1


def cut_middle(text: str, tokens: int, count: TokenCounter) -> str:
    """Return the text if it fits, else its beginning and its end with a line between them that says what is missing."""
    total = count(text)
    if total <= tokens:
        return text
    kept = int(len(text) * max(0, tokens - _MARK_TOKENS) / total)
    cut = _joined(text, kept)
    while count(cut) > tokens and kept > 0:
        kept = int(kept * 0.9)
        cut = _joined(text, kept)
    return cut


def _joined(text: str, kept: int) -> str:
    head_size = int(kept * _HEAD_SHARE)
    head, tail = text[:head_size], text[len(text) - (kept - head_size) :] if kept > head_size else ""
    # Whole lines where there are any: half a line at the cut reads like a fact.
    head = head[: head.rfind("\n") + 1] or head
    tail = tail[tail.find("\n") + 1 :] or tail
    left_out = len(text) - len(head) - len(tail)
    separator = "" if not head or head.endswith("\n") else "\n"
    return f"{head}{separator}[... {left_out:,} characters left out here ...]\n{tail}"
