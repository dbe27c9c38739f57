"""Searches the file set for a regular expression, within a time that holds whatever the expression is."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from ramet.errors import UsageError

_MOST_PATTERN_CHARS = 500


class GrepResult(Struct, frozen=True):
    """Places that match, as path and line, and why there may be more."""

    places: tuple[tuple[str, int], ...]
    limit_note: str
    """Empty when everything was searched."""


async def grep(
    root: Path, files: Sequence[str], pattern: str, *, limit: int, max_bytes: int, commit: str = "", seconds: float = 10.0
) -> GrepResult:
    """Return the lines that match in the order of `files`, on the disk or in a commit. Raises UsageError for a bad expression."""
    if not pattern or len(pattern) > _MOST_PATTERN_CHARS:
        raise UsageError(f"The pattern must have 1 to {_MOST_PATTERN_CHARS} characters.")
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(
            f"{pattern!r} is not a regular expression: {error}.", "Escape special characters with a backslash."
        ) from None
    request = {
        "root": str(root),
        "commit": commit,
        "pattern": pattern,
        "files": list(files),
        "limit": limit,
        "max_bytes": max_bytes,
    }
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "ramet.chat.grep_worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    lines: list[bytes] = []
    note = ""
    try:
        async with asyncio.timeout(seconds):
            await _exchange(worker, json.dumps(request).encode(), lines)
    except TimeoutError:
        note = f"The search was stopped after {seconds:g} seconds; a simpler pattern or a narrower path searches everything."
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
    answers = [json.loads(line) for line in lines]
    places = tuple((str(answer[0]), int(answer[1])) for answer in answers if isinstance(answer, list))
    if not note and "done" not in answers:
        note = f"There are more matches than the {limit} shown." if len(places) >= limit else "The search broke off."
    return GrepResult(places, note)


async def _exchange(worker: asyncio.subprocess.Process, request: bytes, lines: list[bytes]) -> None:
    """Send the request and collect whole lines as they come, so that a stopped search keeps what it found."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        worker.stdin.write(request)
        await worker.stdin.drain()
        worker.stdin.close()
    except ConnectionError:
        return
    while (line := await worker.stdout.readline()).endswith(b"\n"):
        lines.append(line)
    await worker.wait()
