"""File names as text: any bytes come back, in a form that JSON takes."""

from __future__ import annotations

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from ramet.paths import path_from_text, path_to_text

private = st.characters(min_codepoint=0xEF70, max_codepoint=0xF00F).map(str.encode)
names = st.lists(st.binary(max_size=6) | private, max_size=6).map(b"".join)


@given(names)
@example("\uef80".encode())
@example("\uefff".encode())
@example(b"caf\xe9")
@example("\uefe9".encode() + b"\xe9")
@example(b"\xee\xbe")
def test_any_name_comes_back(name: bytes) -> None:
    text = path_to_text(name)

    assert path_from_text(text) == name
    assert msgspec.json.decode(msgspec.json.encode(text)) == text


@given(st.text(st.characters(codec="utf-8")))
def test_usual_names_are_their_own_text(name: str) -> None:
    is_usual = not any("\uef80" <= char <= "\uefff" for char in name)

    assert (path_to_text(name.encode()) == name) is is_usual
