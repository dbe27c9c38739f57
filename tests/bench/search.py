"""Searching: a warm query through the engine, and `ramet search` as a whole process, warm and cold."""

from __future__ import annotations

import asyncio
import sys

from ramet.engine.client import open_workspace
from tests.bench.bench import Bench
from tests.bench.measure import Row, milliseconds, paired, percentile, run, seconds

QUERIES = (
    "where are database connections opened",
    "parse command line arguments",
    "how is a template rendered",
    "HttpResponse",
    "cache key",
    "validate email address",
    "session middleware process_request",
    "TypeError: object is not iterable",
    "convert camel case to snake case",
    "which tests cover date formatting",
)


def measure(bench: Bench) -> list[Row]:
    """Return the rows of this part."""
    bench.run("index", "--quiet")
    return [warm_queries(bench), *_whole_process(bench)]


def warm_queries(bench: Bench) -> Row:
    """Return the row of questions to a warm engine over one connection."""

    async def times() -> list[float]:
        workspace = await open_workspace(bench.repository, in_process=False, environment=bench.environment)
        loop = asyncio.get_running_loop()
        taken = []
        try:
            for number in range(len(QUERIES) * (bench.runs + 1)):
                start = loop.time()
                await workspace.search(QUERIES[number % len(QUERIES)])
                taken.append(loop.time() - start)
        finally:
            await workspace.close()
        return taken[len(QUERIES) :]

    taken = asyncio.run(times())
    return Row("warm query through the engine", milliseconds(taken), f"p95 {percentile(taken, 0.95) * 1000:.1f} ms")


def _whole_process(bench: Bench) -> list[Row]:
    def warm() -> bytes:
        return bench.run("search", QUERIES[0], "--json")

    def python() -> bytes:
        return run([sys.executable, "-c", "import asyncio, json"], bench.repository, bench.environment)

    pair = paired(warm, python, bench.runs)
    cold = []
    for _ in range(min(3, bench.runs)):
        bench.stop_engine()
        cold.append(seconds(warm))
    yardstick = f"Python importing asyncio and json {milliseconds(pair.theirs)}"
    return [
        Row("`ramet search`, whole process, warm engine", milliseconds(pair.ours), yardstick, f"{pair.ratio:.1f}x", "<= 300 ms"),
        Row("`ramet search`, whole process, engine not running", milliseconds(cold)),
    ]
