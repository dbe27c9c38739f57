"""The command palette: every action of the app, with its key, what it does, and why it cannot be used now."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from ramet_tui.key_names import KeyHelp


class ActionProvider(Provider):
    """Offers what the main screen says can be done."""

    def _actions(self) -> Iterator[tuple[KeyHelp, str]]:
        from ramet_tui.screens.main import MainScreen  # the main screen names this provider in COMMANDS

        if isinstance(self.screen, MainScreen):
            reasons = self.screen.reasons()
            for key in self.screen.palette_keys():
                reason = reasons.get(key.id, "")
                yield key, f"not now: {reason}" if reason else f"{key.keys}   {key.explanation}"

    async def discover(self) -> Hits:
        """Everything, in the order of the help."""
        for key, help_text in self._actions():
            yield DiscoveryHit(key.label, partial(self._run, key.id), help=help_text)

    async def search(self, query: str) -> Hits:
        """What matches the query in its label or explanation."""
        matcher = self.matcher(query)
        for key, help_text in self._actions():
            score = max(matcher.match(key.label), 0.6 * matcher.match(key.explanation))
            if score > 0:
                yield Hit(score, matcher.highlight(key.label), partial(self._run, key.id), help=help_text)

    async def _run(self, action_id: str) -> None:
        from ramet_tui.screens.main import MainScreen

        if isinstance(self.screen, MainScreen):
            await self.screen.run_by_id(action_id)
