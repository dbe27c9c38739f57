"""A question and its answer, through real key presses."""

from __future__ import annotations

from pathlib import Path

from ramet.errors import ModelAuthFailed
from ramet.events import (
    Answered,
    IndexFinished,
    IndexProgress,
    ModelChosen,
    ModelRetrying,
    Retrieved,
    TextDelta,
    ToolCalled,
    ToolReturned,
)
from ramet.models import AskRequest, Problem, Usage
from ramet_tui.widgets.chat.turn import ProblemPanel
from tests.tui.chat.app import MODEL, SOURCES, ChatApp, answer, ask, citation, scripted, send, settle, shown_text, source, write
from tests.tui.scripted_workspace import NO_CHANGES, Pause


def asked(app: ChatApp) -> list[AskRequest]:
    assert app.workspace is not None
    return [argument for method, argument in app.workspace.calls if method == "ask" and isinstance(argument, AskRequest)]


async def test_an_answer_is_shown_with_its_sources_and_cost(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append(answer("It runs once per context [1].", citation(1)))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await ask(pilot, "why twice")
        text = shown_text(app)

    assert "why twice" in text
    assert "It runs once per context [1]." in text
    assert "[1] src/flask/ctx.py:241-262  AppContext.pop ✓" in text
    assert "5 more, not cited" in text
    assert "12.1k in (8k cached) · 840 out · $0.03" in text
    assert app.usages[-1].usage.input_tokens == 12_100
    assert (app.usages[-1].model, app.usages[-1].cost) == (MODEL.name, 0.031)


async def test_sources_are_shown_before_the_first_word(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    pause = Pause()
    workspace.answers.append([ModelChosen(MODEL, "c1"), Retrieved(SOURCES, ("vectors are still computed",)), pause])
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await send(pilot, "why", pause)
        text = shown_text(app)

    assert "[1] src/flask/ctx.py:241-262" in text
    assert "2 more" in text
    assert "vectors are still computed" in text
    assert f"waiting for {MODEL.name}" in text


async def test_an_index_that_is_built_first_shows_how_far_it_is(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    pause, later = Pause(), Pause()
    workspace.answers.append(
        [
            IndexProgress("parsing", 210, 900, 0, 0, "src/a.py"),
            pause,
            IndexFinished(NO_CHANGES),
            ModelChosen(None, "c1"),
            Retrieved(SOURCES),
            later,
        ]
    )
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await send(pilot, "why", pause)
        during = shown_text(app)
        pause.go()
        await later.reached.wait()
        await pilot.pause()
        after = shown_text(app)

    assert "building the index: parsing 210 of 900 · 23 %" in during
    assert "index built: 7 files, 23 chunks" in after


async def test_tool_calls_are_one_line_each(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    pause = Pause()
    workspace.answers.append(
        [
            ModelChosen(MODEL, "c1"),
            Retrieved(SOURCES[:1]),
            ToolCalled("a", "search_code", '{"query": "teardown"}'),
            ToolReturned("a", "search_code", "6 hits", (source(2, "src/new.py"),)),
            ToolCalled("b", "read_file", '{"path": "src/flask/ctx.py"}'),
            pause,
        ]
    )
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await send(pilot, "why", pause)
        text = shown_text(app)

    assert 'searched "teardown" · 6 hits' in text
    assert "read src/flask/ctx.py …" in text
    assert "[2] src/new.py" in text


async def test_a_provider_that_asks_to_wait_is_said_in_a_sentence(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    pause = Pause()
    retrying = ModelRetrying("The provider limits the rate of requests.", 12.0)
    workspace.answers.append([ModelChosen(MODEL, "c1"), Retrieved(SOURCES), retrying, pause])
    app = ChatApp(workspace)
    async with app.run_test(size=(100, 30)) as pilot:
        await send(pilot, "why", pause)
        text = shown_text(app)

    assert "The provider limits the rate of requests. Trying again after 12 seconds." in text


async def test_escape_stops_the_answer_and_keeps_what_had_arrived(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    pause = Pause()
    workspace.answers.append(
        [ModelChosen(MODEL, "c1"), Retrieved(SOURCES), TextDelta("Half of the"), TextDelta(" answer"), pause]
    )
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await send(pilot, "why", pause)
        await pilot.press("escape")
        await settle(pilot)
        text = shown_text(app)
        is_answering = app.pane.is_answering

    assert "Half of the answer" in text
    assert "stopped; what had arrived is kept" in text
    assert workspace.closed_streams == ["ask"]
    assert not is_answering


async def test_an_error_before_the_text_says_what_to_do_and_can_be_retried(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append([ModelAuthFailed("anthropic refused the key.", "Check ANTHROPIC_API_KEY.")])
    workspace.answers.append(answer("Now it works."))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await ask(pilot, "why")
        failed = shown_text(app)
        await pilot.press("tab")
        is_reached = isinstance(app.focused, ProblemPanel)
        await pilot.press("r")
        await settle(pilot)
        text = shown_text(app)
        turn_count = len(app.pane.transcript.states)

    assert "anthropic refused the key." in failed
    assert "Check ANTHROPIC_API_KEY." in failed
    assert is_reached
    assert "Now it works." in text
    assert "refused" not in text
    assert turn_count == 1
    assert [request.question for request in asked(app)] == ["why", "why"]


async def test_an_error_after_text_keeps_the_text(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    problem = Problem("ModelStreamBroken", "The answer broke off.", "Ask again.")
    workspace.answers.append(answer("The first half is here", problem=problem))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await ask(pilot, "why")
        text = shown_text(app)

    assert "The first half is here" in text
    assert "The answer broke off." in text


async def test_a_mistake_in_ramet_is_shown_and_the_pane_goes_on(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    workspace.answers.append([ModelChosen(MODEL, "c1"), Retrieved(SOURCES), "no event"])  # type: ignore[list-item]  # the mistake
    workspace.answers.append(answer("Fine."))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await ask(pilot, "first")
        broken = shown_text(app)
        await ask(pilot, "second")
        text = shown_text(app)

    assert "The answer ended in the middle." in broken
    assert "Fine." in text


async def test_questions_typed_during_an_answer_wait_and_can_be_removed(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    pause = Pause()
    end = Answered("one", (), Usage(), "c1")
    workspace.answers.append([ModelChosen(MODEL, "c1"), Retrieved(()), pause, end])
    workspace.answers.append(answer("third answer"))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await send(pilot, "first", pause)
        await write(pilot, "second")
        await pilot.press("enter")
        await write(pilot, "third")
        await pilot.press("enter")
        await pilot.pause()
        waiting = shown_text(app)
        await pilot.press("shift+tab", "shift+tab", "delete")
        await pilot.pause()
        pause.go()
        await settle(pilot)
        text = shown_text(app)

    assert "✕ queued  second" in waiting
    assert "✕ queued  third" in waiting
    assert [request.question for request in asked(app)] == ["first", "third"]
    assert [request.conversation for request in asked(app)] == ["", "c1"]
    assert "queued" not in text.replace("queues", "")
    assert "third answer" in text


async def test_an_incomplete_answer_holds_the_queue_until_enter(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    pause = Pause()
    workspace.answers.append([ModelChosen(MODEL, "c1"), Retrieved(()), pause])
    workspace.answers.append(answer("second answer"))
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await send(pilot, "first", pause)
        await write(pilot, "second")
        await pilot.press("enter", "escape")
        await settle(pilot)
        held = shown_text(app)
        await pilot.press("enter")
        await settle(pilot)
        text = shown_text(app)

    assert "✕ held  second" in held
    assert "second answer" in text


async def test_an_empty_question_only_gives_a_hint(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    app = ChatApp(workspace)
    async with app.run_test(size=(90, 30)) as pilot:
        await pilot.press("enter", "space", "enter")
        await settle(pilot)
        text = shown_text(app)

    assert "Write a question first" in text
    assert workspace.count("ask") == 0


async def test_a_question_before_the_workspace_is_open_waits_for_it(tmp_path: Path) -> None:
    app = ChatApp(None)
    async with app.run_test(size=(90, 30)) as pilot:
        await write(pilot, "early")
        await pilot.press("enter")
        await pilot.pause()
        waiting = shown_text(app)
        workspace = scripted(tmp_path)
        workspace.answers.append(answer("Here."))
        app.pane.set_workspace(workspace)
        await settle(pilot)
        text = shown_text(app)

    assert "✕ queued  early" in waiting
    assert "Here." in text


async def test_two_thousand_deltas_are_painted_in_far_fewer_steps(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    words = "".join(f"word{number} " + ("\n\n" if number % 40 == 39 else "") for number in range(2_000))
    workspace.answers.append(answer(words, size=7))
    app = ChatApp(workspace)
    appended = 0
    async with app.run_test(size=(60, 24)) as pilot:
        await write(pilot, "long")
        await pilot.press("enter")
        from textual.widgets import Markdown

        original = Markdown.append

        def counting(self: Markdown, markdown: str) -> object:
            nonlocal appended
            appended += 1
            return original(self, markdown)

        Markdown.append = counting  # type: ignore[assignment, method-assign]  # counts the repaints
        try:
            await settle(pilot)
        finally:
            Markdown.append = original  # type: ignore[method-assign]
        source_text = app.pane.transcript.turns[0].markdown.source
        is_at_end = app.pane.transcript.is_vertical_scroll_end

    assert source_text == words
    assert appended < 100
    assert is_at_end


async def test_examples_can_be_asked_with_the_keyboard(tmp_path: Path) -> None:
    workspace = scripted(tmp_path, model=False)
    app = ChatApp(workspace)
    async with app.run_test(size=(60, 24)) as pilot:
        await settle(pilot)
        text = shown_text(app)
        await pilot.press("ctrl+up", "up", "enter")
        await settle(pilot)

    assert "no model configured" in text
    assert [request.question for request in asked(app)] == ["Where is the configuration read?"]


async def test_the_last_answer_is_followed_unless_the_user_scrolled_away(tmp_path: Path) -> None:
    workspace = scripted(tmp_path)
    pause = Pause()
    lines = "".join(f"line {number}\n\n" for number in range(60))
    workspace.answers.append([ModelChosen(MODEL, "c1"), Retrieved(()), TextDelta(lines), pause, *answer(lines + "end")[2:]])
    app = ChatApp(workspace)
    async with app.run_test(size=(60, 24)) as pilot:
        await send(pilot, "long", pause)
        await pilot.press("pageup", "pageup")
        await pilot.pause()
        place = app.pane.transcript.scroll_target_y
        pause.go()
        await settle(pilot)
        stayed = app.pane.transcript.scroll_y

    assert stayed == place
