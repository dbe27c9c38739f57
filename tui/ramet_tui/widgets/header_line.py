"""The line above the panes: what is open, where git stands, what the index does, which model answers at what cost."""

from __future__ import annotations

from msgspec import Struct
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from ramet.branch_models import DiffStat
from ramet.events import IndexProgress, IndexWaiting, Scanned
from ramet.inert import inert_line
from ramet.models import IndexStatus, ModelChoice, Usage, WorkspaceStatus

BAR_CELLS = 10


class Progress(Struct, frozen=True):
    """How far the running index job is."""

    phase: str
    done: int
    total: int


def progress_of(event: Scanned | IndexProgress | IndexWaiting) -> Progress:
    """Return how far an index run is."""
    if isinstance(event, IndexProgress):
        return Progress(event.phase, event.done, event.total)
    return Progress("scanning" if isinstance(event, Scanned) else "waiting", 0, 0)


class HeaderLine(Widget):
    """One line; the right part is complete as long as there is room, the left part gives way first."""

    ALLOW_SELECT = False

    status: reactive[WorkspaceStatus | None] = reactive(None)
    progress: reactive[Progress | None] = reactive(None)
    usage: reactive[Usage | None] = reactive(None)
    branch: reactive[str] = reactive("")
    """The branch that the panes show; empty for the working tree."""
    stat: reactive[DiffStat | None] = reactive(None)
    """How that branch differs from its base."""
    note: reactive[str] = reactive("starting")
    """What stands in the place of the index state while there is no status."""

    def __init__(self, folder_name: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._folder_name = folder_name

    def render(self) -> Content:
        """Draw both parts."""
        width = self.size.width
        right = _joined([self._index(), *self._model()])
        if right.cell_length > width - 20:
            right = self._index()
        left = _joined([self._title(), *self._git()])
        if left.cell_length + right.cell_length + 2 > width:
            left = self._title()
        if self.branch:
            left, right = self._fitting(left, right, width)
        room = width - right.cell_length
        return left.truncate(max(room - 1, 0), ellipsis=True).pad_right(max(room - left.cell_length, 0)) + right

    def _title(self) -> Content:
        name = self.status.name if self.status is not None else self._folder_name
        title = Content.assemble((" ramet ", "bold $accent"), " ", (inert_line(name), "bold"))
        if self.branch:
            title += Content("  ") + self._sign()
            if self.stat is not None and self.stat.files:
                title += Content.assemble(
                    "  ", (f"+{self.stat.added:,}", "$status-added"), (f" \u2212{self.stat.removed:,}", "$status-deleted")
                )
            title += Content.assemble(("  alt+w back", "$secondary-text"))
        return title

    def _fitting(self, title: Content, right: Content, width: int) -> tuple[Content, Content]:
        """Return what there is room for: the branch that is looked at gives way last."""
        sign, index = Content(" ") + self._sign(), self._index()
        for left, beside in ((title, right), (title, index), (sign, index)):
            if left.cell_length + beside.cell_length + 2 <= width:
                return left, beside
        return sign, Content("")

    def _sign(self) -> Content:
        """The branch that is looked at."""
        return Content.assemble((f" ⎇ {inert_line(self.branch)} ", "bold $background on $branch"))

    def _git(self) -> list[Content]:
        if self.branch or self.status is None or self.status.head is None:
            return []
        head = self.status.head
        name = inert_line(head.branch) if head.branch else head.commit[:8] or "no commit"
        parts = [Content.assemble(("⎇ ", "$faint-text"), (name, "$secondary-text"))]
        if self.status.changed_files:
            parts.append(Content.assemble((f"±{self.status.changed_files:,}", "$status-modified")))
        if self.status.branches:
            parts.append(Content.assemble((_branches(self.status.branches), "$faint-text")))
        return parts

    def _index(self) -> Content:
        if self.progress is not None:
            return _progress_content(self.progress)
        if self.status is None:
            return Content.assemble((self.note, "$secondary-text"), " ")
        return _index_content(self.status.index)

    def _model(self) -> list[Content]:
        if self.status is None:
            return []
        parts = [_model_content(self.status.model)]
        if self.usage is not None:
            parts.append(Content.assemble((_tokens(self.usage), "$secondary-text"), " "))
        return parts


def _joined(parts: list[Content]) -> Content:
    return Content("   ").join(parts)


def _index_content(index: IndexStatus) -> Content:
    if index.state == "indexing":
        return _progress_content(Progress(index.phase, index.done, index.total))
    if index.state == "failed":
        return Content.assemble(("index ✗", "$status-failed"), " ")
    if index.state == "missing":
        return Content.assemble(("no index", "$secondary-text"), " ")
    words = "" if index.dense_ready else " words only"
    return Content.assemble(
        ("index ", "$secondary-text"), ("✓", "$status-passed"), (f" {index.chunks:,} chunks{words}", "$secondary-text"), " "
    )


def _progress_content(progress: Progress) -> Content:
    phase = progress.phase or "indexing"
    if not progress.total:
        return Content.assemble((f"{phase}…", "$status-running"), " ")
    share = min(progress.done / progress.total, 1.0)
    full = round(share * BAR_CELLS)
    return Content.assemble(
        (f"{phase} ", "$secondary-text"),
        ("━" * full, "$status-running"),
        ("━" * (BAR_CELLS - full), "$line"),
        (f" {progress.done:,}/{progress.total:,}", "$secondary-text"),
        " ",
    )


def _model_content(model: ModelChoice | None) -> Content:
    if model is None:
        return Content.assemble(("no model", "$faint-text"), " ")
    return Content.assemble((inert_line(model.name.rpartition("/")[2]), "$secondary-text"), " ")


def _branches(count: int) -> str:
    return f"+{count:,} branch{'' if count == 1 else 'es'}"


def _tokens(usage: Usage) -> str:
    used = _thousands(usage.input_tokens + usage.output_tokens)
    text = f"{used}/{_thousands(usage.context_window)}" if usage.context_window else f"{used} tokens"
    return text if usage.cost is None else f"{text}  ${usage.cost:.2f}"


def _thousands(count: int) -> str:
    return str(count) if count < 1000 else f"{count / 1000:.0f}k"
