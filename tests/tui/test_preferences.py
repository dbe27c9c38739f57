"""What the app remembers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramet_tui.layout import Layout
from ramet_tui.preferences import Preferences, load_preferences, save_preferences


def test_preferences_survive(tmp_path: Path) -> None:
    file = tmp_path / "data" / "app.json"
    preferences = Preferences(theme="ramet-light", layout=Layout(left_width=40, hidden=("chat",)))
    save_preferences(file, preferences)

    assert load_preferences(file) == preferences
    assert [entry.name for entry in file.parent.iterdir()] == ["app.json"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"theme": 3}', b"\xff\xfe"])
def test_damaged_preferences_are_the_defaults(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "app.json"
    file.write_bytes(content)

    assert load_preferences(file) == Preferences()


def test_missing_preferences_are_the_defaults(tmp_path: Path) -> None:
    assert load_preferences(tmp_path / "app.json") == Preferences()
