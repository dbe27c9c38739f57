"""Vectors on a real Chroma server: shared between colleagues, and missed but not needed when the server is gone."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

from ramet.engine.client import open_workspace
from ramet.events import IndexFinished
from ramet.models import IndexStats
from ramet.workspace.protocol import Workspace

DEADLINE = 90.0
"""Seconds; only bounds a failure."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def chroma_server(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `chroma run` and wait until it says that it listens."""
    port = free_port()
    program = "from chromadb.cli.cli import app; app()"
    command = [sys.executable, "-c", program, "run", "--host", "127.0.0.1", "--port", str(port), "--path", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder.parent) as server:
        assert server.stdout is not None
        try:
            said = next((line for line in server.stdout if "server listening" in line), "")
            assert said, "the server ended before it listened"
            yield f"http://127.0.0.1:{port}", server
        finally:
            server.kill()


async def synced(workspace: Workspace) -> IndexStats:
    """Run a sync to its end."""
    async with aclosing(workspace.sync()) as events:
        last = [event async for event in events][-1]
    assert isinstance(last, IndexFinished)
    return last.stats


async def test_colleagues_share_vectors_on_a_server_and_keep_their_copies_without_it(
    shop: Path, tmp_path: Path, git: Callable[..., str]
) -> None:
    git(tmp_path, "clone", "-q", str(shop), "clone")
    with chroma_server(tmp_path / "server") as (url, server):
        async with asyncio.timeout(DEADLINE):
            mine = {**os.environ, "RAMET_CHROMA_URL": url}
            theirs = {**mine, "RAMET_DATA_DIR": str(tmp_path / "their data")}
            one = await open_workspace(shop, in_process=True, environment=mine)
            first = await synced(one)
            found = await one.search("sum of all prices in cents", limit=3)
            other = await open_workspace(tmp_path / "clone", in_process=True, environment=theirs)
            second = await synced(other)
            found_too = await other.search("sum of all prices in cents", limit=3)
            server.kill()
            server.wait()
            without = await other.search("total price of the cart", limit=3)
            (shop / "shop/voucher.py").write_text("def redeem_voucher(code: str) -> int:\n    return len(code)\n")
            later = await synced(one)
            fresh = await one.search("redeem voucher")
            await one.close()
            await other.close()

    assert (first.embedded, first.reused, first.warnings) == (first.chunks, 0, ())
    assert (second.embedded, second.reused) == (0, first.chunks)
    for result in (found, found_too):
        assert result.hits[0].symbol == "Cart.total_price"
        assert "dense" in {reason.kind for reason in result.hits[0].reasons}
        assert result.notes == ()
    assert without.hits[0].path == "shop/cart.py"
    assert "dense" in {reason.kind for reason in without.hits[0].reasons}
    assert "Vectors are incomplete" in later.warnings[0]
    assert fresh.hits[0].symbol == "redeem_voucher"
    assert not list((tmp_path / "their data").rglob("chroma"))
