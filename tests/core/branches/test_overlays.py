"""Commands see the user's ignored folders through overlays: what they write there goes into a layer of the branch."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ramet.branch_models import BranchPlace
from ramet.branches import overlay_launch
from ramet.branches.artefacts import artefacts_of
from ramet.branches.branches import Branches
from ramet.branches.overlay import launcher, why_no_overlay
from ramet.branches.working import Needs
from ramet.cli.recorded_run import run_recorded
from ramet.paths import absolute
from ramet.terminal.pty import spawn
from tests.core.branches.conftest import fork
from tests.core.cli.conftest import Ramet, ramet  # noqa: F401  # a fixture

NEEDS = Needs(artefacts_of("node_modules=overlay"), overlays=True)
NOBODY = 65534


@pytest.fixture(scope="module", autouse=True)
def possible(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Overlays have to work here at all."""
    base = tmp_path_factory.mktemp("possible")
    (base / "folder").mkdir()
    problem = why_no_overlay(base / "folder", base)
    if problem:
        pytest.skip(f"overlays do not work here: {problem}")


@pytest.fixture
def project(shop: Path) -> Path:
    """The shop with an ignored folder."""
    (shop / ".gitignore").write_text("node_modules/\n")
    (shop / "node_modules/left").mkdir(parents=True)
    (shop / "node_modules/index.js").write_text("1\n")
    (shop / "node_modules/left/pad.js").write_text("pad\n")
    return shop


def folder(place: BranchPlace) -> Path:
    return absolute(Path("/"), place.path)


def ran(place: BranchPlace, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*launcher(place), *command], cwd=folder(place), capture_output=True, text=True)


def test_what_a_command_installs_stays_in_its_branch(branches: Branches, project: Path) -> None:
    fork(branches)
    fork(branches, "other")
    mounts = Path("/proc/self/mounts").read_text()
    place = branches.place("try", os.getpid(), NEEDS)
    installed = ran(place, "sh", "-ec", "cd node_modules; echo 2 >index.js; echo new >added.js; rm -r left; mkdir left; ls left")
    finished = branches.finished("try", place.slot).branches[0]
    (project / "node_modules/later.js").write_text("later\n")
    again = branches.place("try", os.getpid(), NEEDS)
    seen = ran(again, "sh", "-c", f"cat node_modules/*.js; ls {project}/node_modules")
    branches.finished("try", again.slot)
    other = branches.place("other", os.getpid(), NEEDS)
    elsewhere = ran(other, "cat", "node_modules/index.js", "node_modules/left/pad.js")

    assert (installed.returncode, installed.stdout, installed.stderr) == (0, "", "")
    assert place.notes == ("Overlaid: node_modules; what a command installs there stays in the branch.",)
    assert seen.stdout == "new\n2\nlater\nadded.js\nindex.js\nlater.js\nleft\n"
    assert finished.stat.files == 0
    assert other.slot == place.slot
    assert elsewhere.stdout == "1\npad\n"
    assert (project / "node_modules/index.js").read_text() == "1\n"
    assert (project / "node_modules/left/pad.js").exists()
    assert Path("/proc/self/mounts").read_text() == mounts


