"""Sources are whole, numbered, without repeats and within the budget; what is left out of a file is outlined."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from ramet.index.chunker import chunk_key, parse_file, split_lines
from ramet.models import Reason, Source
from ramet.prompt.outline import FileText, file_text
from ramet.prompt.packer import Candidate, pack_sources, shown_lines
from ramet.prompt.sources import joined, sources_block, span_source

LINES = [f"line {number}" for number in range(1, 101)]
PLENTY = 100_000

SHOP = (
    "import money\n\n\nclass Cart:\n"
    + '    """What a customer wants."""\n\n'
    + "    def add(self, item):\n        self.items.append(item)\n\n"
    + "    def total(self):\n"
    + "".join(f"        step_{number} = money.round({number})\n" for number in range(150))
    + "        return step_0\n\n"
    + "    @property\n    def is_empty(self):\n        return not self.items\n\n\n"
    + "def checkout(cart):\n    return cart.total()\n"
)
SHOP_LINES = split_lines(SHOP)


def span(start: int, end: int, path: str = "a.py", symbol: str = "f", reason: str = "word") -> Source:
    text = "\n".join(LINES[start - 1 : end])
    return Source(0, path, start, end, symbol, "python", chunk_key(text), text, (Reason("lexical", reason, 1.0),))


def count(text: str) -> int:
    return len(text) // 3 + 1


def cost(sources: Sequence[Source]) -> int:
    return count(sources_block(sources))


def packed(
    spans: Sequence[Source], tokens: int = PLENTY, files: dict[str, FileText] | None = None, **how: object
) -> tuple[Source, ...]:
    candidates = [Candidate(source) for source in spans]
    return pack_sources(candidates, tokens, count, files or {}, **how)  # type: ignore[arg-type]  # tests name real arguments


def places(sources: Sequence[Source]) -> list[tuple[int, str, int, int]]:
    return [(source.number, source.path, source.start_line, source.end_line) for source in sources]


@pytest.fixture(scope="module")
def shop() -> dict[str, FileText]:
    return {"shop.py": file_text(SHOP_LINES, parse_file("shop.py", SHOP.encode()).symbols)}


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(SHOP_LINES, 1) if text in line)


def chunk(symbol: str, place: int = 0) -> Source:
    """Return a chunk of the shop as a search would find it."""
    chunks = [chunk for chunk in parse_file("shop.py", SHOP.encode()).chunks if chunk.symbol == symbol]
    found = chunks[place]
    return span_source("shop.py", SHOP_LINES, found.start_line, found.end_line, symbol, "python")


def test_sources_are_numbered_in_the_order_of_the_hits() -> None:
    assert places(packed([span(10, 12, "b.py"), span(1, 3)])) == [(1, "b.py", 10, 12), (2, "a.py", 1, 3)]


def test_what_does_not_fit_is_passed_over_for_what_does() -> None:
    sources = packed([span(1, 3), span(10, 90, "b.py"), span(20, 22, "c.py")], 120)

    assert places(sources) == [(1, "a.py", 1, 3), (2, "c.py", 20, 22)]


def test_the_best_hit_is_given_even_when_it_is_too_long() -> None:
    assert len(packed([span(1, 90)], 10)) == 1


def test_what_hardly_matched_has_to_be_short_or_to_wait(shop: dict[str, FileText]) -> None:
    long = chunk("Cart.total")
    others = [span(1, 60, f"{number}.py") for number in range(8)]
    candidates = [Candidate(span(90, 95)), Candidate(long, 0.1), *(Candidate(source, 0.1) for source in others)]
    tokens = cost([span(90, 95), *others]) + 200

    some = pack_sources(candidates, tokens, count, shop, with_outlines=False)
    all_of_it = pack_sources(candidates, tokens + 2 * cost([long]), count, shop, with_outlines=False)

    assert cost([long]) > 400 > cost([others[0]])
    assert [source.path for source in some] == ["a.py", *(source.path for source in others)]
    assert "shop.py" in [source.path for source in all_of_it]


def test_spans_that_overlap_or_touch_become_one_at_the_best_place() -> None:
    sources = packed([span(10, 20), span(50, 60, "b.py"), span(15, 25), span(26, 30)])

    assert places(sources) == [(1, "a.py", 10, 30), (2, "b.py", 50, 60)]
    assert sources[0].text == "\n".join(LINES[9:30])
    assert sources[0].key == chunk_key(sources[0].text)


def test_a_span_inside_another_adds_nothing() -> None:
    sources = packed([span(10, 30), span(12, 14)])

    assert places(sources) == [(1, "a.py", 10, 30)]
    assert sources[0].text == "\n".join(LINES[9:30])


def test_a_span_that_bridges_two_joins_all_three() -> None:
    sources = packed([span(1, 5), span(10, 14), span(50, 51), span(6, 9)])

    assert places(sources) == [(1, "a.py", 1, 14), (2, "a.py", 50, 51)]


def test_a_few_lines_between_two_spans_are_filled_in_from_the_file() -> None:
    sources = packed([span(8, 12), span(1, 5)], files={"a.py": FileText(LINES)})

    assert places(sources) == [(1, "a.py", 1, 12)]
    assert sources[0].text == "\n".join(LINES[:12])


def test_a_gap_stays_a_gap_without_the_file() -> None:
    assert len(packed([span(8, 12), span(1, 5)])) == 2


def test_spans_that_disagree_about_a_line_stay_apart() -> None:
    """The file changed between two reads."""
    other = Source(0, "a.py", 3, 4, "", "python", "k", "changed\nline 4")

    assert joined(span(1, 5), other) is None


def test_a_merged_source_keeps_the_reasons_of_both() -> None:
    sources = packed([span(1, 5, reason="cart"), span(4, 8, reason="price"), span(5, 6, reason="total")])

    assert {reason.detail for reason in sources[0].reasons} == {"cart", "price", "total"}


def test_a_part_of_a_long_function_becomes_the_whole_function_where_it_fits(shop: dict[str, FileText]) -> None:
    part = chunk("Cart.total", 1)
    (whole, *_) = packed([part], files=shop)
    (alone, *_) = packed([part], 2_000, shop)

    assert (whole.start_line, whole.end_line) == (line_of("def total"), line_of("return step_0"))
    assert (alone.start_line, alone.end_line) == (part.start_line, part.end_line)


def test_a_part_says_which_function_and_class_it_belongs_to(shop: dict[str, FileText]) -> None:
    (source, *_) = packed([chunk("Cart.total", 1)], 2_000, shop)

    last = line_of("return not self.items")
    assert source.header.split("\n") == [
        f"L{line_of('class Cart')}-{last}: class Cart:",
        f"L{line_of('def total')}-{line_of('return step_0')}:     def total(self):",
    ]
    assert source.key == chunk_key(source.text)
    assert f"\n{source.header}\n{source.text}\n" in sources_block([source])


def test_the_class_of_two_methods_is_said_once_and_not_at_all_when_it_is_a_source(shop: dict[str, FileText]) -> None:
    add, empty = chunk("Cart.add"), chunk("Cart.is_empty")

    two = packed([add, empty], files=shop, with_outlines=False)
    with_class = packed([empty, add, chunk("Cart")], files=shop, with_outlines=False)

    assert [bool(source.header) for source in two] == [True, False]
    assert all(not source.header for source in with_class)


def test_the_rest_of_a_file_is_outlined_with_the_lines_of_each_definition(shop: dict[str, FileText]) -> None:
    sources = packed([chunk("Cart.add")], files=shop)

    outline = sources[-1]
    assert outline.text.split("\n") == [
        f"L{line_of('def total')}-{line_of('return step_0')}:     def total(self):",
        f"L{line_of('def is_empty')}-{line_of('return not self.items')}:     def is_empty(self):",
        f"L{line_of('def checkout')}-{len(SHOP_LINES)}: def checkout(cart):",
    ]
    assert [span.key for span in outline.spans] == [chunk_key(SHOP_LINES[span.start_line - 1]) for span in outline.spans]
    assert ' shows="outline"' in sources_block([outline])


def test_an_outline_that_does_not_fit_is_left_out(shop: dict[str, FileText]) -> None:
    add = chunk("Cart.add")
    header = packed([add], files=shop)[0]

    assert places(packed([add], cost([header]) + 20, shop)) == [(1, "shop.py", add.start_line, add.end_line)]


def test_no_line_is_shown_twice_and_the_budget_is_kept(shop: dict[str, FileText]) -> None:
    spans = [
        chunk("Cart.total", 1),
        chunk("Cart"),
        chunk("Cart.total"),
        chunk("Cart.add"),
        chunk("checkout"),
        chunk("Cart.is_empty"),
    ]

    for tokens in range(200, 4_000, 150):
        sources = packed(spans, tokens, shop)
        shown = [number for source in sources for number in shown_lines([source], "shop.py")]
        assert len(shown) == len(set(shown))
        assert cost(sources) <= tokens or len(sources) == 1


def test_what_was_given_before_is_not_given_again(shop: dict[str, FileText]) -> None:
    given = packed([chunk("Cart"), chunk("Cart.add")], files=shop, with_outlines=False)

    sources = packed([chunk("Cart.add"), chunk("checkout")], files=shop, given=given, first=8)

    assert places(sources)[0] == (8, "shop.py", line_of("def checkout"), len(SHOP_LINES))
    assert shown_lines(given, "shop.py").isdisjoint(shown_lines(sources, "shop.py"))


def test_the_same_hits_give_the_same_bytes(shop: dict[str, FileText]) -> None:
    spans = [chunk("Cart.total", 1), chunk("checkout"), chunk("Cart.add")]

    assert sources_block(packed(spans, files=shop)) == sources_block(packed(spans, files=shop))


def test_definitions_that_moved_since_the_index_saw_them_are_not_outlined() -> None:
    symbols = parse_file("shop.py", SHOP.encode()).symbols

    sources = packed([span(1, 1)], files={"a.py": file_text(["# new", *SHOP_LINES], symbols)})

    assert [source for source in sources if source.spans] == []


@pytest.mark.parametrize("lines", [[], ["x" * 1_000_000], ["\u2028\x1b[31m", ""]])
def test_strange_files_do_no_harm(lines: list[str]) -> None:
    sources = packed([Source(0, "a.py", 1, 1, "", "python", "k", "gone")], files={"a.py": FileText(lines)})

    assert re.match(r'<data-source-\w+ n="1" path="a.py" lines="1-1">\ngone\n', sources_block(sources))
