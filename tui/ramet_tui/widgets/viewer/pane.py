"""The viewer pane: opens files of the workspace, says why a file is not shown, finds text and goes to lines."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from dataclasses import dataclass
from typing import ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import Worker

from ramet.inert import inert_line
from ramet_tui.navigation import Place
from ramet_tui.widgets.failures import ReportsFailures
from ramet_tui.widgets.prompt_line import PromptLine
from ramet_tui.widgets.viewer.code_view import CodeView
from ramet_tui.widgets.viewer.document import Document, Match
from ramet_tui.widgets.viewer.notices import notice_for, welcome
from ramet_tui.widgets.viewer.source import DocumentSource

FOLLOW_SECONDS = 2.0
"""How often the open file is compared with the disk, besides whenever the workspace reports a change."""


class Notice(Static, can_focus=True):
    """What stands in the place of code."""


class ViewerPane(ReportsFailures, Vertical):
    """Shows one file at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "find", id="viewer.find", tooltip="Find text in this file"),
        Binding("n", "next_match(1)", "next", show=False, id="viewer.next", tooltip="Go to the next match"),
        Binding("N", "next_match(-1)", "previous", show=False, id="viewer.previous", tooltip="Go to the previous match"),
        Binding("c,ctrl+c", "copy", "copy", show=False, id="viewer.copy", tooltip="Copy the selected text, else the line"),
        Binding("r", "reload", "reload", show=False, id="viewer.reload", tooltip="Read the file from the disk again"),
    ]

    prompt = getters.query_one(PromptLine)
    notice = getters.query_one(Notice)

    @dataclass
    class Opened(Message):
        """Posted when another file, or another version of it, is shown."""

        path: str
        is_shown: bool

    @dataclass
    class Moved(Message):
        """Posted when the cursor is on another line."""

        path: str
        line: int

    def __init__(self, source: DocumentSource, *, id: str | None = None) -> None:
        super().__init__(id=id, classes="pane")
        self._source = source
        self.view = CodeView(source.colours, id="code")
        """The code; mounted behind the first frame, in which no file is open."""
        self.view.display = False
        self._left_at: dict[str, int] = {}
        self._matches: list[Match] = []
        self._current: int | None = None
        self._find_from = 0
        self._load_worker: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """The notice, and the prompt under it."""
        yield Notice(welcome(), id="viewer-notice")
        yield PromptLine(id="viewer-prompt")

    def on_mount(self) -> None:
        """Start empty."""
        self.border_title = "Viewer"
        self.set_interval(FOLLOW_SECONDS, self.follow)
        self.call_after_refresh(self._complete)

    async def _complete(self) -> None:
        await self.mount(self.view, after=self.notice)

    # Opening

    @property
    def path(self) -> str:
        """The open file, empty when there is none."""
        return self.view.document.path

    @property
    def place(self) -> Place | None:
        """Where the cursor is."""
        return Place(self.path, self.view.cursor_line + 1) if self.path else None

    def focus_content(self) -> None:
        """Focus what can be focused."""
        shown: Widget = self.view if self.view.display else self.notice
        self.screen.set_focus(shown)

    def open(self, path: str, start_line: int = 0, end_line: int = 0) -> None:
        """Show a file at a 1-based line; 0 shows it where it was left. start_line..end_line is highlighted."""
        if self.path and self.view.document.is_shown:
            self._left_at[self.path] = self.view.cursor_line
        self._load_worker = self._load(path, start_line, end_line, reload=False)

    @work(group="load", exclusive=True, exit_on_error=False)
    async def _load(self, path: str, start_line: int, end_line: int, *, reload: bool) -> None:
        document = self.view.document
        if reload or path != document.path:
            self.border_subtitle = "reading…"
            document = await asyncio.to_thread(self._source.load, path)
            self._show(document, reload=reload)
        if start_line and document.is_shown:
            last = min(end_line, len(document.lines))
            self.view.mark((start_line - 1, last - 1) if last >= start_line else None)
            self.view.go_to(start_line - 1)
            self._describe()

    def _show(self, document: Document, *, reload: bool) -> None:
        self._close_search()
        marked = self.view.marked
        self.view.show(document, cursor=self._left_at.get(document.path, 0), keep_position=reload)
        if reload:
            self.view.mark(marked)
        had_focus = self.has_focus_within
        if not document.is_shown:
            self.notice.update(notice_for(document))
        shown, hidden = (self.view, self.notice) if document.is_shown else (self.notice, self.view)
        shown.display = True
        if had_focus:
            self.screen.set_focus(shown)
        hidden.display = False
        self._describe()
        self.post_message(self.Opened(document.path, document.is_shown))

    def _describe(self) -> None:
        document = self.view.document
        if not document.path:
            return
        self.border_title = inert_line(document.path)
        if document.is_shown:
            place = f"{self.view.cursor_line + 1}/{len(document.lines):,}"
            found = self._found_note() if self._matches and not self.prompt.display else ""
            self.border_subtitle = "  ".join(part for part in (found, document.language, place) if part)
        else:
            self.border_subtitle = ""

    def follow(self) -> None:
        """Compare the open file with the disk and read it again when it changed."""
        is_loading = self._load_worker is not None and self._load_worker.is_running
        if self.path and not is_loading:
            self._follow()

    @work(group="follow", exclusive=True, exit_on_error=False)
    async def _follow(self) -> None:
        document = self.view.document
        stamp = await asyncio.to_thread(self._source.stamp, document.path)
        if document is self.view.document and stamp != document.stamp:
            self._load_worker = self._load(document.path, 0, 0, reload=True)

    def action_reload(self) -> None:
        """Read the file again."""
        if self.path:
            self._load_worker = self._load(self.path, 0, 0, reload=True)

    # Finding and going to lines

    def ask_line(self) -> None:
        """Ask for a line number."""
        if self.view.document.is_shown:
            self.prompt.ask("line", "line")

    def action_find(self) -> None:
        """Ask for a text."""
        if self.view.document.is_shown:
            self._find_from = self.view.cursor_line
            self.prompt.ask("find", "find", self.prompt.text if self.prompt.purpose == "find" else "")

    @on(PromptLine.Changed)
    def _prompt_changed(self, event: PromptLine.Changed) -> None:
        event.stop()
        if event.purpose == "find":
            self._find(event.text)
        elif event.text.strip().isdecimal():
            self.view.go_to(int(event.text) - 1)

    @on(PromptLine.Submitted)
    def _prompt_submitted(self, event: PromptLine.Submitted) -> None:
        event.stop()
        self.prompt.close()
        self._describe()
        self.view.focus()
        if event.purpose == "find" and event.text and not self._matches:
            self._find(event.text)

    @on(PromptLine.Dismissed)
    def _prompt_dismissed(self, event: PromptLine.Dismissed) -> None:
        event.stop()
        if event.purpose == "find":
            self._close_search()
            self.view.go_to(self._find_from)
        self.view.focus()

    @work(group="find", exclusive=True, exit_on_error=False)
    async def _find(self, text: str) -> None:
        document = self.view.document
        matches = await asyncio.to_thread(document.find, text)
        if document is not self.view.document:
            return
        self._matches = matches
        self._current = None
        if matches:
            after = bisect_left([match.line for match in matches], self._find_from)
            self._current = after % len(matches)
        self._show_match(said_nothing=not text)

    def _show_match(self, *, said_nothing: bool = False) -> None:
        current = None if self._current is None else self._matches[self._current]
        self.view.show_matches(self._matches, current)
        self.prompt.note("" if said_nothing else self._found_note())
        self._describe()

    def _found_note(self) -> str:
        return "not found" if self._current is None else f"{self._current + 1} of {len(self._matches):,}"

    def _close_search(self) -> None:
        self._matches = []
        self._current = None
        self.prompt.close()
        self.view.show_matches([])

    def action_copy(self) -> None:
        """Copy what is selected in the code."""
        self.view.copy_selected()

    def action_next_match(self, step: int) -> None:
        """Go to the next or previous match."""
        if not self._matches:
            self.action_find()
            return
        self._current = ((self._current or 0) + step) % len(self._matches)
        self._show_match()

    @on(CodeView.CursorMoved)
    def _cursor_moved(self, event: CodeView.CursorMoved) -> None:
        event.stop()
        self._describe()
        self.post_message(self.Moved(self.path, event.line))

    @on(CodeView.Copied)
    def _copied(self, event: CodeView.Copied) -> None:
        event.stop()
        self.notify(f"Copied {event.lines:,} line{'s' if event.lines != 1 else ''}.", timeout=2)
