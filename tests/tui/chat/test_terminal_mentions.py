"""Mentions of commands in the prompt, through real key presses."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramet.models import AskRequest, Attachment, CommandRun, Mentioned
from tests.tui.chat.app import ChatApp, answer, ask, scripted, settle, shown_text, write
from tests.tui.scripted_workspace import ScriptedWorkspace

ERROR = Attachment("@last-error: pytest -q, exit 1", "E   assert 2 == 1\n", ("tests/test_cart.py:3",))


def asked(workspace: ScriptedWorkspace) -> AskRequest:
    (request,) = (argument for method, argument in workspace.calls if method == "ask")
    assert isinstance(request, AskRequest)
    return request


@pytest.fixture(autouse=True)
def outside_tmux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)


async def test_a_mentioned_error_goes_with_the_question_and_what_is_missing_is_said(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.mentions = Mentioned((ERROR,), ("@t9: There is no command 9.",))
    workspace.answers.append(answer("It is off by one."))
    app = ChatApp(workspace)
    async with app.run_test(size=(70, 30)) as pilot:
        await ask(pilot, "why @last-error and @t9?")
        text = shown_text(app)

    assert asked(workspace).attachments == (ERROR,)
    assert "There is no command 9." in text
    assert "It is off by one." in text


async def test_outside_tmux_its_mention_is_said_to_stand_for_nothing(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("Fine."))
    app = ChatApp(workspace)
    async with app.run_test(size=(70, 30)) as pilot:
        await ask(pilot, "why @tmux?")
        text = shown_text(app)

    assert "no pane of tmux" in text
    assert asked(workspace).attachments == ()


async def test_at_offers_what_happened_in_the_terminal(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.file_paths = ("lasting.py",)
    app = ChatApp(workspace)
    async with app.run_test(size=(70, 30)) as pilot:
        await write(pilot, "why @las")
        await settle(pilot)
        offered = shown_text(app)
        await pilot.press("enter")
        await settle(pilot)
        taken = app.prompt_text

    assert "▸ @last-error" in offered
    assert "the newest command that failed" in offered
    assert "lasting.py" in offered
    assert taken == "why @last-error "


async def test_a_number_offers_the_commands_that_ran(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.file_paths = ()
    workspace.runs = [
        CommandRun(11, "1", "make lint", str(tmp_path), 0, 1.0, 0.5),
        CommandRun(12, "1", "pytest -q", str(tmp_path), 1, 2.0, 0.5),
    ]
    app = ChatApp(workspace)
    async with app.run_test(size=(70, 30)) as pilot:
        await write(pilot, "why @t1")
        await settle(pilot)
        offered = shown_text(app)

    assert "@t12" in offered
    assert "pytest -q (exit 1)" in offered
    assert "@t11" in offered
    assert "make lint" in offered
