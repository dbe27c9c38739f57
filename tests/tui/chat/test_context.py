"""Looking at what a question would be sent with, through real key presses."""

from __future__ import annotations

from pathlib import Path

from ramet.errors import ModelAuthFailed
from ramet.models import AskRequest, Attachment, RequestContext
from ramet_tui.widgets.chat.prompt import PromptInput
from tests.tui.chat.app import MODEL, SOURCES, ChatApp, scripted, settle, shown_text, write
from tests.tui.scripted_workspace import ScriptedWorkspace


def with_context(root: Path) -> ScriptedWorkspace:
    workspace = scripted(root)
    (root / "notes.md").write_text("teardown runs last\n")
    notes = Attachment("notes.md", "teardown runs last\n")
    tokens = tuple(100 * number for number in range(1, len(SOURCES) + 1))
    workspace.request_context = RequestContext(
        MODEL, 200_000, "why @notes.md", SOURCES, (notes,), tokens, (7,), 4, 600, 0, ("One file is very long.",)
    )
    return workspace


def asked(workspace: ScriptedWorkspace) -> list[AskRequest]:
    return [argument for method, argument in workspace.calls if method == "ask" and isinstance(argument, AskRequest)]


async def test_parts_are_shown_and_those_taken_away_are_not_sent(tmp_path: Path) -> None:
    workspace = with_context(tmp_path)
    app = ChatApp(workspace)
    async with app.run_test(size=(110, 40)) as pilot:
        await write(pilot, "why @notes.md")
        await pilot.press("ctrl+r")
        await settle(pilot)
        shown = shown_text(app)
        await pilot.press("space", "down")
        await settle(pilot)
        after = shown_text(app)
        await pilot.press("enter")
        await settle(pilot)
        left = app.query_one(PromptInput).text

    total = 604 + 7 + sum(100 * number for number in range(1, len(SOURCES) + 1))
    assert f"{total:,} of 200,000 tokens, for {MODEL.name}" in shown
    assert "One file is very long." in shown
    assert f"{total - 100:,} of 200,000 tokens" in after
    (request,) = asked(workspace)
    assert request.sources == SOURCES[1:]
    assert [attachment.name for attachment in request.attachments] == ["notes.md"]
    assert left == ""


async def test_going_back_sends_nothing_and_keeps_the_question(tmp_path: Path) -> None:
    workspace = with_context(tmp_path)
    app = ChatApp(workspace)
    async with app.run_test(size=(110, 40)) as pilot:
        await write(pilot, "why")
        await pilot.press("ctrl+r")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        left = app.query_one(PromptInput).text

    assert asked(workspace) == []
    assert left == "why"


async def test_a_context_that_cannot_be_had_says_why(tmp_path: Path) -> None:
    workspace = with_context(tmp_path)
    workspace.failures["context"] = ModelAuthFailed("The key was refused.", "Run `ramet key set`.")
    app = ChatApp(workspace)
    async with app.run_test(size=(110, 40)) as pilot:
        await write(pilot, "why")
        await pilot.press("ctrl+r")
        await settle(pilot)
        shown = shown_text(app)
        await pilot.press("escape")
        await settle(pilot)

    assert "The key was refused." in shown


async def test_an_empty_prompt_has_nothing_to_review(tmp_path: Path) -> None:
    workspace = with_context(tmp_path)
    app = ChatApp(workspace)
    async with app.run_test(size=(110, 40)) as pilot:
        await pilot.press("ctrl+r")
        await settle(pilot)
        shown = shown_text(app)

    assert "Write a question first" in shown
    assert workspace.count("context") == 0
