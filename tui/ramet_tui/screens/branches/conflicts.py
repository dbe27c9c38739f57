"""The conflicts of a merge: three versions of each place, a choice per place, and nothing written before all are decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from ramet.branch_models import MergeRequest, MergeResult
from ramet.inert import inert_line
from ramet.workspace.protocol import Workspace
from ramet_tui.screens.branches.base import SHARED_KEYS, BranchScreen, TopLine
from ramet_tui.screens.branches.decisions import Decisions, Question, Taken
from ramet_tui.screens.branches.row_list import RowList
from ramet_tui.screens.branches.wording import BRANCH_SIGN, plural
from ramet_tui.widgets.key_line import KeyLine
from ramet_tui.widgets.viewer.code_view import CodeView
from ramet_tui.widgets.viewer.document import Document

_COLUMNS_CELLS = 110
"""Width from which on the versions stand beside each other."""
_FRAME_CELLS = 8
"""Borders and line numbers of a version."""
_LIST_ROWS = 8
_SIDES: tuple[Taken, ...] = ("base", "mine", "theirs")
_SHOWN: dict[Taken, str] = {"base": "base", "mine": "working tree", "theirs": "branch", "both": "both", "later": "later"}


class ConflictScreen(BranchScreen[MergeRequest | None]):
    """Closes with the merge and its choices, None for no merge."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "take('base')", "base", id="conflict.base", tooltip="Take what both come from"),
        Binding("2", "take('mine')", "working tree", id="conflict.mine", tooltip="Take what is in the working tree now"),
        Binding("3", "take('theirs')", "branch", id="conflict.theirs", tooltip="Take what is in the branch"),
        Binding("4", "take('both')", "both", id="conflict.both", tooltip="Take the working tree's lines, then the branch's"),
        Binding(
            "e", "take('later')", "later", id="conflict.later", tooltip="Leave this file as it is; the branch keeps its changes"
        ),
        Binding("m", "merge", "merge", id="conflict.merge", tooltip="Merge, when all is decided"),
        Binding("n", "next(1)", "next", show=False, id="conflict.next", tooltip="Go to the next conflict"),
        Binding("p,N", "next(-1)", "previous", show=False, id="conflict.previous", tooltip="Go to the conflict before"),
        Binding("left", "shift(-8)", "Left", show=False, id="conflict.left", tooltip="Scroll the versions to the left"),
        Binding("right", "shift(8)", "Right", show=False, id="conflict.right", tooltip="Scroll the versions to the right"),
        Binding("shift+up", "scroll_versions(-5)", "Up", show=False, id="conflict.up", tooltip="Scroll the versions up"),
        Binding("shift+down", "scroll_versions(5)", "Down", show=False, id="conflict.down", tooltip="Scroll the versions down"),
        Binding("escape,q", "close", "cancel", id="conflict.close", tooltip="Merge nothing"),
        *SHARED_KEYS,
    ]

    list_view = getters.query_one("#conflict-list", RowList)

    def __init__(self, workspace: Workspace, clock: Callable[[], float], request: MergeRequest, result: MergeResult) -> None:
        super().__init__(workspace, clock)
        self._request = request
        self._result = result
        self._decisions = Decisions(result.conflicts)

    def compose(self) -> ComposeResult:
        """The line above, the list, what happened, three versions, the keys."""
        yield TopLine()
        with Vertical(id="conflict-top", classes="pane") as box:
            box.border_title = "Conflicts"
            yield RowList(self._row, id="conflict-list")
        yield Static("", id="conflict-sentence", markup=False)
        with Container(id="conflict-versions"):
            for side in _SIDES:
                with Vertical(id=f"conflict-{side}", classes="pane version"):
                    view = CodeView(self.ramet.main.colours_of, id=f"conflict-code-{side}")
                    view.can_focus = False
                    yield view
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Show the first conflict."""
        count = len(self._decisions.questions)
        self.query_one("#conflict-top").styles.height = min(count, _LIST_ROWS) + 2
        self.list_view.show(count)
        self.set_focus(self.list_view)
        self.describe()

    def on_resize(self) -> None:
        """Another width may have room for another layout."""
        self._fit()

    def _fit(self) -> None:
        """Put them beside each other where their lines fit: what differs must not be behind the edge."""
        widest = max((Document("", text).width for text in self._question.texts if text), default=0)
        needed = max(3 * (widest + _FRAME_CELLS), _COLUMNS_CELLS)
        self.query_one("#conflict-versions").set_class(self.size.width >= needed, "-columns")

    # What is shown

    def describe(self) -> None:
        """Draw the line above."""
        count, all_ = self._decisions.count, len(self._decisions.questions)
        left = Content.assemble(
            (f" {BRANCH_SIGN} {inert_line(self._request.name)} ", "bold $branch"), ("into the working tree", "$secondary-text")
        )
        style = "$status-passed" if count == all_ else "$status-conflict"
        files = len(self._result.files)
        right = Content.assemble(
            (f"{count} of {all_} decided", style),
            (f"   {plural(files, 'file')} without conflict" if files else "", "$faint-text"),
        )
        self.top.say(left, right)

    def _row(self, number: int, width: int) -> Content:
        question, answer = self._decisions.questions[number], self._decisions.answers[number]
        mark = (
            ("✓ ", "$status-passed")
            if answer not in (None, "later")
            else ("… ", "$secondary-text")
            if answer
            else ("● ", "$status-conflict")
        )
        taken = Content.assemble(
            (f" {_SHOWN[answer]}" if answer else " open", "$secondary-text" if answer else "$status-conflict")
        )
        path = inert_line(question.conflict.path)
        place = f":{question.region.start_line}" if question.region is not None else ""
        room = max(width - taken.cell_length - len(place) - 2, 4)
        path = path if len(path) <= room else f"…{path[len(path) - room + 1 :]}"
        folder, slash, name = path.rpartition("/")
        label = Content.assemble(mark, (folder + slash, "$secondary-text"), name, (place, "$secondary-text"))
        return label.pad_right(max(width - label.cell_length - taken.cell_length, 0)) + taken

    @property
    def _question(self) -> Question:
        return self._decisions.questions[self.list_view.cursor]

    @on(RowList.Highlighted)
    def _highlighted(self, event: RowList.Highlighted) -> None:
        event.stop()
        question = self._question
        self.query_one("#conflict-sentence", Static).update(inert_line(question.conflict.sentence))
        first = question.region.start_line if question.region is not None else 1
        for side, text in zip(_SIDES, question.texts, strict=True):
            self.query_one(f"#conflict-code-{side}", CodeView).show(self._document(question, text, first))
        self._fit()
        self._show_choice()

    def _document(self, question: Question, text: str | None, first: int) -> Document:
        from ramet.index.languages import language_of

        path = question.conflict.path
        language = language_of(path, (text or "").encode("utf-8", "replace"))
        return Document(path, text or "", language="" if language == "text" else language, first_line=first)

    def _show_choice(self) -> None:
        question, answer = self._question, self._decisions.answers[self.list_view.cursor]
        names = ("before", "working tree now", f"{BRANCH_SIGN} {inert_line(self._request.name)}")
        for number, (side, name, absence) in enumerate(zip(_SIDES, names, question.absences, strict=True), 1):
            is_taken = answer == side or (answer == "both" and side != "base")
            box = self.query_one(f"#conflict-{side}")
            box.border_title = f"{'✓ ' if is_taken else ''}{number}  {name}"
            box.border_subtitle = absence
            box.set_class(is_taken, "-taken")

    # Deciding

    def action_take(self, taken: Taken) -> None:
        """Decide, and go to what is still open."""
        number = self.list_view.cursor
        if taken == "both" and self._question.region is None:
            self.warn("Both fit only where lines of a text conflict; take one of them.")
            return
        self._decisions.answer(number, taken)
        if self._decisions.answers[number] is not None:
            self.list_view.cursor = self._decisions.next_open(number)
        self.list_view.refresh()
        self._show_choice()
        self.describe()

    def action_next(self, step: int) -> None:
        """Go to another conflict."""
        self.list_view.cursor += step

    def action_shift(self, cells: int) -> None:
        """Scroll all versions sideways."""
        for view in self.query(CodeView):
            view.scroll_relative(x=cells, animate=False)

    def action_scroll_versions(self, lines: int) -> None:
        """Scroll all versions."""
        for view in self.query(CodeView):
            view.scroll_relative(y=lines, animate=False)

    def action_merge(self) -> None:
        """Close with the choices."""
        left = len(self._decisions.questions) - self._decisions.count
        if left:
            self.warn(f"{plural(left, 'conflict')} still open: choose a version, or leave the file for later with e.")
        else:
            self.dismiss(self._decisions.request(self._request))

    def action_close(self) -> None:
        """Merge nothing."""
        self.dismiss(None)
