"""Recognises questions about what uses something and what something uses: they need other sources than words alone find."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from ramet.models import Turn

RelationKind = Literal["callers", "callees"]

_READ = 2_000
"""Characters of a question that are looked at; a paste asks for nothing."""
_KIND = r"(?:function|method|class|constant|variable|property|macro|type|struct|interface|module)"
_NAME = r"[A-Za-z_$][\w$]*(?:(?:\.|::|\#)[A-Za-z_$][\w$]*)*"
_THING = rf"(?:(?:the|this|that|an?)\s+)?(?:{_KIND}\s+)?`?(?P<name>{_NAME})`?(?:\(\))?`?"
_CALLERS = (
    rf"\b(?:who|what|which(?:\s+\w+){{0,3}})\s+(?:else\s+)?(?:calls?|uses?|invokes?|references?|instantiates?|imports?|depends?\s+on)"
    rf"\s+{_THING}",
    rf"\bwhere(?:\s+else)?\s+(?:is|are|was|were|does|do|can)\s+{_THING}(?:\s+{_KIND})?\s+(?:being\s+|get\s+)?"
    r"(?:called|used|invoked|referenced|instantiated|imported)\b",
    rf"\bwhere(?:\s+else)?\s+do(?:es)?\s+(?:we|you|it|they)\s+(?:call|use|invoke|reference|instantiate|import)\s+{_THING}",
    rf"\b(?:callers|usages?|uses|references|call\s?sites?)\s+(?:of|to)\s+{_THING}",
    rf"\bwhat\s+(?:(?:else|would|will|could|might|may)\s+)*(?:breaks?|is\s+affected|be\s+affected|happens?)\s+(?:if|when)\s+\w+\s+"
    rf"(?:change|rename|remove|delete|modify|edit|move|refactor|touch|break)s?\s+{_THING}",
    rf"\bimpact\s+of\s+(?:(?:changing|removing|renaming|deleting|a\s+change\s+(?:to|of|in))\s+)?{_THING}",
)
_CALLEES = (
    rf"\b(?:what|which(?:\s+\w+){{0,3}})\s+(?:functions?\s+|methods?\s+)?do(?:es)?\s+{_THING}\s+(?:call|use|invoke|depend\s+on)\b",
    rf"\b(?:callees|dependencies)\s+of\s+{_THING}",
    rf"\b(?:functions|methods|what)\s+(?:is\s+|are\s+)?(?:called|used|invoked)\s+(?:by|in)\s+{_THING}",
)
_PATTERNS: dict[RelationKind, tuple[re.Pattern[str], ...]] = {
    "callers": tuple(re.compile(pattern, re.IGNORECASE) for pattern in _CALLERS),
    "callees": tuple(re.compile(pattern, re.IGNORECASE) for pattern in _CALLEES),
}
_BACKWARD = frozenset({"it", "this", "that", "them", "these", "those", "one"})
"""Words that stand for what was spoken of before."""
_CODE_WORD = re.compile(rf"`({_NAME})(?:\(\))?`")


class Relation(Struct, frozen=True):
    """What a question wants to know about a name: its callers or its callees."""

    kind: RelationKind
    name: str
    """As written, parts separated by dots."""


def relation_asked(question: str, turns: Sequence[Turn] = ()) -> Relation | None:
    """Return what a question asks about the use of a name; `it` means the name that was spoken of last."""
    for kind, patterns in _PATTERNS.items():
        match = next((match for pattern in patterns if (match := pattern.search(question[:_READ]))), None)
        if match is None:
            continue
        name = match["name"]
        if name.lower() in _BACKWARD:
            name = next(_spoken_of(question, turns), "")
        if name:
            return Relation(kind, name.replace("::", ".").replace("#", "."))
    return None


def _spoken_of(question: str, turns: Sequence[Turn]) -> Iterator[str]:
    """Yield the names that `it` may mean, the likeliest first."""
    yield from _CODE_WORD.findall(question[:_READ])
    last = next((turn for turn in reversed(turns) if turn.answer), None)
    if last is not None:
        yield from _CODE_WORD.findall(last.question[:_READ])
        yield from _CODE_WORD.findall(last.answer)
        yield from (citation.symbol for citation in last.citations if citation.symbol)
