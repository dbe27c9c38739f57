"""The terminal pane with a real shell. Starting the app costs more than what is tested, so each test looks at several things."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from textual.widgets import Button

from ramet.errors import RametError
from ramet_tui.widgets.chat.dialogs import ConfirmScreen
from tests.tui.piloting import press, settle
from tests.tui.scripted_workspace import ScriptedWorkspace
from tests.tui.terminal.shells import LEAVE, Terminal, bash, terminal_opened

__all__ = ["bash"]
pytestmark = pytest.mark.usefixtures("bash")

FULL_SCREEN = (
    "import os, sys, tty\n"
    "tty.setraw(0)\n"
    "sys.stdout.write('\\x1b[?1049h\\x1b[H\\x1b[2Jpress'); sys.stdout.flush()\n"
    "keys = b''\n"
    "while not keys.endswith(b'q'): keys += os.read(0, 99)\n"
    "sys.stdout.write('\\x1b[?1049l' + repr(keys) + '\\r\\n')\n"
)
MOUSE = (
    "import os, sys, tty\n"
    "tty.setraw(0)\n"
    "sys.stdout.write('\\x1b[?1000h\\x1b[?1006hready'); sys.stdout.flush()\n"
    "seen = b''\n"
    "while b'm' not in seen: seen += os.read(0, 99)\n"
    "sys.stdout.write('\\x1b[?1000l\\r\\n' + repr(seen) + '\\r\\n')\n"
)


async def begin(terminal: Terminal, command: str) -> None:
    """Type a command that goes on, and wait until it runs."""
    await terminal.paste(command)
    await terminal.press("enter")
    await terminal.until(lambda: terminal.screen.session.running_command == command, command)


async def answer(terminal: Terminal, key: str) -> int:
    """Press a key in the question that comes up; return how many buttons it has."""
    await terminal.until(lambda: isinstance(terminal.app.screen, ConfirmScreen), "the question")
    buttons = len(terminal.app.screen.query(Button))
    await terminal.press(key)
    await terminal.until(lambda: terminal.app.screen is terminal.app.main)
    return buttons


async def test_the_shell_starts_in_the_root_and_gets_every_key(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.run('echo "$PWD|$TERM|$COLORTERM|${TMUX:-none}"; tput cols; tput lines')
        columns, rows = terminal.screen.wanted_size
        await terminal.press(*"xyz", "ctrl+w", "ctrl+f", "f6", "ctrl+u", *"echo", "space", *"zy", "enter")
        await terminal.until_shown("\nzy\n")

        assert f"{workspace.root}|xterm-256color|truecolor|none\n{columns}\n{rows}" in terminal.text
        assert terminal.pane.is_typing
        assert not terminal.app.main.workbench.is_zoomed
        assert terminal.app.screen is terminal.app.main


async def test_one_key_leaves_the_program_and_pressed_twice_it_reaches_it(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await begin(terminal, "cat -v")
        await terminal.press(LEAVE, LEAVE, "enter")
        await terminal.until_shown("\n^]")
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
        assert terminal.screen.session.running_command == "cat -v"


async def test_commands_are_marked_stored_folded_copied_and_run_again(workspace: ScriptedWorkspace) -> None:
    """A program that sets the clipboard (OSC 52) is not listened to."""
    async with terminal_opened(workspace, size=(160, 40)) as terminal:
        await terminal.run("(exit 3)")
        await terminal.run("printf '\\e]52;c;c3RvbGVu\\aone\\ntwo\\n'")
        stolen = terminal.app.clipboard
        await terminal.until_drawn("exit 3")
        lines = terminal.drawn
        await press(terminal.pilot, LEAVE, "c")
        command = terminal.app.clipboard
        await press(terminal.pilot, "o", "z")
        output = terminal.app.clipboard
        await terminal.until_drawn("2 lines folded")
        folded = terminal.drawn
        await press(terminal.pilot, "z", "r")
        await terminal.until(lambda: terminal.text.count("\none\n") == 2)

        assert lines[0].startswith("✗ $ (exit 3)")
        assert lines[0].endswith("exit 3")
        assert lines[1].startswith("✓ $ printf")
        assert [run.exit_code for run in workspace.runs[:2]] == [3, 0]
        assert (stolen, command, output) == ("", workspace.runs[1].command, "one\ntwo")
        assert folded[1].startswith("▸ $ printf")
        assert not any(line.endswith("two") for line in folded)


async def test_a_failure_is_explained_with_one_key_until_something_is_typed(workspace: ScriptedWorkspace) -> None:
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
        await press(terminal.pilot, "ctrl+j", LEAVE, "left_square_bracket", "left_square_bracket", "m")
        chat = terminal.app.main.chat

        assert "exit 1" in offer
        assert "explain" in offer
        assert questions == ["Why did @t2 fail, and how is it fixed?"]
        assert chat is not None
        assert chat.composer.prompt.text == "@t1 "
        assert chat.composer.prompt.has_focus


async def test_text_is_selected_by_keys_and_mouse_and_copied_when_asked_for(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.run("echo alpha beta; echo gamma")
        await press(terminal.pilot, LEAVE, "left_square_bracket", "down", "v", *["right"] * 4, "down", "y", "escape")
        by_keys = terminal.app.clipboard
        await terminal.until_drawn("gamma")
        row = terminal.drawn.index("  alpha beta")
        await terminal.pilot.mouse_down(terminal.screen, offset=(8, row))
        await terminal.pilot.hover(terminal.screen, offset=(11, row))
        await terminal.pilot.mouse_up(terminal.screen, offset=(11, row))
        await terminal.pilot.pause()
        hint = terminal.border
        await terminal.press("ctrl+c")
        by_mouse = terminal.app.clipboard
        await terminal.press(*"echo", "space", "x", "ctrl+c")
        await terminal.until_shown("^C")

        assert by_keys == "alpha beta\ngamma"
        assert "copy" in hint
        assert by_mouse == "beta"
        assert terminal.app.clipboard == "beta"


async def test_text_and_places_in_files_are_found(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await terminal.run("seq 100 400; echo 'see shop/cart.py:12:3 and nope/gone.py:7'")
        await press(terminal.pilot, LEAVE, "slash", *"12", "enter", "N")
        first = terminal.screen.session.emulator.text(*[terminal.screen.places.cursor.cell[0]] * 2)
        await press(terminal.pilot, "N")
        second = terminal.screen.session.emulator.text(*[terminal.screen.places.cursor.cell[0]] * 2)
        await terminal.until_drawn(second)
        await press(terminal.pilot, "G", "F", "enter")
        by_keys = terminal.app.main.viewer.place
        await press(terminal.pilot, "ctrl+j")
        await terminal.until_drawn("see shop")
        row = next(y for y, line in enumerate(terminal.drawn) if line.startswith("  see"))
        terminal.app.main.viewer.view.go_to(0)
        await terminal.pilot.click(terminal.screen, offset=(10, row))
        await settle(terminal.pilot)

        assert (first, second) == ("312", "212")
        assert by_keys is not None
        assert (by_keys.path, by_keys.line) == ("shop/cart.py", 12)
        assert terminal.app.main.viewer.place == by_keys


async def test_terminals_have_tabs_and_names_and_ending_one_that_is_busy_is_asked_about(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace) as terminal:
        await press(terminal.pilot, LEAVE, "t")
        await terminal.until(lambda: len(terminal.pane.screens) == 2 and terminal.screen.session.is_prompt_untouched)
        await press(terminal.pilot, LEAVE, "comma", *"tests", "enter")
        title = str(terminal.pane.border_title)
        await press(terminal.pilot, LEAVE, "less_than_sign")
        first = terminal.screen
        await press(terminal.pilot, "greater_than_sign", "w")
        await terminal.until(lambda: len(terminal.pane.screens) == 1)
        await begin(terminal, "sleep 600")
        await terminal.press(LEAVE, "ctrl+q")
        leaving = await answer(terminal, "n")
        await terminal.press("w")
        closing = await answer(terminal, "y")
        await terminal.until(lambda: not terminal.pane.screens and not terminal.pane.display)

        assert "1 bash" in title
        assert "2 tests" in title
        assert first.session.name == "1"
        assert (leaving, closing) == (2, 2)


async def test_what_goes_wrong_is_said_and_the_terminal_goes_on(workspace: ScriptedWorkspace) -> None:
    workspace.failures["record_command"] = RametError("The disk is full.")
    async with terminal_opened(workspace) as terminal:
        await terminal.run("echo one")
        await terminal.run("echo two")
        await settle(terminal.pilot)
        said = [note.message for note in terminal.app._notifications]
        await terminal.paste("exit 7")
        await terminal.press("enter")
        await terminal.until(lambda: "ended with 7" in terminal.border)
        await terminal.press("enter")
        await terminal.until(lambda: terminal.screen.session.is_prompt_untouched)
        restarted = terminal.text

        def fail(*_: object) -> None:
            raise RametError("No terminal could be opened.", "Close some terminals.")

        terminal.pane._open_shell = fail  # type: ignore[assignment]
        await press(terminal.pilot, LEAVE, "t")
        await terminal.until(lambda: "did not start" in terminal.border)
        problem = terminal.text

        assert said == ["Commands are not recorded: The disk is full."]
        assert "exit 7" not in restarted
        assert "No terminal could be opened.\nClose some terminals." in problem


async def test_full_screen_and_mouse_programs_get_what_they_ask_for(workspace: ScriptedWorkspace, tmp_path: Path) -> None:
    (tmp_path / "full.py").write_text(FULL_SCREEN)
    (tmp_path / "mouse.py").write_text(MOUSE)
    async with terminal_opened(workspace) as terminal:
        await terminal.run("echo before")
        await begin(terminal, f"{sys.executable} {tmp_path / 'full.py'}; stty sane")
        await terminal.until_drawn("press")
        during = terminal.drawn
        await terminal.press("escape", "tab", "shift+tab", "ctrl+c", "f1", "ctrl+q", "alt+full_stop", "q")
        await terminal.until_shown("b'\\x1b\\t\\x1b[Z\\x03\\x1bOP\\x11\\x1b.q'")
        await terminal.until_drawn("before")
        await terminal.until(lambda: terminal.screen.session.is_prompt_untouched)
        await begin(terminal, f"clear; {sys.executable} {tmp_path / 'mouse.py'}; stty sane")
        await terminal.until_drawn("ready")
        row = next(y for y, line in enumerate(terminal.drawn) if line.endswith("ready"))
        await terminal.pilot.click(terminal.screen, offset=(7, row))
        await terminal.until_shown(f"b'\\x1b[<0;6;{row + 1}M\\x1b[<0;6;{row + 1}m'")

        assert during[0] == "  press"
        assert terminal.screen.places.selection is None


async def test_any_size_works_and_lines_are_wrapped_anew(workspace: ScriptedWorkspace) -> None:
    async with terminal_opened(workspace, size=(20, 8)) as terminal:
        await terminal.run("printf 'x%.0s' {1..100}; echo")
        wrapped = sum("x" in line and "$" not in line for line in terminal.drawn)
        await terminal.pilot.resize_terminal(400, 120)
        await terminal.until(lambda: terminal.screen.session.emulator.columns > 100)
        await terminal.until_drawn("x" * 100)
        await terminal.run("tput cols")

        assert wrapped > 1
        assert f"\n{terminal.screen.wanted_size[0]}\n" in terminal.text
