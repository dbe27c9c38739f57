"""Sources are whole, numbered, without repeats and within the budget."""

from __future__ import annotations

from ramet.index.chunker import chunk_key
from ramet.models import Reason, Source
from ramet.prompt.sources import joined, pack_sources

LINES = [f"line {number}" for number in range(1, 101)]


def span(start: int, end: int, path: str = "a.py", symbol: str = "f", reason: str = "word") -> Source:
    text = "\n".join(LINES[start - 1 : end])
    return Source(0, path, start, end, symbol, "python", chunk_key(text), text, (Reason("lexical", reason, 1.0),))


def count(text: str) -> int:
    return len(text.split())


def places(sources: tuple[Source, ...]) -> list[tuple[int, str, int, int]]:
    return [(source.number, source.path, source.start_line, source.end_line) for source in sources]


def test_sources_are_numbered_in_the_order_of_the_hits() -> None:
    packed = pack_sources([span(10, 12, "b.py"), span(1, 3)], 10_000, count)

    assert places(packed) == [(1, "b.py", 10, 12), (2, "a.py", 1, 3)]


def test_what_does_not_fit_is_passed_over_for_what_does() -> None:
    packed = pack_sources([span(1, 3), span(10, 90, "b.py"), span(20, 22, "c.py")], 80, count)

    assert places(packed) == [(1, "a.py", 1, 3), (2, "c.py", 20, 22)]


def test_the_best_hit_is_given_even_when_it_is_too_long() -> None:
    assert len(pack_sources([span(1, 90)], 10, count)) == 1


def test_spans_that_overlap_or_touch_become_one_at_the_best_place() -> None:
    packed = pack_sources([span(10, 20), span(50, 60, "b.py"), span(15, 25), span(26, 30)], 10_000, count)

    assert places(packed) == [(1, "a.py", 10, 30), (2, "b.py", 50, 60)]
    assert packed[0].text == "\n".join(LINES[9:30])
    assert packed[0].key == chunk_key(packed[0].text)


def test_a_span_inside_another_adds_nothing() -> None:
    packed = pack_sources([span(10, 30), span(12, 14)], 10_000, count)

    assert places(packed) == [(1, "a.py", 10, 30)]
    assert packed[0].text == "\n".join(LINES[9:30])


def test_a_span_that_bridges_two_joins_all_three() -> None:
    packed = pack_sources([span(1, 5), span(10, 14), span(50, 51), span(6, 9)], 10_000, count)

    assert places(packed) == [(1, "a.py", 1, 14), (2, "a.py", 50, 51)]


def test_a_few_lines_between_two_spans_are_filled_in_from_the_file() -> None:
    packed = pack_sources([span(8, 12), span(1, 5)], 10_000, count, {"a.py": LINES})

    assert places(packed) == [(1, "a.py", 1, 12)]
    assert packed[0].text == "\n".join(LINES[:12])


def test_a_gap_stays_a_gap_without_the_file() -> None:
    assert len(pack_sources([span(8, 12), span(1, 5)], 10_000, count)) == 2


def test_spans_that_disagree_about_a_line_stay_apart() -> None:
    """The file changed between two reads."""
    other = Source(0, "a.py", 3, 4, "", "python", "k", "changed\nline 4")

    assert joined(span(1, 5), other) is None


def test_a_merged_source_keeps_the_reasons_of_both() -> None:
    packed = pack_sources([span(1, 5, reason="cart"), span(4, 8, reason="price")], 10_000, count)

    assert {reason.detail for reason in packed[0].reasons} == {"cart", "price"}
