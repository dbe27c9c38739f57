"""Render the pictures of the README: the real app, with its real engine and index, on a pinned release of Flask.

`python screenshots/render.py [--only NAME ...] [--png]` writes `screenshots/NAME.svg`; the release is fetched once by the package
installer, checked against its hash and kept in `build/`. `--png` also writes pictures to look at, next to the SVGs in `build/`,
where `rsvg-convert` is installed.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / "build" / "screenshots"
PACKAGE = "flask==3.1.0"
ARCHIVE = "flask-3.1.0.tar.gz"
SHA256 = "5f873c5184c897c8d9d1b05df1e3d01b14910ce69607a117bd3277098a5836ac"
DEADLINE = 60.0
"""Seconds to wait for anything on the screen; the first index of a fresh data directory is the longest wait."""
QUESTION = "what happens when the app context is popped?"

HOME = Path(tempfile.gettempdir()) / "ramet-pictures"
"""The folder of the repository, which pictures show: the same each time."""

Scene = Callable[[Pilot[None]], Awaitable[None]]


def fetch() -> Path:
    """Return the archive of the pinned release, downloaded when it is not there. Raises RuntimeError on another content."""
    BUILD.mkdir(parents=True, exist_ok=True)
    archive = BUILD / ARCHIVE
    if not archive.exists():
        has_pip = importlib.util.find_spec("pip") is not None
        pip = [sys.executable, "-m", "pip"] if has_pip else [str(Path(sys.executable).with_name("uv")), "tool", "run", "pip"]
        subprocess.run([*pip, "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(BUILD), PACKAGE], check=True)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        message = f"{archive} has the hash {found}, not {SHA256}; remove it and try again"
        raise RuntimeError(message)
    return archive


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack the release as a git repository named `flask` with a small uncommitted change, and return its root."""
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    root = folder / "flask"
    (folder / ARCHIVE.removesuffix(".tar.gz")).rename(root)
    identity = ["-c", "user.name=Ramet", "-c", "user.email=ramet@example.org", "-c", "init.defaultBranch=main"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "Flask 3.1.0"]):
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True)
    (root / "notes.md").write_text("# Notes\n\nWhat to look at next.\n")
    with (root / "src/flask/ctx.py").open("a") as file:
        file.write("\n# reviewed\n")
    return root


async def shown(pilot: Pilot[None], text: str) -> None:
    """Wait until the screen shows a text and has come to rest."""
    end = time.monotonic() + DEADLINE
    while text not in picture_text(pilot):
        if time.monotonic() > end:
            message = f"{text!r} did not appear; the screen shows\n{picture_text(pilot)}"
            raise TimeoutError(message)
        await pilot.pause(0.1)
    await pilot.pause(0.5)


