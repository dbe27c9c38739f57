"""The terminal pane as a person uses it: real programs in it, in the real app in a real terminal (tmux)."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.e2e.test_app_in_tmux import RAMET, Tmux, tmux

__all__ = ["tmux"]
pytestmark = [
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
    pytest.mark.skipif(shutil.which("vim") is None or shutil.which("less") is None, reason="vim or less is not installed"),
]

PASSWORD = "import getpass; print('got', len(getpass.getpass('Password: ')))"
PROGRESS = (
    "import sys\n"
    "for step in range(0, 101, 5): sys.stdout.write(f'\\r[{\"#\" * (step // 5):20}] {step}%'); sys.stdout.flush()\n"
    "print(); print('bar', 'over')"
)


def open_terminal(tmux: Tmux) -> None:
    """Start the app, open the terminal and give it the whole screen."""
    home = Path(os.environ["HOME"])
    (home / ".bashrc").write_text("PS1='prompt> '\nexport LESS= PAGER=less GIT_PAGER=cat\n")
    tmux.type(f"SHELL={shutil.which('bash')} {RAMET}; echo left with $?")
    tmux.keys("Enter")
    tmux.wait_for("index ✓")
    tmux.keys("C-j")
    tmux.wait_for("prompt>")
    tmux.keys("C-]")
    tmux.wait_for("esc back to the shell")
    tmux.keys("F6")
    tmux.wait_for("^j Terminal")
    tmux.keys("Escape")
    tmux.wait_for("bash  ^] look around")  # Escape and what follows at once would be Alt


def run(tmux: Tmux, command: str) -> None:
    tmux.type(command)
    tmux.keys("Enter")


def test_real_programs_work_in_the_terminal(tmux: Tmux, shop: Path, tmp_path: Path) -> None:
    """vim with Escape, less with its search, git's questions, a hidden password and a bar that is drawn over."""
    (tmp_path / "password.py").write_text(PASSWORD)
    (tmp_path / "bar.py").write_text(PROGRESS)
    cart = shop / "shop" / "cart.py"
    open_terminal(tmux)

    run(tmux, "vim -u NONE -N notes.txt")
    tmux.wait_for('"notes.txt" [New]')
    tmux.type("iwritten in vim")
    tmux.wait_for("written in vim")
    tmux.keys("Escape")
    run(tmux, ":wq")
    tmux.wait_for("✓ prompt> vim")
    written = (shop / "notes.txt").read_text()

    run(tmux, f"less {cart}")
    tmux.wait_for("class Cart")
    run(tmux, "/checkout")
    tmux.wait_for("def checkout")
    tmux.type("q")
    tmux.wait_for("✓ prompt> less")

    cart.write_text(cart.read_text() + "\n# a remark\n")
    run(tmux, "git add -p")
    tmux.wait_for("Stage this hunk")
    run(tmux, "y")
    run(tmux, "git diff --cached --stat")
    tmux.wait_for("1 file changed")

    run(tmux, f"{sys.executable} {tmp_path / 'password.py'}")
    tmux.wait_for("Password:")
    run(tmux, "hunter2")
    hidden = tmux.wait_for("got 7")

    run(tmux, f"{sys.executable} {tmp_path / 'bar.py'}")
    bar = tmux.wait_for("bar over")

    tmux.keys("C-]")
    tmux.wait_for("back to the shell")
    tmux.keys("C-q")
    tmux.wait_for("left with 0")

    assert written == "written in vim\n"
    assert "hunter2" not in hidden
    assert "[####################] 100%" in bar
    assert "95%" not in bar
