"""A file system that can share blocks between files: the one at hand, or one in a file."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ramet.branches.reflink import why_not_cloned

_MAKERS = ("mkfs.btrfs", "mkfs.xfs")
_BYTES = 400_000_000
"""Of the disk in a file, which is sparse; xfs takes no smaller one."""


def sharing_folder(base: Path) -> Iterator[Path]:
    """Yield a folder whose files can share blocks; skips where there is none, and says why."""
    base.joinpath("probe").write_text("something\n")
    problem = why_not_cloned(base, base)
    if not problem:
        yield base
        return
    maker = next((found for name in _MAKERS if (found := shutil.which(name, path=f"{os.environ['PATH']}:/sbin:/usr/sbin"))), None)
    if os.geteuid() != 0 or maker is None:
        pytest.skip(f"{problem}, and only root with mkfs.btrfs or mkfs.xfs could make and mount one that can")
    disk, folder = base / "disk", base / "mounted"
    folder.mkdir()
    with disk.open("wb") as stream:
        stream.truncate(_BYTES)
    subprocess.run([maker, "-q", str(disk)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    mounted = subprocess.run(["mount", "-o", "loop", str(disk), str(folder)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"{problem}, and one that can is not mounted: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        disk.unlink()