def picture_text(pilot: Pilot[None]) -> str:
    """Return the words on the screen."""
    lines = pilot.app.screen._compositor.render_strips()  # the only way to the text as it is shown
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Type a text into what has the focus."""
    names = {
        " ": "space",
        "?": "question_mark",
        ".": "full_stop",
        "_": "underscore",
        "/": "slash",
        '"': "quotation_mark",
        "-": "minus",
        "'": "apostrophe",
        ",": "comma",
    }
    await pilot.press(*(names.get(character, character) for character in text))


async def answer(pilot: Pilot[None]) -> None:
    """Ask, and follow the first citation into the viewer."""
    await type_text(pilot, QUESTION)
    await pilot.press("enter")
    await shown(pilot, "extract from the code")
    await pilot.press("tab")
    await pilot.pause(0.5)
    await pilot.press("enter")
    await pilot.pause(2.0)


async def search(pilot: Pilot[None]) -> None:
    """Search the code by meaning and words."""
    await pilot.press("ctrl+f")
    await type_text(pilot, "register a teardown function")
    await shown(pilot, "teardown_appcontext")
    await pilot.pause(1.5)


async def keys(pilot: Pilot[None]) -> None:
    """The help screen."""
    await pilot.press("f1")
    await shown(pilot, "Keys")


async def terminal(pilot: Pilot[None]) -> None:
    """A failed command in the terminal, above it the place that it names."""
    await pilot.press("ctrl+j")
    await shown(pilot, "$ ")
    await type_text(pilot, "ls src/flask")
    await pilot.press("enter")
    await shown(pilot, "ctx.py")
    await type_text(pilot, 'python3 -Sc "import src.flask.ctx"')
    await pilot.press("enter")
    await shown(pilot, "explain")
    await pilot.press("ctrl+right_square_bracket", "F", "enter")
    await pilot.pause(1.0)
    await pilot.press("ctrl+j")
    await pilot.pause(0.5)


FLAGS = '''"""Switches in the environment."""

OFF = {"", "0", "false", "no", "off"}


def is_on(value: str | None, default: bool = False) -> bool:
    """Return whether a variable switches something on."""
    return default if value is None else value.strip().lower() not in OFF
'''
OLD_DEBUG = 'return bool(val and val.lower() not in {"0", "false", "no"})'
OLD_DOTENV = """    if not val:
        return default

    return val.lower() in ("0", "false", "no")"""
EDIT = f"""
import pathlib
helpers = pathlib.Path("src/flask/helpers.py")
text = helpers.read_text().replace({OLD_DEBUG!r}, "return is_on(val)")
text = text.replace({OLD_DOTENV!r}, "    return not is_on(val, default=not default)")
helpers.write_text(text.replace("from .globals import", "from .flags import is_on\\nfrom .globals import", 1))
pathlib.Path("src/flask/flags.py").write_text({FLAGS!r})
"""
"""What one of the branches changes."""


def make_branches(root: Path) -> None:
    """Make branches in which something was done, unless an earlier scene did."""
    marker = HOME / "branches-made"
    if marker.exists():
        return
    check = "python3", "-m", "tabnanny", "-v"
    for arguments in (
        ("new", "lookup-error"),
        ("run", "lookup-error", "--", "sed", "-i", "s/RuntimeError/LookupError/", "src/flask/ctx.py"),
        ("run", "lookup-error", "--", *check, "src/flask/ctx.py"),
        ("new", "debug-flag"),
        ("run", "debug-flag", "--", "python3", "-c", EDIT),
        ("run", "debug-flag", "--", *check, "src/flask/helpers.py", "src/flask/flags.py"),
    ):
        ramet = Path(sys.executable).with_name("ramet")
        subprocess.run([ramet, "branch", *arguments], cwd=root, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    marker.touch()


async def on_board(pilot: Pilot[None]) -> None:
    """Open the board with its branches."""
    await asyncio.to_thread(make_branches, HOME / "flask")
    await pilot.press("f2", "ctrl+b")
    await shown(pilot, "debug-flag")


async def board(pilot: Pilot[None]) -> None:
    """All branches and what is known of one."""
    await on_board(pilot)


async def diff(pilot: Pilot[None]) -> None:
    """A branch beside what it was forked from, one hunk of it chosen."""
    await on_board(pilot)
    await pilot.press("d")
    await shown(pilot, "helpers.py")
    await pilot.press("s", "]", "n", "n", "space")
    await pilot.pause(1.0)


async def conflict(pilot: Pilot[None]) -> None:
    """A merge where the working tree has changed the same lines meanwhile."""
    await on_board(pilot)
    helpers = HOME / "flask" / "src/flask/helpers.py"
    before = helpers.read_text()
    helpers.write_text(before.replace(OLD_DEBUG, OLD_DEBUG.replace('"no"', '"no", "off"')))
    try:
        await pilot.press("m")
        await shown(pilot, "working tree now")
        await pilot.press("3")
        await pilot.pause(0.5)
    finally:
        helpers.write_text(before)


async def branch_terminal(pilot: Pilot[None]) -> None:
    """A shell in a branch, above it a file that its command has changed."""
    await on_board(pilot)
    await pilot.press("e")
    await shown(pilot, "$ ")
    await pilot.press("ctrl+right_square_bracket", "ctrl+o")
    await type_text(pilot, "flask/flags.py")
    await shown(pilot, "src/flask/flags.py")
    await pilot.press("enter")
    await shown(pilot, "Switches in the environment")
    await pilot.press("ctrl+j")
    await type_text(pilot, """sed -i 's/"off"/"off", "none"/' src/flask/flags.py""")
    await pilot.press("enter")
    await shown(pilot, '"off", "none"}')
    await type_text(pilot, "python3 -m tabnanny -v src/flask/flags.py")
    await pilot.press("enter")
    await shown(pilot, "Clean bill")


async def welcome(pilot: Pilot[None]) -> None:
    """The app as it opens."""
    await shown(pilot, "Files")


SCENES: dict[str, tuple[Scene, tuple[int, int], str]] = {
    "answer": (answer, (150, 44), "ramet-dark"),
    "answer-light": (answer, (150, 44), "ramet-light"),
    "search": (search, (150, 44), "ramet-dark"),
    "keys": (keys, (120, 40), "ramet-dark"),
    "terminal": (terminal, (150, 44), "ramet-dark"),
    "narrow": (answer, (80, 24), "ramet-dark"),
    "welcome": (welcome, (150, 44), "ramet-dark"),
    "branches": (board, (150, 26), "ramet-dark"),
    "branch-diff": (diff, (150, 44), "ramet-dark"),
    "branch-conflict": (conflict, (120, 28), "ramet-dark"),
    "branch-terminal": (branch_terminal, (150, 44), "ramet-dark"),
}


async def render(name: str, root: Path) -> None:
    """Drive one scene and write its picture."""
    from ramet.cli.main import AppOptions
    from ramet_tui.start import make_app

    scene, size, theme = SCENES[name]
    app = make_app(AppOptions(folder=root, in_process=False, model=""))
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        await shown(pilot, "index ✓")
        await scene(pilot)
        picture = app.export_screenshot(title="ramet")
    (HERE / f"{name}.svg").write_text(picture, encoding="utf-8")
    print(name)


def main() -> int:
    """Render the scenes asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(SCENES), action="append")
    parser.add_argument("--png", action="store_true")
    options = parser.parse_args()
    archive = fetch()
    HOME.mkdir()
    try:
        for name in ("DATA", "CONFIG", "RUNTIME"):
            os.environ[f"RAMET_{name}_DIR"] = str(HOME / name.lower())
        for variable in [name for name in os.environ if name.endswith("_API_KEY")]:
            del os.environ[variable]
        os.environ["OLLAMA_HOST"] = "http://127.0.0.1:1"
        os.environ["TEXTUAL_ANIMATIONS"] = "none"
        os.environ |= {"HOME": str(HOME), "SHELL": "/bin/bash"}
        (HOME / ".bashrc").write_text("PS1='\\[\\e[36m\\]flask\\[\\e[m\\] $ '\n")
        root = unpack(archive, HOME)
        try:
            for name in options.only or SCENES:
                for stored in (HOME / "data" / "repositories").glob("*/conversations.db*"):
                    stored.unlink()
                asyncio.run(render(name, root))
                if options.png:
                    subprocess.run(["rsvg-convert", "-o", BUILD / f"{name}.png", HERE / f"{name}.svg"], check=True)
        finally:
            subprocess.run([Path(sys.executable).with_name("ramet"), "engine", "stop"], check=False, stdout=subprocess.DEVNULL)
    finally:
        shutil.rmtree(HOME)
    return 0


if __name__ == "__main__":
    sys.exit(main())
