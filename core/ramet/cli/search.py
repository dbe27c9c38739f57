"""`ramet search`."""

from __future__ import annotations

import asyncio
import re

from ramet.cli.console import Console, Painted, at_revision, json_text, place
from ramet.cli.session import Session
from ramet.models import Hit, Revision

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
        revision = await session.revision(workspace)
        result = await workspace.search(query, options.limit, revision.commit if revision else "")
    if options.json:
        hits = at_revision(result.hits, revision)
        console.out.write("[" + ",\n ".join(json_text(_json_hit(hit)) for hit in hits) + "]\n")
    else:
        for number, hit in enumerate(result.hits):
            if number:
                console.line()
            _print_hit(console, hit, query, revision)
    for note in result.notes:
        console.note(Painted(note, "dim"))
    if not result.hits:
        console.note("Nothing was found.")
    return 0


def _json_hit(hit: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in hit.items() if name != "key"}


def _print_hit(console: Console, hit: Hit, query: str, revision: Revision | None) -> None:
    symbol = f"  {hit.symbol}" if hit.symbol else ""
    where = Painted(place(hit.path, f"{hit.start_line}-{hit.end_line}", revision), "bold")
    console.line(where, Painted(symbol, "cyan"), Painted(f"  {hit.score:.2f}", "dim"))
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
