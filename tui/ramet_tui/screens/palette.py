"""The command palette: every action of the app, with its key, what it does, and why it cannot be used now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from ramet_tui.fuzzy import match_one
from ramet_tui.key_names import KeyHelp
from ramet_tui.screens.finder import FinderScreen, Found, Row

KEY_CELLS = 12


class Palette(FinderScreen[str]):
    """Closes with the id of the action that was chosen."""

    TITLE = "Actions"
    PLACEHOLDER = "what to do"

    def __init__(self, keys: Sequence[KeyHelp], reasons: Mapping[str, str]) -> None:
        super().__init__()
        self._keys = keys
        self._reasons = reasons

    async def find(self, query: str) -> Found[str]:
        """List what has all the words, else what is close; without a query everything."""
        wanted = "".join(query.lower().split())
        if not wanted:
            return Found([self._row(key, ()) for key in self._keys], f"{len(self._keys)} actions")
        ranked = [(key, positions) for key in self._keys if (positions := _words_in(query.lower().split(), key)) is not None]
        if not ranked:
            matches = [(key, match) for key in self._keys if (match := match_one(wanted, key.explanation)) is not None]
            matches.sort(key=lambda entry: -entry[1].score)
            ranked = [(key, match.positions) for key, match in matches]
        note = f"{len(ranked)} of {len(self._keys)} actions" if ranked else "No action matches"
        return Found([self._row(key, positions) for key, positions in ranked], note)

    def _row(self, key: KeyHelp, positions: Sequence[int]) -> Row[str]:
        reason = self._reasons.get(key.id, "")
        shown = Content(key.explanation).stylize("$secondary-text" if reason else "$foreground")
        for position in positions:
            shown = shown.stylize("bold $accent", position, position + 1)
        keys = (f"{key.keys:<{KEY_CELLS}} ", "$faint-text" if reason else "$accent")
        parts = [Content.assemble(keys, shown)]
        if reason:
            parts.append(Content.assemble((f"  ({reason})", "$faint-text")))
        return Row(Content("").join(parts), key.id)


def _words_in(words: Sequence[str], key: KeyHelp) -> tuple[int, ...] | None:
    """Return where the words are in the explanation; None when one of them is neither there nor in the label."""
    text = key.explanation.lower()
    positions: list[int] = []
    for word in words:
        start = text.find(word)
        if start >= 0:
            positions.extend(range(start, start + len(word)))
        elif word not in key.label.lower():
            return None
    return tuple(positions)
