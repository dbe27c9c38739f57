"""Every state of the chat pane as a picture, dark and light, at the width of a pane and at that of a screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import pytest
from textual import events
from textual.pilot import Pilot

from ramet.errors import ModelAuthFailed
from ramet.events import (
    IndexProgress,
    ModelChosen,
    ModelRetrying,
    Retrieved,
    TextDelta,
    ToolCalled,
    ToolReturned,
)
from ramet.models import Attachment, Citation, Problem, RequestContext
from ramet_tui.widgets.chat.pane import ChatPane
from tests.tui.chat.app import LONGEST_WAIT, MODEL, SOURCES, ChatApp, answer, citation, scripted, settle, stored, turn, write
from tests.tui.scripted_workspace import Pause, ScriptedWorkspace

QUESTION = "Why does teardown run twice?"

ANSWER = '''It runs **once per context**, and there are two of them: the app context pops [1] after the request context [2], \
and each calls its own functions.

## What happens

1. `RequestContext.pop` runs the *request* teardown functions [2].
2. It then pops the app context it pushed, which runs `do_teardown_appcontext` [3].

```python
def pop(self, exc: BaseException | None = _sentinel) -> None:
    """Pops the app context."""
    if len(self._cv_tokens) == 1:
        self.app.do_teardown_appcontext(exc)  # once per context
```

- See [the docs](https://flask.palletsprojects.com/) and src/flask/app.py.
- Nothing else calls them.

| hook | when |
|---|---|
| teardown_request | first [2] |
| teardown_appcontext | last [3, 4] |

> A context that is kept for debugging pops later.
'''

CITED = (citation(1), citation(2, "moved", 400, 435), citation(3, "changed"), Citation(9, "unknown"))

State = Callable[[Pilot[None], ScriptedWorkspace], Awaitable[None]]


class SnapCompare(Protocol):
    """The fixture of pytest-textual-snapshot."""

    def __call__(
        self, app: ChatApp, *, terminal_size: tuple[int, int], run_before: Callable[[Pilot[None]], Awaitable[None]]
    ) -> bool:
        """Compare the picture of an app with the stored one."""


def pane(pilot: Pilot[None]) -> ChatPane:
    """The pane in the app of a pilot."""
    return pilot.app.query_one(ChatPane)


async def start(pilot: Pilot[None], workspace: ScriptedWorkspace, *events: object) -> None:
    """Ask the question and come to where the script holds still."""
    pause = Pause()
    workspace.answers.append([*events, pause])  # type: ignore[list-item]  # the events are those of a script
    pane(pilot).ask(QUESTION)
    await asyncio.wait_for(pause.reached.wait(), LONGEST_WAIT)
    await pilot.pause()
    (shown,) = pane(pilot).transcript.turns
    while shown.markdown.source != shown.state.text:
        await pilot.pause()
    await pilot.pause()


async def empty(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    await settle(pilot)


async def empty_without_model(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    workspace.present = scripted(workspace.root, model=False).present
    pane(pilot).show_status(workspace.present)
    await settle(pilot)


async def indexing(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    await start(pilot, workspace, IndexProgress("embedding", 1_200, 4_212, 300, 0))


async def retrieved(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    await start(pilot, workspace, ModelChosen(MODEL, "c1"), Retrieved(SOURCES, ("The vectors are still being computed.",)))


async def tools(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    await start(
        pilot,
        workspace,
        ModelChosen(MODEL, "c1"),
        Retrieved(SOURCES[:2]),
        ToolCalled("a", "search_code", '{"query": "teardown"}'),
        ToolReturned("a", "search_code", "6 hits", SOURCES[2:3]),
        ToolCalled("b", "read_file", '{"path": "src/flask/ctx.py"}'),
        ToolReturned("b", "read_file", "lines 380-431"),
        ToolCalled("c", "find_references", '{"name": "do_teardown_appcontext"}'),
    )


async def streaming_with_queue(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    await start(pilot, workspace, ModelChosen(MODEL, "c1"), Retrieved(SOURCES), TextDelta(ANSWER[:330]))
    for question in ("And where is that tested?", "Is it documented?"):
        pane(pilot).ask(question)
    await pilot.pause()


async def retrying(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    waits = ModelRetrying("The provider limits the rate of requests.", 12.0)
    await start(pilot, workspace, ModelChosen(MODEL, "c1"), Retrieved(SOURCES[:2]), waits)


async def answered(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    workspace.answers.append(answer(ANSWER, *CITED))
    pane(pilot).ask(QUESTION)
    await settle(pilot)


async def source_focused(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    await answered(pilot, workspace)
    await pilot.press("tab", "down")
    await pilot.pause()


async def extract(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    text = (
        "No model is configured, so this is what the code says.\n\n**AppContext.pop** [1]\n\n```python\ndef pop(self): ...\n```\n"
    )
    script = answer(text, citation(1))
    script[0] = ModelChosen(None, "c1")
    workspace.answers.append(script)
    pane(pilot).ask(QUESTION)
    await settle(pilot)


async def failed_before_text(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    workspace.answers.append(
        [
            ModelChosen(MODEL, "c1"),
            Retrieved(SOURCES[:2]),
            ModelAuthFailed("anthropic refused the key.", "Check ANTHROPIC_API_KEY."),
        ]
    )
    pane(pilot).ask(QUESTION)
    await settle(pilot)


async def failed_after_text(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    problem = Problem("ModelStreamBroken", "The connection broke after 143 characters.", "Ask again; what had arrived is kept.")
    workspace.answers.append(answer(ANSWER[:143], citation(1), problem=problem))
    pane(pilot).ask(QUESTION)
    await settle(pilot)
    await pilot.press("tab")
    await pilot.pause()


async def stopped(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    await start(pilot, workspace, ModelChosen(MODEL, "c1"), Retrieved(SOURCES[:2]), TextDelta(ANSWER[:143]))
    await pilot.press("escape")
    await settle(pilot)


async def long_conversation(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    turns = [turn(f"Question {number}: what does it do?", f"Answer {number} [1].", citation(1)) for number in range(1, 33)]
    workspace.stored["long"] = stored("long", *turns)
    pane(pilot).set_workspace(workspace)
    await settle(pilot)
    pane(pilot).transcript.scroll_home(animate=False)
    await pilot.pause()


async def commands(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    await settle(pilot)
    await write(pilot, "/")
    await pilot.pause()


async def mention(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    workspace.file_paths = (
        "docs/context.rst",
        *(f"src/flask/{name}.py" for name in ("app", "ctx", "config", "cli", "blueprints")),
    )
    await settle(pilot)
    await write(pilot, "explain @c")
    await settle(pilot)


async def pasted(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    await settle(pilot)
    assert pilot.app.focused is not None
    pilot.app.focused.post_message(events.Paste("line\n" * 1_234))
    await pilot.pause()
    await write(pilot, "why does this fail?")
    await pilot.press("alt+enter")
    await write(pilot, "it worked yesterday")
    await pilot.pause()


async def helping(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    await settle(pilot)
    await write(pilot, "/help")
    await pilot.press("enter")
    await settle(pilot)


async def conversations(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    workspace.stored["one"] = stored("one", turn("q", "a"), title="Why does teardown run twice?")
    workspace.stored["two"] = stored(
        "two", turn("q", "a"), turn("q", "a"), title="How are blueprints registered?", updated=1_794_000_000.0
    )
    await settle(pilot)
    await write(pilot, "/conversations")
    await pilot.press("enter")
    await pilot.pause()
    await pilot.pause()


async def deleting(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    await conversations(pilot, workspace)
    await pilot.press("d")
    await pilot.pause()


async def context(pilot: Pilot[None], workspace: ScriptedWorkspace) -> None:
    log = Attachment("pytest.log", "E   assert 2 == 1\nFAILED tests/test_appctx.py::test_teardown\n")
    tokens = tuple(140 * number for number in range(1, len(SOURCES) + 1))
    question = "Why does teardown run twice?"
    workspace.request_context = RequestContext(MODEL, 200_000, question, SOURCES, (log,), tokens, (31,), 8, 624, 2_210)
    await settle(pilot)
    await write(pilot, question)
    await pilot.press("ctrl+r")
    await settle(pilot)
    await pilot.press("down", "space", "down")
    await settle(pilot)


STATES: list[State] = [
    empty,
    empty_without_model,
    indexing,
    retrieved,
    tools,
    streaming_with_queue,
    retrying,
    answered,
    source_focused,
    extract,
    failed_before_text,
    failed_after_text,
    stopped,
    long_conversation,
    commands,
    mention,
    pasted,
    helping,
    conversations,
    deleting,
    context,
]


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dates in the pictures are those of one time zone."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize("width", [40, 100])
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_chat(snap_compare: SnapCompare, tmp_path: Path, state: State, theme: str, width: int) -> None:
    workspace = scripted(tmp_path)

    async def run_before(pilot: Pilot[None]) -> None:
        await state(pilot, workspace)

    height = 46 if state in (answered, source_focused, helping) else 30

    assert snap_compare(ChatApp(workspace, is_light=theme == "light"), terminal_size=(width, height), run_before=run_before)
