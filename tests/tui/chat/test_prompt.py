"""Writing a question, through real key presses."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events

from ramet_tui.widgets.chat.history import PromptHistory
from ramet_tui.widgets.chat.mentions import mention_being_typed, mention_text, mentioned_paths
from tests.tui.chat.app import ChatApp, answer, ask, scripted, settle, shown_text, write
from tests.tui.chat.test_asking import asked


async def paste(app: ChatApp, text: str) -> None:
    assert app.focused is not None
    app.focused.post_message(events.Paste(text))


@pytest.mark.parametrize("key", ["ctrl+n", "shift+enter", "alt+enter"])
async def test_the_prompt_grows_with_its_lines(tmp_path: Path, key: str) -> None:
    app = ChatApp(scripted(tmp_path))
    async with app.run_test(size=(50, 30)) as pilot:
        heights = []
        for _ in range(10):
            heights.append(app.pane.composer.prompt.size.height)
            await pilot.press("a", key)
            await pilot.pause()
        text = app.prompt_text

    assert heights == [1, 2, 3, 4, 5, 6, 7, 8, 8, 8]
    assert text == "a\n" * 10


async def test_a_long_line_wraps_and_grows_too(tmp_path: Path) -> None:
    app = ChatApp(scripted(tmp_path))
    async with app.run_test(size=(30, 30)) as pilot:
        await write(pilot, "some words " * 6)
        await pilot.pause()

        assert app.pane.composer.prompt.size.height == 3


async def test_up_and_down_walk_through_the_questions(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    app = ChatApp(workspace)
    async with app.run_test(size=(50, 30)) as pilot:
        await ask(pilot, "one")
        await ask(pilot, "two")
        await write(pilot, "draft")
        seen = []
        for key in ("up", "up", "up", "down", "down", "down"):
            await pilot.press(key)
            seen.append(app.prompt_text)

    assert seen == ["two", "one", "one", "two", "draft", "draft"]


async def test_up_moves_inside_the_text_before_it_leaves_it(tmp_path: Path) -> None:
    app = ChatApp(scripted(tmp_path))
    async with app.run_test(size=(50, 30)) as pilot:
        await ask(pilot, "older")
        await pilot.press("a", "alt+enter", "b", "up")
        inside = app.prompt_text
        await pilot.press("up")
        beyond = app.prompt_text

    assert inside == "a\nb"
    assert beyond == "older"


async def test_a_huge_paste_becomes_an_attachment(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    text = "\n".join(f"line {number} " + "x" * 80 for number in range(1_234))
    app = ChatApp(workspace)
    async with app.run_test(size=(60, 30)) as pilot:
        await paste(app, text.replace("\n", "\r\n"))
        await pilot.pause()
        before = shown_text(app)
        await pilot.press("enter")
        hint = shown_text(app)
        await ask(pilot, "what is this")
        after = shown_text(app)

    assert len(text) > 100_000
    assert "[pasted 1,234 lines]" in before
    assert "Write a question about what is attached." in hint
    assert [(attached.name, attached.text) for attached in asked(app)[0].attachments] == [("pasted 1,234 lines", text)]
    assert "with pasted 1,234 lines" in after


async def test_backspace_on_an_empty_prompt_takes_an_attachment_away(tmp_path: Path) -> None:
    app = ChatApp(scripted(tmp_path))
    async with app.run_test(size=(60, 30)) as pilot:
        await paste(app, "x\n" * 50)
        await pilot.pause()
        await pilot.press("a", "backspace", "backspace")
        await pilot.pause()
        text = shown_text(app)

    assert "pasted" not in text


async def test_a_short_paste_is_part_of_the_text_and_inert(tmp_path: Path) -> None:
    app = ChatApp(scripted(tmp_path))
    async with app.run_test(size=(60, 30)) as pilot:
        await paste(app, "two\r\nlines\x1b[31m")
        await pilot.pause()
        text = app.prompt_text

    assert text == "two\nlines␛[31m"


async def test_a_question_of_a_hundred_thousand_characters_is_sent_whole_and_shown_short(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    app = ChatApp(workspace)
    question = "why " * 25_000
    async with app.run_test(size=(60, 30)) as pilot:
        app.pane.ask(question)
        await settle(pilot)
        height = app.pane.transcript.virtual_size.height

    assert asked(app)[0].question == question
    assert height < 120


async def test_at_completes_a_file_and_sends_its_text(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "cart.py").write_text("class Cart: ...\n")
    (tmp_path / "src" / "card.txt").write_text("no\n")
    workspace = scripted(tmp_path)
    app = ChatApp(workspace)
    async with app.run_test(size=(60, 30)) as pilot:
        await write(pilot, "explain @cart")
        await settle(pilot)
        offered = shown_text(app)
        await pilot.press("enter")
        await settle(pilot)
        completed = app.prompt_text
        hint = shown_text(app)
        await pilot.press("enter")
        await settle(pilot)
        text = shown_text(app)

    assert "▸ src/cart.py" in offered
    assert completed == "explain @src/cart.py "
    assert "goes with it: src/cart.py" in hint
    assert asked(app)[0].question == "explain @src/cart.py"
    assert [(attached.name, attached.text) for attached in asked(app)[0].attachments] == [("src/cart.py", "class Cart: ...\n")]
    assert "with src/cart.py (1 line)" in text


async def test_a_mentioned_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.file_paths = ("gone.py",)
    workspace.answers.append(answer("Fine."))
    app = ChatApp(workspace)
    async with app.run_test(size=(60, 30)) as pilot:
        await ask(pilot, "see @gone.py please")
        text = shown_text(app)

    assert "gone.py could not be" in text
    assert asked(app)[0].attachments == ()
    assert "Fine." in text


async def test_escape_closes_the_completions_and_stops_nothing(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.file_paths = ("a.py", "b.py")
    app = ChatApp(workspace)
    async with app.run_test(size=(60, 30)) as pilot:
        await write(pilot, "@a")
        await settle(pilot)
        was_open = app.pane.composer.completions.is_open
        await pilot.press("escape")
        is_open = app.pane.composer.completions.is_open
        text = app.prompt_text

    assert was_open
    assert not is_open
    assert text == "@a"


@pytest.mark.parametrize(
    ("before", "typed"),
    [("explain @sr", "sr"), ("@", ""), ("mail me@host", None), ('@"my fi', "my fi"), ("@a b", None), ("none", None)],
)
def test_a_mention_is_seen_while_it_is_typed(before: str, typed: str | None) -> None:
    assert mention_being_typed(before) == typed


def test_mentions_are_found_with_blanks_and_punctuation() -> None:
    files = ["a.py", "my file.txt", "b/c.py", "d"]
    text = f"see @a.py, {mention_text('my file.txt')} and (not @x) @b/c.py. again @a.py"

    assert mentioned_paths(text, files) == ["a.py", "my file.txt", "b/c.py"]


def test_history_keeps_the_draft_and_no_repetition() -> None:
    history = PromptHistory()
    for question in ("one", "two", "two"):
        history.add(question)
    history.extend(["zero"])

    assert [history.older("draft"), history.older(""), history.older(""), history.older("")] == ["two", "one", "zero", None]
    assert [history.newer(), history.newer(), history.newer(), history.newer()] == ["one", "two", "draft", None]
