"""A citation says where its text is now, or that it is gone."""

from __future__ import annotations

import time

import pytest

from ramet.chat.citations import check_answer, check_citations, cited_numbers
from ramet.index.chunker import chunk_key
from ramet.models import Citation, Source

LINES = [f"line {number}" for number in range(1, 41)]


def source(start: int = 10, end: int = 12, number: int = 1) -> Source:
    text = "\n".join(LINES[start - 1 : end])
    return Source(number, "src/a.py", start, end, "f", "python", chunk_key(text), text)


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        ("It retries [1].", (1,)),
        ("Both [1][3] and [3, 2].", (1, 3, 2)),
        ("See [1-3] or [5\u20136].", (1, 2, 3, 5, 6)),
        ("[ 4 ; 7 ]", (4, 7)),
        ("**bold**[2]", (2,)),
        ("(see [2])", (2,)),
        ("It is `charge()`[2].", (2,)),
        ("so it is[1].", (1,)),
        ("重试三次[1]。", (1,)),
        ("```python\nitems[0] = x[1]\n```\nAnd [2]", (2,)),
        ("~~~\n[1]\n~~~\n[2]", (2,)),
        ("```\nnever closed [1]", ()),
        ("`a[1]` and ``b`[2]`` but [3]", (3,)),
        ("the item items[0] is an index", ()),
        ("a [1](https://example.org) link", ()),
        ("[2]: https://example.org", ()),
        ("As [2]: it retries", (2,)),
        ("![3](picture.png)", ()),
        ("escaped \\[1]", ()),
        ("[1-100000]", ()),
        ("[3-1]", ()),
        ("[x] [1a] [] [12345]", ()),
        ("- [1] first\n| [2] |", (1, 2)),
        ("`unclosed and [1]", (1,)),
    ],
)
def test_numbers_are_found_outside_code_and_links(answer: str, numbers: tuple[int, ...]) -> None:
    assert cited_numbers(answer) == numbers


@pytest.mark.parametrize("piece", ["[", "`", "[1", "~~~\n", "[1,1", "[1 ", "` `` ", "[\t", "`a` "])
def test_strange_answers_do_not_take_long(piece: str) -> None:
    started = time.thread_time()

    cited_numbers(piece * 50_001)

    assert time.thread_time() - started < 5


def test_the_same_text_at_the_same_place_is_valid() -> None:
    (citation,) = check_answer("So [1].", [source()], {"src/a.py": LINES}.get)

    assert citation == Citation(1, "valid", "src/a.py", 10, 12, "f", source().key)


def test_text_pushed_down_is_moved_with_its_new_lines() -> None:
    (citation,) = check_answer("So [1].", [source()], {"src/a.py": ["new"] * 5 + LINES}.get)

    assert (citation.state, citation.start_line, citation.end_line) == ("moved", 15, 17)


def test_of_two_copies_the_nearer_is_taken() -> None:
    lines = LINES[9:12] + ["x"] * 10 + LINES[9:12]

    (citation,) = check_answer("So [1].", [source()], {"src/a.py": lines}.get)

    assert (citation.state, citation.start_line) == ("moved", 14)


def test_edited_text_is_changed_and_keeps_its_old_lines() -> None:
    lines = [*LINES[:10], "edited", *LINES[11:]]

    (citation,) = check_answer("So [1].", [source()], {"src/a.py": lines}.get)

    assert (citation.state, citation.start_line, citation.end_line) == ("changed", 10, 12)


@pytest.mark.parametrize("lines", [None, [], ["short"]])
def test_a_file_that_is_gone_or_empty_is_changed(lines: list[str] | None) -> None:
    (citation,) = check_answer("So [1].", [source()], {"src/a.py": lines}.get)

    assert citation.state == "changed"


def test_a_file_in_another_folder_is_found_again() -> None:
    files = {"lib/a.py": LINES, "lib/ba.py": LINES, "other/a.py": ["x"]}

    (citation,) = check_answer("So [1].", [source()], files.get, ("lib/ba.py", "other/a.py", "lib/a.py"))

    assert (citation.state, citation.path, citation.start_line) == ("moved", "lib/a.py", 10)


def test_a_number_without_a_source_is_unknown_and_stays_so() -> None:
    (citation,) = check_answer("So [7].", [source()], {"src/a.py": LINES}.get)

    assert citation == Citation(7, "unknown")
    assert check_citations([citation], {"src/a.py": LINES}.get) == (citation,)


def test_each_file_is_read_once() -> None:
    reads: list[str] = []

    def read(path: str) -> list[str]:
        reads.append(path)
        return LINES

    check_answer("[1][2][3]", [source(number=1), source(1, 2, 2), source(4, 5, 3)], read)

    assert reads == ["src/a.py"]


def test_stored_citations_can_be_checked_later_and_again() -> None:
    (valid,) = check_answer("So [1].", [source()], {"src/a.py": LINES}.get)
    (moved,) = check_citations([valid], {"src/a.py": ["new", *LINES]}.get)

    (back,) = check_citations([moved], {"src/a.py": LINES}.get)

    assert moved.state == "moved"
    assert (back.state, back.start_line) == ("moved", 10)
