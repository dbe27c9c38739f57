from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ramet.index import parser
from ramet.index.chunker import ParsedFile, chunk_key, join_lines, parse_file, split_lines
from tests.core.index.samples import SAMPLES


def _spans(parsed: ParsedFile) -> list[tuple[int, int, str, str]]:
    return [(chunk.start_line, chunk.end_line, chunk.kind, chunk.symbol) for chunk in parsed.chunks]


def _check(data: bytes, parsed: ParsedFile) -> None:
    """Assert what holds for any file: chunks are exactly their lines, and together all lines that are not blank."""
    lines = split_lines(data.decode("utf-8", "replace"))
    covered: set[int] = set()
    for chunk in parsed.chunks:
        assert 1 <= chunk.start_line <= chunk.end_line <= len(lines)
        assert chunk.text == join_lines(lines, chunk.start_line, chunk.end_line)
        assert chunk.key == chunk_key(chunk.text)
        covered.update(range(chunk.start_line, chunk.end_line + 1))
    assert [number for number, line in enumerate(lines, 1) if line.strip() and number not in covered] == []
    assert parsed.lines == len(lines)
    assert all(1 <= symbol.start_line <= symbol.end_line <= len(lines) and symbol.name for symbol in parsed.symbols)


@pytest.mark.parametrize("path", sorted(SAMPLES))
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_of_every_language_is_in_a_chunk_whatever_ends_it(path: str, ending: str) -> None:
    data = SAMPLES[path][0].replace("\n", ending).encode()

    _check(data, parse_file(path, data))


@pytest.mark.parametrize("path", sorted(SAMPLES))
def test_damaged_sources_keep_the_rules(path: str) -> None:
    whole = SAMPLES[path][0].encode()
    pick = random.Random(path)
    for _ in range(12):
        start, end = sorted((pick.randrange(len(whole)), pick.randrange(len(whole))))
        mark = pick.choice([b"{", b"}", b'"', b"\0", b"(" * 50, b"\r", b"\xc3\xa9", b"\n"])
        for data in (whole[:start] + mark + whole[end:], whole[:end], whole[:start] + mark + whole[start:]):
            _check(data, parse_file(path, data))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode()))
def test_any_bytes_keep_the_rules(path: str, data: bytes) -> None:
    _check(data, parse_file(path, data))


@given(st.text())
def test_lines_joined_are_the_text(text: str) -> None:
    lines = split_lines(text)

    assert join_lines(lines, 1, len(lines)) + ("\n" if text.endswith("\n") else "") == text


def test_a_program_is_cut_at_its_definitions() -> None:
    assert _spans(parse_file("a.py", SAMPLES["sample.py"][0].encode())) == [
        (1, 7, "module", ""),
        (9, 17, "class", "A"),
        (19, 22, "method", "A.method"),
        (24, 26, "method", "A.prop"),
        (28, 30, "class", "A.Nested"),
        (32, 32, "module", ""),
        (33, 33, "function", "conditional"),
        (35, 37, "function", "last"),
    ]


def test_comments_attributes_and_the_line_of_an_impl_go_with_the_first_function() -> None:
    spans = _spans(parse_file("a.rs", SAMPLES["sample.rs"][0].encode()))

    assert (6, 11, "struct", "Point") in spans
    assert (20, 24, "method", "Point<T>.area") in spans
    assert (26, 30, "method", "Point<T>.new") in spans


def test_a_long_function_is_cut_with_overlap() -> None:
    body = "".join(f"    step({number})\n" for number in range(249))

    assert _spans(parse_file("a.py", f"def long():\n{body}".encode())) == [
        (1, 120, "function", "long"),
        (101, 220, "function", "long"),
        (201, 250, "function", "long"),
    ]


def test_a_long_function_of_functions_is_cut_like_a_class() -> None:
    inner = "".join(f"  function f{number}() {{\n    return {number};\n  }}\n" for number in range(50))

    spans = _spans(parse_file("a.js", f"function outer() {{\n{inner}}}\n".encode()))

    assert spans[0] == (1, 1, "function", "outer")
    assert spans[1] == (2, 4, "function", "outer.f0")
    assert len(spans) == 51


def test_the_key_of_a_function_does_not_depend_on_its_place() -> None:
    function = "def f():\n    return 1\n"
    alone = parse_file("a.py", function.encode())
    among = parse_file("b.py", f"import os\n\n\n{function}\n\n\nX = 1\n".encode())

    assert alone.chunks[0].key == among.chunks[1].key


def test_a_language_without_grammar_is_cut_into_overlapping_windows() -> None:
    data = "".join(f"line {number}\n" for number in range(1, 101)).encode()

    assert _spans(parse_file("a.unknown", data)) == [(1, 50, "lines", ""), (41, 90, "lines", ""), (81, 100, "lines", "")]


