"""What the screens of branches do about terminals that are open in a branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ramet_tui.app import RametApp


async def record_shells(app: RametApp, name: str) -> None:
    """Have recorded what the shells in a branch have changed, before that is read. Raises RametError."""
    if app.main.terminal is not None:
        await app.main.terminal.capture_now(name)


def open_shells(app: RametApp, name: str) -> list[str]:
    """Return a line about each shell that is open in a branch: what runs in it."""
    screens = app.main.terminal.screens if app.main.terminal is not None else []
    sessions = [screen.session for screen in screens if screen.session.branch_name == name]
    return [session.running_command or session.shell or "a shell" for session in sessions if session.state != "exited"]


async def close_shells(app: RametApp, name: str) -> None:
    """End the shells in a branch and have recorded what they have changed. Raises RametError."""
    if app.main.terminal is not None:
        await app.main.terminal.close_branch(name)
