"""What a terminal pane needs of an emulator: bytes in, styled rows and replies out.

Rows are counted from the first line that the program ever printed: row `first_row` is the oldest that is still kept,
`screen_top` is the first row of the screen, and `screen_top + rows` is one past the last. While the alternate screen is shown,
`first_row` equals `screen_top`: it has no scrollback. A resize counts rows anew; marks move with their text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

CursorShape = Literal["block", "underline", "bar"]
Underline = Literal["", "single", "double", "curly", "dotted", "dashed"]
MouseTracking = Literal["", "press", "click", "drag", "motion"]
"""What a program wants to hear of the mouse: modes 9, 1000, 1002 and 1003."""

Color = int | None
"""None is the terminal's own colour, 0 to 255 is of the palette, and 0x1000000 + 0xRRGGBB is a colour of 24 bits."""


class Style(NamedTuple):
    """How a cell is drawn."""

    foreground: Color = None
    background: Color = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: Underline = ""
    underline_color: Color = None
    blink: bool = False
    reverse: bool = False
    hidden: bool = False
    strike: bool = False
    overline: bool = False


class Run(NamedTuple):
    """Neighbouring cells of one style."""

    text: str
    style: Style
    width: int
    """In cells: wide characters take two, combining ones none."""


class Cursor(NamedTuple):
    """Where the next character goes, and how that is shown."""

    row: int
    column: int
    is_visible: bool
    shape: CursorShape
    blinks: bool


class Modes(NamedTuple):
    """What a program asked of the terminal that keys, mouse and paste must heed."""

    application_cursor: bool = False
    application_keypad: bool = False
    bracketed_paste: bool = False
    mouse: MouseTracking = ""
    mouse_sgr: bool = False
    focus_events: bool = False
    alternate_screen: bool = False
    alternate_scroll: bool = False
    """The wheel sends arrow keys while the alternate screen is shown (mode 1007)."""
    synchronized: bool = False
    """The program is in the middle of a picture (mode 2026): whoever draws should wait for its end, but at most briefly."""


class Emulator(Protocol):
    """A terminal without a window. Not thread-safe: one owner feeds it and reads from it."""

    @property
    def columns(self) -> int:
        """The width of the screen."""

    @property
    def rows(self) -> int:
        """The height of the screen."""

    @property
    def first_row(self) -> int:
        """The oldest row that is kept."""

    @property
    def screen_top(self) -> int:
        """The row that the first line of the screen shows."""

    @property
    def cursor(self) -> Cursor:
        """Where the cursor is."""

    @property
    def modes(self) -> Modes:
        """What the program has switched on."""

    @property
    def title(self) -> str:
        """The window title that the program has set, without control characters; it is never forwarded."""

    @property
    def bells(self) -> int:
        """How often the bell has rung."""

    @property
    def revision(self) -> int:
        """Grows whenever what is shown may have changed."""

    def feed(self, data: bytes) -> None:
        """Take what a program printed, cut anywhere. Nothing that it prints raises."""

    def take_replies(self) -> bytes:
        """Return what must be written back to the program, and forget it. Holds nothing that the program chose."""

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; lines that were wrapped are wrapped anew."""

    def runs(self, row: int) -> Sequence[Run]:
        """Return a row from `first_row` on; what is right of the last cell written has the terminal's own colours."""

    def text(self, first: int, last: int) -> str:
        """Return the text of rows `first` to `last`, wrapped lines joined, without trailing spaces."""

    def is_wrapped(self, row: int) -> bool:
        """Whether a row goes on in the next one because the line was too long."""

    def mark(self, number: int) -> None:
        """Attach a number to the row of the cursor."""

    def marks(self) -> Mapping[int, int]:
        """Return the row of each mark that is still kept: of the main screen, also while the alternate one is shown."""
