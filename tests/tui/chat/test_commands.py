"""Slash commands, and conversations that are stored and resumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramet.errors import StoreError
from ramet.events import ModelChosen, Retrieved
from ramet.models import Citation
from ramet_tui.messages import ProblemOccurred
from ramet_tui.widgets.chat import transcript
from ramet_tui.widgets.chat.commands import parse_command
from ramet_tui.widgets.chat.transcript import COLLAPSED_TURNS, LIVE_TURNS, CollapsedTurn, EarlierTurns
from tests.tui.chat.app import MODEL, ChatApp, answer, ask, citation, scripted, send, settle, shown_text, stored, turn, write
from tests.tui.chat.test_asking import asked
from tests.tui.scripted_workspace import Pause, ScriptedWorkspace


async def test_a_slash_offers_the_commands_and_enter_runs_one(tmp_path: Path) -> None:
    app = ChatApp(scripted(tmp_path))
    async with app.run_test(size=(80, 40)) as pilot:
        await write(pilot, "/")
        await pilot.pause()
        offered = shown_text(app)
        await write(pilot, "he")
        await pilot.press("enter")
        await settle(pilot)
        text = shown_text(app)
        left = app.prompt_text

    assert "/conversations" in offered
    assert "resume or delete a stored conversation" in offered
    assert left == ""
    assert "Commands" in text
    assert "stop the answer" in text


async def test_an_unknown_command_is_not_sent(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    app = ChatApp(workspace)
    async with app.run_test(size=(80, 30)) as pilot:
        await ask(pilot, "/frobnicate")
        text = shown_text(app)

    assert "There is no command /frobnicate" in text
    assert workspace.count("ask") == 0


@pytest.mark.parametrize(
    ("line", "parsed"),
    [
        ("/new", ("new", "")),
        ("/model  gpt-5 ", ("model", "gpt-5")),
        ("/usr/bin is what?", None),
        ("/ what", None),
        ("/new\nline", None),
        ("a /new", None),
    ],
)
def test_only_a_line_that_starts_with_a_word_is_a_command(line: str, parsed: tuple[str, str] | None) -> None:
    assert parse_command(line) == parsed


async def test_model_and_nomodel_change_what_is_asked(tmp_path: Path) -> None:
    app = ChatApp(scripted(tmp_path))
    async with app.run_test(size=(80, 30)) as pilot:
        for line in ("/model openai/gpt-5", "one", "/nomodel", "two", "/model", "three"):
            if line == "/model" or line == "/nomodel":
                await write(pilot, line)
                await pilot.press("escape", "enter")
                await settle(pilot)
            else:
                await ask(pilot, line)

    assert [(request.model, request.use_model) for request in asked(app)] == [("openai/gpt-5", True), ("", False), ("", True)]


async def test_new_starts_a_conversation_without_history(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers += [answer("one"), answer("two")]
    app = ChatApp(workspace)
    async with app.run_test(size=(80, 30)) as pilot:
        await ask(pilot, "first")
        await ask(pilot, "/new")
        text = shown_text(app)
        await ask(pilot, "second")

    assert "first" not in text
    assert "Ask about this repository" in text
    assert [request.conversation for request in asked(app)] == ["", ""]


async def test_new_stops_a_running_answer(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    pause = Pause()
    workspace.answers.append([ModelChosen(MODEL, "c1"), Retrieved(()), pause])
    app = ChatApp(workspace)
    async with app.run_test(size=(80, 30)) as pilot:
        await send(pilot, "first", pause)
        await ask(pilot, "/new")
        states = app.pane.transcript.states
        conversation = app.pane.session.conversation

    assert workspace.closed_streams == ["ask"]
    assert states == []
    assert conversation == ""


async def test_copy_copies_the_last_answer(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("The **answer** [1]."))
    app = ChatApp(workspace)
    async with app.run_test(size=(80, 30)) as pilot:
        await ask(pilot, "/copy")
        await ask(pilot, "first")
        await ask(pilot, "/copy")

    assert app.copied == ["The **answer** [1]."]


async def test_retry_asks_an_incomplete_answer_again_in_its_place(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers += [[StoreError("The disk is full.")], answer("Done.")]
    app = ChatApp(workspace)
    async with app.run_test(size=(80, 30)) as pilot:
        await ask(pilot, "first")
        await ask(pilot, "/retry")
        states = app.pane.transcript.states

    assert [(state.text, state.outcome) for state in states] == [("Done.", "answered")]


async def test_export_writes_markdown_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, elsewhere = tmp_path / "repository", tmp_path / "elsewhere"
    repository.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    workspace = scripted(repository)
    workspace.answers.append(answer("It pops [1].", citation(1)))
    app = ChatApp(workspace)
    async with app.run_test(size=(100, 30)) as pilot:
        await ask(pilot, "/export notes.md")
        early = shown_text(app)
        await ask(pilot, "why")
        await ask(pilot, "/export notes")
    written = (elsewhere / "notes.md").read_text()

    assert "nothing to export yet" in early
    assert "> why" in written
    assert "It pops [1]." in written
    assert "- [1] `src/flask/ctx.py:241-262` AppContext.pop ✓" in written
    assert list(repository.iterdir()) == []


@pytest.mark.parametrize(("key", "is_written"), [("y", True), ("n", False), ("escape", False)])
async def test_export_into_the_repository_asks_first(tmp_path: Path, key: str, is_written: bool) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("It pops."))
    app = ChatApp(workspace)
    async with app.run_test(size=(100, 30)) as pilot:
        await ask(pilot, "why")
        await write(pilot, f"/export {tmp_path}/notes.md")
        await pilot.press("enter")
        await pilot.pause()
        await pilot.pause()
        asking = shown_text(app)
        await pilot.press(key)
        await settle(pilot)

    assert "inside the repository" in asking
    assert (tmp_path / "notes.md").exists() is is_written


async def test_export_to_nowhere_says_why(tmp_path: Path) -> None:
    workspace = scripted(tmp_path / "repository")
    workspace.answers.append(answer("It pops."))
    app = ChatApp(workspace)
    async with app.run_test(size=(120, 30)) as pilot:
        await ask(pilot, "why")
        await ask(pilot, f"/export {tmp_path}/no/such/notes.md")
        text = shown_text(app)

    assert "No such file or directory" in text


# Conversations


def with_conversations(root: Path) -> ScriptedWorkspace:
    workspace = scripted(root)
    workspace.stored["old"] = stored("old", turn("old question", "Old answer."), title="Old one", updated=1_794_000_000.0)
    workspace.stored["new"] = stored("new", turn("new question", "New answer [1] [2].", citation(1), citation(2)))
    return workspace


async def test_the_newest_conversation_is_resumed_and_its_citations_checked_again(tmp_path: Path) -> None:
    workspace = with_conversations(tmp_path)
    workspace.checked_citations[2] = citation(2, "changed")
    workspace.answers.append(answer("More."))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await settle(pilot)
        text = shown_text(app)
        await pilot.press("up")
        recalled = app.prompt_text
        await pilot.press(*["backspace"] * len(recalled))
        await ask(pilot, "and")

    assert "New answer [1] [2]." in text
    assert "[1] src/flask/ctx.py:241-262  AppContext.pop ✓" in text
    assert "[2] src/flask/ctx.py:396-431  RequestContext.pop ✗" in text
    assert recalled == "new question"
    assert [request.conversation for request in asked(app)] == ["new"]
    assert app.usages[0].cost == 0.01


async def test_a_conversation_does_not_push_aside_what_was_asked_meanwhile(tmp_path: Path) -> None:
    workspace = with_conversations(tmp_path)
    workspace.hold("conversations")
    workspace.answers.append(answer("Fresh."))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await write(pilot, "quick")
        await pilot.press("enter")
        await pilot.pause()
        workspace.release("conversations")
        await settle(pilot)
        text = shown_text(app)

    assert "Fresh." in text
    assert "New answer" not in text


async def test_conversations_are_listed_resumed_and_deleted_after_asking(tmp_path: Path) -> None:
    workspace = with_conversations(tmp_path)
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await settle(pilot)
        await write(pilot, "/conv")
        await pilot.press("enter")
        await pilot.pause()
        await pilot.pause()
        listed = shown_text(app)
        await pilot.press("d")
        await pilot.pause()
        asking = shown_text(app)
        await pilot.press("n")
        await pilot.pause()
        kept = set(workspace.stored)
        await pilot.press("d")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        await pilot.press("enter")
        await settle(pilot)
        text = shown_text(app)

    assert "Old one" in listed
    assert "1 question" in listed
    assert "Delete this conversation of 1 question for good?" in asking
    assert kept == {"old", "new"}
    assert set(workspace.stored) == {"old"}
    assert "Old answer." in text


async def test_a_long_conversation_is_shown_from_its_end_and_unfolds(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    count = 60
    turns = [turn(f"question {number}", f"Answer {number} [1].", Citation(1, "valid", "a.py", 1, 2)) for number in range(count)]
    workspace.stored["long"] = stored("long", *turns)
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 40)) as pilot:
        await settle(pilot)
        live = len(app.pane.transcript.turns)
        lines = len(app.query(CollapsedTurn))
        checks = workspace.count("check_citations")
        app.query(CollapsedTurn).last().focus()
        await pilot.press("enter")
        await settle(pilot)
        unfolded = [view.state.text for view in app.pane.transcript.turns]
        app.query_one(EarlierTurns).focus()
        await pilot.press("enter")
        await settle(pilot)
        more = len(app.query(CollapsedTurn))

    assert (live, lines, checks) == (LIVE_TURNS, COLLAPSED_TURNS, LIVE_TURNS)
    assert unfolded[0] == f"Answer {count - LIVE_TURNS - 1} [1]."
    assert more == 2 * COLLAPSED_TURNS - 1


async def test_old_turns_fold_while_the_conversation_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live_turns, folded_turns = 2, 3
    monkeypatch.setattr(transcript, "LIVE_TURNS", live_turns)
    monkeypatch.setattr(transcript, "COLLAPSED_TURNS", folded_turns)
    workspace = scripted(tmp_path)
    count = live_turns + folded_turns + 3
    workspace.answers += [answer(f"Answer {number}.") for number in range(count)]
    app = ChatApp(workspace)
    async with app.run_test(size=(60, 40)) as pilot:
        for number in range(count):
            app.pane.ask(f"q{number}")
        await pilot.pause()
        while len(app.pane.transcript.states) < count or app.pane.is_answering:
            await settle(pilot)
        live = [view.state.text for view in app.pane.transcript.turns]
        lines = len(app.query(CollapsedTurn))
        earlier = str(app.query_one(EarlierTurns).content)

    assert live == [f"Answer {number}." for number in range(count - live_turns, count)]
    assert lines == folded_turns
    assert earlier == "▸ 3 earlier questions"


async def test_a_store_that_cannot_be_read_is_reported_and_asking_works(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.failures["conversations"] = StoreError("The data directory cannot be read.")
    workspace.answers.append(answer("Fine."))
    problems: list[Exception] = []

    class Reporting(ChatApp):
        def on_problem_occurred(self, event: ProblemOccurred) -> None:
            problems.append(event.error)

    app = Reporting(workspace)
    async with app.run_test(size=(60, 40)) as pilot:
        await pilot.pause()
        await write(pilot, "why")
        await pilot.press("enter")
        await pilot.pause()
        while app.pane.is_answering:
            await pilot.pause()
        await pilot.pause()
        text = shown_text(app)

    assert [str(problem) for problem in problems] == ["The data directory cannot be read."]
    assert "Fine." in text
