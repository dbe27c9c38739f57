"""What a question says about where to look: its terms, identifiers, paths, and whether it is about tests or documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

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
_MOST_MENTIONS = 32
"""Names and paths of one question that are looked up; a pasted log has thousands."""

_TEST_TEXT = "test tests testing tested testcase unittest pytest fixture fixtures spec specs mock mocks"
_TEST_WORDS = frozenset(_TEST_TEXT.split())
_DOCUMENT_TEXT = (
    "doc docs document documents documentation documented readme changelog changes tutorial guide manual example examples sample"
    " samples demo license contributing install installation release releases"
)
_DOCUMENT_WORDS = frozenset(_DOCUMENT_TEXT.split())


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


def understand(text: str) -> Question:
    """Take a question apart."""
    counts = query_counts(text)
    sole = _SOLE_NAME.fullmatch(text.strip())
    sole_name = ".".join(_SEPARATOR.split(sole[1])) if sole else ""
    plain = {word.lower() for word in _LATIN_WORD.findall(text[:_READ])}
    return Question(
        text=text,
        terms={term: (term_hash(term), count**0.5) for term, count in counts.items()},
        words=_words_of_terms(text, counts),
        names=tuple(_distinct([sole_name] if sole_name else _names(text))),
        sole_name=sole_name,
        paths=tuple(_distinct(_mentions(text))),
        is_about_tests=not _TEST_WORDS.isdisjoint(plain),
        is_about_documents=not _DOCUMENT_WORDS.isdisjoint(plain),
    )


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
