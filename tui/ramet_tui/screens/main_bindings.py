"""The keys of the main screen, and what they are for."""

from __future__ import annotations

from textual.binding import Binding, BindingType

MAIN_BINDINGS: list[BindingType] = [
    Binding("ctrl+p", "palette", "palette", id="app.palette", priority=True, tooltip="List every action"),
    Binding("ctrl+o", "find_file", "file", id="go.file", priority=True, tooltip="Open a file by a part of its name"),
    Binding("ctrl+t", "find_symbol", "symbol", id="go.symbol", priority=True, tooltip="Go to a definition by its name"),
    Binding("ctrl+f", "search", "search", id="go.search", priority=True, tooltip="Search the code by words and meaning"),
    Binding("ctrl+g", "go_to_line", "line", id="go.line", priority=True, tooltip="Go to a line of the open file"),
    Binding("alt+left", "go_back", "back", show=False, id="go.back", tooltip="Go back to where you were"),
    Binding("alt+right", "go_forward", "forward", show=False, id="go.forward", tooltip="Go forward again"),
    Binding("f2", "pane('files')", "files", show=False, id="pane.files", tooltip="Focus the files; again to hide them"),
    Binding("f3", "pane('outline')", "outline", show=False, id="pane.outline", tooltip="Focus the outline; again to hide it"),
    Binding("f4", "pane('viewer')", "viewer", show=False, id="pane.viewer", tooltip="Focus the viewer; again to hide it"),
    Binding("f5", "pane('chat')", "chat", show=False, id="pane.chat", tooltip="Focus the chat; again to hide it"),
    Binding("ctrl+j", "terminal", "terminal", id="pane.terminal", priority=True, tooltip="Focus the terminal; again to hide it"),
    Binding("ctrl+b", "branches", "branches", id="go.branches", priority=True, tooltip="List the branches and what is in them"),
    Binding("alt+w", "working_tree", "back", show=False, id="go.working_tree", tooltip="Go back to the working tree"),
    Binding(
        "f6", "zoom", "zoom", id="pane.zoom", priority=True, tooltip="Give the focused pane the whole screen, or take it back"
    ),
    Binding(
        "f7",
        "resize(-1)",
        "narrower",
        show=False,
        id="pane.narrower",
        priority=True,
        tooltip="Make the focused pane narrower",
    ),
    Binding("f8", "resize(1)", "wider", show=False, id="pane.wider", priority=True, tooltip="Make the focused pane wider"),
    Binding("f9", "toggle_index", "index", show=False, id="index.toggle", tooltip="Update the index, or pause its update"),
    Binding("alt+i", "rebuild_index", "rebuild", show=False, id="index.rebuild", tooltip="Index everything anew"),
    Binding("alt+t", "app.switch_theme", "theme", show=False, id="app.theme", tooltip="Switch between dark and light"),
    Binding("f1", "help", "keys", id="help.keys", priority=True, tooltip="Show all keys"),
    Binding("ctrl+q", "app.quit", "quit", show=False, id="app.quit", priority=True, tooltip="Leave Ramet"),
]
