"""What happens to damaged files of the data directory: they are moved aside, never deleted, and named to the user."""

from __future__ import annotations

import itertools
from pathlib import Path

from ramet.store.lock import store_error

_COMPANIONS = ("-wal", "-shm", "-journal")
"""Files that SQLite keeps beside a database; they belong to it and would spoil its successor."""


def move_aside(path: Path) -> Path:
    """Rename a damaged file or folder, and a database's companions, to a free name beside it; return that name."""
    aside = next(
        candidate for number in itertools.count(1) if not (candidate := path.with_name(f"{path.name}.damaged-{number}")).exists()
    )
    try:
        path.rename(aside)
        for ending in _COMPANIONS:
            companion = path.with_name(path.name + ending)
            if companion.exists():
                companion.rename(aside.with_name(aside.name + ending))
    except OSError as error:
        raise store_error(error, f"move the damaged {path} aside") from error
    return aside
