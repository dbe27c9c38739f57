"""What a question says about where to look: its terms, identifiers, paths, and whether it is about tests or documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, TypeVar

from msgspec import Struct

from ramet.tokens import query_counts, term_hash, terms

_Item = TypeVar("_Item")

_NAME = r"[A-Za-z_$][\w$]*(?:(?:\.|::|#|->)[A-Za-z_$][\w$]*)*"
_SOLE_NAME = re.compile(rf"`?({_NAME})(?:\(\))?`?")
_IDENTIFIER = re.compile(rf"(?P<quoted>`)?(?P<name>{_NAME})(?P<call>\()?")
_LOOKS_NAMED = re.compile(r"[a-z0-9][A-Z]|[A-Za-z0-9]_+[A-Za-z0-9]|\.|::|->|#|^_|[A-Za-z]\d")
_SEPARATOR = re.compile(r"\.|::|#|->")
_TOKEN = re.compile(r"[^\s\"'`()\[\]{}<>,;|*?]{2,300}")
_PATH = re.compile(
    r"(?P<path>[\w@.+~/\\-]*[/\\][\w@.+~-]+|[\w@.+-]+\.[A-Za-z]\w{0,9})(?:(?::|#L)(?P<line>\d{1,7})(?::\d+)?)?[.:]?"
)
_TRACEBACK_LINE = re.compile(r'"(?P<path>[^"\n]{1,300})", line (?P<line>\d{1,7})')
_LATIN_WORD = re.compile(r"[A-Za-z]+")
_WORD = re.compile(r"[\w-]+")
_READ = 100_000
"""Characters of a question that are searched for names and paths."""
_LONGEST_LINE = 400
"""Characters; a longer question tells a story."""
_FIRST_WORD = 40
"""Characters within which a question begins."""
_MOST_MENTIONS = 32
"""Names and paths of one question that are looked up; a pasted log has thousands."""

_TEST_TEXT = "test tests testing tested testcase unittest pytest fixture fixtures spec specs mock mocks"
_TEST_WORDS = frozenset(_TEST_TEXT.split())
_DOCUMENT_TEXT = (
    "doc docs document documents documentation documented readme changelog changes tutorial guide manual example examples sample"
    " samples demo license contributing install installation release releases"
)
_DOCUMENT_WORDS = frozenset(_DOCUMENT_TEXT.split())


_ACTION_TEXT = (
    "accumulate acquire adapt add adjust allow append apply assign attach attempt begin bind build calculate call cancel"
    " canonicalize cast check choose clean clear clone close coerce collect combine compare compile complete compose compute"
    " configure connect construct convert copy count create decide decode decorate define delete dequeue describe"
    " deserialize destroy detach detect determine disable discard dispatch display download draw drop dump emit enable"
    " encode encrypt enqueue ensure enter escape estimate evaluate execute exit expand export extend extract fetch fill"
    " filter find finish fit fix flush format generate get give group handle implement import increment infer initialize"
    " inject insert install invoke iterate join list load lock log look lookup make mark match measure merge modify move"
    " normalize notify open output parse patch perform plot poll pop populate prepare print process produce provide publish"
    " pull push put query raise read record reduce refresh register release remove rename render replace report request"
    " require reset resize resolve restore retrieve return reverse rotate run sanitize save scan schedule search select send"
    " serialize serve set setup show shuffle sign skip sort split start stop store strip submit take test throw toggle track"
    " transform translate traverse trigger trim try uninstall unpack unregister unwrap update upload use validate verify"
    " visit wait walk warn watch wrap write yield"
)
_ACTIONS = frozenset(_ACTION_TEXT.split())
"""Verbs with which people begin to say what a function does: the first words of docstrings and of the names of functions."""


QuestionKind = Literal["subject", "action", "report"]
"""What is asked for: what has to do with a subject ("request routing", "how does X work"), something that does an action
("convert a path to a URL"), or the cause of a report of several lines: an issue, a traceback, a commit's message."""


class PathMention(Struct, frozen=True):
    """A path written in the question, and the line after it where there is one."""

    path: str
    line: int = 0


class Question(Struct, frozen=True):
    """A question taken apart."""

    text: str
    terms: dict[str, tuple[int, float]]
    """Term -> (hash, weight); a term that counts n times weighs sqrt(n)."""
    words: dict[str, str]
    """Term -> the word of the question it comes from, for people."""
    names: tuple[str, ...]
    """Identifiers, parts joined by dots."""
    sole_name: str
    """The identifier that is the whole question; else empty."""
    paths: tuple[PathMention, ...]
    is_about_tests: bool
    is_about_documents: bool
    kind: QuestionKind


def understand(text: str) -> Question:
    """Take a question apart."""
    counts = query_counts(text)
    sole = _SOLE_NAME.fullmatch(text.strip())
    sole_name = ".".join(_SEPARATOR.split(sole[1])) if sole else ""
    # A report is about tests only if its title is: nearly every issue mentions a test or an example.
    plain = {word.lower() for word in _LATIN_WORD.findall(text.strip().partition("\n")[0][:_READ])}
    return Question(
        text=text,
        terms={term: (term_hash(term), count**0.5) for term, count in counts.items()},
        words=_words_of_terms(text, counts),
        names=tuple(_distinct([sole_name] if sole_name else _names(text))),
        sole_name=sole_name,
        paths=tuple(_distinct(_mentions(text))),
        is_about_tests=not _TEST_WORDS.isdisjoint(plain),
        is_about_documents=not _DOCUMENT_WORDS.isdisjoint(plain),
        kind=_kind(text),
    )


def _kind(text: str) -> QuestionKind:
    if len(text) > _LONGEST_LINE or "\n" in text.strip():
        return "report"
    found = _LATIN_WORD.search(text[:_FIRST_WORD])
    if found is None or len(text.split(maxsplit=2)) < 3:
        return "subject"
    # In the imperative or the third person.
    word = found[0].lower()
    forms = (word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ies") + "y")
    return "subject" if _ACTIONS.isdisjoint(forms) else "action"


def _distinct(items: Iterable[_Item]) -> list[_Item]:
    return list(dict.fromkeys(items))[:_MOST_MENTIONS]


def _words_of_terms(text: str, wanted: Iterable[str]) -> dict[str, str]:
    words: dict[str, str] = {}
    missing = set(wanted)
    for word in _WORD.findall(text[:_READ]):
        if not missing:
            break
        for term in missing.intersection(terms(word)):
            words[term] = word
            missing.discard(term)
    return words | {term: term for term in missing}


def _names(text: str) -> list[str]:
    return [
        ".".join(_SEPARATOR.split(match["name"]))
        for match in _IDENTIFIER.finditer(text[:_READ])
        if match["quoted"] or match["call"] or _LOOKS_NAMED.search(match["name"])
    ]


def _mentions(text: str) -> list[PathMention]:
    matches = list(_TRACEBACK_LINE.finditer(text[:_READ]))
    matches += [found for token in _TOKEN.findall(text[:_READ]) if (found := _PATH.fullmatch(token))]
    return [
        PathMention(match["path"].replace("\\", "/").removeprefix("./"), int(match["line"]) if match["line"] else 0)
        for match in matches
    ]
