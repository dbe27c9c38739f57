"""Keys, help and palette come from the same bindings."""

from __future__ import annotations

from collections import Counter

from textual.pilot import Pilot
from textual.widgets import Input, Static

from ramet_tui.app import RametApp
from ramet_tui.key_names import AREAS
from ramet_tui.preferences import Preferences
from ramet_tui.screens.help import HelpScreen
from ramet_tui.themes import DARK, LIGHT
from ramet_tui.widgets.match_list import MatchList
from tests.tui.piloting import opened, press, settle, type_text
from tests.tui.scripted_workspace import ScriptedWorkspace


def app_of(pilot: Pilot[None]) -> RametApp:
    assert isinstance(pilot.app, RametApp)
    return pilot.app


async def test_every_key_has_a_name_an_explanation_and_an_area(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        keys = list(app_of(pilot).main.all_keys())
        names = Counter(key.id for key in keys)

        assert len(keys) > 40
        assert [name for name, count in names.items() if count > 1] == []
        assert [key.id for key in keys if not key.explanation] == []
        assert {key.area for key in keys} - set(AREAS) == set()


async def test_f1_shows_all_keys_and_why_some_do_nothing(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "f1")
        screen = pilot.app.screen
        text = "\n".join(str(part.render()) for part in screen.query(Static))
        await press(pilot, "escape")

        assert isinstance(screen, HelpScreen)
        assert "Open a file by a part of its name" in text
        assert "(no file is open)" in text
        assert pilot.app.screen is app_of(pilot).main


async def test_the_palette_runs_actions_of_panes(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "end", "enter", "ctrl+p")
        await type_text(pilot, "find")
        await press(pilot, "enter")

        assert app_of(pilot).main.viewer.prompt.display


async def test_the_palette_lists_every_action_and_why_some_do_nothing(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "ctrl+p")
        options = pilot.app.screen.query_one(MatchList).options
        rows = [str(option.prompt) for option in options]

        assert len(rows) == len(list(app_of(pilot).main.palette_keys()))
        assert any(row.startswith("^o ") and "Open a file" in row for row in rows)
        assert any("Go to a line" in row and "(no file is open)" in row for row in rows)


async def test_an_action_that_cannot_be_used_says_why(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "ctrl+g")

        assert [notification.message for notification in pilot.app._notifications] == ["No file is open."]


async def test_alt_t_switches_the_theme_and_keeps_it(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        stored: list[Preferences] = []
        app_of(pilot)._save = stored.append
        await press(pilot, "alt+t")
        light = pilot.app.theme
        await press(pilot, "alt+t")

        assert (light, pilot.app.theme) == (LIGHT, DARK)
        assert [preferences.theme for preferences in stored] == [LIGHT, DARK]


async def test_the_key_line_follows_the_focus_and_can_be_clicked(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        line = pilot.app.screen.query_one("#keys")
        in_files = str(line.render())
        await pilot.click("#keys", offset=(2, 0))
        await settle(pilot)

        assert in_files.split()[:2] == ["/", "filter"]
        assert in_files.rstrip().endswith("f1 keys")
        assert isinstance(pilot.app.focused, Input)
