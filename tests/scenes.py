"""States of the app worth a picture: snapshot tests compare them, and screenshots are made from them.

A scene is a scripted workspace on a small made-up repository, what the user did there, and what must be waited for:

    app = scene.app(write_orchard(folder), theme="ramet-dark")
    async with app.run_test(size=(120, 40)) as pilot:
        await scene.play(pilot)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace
from textual.pilot import Pilot

from ramet.errors import EngineCrashed, StoreLocked
from ramet.events import Answered, IndexProgress, ModelChosen, Retrieved, Scanned, TextDelta
from ramet.models import (
    Citation,
    FileChange,
    GitHead,
    Hit,
    IndexStatus,
    ModelChoice,
    Reason,
    Source,
    Symbol,
    Usage,
)
from ramet.workspace.protocol import Workspace
from ramet_tui.app import RametApp
from ramet_tui.messages import PlaceSelected
from ramet_tui.preferences import Preferences
from ramet_tui.themes import DARK
from tests.tui.branches.branching import CONFLICTS, DIFF, NOW, BranchingWorkspace, checked, several
from tests.tui.piloting import press, settle, type_text
from tests.tui.scripted_shell import ScriptedShell, command, prompt, started
from tests.tui.scripted_workspace import Pause, ScriptedWorkspace

GROVE = '''"""A grove: many stems, one root."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from orchard.weather import Season, frost_expected

RING_WIDTH = 1.8
"""Millimetres that a stem grows in a good year."""


@dataclass
class Stem:
    """One trunk above the ground."""

    name: str
    rings: int = 0
    children: list[Stem] = field(default_factory=list)

    def grow(self, season: Season) -> float:
        """Add a ring and return how wide it is."""
        if frost_expected(season):
            return 0.0  # buds that froze do not grow
        self.rings += 1
        return RING_WIDTH * season.sunshine

    def sprout(self, name: str) -> Stem:
        """Let a new stem rise from the shared root."""
        child = Stem(name)
        self.children.append(child)
        return child


class Grove:
    """All stems that share one root."""

    def __init__(self, first: Stem) -> None:
        self._first = first

    def stems(self) -> Iterator[Stem]:
        """Yield every stem, the oldest first."""
        waiting = [self._first]
        while waiting:
            stem = waiting.pop(0)
            yield stem
            waiting.extend(stem.children)

    def age(self) -> int:
        """Return the rings of the oldest stem."""
        return max(stem.rings for stem in self.stems())


def survey(grove: Grove, seasons: list[Season]) -> dict[str, float]:
    """Let a grove grow and return how much each stem gained."""
    gained: dict[str, float] = {}
    for season in seasons:
        for stem in grove.stems():
            gained[stem.name] = gained.get(stem.name, 0.0) + stem.grow(season)
    return gained
