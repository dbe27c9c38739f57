"""Parts of the terminal pane that need no app."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.style import Style
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.events import Key

from ramet.branch_models import DiffStat
from ramet.terminal.emulator import ScreenEmulator
from ramet_tui.alt_keys import AltKeyParser
from ramet_tui.themes import THEMES
from ramet_tui.widgets.header_line import HeaderLine
from ramet_tui.widgets.terminal.border import tab_line
from ramet_tui.widgets.terminal.branch_folder import BranchFolder
from ramet_tui.widgets.terminal.colors import PALETTE
from ramet_tui.widgets.terminal.decoration import duration_text
from ramet_tui.widgets.terminal.drawing import Note
from ramet_tui.widgets.terminal.environment import launch, open_shell
from ramet_tui.widgets.terminal.links import LinkFinder
from ramet_tui.widgets.terminal.searching import find_text
from ramet_tui.widgets.terminal.selection import SelectedCells, selected_text, word_at
from ramet_tui.widgets.terminal.session import Session
from tests.tui.scripted_workspace import ScriptedWorkspace


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("\x1b\r", "alt+enter"),
        ("\x1b.", "alt+full_stop"),
        ("\x1b\x01", "alt+ctrl+a"),
        ("\x1bx", "alt+x"),
        ("x", "x"),
        ("\r", "enter"),
    ],
)
def test_alt_of_every_key_is_kept(sent: str, key: str) -> None:
    parser: XTermParser = AltKeyParser()
    events = [event for event in (*parser.feed(sent), *parser.feed("")) if isinstance(event, Key)]

    assert [event.key for event in events] == [key]


def test_a_shell_that_is_gone_is_replaced_and_tricks_of_the_outer_terminal_are_hidden(tmp_path: Path) -> None:
    started = launch({"SHELL": str(tmp_path / "gone"), "PATH": "/usr/bin:/bin", "TMUX": "x", "COLUMNS": "5", "KEPT": "y"}, "1")

    assert Path(started.command[0]).exists()
    assert {"TMUX", "COLUMNS"} & started.environment.keys() == set()
    assert started.environment["TERM"] == "xterm-256color"
    assert started.environment["KEPT"] == "y"


def test_wrapped_lines_are_searched_selected_and_linked_as_one() -> None:
    emulator = ScreenEmulator(20, 6)
    emulator.feed(b"see src/package/module.py:120 please\r\nwide \xe6\xbc\xa2\xe5\xad\x97 end")
    finder = LinkFinder()
    finder.set_files(["src/package/module.py"], "/work")
    [link] = finder.links(emulator, 1, "/work")
    [found] = find_text(emulator, "MODULE".lower())

    assert (link.path, link.line, link.start, link.end) == ("src/package/module.py", 120, (0, 4), (1, 8))
    assert [finder.may_have_one(emulator, row) for row in (0, 1, 2)] == [True, True, False]
    assert (found.anchor, found.end) == ((0, 16), (1, 1))
    assert selected_text(emulator, SelectedCells((0, 4), (1, 8))) == "src/package/module.py:120"
    assert selected_text(emulator, SelectedCells((2, 5), (2, 8))) == "漢字"
    assert selected_text(emulator, word_at(emulator, (1, 11))) == "please"


def test_a_note_gives_up_its_first_parts_where_there_is_little_room() -> None:
    note = Note((("3 lines folded", Style()), ("1.0 s", Style()), ("exit 1", Style())))

    assert [len(note.fitting(room).parts) for room in (40, 20, 8, 3)] == [3, 2, 1, 0]


def test_times_are_short() -> None:
    assert [duration_text(seconds) for seconds in (0.42, 12.3, 75, 3725)] == ["0.4 s", "12 s", "1:15 min", "1:02 h"]


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_colours_of_programs_can_be_read(theme: object) -> None:
    """Black on a dark background is the exception: programs that print it mean a background."""
    background = luminance(theme.background)  # type: ignore[attr-defined]
    poor = []
    for name in PALETTE:
        light, dark = sorted((luminance(theme.variables[name]), background), reverse=True)  # type: ignore[attr-defined]
        if (light + 0.05) / (dark + 0.05) < 4.5:
            poor.append(name)

    assert set(poor) <= {"terminal-black"}


def test_tabs_name_their_branch_and_that_of_the_working_tree_is_named_while_a_branch_is_looked_at() -> None:
    def session(branch: str = "") -> Session:
        folder = BranchFolder(branch, lambda: None) if branch else None
        return Session("1", Path("/"), open_shell, folder)

    here, there = session(), session("a-branch-with-a-very-long-name\x1b[2J")
    two = tab_line([here, there], 1, "")

    assert str(tab_line([here], 0).content.plain) == "Terminal  shell"
    assert tab_line([there], 0).content.plain == "Terminal  ⎇ a-branch-with-a-ver…  shell"
    assert two.content.plain == "Terminal  1 shell  2 ⎇ a-branch-with-a-ver… shell "
    assert [two.tab_at(x) for x in (9, 17, 18, 45, 60)] == [0, 0, 1, 1, None]
    assert tab_line([here], 0, "try").content.plain == "Terminal  working tree  shell"


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (120, " ramet  orchard   ⎇ late-buds   +9 \u22123  alt+w back|index ✓ 23 chunks    claude "),
        (70, " ramet  orchard   ⎇ late-buds   +9 \u22123  alt+w back|index ✓ 23 chunks "),
        (40, "  ⎇ late-buds |index ✓ 23 chunks "),
        (20, "  ⎇ late-buds |"),
    ],
)
async def test_the_header_drops_everything_before_the_branch_that_is_looked_at(width: int, shown: str) -> None:
    class HeaderApp(App[None]):
        def compose(self) -> ComposeResult:
            yield HeaderLine("orchard")

    app = HeaderApp()
    async with app.run_test(size=(width, 3)):
        header = app.query_one(HeaderLine)
        header.status = ScriptedWorkspace(Path("/"), name="orchard", model="a/claude").present
        header.branch, header.stat = "late-buds", DiffStat(3, 9, 3)
        left, right = shown.split("|")
        drawn = header.render().plain

    assert drawn.startswith(left)
    assert drawn.endswith(right)
    assert len(drawn) == width