def test_documents_are_cut_at_headings_and_fences_are_not_headings() -> None:
    assert _spans(parse_file("a.md", SAMPLES["sample.md"][0].encode())) == [
        (1, 1, "section", ""),
        (3, 11, "heading", "Title > Install"),
        (13, 15, "heading", "Title > Install > Deep"),
        (17, 20, "heading", "Setext"),
    ]


def test_data_is_grouped_by_its_keys() -> None:
    tables = "".join(f"[table{number}]\n" + "key = 1\n" * 24 + "\n" for number in range(4))

    assert _spans(parse_file("a.toml", tables.encode())) == [(1, 51, "block", ""), (53, 103, "block", "")]


def test_a_large_table_of_a_statement_is_its_own_chunk_with_its_comment() -> None:
    spans = _spans(parse_file("a.sql", SAMPLES["sample.sql"][0].encode()))

    assert spans[0] == (1, 5, "table", "shop.items")
    assert (9, 11, "view", "cheap") in spans


@pytest.mark.parametrize("data", [b"", b"\n", b"\n" * 20, b" \t\r\n\n", b"\xef\xbb\xbf"], ids=repr)
def test_a_file_of_nothing_has_at_most_its_mark(data: bytes) -> None:
    parsed = parse_file("a.py", data)

    assert parsed.symbols == ()
    assert parsed.note == ""
    _check(data, parsed)


def test_a_byte_order_mark_does_not_hide_the_first_definition() -> None:
    parsed = parse_file("a.py", b"\xef\xbb\xbfdef f():\n    return 1")

    assert [symbol.name for symbol in parsed.symbols] == ["f"]


@pytest.mark.parametrize("data", [b"x = '\xff\xfe'\n" * 80, "def f(): pass\n".encode("utf-16")], ids=["latin", "utf-16"])
def test_what_is_not_utf8_is_cut_by_lines_and_noted(data: bytes) -> None:
    parsed = parse_file("a.py", data)

    assert parsed.note == "not UTF-8"
    assert {chunk.kind for chunk in parsed.chunks} == {"lines"}
    _check(data, parsed)


def test_what_does_not_parse_is_cut_by_lines_and_noted() -> None:
    data = b"%PDF ((( ]] {{ @@ $$ !!\n" * 60
    parsed = parse_file("a.java", data)

    assert parsed.note == "does not parse"
    assert {chunk.kind for chunk in parsed.chunks} == {"lines"}
    _check(data, parsed)


def test_a_grammar_that_does_not_load_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(parser._FACTORIES, "lua", ("no_such_package", "language"))
    parser.grammar.cache_clear()
    try:
        parsed = parse_file("a.lua", b"local x = 1\n")
    finally:
        parser.grammar.cache_clear()

    assert parsed.note == "the lua grammar is not available"
    assert len(parsed.chunks) == 1


@pytest.mark.parametrize(
    ("path", "data"),
    [
        pytest.param("a.py", b"x = " + b"(" * 50_000 + b")" * 50_000 + b"\n", id="nested-parentheses"),
        pytest.param("a.py", b"(" * 50_000, id="open-parentheses"),
        pytest.param("a.js", b"function f() {\n" * 2_000 + b"}\n" * 2_000, id="nested-functions"),
        pytest.param("A.java", b"class A { " * 2_000 + b"}" * 2_000, id="nested-classes"),
        pytest.param("a.json", b"[" * 50_000, id="open-lists"),
        pytest.param("a.md", b">" * 5_000 + b" a\n", id="nested-quotes"),
        pytest.param("a.yaml", b"".join(b" " * depth + b"a:\n" for depth in range(1_500)), id="nested-keys"),
        pytest.param("a.kt", b"const val L = 3\n@", id="annotation-at-the-end"),
        pytest.param("a.sh", "f() {\U000ed8ef\n  {\U00031860\n}\n".encode(), id="rare-characters"),
        pytest.param("a.c", b"int x\0 = 3;\n\0\0\n", id="nul"),
        pytest.param("a.rs", b"{" * 50_000, id="open-braces"),
    ],
)
def test_absurd_files_are_cut_all_the_same(path: str, data: bytes) -> None:
    _check(data, parse_file(path, data))


def test_a_file_of_a_hundred_thousand_lines_is_cut_at_every_function() -> None:
    data = b"".join(b"def function_%d(a):\n    return a + %d\n\n" % (number, number) for number in range(33_400))
    parsed = parse_file("a.py", data)

    assert parsed.lines == 100_200
    assert len(parsed.chunks) == 33_400
    assert parsed.chunks[-1].symbol == "function_33399"
