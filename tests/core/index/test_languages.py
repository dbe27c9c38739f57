from __future__ import annotations

import pytest

from ramet.index.languages import language_of
from ramet.index.parser import PARSED_LANGUAGES, compile_query, grammar, packaged_query


@pytest.mark.parametrize(
    ("path", "head", "language"),
    [
        ("src/app.py", b"", "python"),
        ("APP.PY", b"", "python"),
        ("a/b.test.tsx", b"", "tsx"),
        ("a.mjs", b"", "javascript"),
        ("Gemfile", b"", "ruby"),
        ("deep/Dockerfile", b"", "dockerfile"),
        (".bashrc", b"", "bash"),
        ("run", b"#!/usr/bin/env python3\n", "python"),
        ("run", b"#!/usr/bin/env -S node --x\n", "javascript"),
        ("run", b"#!/bin/sh -e\n", "bash"),
        ("bin/tool.in", b"#!/usr/bin/python3.11\n", "python"),
        ("run", b"#!", "text"),
        ("run", b"", "text"),
        ("notes.unknown", b"x", "text"),
        (".gitignore", b"x", "text"),
        ("", b"", "text"),
        ("x.h", b"#ifndef X\nstruct a { int b; };\n", "c"),
        ("x.h", b'#ifdef __cplusplus\nextern "C" {\n#endif\nint f(void);\n', "c"),
        ("x.h", b"#pragma once\nnamespace a {\n", "cpp"),
        ("x.h", b"  template <typename T>\nvoid f(T);", "cpp"),
        ("x.h", b"#include <vector>\n", "cpp"),
        ("x.h", b"void f(std::string s);", "cpp"),
    ],
)
def test_a_file_has_the_language_of_its_name_or_its_content(path: str, head: bytes, language: str) -> None:
    assert language_of(path, head) == language


@pytest.mark.parametrize("language", sorted(PARSED_LANGUAGES))
def test_every_grammar_loads_and_its_definitions_query_fits(language: str) -> None:
    assert grammar(language) is not None
    assert packaged_query("definitions", language) is not None


def test_a_language_without_a_grammar_has_none() -> None:
    assert grammar("klingon") is None
    assert compile_query("klingon", "(x) @y") is None
    assert compile_query("python", "(no_such_node) @y") is None
