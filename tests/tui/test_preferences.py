"""What the app remembers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramet.cli.main import AppOptions
from ramet.paths import UserDirectories
from ramet_tui.layout import Layout
from ramet_tui.preferences import FILE_NAME, Preferences, load_preferences, save_preferences
from ramet_tui.start import make_app
from tests.tui.piloting import settle


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


async def test_a_theme_of_the_settings_is_not_stored_with_the_layout(shop: Path, directories: UserDirectories) -> None:
    """Otherwise a later change of the settings would have no effect."""
    directories.config.mkdir(parents=True)
    directories.config_file.write_text('theme = "ramet-light"\n')
    app = make_app(AppOptions(folder=shop, in_process=True, model=""))
    async with app.run_test(size=(120, 40)) as pilot:
        shown = app.theme
        app.keep_layout(Layout(left_width=40))
        await settle(pilot)
    stored = load_preferences(directories.data / FILE_NAME)

    assert shown == "ramet-light"
    assert (stored.theme, stored.layout.left_width) == ("", 40)
