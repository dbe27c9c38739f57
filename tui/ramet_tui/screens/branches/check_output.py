"""What one check printed in a branch, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Log

from ramet.branch_models import Branch, BranchRun
from ramet.inert import inert_block, inert_line
from ramet.workspace.protocol import Workspace
from ramet_tui.screens.branches import check_rows
from ramet_tui.screens.branches.base import SHARED_KEYS, BranchScreen, TopLine
from ramet_tui.screens.branches.wording import BRANCH_SIGN, size
from ramet_tui.widgets.key_line import KeyLine


class CheckOutputScreen(BranchScreen[str | None]):
    """Closes with a question about the check, None to go back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e,ctrl+e", "explain", "explain", id="compare.explain", tooltip="Ask the chat about what the check printed"),
        Binding("escape,q,o", "close", "back", id="compare.close_output", tooltip="Go back"),
        *SHARED_KEYS,
    ]

    def __init__(self, workspace: Workspace, clock: Callable[[], float], branch: Branch, run: BranchRun) -> None:
        super().__init__(workspace, clock)
        self._branch = branch
        self._run_shown = run

    def compose(self) -> ComposeResult:
        """The line above, the output, the keys."""
        yield TopLine()
        with Vertical(id="check-output", classes="pane") as box:
            box.border_title = f"$ {inert_line(self._run_shown.command)}"
            yield Log(highlight=False, id="check-log")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Show the end, where the summary is."""
        run = self._run_shown
        log = self.query_one(Log)
        if run.omitted:
            log.write_line(f"({size(run.omitted)} before this are not kept)")
        log.write(inert_block(run.output) or "It printed nothing.")
        log.focus()
        self.describe()

    def describe(self) -> None:
        """Draw the line above."""
        left = Content.assemble((f" {BRANCH_SIGN} {inert_line(self._branch.name)}   ", "bold $branch"))
        self.top.say(left + check_rows.line(self._branch, self._run_shown, self.clock()), Content(""))

    def action_explain(self) -> None:
        """Ask about it."""
        run = self._run_shown
        if not run.number:
            self.warn("It was not recorded, so it cannot be asked about.")
            return
        is_bad = run.check is not None and run.check.state != "passed"
        asked = "fail, and how is it fixed" if is_bad else "tell"
        start = f"Why did @t{run.number}" if is_bad else f"What does @t{run.number}"
        self.dismiss(f"{start} (a check in the branch {self._branch.name}) {asked}?")

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)
