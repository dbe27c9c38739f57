"""The terminal pane with a real shell: keys, commands, tabs, leaving."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from textual.widgets import Button

from ramet.errors import RametError
from ramet_tui.widgets.chat.dialogs import ConfirmScreen
from tests.tui.piloting import opened, press, settle
from tests.tui.scripted_workspace import ScriptedWorkspace
from tests.tui.terminal.shells import LEAVE, bash, terminal_opened

__all__ = ["bash"]
pytestmark = pytest.mark.usefixtures("bash")


async def test_nothing_of_the_terminal_runs_before_it_is_opened(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        assert not pilot.app.query("TerminalPane")


async def test_keys_reach_the_shell_and_none_of_the_app(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.press(
            *"echo", "space", "a", "ctrl+w", *"xyz", "ctrl+f", "f6", "ctrl+u", *"echo", "space", "z", "y", "enter"
        )
        await terminal.until_shown("\nzy\n")

        assert terminal.pane.is_typing
        assert not terminal.app.main.workbench.is_zoomed
        assert terminal.app.screen is terminal.app.main


async def test_the_shell_starts_in_the_root_with_a_terminal_that_programs_know(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.run('echo "$PWD|$TERM|$COLORTERM|${TMUX:-none}"; tput cols; tput lines')
        columns, rows = terminal.screen.wanted_size

        assert f"{workspace.root}|xterm-256color|truecolor|none\n{columns}\n{rows}" in terminal.text


async def test_leaving_the_program_gives_the_keys_of_the_app_back(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.press(LEAVE)
        browsing = terminal.screen.is_browsing
        await press(terminal.pilot, "f6")
        zoomed = terminal.app.main.workbench.is_zoomed
        await press(terminal.pilot, "f6", "escape")
        typing = terminal.pane.is_typing
        await press(terminal.pilot, LEAVE, "ctrl+j")

        assert browsing
        assert zoomed
        assert typing
        assert not terminal.pane.display
        assert terminal.screen.session.is_running


async def test_the_leaving_key_pressed_twice_goes_to_the_program(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.paste("cat -v")
        await terminal.press("enter")
        await terminal.until(lambda: terminal.screen.session.running_command == "cat -v")
        await terminal.press(LEAVE, LEAVE, "enter")
        await terminal.until_shown("\n^]")
        await terminal.press("ctrl+d", "ctrl+c")


async def test_commands_get_a_mark_and_a_failed_one_its_code(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.run("echo fine")
        await terminal.run("(exit 3)")
        await terminal.until_drawn("exit 3")
        lines = terminal.drawn

        assert any(line.startswith("✓ $ echo fine") for line in lines)
        assert any(line.startswith("✗ $ (exit 3)") and line.rstrip().endswith("exit 3") for line in lines)
        assert [run.command for run in workspace.runs] == ["echo fine", "(exit 3)"]


async def test_ctrl_e_asks_about_a_failure_only_until_something_is_typed(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.run("false")
        offer = terminal.border
        await terminal.press("x")
        await terminal.until(lambda: "explain" not in terminal.border)
        await terminal.press("ctrl+e", "ctrl+u")
        await terminal.run("false")
        await press(terminal.pilot, "ctrl+e")
        await terminal.until(lambda: workspace.count("ask") == 1)
        questions = [argument.question for method, argument in workspace.calls if method == "ask"]  # type: ignore[attr-defined]

        assert "exit 1" in offer
        assert "explain" in offer
        assert questions == ["Why did @t2 fail, and how is it fixed?"]


async def test_a_command_can_be_mentioned_in_the_chat(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.run("echo one")
        await terminal.run("echo two")
        await press(terminal.pilot, LEAVE, "left_square_bracket", "left_square_bracket", "m")
        chat = terminal.app.main.chat

        assert chat is not None
        assert chat.composer.prompt.text == "@t1 "
        assert chat.composer.prompt.has_focus


async def test_a_command_that_could_not_be_stored_is_only_said(workspace: ScriptedWorkspace) -> None:
    workspace.failures["record_command"] = RametError("The disk is full.")
    async with terminal_opened(workspace) as terminal:
        await terminal.run("echo one")
        await terminal.run("echo two")
        await settle(terminal.pilot)
        said = [note.message for note in terminal.app._notifications]

        assert said == ["Commands are not recorded: The disk is full."]
        assert "two" in terminal.text


async def test_output_can_be_folded_and_unfolded(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.run("seq 1 5")
        await press(terminal.pilot, LEAVE, "z")
        await terminal.until_drawn("5 lines folded")
        folded = terminal.drawn
        await press(terminal.pilot, "z")
        await terminal.until(lambda: any(line.endswith(" 3") for line in terminal.drawn))

        assert folded[0].startswith("▸ $ seq 1 5")
        assert folded[1] == "  $"


async def test_a_command_is_run_again(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.run("echo again")
        await press(terminal.pilot, LEAVE, "r")
        await terminal.until(lambda: terminal.text.count("\nagain\n") == 2)

        assert terminal.pane.is_typing


async def test_command_and_output_are_copied_only_when_asked_for(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.run("printf '\\e]52;c;c3RvbGVu\\aone\\ntwo\\n'")
        stolen = terminal.app.clipboard
        await press(terminal.pilot, LEAVE, "c")
        command = terminal.app.clipboard
        await press(terminal.pilot, "o")

        assert stolen == ""
        assert command.startswith("printf")
        assert terminal.app.clipboard == "one\ntwo"


async def test_text_is_selected_and_copied_by_keys(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.run("echo alpha beta; echo gamma")
        await press(terminal.pilot, LEAVE, "left_square_bracket", "down", "v", *["right"] * 4, "down", "y")

        assert terminal.app.clipboard == "alpha beta\ngamma"


async def test_text_is_selected_by_mouse_and_ctrl_c_copies_it_once(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.run("echo alpha beta")
        row = terminal.drawn.index("  alpha beta")
        await terminal.pilot.mouse_down(terminal.screen, offset=(8, row))
        await terminal.pilot.hover(terminal.screen, offset=(11, row))
        await terminal.pilot.mouse_up(terminal.screen, offset=(11, row))
        await terminal.pilot.pause()
        hint = terminal.border
        await terminal.press("ctrl+c")
        copied = terminal.app.clipboard
        await terminal.press(*"echo", "space", "x", "ctrl+c")
        await terminal.until_shown("^C")

        assert "copy" in hint
        assert copied == "beta"
        assert terminal.app.clipboard == "beta"


async def test_search_goes_through_the_scrollback(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.run("seq 100 400")
        await press(terminal.pilot, LEAVE, "slash", *"12", "enter")
        await terminal.until(lambda: terminal.screen.places.match is not None)
        first = terminal.screen.session.emulator.text(*[terminal.screen.places.cursor.cell[0]] * 2)
        await press(terminal.pilot, "N")
        second = terminal.screen.session.emulator.text(*[terminal.screen.places.cursor.cell[0]] * 2)
        await terminal.until_drawn(second)

        assert (first, second) == ("312", "212")


async def test_a_place_in_the_output_opens_the_viewer(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.run("echo 'see shop/cart.py:12:3 and nope/gone.py:7'")
        await press(terminal.pilot, LEAVE, "F", "enter")
        by_keys = terminal.app.main.viewer.place
        await press(terminal.pilot, "ctrl+j")
        row = next(y for y, line in enumerate(terminal.drawn) if line.startswith("  see"))
        terminal.app.main.viewer.view.go_to(0)
        await terminal.pilot.click(terminal.screen, offset=(10, row))
        await settle(terminal.pilot)

        assert by_keys is not None
        assert (by_keys.path, by_keys.line) == ("shop/cart.py", 12)
        assert terminal.app.main.viewer.place == by_keys


async def test_several_terminals_have_tabs_and_names(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await press(terminal.pilot, LEAVE, "t")
        await terminal.until(lambda: len(terminal.pane.screens) == 2 and terminal.screen.session.is_prompt_untouched)
        await press(terminal.pilot, LEAVE, "comma", *"tests", "enter")
        title = str(terminal.pane.border_title)
        await press(terminal.pilot, LEAVE, "less_than_sign")
        first = terminal.screen
        await press(terminal.pilot, "greater_than_sign", "w")
        await terminal.until(lambda: len(terminal.pane.screens) == 1)

        assert "1 bash" in title
        assert "2 tests" in title
        assert first is terminal.screen


async def test_closing_asks_when_something_runs(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.paste("sleep 600")
        await terminal.press("enter")
        await terminal.until(lambda: terminal.screen.session.running_command == "sleep 600")
        await terminal.press(LEAVE, "w")
        await terminal.until(lambda: isinstance(terminal.app.screen, ConfirmScreen))
        await terminal.press("y")
        await terminal.until(lambda: not terminal.pane.screens)
        await terminal.pilot.pause()

        assert not terminal.pane.display


async def test_leaving_the_app_asks_when_something_runs(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.paste("sleep 600")
        await terminal.press("enter")
        await terminal.until(lambda: terminal.screen.session.running_command == "sleep 600")
        await terminal.press(LEAVE, "ctrl+q")
        await terminal.until(lambda: isinstance(terminal.app.screen, ConfirmScreen))
        asked = len(terminal.app.screen.query(Button))
        await terminal.press("n")
        await terminal.pilot.pause()

        assert asked == 2
        assert terminal.app.screen is terminal.app.main


async def test_a_shell_that_ends_says_how_and_starts_again(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.paste("exit 7")
        await terminal.press("enter")
        await terminal.until(lambda: "ended with 7" in terminal.border)
        await terminal.press("enter")
        await terminal.until(lambda: terminal.screen.session.is_prompt_untouched)

        assert "exit 7" not in terminal.text


async def test_a_shell_that_cannot_start_says_why(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:

        def fail(*_: object) -> None:
            raise RametError("No terminal could be opened.", "Close some terminals.")

        terminal.pane._open_shell = fail  # type: ignore[assignment]
        await press(terminal.pilot, LEAVE, "t")
        await terminal.until(lambda: "No terminal could be opened." in terminal.border)


async def test_a_full_screen_program_gets_escape_and_tab_and_leaves_the_output_alone(
    workspace: ScriptedWorkspace, tmp_path: Path
) -> None:
    program = tmp_path / "full.py"
    program.write_text(
        "import os, sys, tty\n"
        "tty.setraw(0)\n"
        "sys.stdout.write('\\x1b[?1049h\\x1b[H\\x1b[2Jpress'); sys.stdout.flush()\n"
        "keys = b''\n"
        "while not keys.endswith(b'q'): keys += os.read(0, 99)\n"
        "sys.stdout.write('\\x1b[?1049l' + repr(keys) + '\\r\\n')\n"
    )
    async with terminal_opened(workspace) as terminal:
        await terminal.run("echo before")
        await terminal.paste(f"{sys.executable} {program}; stty sane")
        await terminal.press("enter")
        await terminal.until_drawn("press")
        during = terminal.drawn
        await terminal.press("escape", "tab", "shift+tab", "ctrl+c", "f1", "ctrl+q", "alt+full_stop", "q")
        await terminal.until_shown("b'\\x1b\\t\\x1b[Z\\x03\\x1bOP\\x11\\x1b.q'")

        assert during[0] == "  press"
        assert "  before" in terminal.drawn


async def test_the_mouse_goes_to_programs_that_ask_for_it(workspace: ScriptedWorkspace, tmp_path: Path) -> None:
    program = tmp_path / "mouse.py"
    program.write_text(
        "import os, sys, tty\n"
        "tty.setraw(0)\n"
        "sys.stdout.write('\\x1b[?1000h\\x1b[?1006h\\x1b[?1004hready'); sys.stdout.flush()\n"
        "seen = b''\n"
        "while b'm' not in seen: seen += os.read(0, 99)\n"
        "sys.stdout.write('\\x1b[?1000l\\x1b[?1004l\\r\\n' + repr(seen) + '\\r\\n')\n"
    )
    async with terminal_opened(workspace) as terminal:
        await terminal.paste(f"{sys.executable} {program}; stty sane")
        await terminal.press("enter")
        await terminal.until_shown("\nready")
        await terminal.pilot.click(terminal.screen, offset=(7, 2))
        await terminal.until_shown("b'\\x1b[<0;6;3M\\x1b[<0;6;3m'")

        assert terminal.screen.places.selection is None


@pytest.mark.parametrize("size", [(20, 8), (400, 120)])
async def test_tiny_and_huge_screens_work(workspace: ScriptedWorkspace, size: tuple[int, int]) -> None:
    async with terminal_opened(workspace, size=size) as terminal:
        await terminal.run("echo ok")

        assert "\nok\n" in terminal.text


async def test_a_resize_wraps_lines_anew(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.run("printf 'x%.0s' {1..100}; echo")
        before = sum(line.strip("x ") == "" and "x" in line for line in terminal.drawn)
        await terminal.pilot.resize_terminal(200, 40)
        await terminal.until(lambda: terminal.screen.session.emulator.columns > 60)
        await terminal.until(lambda: any("x" * 60 in line for line in terminal.drawn))
        after = sum(line.strip("x ") == "" and "x" in line for line in terminal.drawn)

        assert after < before
