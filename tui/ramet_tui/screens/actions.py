"""The actions of the app as a list: those that the palette offers, every key for the help, and why one cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.dom import DOMNode

from ramet_tui.key_names import KeyHelp, bindings_of, key_help
from ramet_tui.navigation import History

if TYPE_CHECKING:
    from ramet_tui.screens.main import MainScreen


def _nodes(main: MainScreen) -> Iterator[DOMNode]:
    yield main
    yield from (main.files, main.outline, main.viewer)
    if main.chat is not None:
        yield main.chat
    if main.terminal is not None:
        yield main.terminal


def reasons(main: MainScreen, places: History, *, is_open: bool) -> dict[str, str]:
    """Return the actions that cannot be used now, by id, and why; `is_open` is about the workspace."""
    found: dict[str, str] = {}
    if not main.viewer.view.document.is_shown:
        found |= dict.fromkeys(("go.line", "viewer.find", "viewer.copy"), "no file is open")
    if not places.can_go_back:
        found["go.back"] = "there is no place before this one"
    if not places.can_go_forward:
        found["go.forward"] = "you did not go back"
    if main.workbench.arrangement.is_single:
        found |= dict.fromkeys(("pane.narrower", "pane.wider"), "only one pane is shown")
    if main.terminal is not None and not main.terminal.display:
        found |= {binding.id: "the terminal is hidden" for binding in bindings_of(type(main.terminal)) if binding.id}
    if not is_open:
        found |= dict.fromkeys(("index.toggle", "index.rebuild", "go.branches"), "the workspace is not open")
    if not main.looked_at:
        found["go.working_tree"] = "this is the working tree"
    return found


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
