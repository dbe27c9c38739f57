"""The keys of the terminal pane, and what they are for."""

from __future__ import annotations

from textual.binding import Binding, BindingType

SCREEN_BINDINGS: list[BindingType] = [
    Binding(
        "ctrl+right_square_bracket",
        "step",
        "look around",
        id="terminal.step",
        priority=True,
        tooltip="Leave the program and look around in its output; pressed again it goes to the program",
    ),
    Binding(
        "shift+pageup",
        "scroll_pages(-1)",
        "Page up",
        show=False,
        id="terminal.page_up",
        priority=True,
        tooltip="Scroll back",
    ),
    Binding(
        "shift+pagedown",
        "scroll_pages(1)",
        "Page down",
        show=False,
        id="terminal.page_down",
        priority=True,
        tooltip="Scroll forward",
    ),
    Binding("ctrl+c", "copy_marked", "copy", id="terminal.copy_marked", priority=True, tooltip="Copy the text selected by mouse"),
    Binding(
        "ctrl+e",
        "explain_offered",
        "explain",
        id="terminal.explain_offered",
        priority=True,
        tooltip="Right after a command failed: ask why",
    ),
    Binding("escape,q,i", "type", "back to the shell", id="terminal.type", tooltip="Type into the program again"),
    Binding("up,k", "move('up')", "Up", show=False, id="terminal.up", tooltip="Cursor up"),
    Binding("down,j", "move('down')", "Down", show=False, id="terminal.down", tooltip="Cursor down"),
    Binding("left,h", "move('left')", "Left", show=False, id="terminal.left", tooltip="Cursor left"),
    Binding("right,l", "move('right')", "Right", show=False, id="terminal.right", tooltip="Cursor right"),
    Binding("pageup,b", "move('page_up')", "Page up", show=False, id="terminal.browse_up", tooltip="A page up"),
    Binding("pagedown,space", "move('page_down')", "Page down", show=False, id="terminal.browse_down", tooltip="A page down"),
    Binding("home,0", "move('start')", "Start", show=False, id="terminal.start", tooltip="Start of the line"),
    Binding("end,dollar_sign", "move('end')", "End", show=False, id="terminal.end", tooltip="End of the line"),
    Binding("g", "move('top')", "Top", show=False, id="terminal.top", tooltip="The oldest line"),
    Binding("G", "move('bottom')", "Bottom", show=False, id="terminal.bottom", tooltip="The newest line"),
]
"""Those with priority are the only keys that a program does not get: two only while there is something to copy or to explain."""

PANE_BINDINGS: list[BindingType] = [
    Binding("slash", "find", "search", id="terminal.find", tooltip="Search what the terminal shows and its scrollback"),
    Binding("n", "next_match(1)", "next", show=False, id="terminal.next_match", tooltip="Go to the match below"),
    Binding("N", "next_match(-1)", "previous", show=False, id="terminal.previous_match", tooltip="Go to the match above"),
    Binding(
        "left_square_bracket",
        "block(-1)",
        "command above",
        show=False,
        id="terminal.block_up",
        tooltip="Go to the command before",
    ),
    Binding(
        "right_square_bracket",
        "block(1)",
        "command below",
        show=False,
        id="terminal.block_down",
        tooltip="Go to the command after",
    ),
    Binding("v", "select(False)", "select", id="terminal.select", tooltip="Select text from the cursor on"),
    Binding("V", "select(True)", "select lines", show=False, id="terminal.select_lines", tooltip="Select lines"),
    Binding("y", "copy", "copy", id="terminal.copy", tooltip="Copy what is selected, else the line"),
    Binding("c", "copy_command", "copy command", show=False, id="terminal.copy_command", tooltip="Copy the command line"),
    Binding("o", "copy_output", "copy output", show=False, id="terminal.copy_output", tooltip="Copy what it printed"),
    Binding("z", "fold", "fold", id="terminal.fold", tooltip="Fold the output of a command, or unfold it"),
    Binding("Z", "fold_all", "fold all", show=False, id="terminal.fold_all", tooltip="Fold all outputs, or unfold them"),
    Binding("r", "run_again", "run again", id="terminal.run_again", tooltip="Run a command again"),
    Binding("m", "mention", "mention", id="terminal.mention", tooltip="Mention a command in the chat"),
    Binding("e", "explain", "explain", id="terminal.explain", tooltip="Ask the chat about a command"),
    Binding("f", "link(1)", "next place", id="terminal.next_link", tooltip="Go to the next place in a file that was printed"),
    Binding("F", "link(-1)", "previous place", show=False, id="terminal.previous_link", tooltip="Go to the place before"),
    Binding("enter", "open_link", "open", show=False, id="terminal.open_link", tooltip="Open the place in the viewer"),
    Binding("t", "new_tab", "new terminal", id="terminal.new", tooltip="Open another terminal"),
    Binding("w", "close_tab", "close", show=False, id="terminal.close", tooltip="End this terminal"),
    Binding("comma", "rename", "rename", show=False, id="terminal.rename", tooltip="Give this terminal a name"),
    Binding("greater_than_sign", "next_tab(1)", "next", show=False, id="terminal.next", tooltip="Show the next terminal"),
    Binding("less_than_sign", "next_tab(-1)", "previous", show=False, id="terminal.previous", tooltip="Show the one before"),
]
"""What can be done while looking around."""
