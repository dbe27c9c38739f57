"""Finds definitions: those of one file in order, or those of a whole view by a few letters of their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from ramet.models import Symbol
from ramet.store.records import SymbolRecord

_EXACT, _PREFIX, _WORD_START, _INITIALS, _INSIDE, _SCATTERED = range(6)
"""How a query fits a name, the best first."""
_NOT_CODE = frozenset({"heading", "key"})
"""Of two names that fit alike, the code's comes first."""


def _symbol(path: str, record: SymbolRecord) -> Symbol:
    return Symbol(record.name, record.qualified_name, record.kind, record.start_line, record.end_line, record.signature, path)


def outline(path: str, records: Sequence[SymbolRecord]) -> tuple[Symbol, ...]:
    """Return the definitions of a file in its order."""
    return tuple(_symbol(path, record) for record in sorted(records, key=lambda record: (record.start_line, -record.end_line)))


class SymbolTable:
    """The definitions of one state of a view."""

    def __init__(self, files: Iterable[tuple[str, Sequence[SymbolRecord]]]) -> None:
        self._entries = [(record.name.lower(), path, record) for path, records in files for record in records]
        self._entries.sort(key=lambda entry: (entry[2].kind in _NOT_CODE, len(entry[0]), entry[0], entry[1], entry[2].start_line))

    def matching(self, query: str, limit: int) -> tuple[Symbol, ...]:
        """Return the definitions that fit a query best: exact, prefix, start of a word, initials, inside, letters in order.

        Dots, colons or spaces in the query separate an owner from the name: `Cart.add`, `cart add`.
        """
        parts = query.replace("::", " ").replace(".", " ").replace("#", " ").split()
        if not parts:
            return tuple(_symbol(path, record) for _, path, record in self._entries[:limit])
        name = parts[-1].lower()
        owners = [part.lower() for part in parts[:-1]]
        ranks: list[list[tuple[str, SymbolRecord]]] = [[] for _ in range(_SCATTERED + 1)]
        for lowered, path, record in self._entries:
            rank = _rank(name, lowered, record.name)
            if rank is not None and (not owners or _has_owners(owners, path, record)):
                ranks[rank].append((path, record))
        best = list(chain.from_iterable(ranks))[:limit]
        return tuple(_symbol(path, record) for path, record in best)


def _rank(query: str, lowered: str, name: str) -> int | None:
    place = lowered.find(query)
    if place == 0:
        return _EXACT if len(query) == len(lowered) else _PREFIX
    if place > 0 and _starts_word(name, place):
        return _WORD_START
    if place < 0 and not _is_scattered(query, lowered):
        return None
    initials = "".join(name[place] for place in range(len(name)) if place == 0 or _starts_word(name, place)).lower()
    if query in initials:
        return _INITIALS
    return _INSIDE if place > 0 else _SCATTERED


def _starts_word(name: str, place: int) -> bool:
    before, here = name[place - 1], name[place]
    return here != "_" and (before == "_" or (here.isupper() and not before.isupper()))


def _is_scattered(query: str, lowered: str) -> bool:
    """Whether the letters of the query come in the name in this order."""
    place = 0
    for letter in query:
        place = lowered.find(letter, place) + 1
        if place == 0:
            return False
    return True


def _has_owners(owners: Sequence[str], path: str, record: SymbolRecord) -> bool:
    """Whether every owner asked for is part of the qualified name before the last part, or of the path."""
    before = f"{path}/{record.qualified_name.lower()[: -len(record.name)]}".lower()
    return all(owner in before for owner in owners)
