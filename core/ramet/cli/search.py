"""`ramet search`."""

from __future__ import annotations

import asyncio
import re

import msgspec

from ramet.cli.console import Console, Painted, json_text
from ramet.cli.session import Session
from ramet.models import Hit

_SHOWN_LINES = 5
_LINE_WIDTH = 160
"""Characters of a code line that are shown; a minified line must not fill the screen."""


def run(session: Session) -> int:
    """Run the command and return the exit code."""
    return asyncio.run(_search(session))


async def _search(session: Session) -> int:
    options, console = session.options, session.console
    query = " ".join(options.query)
    async with session.workspace() as workspace:
        result = await workspace.search(query, options.limit)
    if options.json:
        console.out.write("[" + ",\n ".join(json_text(_json_hit(hit)) for hit in result.hits) + "]\n")
    else:
        for number, hit in enumerate(result.hits):
            if number:
                console.line()
            _print_hit(console, hit, query)
    for note in result.notes:
        console.note(Painted(note, "dim"))
    if not result.hits:
        console.note("Nothing was found.")
    return 0


def _json_hit(hit: Hit) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(hit)
    del fields["key"]
    return fields


def _print_hit(console: Console, hit: Hit, query: str) -> None:
    symbol = f"  {hit.symbol}" if hit.symbol else ""
    place = Painted(f"{hit.path}:{hit.start_line}-{hit.end_line}", "bold")
    console.line(place, Painted(symbol, "cyan"), Painted(f"  {hit.score:.2f}", "dim"))
    console.line(Painted(f"  {'; '.join(f'{reason.kind}: {reason.detail}' for reason in hit.reasons)}", "dim"))
    lines = hit.text.splitlines()
    first = best_part(lines, query)
    for number, text in enumerate(lines[first : first + _SHOWN_LINES], hit.start_line + first):
        shown = text.expandtabs(4)
        console.line(Painted(f"{number:>6}  ", "dim"), shown if len(shown) <= _LINE_WIDTH else shown[:_LINE_WIDTH] + "…")


def best_part(lines: list[str], query: str) -> int:
    """Return the index of the first of the few lines that hold most words of the query; the beginning when in doubt."""
    words = {word.lower() for word in re.findall(r"\w{3,}", query)}
    found = [{word for word in words if word in line.lower()} for line in lines]
    last = max(0, len(lines) - _SHOWN_LINES)
    return max(range(last + 1), key=lambda first: (len(set().union(*found[first : first + _SHOWN_LINES])), -first), default=0)
