"""The main screen: the panes, what they tell each other, and every action of the app."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from msgspec.structs import replace
from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widget import Widget

from ramet.branch_models import DiffStat
from ramet.errors import RametError
from ramet.events import IndexEvent, IndexFinished
from ramet.inert import inert_line
from ramet.models import WorkspaceStatus
from ramet.workspace.protocol import Workspace
from ramet_tui.key_names import KeyHelp
from ramet_tui.layout import PANES, Layout, PaneId
from ramet_tui.messages import PlaceSelected, ProblemOccurred, UsageChanged
from ramet_tui.navigation import History, Place
from ramet_tui.screens import actions
from ramet_tui.screens.branches.looking import BranchLook
from ramet_tui.screens.main_bindings import MAIN_BINDINGS
from ramet_tui.widgets.chat_place import ChatPlace
from ramet_tui.widgets.failures import ReportsFailures
from ramet_tui.widgets.files_pane import FilesPane
from ramet_tui.widgets.header_line import HeaderLine, progress_of
from ramet_tui.widgets.key_line import KeyLine
from ramet_tui.widgets.outline_pane import OutlinePane
from ramet_tui.widgets.pane_switcher import PaneSwitcher
from ramet_tui.widgets.viewer.code_view import LineColours
from ramet_tui.widgets.viewer.document import Document
from ramet_tui.widgets.viewer.pane import ViewerPane
from ramet_tui.widgets.viewer.source import DocumentSource, Elsewhere
from ramet_tui.widgets.workbench import Workbench

if TYPE_CHECKING:
    from ramet_tui.app import RametApp
    from ramet_tui.screens.finder import FinderScreen
    from ramet_tui.screens.palette import Palette
    from ramet_tui.widgets.chat.pane import ChatPane
    from ramet_tui.widgets.terminal.environment import ShellOpener
    from ramet_tui.widgets.terminal.pane import TerminalPane

MAX_OUTLINE = 5_000
"""Symbols of one file that the outline lists."""


class MainScreen(ReportsFailures, Screen[None]):
    """Owns the panes and the history of visited places; the app owns the workspace."""

    AUTO_FOCUS = "ChatPlace"
    BINDINGS: ClassVar[list[BindingType]] = MAIN_BINDINGS

    header = getters.query_one(HeaderLine)
    switcher = getters.query_one(PaneSwitcher)
    workbench = getters.query_one(Workbench)
    files = getters.query_one(FilesPane)
    outline = getters.query_one(OutlinePane)
    viewer = getters.query_one(ViewerPane)

    def __init__(self, root: Path, layout: Layout) -> None:
        super().__init__()
        self._root = root
        self._layout = layout
        self._workspace: Workspace | None = None
        self._revision = -1
        self._paths: tuple[str, ...] = ()
        self._recent: list[str] = []
        self._places = History()
        self._source = DocumentSource(root)
        self._chat_place = ChatPlace()
        self.chat: ChatPane | None = None
        """None in the first frame."""
        self.terminal: TerminalPane | None = None
        """None until it is opened."""
        self.open_shell: ShellOpener | None = None
        """How terminals start a shell; None starts the user's."""
        self.clock: Callable[[], float] = time.time
        """Seconds since the epoch."""
        self._looking = BranchLook(self)

    @property
    def _ramet(self) -> RametApp:
        """The app, which makes this screen and is imported by nothing that it imports."""
        return cast("RametApp", self.app)

    def compose(self) -> ComposeResult:
        """Header, switcher, panes, keys."""
        yield HeaderLine(self._root.name, id="header")
        yield PaneSwitcher(id="switcher")
        files, outline = FilesPane(self._root, id="files"), OutlinePane(id="outline")
        viewer, chat = ViewerPane(self._source, id="viewer"), self._chat_place
        panes: dict[PaneId, Widget] = {"files": files, "outline": outline, "viewer": viewer, "chat": chat}
        yield Workbench(
            panes,
            {
                "files": files.focus_content,
                "outline": outline.focus_content,
                "viewer": viewer.focus_content,
                "chat": chat.focus,
            },
            self._layout,
            id="workbench",
        )
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Leave what is not needed for the first frame for behind it."""
        self.call_after_refresh(self._add_chat)

    # What the app tells

    def say(self, note: str) -> None:
        """Show a word about the workspace in the header."""
        self.header.status = None
        self.header.progress = None
        self.header.note = note

    def workspace_opened(self, workspace: Workspace) -> None:
        """Give the workspace to the panes."""
        self._workspace = workspace
        self._revision = -1
        if workspace.root != self._source.root:
            self._source.root = workspace.root
            self.files.tree_view.set_root(workspace.root)
        if self.chat is not None:
            self.chat.set_workspace(workspace)
        if self.terminal is not None:
            self.terminal.set_workspace(workspace)
        self._looking.workspace_opened(workspace)

    def workspace_lost(self) -> None:
        """Forget a workspace that broke; files stay readable."""
        self._workspace = None
        self._looking.workspace_lost()
        self.say("not connected")

    def status_arrived(self, status: WorkspaceStatus) -> None:
        """Show a status, and ask for files and changes when they may be others now."""
        self.header.status = status
        if self.chat is not None:
            self.chat.show_status(status)
        if status.revision != self._revision:
            self._revision = status.revision
            if not self.looked_at:  # else looking at the branch again does so
                self._refresh_files()
                self.viewer.follow()
            self._looking.status_arrived()

    @property
    def looked_at(self) -> str:
        """The branch that the panes show; empty for the working tree."""
        return self._looking.name

    def colours_of(self, document: Document) -> LineColours | None:
        """Return the colours of code; blocks."""
        return self._source.colours(document)

    def look_at(self, branch: str) -> None:
        """Show a branch in all panes; the empty name shows the working tree."""
        self._looking.look_at(branch)

    def show_workspace(
        self, workspace: Workspace, elsewhere: Elsewhere | None, branch: str, stat: DiffStat | None, *, is_other: bool
    ) -> None:
        """Have the panes show what a workspace says and files from where they are now; `stat` is how the branch differs."""
        if not self.query(HeaderLine):  # the app is being left
            return
        self._workspace = workspace
        self.header.branch, self.header.stat = branch, stat
        self._source.elsewhere = elsewhere
        if is_other and self.terminal is not None:
            self.terminal.look_at(branch)
        if is_other:
            self.set_class(bool(branch), "-branch")
            self.files.border_title = f"Files ⎇ {inert_line(branch)}" if branch else "Files"
            if self.chat is not None:
                self.chat.set_workspace(workspace)
        self._refresh_files()
        self.viewer.follow()

    def index_reported(self, event: IndexEvent) -> None:
        """Show how far the index is."""
        if isinstance(event, IndexFinished):
            self._index_finished(event)
        else:
            self.header.progress = progress_of(event)

    def _index_finished(self, event: IndexFinished) -> None:
        self.header.progress = None
        for warning in event.stats.warnings:
            self.notify(warning, severity="warning", markup=False)
        self._load_outline(self.viewer.path)

    def index_stopped(self) -> None:
        """The index run ended before it was done."""
        self.header.progress = None

    # What the panes tell

    @on(PlaceSelected)
    def _place_selected(self, event: PlaceSelected) -> None:
        event.stop()
        present = self.viewer.place
        if present is not None and present != Place(event.path, event.start_line):
            self._places.leave(present)
        self._open(event.path, event.start_line, event.end_line, focus=event.focus)

    def _open(self, path: str, start_line: int, end_line: int = 0, *, focus: bool = True) -> None:
        self.viewer.open(path, start_line, end_line)
        self._recent = [path, *(name for name in self._recent if name != path)][:20]
        if focus:
            self.workbench.show("viewer")

    @on(ViewerPane.Opened)
    def _file_opened(self, event: ViewerPane.Opened) -> None:
        event.stop()
        self.files.reveal(event.path)
        if event.is_shown:
            self._load_outline(event.path)
        else:
            self.outline.say("Nothing to outline")

    @on(ViewerPane.Moved)
    def _cursor_moved(self, event: ViewerPane.Moved) -> None:
        event.stop()
        self.outline.follow(event.line)

    @on(UsageChanged)
    def _usage_changed(self, event: UsageChanged) -> None:
        event.stop()
        used = event.usage.input_tokens or event.usage.output_tokens
        self.header.usage = replace(event.usage, cost=event.cost) if used else None

    @on(ProblemOccurred)
    def _problem_occurred(self, event: ProblemOccurred) -> None:
        event.stop()
        self._ramet.show_problem(event.error)

    @on(Workbench.Arranged)
    def _arranged(self, event: Workbench.Arranged) -> None:
        event.stop()
        self.switcher.display = event.arrangement.is_single
        self.switcher.current = self.workbench.current

    @on(Workbench.LayoutChanged)
    def _layout_changed(self, event: Workbench.LayoutChanged) -> None:
        event.stop()
        self._ramet.keep_layout(event.layout)

    @on(PaneSwitcher.Chosen)
    def _pane_chosen(self, event: PaneSwitcher.Chosen) -> None:
        event.stop()
        self.workbench.show(event.pane)

    # What the terminal tells; its messages are handled by name, because they are not imported before it is opened

    def on_terminal_pane_mention_wanted(self, event: TerminalPane.MentionWanted) -> None:
        """Put a command into the question that is being written."""
        event.stop()
        if self.chat is not None:
            self.workbench.show("chat")
            self.chat.composer.prompt.insert(f"{event.mention} ")

    def on_terminal_pane_question_wanted(self, event: TerminalPane.QuestionWanted) -> None:
        """Ask about a command."""
        event.stop()
        if self.chat is not None:
            self.workbench.show("chat")
            self.chat.ask(event.question)

    def on_terminal_tabs_emptied(self, event: TerminalPane.Emptied) -> None:
        """Hide a terminal pane without terminals."""
        event.stop()
        self.workbench.hide("terminal")

    # Workers

    @work(group="chat-pane", exit_on_error=False)
    async def _add_chat(self) -> None:
        """Bring the chat in behind the first frame: its import alone takes longer than that frame may."""
        module = await asyncio.to_thread(importlib.import_module, "ramet_tui.widgets.chat.pane")
        chat: ChatPane = module.ChatPane(id="chat", classes="pane")
        chat.border_title = "Chat"
        chat.front_branch = lambda: self.terminal.front_branch if self.terminal is not None and self.terminal.display else None
        await self.workbench.replace("chat", chat, chat.focus_prompt)
        self.chat = chat
        chat.composer.prompt.insert(self._chat_place.typed)
        if self.header.status is not None:
            chat.show_status(self.header.status)
        if self._workspace is not None:
            chat.set_workspace(self._workspace)

    @work(group="terminal-pane", exclusive=True, exit_on_error=False)
    async def _add_terminal(self) -> None:
        """Bring the terminal in; nothing of it is imported before."""
        module = await asyncio.to_thread(importlib.import_module, "ramet_tui.widgets.terminal.pane")
        terminal: TerminalPane = module.TerminalPane(self._source.root, self.open_shell, id="terminal")
        if self._workspace is not None:
            terminal.set_workspace(self._workspace)
        terminal.look_at(self.looked_at)
        terminal.set_files(self._paths, self.looked_at)
        await self.workbench.add_terminal(terminal, terminal.focus_content)
        self.terminal = terminal
        self.workbench.show("terminal")

    @work(group="files", exclusive=True, exit_on_error=False)
    async def _refresh_files(self) -> None:
        workspace = self._workspace
        if workspace is None:
            return
        branch = self.looked_at
        self._paths = await workspace.files()
        self.files.set_paths(self._paths)
        if self.terminal is not None:
            self.terminal.set_files(self._paths, branch)
        self.files.set_changes(await workspace.changes())

    @work(group="outline", exclusive=True, exit_on_error=False)
    async def _load_outline(self, path: str) -> None:
        if not path:
            return
        workspace = self._workspace
        if workspace is None:
            self.outline.say("The outline comes when the index is there")
            return
        try:
            symbols = await workspace.symbols(path=path, limit=MAX_OUTLINE)
        except RametError as error:
            self.outline.say(error.what)
            return
        if path == self.viewer.path:
            self.outline.show(path, symbols)

    @work(group="finder", exclusive=True, exit_on_error=False)
    async def _find(self, finder: FinderScreen[PlaceSelected]) -> None:
        chosen = await self.app.push_screen_wait(finder)
        if chosen is not None:
            self.post_message(chosen)

    @work(group="finder", exclusive=True, exit_on_error=False)
    async def _choose_action(self, palette: Palette) -> None:
        chosen = await self.app.push_screen_wait(palette)
        if chosen is not None:
            await actions.run_by_id(self, chosen)

    # Actions

    def action_find_file(self) -> None:
        """Open the file finder."""
        from ramet_tui.screens.finders import FileFinder

        self._find(FileFinder(self._paths, tuple(self._recent)))

    def action_find_symbol(self) -> None:
        """Open the symbol finder."""
        from ramet_tui.screens.finders import SymbolFinder

        self._find(SymbolFinder(self._workspace))

    def action_search(self) -> None:
        """Open the code search."""
        from ramet_tui.screens.finders import CodeSearch

        self._find(CodeSearch(self._workspace, self._source.colours))

    def action_go_to_line(self) -> None:
        """Ask for a line number."""
        if self.allows("go.line"):
            self.workbench.show("viewer")
            self.viewer.ask_line()

    def action_go_back(self) -> None:
        """Go to the place before."""
        if self.allows("go.back"):
            self._go(self._places.back(self.viewer.place))

    def action_go_forward(self) -> None:
        """Go to the place ahead."""
        if self.allows("go.forward"):
            self._go(self._places.forward(self.viewer.place))

    def _go(self, place: Place | None) -> None:
        if place is not None:
            self._open(place.path, place.line)

    def action_pane(self, pane: str) -> None:
        """Focus or hide a pane."""
        self.workbench.show_or_hide(next(name for name in PANES if name == pane))

    def action_terminal(self) -> None:
        """Focus the terminal, opening it at first; hide it when it has the focus."""
        if self.terminal is None:
            self._add_terminal()
        elif not self.terminal.is_home:
            self.open_branch_terminal()
        else:
            self.workbench.show_or_hide("terminal")

    def open_branch_terminal(self) -> None:
        """Type into a terminal of what is looked at, opening one where there is none."""
        if self.terminal is None:
            self._add_terminal()
            return
        self.workbench.show("terminal")
        if self.terminal.show_home():
            self.terminal.focus_content()
        else:
            self.terminal.action_new_tab()

    def action_branches(self) -> None:
        """Show the board of branches."""
        if self.allows("go.branches"):
            self._looking.open_board(self.header.status.name if self.header.status is not None else self._root.name)

    def action_working_tree(self) -> None:
        """Show the working tree again."""
        if self.allows("go.working_tree"):
            self.look_at("")

    def action_zoom(self) -> None:
        """Zoom the current pane."""
        self.workbench.zoom()

    def action_resize(self, steps: int) -> None:
        """Make the current pane wider or narrower."""
        if self.allows("pane.wider"):
            self.workbench.resize_current(steps)

    def action_toggle_index(self) -> None:
        """Update the index or pause."""
        if self.allows("index.toggle"):
            self._ramet.toggle_index()

    def action_rebuild_index(self) -> None:
        """Index everything anew."""
        if self.allows("index.rebuild"):
            self._ramet.sync_index(rebuild=True)

    def action_palette(self) -> None:
        """List every action."""
        from ramet_tui.screens.palette import Palette

        self._choose_action(Palette(list(self.palette_keys()), self.reasons()))

    def action_help(self) -> None:
        """Show all keys."""
        from ramet_tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(list(self.all_keys()), self.reasons()))

    # Keys, palette, and why an action cannot be used

    def reasons(self) -> dict[str, str]:
        """Return the actions that cannot be used now, by id, and why."""
        return actions.reasons(self, self._places, is_open=self._workspace is not None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While keys go to the program in the terminal, none of them is one of the app."""
        return self.terminal is None or not self.terminal.is_typing

    def allows(self, action_id: str) -> bool:
        """Return whether an action can be used now; say why where it cannot."""
        reason = self.reasons().get(action_id)
        if reason is not None:
            self.notify(f"{reason[0].upper()}{reason[1:]}.", severity="warning", timeout=3, markup=False)
        return reason is None

    def palette_keys(self) -> Iterator[KeyHelp]:
        """Return the actions of the screen and of the panes, without moving about inside one."""
        return actions.palette_keys(self, self._ramet.keymap)

    def all_keys(self) -> Iterator[KeyHelp]:
        """Return every key of the app once, those of other screens included."""
        return actions.all_keys(self, self._ramet.keymap)
