from __future__ import annotations

import pytest

from ramet.index.chunker import parse_file
from ramet.index.parser import PARSED_LANGUAGES
from tests.core.index.samples import SAMPLES


def _symbols(path: str, source: str) -> list[tuple[str, str, int, int]]:
    return [(s.qualified_name, s.kind, s.start_line, s.end_line) for s in parse_file(path, source.encode()).symbols]


def test_there_is_a_sample_for_every_language() -> None:
    languages = {parse_file(path, source.encode()).language for path, (source, _) in SAMPLES.items()}

    assert languages == PARSED_LANGUAGES


@pytest.mark.parametrize("path", sorted(SAMPLES))
def test_definitions_are_found_with_name_kind_and_lines(path: str) -> None:
    source, expected = SAMPLES[path]

    assert _symbols(path, source) == list(expected)


def test_the_signature_is_the_line_with_the_name() -> None:
    parsed = parse_file("a.py", b"@decorated\nasync def work(x: int) -> str:\n    return ''\n")

    assert [(symbol.signature, symbol.start_line) for symbol in parsed.symbols] == [("async def work(x: int) -> str:", 1)]


def test_local_variables_and_local_prototypes_are_no_symbols() -> None:
    assert _symbols("a.cpp", "void f() {\n  Foo bar(s);\n  int x = 1;\n}\n") == [("f", "function", 1, 4)]
    assert _symbols("a.js", "function f() { const x = 1; }\n") == [("f", "function", 1, 1)]


def test_names_of_other_alphabets_survive() -> None:
    assert _symbols("a.py", "class Größe:\n    def 计算(self): pass\n") == [
        ("Größe", "class", 1, 2),
        ("Größe.计算", "method", 2, 2),
    ]


def test_some_errors_do_not_hide_the_rest_of_the_file() -> None:
    parsed = parse_file("a.py", b"def good():\n    return 1\n\nx = = 3\n\ndef better():\n    return 2\n")

    assert parsed.note == ""
    assert [symbol.name for symbol in parsed.symbols] == ["good", "x", "better"]
