"""What the app remembers between sessions: theme and layout, in one small file of the user's data directory."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from ramet_tui.layout import Layout

FILE_NAME = "app.json"


class Preferences(Struct, frozen=True):
    """Choices made in the app."""

    theme: str = ""
    """Empty takes the configured theme."""
    layout: Layout = Layout()


def load_preferences(file: Path) -> Preferences:
    """Return what was stored; a missing or damaged file gives the defaults."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Preferences)
    except (OSError, msgspec.MsgspecError):
        return Preferences()


def save_preferences(file: Path, preferences: Preferences) -> None:
    """Store preferences so that another window never reads half a file. Blocks, so it runs in a thread."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(preferences)))
    draft.replace(file)
