"""Questions that follow one another: the files are looked at again only when something happened to them."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from ramet.git.runner import Git
from ramet.git.status import Status, read_status
from ramet.index import scan
from ramet.workspace import watching
from ramet.workspace.host import open_local_workspace
from ramet.workspace.local import LocalWorkspace

if sys.platform != "linux":
    pytest.skip("only Linux tells of changes at once", allow_module_level=True)

DEADLINE = 60.0
"""Seconds; only bounds a failure."""


class Looks:
    """Counts how often git was asked for the status."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        monkeypatch.setattr(scan, "read_status", self._read)

    def _read(self, git: Git) -> Status:
        self.count += 1
        return read_status(git)

    async def until_spared(self, workspace: LocalWorkspace) -> None:
        """Search until a search costs no look."""
        async with asyncio.timeout(DEADLINE):
            while True:
                before = self.count
                await workspace.search("cart")
                if self.count == before:
                    return


async def opened(shop: Path) -> LocalWorkspace:
    workspace = await open_local_workspace(shop, environment=os.environ, overrides={})
    async for _ in workspace.sync():
        continue
    return workspace


async def found(workspace: LocalWorkspace, query: str) -> list[str]:
    return [hit.symbol for hit in (await workspace.search(query)).hits[:1]]


async def test_searches_that_nobody_watches_spare_the_look_and_miss_nothing(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(monkeypatch)
    workspace = await opened(shop)
    first = []
    for round_ in range(3):
        await looks.until_spared(workspace)
        (shop / f"shop/voucher_{round_}.py").write_text(f"def redeem_voucher_{round_}() -> None: ...\n")
        first += await found(workspace, f"redeem_voucher_{round_}")
    (shop / "deep/er").mkdir(parents=True)
    (shop / "deep/er/gift.py").write_text("def wrap_gift() -> None: ...\n")
    first += await found(workspace, "wrap_gift")
    (shop / "deep/er/ribbon.py").write_text("def tie_ribbon() -> None: ...\n")
    first += await found(workspace, "tie_ribbon")
    await looks.until_spared(workspace)
    monkeypatch.setattr(watching, "_TRUST_SECONDS", 0.0)
    before = looks.count
    await workspace.search("cart")
    after = looks.count
    await workspace.close()

    assert first == ["redeem_voucher_0", "redeem_voucher_1", "redeem_voucher_2", "wrap_gift", "tie_ribbon"]
    assert after == before + 1, "what the system does not tell of would never be found"
