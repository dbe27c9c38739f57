"""Commands of other terminals: `ramet shell`, `run` and `hook` on real ones, and `terminal`, which finds what they recorded."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.engine.client import open_workspace
from ramet.models import AskRequest, CommandRun
from ramet.paths import UserDirectories
from tests.core.cli.conftest import Pipe, Ramet
from tests.core.terminal.shell_session import needed
from tests.core.terminal.test_pty import Watched
from tests.tui.scripted_workspace import ScriptedWorkspace

RAMET = Path(sys.executable).with_name("ramet")
KEY = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"

Recorded = Callable[[], list[CommandRun]]


@pytest.fixture
def recorded(shop: Path) -> Recorded:
    """Return what is stored of the shop, the oldest first, with output."""

    async def look() -> list[CommandRun]:
        workspace = await open_workspace(shop, in_process=True, environment=os.environ)
        try:
            return [await workspace.command(each.id) for each in reversed(await workspace.commands(100))]
        finally:
            await workspace.close()

    return lambda: asyncio.run(look())


@pytest.fixture
def rc(isolated_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that bash reads."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(isolated_environment))
    file = isolated_environment / ".bashrc"
    file.write_text("PS1='$ '\nHISTCONTROL=ignoreboth\n")
    return file


def files_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def asked_with(workspace: ScriptedWorkspace) -> AskRequest:
    [request] = [call for name, call in workspace.calls if name == "ask"]
    assert isinstance(request, AskRequest)
    return request


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_recorded_shell_is_the_shell_of_the_user(
    shell: str, shop: Path, rc: Path, isolated_environment: Path, recorded: Recorded, directories: UserDirectories
) -> None:
    """One walk through all that matters on a terminal: size, keys, signals, exit code, and what stays afterwards."""
    needed(shell)
    (isolated_environment / ".zshrc").write_text("PS1='%% '\n")
    watched = Watched(shop, str(RAMET), "shell", "--shell", shell, environment={"TERM": "xterm-256color"})
    try:
        lines = (
            "stty size; cd shop; pwd",
            "stty size; echo re''sized",
            " echo with''held; true",
            f"echo {KEY} gr''ün; false",
        )
        for number, line in enumerate(lines, 1):
            watched.until_times(b"\x1b]133;A", number)
            watched.pty.write(f"{line}\n".encode())
            watched.until_times(b"\x1b]133;D", number)
            watched.pty.resize(70, 20)
        watched.until_times(b"\x1b]133;A", 5)
        watched.pty.write(b"yes flo''od\n")
        watched.until(b"flood\r\n")
        watched.pty.write(b"\x03")
        watched.until_times(b"\x1b]133;A", 6)
        watched.pty.write(b"exit 7\n")
        seen = watched.to_the_end()
        code = watched.pty.exit_code
    finally:
        watched.pty.close()
        assert watched.pty.join(30)
    spooled = files_of(directories.data / "spool")
    runs = recorded()

    assert code == 7
    assert b"7717" not in seen
    assert [(each.command, each.exit_code) for each in runs] == [
        ("stty size; cd shop; pwd", 0),
        ("stty size; echo re''sized", 0),
        ("echo <secret:github-token#1> gr''ün; false", 1),
        ("yes flo''od", 130),
        ("exit 7", 7 if shell == "fish" else None),
    ]
    assert runs[0].output == f"31 93\n{shop.resolve() / 'shop'}\n"
    assert runs[1].output == "20 70\nresized\n"
    assert runs[2].output == "<secret:github-token#1> grün\n"
    assert runs[2].folder == str(shop.resolve() / "shop")
    assert runs[3].output.startswith("flood\nflood\n")
    assert KEY.encode() not in spooled + files_of(directories.data)
    assert not any((directories.data / "spool").iterdir())


def test_a_terminal_is_restored_also_when_the_recorded_shell_is_killed(shop: Path, rc: Path) -> None:
    shell = f"{shlex.quote(str(RAMET))} shell --shell bash"
    script = f'stty -a >before; {shell}; echo "left $?"; stty -a >after; cmp before after && echo same'
    watched = Watched(shop, "sh", "-c", script, environment={"TERM": "xterm-256color"})
    try:
        watched.until(b"\x1b]133;A")
        watched.pty.write(b"kill -9 $$\n")
        seen = watched.to_the_end()
    finally:
        watched.pty.close()

    assert b"left 137\r\n" in seen
    assert b"same\r\n" in seen


def test_a_recorded_shell_in_a_recorded_shell_is_refused(ramet: Ramet, monkeypatch: pytest.MonkeyPatch) -> None:
    no_terminal = ramet("shell")
    monkeypatch.setenv("RAMET_TERMINAL", "shell")
    nested = ramet("shell")
    monkeypatch.setenv("TMUX", "/tmp/tmux,1,0")
    in_tmux = ramet("shell")

    assert (no_terminal.code, nested.code, in_tmux.code) == (2, 2, 2)
    assert "needs a terminal" in in_tmux.err
    assert "needs a terminal" in no_terminal.err
    assert "recorded already" in nested.err


def test_a_command_in_a_pipe_keeps_its_two_streams_and_its_exit_code(shop: Path, recorded: Recorded) -> None:
    script = f"read x; echo out $x; echo err {KEY} >&2; exit 3"
    done = subprocess.run([RAMET, "run", "--", "sh", "-c", script], cwd=shop, input=b"typed\n", capture_output=True)
    missing = subprocess.run([RAMET, "run", "no-such-program"], cwd=shop, capture_output=True)
    plain = subprocess.run([RAMET, "run", "./README.md"], cwd=shop, capture_output=True)
    killed = subprocess.Popen([RAMET, "run", "sh", "-c", "echo ready; exec sleep 100"], cwd=shop, stdout=subprocess.PIPE)
    assert killed.stdout is not None
    assert killed.stdout.readline() == b"ready\n"
    killed.send_signal(signal.SIGTERM)
    killed_code = killed.wait(30)
    killed.stdout.close()
    runs = recorded()

    assert (done.stdout, done.stderr, done.returncode) == (b"out typed\n", f"err {KEY}\n".encode(), 3)
    assert (missing.stdout, missing.returncode) == (b"", 127)
    assert missing.stderr == b"ramet: no-such-program: command not found.\n"
    assert plain.returncode == 126
    assert killed_code == 128 + signal.SIGTERM
    assert [(each.terminal, each.exit_code) for each in runs] == [("run", 3), ("run", 143)]
    assert runs[0].command.startswith("sh -c 'read x; ")
    assert sorted(runs[0].output.splitlines()) == ["err <secret:github-token#1>", "out typed"]


def test_a_command_on_a_terminal_gets_one_of_its_own(shop: Path, recorded: Recorded) -> None:
    script = "test -t 0 && test -t 1 && test -t 2 && stty size; printf '\\033[?1049hfull\\033[?1049l'; exit 4"
    watched = Watched(shop, str(RAMET), "run", "--", "sh", "-c", script)
    try:
        seen = watched.to_the_end()
    finally:
        watched.pty.close()
    [run] = recorded()

    assert watched.pty.exit_code == 4
    assert b"31 93\r\n" in seen
    assert b"full" in seen
    assert (run.exit_code, run.output, run.is_full_screen) == (4, "31 93\n", True)


@pytest.mark.parametrize("problem", ["spool", "configuration"])
def test_what_cannot_be_recorded_runs_all_the_same(problem: str, shop: Path, directories: UserDirectories) -> None:
    if problem == "spool":
        directories.data.write_text("a file, not a folder")
    else:
        directories.config.mkdir()
        directories.config_file.write_text("[terminal]\nrecord = 3\n")
    done = subprocess.run([RAMET, "run", "--", "sh", "-c", "echo fine; exit 3"], cwd=shop, capture_output=True)

    assert (done.stdout, done.returncode) == (b"fine\n", 3)
    assert done.stderr.startswith(b"ramet: not recorded: ")
    assert done.stderr.count(b"\n") == 1
    assert problem == "spool" or b"true or false" in done.stderr


def test_recording_can_be_switched_off(shop: Path, ramet: Ramet, recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAMET_TERMINAL_RECORD", "false")
    done = subprocess.run([RAMET, "run", "sh", "-c", "exit 5"], cwd=shop)
    hook = ramet("hook", "bash")
    shown = ramet("config", "show")

    assert done.returncode == 5
    assert (hook.out, hook.code) == ("", 0)
    assert "Nothing is recorded" in hook.err
    assert "terminal.record         false" in shown.out
    assert recorded() == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "bash of old"])
def test_a_hook_writes_down_each_command_without_its_output(
    shell: str, shop: Path, ramet: Ramet, recorded: Recorded, rc: Path, isolated_environment: Path, directories: UserDirectories
) -> None:
    name = shell.partition(" ")[0]
    program = needed(name)
    home = isolated_environment
    script = ramet("hook", name).out
    if shell == "bash of old":
        script = script.replace("BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]", "302")
    (home / "hook").write_text(script)
    rc.write_text("PS1='$ '\nHISTCONTROL=ignoreboth\n. ~/hook\n")
    (home / ".zshrc").write_text("PS1='%% '\n. ~/hook\n")
    (home / ".config/fish").mkdir(parents=True)
    (home / ".config/fish/config.fish").write_text("set -g fish_greeting\nsource ~/hook\n")
    watched = Watched(shop, program, "-i", environment={"TERM": "xterm-256color"})
    lines = ("echo 'two  words;%41 ü'", "cd web", " echo withheld", "false", "false", "echo 'a\nb'", "echo the e''nd")
    try:
        watched.pty.write("".join(f"{line}\n" for line in lines).encode())
        watched.until(b"the end\r\n")
        while b"the%20e" not in files_of(directories.data / "spool"):
            watched.until_more()
        modes = {stat.S_IMODE(file.stat().st_mode) for file in (directories.data / "spool").glob("*.log")}
        early = recorded()
        waiting = [file.name for file in (directories.data / "spool").glob("*.log")]
        watched.pty.write(b"echo m''ore\n")
        watched.until(b"more\r\n")
        watched.pty.write(b"exit\n")
        watched.to_the_end()
    finally:
        watched.pty.close()
        assert watched.pty.join(30)
    subprocess.run(
        [program, "-i"],
        cwd=shop,
        input=b"echo recorded already\n",
        capture_output=True,
        env={**os.environ, "RAMET_TERMINAL": "1"},
    )
    runs = recorded()

    assert modes == {0o600}
    assert len(waiting) == 1
    assert [(each.command, each.exit_code) for each in runs[: len(early)]] == [
        ("echo 'two  words;%41 ü'", 0),
        ("cd web", 0),
        ("false", 1),
        ("false", 1),
        ("echo 'a\nb'", 0),
        ("echo the e''nd", 0),
    ]
    assert runs[len(early)].command == "echo m''ore"
    assert "recorded already" not in "".join(each.command for each in runs)
    assert {each.folder for each in runs[:2]} == {str(shop.resolve())}
    assert runs[2].folder == str(shop.resolve() / "web")
    assert all(not each.has_output and (each.duration or 0) < 30 and each.started > 1_700_000_000 for each in runs)
    assert not any((directories.data / "spool").iterdir())
    assert b"7717" not in watched.seen


def test_what_was_recorded_is_listed_shown_found_and_forgotten(ramet: Ramet, shop: Path) -> None:
    local = ("--in-process", "-C", shop)
    nothing = [ramet(*local, "terminal", action) for action in ("list", "last-error")]
    for command in ("echo Zanzibar; echo '\x1b[2Jevil' >&2; exit 3", "echo fine"):
        subprocess.run([RAMET, "run", "sh", "-c", command], cwd=shop / "web", capture_output=True)
    listed = ramet(*local, "terminal", "list")
    failed = ramet(*local, "terminal", "list", "--failed", "--json")
    shown = ramet(*local, "terminal", "show", "@t1")
    last = ramet(*local, "terminal", "last-error", "--json")
    told = ramet(*local, "terminal", "last-error")
    found = ramet(*local, "terminal", "search", "zanzi")
    wrong = [
        ramet(*local, "terminal", *arguments)
        for arguments in (("show", "x"), ("show", "99"), ("forget",), ("forget", "1", "--all"))
    ]
    one = ramet(*local, "terminal", "forget", "t2")
    rest = ramet(*local, "terminal", "forget", "--all")

    assert [each.code for each in nothing] == [0, 0]
    assert "No command is recorded yet" in nothing[0].err
    assert "No command has failed." in nothing[1].err
    assert [line.split()[0] for line in listed.out.splitlines()] == ["2", "1"]
    assert [each["id"] for each in json.loads(failed.out)] == [1]
    assert "\x1b" not in shown.out
    assert shown.out.splitlines()[1].strip() == "in web, terminal run, 2 lines"
    assert "Zanzibar\n" in shown.out
    assert json.loads(last.out)["exit_code"] == 3
    assert "exit code 3" in json.loads(last.out)["digest"]
    assert "exit code 3" in told.out
    assert "      Zanzibar" in found.out
    assert [each.code for each in wrong] == [2, 2, 2, 2]
    assert (one.out, rest.out) == ("1 command is forgotten.\n", "1 command is forgotten.\n")


def test_a_shell_in_a_branch_is_recorded_as_commands_of_the_branch(shop: Path, rc: Path, recorded: Recorded) -> None:
    bash = needed("bash")
    in_process = [str(RAMET), "--in-process", "branch"]
    subprocess.run([*in_process, "new", "try"], cwd=shop, check=True, capture_output=True)
    watched = Watched(shop, *in_process, "enter", "try", environment={"TERM": "xterm-256color", "SHELL": bash})
    try:
        watched.until_times(b"\x1b]133;A", 1)
        watched.pty.write(f"cd shop && echo {KEY} > new.txt; false\n".encode())
        watched.until_times(b"\x1b]133;A", 2)
        watched.pty.write(b"exit 3\n")
        watched.to_the_end()
        code = watched.pty.exit_code
    finally:
        watched.pty.close()
        assert watched.pty.join(30)
    runs = [run for run in recorded() if run.command.startswith("cd shop")]
    diff = subprocess.run([*in_process, "diff", "try", "--stat"], cwd=shop, check=True, capture_output=True)

    assert code == 3
    assert [(run.branch, run.exit_code, run.folder) for run in runs] == [("try", 1, str(shop.resolve()))]
    assert KEY not in runs[0].command
    assert diff.stdout == b"added    shop/new.txt +1 -0\n"
    assert not (shop / "shop/new.txt").exists()


def test_the_pane_of_tmux_is_asked_about_without_its_secrets(
    scripted: ScriptedWorkspace, ramet: Ramet, shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    needed("tmux")
    outside = ramet("ask", "--tmux", "why?")
    socket = tmp_path / "tmux"
    tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]
    script = (
        f"printf 'export GITHUB_TOKEN={KEY}\\n\\033[31m(KeyError) total\\033[0m\\n'; tmux -S {socket} wait-for -S done; sleep 100"
    )
    subprocess.run([*tmux, "new-session", "-d", "-x", "30", "-y", "10", script], check=True)
    try:
        subprocess.run([*tmux, "wait-for", "done"], check=True)
        pane = subprocess.run([*tmux, "display", "-p", "#{pane_id}"], check=True, capture_output=True, text=True).stdout.strip()
        monkeypatch.setenv("TMUX", f"{socket},1,0")
        monkeypatch.setenv("TMUX_PANE", pane)
        asked = ramet("ask", "--tmux", "why?")
        monkeypatch.setenv("TMUX_PANE", "%99")
        gone = ramet("ask", "--tmux", "why?")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)
    request = asked_with(scripted)

    assert (outside.code, asked.code, gone.code) == (2, 0, 2)
    assert "no pane of tmux" in outside.err
    assert "did not give the text" in gone.err
    assert [each.name for each in request.attachments] == ["tmux pane"]
    assert request.attachments[0].text == "export GITHUB_TOKEN=<secret:github-token#1>\n(KeyError) total\n"


def test_piped_text_is_cleaned_and_redacted_before_it_is_sent(scripted: ScriptedWorkspace, ramet: Ramet, pipe: Pipe) -> None:
    pipe(b"10%\r100%\r\n\x1b[1mTOKEN=\x1b[0m" + KEY.encode() + b"\n\x1b]52;c;aGk=\x07(end)\n")
    ramet("ask", "why?")
    request = asked_with(scripted)

    assert request.attachments[0].text == "100%\nTOKEN=<secret:github-token#1>\n(end)\n"
