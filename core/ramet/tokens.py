"""Cuts text into search terms that know identifiers; the words of search and of the default embedder.

`HTTPServer.handle_request` gives `http`, `server`, `httpserver`, `handl`, `request`, `handle_request`: every part, stemmed
lightly, and the whole identifier as written but in lower case. Words of other human languages are kept; scripts without
spaces become pairs of characters. Documents and questions must be cut by the same code, so nothing here is configurable.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from itertools import chain

_MARKS = "\u0300-\u036f\u0900-\u0dff"
"""Combining marks and Indic vowel signs, which `\\w` leaves out although they belong to the word."""
_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
    "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"  # Kana, Han, Hangul
)
"""Scripts whose words are not set apart by spaces, and Hangul, whose words carry endings."""

_WORD = re.compile(rf"[\w{_MARKS}{_SPACELESS}]+(?:-[A-Za-z]\w*)*")
_ASCII_WORD = re.compile(r"[A-Za-z0-9_]+(?:-[A-Za-z][A-Za-z0-9_]*)*")
"""Finds the same in ASCII text, twice as fast."""
_PART = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SPACELESS_RUN = re.compile(f"([{_SPACELESS}]+)")

_TYPE_ARGUMENTS = re.compile(r"<[^<>]*>")

_LONGEST_WORD = 128
"""Characters; a longer word without underscores is data (base64, a digest) and becomes a single term."""
_LONGEST_TERM = 64
"""Characters of a term that are kept."""
_CACHE_WORDS = 200_000
"""Distinct words remembered before the cache starts over: some 50 MB."""

_STOP_TEXT = (
    "a about above after again all also am an and any are as at be because been before being below between both but by can could"
    " did do does doing don down during each few for from further get gets had has have having he her here hers him his how i"
    " if in into is it its itself just let me more most my no nor not now of off on once only or other our out over own please"
    " same she should so some such than that the their them then there these they this those through to too under until up"
    " us very was way we were what when where which while who whom why will with would you your"
)
STOP_WORDS = frozenset(_STOP_TEXT.split())
"""English words that carry no meaning in a question."""

_UNSTEMMED_TEXT = "alias bias canvas does embed gas has need string their this was whereas"
_UNSTEMMED = frozenset(_UNSTEMMED_TEXT.split())
_VOWELS = frozenset("aeiouy")


def _without_plural(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + ("y" if len(word) == 5 else "i")
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith("s") and word[-2] not in "sui" and len(word) > 3:
        return word[:-1]
    return word


def _without_ending(word: str) -> str:
    if word.endswith("ied") and len(word) > 4:
        return word[:-3] + ("y" if len(word) == 5 else "i")
    for ending in ("ing", "ed"):
        root = word[: -len(ending)]
        if word.endswith(ending) and len(root) >= 3 and not word.endswith("eed") and not _VOWELS.isdisjoint(root):
            doubled = len(root) > 3 and root[-1] == root[-2] and root[-1] not in "lsz"
            return root[:-1] if doubled else root
    return word


def stem(word: str) -> str:
    """Return the light stem of a lower-case ASCII word: plural, -ing, -ed and a final e are taken off, a final y becomes i."""
    if len(word) < 4 or word in _UNSTEMMED:
        return word
    singular = _without_plural(word)
    if singular in _UNSTEMMED:
        return singular
    root = _without_ending(singular)
    if len(root) > 3 and root.endswith("y") and root[-2] not in _VOWELS:
        return root[:-1] + "i"
    return root[:-1] if len(root) > 3 and root.endswith("e") and not root.endswith("ee") else root


def _words(text: str) -> list[str]:
    found: list[str] = (_ASCII_WORD if text.isascii() else _WORD).findall(text)
    return found


def _ascii_term(part: str) -> str:
    if len(part) > 2 and part[-1] == "s" and part[:-1].isupper():  # URLs, IDs
        part = part[:-1]
    return stem(part.lower())[:_LONGEST_TERM]


def _split_ascii(word: str) -> list[str]:
    return [_ascii_term(part) for part in _PART.findall(word)]


def _split_cased(word: str) -> list[str]:
    """Split a word of any alphabet at underscores, hyphens, digits and steps from lower to upper case."""
    word = word.replace("-", "_")
    parts: list[str] = []
    start = 0
    for place in range(1, len(word) + 1):
        if place < len(word):
            before, here = word[place - 1], word[place]
            joined = before != "_" != here and before.isdigit() == here.isdigit() and not (before.islower() and here.isupper())
            if joined:
                continue
        part = word[start:place].strip("_").casefold()
        if part:
            parts.append((stem(part) if part.isascii() else part)[:_LONGEST_TERM])
        start = place
    return parts


def _split_other(word: str) -> list[str]:
    parts: list[str] = []
    for run in _SPACELESS_RUN.split(word):
        if not run:
            continue
        if _SPACELESS_RUN.fullmatch(run):
            parts += [run[place : place + 2] for place in range(len(run) - 1)] or [run]
        else:
            parts += _split_cased(run)
    return parts


def _terms_of_word(word: str) -> tuple[str, ...]:
    if word.isascii():
        if len(word) > _LONGEST_WORD and "_" not in word:
            return (word[:_LONGEST_TERM].lower(),)
        parts = _split_ascii(word)
        whole = word.strip("_").lower()
    else:
        normal = unicodedata.normalize("NFKC", word)
        parts = _split_other(normal)
        whole = "" if _SPACELESS_RUN.search(normal) else normal.strip("_").casefold()
    if len(parts) > 1 and whole:
        parts.append(whole[:_LONGEST_WORD])
    return tuple(parts)


def term_hash(term: str) -> int:
    """Return the number, below 2**32, that stands for a term in postings and vectors."""
    return zlib.crc32(term.encode("utf-8", "surrogatepass"))


class _TermCache(dict[str, tuple[str, ...]]):
    """Word -> its terms; starts over when it is full, so that it cannot grow without end."""

    def __missing__(self, word: str) -> tuple[str, ...]:
        if len(self) >= _CACHE_WORDS:
            self.clear()
        self[word] = found = _terms_of_word(word)
        return found


class _HashCache(dict[str, tuple[int, ...]]):
    """Word -> the hashes of its terms."""

    def __missing__(self, word: str) -> tuple[int, ...]:
        if len(self) >= _CACHE_WORDS:
            self.clear()
        self[word] = found = tuple(map(term_hash, _terms_of_word(word)))
        return found


_term_cache = _TermCache()
_hash_cache = _HashCache()


def bare_name(name: str) -> str:
    """Return a qualified name without type arguments: `Receiver.recv` for `Receiver<T>.recv`."""
    while "<" in name and (shorter := _TYPE_ARGUMENTS.sub("", name)) != name:
        name = shorter
    return name


def terms(text: str) -> list[str]:
    """Return the search terms of a text in order, repeats included."""
    return list(chain.from_iterable(map(_term_cache.__getitem__, _words(text))))


def term_hashes(text: str) -> list[int]:
    """Return `term_hash` of each of `terms(text)`; much faster than calling both."""
    return list(chain.from_iterable(map(_hash_cache.__getitem__, _words(text))))


def query_terms(text: str) -> list[str]:
    """Return the search terms of a question without English stop words; a question of nothing else keeps them."""
    words = _words(text)
    telling = [word for word in words if word.lower() not in STOP_WORDS]
    return list(chain.from_iterable(map(_term_cache.__getitem__, telling or words)))


TITLE_WEIGHT = 5
"""How often more the first line of a text of several lines counts: it is what an issue or a message is about."""
_TITLE_CHARACTERS = 300


def query_counts(text: str, title_weight: int = TITLE_WEIGHT) -> Counter[str]:
    """Return how often each search term of a question counts: as often as it occurs, in the first of several lines more often."""
    counts = Counter(query_terms(text))
    title, _, rest = text.strip().partition("\n")
    if rest.strip():
        for term, count in Counter(query_terms(title[:_TITLE_CHARACTERS])).items():
            counts[term] += title_weight * count
    return counts
