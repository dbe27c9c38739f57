"""Fixtures of the app's tests: a steady cursor and a scripted workspace on the shop repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, TextArea

from tests.tui.scripted_workspace import ScriptedWorkspace


@pytest.fixture(autouse=True)
def steady_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cursors that blink would make pictures depend on the clock."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _self: None)
    monkeypatch.setattr(TextArea, "_toggle_cursor_blink_visible", lambda _self: None)


@pytest.fixture
def workspace(shop: Path) -> ScriptedWorkspace:
    """A workspace on the shop."""
    return ScriptedWorkspace(shop)
