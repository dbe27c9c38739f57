"""The path and the name of a chunk count although its vector does not know them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ramet.paths import UserDirectories
from tests.fakes.indexed import Indexed

BODY = "    return [item for item in found if item]\n"


@pytest.fixture
def twins(tmp_path: Path, directories: UserDirectories) -> Iterator[Indexed]:
    """Files whose functions differ in nothing but their places and names."""
    root = tmp_path / "twins"
    for path, name in {"net/socket.py": "listen", "shop/price.py": "total", "auth/password.py": "verify"}.items():
        (root / path).parent.mkdir(parents=True)
        (root / path).write_text(f"def {name}(found):\n{BODY}")
    indexed = Indexed(root, directories)
    indexed.sync()
    yield indexed
    indexed.close()


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("how are network connections accepted", "net/socket.py"),
        ("what does the invoice cost", "shop/price.py"),
        ("where do users log in", "auth/password.py"),
    ],
)
def test_a_place_is_found_by_words_that_its_name_only_resembles(twins: Indexed, question: str, path: str) -> None:
    assert twins.paths(question)[0] == path
