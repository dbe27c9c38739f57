"""The line below the panes: the keys that do something now. Drawn in one piece, because it changes with every focus."""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

LAST_BINDING = "help.keys"
"""Id of the binding that stands at the right end and never gives way."""


class KeyLine(Widget):
    """One line of keys; a click presses the key."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._spans: list[tuple[int, int, str]] = []
        self._keys: list[Binding] = []

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        active = [key for key in screen.active_bindings.values() if key.binding.show and key.enabled]
        active.sort(key=lambda key: key.node is screen)  # what the focused widget can do comes first
        keys = list({key.binding.action: key.binding for key in reversed(active)}.values())[::-1]
        if keys != self._keys:
            self._keys = keys
            self.refresh()

    def render(self) -> Content:
        """Draw as many keys as fit."""
        width = self.size.width
        last = [binding for binding in self._keys if binding.id == LAST_BINDING]
        rest = [binding for binding in self._keys if binding.id != LAST_BINDING]
        tail = [self._key(binding) for binding in last]
        room = width - sum(part.cell_length for part in tail)
        self._spans = []
        line = Content("")
        for binding in rest:
            part = self._key(binding)
            if line.cell_length + part.cell_length > room:
                break
            self._spans.append((line.cell_length, line.cell_length + part.cell_length, binding.key))
            line += part
        for binding, part in zip(last, tail, strict=True):
            line = line.pad_right(max(width - line.cell_length - part.cell_length, 0))
            self._spans.append((line.cell_length, line.cell_length + part.cell_length, binding.key))
            line += part
        return line

    def _key(self, binding: Binding) -> Content:
        key = self.app.get_key_display(binding)
        return Content.assemble(
            (f" {key}", "$footer-key-foreground"), (f" {binding.description.lower()} ", "$footer-description-foreground")
        )

    def on_click(self, event: events.Click) -> None:
        """Press the key under the mouse."""
        for start, end, key in self._spans:
            if start <= event.x < end:
                self.app.simulate_key(key)
