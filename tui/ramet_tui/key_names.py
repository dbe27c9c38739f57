"""All keys of the app in one list, taken from the bindings of the widgets themselves: for the help and the palette."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from textual.binding import Binding, BindingType
from textual.dom import DOMNode

AREAS = {
    "app": "Everywhere",
    "pane": "Panes",
    "go": "Going places",
    "index": "Index",
    "files": "Files",
    "outline": "Outline",
    "viewer": "Viewer",
    "chat": "Chat",
    "terminal": "Terminal",
    "branches": "Branches",
    "compare": "Branches side by side",
    "diff": "Comparing branches",
    "conflict": "Conflicts of a merge",
    "finder": "Finders and palette",
    "prompt": "Inputs of a pane",
    "help": "Help",
}
"""The first part of a binding's id, and what the help calls it; in the order of the help."""


class KeyHelp(Struct, frozen=True):
    """One action with its keys."""

    id: str
    keys: str
    label: str
    explanation: str
    action: str

    @property
    def area(self) -> str:
        """The first part of the id."""
        return self.id.partition(".")[0]


def bindings_of(node_type: type[DOMNode]) -> Iterator[Binding]:
    """Yield the bindings that a widget class declares itself and that have an id."""
    declared: Iterable[BindingType] = node_type.__dict__.get("BINDINGS", ())
    for binding in declared:
        if isinstance(binding, Binding) and binding.id:
            yield binding


def key_help(binding: Binding, keymap: dict[str, str]) -> KeyHelp:
    """Describe a binding with the keys that it has now."""
    assert binding.id is not None
    keys = keymap.get(binding.id, binding.key)
    return KeyHelp(
        id=binding.id,
        keys="  ".join(_display(key) for key in keys.split(",")),
        label=binding.description,
        explanation=binding.tooltip or binding.description,
        action=binding.action,
    )


_NAMES = {"slash": "/", "question_mark": "?", "escape": "esc", "pageup": "pgup", "pagedown": "pgdn", "minus": "-", "plus": "+"}
_NAMES |= {"left_square_bracket": "[", "right_square_bracket": "]", "less_than_sign": "<", "greater_than_sign": ">", "comma": ","}
_NAMES |= {"dollar_sign": "$"}
_ARROWS = {"up": "↑", "down": "↓", "left": "←", "right": "→"}


def _display(key: str) -> str:
    *modifiers, name = key.strip().split("+")
    shown = _NAMES.get(name) or _ARROWS.get(name) or name
    for modifier in reversed(modifiers):
        shown = f"^{shown}" if modifier == "ctrl" else f"{modifier}+{shown}"
    return shown
