"""The folder in which programs are recorded: always the same files, and nothing of the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

FOLDER = Path("/tmp/demo")  # the recorded bytes name it, so that it must be a neutral one

ENVIRONMENT = {
    "HOME": str(FOLDER),
    "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "USER": "demo",
    "LOGNAME": "demo",
    "SHELL": "/bin/sh",
    "PAGER": "less",
    "LESS": "-R",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_DATE": "2024-05-01T12:00:00+0000",
    "GIT_COMMITTER_DATE": "2024-05-01T12:00:00+0000",
    "TZ": "UTC",
    "PYTHONSTARTUP": "",
}

_PYTHON = '''"""A shop: 商店, Geschäft, магазин."""

from decimal import Decimal

PRICES = {"tea": Decimal("3.50"), "coffee": Decimal("4.20"), "牛奶": Decimal("1.10")}


def total(basket):
    """Add up what is in the basket."""
    return sum(PRICES[name] * count for name, count in basket.items())  # raises KeyError for what is not sold, which is meant


class Customer:
    def __init__(self, name: str, basket=None):
        self.name = name
        self.basket = basket or {}

    def pay(self):
        if not self.basket:
            raise ValueError("nothing to pay")
        return total(self.basket)
'''

_PAGE = """.TH DEMO 1 "May 2024" "demo 1.0" "User Commands"
.SH NAME
demo \\- show what a terminal can do
.SH SYNOPSIS
.B demo
[\\fIOPTION\\fR]... [\\fIFILE\\fR]...
.SH DESCRIPTION
Shows \\fBbold\\fR and \\fIunderlined\\fR words, one after the other, so that a pager has something to show.
"""

_CURSES = """import curses


def main(screen):
    curses.curs_set(0)
    curses.mousemask(curses.ALL_MOUSE_EVENTS | curses.REPORT_MOUSE_POSITION)
    curses.start_color()
    curses.use_default_colors()
    for number in range(1, 8):
        curses.init_pair(number, number, -1)
        curses.init_pair(number + 8, 0, number)
    log = curses.newwin(10, 40, 6, 5)
    log.scrollok(True)
    log.idlok(True)
    screen.border()
    screen.addstr(0, 4, " curses ", curses.A_BOLD | curses.color_pair(3))
    for number in range(1, 8):
        screen.addstr(2, number * 8, f"pair {number}", curses.color_pair(number) | (curses.A_REVERSE if number % 2 else 0))
        screen.addstr(3, number * 8, "dim", curses.A_DIM | curses.A_UNDERLINE | curses.color_pair(number + 8))
    screen.addstr(4, 8, "宽字符 wide é ü")
    screen.refresh()
    count = 0
    while True:
        key = screen.getch()
        count += 1
        if key == ord("q"):
            return
        if key == curses.KEY_MOUSE:
            _, column, row, _, buttons = curses.getmouse()
            log.addstr(f"mouse {column},{row} {buttons:x}\\n", curses.color_pair(count % 7 + 1))
            screen.addstr(row, column, "X", curses.A_BOLD)
        elif key == curses.KEY_UP:
            log.move(0, 0)
            log.insertln()
        elif key == curses.KEY_DOWN:
            log.move(0, 0)
            log.deleteln()
        elif key == ord("i"):
            screen.move(4, 8)
            screen.insstr("<<")
        elif key == ord("x"):
            screen.move(4, 8)
            screen.delch()
        else:
            log.addstr(f"key {key} number {count}\\n")
        screen.refresh()
        log.refresh()


curses.wrapper(main)
"""

_PROGRESS = """import sys, time

