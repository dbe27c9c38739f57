"""Alt with a key, as most terminals send it: Escape and the key. Textual keeps Alt of letters only.

Without this Alt+Enter would send a question, and Alt+. would be a full stop for the shell in the terminal pane.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual import _xterm_parser, events

_WORDS = {"\x1bb": "ctrl+left", "\x1bf": "ctrl+right"}
"""What Textual takes for other keys, because macOS sends it for them; a program must get what was sent."""


class AltKeyParser(_xterm_parser.XTermParser):
    """Reads keys as Textual does, and keeps Alt."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if sequence in _WORDS:
            yield events.Key(_WORDS[sequence], sequence)
            return
        for event in super()._sequence_to_key_events(sequence, alt):
            if alt and not event.key.startswith("alt+"):
                yield events.Key(f"alt+{event.key}", event.character)
            else:
                yield event


def keep_alt() -> None:
    """Have Textual read keys with this parser: it offers no other way to give it one."""
    from textual.drivers import linux_driver

    linux_driver.XTermParser = AltKeyParser  # type: ignore[attr-defined]  # the name that it makes its parser from
