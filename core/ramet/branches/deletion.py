"""Deletes folders whatever their modes are: copies of read-only folders, and the one without any that an overlay leaves."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def delete(path: Path) -> None:
    """Delete a file or a folder with all that is in it, as far as the user may; a link is deleted itself."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        _open_up(path)
        shutil.rmtree(path, ignore_errors=True)


def _open_up(folder: Path) -> None:
    waiting = [os.fsencode(folder)]
    while waiting:
        place = waiting.pop()
        try:
            os.chmod(place, 0o700)  # noqa: PTH101  # bytes
            with os.scandir(place) as entries:
                waiting += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:  # it is another one's, or gone
            continue
