"""`ramet engine`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ramet.cli.console import Console
from ramet.cli.session import Session

if TYPE_CHECKING:
    from ramet.engine.protocol import EngineStatus


def run(session: Session) -> int:
    """Run the command and return the exit code."""
    return asyncio.run(_stop(session) if session.options.action == "stop" else _status(session))


async def _status(session: Session) -> int:
    from ramet.engine.lifecycle import engine_status

    status = await engine_status(session.directories)
    if session.options.json:
        session.console.json(status)
    elif status is None:
        session.console.line("No engine is running; the next command starts one.")
    else:
        _print(session.console, status)
    return 0


def _print(console: Console, status: EngineStatus) -> None:
    console.line(engine_sentence(status))
    for root in status.workspaces:
        console.line(f"  {root}")


def engine_sentence(status: EngineStatus) -> str:
    """Say how the engine is."""
    age = f"{status.seconds:.0f} s" if status.seconds < 120 else f"{status.seconds / 60:,.0f} minutes"
    return (
        f"The engine {status.version} (process {status.pid}) has been running for {age}, uses {status.memory / 1e6:,.0f} MB "
        f"and has {_count(len(status.workspaces), 'repository', 'repositories')} open."
    )


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


async def _stop(session: Session) -> int:
    from ramet.engine.lifecycle import stop_engine

    was_running = await stop_engine(session.directories)
    session.console.line("The engine is stopped." if was_running else "No engine is running.")
    return 0
