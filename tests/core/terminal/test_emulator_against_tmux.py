"""The emulator shows what tmux shows: recordings of real programs, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ramet.terminal.emulator import ScreenEmulator
from ramet.terminal.protocol import Style
from ramet.terminal.widths import width
from tests.core.terminal.recording import COLUMNS, ROWS, load, names
from tests.core.terminal.tmux_screen import IS_INSTALLED, Cell, Shown, Tmux

pytestmark = pytest.mark.skipif(not IS_INSTALLED, reason="needs tmux, which gives the expected screens")

WITH_BACKGROUNDS = ["dialog", "htop", "mc", "ncdu", "tig", "vim-truecolor", "whiptail"]
"""Programs that erase with a background, which tmux leaves out when it captures a row that ends in such cells."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tmux]:
    pane = Tmux(tmp_path_factory.mktemp("tmux"), COLUMNS, ROWS)
    yield pane
    pane.close()


@pytest.fixture
def tmux(server: Tmux) -> Tmux:
    server.restart()
    return server


def shown_by(emulator: ScreenEmulator, told: Shown | None = None) -> Shown:
    """Return the screen of the emulator; blank cells at the end of a row only as far as tmux told of them."""
    rows: list[list[Cell]] = []
    for row in range(emulator.screen_top, emulator.screen_top + emulator.rows):
        cells: list[Cell] = []
        for run in emulator.runs(row):
            for char in run.text:
                if width(char):
                    cells += [Cell(char, run.style), *[Cell("", run.style)] * (width(char) - 1)]
                else:
                    at = -1 if cells[-1].text else -2
                    cells[at] = cells[at]._replace(text=cells[at].text + char)
        end = len(told.cells[len(rows)]) if told else emulator.columns
        cells += [Cell(" ", Style())] * (end - len(cells))
        while len(cells) > end and cells[-1] == Cell(" ", Style(background=cells[-1].style.background)):
            cells.pop()
        rows.append(cells)
    cursor = emulator.cursor
    return Shown(rows, cursor.row - emulator.screen_top, cursor.column, cursor.is_visible)


@pytest.mark.parametrize("name", names())
def test_a_recorded_program_looks_as_in_tmux_at_every_pause(name: str, tmux: Tmux) -> None:
    recording = load(name)
    emulator = ScreenEmulator(COLUMNS, ROWS)
    for number, part in enumerate(recording.parts()):
        emulator.feed(part)
        expected = tmux.shown_after(part)

        assert shown_by(emulator, expected) == expected, f"{name} at pause {number}"


@pytest.mark.parametrize("name", WITH_BACKGROUNDS)
def test_erased_cells_have_the_background_that_they_have_in_tmux(name: str, tmux: Tmux) -> None:
    """One column more, with a letter in it, makes tmux tell of the erased cells left of it."""
    recording = load(name)
    shown = recording.data[: recording.pauses[len(recording.pauses) // 2]]
    emulator = ScreenEmulator(COLUMNS, ROWS)
    emulator.feed(shown)
    tmux.shown_after(shown)
    tmux.resize(COLUMNS + 1, ROWS)
    probe = b"\x1b[r\x1b[?6l\x1b[4l" + b"".join(b"\x1b[%d;%dHx" % (row + 1, COLUMNS + 1) for row in range(ROWS))

    assert shown_by(emulator).cells == [row[:COLUMNS] for row in tmux.shown_after(probe).cells]


@pytest.mark.parametrize("piece", [700, 100_000])
def test_the_scrollback_of_a_flood_is_that_of_tmux(piece: int, tmux: Tmux) -> None:
    """Most lines take the short way; tabs, backgrounds and cursor movement between them do not."""
    lines = [
        *(f"\x1b[0m\x1b[01;34mfolder{n}\x1b[0m  -rw-r--r-- {n * 7919}" for n in range(300)),
        *(f"\ttabs {n}\tand\tmore" for n in range(100)),
        *("long " * n for n in range(60)),
        *(f"\x1b[41m background {n}\x1b[m" for n in range(20)),
        *(f"progress {n}\r\x1b[Kdone" for n in range(20)),
        *(f"日本 {n} é" for n in range(50)),
        *(f"\x1b[31mcolour {n} goes on" for n in range(100)),
        *("\x1b[A\x1b[2Kup" for _ in range(5)),
        *(f"{n}" for n in range(2000)),
    ]
    data = "\r\n".join(lines).encode()
    emulator = ScreenEmulator(COLUMNS, ROWS)
    for start in range(0, len(data), piece):
        emulator.feed(data[start : start + piece])
    text = emulator.text(emulator.first_row, emulator.screen_top + ROWS - 1)

    assert [line.rstrip() for line in text.split("\n")] == [
        line.rstrip() for line in tmux.text_after(data).rstrip("\n").split("\n")
    ]