for step in range(0, 101, 4):
    bar = "#" * (step // 4)
    sys.stdout.write(f"\\r\\x1b[2K\\x1b[32m[{bar:<25}]\\x1b[0m {step:3d} %\\x1b[?25l")
    sys.stdout.flush()
    time.sleep(0.01)
print("\\x1b[?25h")
for lane in range(4):
    print(f"lane {lane} \\x1b[38;5;{20 + lane}m" + "\\u2588" * 10 + "\\x1b[m waiting")
for step in range(20):
    lane = step % 4
    sys.stdout.write(f"\\x1b[{4 - lane}A\\x1b[8G\\x1b[38;2;{step * 12};80;120m" + "\\u2593" * (step // 2 + 1))
    sys.stdout.write(f"\\x1b[m\\x1b[K {step}\\r\\x1b[{4 - lane}B")
print("done", end="", flush=True)
input()
"""

_TEXTUAL = """from textual.app import App
from textual.widgets import DataTable, Footer, Header, Input, Static


class Demo(App):
    CSS = "Static { background: $accent; height: 3; } Input { border: round green; }"
    BINDINGS = [("q", "quit", "Quit")]
    ENABLE_COMMAND_PALETTE = False

    def compose(self):
        yield Header()
        yield Static("[b]bold[/] [i]italic[/] [u]underline[/] [red on blue]colours[/] 宽字符 👍")
        yield Input("typed")
        yield DataTable()
        yield Footer()

    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_columns("name", "price")
        for number in range(40):
            table.add_row(f"thing {number}", f"{number * 1.1:.2f}")


Demo().run()
"""


def prepare() -> Path:
    """Make the folder anew and return it."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    texts = {
        "shop.py": _PYTHON,
        "demo.1": _PAGE + "\n".join(f".SH SECTION {n}\n\\fBItem {n}\\fR is described in \\fIdetail\\fR here." for n in range(20)),
        "window.py": _CURSES,
        "progress.py": _PROGRESS,
        "app.py": _TEXTUAL,
        "notes.txt": "".join(f"{n:4d} The quick brown fox jumps over the lazy dog{' again' * (n % 13)}.\n" for n in range(400)),
        "wide.txt": "日本語のテキスト、中文文本、한국어 텍스트\nnaïve café Ελληνικά русский\n\ttabs\there\tand there\nˢᵘᵖ ½ € →\n"
        * 12,
    }
    for name, text in texts.items():
        (FOLDER / name).write_text(text)
    (FOLDER / ".bashrc").write_text(
        "PS1='\\[\\e[1;32m\\]demo\\[\\e[0m\\]:\\[\\e[34m\\]\\w\\[\\e[0m\\]\\$ '\nbind 'set bell-style none'\n"
    )
    (FOLDER / ".gitconfig").write_text("[user]\nname = Demo\nemail = demo@example.com\n[init]\ndefaultBranch = main\n")
    (FOLDER / ".config/mc").mkdir(parents=True)
    (FOLDER / ".config/mc/ini").write_text(
        "[Midnight-Commander]\nxterm_title=false\nuse_subshell=false\n[Layout]\nxterm_title=0\n"
    )
    (FOLDER / ".config/htop").mkdir(parents=True)
    (FOLDER / ".config/htop/htoprc").write_text(
        "htop_version=3.2.2\nconfig_reader_min_version=3\nfields=0 17 18 38 39 2 46 47 49 1\nhide_kernel_threads=1\n"
    )
    _make_repository()
    return FOLDER


def _make_repository() -> None:
    folder = FOLDER / "repository"
    folder.mkdir()
    environment = {**os.environ, **ENVIRONMENT}

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True)

    git("init", "-q")
    for number in range(30):
        (folder / "shop.py").write_text(_PYTHON.replace("3.50", f"3.{number:02d}") + f"\n\nVERSION = {number}\n")
        (folder / f"file{number % 5}.txt").write_text(f"{number}\n" * 5)
        git("add", "-A")
        git("commit", "-qm", f"Change number {number}: prices of tea and 牛奶" + "\n\nA body.\n" * (number % 3))
        if number % 10 == 5:
            git("checkout", "-qb", f"side{number}")
            (folder / "side.txt").write_text(f"{number}\n")
            git("add", "-A")
            git("commit", "-qm", f"Side of {number}")
            git("checkout", "-q", "main")
            git("merge", "-q", "--no-ff", "-m", f"Merge side{number}", f"side{number}")
    text = (folder / "shop.py").read_text()
    (folder / "shop.py").write_text(text.replace("return total", "return 2 * total").replace("A shop", "The shop") + "# end\n")
