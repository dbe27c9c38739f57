"""The board: all branches, what is known of each, and everything that can be done with one."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from ramet.branch_models import (
    Branch,
    BranchFork,
    BranchList,
    BranchUndo,
    BranchUsage,
    ForkRequest,
    KeptBranch,
    MergeRequest,
    MergeResult,
)
from ramet.errors import UsageError
from ramet.inert import inert_line
from ramet.workspace.protocol import Workspace
from ramet_tui.screens.branches import rows
from ramet_tui.screens.branches.ask import AskScreen
from ramet_tui.screens.branches.base import SHARED_KEYS, BranchScreen, TopLine
from ramet_tui.screens.branches.checks import BoardChecks
from ramet_tui.screens.branches.naming import offered_name
from ramet_tui.screens.branches.removal import Removal
from ramet_tui.screens.branches.row_list import RowList
from ramet_tui.screens.branches.shells import record_shells
from ramet_tui.screens.branches.wording import plural, size
from ramet_tui.widgets.key_line import KeyLine
from ramet_tui.widgets.prompt_line import PromptLine

_FACTS_ROWS = 20
"""Rows of the screen from which on the facts about one branch are shown."""
WORKING_TREE = ""
"""What the board closes with when the app shall show the working tree again."""


class BranchBoard(BranchScreen[str | None]):
    """Closes with the name of a branch to look at, `WORKING_TREE`, or None to leave all as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "new", id="branches.new", tooltip="Fork the working tree as it is now"),
        Binding("f", "fork", "fork", show=False, id="branches.fork", tooltip="Fork the branch under the cursor"),
        Binding("enter", "look", "look at", id="branches.look", tooltip="Have the whole app show this branch"),
        Binding("e", "enter", "enter", show=False, id="branches.enter", tooltip="Look at the branch, with your shell in it"),
        Binding("d", "diff", "diff", id="branches.diff", tooltip="Compare the branch with what it was forked from"),
        Binding("m", "merge", "merge", id="branches.merge", tooltip="Merge the branch back into the working tree"),
        Binding("r", "run", "run", id="branches.run", tooltip="Run a command in the branch"),
        Binding("c", "check", "check", id="branches.check", tooltip="Run your checks in the branch"),
        Binding(
            "C", "check_all", "check all", show=False, id="branches.check_all", tooltip="Run your checks in all listed branches"
        ),
        Binding("t", "compare", "table", id="branches.compare", tooltip="List the branches side by side with their checks"),
        Binding("k", "keep", "keep", id="branches.keep", tooltip="Make an ordinary git branch of it"),
        Binding("x", "drop", "drop", id="branches.drop", tooltip="Drop the branch; for seven days it can be brought back"),
        Binding(
            "X", "forget", "remove", show=False, id="branches.forget", tooltip="Remove the branch for good, which is asked first"
        ),
        Binding("u", "undo", "undo", id="branches.undo", tooltip="Take back the last merge or drop, or bring a dropped one back"),
        Binding("w", "working_tree", "working tree", show=False, id="branches.working", tooltip="Show the working tree again"),
        Binding("a", "toggle_dropped", "all", show=False, id="branches.dropped", tooltip="List those that were dropped, too"),
        Binding("slash", "filter", "filter", show=False, id="branches.filter", tooltip="List those with a text in their name"),
        Binding(
            "escape,ctrl+b", "close", "close", show=False, id="branches.close", tooltip="Stop what goes on, else leave the board"
        ),
        Binding("ctrl+c", "stop_checks", "stop", show=False, id="branches.stop", tooltip="Stop the checks that run"),
        *SHARED_KEYS,
    ]

    list_view = getters.query_one("#branch-list", RowList)
    prompt = getters.query_one(PromptLine)

    def __init__(self, workspace: Workspace, clock: Callable[[], float], looked_at: str = "", repository: str = "") -> None:
        super().__init__(workspace, clock)
        self._looked_at = looked_at
        self._repository = repository
        self._branches: tuple[Branch, ...] = ()
        self._shown: list[Branch] = []
        self._usage: BranchUsage | None = None
        self._lists_dropped = False
        self._fit: tuple[int, rows.Columns] | None = None
        self._checks = BoardChecks(self)
        self._removal = Removal(self, self._gone)
        self.enters = False
        """Whether a shell in the branch that is chosen shall be opened."""
        self._wanted = looked_at
        """The name to put the cursor on when the list arrives."""

    def compose(self) -> ComposeResult:
        """The line above, the list, what is known of one branch, the keys."""
        yield TopLine()
        with Vertical(id="branch-board", classes="pane") as box:
            box.border_title = "Branches"
            yield Static("", id="branch-titles")
            yield RowList(self._row, id="branch-list")
            yield Static(rows.empty_board(), id="branch-empty", classes="notice")
            yield PromptLine(id="branch-prompt")
        with Vertical(id="branch-details", classes="pane"):
            yield Static("", id="branch-facts")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Ask for the branches."""
        self.query_one("#branch-empty").display = False
        self._checks.listen(self._checked)
        self.describe()
        self.load()

    def on_screen_resume(self) -> None:
        """Something may have changed while another screen was open."""
        if self._usage is not None:
            self.load()

    def repository_changed(self) -> None:
        """Say anew how far the working tree has moved."""
        self.load()

    # The list

    @work(group="branches", exclusive=True, exit_on_error=False)
    async def load(self) -> None:
        """Bring the list up to date."""
        found = await self.workspace.branches()
        dropped = await self.workspace.branches(dropped=True) if self._lists_dropped else BranchList((), found.usage)
        self._branches = tuple(sorted((*found.branches, *dropped.branches), key=lambda branch: -branch.created))
        self._usage = found.usage
        for note in (*found.notes, *dropped.notes):
            self.warn(note)
        self._show()

    def _show(self) -> None:
        wanted = self._wanted or (self.branch.id if self.branch is not None else "")
        self._wanted = ""
        query = self.prompt.text.strip().lower() if self.prompt.display else ""
        self._shown = [branch for branch in self._branches if query in branch.name.lower()]
        cursor = next(
            (row for row, branch in enumerate(self._shown) if wanted in (branch.id, branch.name)), self.list_view.cursor
        )
        self._fit = None
        is_empty = not self._branches and self._usage is not None
        self.query_one("#branch-empty").display = is_empty
        for hidden in ("#branch-titles", "#branch-list"):
            self.query_one(hidden).display = not is_empty
        self.query_one("#branch-details").display = not is_empty and self.size.height >= _FACTS_ROWS
        self.list_view.show(len(self._shown), cursor)
        self.call_after_refresh(self._show_titles)
        if is_empty:
            self.set_focus(None)
        elif not self.prompt.display:
            self.set_focus(self.list_view)
        self.describe()

    def _columns(self, width: int) -> rows.Columns:
        if self._fit is None or self._fit[0] != width:
            longest = max((len(branch.name) for branch in self._shown), default=10)
            has_checks = self._checks.goes_on or any(branch.checks for branch in self._shown)
            self._fit = width, rows.columns(width, longest, has_checks=has_checks)
        return self._fit[1]

    def _show_titles(self) -> None:
        width = self.list_view.scrollable_content_region.width
        self.query_one("#branch-titles", Static).update(rows.titles(self._columns(width)))

    def on_resize(self) -> None:
        """Fit the columns anew; where there are few rows, the list has them all."""
        if self._usage is not None:
            self._show()

    def _row(self, number: int, width: int) -> Content:
        branch = self._shown[number]
        is_looked_at = bool(branch.name == self._looked_at and branch.name)
        progress = self._checks.progress(branch.name)
        return rows.row(branch, self._columns(width), self.clock(), is_looked_at=is_looked_at, progress=progress)

    @property
    def branch(self) -> Branch | None:
        """The one under the cursor."""
        row = self.list_view.cursor
        return self._shown[row] if row < len(self._shown) else None

    @on(RowList.Highlighted)
    def _highlighted(self, event: RowList.Highlighted) -> None:
        event.stop()
        branch = self.branch
        self.query_one("#branch-facts", Static).update(rows.details(branch, self.clock()) if branch is not None else "")

    def describe(self) -> None:
        """Draw the line above."""
        left = Content.assemble(
            (" ramet ", "bold $accent"), " ", (inert_line(self._repository), "bold"), ("   branches", "$secondary-text")
        )
        if self._looked_at:
            left += Content.assemble("   ", (f" ⎇ {inert_line(self._looked_at)} ", "bold $background on $branch"))
        right = self.busy_content() if self.busy else self._checks.summary() if self._checks.goes_on else self._counts()
        self.top.say(left, right)
        box = self.query_one("#branch-board")
        shown = (
            f"{len(self._shown)} of {len(self._branches):,}"
            if len(self._shown) < len(self._branches)
            else f"{len(self._branches):,}"
        )
        box.border_subtitle = shown if self._branches else ""

    def _counts(self) -> Content:
        if self._usage is None:
            return Content.assemble(("reading…", "$secondary-text"))
        used = self._usage.objects + self._usage.worktrees
        style = "$status-danger" if used > self._usage.limit * 0.9 else "$secondary-text"
        return Content.assemble((f"{size(used)} of {size(self._usage.limit)} on disk", style))

    # Filter

    def action_filter(self) -> None:
        """List branches by a part of their name."""
        self.prompt.ask("filter", "/")

    @on(PromptLine.Changed)
    def _filter_changed(self, event: PromptLine.Changed) -> None:
        event.stop()
        self._show()

    @on(PromptLine.Submitted)
    def _filter_submitted(self, event: PromptLine.Submitted) -> None:
        event.stop()
        self.set_focus(self.list_view)

    @on(PromptLine.Dismissed)
    def _filter_dismissed(self, event: PromptLine.Dismissed) -> None:
        event.stop()
        self._show()

    def action_toggle_dropped(self) -> None:
        """List those that were dropped, or not."""
        self._lists_dropped = not self._lists_dropped
        self.load()

    # Making

    def action_new(self) -> None:
        """Ask for a name and fork the working tree."""
        self._ask_name("", "Forks the working tree as it is, with what is not committed and what is new.")

    def action_fork(self) -> None:
        """Ask for a name and fork a branch."""
        branch = self._live()
        if branch is not None:
            self._ask_name(branch.name, f"Forks the branch {branch.name} as it is.")

    def _ask_name(self, source: str, explanation: str) -> None:
        offered = offered_name(source, {branch.name for branch in self._branches})

        def named(name: str | None) -> None:
            if name is not None:
                request = ForkRequest((name,), source)
                self.begin(f"forking {source or 'the working tree'}", lambda: self._make(request), self._made)

        self.app.push_screen(AskScreen("New branch", explanation, offered=offered), named)

    async def _make(self, request: ForkRequest) -> BranchFork:
        await record_shells(self.ramet, request.source)
        return await self.workspace.branch_new(request)

    def _made(self, made: BranchFork) -> None:
        self._wanted = made.branches[0].name
        if made.skipped:
            names = ", ".join(inert_line(file.path) for file in made.skipped[:3])
            more = f" and {len(made.skipped) - 3:,} more" if len(made.skipped) > 3 else ""
            self.warn(f"Left out because of their size or number: {names}{more}.")
        for note in made.notes:
            self.warn(note)
        self.load()

    # Looking, comparing, merging

    def _live(self) -> Branch | None:
        """Return the branch under the cursor if it can be used, else say why not."""
        branch = self.branch
        if branch is None:
            self.warn("There is no branch yet: n makes one.")
        elif branch.state == "dropped":
            self.warn(f"{branch.name} was dropped: u brings it back.")
        else:
            return branch
        return None

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_look()

    def action_look(self) -> None:
        """Have the app show the branch."""
        branch = self._live()
        if branch is not None:
            self._leave(branch.name)

    def action_enter(self) -> None:
        """Have the app show the branch, with a shell in it."""
        branch = self._live()
        if branch is not None:
            self.enters = True
            self._leave(branch.name)

    def action_working_tree(self) -> None:
        """Have the app show the working tree."""
        self._leave(WORKING_TREE)

    def _leave(self, name: str) -> None:
        if self.busy:
            self.enters = False
            self.warn(f"{self.busy} is going on: esc stops it.")
        elif self._checks.goes_on:
            self.warn("Checks are going on: esc stops them.")
        else:
            self.dismiss(name)

    def action_diff(self) -> None:
        """Compare the branch with its base."""
        branch = self._live()
        if branch is not None:
            from ramet_tui.screens.branches.diff import DiffScreen

            others = tuple(each.name for each in self._branches if each.state == "live" and each.name != branch.name)
            self.app.push_screen(DiffScreen(self.workspace, self.clock, branch.name, others))

    def action_merge(self) -> None:
        """Merge all of the branch back."""
        branch = self._live()
        if branch is not None:
            self.merge(MergeRequest(branch.name), self._merged)

    def _merged(self, _result: MergeResult) -> None:
        self.load()

    def action_keep(self) -> None:
        """Ask for the name of the git branch."""
        branch = self._live()
        if branch is not None:
            self._ask_kept_name(branch.name, f"ramet/{branch.name}")

    def _ask_kept_name(self, name: str, offered: str, explanation: str = "Makes an ordinary git branch; this one stays.") -> None:
        def named(kept: str | None) -> None:
            if kept is not None:
                self.begin(f"keeping {name}", lambda: self._keep(name, kept), self._kept)

        self.app.push_screen(AskScreen(f"Keep {name} as git branch", explanation, offered=offered), named)

    async def _keep(self, name: str, kept: str) -> KeptBranch | None:
        """Keep; a name that is taken is asked for again, because git branches are never replaced."""
        await record_shells(self.ramet, name)
        try:
            return await self.workspace.branch_keep(name, kept)
        except UsageError as error:
            if "already" not in error.what:
                raise
            self._ask_kept_name(name, f"{kept}-2", error.what)
            return None

    def _kept(self, kept: KeptBranch | None) -> None:
        if kept is None:
            return
        self.tell(f"Kept as git branch {kept.name}: {plural(kept.commits, 'commit')}.")
        for note in kept.notes:
            self.warn(note)
        self.load()

    # Dropping and bringing back

    def action_drop(self) -> None:
        """Drop the branch."""
        if (branch := self._live()) is not None:
            self._removal.drop(branch)

    def action_forget(self) -> None:
        """Remove the branch under the cursor for good, a dropped one, too."""
        if self.branch is not None:
            self._removal.drop_for_good(self.branch)

    def _gone(self, name: str) -> None:
        if name == self._looked_at:
            self._looked_at = ""
            self.ramet.main.look_at("")
        self.load()

    def action_undo(self) -> None:
        """Bring the dropped branch under the cursor back, else take back what was done last."""
        branch = self.branch
        name = branch.name if branch is not None and branch.state == "dropped" else ""
        self.begin("undoing", lambda: self.workspace.branch_undo(name), self._undone)

    def _undone(self, undone: BranchUndo) -> None:
        if undone.kind == "drop":
            self._wanted = undone.branch
            self.tell(f"{undone.branch} is back.")
        else:
            self.tell(f"The merge of {undone.branch} is taken back: {plural(len(undone.files), 'file')}.")
        self.load()

    # Running

    def action_run(self) -> None:
        """Ask for a command and run it in the branch."""
        branch = self._live()
        if branch is None:
            return
        if self._checks.progress(branch.name) is not None:
            self.warn(f"{branch.name} is being checked: esc stops it.")
            return
        name, last = branch.name, branch.runs[-1].command if branch.runs else ""

        def typed(command: str | None) -> None:
            if command is not None:
                from ramet_tui.screens.branches.run import RunScreen

                self.app.push_screen(RunScreen(self.workspace, self.clock, name, command))

        explanation = "Runs in a folder of its own, outside your repository. What it changes becomes part of the branch."
        self.app.push_screen(AskScreen(f"Run in {name}", explanation, offered=last, placeholder="pytest -q"), typed)

    # Checking

    def action_check(self) -> None:
        """Run the user's checks in the branch under the cursor."""
        branch = self._live()
        if branch is not None:
            self._checks.start([branch.name])

    def action_check_all(self) -> None:
        """Run them in all branches that are listed."""
        self._checks.start([branch.name for branch in self._shown if branch.state == "live"])

    def action_stop_checks(self) -> None:
        """Stop the checks that run."""
        if not self._checks.stop():
            self.warn("No checks run.")

    def _checked(self, has_result: bool) -> None:
        """Draw how far checks are."""
        if has_result:
            self.load()
        self._fit = None
        self._show_titles()
        self.list_view.refresh()
        self.describe()

    def action_compare(self) -> None:
        """List the branches side by side."""
        from ramet_tui.screens.branches.compare import CompareScreen, Wanted

        def chosen(wanted: Wanted | None) -> None:
            if wanted is None:
                self.load()
            elif wanted.question:
                self._ask_chat(wanted.question)
            else:
                self._leave(wanted.branch)

        self.app.push_screen(CompareScreen(self.workspace, self.clock, self._checks), chosen)

    def _ask_chat(self, question: str) -> None:
        main = self.ramet.main
        self.dismiss(None)
        if main.chat is not None:
            main.workbench.show("chat")
            main.chat.ask(question)

    def action_close(self) -> None:
        """Stop what goes on, leave the filter, or leave the board."""
        if self.stop_action() or self._checks.stop():
            return
        if self.prompt.display:
            self.prompt.close()
            self._show()
        else:
            self.dismiss(None)
