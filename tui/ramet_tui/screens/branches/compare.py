"""The table over all branches: each check, files, lines, cost and age, the branch to look at first in front."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct
from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from ramet.branch_models import Branch, BranchRun, MergeRequest, MergeResult
from ramet.branches.comparison import SORTED_BY, check_names, compared
from ramet.workspace.protocol import Workspace
from ramet_tui.screens.branches import compare_rows
from ramet_tui.screens.branches.base import SHARED_KEYS, BranchScreen, TopLine
from ramet_tui.screens.branches.checks import BoardChecks
from ramet_tui.screens.branches.row_list import RowList
from ramet_tui.screens.branches.wording import plural
from ramet_tui.widgets.key_line import KeyLine

_FACTS_ROWS = 20
"""Rows of the screen from which on the chosen result is told."""


class Wanted(Struct, frozen=True):
    """What the table closes with: a branch to look at, or a question to ask."""

    branch: str
    question: str = ""


class CompareScreen(BranchScreen[Wanted | None]):
    """Closes with what is wanted, None to go back to the board."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "choose(-1)", "Previous check", show=False, id="compare.previous", tooltip="Point at the previous check"),
        Binding("right", "choose(1)", "Next check", show=False, id="compare.next", tooltip="Point at the next check"),
        Binding("enter", "look", "look at", id="compare.look", tooltip="Have the whole app show this branch"),
        Binding("o", "output", "output", id="compare.output", tooltip="Read what the check printed"),
        Binding("d", "diff", "diff", id="compare.diff", tooltip="Compare the branch with what it was forked from"),
        Binding("m", "merge", "merge", id="compare.merge", tooltip="Merge the branch back into the working tree"),
        Binding("c", "check", "check", id="compare.check", tooltip="Run your checks in the branch"),
        Binding("C", "check_all", "check all", id="compare.check_all", tooltip="Run your checks in all branches"),
        Binding("ctrl+c", "stop_checks", "stop", show=False, id="compare.stop", tooltip="Stop the checks that run"),
        Binding("escape,t", "close", "back", id="compare.close", tooltip="Stop what goes on, else go back to the board"),
        *SHARED_KEYS,
    ]

    list_view = getters.query_one("#compare-list", RowList)

    def __init__(self, workspace: Workspace, clock: Callable[[], float], checks: BoardChecks) -> None:
        super().__init__(workspace, clock)
        self._checks = checks
        self._branches: tuple[Branch, ...] = ()
        self._names: tuple[str, ...] = ()
        """Of the checks."""
        self._chosen = 0
        """The check that is pointed at."""
        self._has_read = False

    def compose(self) -> ComposeResult:
        """The line above, the table, what is known of one result, the keys."""
        yield TopLine()
        with Vertical(id="compare", classes="pane") as box:
            box.border_title = "Branches side by side"
            yield Static("", id="compare-titles")
            yield RowList(self._row, id="compare-list")
        with Vertical(id="compare-details", classes="pane"):
            yield Static("", id="compare-facts")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Ask for the branches."""
        self._checks.listen(self._checked)
        self.list_view.focus()
        self.describe()
        self.load()

    def on_unmount(self) -> None:
        """Let the checks go on alone."""
        self._checks.forget(self._checked)

    def on_screen_resume(self) -> None:
        """Something may have changed while another screen was open."""
        if self._has_read:
            self.load()

    @work(group="branches", exclusive=True, exit_on_error=False)
    async def load(self) -> None:
        """Bring the table up to date; the cursor stays on its branch."""
        found = await self.workspace.branches()
        known = await self.workspace.branch_checks()
        at = self.branch.id if self.branch is not None else ""
        self._branches = compared(found.branches)
        self._names = check_names(self._branches, known.configured)
        self._chosen = min(self._chosen, max(len(self._names) - 1, 0))
        self._has_read = True
        if not self._is_there:
            return
        row = next((number for number, branch in enumerate(self._branches) if branch.id == at), 0)
        self.list_view.show(len(self._branches), row)
        self.call_after_refresh(self._draw)

    @property
    def _is_there(self) -> bool:
        """Whether there is anything to draw on; what was begun may end after the table was left."""
        return bool(self.query(RowList))

    def _checked(self, has_result: bool) -> None:
        if has_result:
            self.load()
        self._draw()

    def on_resize(self) -> None:
        """Fit the columns anew; where there are few rows, the table has them all."""
        self.query_one("#compare-details").display = self.size.height >= _FACTS_ROWS
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        if not self._is_there:
            return
        columns = self._columns(self.list_view.scrollable_content_region.width)
        self.query_one("#compare-titles", Static).update(compare_rows.titles(columns, self._names, self._chosen))
        self.list_view.refresh()
        self._tell()
        self.describe()

    def describe(self) -> None:
        """Draw the line above."""
        left = Content.assemble((" ramet ", "bold $accent"), (f"   by {SORTED_BY}", "$secondary-text"))
        count = Content.assemble((plural(len(self._branches), "branch"), "$secondary-text"))
        goes_on = self._checks.summary() if self._checks.goes_on else count
        self.top.say(left, self.busy_content() if self.busy else goes_on)
        shown = self._columns(self.list_view.scrollable_content_region.width)
        first, last = shown.first + 1, shown.first + len(shown.checks)
        total = len(self._names)
        which = f"check {first}" if first == last else f"checks {first} to {last}"
        self.query_one("#compare").border_subtitle = f"{which} of {total}" if len(shown.checks) < total else ""

    def _columns(self, width: int) -> compare_rows.TableColumns:
        longest = max((len(branch.name) for branch in self._branches), default=10)
        return compare_rows.fit(width, longest, len(self._names), self._chosen)

    def _row(self, number: int, width: int) -> Content:
        branch = self._branches[number]
        chosen = self._chosen if number == self.list_view.cursor else -1
        running = self._checks.check_of(branch.name)
        return compare_rows.row(
            branch, self._columns(width), self._results(branch), self.clock(), chosen,
            self._checks.progress(branch.name, is_named=running not in self._names),
            self._names.index(running) if running in self._names else -1,
        )  # fmt: skip

    def _results(self, branch: Branch) -> list[BranchRun | None]:
        found = {run.check.name: run for run in branch.checks if run.check is not None}
        return [found.get(name) for name in self._names]

    @property
    def branch(self) -> Branch | None:
        """The one under the cursor."""
        row = self.list_view.cursor
        return self._branches[row] if row < len(self._branches) else None

    @property
    def result(self) -> BranchRun | None:
        """The result that is pointed at."""
        return self._results(self.branch)[self._chosen] if self.branch is not None and self._names else None

    @on(RowList.Highlighted)
    def _highlighted(self, event: RowList.Highlighted) -> None:
        event.stop()
        self._tell()

    def _tell(self) -> None:
        branch = self.branch
        name = self._names[self._chosen] if self._names else ""
        told = compare_rows.details(branch, name, self.result, self.clock()) if branch is not None else ""
        self.query_one("#compare-facts", Static).update(told)

    def action_choose(self, step: int) -> None:
        """Point at another check."""
        if self._names:
            self._chosen = (self._chosen + step) % len(self._names)
            self._draw()

    @on(RowList.Chosen)
    def _chosen_row(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_look()

    def action_look(self) -> None:
        """Have the app show the branch."""
        if self.branch is None:
            return
        if self.busy or self._checks.goes_on:
            self.warn(f"{self.busy or 'Checking'} is going on: esc stops it.")
        else:
            self.dismiss(Wanted(self.branch.name))

    def action_output(self) -> None:
        """Read what the check printed."""
        branch, run = self.branch, self.result
        if branch is None or run is None:
            self.warn("That check has not run there: c runs it.")
            return
        from ramet_tui.screens.branches.check_output import CheckOutputScreen

        def closed(question: str | None) -> None:
            if question:
                self.dismiss(Wanted(branch.name, question))

        self.app.push_screen(CheckOutputScreen(self.workspace, self.clock, branch, run), closed)

    def action_diff(self) -> None:
        """Compare the branch with its base."""
        branch = self.branch
        if branch is not None:
            from ramet_tui.screens.branches.diff import DiffScreen

            others = tuple(each.name for each in self._branches if each.name != branch.name)
            self.app.push_screen(DiffScreen(self.workspace, self.clock, branch.name, others))

    def action_merge(self) -> None:
        """Merge all of the branch back."""
        if self.branch is not None:
            self.merge(MergeRequest(self.branch.name), self._merged)

    def _merged(self, _result: MergeResult) -> None:
        self.load()

    def action_check(self) -> None:
        """Run the user's checks in the branch under the cursor."""
        self._checks.start([self.branch.name] if self.branch is not None else [])

    def action_check_all(self) -> None:
        """Run them in all branches."""
        self._checks.start([branch.name for branch in self._branches])

    def action_stop_checks(self) -> None:
        """Stop the checks that run."""
        if not self._checks.stop():
            self.warn("No checks run.")

    def action_close(self) -> None:
        """Stop what goes on, else go back."""
        if not (self.stop_action() or self._checks.stop()):
            self.dismiss(None)