'''

FILES = {
    "README.md": "# Orchard\n\nSimulates a grove of aspens: many stems, one root.\n\n## Use\n\n    python -m orchard survey\n",
    "orchard/__init__.py": "",
    "orchard/grove.py": GROVE,
    "orchard/weather.py": (
        '"""Weather of a season."""\n\nfrom dataclasses import dataclass\n\n\n@dataclass\nclass Season:\n    year: int\n'
        "    sunshine: float\n    coldest: float\n\n\ndef frost_expected(season: Season) -> bool:\n"
        '    """Buds freeze below two degrees under zero."""\n    return season.coldest < -2.0\n'
    ),
    "orchard/report.py": "def table(gained: dict[str, float]) -> list[str]:\n    return [f'{k}: {gained[k]}' for k in gained]\n",
    "tests/test_grove.py": "from orchard.grove import Grove, Stem\n\n\ndef test_age():\n    assert Grove(Stem('a')).age() == 0\n",
    "tests/test_weather.py": "def test_frost() -> None:\n    assert True\n",
    "web/map.ts": "export function draw(stems: string[]): string {\n  return stems.join(' ');\n}\n",
    "pyproject.toml": '[project]\nname = "orchard"\n',
}

BINARY = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"

SYMBOLS = (
    Symbol("RING_WIDTH", "RING_WIDTH", "constant", 10, 10, "RING_WIDTH = 1.8", "orchard/grove.py"),
    Symbol("Stem", "Stem", "class", 14, 34, "class Stem:", "orchard/grove.py"),
    Symbol("grow", "Stem.grow", "method", 22, 27, "def grow(self, season: Season) -> float:", "orchard/grove.py"),
    Symbol("sprout", "Stem.sprout", "method", 29, 33, "def sprout(self, name: str) -> Stem:", "orchard/grove.py"),
    Symbol("Grove", "Grove", "class", 36, 52, "class Grove:", "orchard/grove.py"),
    Symbol("stems", "Grove.stems", "method", 42, 48, "def stems(self) -> Iterator[Stem]:", "orchard/grove.py"),
    Symbol("age", "Grove.age", "method", 50, 52, "def age(self) -> int:", "orchard/grove.py"),
    Symbol("survey", "survey", "function", 55, 61, "def survey(grove, seasons)", "orchard/grove.py"),
    Symbol("Season", "Season", "class", 6, 10, "class Season:", "orchard/weather.py"),
    Symbol("frost_expected", "frost_expected", "function", 13, 15, "def frost_expected(season)", "orchard/weather.py"),
)

CHANGES = (
    FileChange("orchard/grove.py", "modified"),
    FileChange("orchard/report.py", "untracked"),
    FileChange("tests/test_weather.py", "conflict"),
    FileChange("web/map.ts", "added"),
)


def _span(path: str, first: int, last: int) -> str:
    return "\n".join(FILES[path].split("\n")[first - 1 : last])


def _hit(path: str, first: int, last: int, symbol: str, *reasons: Reason) -> Hit:
    return Hit(path, first, last, symbol, "method", "python", 1.0, reasons, _span(path, first, last), f"{path}:{first}")


HITS = (
    _hit("orchard/grove.py", 22, 27, "Stem.grow", Reason("lexical", "frost, grow", 0.6), Reason("symbol", "grow", 0.3)),
    _hit(
        "orchard/weather.py", 13, 15, "frost_expected", Reason("lexical", "frost", 0.5), Reason("dense", "similarity 0.61", 0.3)
    ),
    _hit("orchard/grove.py", 55, 61, "survey", Reason("dense", "similarity 0.48", 0.3)),
    _hit("README.md", 1, 3, "Orchard", Reason("path", "orchard", 0.1)),
)

SOURCES = (
    Source(1, "orchard/grove.py", 22, 27, "Stem.grow", "python", "k1", _span("orchard/grove.py", 22, 27)),
    Source(2, "orchard/weather.py", 13, 15, "frost_expected", "python", "k2", _span("orchard/weather.py", 13, 15)),
    Source(3, "orchard/grove.py", 55, 61, "survey", "python", "k3", _span("orchard/grove.py", 55, 61)),
)

MODEL = ModelChoice(name="anthropic/claude-sonnet-4-5", origin="--model")

ANSWER = (
    "A stem stops growing in a year with late frost: `Stem.grow` returns **0.0** before it adds a ring [1].\n\n"
    "Frost means that the coldest night is below minus two degrees [2]:\n\n"
    "```python\ndef frost_expected(season: Season) -> bool:\n    return season.coldest < -2.0\n```\n\n"
    "`survey` still counts that year, with nothing gained [3]."
)

ANSWERED = Answered(
    text=ANSWER,
    citations=tuple(
        Citation(source.number, "valid", source.path, source.start_line, source.end_line, source.symbol, source.key)
        for source in SOURCES
    ),
    usage=Usage(input_tokens=11_480, output_tokens=212, cost=0.031, context_window=200_000),
    conversation="c1",
)

Act = Callable[[Pilot[None]], Awaitable[None]]
Prepare = Callable[[BranchingWorkspace], None]


def write_orchard(root: Path) -> Path:
    """Write the repository of the scenes and return its folder."""
    folder = root / "orchard"
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (folder / "web" / "aspen.png").write_bytes(BINARY)
    return folder


@dataclass(frozen=True)
class Scene:
    """One state of the app."""

    name: str
    act: Act
    prepare: Prepare = lambda _workspace: None
    waiting: tuple[str, ...] = ()
    """Groups of workers that do not come to an end in this scene."""
    files: dict[str, str] = field(default_factory=dict)
    """Files besides those of the orchard."""
    shell: Callable[[], ScriptedShell] | None = None
    """What runs in the terminal."""

    def app(self, root: Path, theme: str = DARK) -> RametApp:
        """Return the app on the repository that `write_orchard` wrote."""
        for name, text in self.files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        workspace = BranchingWorkspace(
            root,
            name="orchard",
            index=IndexStatus(state="ready", files=9, chunks=31, vectors=31, lexical_ready=True, dense_ready=True),
            model=MODEL.name,
        )
        workspace.change(changed_files=4, head=GitHead("late-frost", "5f0c9d2e"))
        workspace.symbol_list = SYMBOLS
        workspace.file_changes = CHANGES
        workspace.hits = HITS
        workspace.file_paths = tuple(sorted((*FILES, *self.files, "web/aspen.png")))
        self.prepare(workspace)

        async def open_workspace() -> Workspace:
            return workspace

        app = RametApp(root, open_workspace, preferences=Preferences(theme=theme))
        app.main.clock = lambda: NOW
        if self.shell is not None:
            app.main.open_shell = self.shell()
        return app

    async def play(self, pilot: Pilot[None]) -> None:
        """Do what leads to the state, beginning in the files."""
        await settle(pilot, *self.waiting)
        if not pilot.app.screen.is_modal:
            await pilot.press("f2")
            await settle(pilot, *self.waiting)
        await self.act(pilot)
        await settle(pilot, *self.waiting)
        if self.shell is not None:
            await _drawn(pilot)


async def _nothing(_pilot: Pilot[None]) -> None:
    """Look at what is there."""


def _open(path: str, start_line: int = 0, end_line: int = 0) -> Act:
    async def act(pilot: Pilot[None]) -> None:
        pilot.app.screen.post_message(PlaceSelected(path, start_line, end_line))
        await settle(pilot)

    return act


def _keys(*keys: str) -> Act:
    async def act(pilot: Pilot[None]) -> None:
        for key in keys:
            await (press(pilot, key) if len(key) == 1 or "+" in key or key in NAMED_KEYS else type_text(pilot, key))

    return act


FUNCTION_KEYS = frozenset(f"f{number}" for number in range(1, 13))
NAMED_KEYS = FUNCTION_KEYS | {"enter", "escape", "down", "up", "slash", "end", "tab", "space", "left_square_bracket"}
LEAVE = "ctrl+right_square_bracket"
"""Leaves the program in the terminal."""


def _then(*acts: Act) -> Act:
    async def act(pilot: Pilot[None]) -> None:
        for one in acts:
            await one(pilot)

    return act


def _answer(workspace: ScriptedWorkspace) -> None:
    workspace.answers.append([ModelChosen(MODEL, "c1"), Retrieved(SOURCES), TextDelta(ANSWER), ANSWERED])


def _indexing(workspace: ScriptedWorkspace) -> None:
    workspace.present = ScriptedWorkspace(workspace.root, name="orchard", index=IndexStatus(state="missing")).present
    workspace.syncs.append([Scanned(9, 9, 0, 0), IndexProgress("parsing", 4, 9, 0, 0, "orchard/grove.py"), Pause()])


def _locked(workspace: ScriptedWorkspace) -> None:
    workspace.syncs.append([StoreLocked("Another process owns the data directory.", "Close it, or wait until it is done.")])


def _crash(workspace: ScriptedWorkspace) -> None:
    error = EngineCrashed(
        "The engine went away in the middle of a request.", "Look at the log: ~/.local/share/ramet/logs/engine.log"
    )
    workspace.failures["watch"] = error


def _closed(workspace: ScriptedWorkspace) -> None:
    workspace.hold("watch")


def _empty(workspace: ScriptedWorkspace) -> None:
    workspace.file_paths = ()
    workspace.file_changes = ()


TESTS = (
    "\x1b[1m======== test session starts ========\x1b[m\n"
    "tests/test_grove.py \x1b[32m......\x1b[31mF\x1b[32m.\x1b[m    \x1b[32m[ 57%]\x1b[m\n"
    "tests/test_weather.py \x1b[32m......\x1b[m    \x1b[32m[100%]\x1b[m\n\n"
    "\x1b[1m\x1b[31m>   assert gained['a'] == 1.8\x1b[m\n"
    "\x1b[1m\x1b[31mE   assert 0.0 == 1.8\x1b[m\n\n"
    "\x1b[1m\x1b[31mtests/test_grove.py\x1b[m:5: AssertionError\n"
    "\x1b[31m\x1b[1m1 failed\x1b[m, \x1b[32m13 passed\x1b[m\x1b[31m in 0.42s\x1b[m\n"
)

STATUS = " \x1b[31mM\x1b[m orchard/grove.py\n\x1b[31m??\x1b[m orchard/report.py\n"

LISTING = "\x1b[1;34morchard\x1b[m  pyproject.toml  README.md  \x1b[1;34mtests\x1b[m  \x1b[1;34mweb\x1b[m\n"


def _session() -> ScriptedShell:
    script = command("ls", LISTING) + command("git status -s", STATUS) + command("pytest -q", TESTS, 1) + prompt()
    return ScriptedShell(script, 0.01, 0.02, 0.97)


def _editor() -> ScriptedShell:
    """A program that has the whole screen."""
    lines = GROVE.splitlines()[:9]
    drawn = "".join(f"\x1b[{number};1H\x1b[33m{number:>3} \x1b[m{line}" for number, line in enumerate(lines, 1))
    bar = "\x1b[11;1H\x1b[7m orchard/grove.py                 1,1   Top \x1b[m\x1b[1;5H"
    return ScriptedShell(command("ls", LISTING) + started("vim orchard/grove.py") + "\x1b[?1049h" + drawn + bar, 0.01, 0.0)


def _ended() -> ScriptedShell:
    return ScriptedShell(command("ls", LISTING) + started("exit 3") + "exit\r\n", 0.01, 0.0, exit_code=3)


async def _terminal(pilot: Pilot[None]) -> None:
    await press(pilot, "ctrl+j")
    assert isinstance(pilot.app, RametApp)
    while (pane := pilot.app.main.terminal) is None or pane.current is None or not pane.current.session.emulator.revision:
        await pilot.pause(0.01)
    await settle(pilot)


def _branches(workspace: BranchingWorkspace) -> None:
    workspace.branch_list = several()
    workspace.diffs = {"": DIFF}
    changed = {**FILES, "orchard/grove.py": GROVE.replace("1.8", "2.1"), "orchard/frost.py": "\n"}
    workspace.files_of = {"late-buds": {name: text.encode() for name, text in changed.items()}}


def _checked(workspace: BranchingWorkspace) -> None:
    workspace.branch_list = checked()


def _checking(workspace: BranchingWorkspace) -> None:
    _checked(workspace)
    workspace.hold("branch_place")


async def _check_without_end(pilot: Pilot[None]) -> None:
    await press(pilot, "ctrl+b", "down")
    await pilot.press("c", "up")
    await settle(pilot, "branch-checks")


def _conflicts(workspace: BranchingWorkspace) -> None:
    _branches(workspace)
    workspace.conflicts = CONFLICTS


def _counted(workspace: BranchingWorkspace) -> None:
    _branches(workspace)
    workspace.present = replace(workspace.present, branches=4)


def _in_branch() -> ScriptedShell:
    script = command("sed -i s/1.8/2.1/ orchard/grove.py", "") + command("pytest -q", TESTS, 1) + prompt()
    return ScriptedShell(script, 0.02, 0.97)


async def _drawn(pilot: Pilot[None]) -> None:
    """Wait for the frame of the terminal that is due."""
    assert isinstance(pilot.app, RametApp)
    while (pane := pilot.app.main.terminal) is not None and pane.current is not None and pane.current.is_frame_due:
        await pilot.pause(0.01)
    await settle(pilot)


LONG_FILES = {
    f"{'deep/' * 6}a_module_with_a_very_long_name_indeed.py": "x = 1\n",
    "orchard/" + "long_" * 30 + "name.py": "y = 2\n",
    "orchard/漢字のファイル.py": "名前 = '幅の広い文字'\n\tタブ\n",
    "orchard/evil\x1b[31m.txt": "esc \x1b[2J and bidi \u202e here\n" + "wide 漢字 " * 60 + "\n",
}

SCENES: dict[str, Scene] = {
    scene.name: scene
    for scene in (
        Scene("files", _nothing),
        Scene("connecting", _nothing, _closed),
        Scene("indexing", _nothing, _indexing, waiting=("index",)),
        Scene("empty", _nothing, _empty),
        Scene("code", _then(_open("orchard/grove.py", 22, 27))),
        Scene("answer", _then(_open("orchard/grove.py", 22, 27), _keys("f5", "Why do stems stop growing?", "enter")), _answer),
        Scene("find-in-file", _then(_open("orchard/grove.py"), _keys("slash", "season"))),
        Scene("filter", _keys("slash", "gro")),
        Scene("file-finder", _keys("ctrl+o", "test")),
        Scene("symbol-finder", _keys("ctrl+t", "s")),
        Scene("code-search", _keys("ctrl+f", "frost")),
        Scene("palette", _keys("ctrl+p")),
        Scene("palette-query", _keys("ctrl+p", "index")),
        Scene("help", _keys("f1")),
        Scene("binary", _open("web/aspen.png")),
        Scene("gone", _open("orchard/roots.py")),
        Scene("long-names", _then(_open("orchard/evil\x1b[31m.txt")), files=LONG_FILES),
        Scene("zoomed", _then(_open("orchard/grove.py", 42), _keys("f6"))),
        Scene("problem", _nothing, _crash),
        Scene("toast", _nothing, _locked),
        Scene("terminal", _then(_open("orchard/grove.py", 22, 27), _terminal), shell=_session),
        Scene(
            "terminal-folded",
            _then(_terminal, _keys(LEAVE, *["left_square_bracket"] * 2, "z", "down", "down")),
            shell=_session,
        ),
        Scene("terminal-search", _then(_terminal, _keys(LEAVE, "slash", "grove")), shell=_session),
        Scene("terminal-editor", _terminal, shell=_editor),
        Scene("terminal-ended", _terminal, shell=_ended),
        Scene("branches", _keys("ctrl+b", "a"), _branches),
        Scene("branches-none", _keys("ctrl+b")),
        Scene("branch-checks", _check_without_end, _checking, waiting=("branch-checks",)),
        Scene("branch-compare", _keys("ctrl+b", "t", "down"), _checked),
        Scene("branch-check-output", _keys("ctrl+b", "t", "down", "o"), _checked),
        Scene("branch-diff", _keys("ctrl+b", "d", "n", "n", "space"), _branches),
        Scene("branch-diff-split", _keys("ctrl+b", "d", "s"), _branches),
        Scene("branch-conflicts", _keys("ctrl+b", "m", "3"), _conflicts),
        Scene("branch-look", _then(_open("orchard/grove.py", 10), _keys("ctrl+b", "enter")), _branches),
        Scene(
            "terminal-branch",
            _then(_open("orchard/grove.py", 10), _keys("ctrl+b", "enter"), _terminal),
            _branches,
            shell=_in_branch,
        ),
        Scene(
            "terminal-branch-left",
            _then(_keys("ctrl+b", "enter"), _terminal, _keys(LEAVE, "alt+w")),
            _counted,
            shell=_in_branch,
        ),
        Scene(
            "terminal-zoomed",
            _then(_terminal, _keys(LEAVE, "t", "ctrl+right_square_bracket", "f6")),
            shell=_session,
        ),
    )
}
