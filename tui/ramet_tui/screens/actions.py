"""The actions of the app as a list: those that the palette offers, and every key for the help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.dom import DOMNode

from ramet_tui.key_names import KeyHelp, bindings_of, key_help

if TYPE_CHECKING:
    from ramet_tui.screens.main import MainScreen


def _nodes(main: MainScreen) -> Iterator[DOMNode]:
    yield main
    yield from (main.files, main.outline, main.viewer)
    if main.chat is not None:
        yield main.chat
    if main.terminal is not None:
        yield main.terminal


def palette_keys(main: MainScreen, keymap: dict[str, str]) -> Iterator[KeyHelp]:
    """Yield the actions of the screen and of the panes, without moving about inside one."""
    for node in _nodes(main):
        for binding in bindings_of(type(node)):
            if binding.action != "palette":
                yield key_help(binding, keymap)


async def run_by_id(main: MainScreen, action_id: str) -> None:
    """Run an action of the screen or of a pane."""
    for node in _nodes(main):
        for binding in bindings_of(type(node)):
            if binding.id == action_id and (node is not main.terminal or main.allows(action_id)):
                await main.app.run_action(binding.action, default_namespace=node)


def all_keys(main: MainScreen, keymap: dict[str, str]) -> Iterator[KeyHelp]:
    """Yield every key of the app once, those of other screens and of a terminal that is not open included."""
    from ramet_tui.screens.branches.keys import BRANCH_SCREENS
    from ramet_tui.screens.finder import FinderScreen
    from ramet_tui.widgets.terminal.pane import TerminalPane
    from ramet_tui.widgets.terminal.screen import TerminalScreen

    seen: set[str] = set()
    types: list[type[DOMNode]] = [type(node) for node in (main, *main.walk_children(DOMNode))]
    types += [TerminalPane, TerminalScreen, FinderScreen, *BRANCH_SCREENS]
    for node_type in types:
        for binding in bindings_of(node_type):
            if binding.id not in seen:
                seen.add(binding.id or "")
                yield key_help(binding, keymap)
