"""What the screens of branches share: the line above, one action at a time that can be stopped, and where problems go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from textual import getters, on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from ramet.branch_models import MergeRequest, MergeResult
from ramet.inert import inert_line
from ramet.workspace.protocol import Workspace
from ramet_tui.messages import ProblemOccurred
from ramet_tui.screens.branches.shells import record_shells
from ramet_tui.screens.branches.wording import merged_sentence, plural
from ramet_tui.widgets.failures import ReportsFailures

if TYPE_CHECKING:
    from ramet_tui.app import RametApp

Closed = TypeVar("Closed")
Answer = TypeVar("Answer")

SHARED_KEYS: tuple[BindingType, ...] = (
    Binding("f1", "help", "keys", id="help.keys", priority=True, tooltip="Show all keys"),
    Binding("alt+t", "app.switch_theme", "theme", show=False, id="app.theme", tooltip="Switch between dark and light"),
    Binding("ctrl+q", "app.quit", "quit", show=False, id="app.quit", priority=True, tooltip="Leave Ramet"),
)
"""What every screen of branches has as the panes have it."""


class TopLine(Static):
    """One line: what is looked at on the left, counts or what goes on at the right."""

    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__(id="branch-top")
        self._left = self._right = Content("")

    def say(self, left: Content, right: Content) -> None:
        """Show both parts."""
        self._left, self._right = left, right
        self.refresh()

    def render(self) -> Content:
        """Draw them; the left one gives way."""
        width = self.size.width
        right = self._right if self._right.cell_length < width - 12 else Content("")
        room = width - right.cell_length - 1
        left = self._left.truncate(max(room, 0), ellipsis=True)
        return left.pad_right(max(room - left.cell_length, 0)) + right + Content(" ")


class BranchScreen(ReportsFailures, Screen[Closed], Generic[Closed]):
    """A screen about branches of one workspace."""

    CSS_PATH = "branches.tcss"

    top = getters.query_one(TopLine)

    def __init__(self, workspace: Workspace, clock: Callable[[], float]) -> None:
        super().__init__()
        self.workspace = workspace
        self.clock = clock
        """Seconds since the epoch."""
        self.busy = ""
        """What goes on, for people; empty for nothing."""

    @property
    def ramet(self) -> RametApp:
        """The app."""
        return cast("RametApp", self.app)

    def describe(self) -> None:
        """Draw the line above anew."""
        raise NotImplementedError

    def busy_content(self) -> Content:
        """Say what goes on."""
        return Content.assemble((f"{inert_line(self.busy)}… ", "$status-running"), ("esc stops", "$faint-text"))

    # One action at a time

    def begin(self, label: str, call: Callable[[], Awaitable[Answer]], done: Callable[[Answer], None]) -> None:
        """Do something that takes a while, unless something else is going on."""
        if self.busy:
            self.warn(f"{self.busy} is going on: esc stops it.")
        else:
            self._act(label, call, done)

    @work(group="branch-action", exclusive=True, exit_on_error=False)
    async def _act(self, label: str, call: Callable[[], Awaitable[Answer]], done: Callable[[Answer], None]) -> None:
        self.busy = label
        self.describe()
        try:
            answer = await call()
        finally:
            self.busy = ""
            if self.is_mounted:
                self.describe()
        done(answer)

    def stop_action(self) -> bool:
        """Stop what goes on; return whether there was something."""
        if not self.busy:
            return False
        self.warn(f"Stopped: {self.busy}.")
        self.workers.cancel_group(self, "branch-action")
        return True

    def warn(self, text: str) -> None:
        """Say something that is no error."""
        self.notify(inert_line(text), severity="warning", timeout=4, markup=False)

    def tell(self, text: str, seconds: float = 5) -> None:
        """Say what was done."""
        self.notify(inert_line(text), timeout=seconds, markup=False)

    @on(ProblemOccurred)
    def _problem_occurred(self, event: ProblemOccurred) -> None:
        event.stop()
        self.ramet.show_problem(event.error)

    # Merging

    def merge(self, request: MergeRequest, done: Callable[[MergeResult], None]) -> None:
        """Merge back, and ask where both sides changed the same; nothing is written before all is decided."""

        def answered(result: MergeResult) -> None:
            if result.conflicts and not request.leave_conflicts:
                self._ask_about(request, result, done)
                return
            self.tell(merged_sentence(result), 8)
            for note in result.notes:
                self.warn(note)
            done(result)

        async def call() -> MergeResult:
            await record_shells(self.ramet, request.name)
            return await self.workspace.branch_merge(request)

        self.begin(f"merging {request.name}", call, answered)

    def _ask_about(self, request: MergeRequest, result: MergeResult, done: Callable[[MergeResult], None]) -> None:
        from ramet_tui.screens.branches.conflicts import ConflictScreen

        def decided(answer: MergeRequest | None) -> None:
            if answer is None:
                self.tell(f"Nothing was merged; {plural(len(result.conflicts), 'conflict')} of {request.name} stay open.")
            else:
                self.merge(answer, done)

        self.app.push_screen(ConflictScreen(self.workspace, self.clock, request, result), decided)

    def action_help(self) -> None:
        """Show all keys."""
        from ramet_tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(list(self.ramet.main.all_keys()), {}))
