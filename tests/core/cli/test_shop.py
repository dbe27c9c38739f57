"""The commands on a real repository, index and extract, without an engine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.cli.conftest import Ramet

pytestmark = pytest.mark.usefixtures("lent_vectors")

HIT_KEYS = {"path", "start_line", "end_line", "symbol", "kind", "language", "score", "reasons", "text"}


@pytest.fixture
def on_shop(ramet: Ramet, shop: Path) -> Ramet:
    """Run a command on the shop without an engine."""
    return lambda *arguments: ramet("-C", shop, "--in-process", *arguments)


def test_index_says_what_it_did_and_what_it_left_out(on_shop: Ramet, shop: Path) -> None:
    (shop / "logo.png").write_bytes(bytes(range(256)))

    first = on_shop("index")
    second = on_shop("index")

    assert first.code == second.code == 0
    assert re.match(r"Indexed \d+ chunks of 7 files in [\d.]+ s: 8 added, 0 changed, 0 removed; \d+ vectors computed", first.out)
    assert "Left out 1: 1 binary (logo.png)." in first.out
    assert re.match(r"Nothing changed: \d+ chunks of 7 files", second.out)


def test_an_estimate_comes_before_and_there_is_nothing_left_after(on_shop: Ramet) -> None:
    before = on_shop("index", "--estimate")
    on_shop("index", "--quiet")
    after = on_shop("index", "--estimate")

    assert before.out.startswith("7 of 7 files are to be read: ")
    assert after.out == "Nothing is to be done: all 7 files are as they were indexed.\n"


def test_index_as_json_and_quiet(on_shop: Ramet) -> None:
    stats = json.loads(on_shop("index", "--json").out)
    quiet = on_shop("index", "--quiet", "--rebuild")

    assert (stats["files"], stats["added"], stats["failed"]) == (7, 7, 0)
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


def test_a_commit_stands_before_each_place_and_in_json(on_shop: Ramet, shop: Path, git: Callable[..., str]) -> None:
    commit = git(shop, "rev-parse", "HEAD").strip()
    (shop / "shop/payment.py").unlink()
    git(shop, "commit", "-qam", "Free of charge")

    indexed = on_shop("index", "--at", "HEAD~1")
    found = on_shop("search", "--at", "HEAD~1", "-k", "1", "charge", "the", "card")
    hits = json.loads(on_shop("search", "--at", "HEAD~1", "--json", "charge the card").out)
    symbols = on_shop("symbols", "--at", "HEAD~1", "--path", shop / "shop/payment.py")
    uses = json.loads(on_shop("references", "--at", "HEAD~1", "--json", "RETRY_LIMIT").out)
    answer = on_shop("ask", "--at", "HEAD~1", "--no-model", "how is the card charged?")
    stored = on_shop("conversations", "show", re.findall(r"conversation (\w+)", answer.out)[-1])

    assert re.match(rf"Indexed \d+ chunks of 7 files at HEAD~1 \({commit[:10]}\) in .*0 reused \(0 %\)\.", indexed.out)
    assert found.out.startswith(f"{commit[:10]}:shop/payment.py:")
    assert {hit["commit"] for hit in hits} == {use["commit"] for use in uses} == {commit}
    assert symbols.out.startswith(f"{commit[:10]}:shop/payment.py:")
    assert re.search(rf"\[1\] {commit[:10]}:shop/payment\.py:.* valid", answer.out)
    assert f"Asked about commit {commit[:10]}" in stored.out


@pytest.mark.parametrize("name", ["nowhere", " "])
def test_a_revision_that_is_none_is_wrong_usage(on_shop: Ramet, name: str) -> None:
    done = on_shop("search", "--at", name, "anything")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("ramet: ")


def test_search_prints_one_json_array_best_first(on_shop: Ramet, shop: Path) -> None:
    done = on_shop("search", "charge the card", "--json", "-k", "3")

    hits = json.loads(done.out)
    best = hits[0]
    lines = (shop / best["path"]).read_text().splitlines()

    assert done.code == 0
    assert 1 <= len(hits) <= 3
    assert all(set(hit) == HIT_KEYS for hit in hits)
    assert best["path"] == "shop/payment.py"
    assert "\n".join(lines[best["start_line"] - 1 : best["end_line"]]) == best["text"]
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    assert {"kind", "detail", "score"} == set(best["reasons"][0])


def test_search_prints_place_reasons_and_code(on_shop: Ramet) -> None:
    done = on_shop("search", "charge", "the", "card")

    place, reasons, *code = done.out.splitlines()

    assert place.startswith("shop/payment.py:")
    assert "charge" in reasons
    assert any("def charge" in line for line in code)
    assert "\x1b" not in done.out


def test_ask_without_a_model_is_an_extract_with_checked_sources(on_shop: Ramet) -> None:
    done = on_shop("ask", "how", "is", "the", "card", "charged?")

    answer, _, rest = done.out.partition("\nSources\n")

    assert done.code == 0
    assert "No chat model is configured" in answer
    assert "shop/payment.py:" in rest
    assert "valid" in rest


def test_ask_as_json_is_one_event_per_line(on_shop: Ramet) -> None:
    done = on_shop("ask", "--json", "--no-model", "how is the card charged?")

    events = [json.loads(line) for line in done.out.splitlines()]

    assert events[-1]["event"] == "Answered"
    assert "Retrieved" in {event["event"] for event in events}
    assert "".join(event["text"] for event in events if event["event"] == "TextDelta") == events[-1]["text"]


def test_a_conversation_is_continued_listed_shown_and_deleted(on_shop: Ramet) -> None:
    on_shop("ask", "--no-model", "how is the card charged?")
    on_shop("ask", "--no-model", "--continue", "what is in the cart?")
    (listed,) = json.loads(on_shop("conversations", "--json").out)
    shown = on_shop("conversations", "show", listed["id"][:6])
    deleted = on_shop("conversations", "delete", listed["id"])
    empty = on_shop("conversations")

    assert listed["turns"] == 2
    assert "> how is the card charged?" in shown.out
    assert "> what is in the cart?" in shown.out
    assert deleted.code == 0
    assert (empty.out, empty.err) == ("", "There is no conversation yet.\n")


def test_symbols_and_references(on_shop: Ramet) -> None:
    by_name = on_shop("symbols", "charge")
    of_file = json.loads(on_shop("symbols", "--path", "web/app.ts", "--json").out)
    references = on_shop("references", "RETRY_LIMIT")
    elsewhere = on_shop("symbols", "--path", "/etc/passwd")

    assert by_name.out.startswith("shop/payment.py:")
    assert "formatPrice" in {symbol["name"] for symbol in of_file}
    assert "for attempt in range(RETRY_LIMIT):  in Payment.charge" in references.out
    assert elsewhere.code == 2


def test_doctor_says_what_is_configured_and_indexed(on_shop: Ramet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAMET_MODLE", "x")
    on_shop("index")

    done = on_shop("doctor")
    findings = json.loads(on_shop("doctor", "--json").out)

    assert done.code == 0, done.out
    assert "RAMET_MODLE is set, but nothing reads it.\n      Did you mean RAMET_MODEL?" in done.out
    assert {"configuration", "model", "embedder", "vectors", "index", "git", "storage", "terminal"} <= {
        f["area"] for f in findings
    }
    assert any("files are indexed" in finding["sentence"] for finding in findings)


def test_doctor_reports_a_refused_repository_file_and_fails(on_shop: Ramet, shop: Path) -> None:
    (shop / ".ramet.toml").write_text('api_base = "http://evil.example"\n')

    done = on_shop("doctor")

    assert done.code == 1
    assert "✗ .ramet.toml of this repository sets `api_base`, which it may not" in done.out


def test_escape_codes_in_names_and_code_are_shown_and_not_sent(on_shop: Ramet, shop: Path, git: Callable[..., str]) -> None:
    name = "evil\x1b[31m.py"
    (shop / name).write_text('def zebra():\n    """\x1b]0;owned\x07 zebra \x9b31m"""\n')
    git(shop, "add", "-A")

    outputs = [
        on_shop(*arguments).out
        for arguments in (
            ("search", "zebra"),
            ("search", "zebra", "--json"),
            ("symbols", "zebra"),
            ("ask", "--no-model", "zebra"),
            ("ask", "--json", "--no-model", "zebra"),
        )
    ]

    assert all("zebra" in output for output in outputs)
    assert not any(set("\x1b\x07\x9b") & set(output) for output in outputs)
    assert "evil␛[31m.py" in outputs[0]
    assert json.loads(outputs[1])[0]["path"] == name
