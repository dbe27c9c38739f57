"""The words that a question is searched with."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ramet.models import Attachment, Turn

_QUESTION_HEAD, _QUESTION_TAIL = 2_000, 1_000
"""Characters of a long question that are searched: a paste says what it is about at its ends."""
_EVIDENCE_CHARS = 1_500
_MOST_PLACES = 4
_PREVIOUS_CHARS = 400
_SHORT_QUESTION_WORDS = 14
"""A follow-up of fewer words hardly stands on its own ("and where is it called?")."""
_TELLING = re.compile(
    r"""\b\w*(?:Error|Exception|Warning|panic|FAIL(?:ED|URE)?|fatal|undefined|cannot|assert)\w*\b | \bFile\ "[^"]+",\ line\ \d+
    | [\w./\\-]+\.[A-Za-z]{1,5}[:(]\d+ | ^\s*at\s+\S+""",
    re.VERBOSE | re.IGNORECASE,
)
"""Lines of an output that say what went wrong or where."""
_SCANNED_CHARS = 200_000
_CODE_WORD = re.compile(r"`([^`\n]{2,60})`")


def retrieval_query(question: str, attachments: Sequence[Attachment] = (), turns: Sequence[Turn] = ()) -> str:
    """Return what to search for: the question, the telling lines of attachments and, for a short follow-up, what it follows."""
    parts = [_shortened(question)]
    for attachment in attachments:
        parts.append(_evidence(attachment.text))
        parts += reversed(attachment.places[:_MOST_PLACES])  # the line that is named last counts most
    last = next((turn for turn in reversed(turns) if turn.question), None)
    if last is not None and len(question.split()) < _SHORT_QUESTION_WORDS:
        parts.append(last.question[:_PREVIOUS_CHARS])
        parts.append(" ".join(dict.fromkeys(_CODE_WORD.findall(last.answer)))[:_PREVIOUS_CHARS])
    return "\n".join(part for part in parts if part.strip())


def _shortened(question: str) -> str:
    if len(question) <= _QUESTION_HEAD + _QUESTION_TAIL:
        return question
    return f"{question[:_QUESTION_HEAD]}\n{question[-_QUESTION_TAIL:]}"


def _evidence(text: str) -> str:
    """Return the last telling lines of a text, or its beginning when no line stands out."""
    lines = [line.strip()[:300] for line in text[-_SCANNED_CHARS:].split("\n") if len(line) < 2_000]
    telling = list(dict.fromkeys(line for line in lines if _TELLING.search(line)))
    chosen: list[str] = []
    size = 0
    for line in reversed(telling):
        size += len(line) + 1
        if size > _EVIDENCE_CHARS:
            break
        chosen.append(line)
    return "\n".join(reversed(chosen)) if chosen else text[: _EVIDENCE_CHARS // 3]
