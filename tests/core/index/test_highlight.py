from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ramet.index.chunker import parse_file
from ramet.index.highlight import Highlighter, highlight
from ramet.index.parser import PARSED_LANGUAGES
from tests.core.index.samples import SAMPLES


def _named(language: str, text: str) -> list[tuple[str, str]]:
    lines = text.split("\n")
    return [
        (line[span.start : span.end], span.name)
        for line, spans in zip(lines, highlight(language, text), strict=False)
        for span in spans
    ]


@pytest.mark.parametrize("path", sorted(SAMPLES))
def test_every_language_has_colours(path: str) -> None:
    source = SAMPLES[path][0]
    language = parse_file(path, source.encode()).language

    assert len({name for _, name in _named(language, source)}) >= 3


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "def f(): # c", ("def", "keyword")),
        ("python", "x.send(1)", ("send", "function.method")),
        ("go", "func (s *S) Run() {}", ("Run", "function.method")),
        ("json", '{"a": 1}', ('"a"', "property")),
        ("typescript", "const x: Foo = 'a'", ("Foo", "type")),
        ("tsx", "const a = <div id='x'/>;", ("div", "tag")),
        ("cpp", "class A { std::string b; };", ("class", "keyword")),
        ("csharp", "class A { int B() { return 1; } }", ("B", "function.method")),
        ("kotlin", "fun main(a: Int) = 1", ("main", "function")),
        ("markdown", "# Title\n\na `code` b", ("code", "text.literal")),
        ("markdown", "```python\ndef f(): pass\n```\n", ("def", "keyword")),
        ("html", "<script>var a = 1;</script>", ("var", "keyword")),
        ("html", "<style>a { color: red }</style>", ("color", "property")),
        ("php", "<b>x</b><?php echo 1;", ("echo", "keyword")),
    ],
)
def test_parts_of_a_line_have_the_expected_name(language: str, text: str, expected: tuple[str, str]) -> None:
    assert expected in _named(language, text)


def test_code_within_a_string_is_not_coloured_as_string() -> None:
    assert ("name", "variable") in _named("javascript", "`hello ${name}!`")


def test_columns_are_characters_and_not_bytes() -> None:
    text = "größe = '日本' # 😀 é"

    assert _named("python", text)[-2:] == [("'日本'", "string"), ("# 😀 é", "comment")]


def test_a_span_over_several_lines_is_cut_at_them() -> None:
    assert highlight("python", 'x = """a\nb\n"""')[1:] == [[(0, 1, "string")], [(0, 3, "string")]]


def test_a_range_gives_what_the_whole_gives() -> None:
    source = SAMPLES["sample.ts"][0]
    document = Highlighter("typescript", source)
    whole = document.spans(1, document.line_count)

    assert [document.spans(line, line)[0] for line in range(1, document.line_count + 1)] == whole
    assert document.spans(5, 9) == whole[4:9]


@pytest.mark.parametrize(("first", "last", "count"), [(1, 99, 2), (0, 1, 1), (3, 9, 0), (2, 1, 0), (-5, -1, 0)])
def test_only_lines_that_exist_are_answered(first: int, last: int, count: int) -> None:
    assert len(Highlighter("python", "a = 1\nb = 2\n").spans(first, last)) == count


def test_a_language_without_grammar_is_plain() -> None:
    assert highlight("klingon", "a\nb") == [[], []]
    assert highlight("text", "") == [[]]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(sorted(PARSED_LANGUAGES)), st.text(alphabet=st.characters(), max_size=200))
def test_any_text_is_answered_within_its_lines(language: str, text: str) -> None:
    lines = text.split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    spans = highlight(language, text)

    assert len(spans) == len(lines)
    for line, line_spans in zip(lines, spans, strict=True):
        ends = [0]
        for span in line_spans:
            assert ends[-1] <= span.start < span.end <= len(line)
            ends.append(span.end)


@pytest.mark.parametrize("language", ["python", "javascript", "markdown", "lua"])
@pytest.mark.parametrize(
    "text",
    ["(" * 20_000, "{" * 20_000, "x" * 300_000, ">" * 3_000, "\0" * 100],
    ids=["parentheses", "braces", "word", "quotes", "nul"],
)
def test_absurd_texts_are_answered(language: str, text: str) -> None:
    document = Highlighter(language, text)

    assert len(document.spans(1, 1)) == 1


def test_a_long_file_answers_at_its_end() -> None:
    text = "def f(a):\n    return a\n\n" * 30_000
    document = Highlighter("python", text)

    assert [span.name for span in document.spans(89_998, 89_998)[0]][:2] == ["keyword", "function"]
