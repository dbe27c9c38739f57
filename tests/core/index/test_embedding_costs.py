"""Vectors that cost money: nothing is sent beyond the budget, nothing is paid for twice, and word search never stops."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ramet.embed.connection import EmbedderConnection
from ramet.embed.hosted import LitellmEmbedder, Patience
from ramet.embed.learned import LearnedDimensions
from ramet.embed.services import service_of
from ramet.events import IndexFinished, IndexProgress
from ramet.index.tree_reader import TreeReader
from ramet.models import Budget, IndexStats
from ramet.providers.litellm_library import close_blocking_connections, litellm_library
from tests.fakes.indexed import CountingEmbedder, Indexed
from tests.fakes.openai_server import OpenAIServer, Reply, Wait, failure, running_server, vector_of

Open = Callable[..., Indexed]
FILES = 40
ENOUGH = Budget(usd=1.0, tokens=1_000_000)
QUICK = Patience(seconds=20.0, retries=1, unreached=0, first_wait=0.01, longest_wait=5.0)
PRICED = "openai/text-embedding-3-small"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    litellm_library()
    with running_server() as running:
        yield running
        close_blocking_connections()


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder of many small files."""
    root = tmp_path / "many"
    root.mkdir()
    for number in range(FILES):
        (root / f"part{number}.py").write_text(f"def compute_part_{number}(value):\n    return value * {number}\n")
    return root


@pytest.fixture
def hosted(server: OpenAIServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., LitellmEmbedder]:
    """Make an embedder at the server that is given four texts at a time."""
    monkeypatch.setattr(LitellmEmbedder, "batch_size", property(lambda _: 4))

    def make(model: str = "openai/fake") -> LitellmEmbedder:
        connection = EmbedderConnection(service_of(model), "sk-test-key", server.url)
        return LitellmEmbedder(model, connection, LearnedDimensions(tmp_path / "learned.json"), 0, (QUICK, QUICK))

    return make


def sync(index: Indexed, budget: Budget = ENOUGH, *, rebuild: bool = False) -> IndexStats:
    last = list(index.indexer.sync(rebuild=rebuild, budget=budget))[-1]
    assert isinstance(last, IndexFinished)
    return last.stats


def chunks_sent(server: OpenAIServer) -> list[str]:
    return [text for text in server.embedded if "compute_part" in text and "\n" in text]


def test_a_hosted_embedder_fills_the_index_and_is_asked_by_a_search(
    many: Path, open_index: Open, hosted: Callable[..., LitellmEmbedder], server: OpenAIServer
) -> None:
    index = open_index(many, hosted())
    stats = sync(index)
    found = index.searcher.find("compute part", 3)

    assert (stats.embedded, stats.failed, stats.withheld, stats.warnings) == (FILES, 0, 0, ())
    assert len(chunks_sent(server)) == len(set(chunks_sent(server))) == FILES
    assert server.embedded[-1] == "compute part"
    assert any(reason.kind == "dense" for hit in found.hits for reason in hit.reasons)


