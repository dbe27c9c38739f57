"""Choosing a branch by a part of its name."""

from __future__ import annotations

from ramet_tui.fuzzy import rank
from ramet_tui.screens.finder import FinderScreen, Found, Row
from ramet_tui.widgets.match_list import path_label

_MOST = 200


class BranchFinder(FinderScreen[str]):
    """Closes with the name that was chosen."""

    TITLE = "Compare with"
    PLACEHOLDER = "name of a branch"

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self._names = names

    async def find(self, query: str) -> Found[str]:
        """Rank the names."""
        matches = rank(query, self._names, _MOST)
        return Found([Row(path_label(match), match.text) for match in matches], f"{len(matches)} of {len(self._names):,}")
