"""What the commands make of what a workspace says."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest
from msgspec.structs import replace

from ramet.cli.main import AppOptions, main
from ramet.errors import StoreLocked
from ramet.events import (
    Answered,
    IndexFinished,
    IndexProgress,
    ModelChosen,
    ModelRetrying,
    Retrieved,
    Scanned,
    TextDelta,
    ToolCalled,
    ToolReturned,
)
from ramet.models import (
    AskRequest,
    Attachment,
    Citation,
    Conversation,
    ConversationInfo,
    FileNote,
    IndexStats,
    ModelChoice,
    Problem,
    RequestContext,
    SkippedFile,
    Source,
    Usage,
)
from tests.core.cli.conftest import Pipe, Ramet
from tests.tui.scripted_workspace import Pause, ScriptedWorkspace

SOURCE = Source(1, "shop/payment.py", 9, 14, "Payment.charge", "python", "k1", "def charge(self): ...")
CITED = Citation(1, "valid", "shop/payment.py", 9, 14, "Payment.charge", "k1")
USAGE = Usage(1200, 34, 1000, 0.0123)


def asked(workspace: ScriptedWorkspace) -> AskRequest:
    (request,) = (argument for method, argument in workspace.calls if method == "ask")
    assert isinstance(request, AskRequest)
    return request


def test_what_a_question_would_be_sent_with_is_printed_and_not_sent(ramet: Ramet, scripted: ScriptedWorkspace) -> None:
    scripted.request_context = RequestContext(
        ModelChoice("openai/test", "--model"), 8_000, "why?", (SOURCE,), (Attachment("log", "x"),), (120,), (30,), 2, 600, 0
    )

    done = ramet("ask", "--context", "why?")
    as_json = ramet("ask", "--context", "--json", "why?")

    assert done.out == (
        "     600  instructions\n     120  [1] shop/payment.py:9-14  Payment.charge\n      30  log\n       2  the question\n"
        "752 of 8,000 tokens, for openai/test. Nothing was sent.\n"
    )
    assert json.loads(as_json.out)["source_tokens"] == [120]
    assert scripted.count("ask") == 0


def test_an_answer_goes_to_stdout_and_its_steps_to_stderr(ramet: Ramet, scripted: ScriptedWorkspace) -> None:
    scripted.answers.append(
        [
            ModelChosen(ModelChoice("openai/test", "--model"), "c1"),
            Retrieved((SOURCE,), ("Vectors are still being computed.",)),
            ToolCalled("t1", "search_code", '{"query": "retry"}'),
            ToolReturned("t1", "search_code", "2 places"),
            ModelRetrying("Too many requests.", 3),
            TextDelta("It retries\r"),
            TextDelta("\n\x1b[31mthree times [1][7]."),
            Answered("...", (Citation(7, "unknown"), CITED), USAGE, "c1"),
        ]
    )

    done = ramet("ask", "--model", "openai/test", "why", "retry?")

    assert done.code == 0
    assert done.out == (
        "It retries\n␛[31mthree times [1][7].\n\nSources\n"
        "  [1] shop/payment.py:9-14  Payment.charge  valid\n  [7] no such source  unknown\n\n"
        "1,200 tokens in (1,000 cached), 34 out, $0.0123; conversation c1\n"
    )
    assert done.err == (
        "Asking openai/test (--model)\nVectors are still being computed.\n> search_code query=retry\n  2 places\n"
        "Too many requests. Trying again in 3 s.\n"
    )
    assert asked(scripted) == AskRequest("why retry?", model="openai/test")


def test_an_answer_that_cites_nothing_lists_what_it_could_have_cited(ramet: Ramet, scripted: ScriptedWorkspace) -> None:
    scripted.answers.append([Retrieved((SOURCE,)), Answered("Only text.", (), Usage(), "c1")])

    done = ramet("ask", "why?")

    assert done.out.startswith("Only text.\n\nSources (the answer cites none of them)\n  [1] shop/payment.py:9-14")


def test_a_broken_answer_keeps_its_text_and_fails(ramet: Ramet, scripted: ScriptedWorkspace) -> None:
    problem = Problem("ModelStreamBroken", "The answer broke off.", "Ask again.")
    scripted.answers.append([TextDelta("Half an"), Answered("Half an", (), Usage(), "c1", problem)])

    done = ramet("ask", "why?")

    assert done.code == 1
    assert done.out.startswith("Half an\n")
    assert done.err == "ramet: The answer broke off. Ask again.\n"


def test_an_error_in_the_stream_is_a_sentence(ramet: Ramet, scripted: ScriptedWorkspace) -> None:
    scripted.answers.append([TextDelta("Half"), StoreLocked("Another process owns the data.", "Close it.")])

    done = ramet("ask", "why?")

    assert (done.code, done.out, done.err) == (1, "Half\n", "ramet: Another process owns the data. Close it.\n")
    assert scripted.closed


class CtrlC(asyncio.Event):
    """Set when the stream has come to its pause: the moment at which the user loses patience."""

    def set(self) -> None:
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_cancels_the_answer_and_keeps_what_was_printed(ramet: Ramet, scripted: ScriptedWorkspace) -> None:
    scripted.answers.append([TextDelta("Half"), Pause(reached=CtrlC())])

    done = ramet("ask", "why?")

    assert (done.code, done.out) == (130, "Half\n")
    assert scripted.closed_streams == ["ask"]
    assert scripted.closed


def test_piped_text_becomes_an_attachment(ramet: Ramet, scripted: ScriptedWorkspace, pipe: Pipe) -> None:
    pipe(b"\x1b[31mFAILED\x1b[0m test_cart\r\n")

    ramet("ask", "why?")

    (attachment,) = asked(scripted).attachments
    assert (attachment.name, attachment.text) == ("standard input", "FAILED test_cart\n")


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_the_question_itself_is_read_from_a_pipe(
    arguments: tuple[str, ...], ramet: Ramet, scripted: ScriptedWorkspace, pipe: Pipe
) -> None:
    pipe(b"why is\nthat so?\n")

    ramet("ask", *arguments)

    assert asked(scripted) == AskRequest("why is\nthat so?")


@pytest.mark.parametrize("content", [b"", b" \n", b"\x89PNG\0\0"])
def test_an_empty_or_binary_pipe_is_no_attachment(content: bytes, ramet: Ramet, scripted: ScriptedWorkspace, pipe: Pipe) -> None:
    pipe(content)

    ramet("ask", "why?")

    assert asked(scripted).attachments == ()


def test_no_stdin_does_not_look_at_an_open_pipe(ramet: Ramet, scripted: ScriptedWorkspace, pipe: Pipe) -> None:
    pipe(None)

    done = ramet("ask", "--no-stdin", "why?")

    assert (done.code, asked(scripted).attachments) == (0, ())


def test_no_question_is_wrong_usage(ramet: Ramet, scripted: ScriptedWorkspace, pipe: Pipe) -> None:
    nothing = ramet("ask")
    pipe(b"  \n")
    blank = ramet("ask")

    assert nothing.code == blank.code == 2
    assert nothing.err.startswith("ramet: There is no question. Give one:")
    assert scripted.calls == []


def test_a_book_as_a_question_is_refused(
    ramet: Ramet, scripted: ScriptedWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "book").write_bytes(b"word " * 300_000)
    with (tmp_path / "book").open() as book:
        monkeypatch.setattr("sys.stdin", book)
        done = ramet("ask", "-")

    assert done.code == 2
    assert "too long to be a question" in done.err


def test_continuing_nothing_begins_a_conversation_and_says_so(ramet: Ramet, scripted: ScriptedWorkspace) -> None:
    done = ramet("ask", "--continue", "why?")

    assert asked(scripted).conversation == ""
    assert "There is no conversation to continue" in done.err


def test_an_unknown_conversation_is_an_error(ramet: Ramet, scripted: ScriptedWorkspace) -> None:
    done = ramet("ask", "--conversation", "zzz", "why?")

    assert (done.code, done.err) == (2, "ramet: There is no conversation 'zzz'. `ramet conversations` lists them.\n")


@pytest.mark.parametrize(
    "arguments", [("--json", "show", "c1"), ("show", "--json", "c1"), ("show", "c1", "--json")], ids=" ".join
)
def test_json_may_stand_before_and_after_the_action(
    arguments: tuple[str, ...], ramet: Ramet, scripted: ScriptedWorkspace
) -> None:
    scripted.stored["c1"] = Conversation(ConversationInfo("c1", "why?", 0.0, 0.0, 0), ())

    done = ramet("conversations", *arguments)

    assert (done.code, json.loads(done.out)["info"]["id"]) == (0, "c1")


STATS = IndexStats(
    files=1200,
    chunks=5600,
    added=2,
    modified=1,
    removed=0,
    embedded=30,
    reused=5560,
    failed=10,
    skipped=(*(SkippedFile(f"image{number}.png", "binary", "") for number in range(5)), SkippedFile("a\x1b.bin", "huge", "9 MB")),
    notes=(FileNote("bad.py", "it is not UTF-8"),),
    seconds=1.25,
    tree="t",
    warnings=("The index was damaged and is built anew.",),
)


def test_index_tells_progress_and_everything_that_went_wrong(ramet: Ramet, scripted: ScriptedWorkspace) -> None:
    progress = [IndexProgress("parsing", done, 3, 0, 0, "a.py") for done in range(3)]
    scripted.syncs.append([Scanned(1200, 3, 0, 6), *progress, IndexProgress("embedding", 1, 40, 0, 0), IndexFinished(STATS)])

    done = ramet("index")

    assert done.code == 1
    assert done.out == (
        "Indexed 5,600 chunks of 1,200 files in 1.2 s: 2 added, 1 changed, 0 removed; "
        "30 vectors computed, 5,560 reused (99.2 %).\n"
        "Left out 6: 5 binary (image0.png, image1.png, image2.png, 2 more); 1 too large (a␛.bin).\n"
        "Indexed by lines 1: bad.py: it is not UTF-8.\n"
    )
    assert done.err == (
        "1,200 files, 3 to read, 0 gone\nReading 3 files\nComputing vectors of 40 chunks\n"
        "! The index was damaged and is built anew.\n"
        "ramet: 10 chunks have no vector: the embedder failed. They are found by words only. Run it again.\n"
    )


def test_what_was_withheld_for_its_cost_is_said_and_the_budget_of_a_run_is_a_flag(
    ramet: Ramet, scripted: ScriptedWorkspace
) -> None:
    why = "40 chunks have no vector: Computing them would cost about $2.00."
    scripted.syncs.append([IndexFinished(replace(STATS, embedded=0, failed=0, withheld=40, warnings=(why,)))])

    done = ramet("index", "--budget", "0.50", "--budget-tokens", "1000", "--quiet")

    assert (done.code, done.out) == (1, "")
    assert done.err == f"! {why}\n"
    assert ("flag", ("embed_budget_usd", 0.5)) in scripted.calls
    assert ("flag", ("embed_budget_tokens", 1000)) in scripted.calls


def test_index_verbose_names_every_file(ramet: Ramet, scripted: ScriptedWorkspace) -> None:
    scripted.syncs.append([IndexFinished(STATS)])

    done = ramet("index", "--verbose", "--rebuild")

    assert all(f"  image{number}.png\n" in done.out for number in range(5))
    assert ("sync", True) in scripted.calls


def test_estimate_changes_nothing(ramet: Ramet, scripted: ScriptedWorkspace) -> None:
    done = ramet("index", "--estimate")
    as_json = ramet("index", "--estimate", "--json")

    assert "7 of 7 files are to be read: 23 chunks." in done.out
    assert "for free" in done.out
    assert json.loads(as_json.out)["tokens"] == 2300
    assert "sync" not in {method for method, _ in scripted.calls}


def test_search_says_when_there_is_nothing_and_what_it_could_not_use(ramet: Ramet, scripted: ScriptedWorkspace) -> None:
    scripted.search_notes = ("Vectors are still being computed.",)

    plain = ramet("search", "zebra")
    as_json = ramet("search", "zebra", "--json")

    assert (plain.code, plain.out) == (0, "")
    assert plain.err == "Vectors are still being computed.\nNothing was found.\n"
    assert json.loads(as_json.out) == []


def test_garbage_collection_says_what_it_did(ramet: Ramet, scripted: ScriptedWorkspace) -> None:
    assert ramet("gc").out == "Nothing to remove.\n"


def test_an_unexpected_error_is_a_sentence_and_a_traceback_only_on_demand(
    ramet: Ramet, scripted: ScriptedWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripted, "search", None)

    plain = ramet("search", "x")
    monkeypatch.setenv("RAMET_DEBUG", "1")
    debug = ramet("search", "x")

    assert plain.code == debug.code == 1
    assert plain.err.startswith("ramet: This is a mistake in Ramet: TypeError")
    assert "Traceback" not in plain.err
    assert "Traceback" in debug.err


def test_the_app_gets_its_options(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[AppOptions] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)

    def run_app(options: AppOptions) -> int:
        given.append(options)
        return 7

    code = main(["-C", str(shop), "--in-process", "--model", "openai/x"], run_app)

    assert code == 7
    assert given == [AppOptions(folder=shop, in_process=True, model="openai/x")]