def test_commands_at_the_same_time_see_one_folder(branches: Branches, project: Path) -> None:
    fork(branches)
    place = branches.place("try", os.getpid(), NEEDS)
    words = [*launcher(place), "sh", "-c", "echo first >node_modules/first.js; echo; read line; cat node_modules/second.js"]
    with subprocess.Popen(words, cwd=folder(place), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        first.stdout.readline()
        second = ran(place, "sh", "-c", "cat node_modules/first.js; echo second >node_modules/second.js")
        first.stdin.write("\n")
        first.stdin.close()
        last = first.stdout.read()
    after = ran(place, "ls", "node_modules")

    assert (second.stdout, last) == ("first\n", "second\n"), second.stderr
    assert after.stdout.split() == ["first.js", "index.js", "left", "second.js"]


def test_a_command_is_as_it_would_be_without(branches: Branches, project: Path) -> None:
    fork(branches)
    place = branches.place("try", os.getpid(), NEEDS)
    look = (
        "import os, signal; print(sorted(os.environ.items()), [signal.getsignal(n) for n in signal.valid_signals()], os.getcwd())"
    )
    environment = {"PATH": os.environ["PATH"], "ODD-name": "ä\n", "LC_ALL": "C"}
    words = [sys.executable, "-I", "-c", look]
    with_it, without = (
        subprocess.run([*start, *words], cwd=folder(place), env=environment, capture_output=True)
        for start in (launcher(place), [])
    )
    codes = [ran(place, "sh", "-c", end).returncode for end in ("exit 7", "kill -TERM $$", "kill -KILL $$")]
    (project / "node_modules/odd").write_text("echo no first line; exit 3\n")
    (project / "node_modules/odd").chmod(0o755)
    odd, missing, no_program = ran(place, "node_modules/odd"), ran(place, "no-such-program"), ran(place, "node_modules/index.js")

    assert with_it.stdout == without.stdout
    assert with_it.stdout
    assert codes == [7, -signal.SIGTERM, -signal.SIGKILL]
    assert (odd.returncode, odd.stdout) == (3, "no first line\n")
    assert (missing.returncode, missing.stderr) == (127, "ramet: no-such-program: command not found.\n")
    assert (no_program.returncode, no_program.stderr) == (126, "ramet: node_modules/index.js: not executable.\n")


def test_a_command_has_its_terminal_and_hears_its_keys(branches: Branches, project: Path) -> None:
    fork(branches)
    place = branches.place("try", os.getpid(), NEEDS)
    process, master = spawn([*launcher(place), "sh", "-c", "tty; exec cat"], folder(place), dict(os.environ), 80, 24)
    shown = b""
    while b"/dev/" not in shown:
        shown += os.read(master, 1_000)
    os.write(master, b"\x03")
    code = process.wait(30)
    os.close(master)

    assert code == -signal.SIGINT


def test_output_is_recorded_as_ever(branches: Branches, project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fork(branches)
    place = branches.place("try", os.getpid(), NEEDS)
    done = run_recorded([*launcher(place), "sh", "-c", "echo out; echo err >&2; exit 5"], folder(place), os.environ)

    assert (done.exit_code, capfd.readouterr()) == (5, ("out\n", "err\n"))


def test_where_nobody_starts_commands_the_folder_is_linked(branches: Branches, project: Path) -> None:
    fork(branches)
    place = branches.place("try", 0, Needs(artefacts_of("node_modules=overlay")))

    assert launcher(place) == []
    assert place.notes == ("Linked to the working tree: node_modules; what a command installs there is seen by both.",)


def test_without_namespaces_the_folder_is_linked_and_the_reason_said(
    branches: Branches, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork(branches)
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    place = branches.place("try", os.getpid(), NEEDS)

    assert launcher(place) == []
    assert place.notes[0] == "node_modules gets no overlay: exit code 1."
    assert (folder(place) / "node_modules/index.js").read_text() == "1\n"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter, with a copy of the program that makes overlays."""
    base = Path(tempfile.mkdtemp(prefix="ramet-overlay-"))
    base.chmod(0o755)
    shutil.copy(overlay_launch.__file__, base / "launch.py")
    (base / "launch.py").chmod(0o644)
    yield base
    shutil.rmtree(base)


@pytest.mark.parametrize(
    ("who", "options"),
    [
        ("an ordinary user", ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]),
        ("a container's root", ["--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]),
    ],
)
def test_it_works_in_a_user_namespace_and_gives_no_powers(open_folder: Path, who: str, options: Sequence[str]) -> None:
    setpriv, python = shutil.which("setpriv"), shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if os.geteuid() != 0 or setpriv is None or python is None:
        pytest.skip(f"becoming {who} takes root, setpriv and a Python that everybody may run")
    for place in ("home/layer/upper", "home/layer/work", "lower"):
        (open_folder / place).mkdir(parents=True)
    (open_folder / "lower/file").write_text("old\n")
    for place, names, files in os.walk(open_folder):
        for name in (".", *names, *files):
            os.chown(Path(place, name), *((NOBODY, NOBODY) if who == "an ordinary user" else (0, 0)))
    start = [setpriv, *options, python, "-I", "-S", "launch.py", "home", "lower", "home/layer", "--"]
    script = "id -u; echo new >lower/file; grep -c 'CapEff:.0000000000000000' /proc/self/status; cat lower/file"
    done = subprocess.run([*start, "sh", "-c", script], cwd=open_folder, capture_output=True, text=True)
    if "forbids it" in done.stderr:
        pytest.skip(f"this system lets no user mount: {done.stderr.strip()}")

    uid, count, content = done.stdout.split()
    assert (uid, content) == (str(NOBODY) if who == "an ordinary user" else "0", "new"), done.stderr
    assert count == "1" or who != "an ordinary user"
    assert (open_folder / "lower/file").read_text() == "old\n"


def test_the_command_line_runs_in_overlays_that_the_user_wants(
    ramet: Ramet,  # noqa: F811
    project: Path,
    isolated_environment: Path,
) -> None:
    config = isolated_environment / "config/config.toml"
    config.parent.mkdir(exist_ok=True)
    config.write_text('branch_links = "node_modules=overlay"\n')
    made = ramet("-C", project, "--in-process", "branch", "new", "try")
    done = ramet("-C", project, "--in-process", "branch", "run", "try", "--", "sh", "-c", "echo x >node_modules/x; exit 4")
    kept = ramet("-C", project, "--in-process", "branch", "run", "--json", "try", "--", "cat", "node_modules/x")

    assert (made.code, done.code, json.loads(kept.out)["run"]["output"]) == (0, 4, "x\n"), done.err
    assert "Overlaid: node_modules" in done.err
    assert not (project / "node_modules/x").exists()
