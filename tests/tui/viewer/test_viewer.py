"""The viewer, driven by keys."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from ramet_tui.app import RametApp
from ramet_tui.messages import PlaceSelected
from ramet_tui.widgets.viewer.code_view import CodeView
from ramet_tui.widgets.viewer.pane import ViewerPane
from tests.tui.piloting import opened, press, settle, type_text
from tests.tui.scripted_workspace import ScriptedWorkspace


def viewer_of(pilot: Pilot[None]) -> ViewerPane:
    assert isinstance(pilot.app, RametApp)
    return pilot.app.main.viewer


async def show(pilot: Pilot[None], path: str, start_line: int = 0, end_line: int = 0) -> CodeView:
    viewer = viewer_of(pilot)
    viewer.screen.post_message(PlaceSelected(path, start_line, end_line))
    await settle(pilot)
    return viewer.view


def lines_of(view: CodeView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


@pytest.fixture
def long_file(workspace: ScriptedWorkspace) -> str:
    text = "".join(f"line_{number} = {number}\n" for number in range(1, 2_001))
    (workspace.root / "long.py").write_text(text)
    return "long.py"


async def test_lines_have_numbers(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        view = await show(pilot, "shop/payment.py")

        assert lines_of(view)[2].split() == ["3", "RETRY_LIMIT", "=", "3"]


async def test_colours_arrive_after_the_text(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        view = await show(pilot, "shop/payment.py")
        keyword = pilot.app.theme_variables["syntax-keyword"]
        colours = {segment.text.strip(): segment.style.color for segment in view.render_line(5) if segment.style}

        assert colours["class"] is not None
        assert colours["class"].get_truecolor().hex == keyword


async def test_a_cited_span_is_marked_and_visible(workspace: ScriptedWorkspace, long_file: str) -> None:
    async with opened(workspace) as pilot:
        view = await show(pilot, long_file, 1_500, 1_503)
        marked = [line for line in lines_of(view) if "▎" in line]

        assert [line.split("▎")[0].strip() for line in marked] == ["1500", "1501", "1502", "1503"]
        assert view.has_focus


async def test_ctrl_g_goes_to_a_line(workspace: ScriptedWorkspace, long_file: str) -> None:
    async with opened(workspace) as pilot:
        view = await show(pilot, long_file)
        await press(pilot, "ctrl+g")
        await type_text(pilot, "777")
        await press(pilot, "enter")

        assert view.cursor_line == 776
        assert any(line.split()[0] == "777" for line in lines_of(view))
        assert view.has_focus


async def test_a_line_beyond_the_end_is_the_last_one(workspace: ScriptedWorkspace, long_file: str) -> None:
    async with opened(workspace) as pilot:
        view = await show(pilot, long_file)
        await press(pilot, "ctrl+g", *"99999", "enter")

        assert view.cursor_line == 1_999


@pytest.mark.parametrize(
    ("keys", "line"),
    [(("down", "down", "up"), 1), (("j", "j", "k"), 1), (("end",), 1_999), (("end", "home"), 0), (("pagedown",), 35)],
)
async def test_keys_move_the_cursor(workspace: ScriptedWorkspace, long_file: str, keys: tuple[str, ...], line: int) -> None:
    async with opened(workspace) as pilot:
        view = await show(pilot, long_file)
        await press(pilot, *keys)

        assert view.cursor_line == line
        assert view._is_visible(view.cursor_line)


async def test_slash_finds_from_the_cursor_on_and_n_goes_round(workspace: ScriptedWorkspace, long_file: str) -> None:
    async with opened(workspace) as pilot:
        view = await show(pilot, long_file, 500)
        await press(pilot, "slash")
        await type_text(pilot, "line_99")
        first = view.cursor_line + 1
        await press(pilot, "enter", "n")
        second = view.cursor_line + 1
        await press(pilot, "N", "N")

        assert (first, second, view.cursor_line + 1) == (990, 991, 99)


async def test_escape_goes_back_to_where_finding_began(workspace: ScriptedWorkspace, long_file: str) -> None:
    async with opened(workspace) as pilot:
        view = await show(pilot, long_file, 500)
        await press(pilot, "slash")
        await type_text(pilot, "line_99")
        await press(pilot, "escape")

        assert view.cursor_line == 499


async def test_what_is_not_found_is_said(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await show(pilot, "shop/cart.py")
        await press(pilot, "slash")
        await type_text(pilot, "zebra")

        assert str(viewer_of(pilot).prompt.query_one(".prompt-note").render()) == "not found"


async def test_selected_lines_are_copied_as_they_are_in_the_file(workspace: ScriptedWorkspace) -> None:
    (workspace.root / "tabs.py").write_text("if x:\n\tprint('\x1b')\n\n")
    async with opened(workspace) as pilot:
        await show(pilot, "tabs.py")
        await press(pilot, "shift+down", "c")

        assert pilot.app.clipboard == "if x:\n\tprint('\x1b')"


async def test_the_mouse_selects_text(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        view = await show(pilot, "shop/payment.py")
        gutter = view.gutter_width
        await pilot.mouse_down(view, offset=(gutter, 2))
        await pilot.hover(view, offset=(gutter + 10, 2))
        await pilot.mouse_up(view, offset=(gutter + 10, 2))
        await press(pilot, "ctrl+c")

        assert pilot.app.clipboard == "RETRY_LIMIT"


async def test_a_click_moves_the_cursor(workspace: ScriptedWorkspace, long_file: str) -> None:
    async with opened(workspace) as pilot:
        view = await show(pilot, long_file)
        await pilot.click(view, offset=(10, 7))

        assert view.cursor_line == 7


async def test_a_changed_file_is_read_again_in_its_place(workspace: ScriptedWorkspace, long_file: str) -> None:
    async with opened(workspace) as pilot:
        view = await show(pilot, long_file, 1_000)
        top = view.scroll_offset.y
        (workspace.root / long_file).write_text("".join(f"changed = {number}\n" for number in range(1, 1_501)))
        workspace.change()
        await settle(pilot)

        assert "changed" in lines_of(view)[0]
        assert (view.cursor_line, view.scroll_offset.y) == (999, top)


async def test_a_deleted_file_is_said_to_be_gone_and_comes_back(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        view = await show(pilot, "README.md")
        text = (workspace.root / "README.md").read_text()
        (workspace.root / "README.md").unlink()
        workspace.change()
        await settle(pilot)
        notice = str(viewer_of(pilot).notice.render())
        (workspace.root / "README.md").write_text(text)
        await press(pilot, "r")

        assert "gone" in notice
        assert view.display
        assert view.has_focus


async def test_a_file_is_shown_where_it_was_left(workspace: ScriptedWorkspace, long_file: str) -> None:
    async with opened(workspace) as pilot:
        view = await show(pilot, long_file, 1_234)
        await show(pilot, "README.md")
        await show(pilot, long_file)

        assert view.cursor_line == 1_233


async def test_wide_characters_and_sideways_scrolling_keep_the_width(workspace: ScriptedWorkspace) -> None:
    (workspace.root / "wide.txt").write_text("漢字" * 100 + "\n" + "x" * 400 + "\n")
    async with opened(workspace) as pilot:
        view = await show(pilot, "wide.txt")
        for _ in range(5):
            await press(pilot, "right")
            assert [view.render_line(y).cell_length for y in (0, 1)] == [view.size.width] * 2


async def test_a_hundred_thousand_lines_scroll_without_drawing_them_all(workspace: ScriptedWorkspace) -> None:
    (workspace.root / "big.txt").write_text("".join(f"row {number}\n" for number in range(100_000)))
    async with opened(workspace) as pilot:
        view = await show(pilot, "big.txt")
        await press(pilot, "end")

        assert view.cursor_line == 99_999
        assert lines_of(view)[-1].split() == ["100000", "row", "99999"]


async def test_alt_left_and_right_go_through_visited_places(workspace: ScriptedWorkspace, long_file: str) -> None:
    async with opened(workspace) as pilot:
        view = await show(pilot, long_file, 100)
        await show(pilot, "shop/cart.py", 7)
        await show(pilot, long_file, 300)
        places = []
        for key in ("alt+left", "alt+left", "alt+right"):
            await press(pilot, key)
            places.append((viewer_of(pilot).path, view.cursor_line + 1))

        assert places == [("shop/cart.py", 7), (long_file, 100), ("shop/cart.py", 7)]
