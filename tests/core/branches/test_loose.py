"""Objects are copied from the user's repository one by one, if they are what their names say."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

from ramet.branches.branches import Branches
from ramet.branches.loose import LooseObjects
from tests.core.branches.conftest import Run, fork


def test_what_was_only_staged_is_copied(branches: Branches, shop: Path, git: Run) -> None:
    (shop / "staged.py").write_text("STAGED = 1\n")
    git(shop, "add", "staged.py")
    blob = git(shop, "rev-parse", ":staged.py").strip()
    branch = fork(branches)
    loose = branches.store.objects.loose

    assert loose.read(blob) == (b"blob", b"STAGED = 1\n")
    assert (loose.read(branch.commit) or ("",))[0] == b"commit"
    assert list((branches.store.objects.folder / "objects/pack").glob("*")) == []


def test_nothing_is_copied_that_is_not_what_its_name_says(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    source = LooseObjects(there, "sha1")
    large = os.urandom(3 << 20)
    good = source.write("blob", large)
    other, cut, long, pipe, link = (source.write("blob", b"%d" % number) for number in range(5))

    def replace(oid: str, data: bytes | None) -> Path:
        place = there / oid[:2] / oid[2:]
        place.unlink()
        if data is not None:
            place.write_bytes(data)
        return place

    whole = zlib.compress(b"blob 1\0002")
    replace(other, zlib.compress(b"blob 5\0wrong"))
    replace(cut, zlib.compress(b"blob 1\0001")[:-3])
    replace(long, whole + b"more")
    os.mkfifo(replace(pipe, None))
    replace(link, None).symlink_to(there / good[:2] / good[2:])
    target = LooseObjects(here, "sha1")
    copied = [target.copy(there, oid) for oid in (good, other, cut, long, pipe, link, "ab" * 20)]

    assert copied == [True, *[False] * 6]
    assert target.read(good) == (b"blob", large)
    assert [path.name for path in here.rglob("*") if path.is_file()] == [good[2:]]
    assert source.read(cut) is None
