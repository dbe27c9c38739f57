"""Indexed folders that are closed at the end of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ramet.paths import UserDirectories
from tests.fakes.indexed import Indexed


@pytest.fixture
def open_index(directories: UserDirectories) -> Iterator[Callable[..., Indexed]]:
    """Open a folder with the user directories of this test."""
    opened: list[Indexed] = []

    def open_one(root: object, *arguments: object, **options: object) -> Indexed:
        opened.append(Indexed(root, directories, *arguments, **options))  # type: ignore[arg-type]  # passed through
        return opened[-1]

    yield open_one
    for index in opened:
        index.close()
