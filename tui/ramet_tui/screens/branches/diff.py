"""The comparison of a branch: with what it was forked from, with the working tree as it is, or with another branch."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from ramet.branch_models import BranchDiff, DiffStat, FileDiff, MergeRequest, MergeResult
from ramet.inert import inert_line
from ramet.workspace.protocol import Workspace
from ramet_tui.screens.branches.base import SHARED_KEYS, BranchScreen, TopLine
from ramet_tui.screens.branches.diff_choice import DiffChoice
from ramet_tui.screens.branches.diff_rows import big_files
from ramet_tui.screens.branches.diff_view import SPLIT_CELLS, DiffView
from ramet_tui.screens.branches.others import BranchFinder
from ramet_tui.screens.branches.row_list import RowList
from ramet_tui.screens.branches.shells import record_shells
from ramet_tui.screens.branches.wording import BRANCH_SIGN, MINUS, plural, stat_content
from ramet_tui.widgets.key_line import KeyLine

BASE, NOW = "", "now"
"""What a branch is compared with, besides other branches."""
_LIST_CELLS = 90
"""Width from which on the files are listed beside the comparison."""
_FRAME_CELLS = 3
"""Borders and the scroll bar of the lines."""
_FILES_CELLS = 36
_MARKS = {"added": ("A", "added"), "deleted": ("D", "deleted"), "renamed": ("R", "renamed"), "type": ("T", "modified")}


class DiffScreen(BranchScreen[None]):
    """Shows a comparison, and merges back what is chosen in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "choose", "choose", id="diff.choose", tooltip="Choose the hunk or the file for merging, or not"),
        Binding("m", "merge", "merge", id="diff.merge", tooltip="Merge what is chosen, everything where nothing is"),
        Binding("n", "hunk(1)", "next", id="diff.next", tooltip="Go to the next hunk"),
        Binding("p,N", "hunk(-1)", "previous", show=False, id="diff.previous", tooltip="Go to the previous hunk"),
        Binding("right_square_bracket", "file(1)", "next file", show=False, id="diff.next_file", tooltip="Go to the next file"),
        Binding(
            "left_square_bracket",
            "file(-1)",
            "previous file",
            show=False,
            id="diff.previous_file",
            tooltip="Go to the file before",
        ),
        Binding("s", "split", "side by side", id="diff.split", tooltip="Show old and new side by side, or below each other"),
        Binding("z", "fold", "fold", show=False, id="diff.fold", tooltip="Fold or unfold the file"),
        Binding("Z", "fold_all", "fold all", show=False, id="diff.fold_all", tooltip="Fold or unfold all files"),
        Binding("b", "against('')", "base", show=False, id="diff.base", tooltip="Compare with what the branch was forked from"),
        Binding("w", "against('now')", "now", id="diff.now", tooltip="Compare with the working tree as it is now"),
        Binding("o", "other", "other", show=False, id="diff.other", tooltip="Compare with another branch"),
        Binding("c", "clear", "clear", show=False, id="diff.clear", tooltip="Choose nothing"),
        Binding("tab", "app.focus_next", "files", show=False, id="diff.focus", tooltip="Go to the files, or back to the lines"),
        Binding("enter", "to_lines", "lines", show=False, id="diff.lines", tooltip="Go from the list of files to the lines"),
        Binding("escape,q", "close", "close", show=False, id="diff.close", tooltip="Leave the comparison"),
        *SHARED_KEYS,
    ]

    view = getters.query_one(DiffView)
    files_list = getters.query_one("#diff-files", RowList)

    def __init__(self, workspace: Workspace, clock: Callable[[], float], branch: str, others: tuple[str, ...] = ()) -> None:
        super().__init__(workspace, clock)
        self._branch = branch
        self._others = others
        self._against = BASE
        self._diff: BranchDiff | None = None
        self._files: tuple[FileDiff, ...] = ()
        self._total = DiffStat()
        self._choice = DiffChoice()

    def compose(self) -> ComposeResult:
        """The line above, the files, the lines, the keys."""
        yield TopLine()
        with Horizontal(id="diff"):
            with Vertical(id="diff-left", classes="pane") as left:
                left.border_title = "Files"
                yield RowList(self._file_row, id="diff-files")
            with Vertical(id="diff-right", classes="pane"):
                yield DiffView(self.ramet.main.colours_of, self._choice, id="diff-view")
                yield Static("", id="diff-empty", classes="notice")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Ask for the comparison."""
        self.query_one("#diff-empty").display = False
        self._fit()
        self.describe()
        self.load()

    def on_resize(self) -> None:
        """The list of files goes where there is no room."""
        self._fit()

    def _fit(self) -> None:
        needed = _LIST_CELLS if not self.view.wants_split else SPLIT_CELLS + _FRAME_CELLS + _FILES_CELLS
        self.query_one("#diff-left").display = self.size.width >= needed and len(self._files) > 1

    # What is compared

    @work(group="diff", exclusive=True, exit_on_error=False)
    async def load(self) -> None:
        """Compare."""
        self.query_one("#diff-right").border_subtitle = "comparing…"
        for name in (self._branch, self._against):
            await record_shells(self.ramet, name)
        self._diff = await self.workspace.branch_diff(self._branch, self._against)
        self._files = self._diff.files
        stats = [file.stat for file in self._files]
        self._total = DiffStat(len(stats), sum(stat.added for stat in stats), sum(stat.removed for stat in stats))
        self._choice.clear()
        is_empty = not self._files
        notice = self.query_one("#diff-empty", Static)
        notice.update(f"{inert_line(self._branch)} does not differ from {inert_line(self._diff.old)}.")
        notice.display, self.view.display = is_empty, not is_empty
        self.view.show(self._files, big_files(self._files))
        self.files_list.show(len(self._files))
        self._fit()
        if not is_empty:
            self.set_focus(self.view)
        self.describe()

    @property
    def files(self) -> tuple[FileDiff, ...]:
        """What differs."""
        return self._files

    def describe(self) -> None:
        """Draw the line above and the titles."""
        old = self._old_words()
        left = Content.assemble(
            (f" {BRANCH_SIGN} {inert_line(self._branch)} ", "bold $branch"), (f"against {old}", "$secondary-text")
        )
        self.top.say(left, self.busy_content() if self.busy else self._counts())
        self.query_one("#diff-left").border_subtitle = f"{len(self._files):,}"
        box = self.query_one("#diff-right")
        box.border_title = self._chosen_words()
        box.border_subtitle = "side by side" if self.view.is_split else ""

    def _old_words(self) -> str:
        if self._against == BASE:
            return "what it was forked from"
        return "the working tree now" if self._against == NOW else f"{BRANCH_SIGN} {inert_line(self._against)}"

    def _counts(self) -> Content:
        return stat_content(self._total) if self._diff is not None else Content.assemble(("comparing…", "$secondary-text"))

    def _chosen_words(self) -> str:
        if self._choice.is_empty:
            return "Comparison"
        files, hunks = self._choice.counts
        parts = [plural(count, noun) for count, noun in ((files, "file"), (hunks, "hunk")) if count]
        return f"{' and '.join(parts)} chosen"

    def _file_row(self, number: int, width: int) -> Content:
        file = self._files[number]
        stat = file.stat
        letter, state = _MARKS.get(file.state, ("M", "modified"))
        mark, style = (
            ("✓", "$accent") if self._choice.has_file(file) else ("◐", "$accent") if self._choice.has_some(file) else (" ", "")
        )
        counts = Content.assemble((f" +{stat.added:,}", "$status-added"), (f" {MINUS}{stat.removed:,}", "$status-deleted"))
        if file.is_binary:
            counts = Content.assemble((" binary", "$faint-text"))
        room = max(width - counts.cell_length - 4, 4)
        path = inert_line(file.path)
        path = path if len(path) <= room else f"…{path[len(path) - room + 1 :]}"
        folder, slash, name = path.rpartition("/")
        label = Content.assemble((mark, style), (f"{letter} ", f"$status-{state}"), (folder + slash, "$secondary-text"), name)
        return label.pad_right(max(width - counts.cell_length - label.cell_length, 0)) + counts

    @on(RowList.Highlighted)
    def _file_highlighted(self, event: RowList.Highlighted) -> None:
        event.stop()
        if event.rows.has_focus and event.row >= 0:
            self.view.go_to_file(event.row)

    @on(DiffView.FileChanged)
    def _file_changed(self, event: DiffView.FileChanged) -> None:
        event.stop()
        if not self.files_list.has_focus:
            self.files_list.follow(event.file)

    # Moving and layout

    def action_hunk(self, direction: int) -> None:
        """Go to another hunk."""
        if not self.view.step("hunk", direction):
            self.warn("This is the last hunk." if direction > 0 else "This is the first hunk.")

    def action_file(self, direction: int) -> None:
        """Go to another file."""
        self.view.step("file", direction)

    def action_split(self) -> None:
        """Put old and new side by side, or below each other."""
        wants = not self.view.wants_split
        if wants and self.size.width < SPLIT_CELLS + _FRAME_CELLS:
            self.warn(f"There is no room for two columns; they need {SPLIT_CELLS + _FRAME_CELLS} cells.")
        self.view.set_split(wants)
        self._fit()
        self.set_focus(self.view)
        self.call_after_refresh(self.describe)

    def action_fold(self) -> None:
        """Fold the file."""
        if self.view.row is not None:
            self.view.fold(self.view.row.file)

    def action_fold_all(self) -> None:
        """Fold all files."""
        self.view.fold_all()

    def action_to_lines(self) -> None:
        """Go from the list to the lines."""
        self.set_focus(self.view)

    def action_against(self, what: str) -> None:
        """Compare with something else."""
        self._against = what
        self.load()

    def action_other(self) -> None:
        """Ask which branch to compare with."""
        if not self._others:
            self.warn("There is no other branch to compare with.")
            return

        def chosen(name: str | None) -> None:
            if name is not None:
                self.action_against(name)

        self.app.push_screen(BranchFinder(self._others), chosen)

    # Choosing and merging

    def action_choose(self) -> None:
        """Choose the hunk under the cursor, or the file where it stands on one."""
        row = self.view.row
        if row is None:
            return
        if self._against != BASE:
            self.warn("Hunks are chosen in the comparison with what the branch was forked from: b shows it.")
            return
        file = self._files[row.file]
        if self.files_list.has_focus or row.hunk < 0:
            self._choice.toggle_file(file)
        else:
            self._choice.toggle_hunk(file, row.hunk)
        self._show_choice()

    def action_clear(self) -> None:
        """Choose nothing."""
        self._choice.clear()
        self._show_choice()

    def _show_choice(self) -> None:
        self.view.refresh()
        self.files_list.refresh()
        self.describe()

    def action_merge(self) -> None:
        """Merge what is chosen."""
        request = MergeRequest(self._branch) if self._choice.is_empty else self._choice.request(self._branch)
        self.merge(request, self._merged)

    def _merged(self, _result: MergeResult) -> None:
        self.load()

    def action_close(self) -> None:
        """Stop what goes on, or leave."""
        if not self.stop_action():
            self.dismiss(None)
