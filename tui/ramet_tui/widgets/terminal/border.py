"""What the border of the terminal pane says: the names of the terminals above, and what can be done now below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.binding import Binding
from textual.content import Content

from ramet.inert import inert_line
from ramet_tui.widgets.terminal.session import Session

if TYPE_CHECKING:
    from ramet_tui.widgets.terminal.screen import TerminalScreen

LONGEST_NAME = 24
LONGEST_BRANCH = 20


def session_name(session: Session) -> str:
    """Return what a terminal is called: as the user named it, else what runs, else the shell."""
    if session.given_title:
        return session.given_title
    name = session.running_command if session.blocks.running is not None else ""
    if not name and not session.is_recordable:
        name = session.emulator.title
    name = " ".join(inert_line(name.split("\n", 1)[0]).split()) or session.shell or "shell"
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


class TabLine:
    """The names of the terminals, and where each stands."""

    def __init__(self, content: Content, spans: list[tuple[int, int]]) -> None:
        self.content = content
        self._spans = spans

    def tab_at(self, x: int) -> int | None:
        """Return the terminal at a cell of the line."""
        return next((place for place, (start, end) in enumerate(self._spans) if start <= x < end), None)


def place_of(session: Session, looked_at: str) -> str:
    """Return the branch of a terminal as its tab shows it; that of the working tree is named while a branch is looked at."""
    name = inert_line(session.branch_name)
    if not name:
        return "working tree" if looked_at else ""
    return f"⎇ {name if len(name) <= LONGEST_BRANCH else name[: LONGEST_BRANCH - 1] + '…'}"


def tab_line(sessions: Sequence[Session], shown: int, looked_at: str = "") -> TabLine:
    """Return the title: one terminal alone needs no number."""
    if len(sessions) == 1:
        place = place_of(sessions[0], looked_at)
        branch = [(f"  {place}", "bold $branch" if sessions[0].branch_name else "bold $status-modified")] if place else []
        return TabLine(Content.assemble("Terminal", *branch, (f"  {session_name(sessions[0])}", "not bold $secondary-text")), [])
    line = Content("Terminal ")
    spans = []
    for number, session in enumerate(sessions):
        tab = _tab(session, number, looked_at, is_shown=number == shown)
        spans.append((line.cell_length, line.cell_length + tab.cell_length))
        line += tab
    return TabLine(line, spans)


def _tab(session: Session, number: int, looked_at: str, *, is_shown: bool) -> Content:
    place, name = place_of(session, looked_at), session_name(session)
    style = "bold $line-focus" if is_shown else "not bold $secondary-text"
    if not place:
        return Content.styled(f" {number + 1} {name} ", style)
    mark = "$branch" if session.branch_name else "$status-modified"
    mark = f"{'bold' if is_shown else 'not bold'} {mark}"
    return Content.assemble((f" {number + 1} ", style), (place, mark), (f" {name} ", style))


def status_line(screen: TerminalScreen, looked_at: str, key_of: Callable[[Binding], str]) -> Content:
    """Return what the lower border says; `looked_at` is the branch that the other panes show."""
    session = screen.session
    step = f"{_key(screen, 'terminal.step', key_of)} look around"
    parts: list[tuple[str, str]] = []
    if session.branch_name != looked_at:
        place = f"⎇ {inert_line(session.branch_name)}" if session.branch_name else "the working tree"
        parts.append((f"this shell is in {place}", "$status-modified"))
    if session.phase:
        parts.append((f"{inert_line(session.phase)}…", "$status-running"))
    elif session.state == "exited":
        parts.append((f"ended with {session.exit_code}", "$status-failed" if session.exit_code else "$secondary-text"))
        parts.append(("enter starts it again", "$secondary-text"))
    elif session.state == "failed":
        parts.append(("did not start", "$status-failed"))
        parts.append(("enter tries again", "$secondary-text"))
    elif screen.places.selection is not None:
        parts.append((f"{_key(screen, 'terminal.copy_marked', key_of)} copy", "$secondary-text"))
    elif screen.is_browsing:
        below = screen.places.viewport.below(screen.visible_rows, screen.height)
        if below:
            parts.append((f"{below:,} below", "$secondary-text"))
        parts.append(("esc back to the shell", "$secondary-text"))
    elif screen.offers_explanation and session.blocks.last is not None:
        parts.append((f"exit {session.blocks.last.exit_code}", "$status-failed"))
        parts.append((f"{_key(screen, 'terminal.explain_offered', key_of)} explain", "$line-focus"))
        parts.append((step, "$secondary-text"))
    else:
        below = screen.places.viewport.below(screen.visible_rows, screen.height)
        if below:
            parts.append((f"{below:,} below", "$secondary-text"))
        parts.append((step, "$secondary-text"))
    return Content(" · ").join(Content.styled(text, style) for text, style in parts)


def _key(screen: TerminalScreen, binding_id: str, key_of: Callable[[Binding], str]) -> str:
    """Return the key that an action of the screen has now."""
    for bindings in screen._bindings.key_to_bindings.values():  # with the keys that the user has changed
        for binding in bindings:
            if binding.id == binding_id:
                return key_of(binding)
    return ""
