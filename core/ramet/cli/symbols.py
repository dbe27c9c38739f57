"""`ramet symbols` and `ramet references`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from ramet.cli.console import Painted, at_revision, place
from ramet.cli.session import Session
from ramet.errors import UsageError
from ramet.paths import path_to_text


def run(session: Session) -> int:
    """Run the command and return the exit code."""
    return asyncio.run(_references(session) if session.options.command == "references" else _symbols(session))


async def _symbols(session: Session) -> int:
    options, console = session.options, session.console
    async with session.workspace() as workspace:
        path = _inside(workspace.root, session.folder / options.path) if options.path else ""
        revision = await session.revision(workspace)
        symbols = await workspace.symbols(options.query, path, options.limit, revision.commit if revision else "")
    if options.json:
        console.json(at_revision(symbols, revision))
        return 0
    for symbol in symbols:
        where = Painted(place(symbol.path, f"{symbol.start_line}-{symbol.end_line}", revision), "bold")
        console.line(where, f"  {symbol.kind} ", Painted(symbol.qualified_name, "cyan"), Painted(f"  {symbol.signature}", "dim"))
    if not symbols:
        console.note("No definition was found.")
    return 0


async def _references(session: Session) -> int:
    options, console = session.options, session.console
    async with session.workspace() as workspace:
        revision = await session.revision(workspace)
        references = await workspace.references(options.query, options.limit, revision.commit if revision else "")
    if options.json:
        console.json(at_revision(references, revision))
        return 0
    for reference in references:
        around = Painted(f"  in {reference.symbol}" if reference.symbol else "", "dim")
        where = Painted(place(reference.path, f"{reference.line}:{reference.column}", revision), "bold")
        console.line(where, f"  {reference.text}", around)
    if not references:
        console.note(f"Nothing uses the name {options.query}.")
    return 0


def _inside(root: Path, file: Path) -> str:
    """Return the text path of a file below the root. Raises UsageError when it is elsewhere."""
    # Only the folder is resolved: a symbolic link in the repository is a file of its own.
    place = file.parent.resolve() / file.name
    try:
        return path_to_text(os.fsencode(place.relative_to(root)))
    except ValueError as error:
        raise UsageError(f"{file} is not inside {root}.", "Give a file of this repository.") from error