@pytest.mark.parametrize(
    ("model", "budget", "said"),
    [
        (PRICED, Budget(usd=0.00001, tokens=0), r"would cost about \$0\.0000\d+ .* more than the budget of .* --budget 0\.01"),
        ("openai/unlisted", Budget(usd=0.0, tokens=100), "The price of openai/unlisted is unknown, .* --budget-tokens "),
    ],
)
def test_what_would_cost_more_than_the_budget_is_not_sent(
    model: str, budget: Budget, said: str, many: Path, open_index: Open, hosted: Callable[..., LitellmEmbedder],
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(EmbedderConnection, "is_here", property(lambda _: False))
    index = open_index(many, hosted(model))
    refused = sync(index, budget)
    sent = chunks_sent(server)
    found = index.paths("compute_part_7")
    allowed = sync(index)

    assert sent == []
    assert (refused.embedded, refused.withheld, refused.failed) == (0, FILES, 0)
    assert len(refused.warnings) == 1
    assert refused.warnings[0].startswith(f"{FILES} chunks have no vector: ")
    assert re.search(said, refused.warnings[0])
    assert found[0] == "part7.py"
    assert (allowed.embedded, allowed.withheld, allowed.warnings) == (FILES, 0, ())


def test_a_run_that_is_refused_again_reads_only_what_is_new(
    many: Path, open_index: Open, hosted: Callable[..., LitellmEmbedder], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = open_index(many, hosted(PRICED))
    sync(index, Budget(0.0, 0))
    read: list[str] = []
    original = TreeReader.lines

    def noting(self: TreeReader, path: str) -> list[str]:
        read.append(path)
        return original(self, path)

    monkeypatch.setattr(TreeReader, "lines", noting)
    (many / "new.py").write_text("def compute_part_new(value):\n    return value\n")
    stats = sync(index, Budget(0.0, 0))

    assert stats.withheld == FILES + 1
    assert read == ["new.py"]


def test_a_free_embedder_has_no_budget(many: Path, open_index: Open) -> None:
    assert sync(open_index(many, CountingEmbedder()), Budget(0.0, 0)).embedded == FILES


def test_switching_to_another_embedder_and_back_computes_nothing_twice(
    many: Path, open_index: Open, hosted: Callable[..., LitellmEmbedder], server: OpenAIServer
) -> None:
    def run(embedder: object) -> IndexStats:
        index = open_index(many, embedder)
        stats = sync(index)
        index.close()
        return stats

    first, second = run(hosted("openai/one")), run(hosted("openai/two"))
    sent = len(server.requests)
    table, third, fourth = run(None), run(hosted("openai/one")), run(hosted("openai/two"))

    assert (first.embedded, second.embedded, table.embedded) == (FILES, FILES, FILES)
    assert (third.embedded, third.reused) == (fourth.embedded, fourth.reused) == (0, FILES)
    assert len(server.requests) == sent


def test_what_the_local_copy_holds_is_not_paid_for_again(
    many: Path, open_index: Open, hosted: Callable[..., LitellmEmbedder], server: OpenAIServer
) -> None:
    index = open_index(many, hosted())
    sync(index)
    index.close()
    shutil.rmtree(index.folder / "chroma")
    again = open_index(many, hosted())
    stats = sync(again, Budget(0.0, 0))

    assert (stats.embedded, stats.withheld, stats.warnings) == (FILES, 0, ())
    assert len(chunks_sent(server)) == FILES


def test_a_rebuild_computes_every_vector_again(
    many: Path, open_index: Open, hosted: Callable[..., LitellmEmbedder], server: OpenAIServer
) -> None:
    index = open_index(many, hosted())
    sync(index)
    stats = sync(index, rebuild=True)

    assert stats.embedded == FILES
    assert len(chunks_sent(server)) == 2 * FILES


def test_garbage_of_one_embedder_leaves_the_vectors_of_others(
    many: Path, open_index: Open, hosted: Callable[..., LitellmEmbedder], server: OpenAIServer
) -> None:
    other = open_index(many, hosted())
    sync(other)
    index = open_index(many)
    sync(index)
    (many / "part0.py").unlink()
    sync(index)
    said = index.indexer.collect_garbage()
    sent = len(server.requests)

    assert said == "Removed 0 views, 1 parsed file and 1 vector that nothing needs any more."
    assert sync(other).embedded == 0
    assert len(server.requests) == sent


def test_a_wrong_key_ends_the_run_and_words_are_searched(
    many: Path, open_index: Open, hosted: Callable[..., LitellmEmbedder], server: OpenAIServer
) -> None:
    index = open_index(many, hosted())
    server.enqueue(failure(401, "bad key"))
    stats = sync(index)
    found = index.searcher.find("compute_part_7", 3)

    assert (stats.embedded, stats.failed, len(server.requests)) == (0, FILES, 1)
    assert "refused the key" in stats.warnings[0]
    assert found.hits[0].path == "part7.py"
    assert any("words only" in note for note in found.notes)


def test_a_service_that_breaks_off_is_not_asked_for_everything_and_the_rest_is_done_next_time(
    many: Path, open_index: Open, hosted: Callable[..., LitellmEmbedder], server: OpenAIServer
) -> None:
    embedder = hosted()
    embedder.prepare()
    index = open_index(many, embedder)
    server.enqueue(*[failure(429, "You exceeded your current quota", "insufficient_quota")] * 20)
    broken = sync(index)
    asked = len(server.requests) - 1
    server.replies.clear()
    healed = sync(index)

    assert broken.embedded + broken.failed == FILES
    assert asked <= embedder.parallel
    assert "no quota left" in broken.warnings[0]
    assert (healed.embedded, healed.reused, healed.warnings) == (broken.failed, broken.embedded, ())


def test_a_run_that_is_closed_keeps_what_was_paid_for(
    many: Path, open_index: Open, hosted: Callable[..., LitellmEmbedder], server: OpenAIServer
) -> None:
    index = open_index(many, hosted())
    events = index.indexer.sync(budget=ENOUGH)
    for event in events:
        if isinstance(event, IndexProgress) and event.phase == "embedding" and event.done >= 8:
            break
    events.close()
    paid = len(chunks_sent(server))
    stats = sync(index)

    assert paid >= 8
    assert stats.reused == paid
    assert len(chunks_sent(server)) == len(set(chunks_sent(server))) == FILES


def test_closing_a_run_does_not_wait_for_a_service_that_asks_for_patience(
    many: Path, open_index: Open, hosted: Callable[..., LitellmEmbedder], server: OpenAIServer
) -> None:
    embedder = hosted()
    embedder.prepare()
    index = open_index(many, embedder)
    server.enqueue(*[failure(429, "slow down", headers={"Retry-After": "5"})] * embedder.parallel)
    events = index.indexer.sync(budget=ENOUGH)
    notes = (event.note for event in events if isinstance(event, IndexProgress) and event.note)
    note = next(notes)
    events.close()

    assert "is asked too often" in note
    assert "Going on in" in note
    assert len(server.requests) <= 1 + embedder.parallel
    assert sync(index).embedded == FILES


def test_several_requests_are_under_way_at_once(
    many: Path, open_index: Open, hosted: Callable[..., LitellmEmbedder], server: OpenAIServer
) -> None:
    """Each answer waits until all that may be under way have arrived."""
    embedder = hosted()
    embedder.prepare()
    gate = threading.Event()
    server.enqueue(*[Reply((Wait(gate), *failure(500, "late").steps), 500)] * embedder.parallel)
    index = open_index(many, embedder)
    for _ in (events := index.indexer.sync(budget=ENOUGH)):
        if len(server.requests) == 1 + embedder.parallel:
            break
    gate.set()
    events.close()

    assert len(server.requests) >= 1 + embedder.parallel


def test_an_estimate_after_switching_counts_every_chunk_and_sends_none(
    many: Path, open_index: Open, hosted: Callable[..., LitellmEmbedder], server: OpenAIServer
) -> None:
    open_index(many).sync()
    embedder = hosted(PRICED)
    estimate = open_index(many, embedder).indexer.estimate()

    assert (estimate.changed_files, estimate.chunks, estimate.cached_chunks) == (0, FILES, 0)
    assert estimate.tokens >= FILES * 10
    assert estimate.cost == pytest.approx(estimate.tokens * 2e-8)
    assert estimate.embedder == PRICED
    assert server.requests == []


def test_a_search_before_the_vector_space_is_known_goes_by_words_without_an_alarm(
    many: Path, open_index: Open, hosted: Callable[..., LitellmEmbedder], caplog: pytest.LogCaptureFixture
) -> None:
    open_index(many).sync()
    searcher = open_index(many, hosted()).searcher
    searcher.warm()
    found = searcher.find("compute_part_7", 3)

    assert found.hits[0].path == "part7.py"
    assert any("words only" in note for note in found.notes)
    assert caplog.records == []


def test_like_texts_have_like_vectors_at_the_fake_server() -> None:
    one, same, other = (vector_of(text, 16) for text in ("a b", "b a", "c d"))

    assert one == same != other
