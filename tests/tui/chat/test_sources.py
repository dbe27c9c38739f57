"""Following citations, through real key presses and clicks."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.widgets import Button

from ramet.models import Citation, Span
from ramet_tui.widgets.chat.blocks import CitedParagraph, CodeBlock
from ramet_tui.widgets.chat.dialogs import ConfirmScreen
from ramet_tui.widgets.chat.sources import SourceRow, source_entries, source_line
from tests.tui.chat.app import SOURCES, ChatApp, answer, ask, citation, scripted, settle, shown_text, source

CITED = (citation(1), citation(2, "moved", 400, 435), citation(3, "changed"), Citation(9, "unknown"))


def focused_number(app: ChatApp) -> int:
    return app.focused.entry.number if isinstance(app.focused, SourceRow) else 0


async def test_enter_on_a_source_opens_it_where_it_is_now(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("Two [1] [2].", *CITED))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await ask(pilot, "why")
        await pilot.press("tab", "enter", "down", "enter")
        await pilot.pause()

    assert app.selected == [("src/flask/ctx.py", 241, 262), ("src/flask/ctx.py", 400, 435)]


@pytest.mark.parametrize("key", ["ctrl+up", "alt+up"])
async def test_arrows_lead_to_the_sources_and_escape_back(tmp_path: Path, key: str) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("Two [1].", *CITED))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await ask(pilot, "why")
        await pilot.press(key)
        number = focused_number(app)
        await pilot.press("escape")
        is_back = app.pane.composer.prompt.has_focus

    assert number == 1
    assert is_back


async def test_tab_after_the_last_source_leaves_the_pane(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("Two [1].", citation(1), sources=SOURCES[:2]))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        app.screen.add_class("with-next")
        await ask(pilot, "why")
        await pilot.press("tab", "tab", "tab")
        focused = app.focused

    assert isinstance(focused, Button)


async def test_digits_go_to_a_source_and_show_one_that_is_not_cited(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("Two [1].", citation(1)))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await ask(pilot, "why")
        await pilot.press("ctrl+up", "5")
        await pilot.pause()
        number = focused_number(app)
        await pilot.press("enter")
        await pilot.pause()

    assert number == 5
    assert app.selected == [("tests/test_appctx.py", 12, 40)]


async def test_a_focused_source_explains_its_state(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("Two [1] [2] [3] [9].", *CITED))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 40)) as pilot:
        await ask(pilot, "why")
        said = []
        for key in ("tab", "down", "down", "down"):
            await pilot.press(key)
            await pilot.pause()
            said.append(shown_text(app))
        await pilot.press("enter")
        await pilot.pause()

    assert "The file still says what was cited." in said[0]
    assert "the cited text is now at these lines. It was at 396-431." in said[1]
    assert "the cited text is no longer there" in said[2]
    assert "names a source that it was not given" in said[3]
    assert "words teardown, context · symbol AppContext" in said[0]
    assert app.selected == []


async def test_a_click_on_a_chip_opens_its_source(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("Go [3] there, or [2, 4].", citation(3)))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await ask(pilot, "why")
        await pilot.click(CitedParagraph, offset=(4, 0))
        await pilot.pause()
        await pilot.click(CitedParagraph, offset=(21, 0))
        await pilot.pause()
        await pilot.click(CitedParagraph, offset=(0, 0))
        await pilot.pause()

    assert app.selected == [("src/flask/app.py", 1372, 1401), ("docs/appcontext.rst", 60, 88)]


async def test_a_number_without_a_source_is_no_chip(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("See items[0] and `x[1]`."))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await ask(pilot, "why")
        for column in range(30):
            await pilot.click(CitedParagraph, offset=(column, 0))
        await pilot.pause()

    assert app.selected == []


async def test_a_link_to_a_file_opens_the_file(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("[here](src/flask/app.py#L10-L20)"))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await ask(pilot, "why")
        await pilot.click(CitedParagraph, offset=(1, 0))
        await pilot.pause()

    assert app.selected == [("src/flask/app.py", 10, 20)]
    assert app.opened == []


@pytest.mark.parametrize(("key", "opened"), [("y", ["https://example.org/a%20b"]), ("n", []), ("enter", []), ("escape", [])])
async def test_a_web_link_is_opened_only_after_a_yes(tmp_path: Path, key: str, opened: list[str]) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("[here](https://example.org/a%20b)"))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await ask(pilot, "why")
        await pilot.click(CitedParagraph, offset=(1, 0))
        await pilot.pause()
        is_asking = isinstance(app.screen, ConfirmScreen)
        text = shown_text(app)
        await pilot.press(key)
        await settle(pilot)

    assert is_asking
    assert "https://example.org/a%20b" in text
    assert app.opened == opened


@pytest.mark.parametrize("href", ["javascript:alert(1)", "file:///etc/passwd", "ssh://host/x", "citation:99", "citation:x"])
async def test_other_links_do_nothing(tmp_path: Path, href: str) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer(f"[here]({href})"))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await ask(pilot, "why")
        await pilot.click(CitedParagraph, offset=(1, 0))
        await pilot.pause()
        screens = len(app.screen_stack)

    assert (app.opened, app.selected, screens) == ([], [], 1)


async def test_c_copies_the_answer_and_y_a_code_block(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    text = "First\n\n```python\nx = 1\n```\n\nthen\n\n```\nplain\ntext\n```\n"
    workspace.answers.append(answer(text, citation(1)))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await ask(pilot, "why")
        await pilot.press("tab", "c", "y")
        is_on_code = isinstance(app.focused, CodeBlock)
        await pilot.press("tab", "y")

    assert is_on_code
    assert app.copied == [text, "x = 1", "plain\ntext"]


def test_cited_sources_come_first_and_know_where_they_are_now() -> None:
    entries = source_entries(SOURCES, (citation(4, "moved", 70, 98), Citation(9, "unknown")))

    assert [(entry.number, entry.start_line, entry.can_open) for entry in entries[:3]] == [
        (4, 70, True),
        (9, 0, False),
        (1, 241, True),
    ]


def test_a_source_line_never_exceeds_its_width() -> None:
    deep = source(12, "src/" + "very/deep/" * 6 + "名前.py", 12_345, 12_399, "SomeClass.some_method_with_a_long_name")
    for width in range(22, 121):
        for entry in source_entries([deep, *SOURCES], (citation(1), citation(2, "moved"), Citation(99, "unknown"))):
            line = source_line(entry, width)

            assert line.cell_length <= width
            assert line.plain.startswith(f"[{entry.number}] ")
            assert not entry.can_open or str(entry.start_line) in line.plain


def test_an_outline_says_that_it_is_one() -> None:
    spans = (Span(12, 12, "k12"), Span(300, 300, "k300"))
    outline = replace(source(1, start=12, end=300, symbol=""), spans=spans, reasons=())
    cited = Citation(1, "moved", outline.path, 14, 302, key=outline.key, spans=spans)

    found, checked = (source_line(source_entries([outline], citations)[0], 60).plain for citations in ((), (cited,)))

    assert found.rstrip() == "[1] src/flask/ctx.py:12-300  outline"
    assert checked.rstrip() == "[1] src/flask/ctx.py:14-302  outline ↷"
