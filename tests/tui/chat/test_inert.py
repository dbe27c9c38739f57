"""Nothing that a model, a file or a tool says can act: no escape code, no markup, no swallowed text."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramet.events import Answered, ModelChosen, Retrieved, TextDelta, ToolCalled, ToolReturned
from ramet.models import Attachment, Citation, Problem, Usage
from tests.tui.chat.app import MODEL, ChatApp, answer, ask, scripted, settle, shown_text, source, stored, turn

EVIL = "\x1b[31mred\x1b]52;c;ZXZpbA==\x07\x9b2J\u202e"
INERT = "␛[31mred␛]52;c;ZXZpbA==␇�2J�"


def is_harmless(text: str) -> bool:
    """Whether no character but line feeds controls a terminal."""
    return all(char == "\n" or (char.isprintable() and char not in "\u202e\u2066") or char == "\xa0" for char in text)


async def test_escape_codes_are_shown_and_do_nothing(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(
        [
            ModelChosen(MODEL, "c1"),
            Retrieved((source(1, f"src/{EVIL}.py", symbol=f"f{EVIL}"),), (f"note {EVIL}",)),
            ToolCalled("a", "grep", '{"pattern": "\\u001b[31mred"}'),
            ToolReturned("a", f"grep{EVIL}", f"done {EVIL}"),
            TextDelta(f"Text {EVIL} &#x202e; `{EVIL}` "),
            TextDelta(f"\n\n```py{EVIL}\ncode {EVIL}\n```\n\n| {EVIL} |\n|---|\n| {EVIL} |\n"),
            Answered(
                text="",
                citations=(Citation(1, "valid", f"src/{EVIL}.py", 1, 2, f"f{EVIL}"),),
                usage=Usage(),
                conversation="c1",
                problem=Problem("ModelError", f"what {EVIL}", f"advice {EVIL}"),
            ),
        ]
    )
    app = ChatApp(workspace)
    async with app.run_test(size=(120, 60)) as pilot:
        app.pane.ask(f"question {EVIL}", (Attachment(f"name {EVIL}", "text"),))
        await settle(pilot)
        await pilot.press("tab", "tab")
        await pilot.pause()
        text = shown_text(app)
        await pilot.pause()

    assert is_harmless(text)
    for said in ("question", "with name", "note", "Text", "code", "what", "advice"):
        assert f"{said} {INERT}" in text
    assert 'searched for the pattern "␛[31mred" · done' in text
    assert f"src/{INERT}.py" in text


async def test_escape_codes_split_between_deltas_are_inert_too(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("a\x1b[31mb\r\nc\r", size=1))
    app = ChatApp(workspace)
    async with app.run_test(size=(80, 30)) as pilot:
        await ask(pilot, "why")
        source_text = app.pane.transcript.turns[0].markdown.source

    assert source_text == "a␛[31mb\nc␍"


@pytest.mark.parametrize(
    "text",
    [
        "Use <Component prop={x} /> here",
        "a [bold]word[/bold] and [@click=app.quit]click[/]",
        "List<String> and <script>alert(1)</script>",
        "[1]: not a definition",
        "![alt](picture.png) stays",
        "plain app.py and www names are no links: example.py",
    ],
)
async def test_markup_in_an_answer_is_text(tmp_path: Path, text: str) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer(text, sources=()))
    app = ChatApp(workspace)
    async with app.run_test(size=(100, 30)) as pilot:
        await ask(pilot, "why")
        shown = shown_text(app)

    assert text.replace("![alt](picture.png)", "!alt") in shown


async def test_markup_and_escapes_in_stored_titles_questions_and_errors_are_text(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.stored["x"] = stored("x", turn(f"[b]q[/b] {EVIL}", f"[b]a[/b] {EVIL}"), title=f"[b]t[/b] {EVIL}")
    app = ChatApp(workspace)
    async with app.run_test(size=(110, 30)) as pilot:
        await settle(pilot)
        text = shown_text(app)
        await pilot.press(*"/conv", "enter")
        await pilot.pause()
        await pilot.pause()
        listed = shown_text(app)

    assert is_harmless(text + listed)
    assert f"[b]q[/b] {INERT}" in text
    assert f"[b]a[/b] {INERT}" in text
    assert f"[b]t[/b] {INERT}" in listed
