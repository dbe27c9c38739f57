"""What a model may do with the repository: read what the file set holds, in bounded time and size."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ramet.chat.grep import grep
from ramet.chat.source_book import SourceBook
from ramet.chat.tools import TOOLS, Toolbox, ToolResult
from ramet.errors import UsageError
from ramet.llm.protocol import ToolCall
from tests.fakes.repository import FolderRepository


class Tools:
    """Runs tools by name with keyword arguments."""

    def __init__(self, repository: FolderRepository) -> None:
        self.book = SourceBook()
        self.toolbox = Toolbox(repository, self.book, lambda text: len(text) // 4 + 1, 2_000_000)

    async def __call__(self, tool: str, /, **arguments: object) -> ToolResult:
        return await self.toolbox.run(ToolCall("c1", tool, json.dumps(arguments)))


@pytest.fixture
def tools(repository: FolderRepository) -> Tools:
    return Tools(repository)


async def test_every_tool_that_is_offered_works(tools: Tools) -> None:
    arguments = {
        "search_code": {"query": "charge"},
        "read_file": {"path": "shop/cart.py"},
        "list_symbols": {"query": "cart"},
        "find_references": {"name": "Payment.charge"},
        "grep": {"pattern": r"def \w+_price"},
    }

    results = {spec.name: await tools(spec.name, **arguments[spec.name]) for spec in TOOLS}

    assert results["search_code"].sources[0].symbol == "Payment.charge" or "charge" in results["search_code"].content
    assert results["read_file"].sources[0].end_line == 23
    assert "class Cart" in results["list_symbols"].content
    assert any("return payment.charge" in source.text for source in results["find_references"].sources)
    assert [source.path for source in results["grep"].sources] == ["shop/cart.py"]


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("read_file", "{not json", "Wrong arguments for read_file"),
        ("read_file", "{}", "missing required field `path`"),
        ("read_file", '{"path": "a", "lines": 3}', "unknown field"),
        ("read_file", '{"path": "shop/none.py"}', "There is no file 'shop/none.py'"),
        ("read_file", '{"path": "lib/cart.py"}', "Did you mean shop/cart.py?"),
        ("read_file", '{"path": "../../../etc/passwd"}', "There is no file"),
        ("read_file", '{"path": "/etc/passwd"}', "There is no file"),
        ("read_file", '{"path": ".git/config"}', "There is no file"),
        ("read_file", '{"path": "shop/cart.py", "start_line": 900}', "has 23 lines"),
        ("search_code", '{"query": " "}', "The query is empty"),
        ("list_symbols", "{}", "Give a path or a query"),
        ("find_references", '{"name": ""}', "The name is empty"),
        ("grep", '{"pattern": "("}', "is not a regular expression"),
        ("grep", '{"pattern": "x", "path": "nowhere"}', "No file is below or matches 'nowhere'"),
        ("rm", "{}", "There is no tool 'rm'. Tools: search_code, read_file"),
        ("grep", "", "missing required field `pattern`"),
    ],
)
async def test_wrong_calls_come_back_as_text(tools: Tools, name: str, raw: str, expected: str) -> None:
    result = await tools.toolbox.run(ToolCall("c1", name, raw))

    assert expected in result.content
    assert result.sources == ()


async def test_numbers_may_come_as_text(tools: Tools) -> None:
    result = await tools("read_file", path="./shop/cart.py", start_line="7", end_line="8")

    assert (result.sources[0].start_line, result.sources[0].end_line) == (7, 8)


async def test_a_long_file_is_shown_in_parts(tools: Tools, repository: FolderRepository) -> None:
    (repository.root / "long.txt").write_text("".join(f"{number}\n" for number in range(1, 5_001)))

    result = await tools("read_file", path="long.txt", start_line=101, end_line=5_000)

    assert (result.sources[0].start_line, result.sources[0].end_line) == (101, 500)
    assert "long.txt has 5000 lines in all" in result.content


async def test_long_lines_do_not_fill_the_context(tools: Tools, repository: FolderRepository) -> None:
    (repository.root / "wide.txt").write_text(("x" * 1_000 + "\n") * 100)

    result = await tools("read_file", path="wide.txt")

    assert len(result.content) < 14_000


async def test_the_same_lines_keep_their_number(tools: Tools) -> None:
    whole = await tools("read_file", path="shop/cart.py")
    part = await tools("read_file", path="shop/cart.py", start_line=3, end_line=4)

    assert part.sources == whole.sources
    assert len(tools.book.sources) == 1


async def test_matches_near_each_other_are_one_source(tools: Tools, repository: FolderRepository) -> None:
    lines = [f"line {number}" for number in range(1, 101)]
    lines[9] = lines[12] = lines[49] = "needle"
    (repository.root / "hay.txt").write_text("\n".join(lines))

    result = await tools("grep", pattern="^needle$", path="*.txt")

    assert [(source.start_line, source.end_line) for source in result.sources] == [(8, 15), (48, 52)]


async def test_binary_files_and_links_are_not_searched(repository: FolderRepository, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("needle\n")
    (repository.root / "link.txt").symlink_to(tmp_path / "secret")
    (repository.root / "data.bin").write_bytes(b"\0needle\n")

    found = await grep(repository.root, ["data.bin", "link.txt", "gone.txt"], "needle", limit=10, max_bytes=1_000)

    assert (found.places, found.limit_note) == ((), "")


async def test_names_that_are_not_utf8_are_searched(repository: FolderRepository) -> None:
    name = b"caf\xe9.txt"
    (repository.root / os.fsdecode(name)).write_text("needle\n")

    found = await grep(repository.root, ["caf\uefe9.txt"], "needle", limit=10, max_bytes=1_000)

    assert found.places == (("caf\uefe9.txt", 1),)


async def test_a_catastrophic_expression_is_stopped_and_keeps_what_it_found(repository: FolderRepository) -> None:
    (repository.root / "a.txt").write_text("aaaa\n" + "a" * 60 + "b\n")

    found = await grep(repository.root, ["a.txt"], r"^(a+)+$", limit=10, max_bytes=1_000, seconds=4.0)

    assert "stopped after 4 seconds" in found.limit_note
    assert found.places == (("a.txt", 1),)


async def test_many_matches_are_cut_and_said(repository: FolderRepository) -> None:
    (repository.root / "many.txt").write_text("x\n" * 500)

    found = await grep(repository.root, ["many.txt"], "x", limit=20, max_bytes=10_000)

    assert len(found.places) == 20
    assert "more matches" in found.limit_note


@pytest.mark.parametrize("pattern", ["", "(", "a" * 501, "(?P<n>a)(?P<n>b)", "a{99999999999}"])
async def test_bad_expressions_are_refused(repository: FolderRepository, pattern: str) -> None:
    with pytest.raises(UsageError):
        await grep(repository.root, [], pattern, limit=1, max_bytes=1)
