"""The Markdown document of an answer: what arrives in pieces looks like what arrives whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import ComposeResult

from ramet_tui.widgets.chat.answer import AnswerMarkdown
from ramet_tui.widgets.chat.blocks import CitedParagraph
from tests.tui.chat.app import SOURCES, ChatApp, ThemedApp, answer, ask, scripted, shown_text

DOCUMENTS = {
    "bullets": "Before\n\n- one [1]\n- two with `code`\n- three\n\nAfter\n",
    "numbers": "".join(f"{number}. item {number}\n" for number in range(1, 13)) + "\nend\n",
    "start": "7. seven\n8. eight\n",
    "nested": "- one\n  - inner one\n  - inner two\n\n    more of inner two\n- two\n\n  ```python\n  x = 1\n  ```\n- three\n",
    "loose": "- one\n\n- two\n\n- three\n",
    "mixed": "1. one\n   - a\n   - b\n2. two\n\n> quote\n> - in quote\n\n- x\n",
    "rule": "- a\n- b\n---\ntext\n",
    "table": "| a | b |\n|---|---|\n" + "".join(f"| cell {number} | [1] {number} |\n" for number in range(6)),
    "code": "Text\n\n```python\ndef f():\n    return 1\n```\n\nmore `code`\n",
    "heading": "# One\n\nText\n\n## Two\nText\n",
    "long item": "- " + "word " * 40 + "\n- " + "other " * 40 + "\n",
    "odd": "**bold\n\n- *x\n\n| a |\n\n```\nnever closed\n\u2028line\n",
}


class DocumentApp(ThemedApp):
    """Holds only a document."""

    def __init__(self) -> None:
        super().__init__()
        self.document = AnswerMarkdown("", {1, 2, 3})

    def compose(self) -> ComposeResult:
        yield self.document


@pytest.mark.parametrize("size", [1, 4, 17])
@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_document_in_pieces_looks_like_the_whole(name: str, size: int) -> None:
    text = DOCUMENTS[name].replace("\u2028", "\n")
    app = DocumentApp()
    async with app.run_test(size=(50, 60)) as pilot:
        for start in range(0, len(text), size):
            await app.document.append(text[start : start + size])
        await pilot.pause()
        streamed = shown_text(app)
        await app.document.update(text)
        await pilot.pause()
        whole = shown_text(app)

    assert streamed == whole


async def test_numbers_stay_aligned_when_a_list_grows_past_nine() -> None:
    app = DocumentApp()
    async with app.run_test(size=(50, 30)) as pilot:
        for number in range(8, 12):
            await app.document.append(f"{number}. item\n")
        await pilot.pause()
        lines = shown_text(app).splitlines()[:4]

    assert lines == ["  8. item", "  9. item", " 10. item", " 11. item"]


async def test_the_second_line_of_an_item_is_indented() -> None:
    app = DocumentApp()
    async with app.run_test(size=(20, 30)) as pilot:
        await app.document.append("- some words that wrap\n")
        await pilot.pause()
        lines = shown_text(app).splitlines()[:2]

    assert lines == ["• some words that", "  wrap"]


async def test_a_long_list_takes_one_widget_for_an_item() -> None:
    app = DocumentApp()
    async with app.run_test(size=(50, 30)) as pilot:
        await app.document.append("".join(f"- item {number}\n" for number in range(50)))
        await pilot.pause()
        widgets = len(list(app.document.walk_children()))

    assert widgets == 51


async def test_chips_in_rows_of_a_table_that_arrived_later_can_be_clicked(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("| a |\n|---|\n| x |\n", sources=SOURCES))
    app = ChatApp(workspace)
    async with app.run_test(size=(60, 40)) as pilot:
        await ask(pilot, "why")
        markdown = app.pane.transcript.turns[0].markdown
        await markdown.append("| [2] |\n")
        await pilot.pause()
        await pilot.click(".row2", offset=(2, 0))
        await pilot.pause()

    assert app.selected == [("src/flask/ctx.py", 396, 431)]


async def test_a_chip_in_a_list_item_can_be_clicked(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("- see [3]\n"))
    app = ChatApp(workspace)
    async with app.run_test(size=(60, 40)) as pilot:
        await ask(pilot, "why")
        await pilot.click(CitedParagraph, offset=(7, 0))
        await pilot.pause()

    assert app.selected == [("src/flask/app.py", 1372, 1401)]
