"""The name that is offered for a new branch."""

from __future__ import annotations

from collections.abc import Collection


def offered_name(source: str, taken: Collection[str]) -> str:
    """Return a name that nobody has: `try`, or after the branch that is forked, with a number where that is taken."""
    stem = source or "try"
    name = stem
    number = 2
    while name in taken:
        name = f"{stem}-{number}"
        number += 1
    return name
